"""What numbers a value can take: interval arithmetic over a graph, sure but not tight.

An interval starts where something is known: an activation's range, a quantization's codes, an
unsigned type, a stored constant. It is carried forward, node by node; where an operator is not in
the tables, anything is possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from edgelint.analysis.constants import numbers
from edgelint.analysis.heads.tails import DOMAINS
from edgelint.analysis.quantization.ranges import CODES, affine
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value
from edgelint.ir.operators import describe

INFINITY = math.inf


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`, in real units."""

    low: float = -INFINITY
    high: float = INFINITY

    def clipped(self, low: float, high: float) -> Interval:
        """What is left of it after numbers outside `low`…`high` were moved to the nearer end."""
        if low <= self.low <= high and low <= self.high <= high:
            return self
        return Interval(min(max(self.low, low), high), max(min(self.high, high), low))

    def joined(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def mapped(self, function: Callable[[float], float]) -> Interval:
        """Its image under a function that never falls."""
        return Interval(function(self.low), function(self.high))


ANY = Interval()

Intervals = dict[str, Interval]
"""Value name to its interval; values that can be anything are left out."""


def intervals(graph: Graph) -> Intervals:
    """What is known of each value of `graph`; nothing is known of what comes from other graphs."""
    found: Intervals = {}
    for name in graph.inputs:
        value = graph.value(name)
        if value is not None:
            _enter(found, name, _by_type(value))
    quantized = any(value.quantization is not None for value in graph.values.values())
    for node in graph.nodes:
        if node.domain not in DOMAINS or not node.outputs:
            continue
        result = _computed(graph, node, found)
        if node.activation is not None:
            result = activated(node.activation, node, result)
        if result is ANY and not quantized:
            continue
        for output in node.outputs if node.op == "Split" else node.outputs[:1]:
            value = graph.value(output)
            if value is None:
                continue
            known = result if value.quantization is None else _within(result, coded(value))
            if known is not ANY:
                _enter(found, value.name, known)
    return found


def activated(kind: str, node: Node, given: Interval) -> Interval:
    """The numbers that the activation `kind` makes of `given`; `node` holds its settings."""
    known = _ACTIVATIONS.get(kind)
    return known(node, given) if known else ANY


def real(stored: object) -> float | None:
    """A stored setting as a finite number; None for everything else."""
    if not isinstance(stored, (int, float)) or not abs(stored) < _LARGEST:
        return None
    return float(stored)


_LARGEST = 1e300
"""Magnitude above which a setting is no number anybody means."""


def coded(value: Value) -> Interval:
    """The real numbers that the codes of a per-tensor quantized value stand for."""
    known = affine(value) if value.quantization is not None else None
    return Interval(known.low, known.high) if known else ANY


def _by_type(value: Value) -> Interval:
    """What the type alone says of an input: unsigned integers that stand for themselves are not below 0."""
    unsigned = value.dtype in (DType.UINT8, DType.UINT16) and value.quantization is None
    return Interval(*CODES[value.dtype]) if unsigned and value.dtype else coded(value)


def _enter(found: Intervals, name: str, interval: Interval) -> None:
    low, high = interval.low, interval.high
    # A NaN compares as neither.
    if (low > -INFINITY or high < INFINITY) and low == low and high == high:
        found[name] = interval


def _within(interval: Interval, bounds: Interval) -> Interval:
    return interval if bounds is ANY or bounds == ANY else interval.clipped(bounds.low, bounds.high)


def _computed(graph: Graph, node: Node, found: Intervals) -> Interval:
    """What `node` computes, its fused activation left out."""
    activation = _ACTIVATIONS.get(node.op)
    if activation is not None:
        return activation(node, _of(graph, node, found, 0))
    operator = _OPERATORS.get(node.op)
    if operator is not None:
        return operator(graph, node, found)
    known = describe(node.op, node.domain)
    if node.op in _KEEPING or (known is not None and known.is_pass_through):
        return _carried(graph, node, found)
    return ANY


def _carried(graph: Graph, node: Node, found: Intervals) -> Interval:
    """What is known of the data that `node` hands on: its first input that is no constant.

    TFLite's SPLIT has its axis before the data; a lookup's data are the constant.
    """
    for place, name in enumerate(node.inputs):
        value = graph.value(name)
        if name and (value is None or not value.is_constant):
            lookup = node.op == "Gather" and (place > 0 or node.source.op == "EMBEDDING_LOOKUP")
            return ANY if lookup else _of(graph, node, found, place)
    return ANY


def _of(graph: Graph, node: Node, found: Intervals, place: int) -> Interval:
    """What is known of an input of `node`, small constants included."""
    name = node.inputs[place] if place < len(node.inputs) else None
    if not name:
        return ANY
    if name in found:
        return found[name]
    value = graph.value(name)
    if value is None or not value.is_constant or value.quantization is not None:
        return coded(value) if value is not None and not value.is_constant else ANY
    stored = numbers(value)
    if not stored or any(map(math.isnan, stored)):
        return ANY
    return Interval(min(stored), max(stored))


def _all(graph: Graph, node: Node, found: Intervals) -> Interval:
    parts = [_of(graph, node, found, place) for place in range(len(node.inputs))]
    joined = parts[0] if parts else ANY
    for part in parts[1:]:
        joined = joined.joined(part)
    return joined


def _clip(graph: Graph, node: Node, found: Intervals) -> Interval:
    bounds = [node.attributes.get("min"), node.attributes.get("max")]
    for place, bound in enumerate(bounds):
        stored = numbers(graph.value(node.inputs[place + 1])) if len(node.inputs) > place + 1 else None
        if bound is None and stored and len(stored) == 1:
            bounds[place] = stored[0]
    low, high = real(bounds[0]), real(bounds[1])
    ends = Interval(-INFINITY if low is None else low, INFINITY if high is None else high)
    return _of(graph, node, found, 0).clipped(ends.low, ends.high) if ends.low <= ends.high else ANY


def _add(graph: Graph, node: Node, found: Intervals) -> Interval:
    parts = [_of(graph, node, found, place) for place in range(len(node.inputs))]
    return Interval(sum(part.low for part in parts), sum(part.high for part in parts))


def _subtract(graph: Graph, node: Node, found: Intervals) -> Interval:
    """A difference; what its own largest number is taken off is not above 0, as in a softmax."""
    if len(node.inputs) != 2:
        return ANY
    place = graph.producers.get(node.inputs[1] or "")
    largest = graph.nodes[place] if place is not None else None
    if largest is not None and largest.op == "ReduceMax" and largest.inputs[:1] == node.inputs[:1]:
        return Interval(-INFINITY, 0.0)
    left, right = (_of(graph, node, found, each) for each in (0, 1))
    return Interval(left.low - right.high, left.high - right.low)


def _multiply(graph: Graph, node: Node, found: Intervals) -> Interval:
    if len(node.inputs) != 2:
        return ANY
    left, right = _of(graph, node, found, 0), _of(graph, node, found, 1)
    other = right if left is ANY else left if right is ANY else None
    if other is not None and (other.low or other.high) and node.inputs[0] != node.inputs[1]:
        return ANY
    corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high) if a and b]
    if not all((left.low, left.high, right.low, right.high)):
        corners.append(0.0)
    if node.inputs[0] == node.inputs[1]:
        return Interval(0.0, max(corners))
    return Interval(min(corners), max(corners))


