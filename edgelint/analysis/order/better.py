"""A better order to run a model's operators in: one whose arena, planned as by the runtime, is smaller."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.analysis.order.dependencies import dependencies
from edgelint.analysis.order.greedy import greedy
from edgelint.analysis.order.problem import Held, Problem, split
from edgelint.analysis.order.search import Found, search
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.analysis.tflm.head import ONLINE, offline_plan
from edgelint.analysis.tflm.layout import Layout, Placed
from edgelint.deferred import dataclass, replace
from edgelint.ir.model import Graph, Model
from edgelint.targets import Target

MAX_OPERATORS = 10_000
"""Operators of the first graph up to which a better order is looked for, which takes under a second."""


@dataclass(frozen=True, slots=True)
class BetterOrder:
    """An order of the first graph's operators, and the arena as the runtime plans it for that order.

    order: places in the file, in the order to run them. before, after: the arena for the file's order
    and for this one. proven: whether no order has fewer bytes alive at its peak; what the planner makes
    of them can still differ.
    """

    order: tuple[int, ...]
    before: Arena
    after: Arena
    proven: bool

    @property
    def saved(self) -> int:
        """Bytes by which the smallest arena that loads the model is smaller; more than 0."""
        return (self.before.minimum or 0) - (self.after.minimum or 0)


def find_better_order(model: Model, target: Target, arena: Arena) -> BetterOrder | None:
    """The order with the smallest arena among those found; None when none is smaller than `arena`.

    arena: of `model` on `target`. Every candidate is planned; nothing is claimed from live bytes
    alone. Only the first graph is reordered. None too when the arena is not planned here or only a
    bound (two bounds have no known difference), when its offsets come from an offline plan, and beyond
    MAX_OPERATORS.
    """
    layout = arena.layout if arena.basis is not Basis.BOUND else None
    if layout is None or arena.minimum is None or len(model.main.nodes) > MAX_OPERATORS:
        return None
    if any(offset != ONLINE for offset in offline_plan(model).offsets):
        return None
    problem = as_problem(model.main, layout)
    found = search(problem)
    best: BetterOrder | None = None
    for order in _candidates(problem, found, layout.head):
        planned = plan_arena(reordered(model, order), target)
        better = BetterOrder(order, arena, planned, found.proven and order == found.order)
        if planned.minimum is not None and better.saved > (best.saved if best else 0):
            best = better
    return best


def reordered(model: Model, order: Sequence[int]) -> Model:
    """`model` with the operators of its first graph in `order`, given as places in the file."""
    main = model.main
    first = replace(main, nodes=tuple(main.nodes[place] for place in order))
    return replace(model, graphs=(first, *model.graphs[1:]))


def as_problem(graph: Graph, layout: Layout) -> Problem:
    """What an order of `graph`, the first of its model, decides: `layout` has the sizes.

    What called graphs need at most counts as needed by the operator that calls them.
    """
    held = _held(graph, [buffer for buffer in layout.placed if buffer.graph == 0 and not buffer.scratch])
    return Problem(dependencies(graph), held, _while_running(graph, layout))


def _candidates(problem: Problem, found: Found, head: int) -> Iterator[tuple[int, ...]]:
    """Orders worth planning: the best one found, and what else could end below `head` bytes."""
    given = tuple(range(len(problem)))
    if not split(problem):
        return
    seen = {given}
    backwards = tuple(len(problem) - 1 - node for node in reversed(greedy(problem.mirrored)))
    for order in (found.order, greedy(problem), backwards):
        if order not in seen and problem.peak(order) < head:
            seen.add(order)
            yield order


def _held(graph: Graph, buffers: Sequence[Placed]) -> list[Held]:
    users: dict[str, dict[int, None]] = {buffer.name: {} for buffer in buffers}
    made: set[str] = set()
    for place, node in enumerate(graph.nodes):
        made.update(name for name in node.outputs if name)
        for name in (*node.inputs, *node.outputs):
            if name in users:
                users[name][place] = None
    inputs, outputs = set(graph.inputs), set(graph.outputs)
    return [
        Held(
            buffer.size,
            tuple(users[buffer.name]),
            # What no operator makes is there from the start, input or not.
            from_start=buffer.name in inputs or (bool(users[buffer.name]) and buffer.name not in made),
            to_end=buffer.name in outputs,
        )
        for buffer in buffers
    ]


def _while_running(graph: Graph, layout: Layout) -> list[int]:
    """Bytes that each operator needs only while it runs: its scratch, and the tensors of graphs it calls."""
    changes: dict[int, int] = {}
    for buffer in layout.placed:
        if buffer.scratch or buffer.graph != 0:
            changes[buffer.first] = changes.get(buffer.first, 0) + buffer.size
            changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - buffer.size
    clocks = sorted(changes)
    live, total = [], 0
    for clock in clocks:
        total += changes[clock]
        live.append(total)
    found = [0] * len(graph.nodes)
    for step in layout.steps:
        if step.graph == 0 and clocks:
            span = live[max(bisect_right(clocks, step.begin) - 1, 0) : bisect_left(clocks, step.end + 1)]
            found[step.node] = max(span, default=0)
    return found
