"""The row of each box."""

from __future__ import annotations

from collections.abc import Sequence


def rank(count: int, edges: Sequence[tuple[int, int]]) -> tuple[list[int], list[bool]]:
    """The row of each of `count` boxes, 0 at the top, and for each edge whether it goes down.

    A box is as far down as the longest way to it; one with more readers than sources is pulled down to its
    first reader, and so are branches that only feed one: constants, variables and what is made of them alone
    belong to where they are used. Edges that close a cycle are the ones that don't go down.
    """
    forward = _without_cycles(count, edges)
    readers: list[list[int]] = [[] for _ in range(count)]
    sources = [0] * count
    for (source, reader), down in zip(edges, forward, strict=True):
        if down:
            readers[source].append(reader)
            sources[reader] += 1
    order = _topological(readers, sources)
    ranks = [0] * count
    for box in order:
        for reader in readers[box]:
            ranks[reader] = max(ranks[reader], ranks[box] + 1)
    loose = _loose(order, readers, sources)
    for box in reversed(order):
        if readers[box] and (len(readers[box]) > sources[box] or loose[box]):
            ranks[box] = min(ranks[reader] for reader in readers[box]) - 1
    used = {row: number for number, row in enumerate(sorted(set(ranks)))}
    return [used[row] for row in ranks], forward


def _loose(order: Sequence[int], readers: Sequence[Sequence[int]], sources: Sequence[int]) -> list[bool]:
    """For each box, whether everything above it is there for it alone, or reads nothing itself.

    A variable that is read above and assigned below would otherwise hold what reads it at the top.
    """
    loose = [True] * len(readers)
    for box in order:
        for reader in readers[box]:
            alone = len(readers[box]) == 1 or (not sources[box] and sources[reader] == 1)
            loose[reader] = loose[reader] and loose[box] and alone
    return loose


def _topological(readers: Sequence[Sequence[int]], sources: Sequence[int]) -> list[int]:
    """The boxes, each after those it reads."""
    left = list(sources)
    order = [box for box, count in enumerate(left) if not count]
    for box in order:
        for reader in readers[box]:
            left[reader] -= 1
            if not left[reader]:
                order.append(reader)
    return order


def _without_cycles(count: int, edges: Sequence[tuple[int, int]]) -> list[bool]:
    """For each edge, whether a depth-first walk finds it going on rather than back to where it came from."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (source, _) in enumerate(edges):
        leaving[source].append(number)
    forward = [True] * len(edges)
    entered, left = bytearray(count), bytearray(count)
    for root in range(count):
        if entered[root]:
            continue
        entered[root] = 1
        walk = [(root, iter(leaving[root]))]
        while walk:
            box, rest = walk[-1]
            leaving_by = next(rest, None)
            if leaving_by is None:
                left[box] = 1
                walk.pop()
                continue
            reader = edges[leaving_by][1]
            if not entered[reader]:
                entered[reader] = 1
                walk.append((reader, iter(leaving[reader])))
            elif not left[reader]:
                forward[leaving_by] = False
    return forward
