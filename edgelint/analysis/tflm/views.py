"""The temporary views of tensors that operators make while they are prepared.

A view takes arena between head and tail and is given back when the operator is prepared, not before.
Where weights have a scale per channel, views can need more than the finished arena.
Source: tensorflow/tflite-micro@90b983c2, micro/micro_allocator.cc
(InitializeTfLiteTensorFromFlatbuffer), micro/kernels/*.cc, calls of AllocateTemp*Tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from edgelint.analysis.tflm.requests import QUANTIZED
from edgelint.analysis.tflm.sizes import Sizes, round_up
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value

_CONV = "o0 i0 i1 i0 i1 i2 o0"
_REDUCE = "i0 o0 i1 i0 i1"

_VIEWS: Mapping[str, str] = {
    "ASSIGN_VARIABLE": "i1",
    "CALL_ONCE": "",
    "CONV_2D": _CONV,
    "DEPTHWISE_CONV_2D": _CONV,
    "EQUAL": "i0 i1",
    "FLOOR": "",
    "GREATER": "i0 i1",
    "GREATER_EQUAL": "i0 i1",
    "IF": "i0",
    "LESS": "i0 i1",
    "LESS_EQUAL": "i0 i1",
    "LOGICAL_AND": "",
    "LOGICAL_NOT": "",
    "LOGICAL_OR": "",
    "MAXIMUM": "",
    "MEAN": _REDUCE,
    "MINIMUM": "",
    "NEG": "",
    "NOT_EQUAL": "i0 i1",
    "PACK": "",
    "READ_VARIABLE": "i0",
    "REDUCE_ALL": _REDUCE,
    "REDUCE_MAX": _REDUCE,
    "REDUCE_MIN": _REDUCE,
    "RELU6": "i0",
    "RESHAPE": "i0 o0",
    "SHAPE": "",
    "SPLIT": "i0",
    "SPLIT_V": "i2",
    "SUM": _REDUCE,
    "TANH": "i0 i0 o0",
    "TRANSPOSE": "",
    "TRANSPOSE_CONV": "o0 i2 i1",
    "UNPACK": "",
    "VAR_HANDLE": "",
    "WHILE": "",
}
"""The operands an operator views, in order; one without an entry views each of its operands once."""


_ASKS_LAST = frozenset(
    {
        "BATCH_MATMUL",
        "CUMSUM",
        "DEPTH_TO_SPACE",
        "FULLY_CONNECTED",
        "GATHER",
        "GATHER_ND",
        "LOG_SOFTMAX",
        "SOFTMAX",
        "SPACE_TO_DEPTH",
    }
)
"""Operators that ask for what stays after they made their last view."""


def view_bytes(graph: Graph, node: Node, build: Sizes) -> int:
    """Bytes of all views that `node` makes while it is prepared."""
    used = 0
    size, alignment = build.struct["io_tensor"]
    for value in _viewed(graph, node):
        used = round_up(used, alignment) + size
        if value.quantization is None:
            continue
        channels = quantized_channels(value)
        if channels:
            used = round_up(used, build.struct["io_quantization"][1]) + build.struct["io_quantization"][0]
            used += 4 + 4 * channels
    return used


def most_views(node: Node) -> int:
    """As many views as `node` makes while it is prepared, or more."""
    named = _most_named(node.source.op)
    if named is not None:
        return named
    return len(node.inputs) + len(node.outputs) + (node.source.op == "CONCATENATION")


def widest_view(build: Sizes, channels: int) -> int:
    """As many bytes as a view takes, or more, where no value has more scales than `channels`."""
    size, alignment = build.struct["io_tensor"]
    if not channels:
        return round_up(size, alignment)
    record, own_alignment = build.struct["io_quantization"]
    return size + alignment + record + own_alignment + 4 + 4 * channels


def dead_bytes(graph: Graph, node: Node, build: Sizes) -> int:
    """Bytes at the end of the views that nothing reads any more when `node` asks for what stays.

    Of the view of its output, its last one, it then needs neither the zero points nor the word
    before them, and the runtime lets what stays overwrite them.
    """
    output = graph.value(node.outputs[0]) if node.outputs else None
    if node.source.op not in _ASKS_LAST or output is None:
        return 0
    channels = quantized_channels(output)
    return build.pointer + 4 + 4 * channels if channels else 0


def quantized_channels(value: Value) -> int:
    """How many scales `value` has where the runtime keeps a quantization record, else 0."""
    quantization = value.quantization
    if quantization is None or not quantization.scale or not quantization.zero_point:
        return 0
    return len(quantization.scale)


def _viewed(graph: Graph, node: Node) -> list[Value]:
    named = _VIEWS.get(node.source.op)
    if named is None:
        names: list[str | None] = [*node.inputs, *node.outputs]
        if node.source.op == "CONCATENATION":
            names += node.inputs[:1]
    else:
        names = [_operand(node, place) for place in _places(named + _more(graph, node))]
    get = graph.values.get
    return [value for name in names if name and (value := get(name)) is not None]


def _more(graph: Graph, node: Node) -> str:
    """Views that depend on the type of the data."""
    if node.source.op == "TRANSPOSE_CONV":
        data = graph.value(_operand(node, ("i", 2)))
        return _QUANTIZED_TRANSPOSED if data is not None and data.dtype in QUANTIZED else ""
    if _VIEWS.get(node.source.op) == _REDUCE:
        data = graph.value(_operand(node, ("i", 0)))
        return _INT8_REDUCED if data is not None and data.dtype is DType.INT8 else ""
    return ""


_QUANTIZED_TRANSPOSED, _INT8_REDUCED = " i2 i1 i3 o0", " o0"


@cache
def _most_named(op: str) -> int | None:
    """How many operands at most an operator views that does not view each of its own; None for others."""
    named = _VIEWS.get(op)
    if named is None:
        return None
    more = _INT8_REDUCED if named == _REDUCE else _QUANTIZED_TRANSPOSED if op == "TRANSPOSE_CONV" else ""
    return len(_places(named + more))


@cache
def _places(words: str) -> tuple[tuple[str, int], ...]:
    """Each operand that `words` names: "i" or "o", and its position."""
    return tuple((word[0], int(word[1:])) for word in words.split())


def _operand(node: Node, place: tuple[str, int]) -> str | None:
    side, position = place
    operands = node.inputs if side == "i" else node.outputs
    return operands[position] if position < len(operands) else None
