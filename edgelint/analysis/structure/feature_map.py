"""The feature map that a fully connected layer reads flattened."""

from __future__ import annotations

import math

from edgelint.analysis.cost.macs import channel_axis
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.analysis.scope import Scopes
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Node, Value
from edgelint.ir.operators import Family, describe

STEPS = 12
"""Nodes between a convolution and the layer that reads it flattened: activation, norm, transpose …"""

_PASSED = frozenset({Family.MOVEMENT, Family.QUANTIZATION, Family.ACTIVATION, Family.NORMALIZATION})
_MAPS = frozenset({Family.CONVOLUTION, Family.POOLING})


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """What a convolution or pooling makes: its sizes along space (or time), and its channels."""

    spatial: tuple[int, ...]
    channels: int

    @property
    def positions(self) -> int:
        """Places in space; 1 for a map that is pooled already."""
        return math.prod(self.spatial)

    def __str__(self) -> str:
        """`7×7×64`."""
        return "×".join(map(str, (*self.spatial, self.channels)))


def flattened_map(scopes: Scopes, place: int, node: Node) -> FeatureMap | None:
    """The map that `node` of graph `place` reads as one row of numbers; None where it reads none."""
    graph = scopes.model.graphs[place]
    row = _features(graph.value(node.inputs[0] if node.inputs else None))
    for _ in range(STEPS):
        before = graph.producers.get(node.inputs[0] or "") if node.inputs else None
        if before is None:
            return None
        node = graph.nodes[before]
        known = describe(node.op, node.domain)
        if known is None:
            return None
        if known.family in _MAPS:
            return _map(Site(scopes, place, node), graph, row)
        if known.family not in _PASSED and not _is_affine(graph, node):
            return None
    return None


def _features(value: Value | None) -> int | None:
    """Numbers in one row: the last dim of a value of two dims."""
    shape = value.shape if value else None
    if not shape or len(shape) != 2 or not isinstance(shape[-1], int):
        return None
    return shape[-1]


def _is_affine(graph: Graph, node: Node) -> bool:
    """Whether it only combines one value with constants."""
    known = describe(node.op, node.domain)
    if known is None or known.family is not Family.ELEMENTWISE:
        return False
    return sum(1 for value in graph.inputs_of(node) if value is not None and not value.is_constant) == 1


def _map(site: Site, graph: Graph, row: int | None) -> FeatureMap | None:
    value = graph.value(site.node.outputs[0] if site.node.outputs else None)
    shape = value.shape if value else None
    if row is None or shape is None or len(shape) < 3:
        return None
    try:
        axis = channel_axis(site, len(shape)) % len(shape)
    except Uncounted:
        return None
    sizes = [dim for dim in shape[1:] if isinstance(dim, int)]
    if axis == 0 or len(sizes) != len(shape) - 1 or math.prod(sizes) != row:
        return None
    channels = sizes.pop(axis - 1)
    return FeatureMap(tuple(sizes), channels)
