"""The order of nodes with the smallest peak of live bytes.

Exact where the work allows: a best-first search over the sets of nodes that can have run, in which
what is alive depends on the set alone. A node that fits under the peak reached so far and leaves no
more alive than before is run at once: what is alive is submodular in the set of nodes that have run,
so running it early makes no later step larger. Beyond that, a beam over the same sets, and a greedy
order that takes time linear in the graph. All work is counted, so the answer is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush, nsmallest

from edgelint.analysis.order.greedy import greedy
from edgelint.analysis.order.problem import Part, Problem, split
from edgelint.deferred import dataclass

MAX_STEPS = 60_000
"""Nodes tried, in all, before a search ends with the best order so far: a few tenths of a second."""

BEAM_WIDTH = 12
"""Sets of nodes that the beam follows side by side."""

MAX_NODES = 4096
"""Nodes of a part up to which sets of them are followed; beyond, the greedy orders have to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """An order, its peak in bytes, and whether no order has a smaller one."""

    order: tuple[int, ...]
    peak: int
    proven: bool


def search(problem: Problem, max_steps: int = MAX_STEPS) -> Found:
    """The best order found within `max_steps`; never one with a higher peak than 0, 1, 2, …"""
    order = list(range(len(problem)))
    peak = problem.peak(order)
    parts = sorted(split(problem), key=lambda part: -_peak(part)) if peak > problem.floor else []
    if not parts:
        return Found(tuple(order), peak, proven=True)
    budget = _Budget(max_steps)
    best = least = max([problem.floor, *(part.problem.floor for part in parts)])
    for part in parts:
        if _peak(part) <= best:
            break
        found = _improved(part.problem, best, budget)
        order[part.start : part.start + len(part.problem)] = [part.start + node for node in found.order]
        if found.proven and found.peak > best:
            least = found.peak
        best = max(best, found.peak)
    peak = problem.peak(order)
    return Found(tuple(order), peak, proven=peak <= least)


def _peak(part: Part) -> int:
    return part.problem.peak(range(len(part.problem)))