def _dequantize(graph: Graph, node: Node, found: Intervals) -> Interval:
    """The range of the codes, for a scale and zero point that are single constants."""
    value = graph.value(node.inputs[0]) if node.inputs else None
    scale = numbers(graph.value(node.inputs[1])) if len(node.inputs) > 1 else None
    zero = numbers(graph.value(node.inputs[2])) if len(node.inputs) > 2 else (0.0,)
    if value is None or value.is_constant or len(node.inputs) == 1:
        return _of(graph, node, found, 0)
    if not scale or not zero or len(scale) != 1 or len(zero) != 1 or not 0 < scale[0] < INFINITY:
        return ANY
    low, high = CODES.get(value.dtype, (-INFINITY, INFINITY)) if value.dtype else (-INFINITY, INFINITY)
    codes = Interval(scale[0] * (low - zero[0]), scale[0] * (high - zero[0]))
    return _within(found.get(value.name, ANY), codes)


def _average(graph: Graph, node: Node, found: Intervals) -> Interval:
    given = _of(graph, node, found, 0)
    return given.joined(Interval(0.0, 0.0)) if node.attributes.get("count_include_pad") else given


def _padded(graph: Graph, node: Node, found: Intervals) -> Interval:
    """With zeros round it; other fillings are not looked for."""
    plain = node.attributes.get("mode", "constant") != "constant" or len(node.inputs) < 3
    return _of(graph, node, found, 0).joined(Interval(0.0, 0.0)) if plain else ANY


