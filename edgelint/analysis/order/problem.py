"""Orders of nodes and the bytes they keep alive, without the model around them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from edgelint.deferred import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """`size` bytes, alive from the first to the last of the nodes `users`, whichever order these run in.

    users: rising places, each once. from_start, to_end: whether they are alive before and after all nodes.
    """

    size: int
    users: tuple[int, ...]
    from_start: bool = False
    to_end: bool = False


@dataclass(frozen=True)
class Problem:
    """Nodes 0, 1, 2, … in an order that is allowed, and what is alive while they run.

    before: for each node, the nodes that have to run before it; all have lower numbers.
    held: what is kept for nodes to come. extra: bytes that each node needs only while it runs.
    base: bytes alive throughout.
    """

    before: Sequence[tuple[int, ...]]
    held: Sequence[Held]
    extra: Sequence[int]
    base: int = 0

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self.before)

    @cached_property
    def after(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the nodes that have to wait for it."""
        found: list[list[int]] = [[] for _ in self.before]
        for node, earlier in enumerate(self.before):
            for place in earlier:
                found[place].append(node)
        return tuple(map(tuple, found))

    @cached_property
    def touched(self) -> tuple[tuple[Held, ...], ...]:
        """For each node, what it makes or reads."""
        found: list[list[Held]] = [[] for _ in self.before]
        for held in self.held:
            for user in held.users:
                found[user].append(held)
        return tuple(map(tuple, found))

    @cached_property
    def at_start(self) -> int:
        """Bytes alive before the first node."""
        return self.base + sum(held.size for held in self.held if held.from_start)

    @cached_property
    def floor(self) -> int:
        """Bytes that no order does without: what some node makes and reads, or what is alive at the ends."""
        at_end = self.base + sum(held.size for held in self.held if held.to_end)
        always = self.base + sum(held.size for held in self.held if held.from_start and held.to_end)
        running = (
            extra + sum(held.size for held in touched if not (held.from_start and held.to_end))
            for extra, touched in zip(self.extra, self.touched, strict=True)
        )
        return max(self.at_start, at_end, always + max(running, default=0))

    @cached_property
    def mirrored(self) -> Problem:
        """The same problem seen from its end: node n - 1 - i for node i. Orders read backwards fit it."""
        last = len(self) - 1
        return Problem(
            [tuple(last - node for node in reversed(later)) for later in reversed(self.after)],
            [
                Held(
                    held.size,
                    tuple(last - user for user in reversed(held.users)),
                    held.to_end,
                    held.from_start,
                )
                for held in self.held
            ],
            self.extra[::-1],
            self.base,
        )

    def peak(self, order: Sequence[int]) -> int:
        """The most bytes alive at once when the nodes run in `order`."""
        rank = [0] * len(order)
        for place, node in enumerate(order):
            rank[node] = place
        changes = [0] * (len(order) + 3)
        for held in self.held:
            ranks = [rank[user] for user in held.users]
            changes[0 if held.from_start else min(ranks, default=len(order)) + 1] += held.size
            changes[len(order) + 2 if held.to_end else max(ranks, default=-1) + 2] -= held.size
        live = [self.base + total for total in accumulate(changes)]
        running = (live[place + 1] + self.extra[node] for place, node in enumerate(order))
        return max(live[0], live[len(order) + 1], *running)


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive nodes of a problem from `start` on, as a problem of their own."""

    start: int
    problem: Problem


def split(problem: Problem) -> list[Part]:
    """The parts that every order runs one after the other, each in whatever order within; [] for a chain.

    A node that all others have to come before or after is a part of its own, and separates the rest.
    """
    starts = _starts(problem)
    if len(starts) == len(problem):
        return []
    ends = [*starts[1:], len(problem)]
    spans = list(zip(starts, ends, strict=True))
    part_of = [part for part, (start, end) in enumerate(spans) for _ in range(start, end)]
    inside: list[list[Held]] = [[] for _ in starts]
    through = [0] * (len(starts) + 1)
    for held in problem.held:
        _share_out(held, part_of, starts, inside, through)
    base = [problem.base + total for total in accumulate(through)]
    return [
        Part(
            start,
            Problem(
                [
                    tuple(place - start for place in problem.before[node] if place >= start)
                    for node in range(start, end)
                ],
                inside[part],
                problem.extra[start:end],
                base[part],
            ),
        )
        for part, (start, end) in enumerate(spans)
    ]


def _starts(problem: Problem) -> list[int]:
    """Where parts begin."""
    count = len(problem)
    leaving = [min(later, default=count) for later in problem.after]
    coming = [max(earlier, default=-1) for earlier in problem.before]
    # A node separates when it is the only one without a successor up to it, and the only one
    # without a predecessor from it on.
    alone_before = _alone(count, leaving)
    alone_after = _alone(count, [count - 1 - place for place in reversed(coming)])[::-1]
    starts = {0} if count else set()
    for node in range(count):
        if alone_before[node] and alone_after[node]:
            starts |= {node, node + 1}
    return sorted(starts - {count})


def _alone(count: int, next_of: Sequence[int]) -> list[bool]:
    """For each node, whether all before it have one of `next_of` up to it."""
    ending = [0] * (count + 1)
    found, open_ones = [], 0
    for node in range(count):
        open_ones += 1 - ending[node]
        found.append(open_ones == 1)
        ending[next_of[node]] += 1
    return found


def _share_out(
    held: Held, part_of: Sequence[int], starts: Sequence[int], inside: list[list[Held]], through: list[int]
) -> None:
    """Add `held` to the parts with users of it, and to `through`, as a change, where it only passes."""
    users: dict[int, list[int]] = {}
    for user in held.users:
        users.setdefault(part_of[user], []).append(user)
    parts = list(users)
    first = 0 if held.from_start else parts[0] if parts else len(starts)
    last = len(starts) - 1 if held.to_end else parts[-1] if parts else -1
    if first > last:
        return
    through[first] += held.size
    through[last + 1] -= held.size
    for part, places in users.items():
        through[part] -= held.size
        through[part + 1] += held.size
        inside[part].append(
            Held(
                held.size,
                tuple(place - starts[part] for place in places),
                from_start=held.from_start or part != first,
                to_end=held.to_end or part != last,
            )
        )