def _improved(problem: Problem, enough: int, budget: _Budget) -> Found:
    """The best order found for one part; one with a peak of up to `enough` is as good as any."""
    views = (problem, problem.mirrored)
    orders: list[tuple[int, ...]] = [tuple(range(len(problem)))]
    orders += [_unmirrored(greedy(view), view is not problem) for view in views]
    best = min(orders, key=problem.peak)
    for attempt, backwards, share in _ATTEMPTS if len(problem) <= MAX_NODES else ():
        limit = problem.peak(best)
        if limit <= enough:
            break
        allowed = _Budget(budget.left // share)
        budget.left -= allowed.left
        found = attempt(_Walk(views[backwards], enough, limit), allowed)
        budget.left += max(allowed.left, 0)
        if found is not None:
            best = _unmirrored(found, backwards)
        if attempt is _best_first and allowed.left >= 0:
            return Found(best, problem.peak(best), proven=True)
    peak = problem.peak(best)
    return Found(best, peak, proven=peak <= enough)


def _unmirrored(order: Sequence[int], backwards: bool) -> tuple[int, ...]:
    return tuple(len(order) - 1 - node for node in reversed(order)) if backwards else tuple(order)


@dataclass(slots=True)
class _Budget:
    """Steps that may still be taken; below 0 when more were wanted."""

    left: int


Path = tuple["Path", int] | None
"""The nodes that have run, last first."""


@dataclass(frozen=True, slots=True)
class _State:
    """Nodes that have run, those that can run next (bits), bytes alive in between, and the peak so far."""

    done: int
    ready: int
    live: int
    peak: int
    path: Path


class _Walk:
    """Steps from one set of nodes that have run to the next, for peaks under `limit`."""

    def __init__(self, problem: Problem, enough: int, limit: int) -> None:
        self.limit = limit
        self.extra = problem.extra
        self.all = (1 << len(problem)) - 1
        self.before = [_bits(earlier) for earlier in problem.before]
        self.after = problem.after
        shared = {id(held): _bits(held.users) for held in problem.held}
        self.touched = [
            [(held.size, shared[id(held)], held.from_start, held.to_end) for held in touched]
            for touched in problem.touched
        ]
        first = _bits(node for node, earlier in enumerate(problem.before) if not earlier)
        # No peak below `enough` is better than another.
        self.start = _State(0, first, problem.at_start, max(problem.at_start, enough), None)

    def settled(self, state: _State, budget: _Budget) -> tuple[_State, list[tuple[int, int, int]]]:
        """`state` after all nodes that are best run at once, and (node, peak, change) of the others ready."""
        while True:
            options = []
            for node in _places(state.ready):
                budget.left -= 1
                if budget.left < 0:
                    return state, []
                need, change = self._step(state, node)
                if change <= 0 and need <= state.peak:
                    state = self.run(state, node, need, change)
                    break
                options.append((node, need, change))
            else:
                lowest = min((need for _, need, _ in options), default=0)
                forced = [option for option in options if option[1] == lowest and option[2] <= 0]
                if not forced or lowest >= self.limit:
                    return state, options
                state = self.run(state, *forced[0])

    def run(self, state: _State, node: int, need: int, change: int) -> _State:
        """`state` once `node` has run, with `need` bytes alive meanwhile."""
        done = state.done | 1 << node
        ready = state.ready & ~(1 << node)
        for later in self.after[node]:
            if not self.before[later] & ~done:
                ready |= 1 << later
        return _State(done, ready, state.live + change, max(state.peak, need), (state.path, node))

    def _step(self, state: _State, node: int) -> tuple[int, int]:
        """The bytes alive while `node` runs, and by how many more are alive afterwards."""
        done = state.done
        waiting = self.all & ~done & ~(1 << node)
        need, change = state.live + self.extra[node], 0
        for size, users, from_start, to_end in self.touched[node]:
            if not (from_start or users & done):
                need += size
                change += size
            if not (to_end or users & waiting):
                change -= size
        return need, change


def _best_first(walk: _Walk, budget: _Budget) -> tuple[int, ...] | None:
    """An order with the smallest peak; None when none is under the limit, or the budget is spent."""
    queue = _Queue()
    closed: set[int] = set()
    queue.push(walk.start)
    while queue.entries:
        state = queue.pop()
        if state.done in closed:
            continue
        closed.add(state.done)
        settled, options = walk.settled(state, budget)
        if budget.left < 0:
            return None
        if settled.peak > state.peak:
            # What had to run has raised the peak: others may come first now.
            queue.push(settled)
            continue
        if settled.done == walk.all:
            return _order(settled)
        if settled.done != state.done and settled.done in closed:
            continue
        closed.add(settled.done)
        for node, need, change in options:
            child = walk.run(settled, node, need, change)
            if child.peak < walk.limit and child.done not in closed:
                queue.push(child)
    return None


class _Queue:
    """States still to be looked at: lowest peak first, then the most nodes, then the fewest bytes alive."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, int, int, _State]] = []
        self.pushed = 0

    def push(self, state: _State) -> None:
        self.pushed += 1
        heappush(self.entries, (state.peak, -state.done.bit_count(), state.live, self.pushed, state))

    def pop(self) -> _State:
        return heappop(self.entries)[-1]


def _beam(walk: _Walk, budget: _Budget) -> tuple[int, ...] | None:
    """The best order that a beam of sets reaches; None when it reaches none under the limit."""
    best: _State | None = None
    level = [walk.start]
    while level and budget.left >= 0:
        reached: dict[int, _State] = {}
        for state in level:
            settled, options = walk.settled(state, budget)
            if settled.done == walk.all:
                if settled.peak < (best.peak if best else walk.limit):
                    best = settled
                continue
            limit = best.peak if best else walk.limit
            for node, need, change in options:
                child = walk.run(settled, node, need, change)
                known = reached.get(child.done)
                if child.peak < limit and (known is None or child.peak < known.peak):
                    reached[child.done] = child
        level = nsmallest(BEAM_WIDTH, reached.values(), key=_promise)
    return _order(best) if best else None


def _promise(state: _State) -> tuple[int, int, int]:
    return state.peak, state.live, state.done


_ATTEMPTS: tuple[tuple[Callable[[_Walk, _Budget], tuple[int, ...] | None], bool, int], ...] = (
    (_best_first, False, 3),
    (_best_first, True, 2),
    (_beam, False, 2),
    (_beam, True, 1),
)
"""What is tried in turn: how, whether from the end, and what part of the steps that are left it may take."""


def _order(state: _State) -> tuple[int, ...]:
    order, path = [], state.path
    while path is not None:
        path, node = path
        order.append(node)
    return tuple(reversed(order))


def _bits(places: Iterable[int]) -> int:
    found = 0
    for place in places:
        found |= 1 << place
    return found


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
