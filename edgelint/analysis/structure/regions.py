"""Nodes of a graph that hang together, so that one finding can speak of all of them."""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.ir.model import Graph


def regions(graph: Graph, places: Iterable[int]) -> list[tuple[int, ...]]:
    """`places` in groups that are joined by values, each in order; the last node of a group ends it."""
    roots = {place: place for place in places}
    for place in roots:
        for name in graph.nodes[place].inputs:
            maker = graph.producers.get(name) if name else None
            if maker in roots and maker is not None:
                roots[_root(roots, maker)] = _root(roots, place)
    groups: dict[int, list[int]] = {}
    for place in sorted(roots):
        groups.setdefault(_root(roots, place), []).append(place)
    return [tuple(group) for group in groups.values()]


def _root(roots: dict[int, int], place: int) -> int:
    while roots[place] != place:
        roots[place] = roots[roots[place]]
        place = roots[place]
    return place
