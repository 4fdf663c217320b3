"""Units of a layer that a ReLU on it holds at 0 for every input, by interval arithmetic.

A unit's largest sum is its bias, plus each weight times whichever end of the input's range makes it
larger. Where that is not above 0, the unit is dead, whatever goes in. Units without any weight are not
counted: a rule about weights speaks of them. Plain Python, since importing
NumPy takes longer than looking at the layers of a small model; large layers are left out.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from edgelint.analysis.hidden.ranges import ANY, INFINITY, Interval, Intervals
from edgelint.analysis.quantization.ranges import calibrated
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value

LAYERS = frozenset({"Conv", "Gemm"})
"""Operators whose units are counted."""

LARGEST = 2**18
"""Weights of a layer above which it is left out."""

_TYPES = {DType.FLOAT32: "f", DType.INT8: "b", DType.UINT8: "B", DType.INT32: "i"}
"""Element types that are looked at, to their letter in `array`."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Stored numbers, the elements of unit u at first(u), first(u) + stride, … (count of them)."""

    numbers: array[float] | array[int]
    units: int
    contiguous: bool

    def of(self, unit: int) -> array[float] | array[int]:
        """The elements of one unit."""
        count = len(self.numbers) // self.units
        if self.contiguous:
            return self.numbers[unit * count : (unit + 1) * count]
        return self.numbers[unit :: self.units]


def dead_units(graph: Graph, node: Node, known: Intervals) -> tuple[int, int] | None:
    """How many units of a Conv or Gemm can't be above 0, and how many it has; None where unknown."""
    if node.op not in LAYERS or len(node.inputs) < 3 or node.attributes.get("transA"):
        return None
    given = known.get(node.inputs[0] or "", ANY)
    weights, bias = graph.value(node.inputs[1]), graph.value(node.inputs[2])
    if given == ANY or weights is None or bias is None:
        return None
    if node.op == "Conv" and _pads(node):
        given = given.joined(Interval(0.0, 0.0))
    rows = _rows(node, weights)
    offsets = _numbers(bias)
    if rows is None or offsets is None or len(offsets) != rows.units:
        return None
    scales = _scales(graph, node, weights, bias, rows.units)
    if scales is None:
        return None
    return sum(_is_dead(rows, offsets, *scales, given)), rows.units


def _is_dead(
    rows: _Rows,
    offsets: array[float] | array[int],
    weight_scales: list[float],
    bias_scales: list[float],
    given: Interval,
) -> Iterator[bool]:
    for unit in range(rows.units):
        bias = offsets[unit] * bias_scales[unit]
        scale = weight_scales[unit]
        row = rows.of(unit)
        # With 0 among the inputs no weight takes anything off the largest sum, so that the bias and the
        # weights of either end are enough to tell most units alive.
        if given.low <= 0 <= given.high:
            ends = _times(max(row) * scale, given.high), _times(min(row) * scale, given.low)
            if bias + max(0.0, *ends) > 0:
                yield False
                continue
        if not any(row):
            yield False
            continue
        rising = sum(number for number in row if number > 0) * scale
        falling = sum(number for number in row if number < 0) * scale
        largest = bias + _times(rising, given.high) + _times(falling, given.low)
        yield largest <= 0


def _times(weight: float, number: float) -> float:
    """Their product; 0 for a weight of 0, whatever the number, infinity included."""
    return weight * number if weight else 0.0


def _rows(node: Node, weights: Value) -> _Rows | None:
    numbers = _numbers(weights)
    shape = weights.tensor.shape if weights.tensor else ()
    if numbers is None or len(shape) < 2 or len(numbers) > LARGEST:
        return None
    layout = node.attributes.get("weight_layout")
    if isinstance(layout, str):
        last = {"IO": shape[-1], "OM": shape[-1] * shape[-2]}.get(layout[-2:])
        return _Rows(numbers, last, False) if last else None
    if node.op == "Gemm":
        transposed = bool(node.attributes.get("transB"))
        return _Rows(numbers, shape[0] if transposed else shape[1], transposed)
    group = node.attributes.get("group", 1)
    depthwise = node.source.op == "DEPTHWISE_CONV_2D"
    if not isinstance(group, int):
        return None
    return _Rows(numbers, shape[-1] if depthwise else shape[0], not depthwise)


def _numbers(value: Value) -> array[float] | array[int] | None:
    """The stored numbers of a dense constant; None where there are none to read."""
    tensor = value.tensor
    if tensor is None or tensor.sparse or tensor.dtype not in _TYPES or not 0 < tensor.elements <= LARGEST:
        return None
    try:
        data = tensor.storage.read()
    except EdgelintError:
        return None
    letter = _TYPES[tensor.dtype]
    numbers: array[float] | array[int] = array(letter)
    if len(data) != tensor.elements * numbers.itemsize:
        return None
    numbers.frombytes(data)
    return numbers


def _scales(
    graph: Graph, node: Node, weights: Value, bias: Value, units: int
) -> tuple[list[float], list[float]] | None:
    """What one step of each unit's weights and of its bias is worth; None where the file does not say."""
    tensor = weights.tensor
    if tensor is None or bias.tensor is None:
        return None
    if tensor.dtype.is_float and bias.tensor.dtype.is_float:
        return [1.0] * units, [1.0] * units
    stored, own = calibrated(weights), calibrated(bias)
    data = graph.value(node.inputs[0])
    source = calibrated(data)
    if stored is None or source is None or len(source.scale) != 1 or any(stored.zero_point):
        return None
    scale = list(stored.scale) * (units if len(stored.scale) == 1 else 1)
    steps = list(own.scale) * (units if len(own.scale) == 1 else 1) if own else None
    steps = steps or [source.scale[0] * each for each in scale]
    sound = len(scale) == len(steps) == units and all(0 < each < INFINITY for each in (*scale, *steps))
    return (scale, steps) if sound else None


def _pads(node: Node) -> bool:
    """Whether zeros are set round the input, so that 0 is among what the kernel reads."""
    pads = node.attributes.get("pads")
    return node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or bool(
        isinstance(pads, (list, tuple)) and any(pads)
    )