def _resized(graph: Graph, node: Node, found: Intervals) -> Interval:
    """Interpolation stays between its points, but for the cubic kind."""
    plain = node.attributes.get("mode", "nearest") in ("nearest", "linear", "bilinear")
    return _of(graph, node, found, 0) if plain else ANY


_KEEPING = frozenset(
    {
        *("MaxPool", "GlobalMaxPool", "GlobalAveragePool", "ReduceMax", "ReduceMin", "ReduceMean"),
        *("Slice", "Split", "Gather", "Expand", "Tile", "DepthToSpace", "SpaceToDepth"),
    }
)
"""Operators whose output lies in the range of their first input, besides those that hand it on."""

_OPERATORS: dict[str, Callable[[Graph, Node, Intervals], Interval]] = {
    "Clip": _clip,
    "Add": _add,
    "Sum": _add,
    "Sub": _subtract,
    "Mul": _multiply,
    "Concat": _all,
    "Max": _all,
    "Min": _all,
    "AveragePool": _average,
    "Pad": _padded,
    "Resize": _resized,
    "Upsample": _resized,
    "DequantizeLinear": _dequantize,
    "Abs": lambda *_: Interval(0.0),
    "Square": lambda *_: Interval(0.0),
    "SQUARE": lambda *_: Interval(0.0),
    "Sqrt": lambda *_: Interval(0.0),
    "Neg": lambda graph, node, found: Interval(
        -_of(graph, node, found, 0).high, -_of(graph, node, found, 0).low
    ),
}

_Function = Callable[[Node, Interval], Interval]


def _exp(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return INFINITY


def _alpha(node: Node, default: float) -> float:
    alpha = real(node.attributes.get("alpha", default))
    return INFINITY if alpha is None else alpha


def _clipping(low: float, high: float) -> _Function:
    whole = ANY.clipped(low, high)
    return lambda _, given: whole if given is ANY else given.clipped(low, high)


def _from(low: float) -> _Function:
    """Activations that grow with large inputs and fall no lower than `low`."""
    return lambda _, given: Interval(min(low, 0.0) if given.low < 0 else 0.0, max(given.high, 0.0))


def _between(low: float, high: float) -> _Function:
    known = Interval(low, high)
    return lambda *_: known


def _leaky(node: Node, given: Interval) -> Interval:
    slope = _alpha(node, 0.01)
    if not 0 <= slope < INFINITY:
        return ANY
    return given.mapped(lambda number: number if number >= 0 or not slope else slope * number).clipped(
        -INFINITY if slope else 0.0, INFINITY
    )


_ACTIVATIONS: dict[str, _Function] = {
    "Relu": _clipping(0.0, INFINITY),
    "Relu6": _clipping(0.0, 6.0),
    "Relu0To1": _clipping(0.0, 1.0),
    "ReluN1To1": _clipping(-1.0, 1.0),
    "HardTanh": _clipping(-1.0, 1.0),
    "LeakyRelu": _leaky,
    "Sigmoid": _between(0.0, 1.0),
    "HardSigmoid": _between(0.0, 1.0),
    "Softmax": _between(0.0, 1.0),
    "Hardmax": _between(0.0, 1.0),
    "Sparsemax": _between(0.0, 1.0),
    "Tanh": _between(-1.0, 1.0),
    "Softsign": _between(-1.0, 1.0),
    "LogSoftmax": _between(-INFINITY, 0.0),
    "LogSigmoid": _between(-INFINITY, 0.0),
    "Exp": lambda _, given: given.mapped(_exp),
    "Softplus": lambda *_: Interval(0.0),
    "Elu": lambda node, given: _from(-abs(_alpha(node, 1.0)))(node, given),
    "Selu": lambda node, given: Interval(-1.7581, max(1.0508 * given.high, 0.0)),
    "Gelu": _from(-0.1701),
    "Swish": _from(-0.2785),
    "Mish": _from(-0.3089),
    "HardSwish": _from(-0.3751),
}
"""Activation to what it makes of an interval. The smallest numbers of GELU, swish, mish and hard-swish
are those of their formulas, rounded down."""
