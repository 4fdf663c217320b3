"""The numbers that a quantized output can stand for."""

from __future__ import annotations

from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.tails import STEPS, passes
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Value

_NARROW = {DType.INT8: -128, DType.UINT8: 0}
"""8-bit types to their lowest stored number."""

_LEVELS = 256


@dataclass(frozen=True, slots=True)
class Range:
    """What 8 bits stand for: from `lowest` to `highest` in steps of `step`."""

    value: Value
    lowest: float
    highest: float
    step: float


def range_of(head: Head) -> Range | None:
    """The range that the head's numbers are put into; None where they are not quantized to 8 bits.

    Looks at the output and back through what only changes its type or shape, to the head's node.
    """
    graph, name = head.graph, head.output
    if head.output not in graph.values:
        return None
    for _ in range(STEPS):
        found = _stored_range(graph.value(name))
        place = graph.producers.get(name)
        if found is not None or place is None:
            return found
        node = graph.nodes[place]
        if not passes(node) or not node.inputs[0]:
            return None
        name = node.inputs[0]
    return None


def _stored_range(value: Value | None) -> Range | None:
    if value is None or value.dtype not in _NARROW or value.quantization is None:
        return None
    stored = value.quantization
    if len(stored.scale) != 1 or not stored.calibrated or not 0 < stored.scale[0] < float("inf"):
        return None
    scale, zero = stored.scale[0], stored.zero_point[0] if stored.zero_point else 0
    lowest = (_NARROW[value.dtype] - zero) * scale
    return Range(value, lowest, lowest + (_LEVELS - 1) * scale, scale)
