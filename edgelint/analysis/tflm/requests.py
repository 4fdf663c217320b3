"""What each operator asks the arena for while it is prepared, with the portable kernels.

Source of every formula: tensorflow/tflite-micro@90b983c2, micro/kernels/<operator>.cc and
<operator>_common.cc, function Prepare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from edgelint.analysis.tflm.sizes import Sizes
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Value

QUANTIZED = frozenset({DType.INT8, DType.INT16})

DATA_INPUT = {"TRANSPOSE_CONV": 2, "SPLIT": 1, "EMBEDDING_LOOKUP": 1}
"""Which input carries the data, where it is not the first."""

_ELEMENT_BYTES = {DType.INT4: 1, DType.RESOURCE: 4}
"""Sizes in the arena that differ from those in the file (memory_helpers.cc)."""

_REFUSED = frozenset({DType.INT2, DType.UINT4, DType.UINT2})


class Unmodelled(Exception):
    """A request whose size this module cannot know."""


class UnknownDims(Exception):
    """A request that depends on dims nobody knows. Its argument is the value's name."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Bytes an operator asks for: `persistent` from the arena's tail, `scratch` from its head, in order."""

    persistent: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()


NOTHING = Requests()
"""What most operators ask for."""


@dataclass(slots=True)
class Variables:
    """Resource variables: which exist, and which have their bytes already."""

    handles: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    assigned: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Call:
    """One operator as its kernel sees it while it is prepared."""

    place: int
    graph: Graph
    node: Node
    sizes: Sizes
    simd: str
    variables: Variables

    @property
    def dtype(self) -> DType | None:
        """The type of its data input."""
        return self.input(DATA_INPUT.get(self.node.source.op, 0)).dtype

    def input(self, position: int) -> Value:
        """The input at `position`. Raises Unmodelled when the file leaves it out."""
        return _present(self.graph, self.node.inputs, position)

    def output(self, position: int = 0) -> Value:
        """The output at `position`. Raises Unmodelled when the file leaves it out."""
        return _present(self.graph, self.node.outputs, position)

    def has_input(self, position: int) -> bool:
        """Whether the input at `position` is there."""
        return position < len(self.node.inputs) and self.node.inputs[position] is not None

    def pair(self, name: str, default: tuple[int, int] | None = None) -> tuple[int, int]:
        """The (height, width) that begins attribute `name`. Raises Unmodelled when it has none."""
        found = self.node.attributes.get(name, default)
        if found is None or len(found) < 2 or not all(isinstance(number, int) for number in found[:2]):
            raise Unmodelled(name)
        return found[0], found[1]

    def integer(self, name: str, default: int | None = None) -> int:
        """The number in attribute `name`. Raises Unmodelled when there is none, and no default."""
        found: Any = self.node.attributes.get(name, default)
        if not isinstance(found, int):
            raise Unmodelled(name)
        return int(found)


def dims(value: Value) -> tuple[int, ...]:
    """The dims of `value`. Raises UnknownDims when one is free."""
    known = tuple(dim for dim in value.shape or () if isinstance(dim, int))
    if len(known) < len(value.shape or ()):
        raise UnknownDims(value.name)
    return known


def elements(value: Value) -> int:
    """How many elements `value` has. Raises UnknownDims when a dim is free."""
    known = value.elements
    return math.prod(dims(value)) if known is None else known


def rank(value: Value) -> int:
    """How many dims `value` has; without a shape it is a scalar, as for the runtime."""
    return len(value.shape or ())


def element_bytes(dtype: DType | None) -> int:
    """Bytes of one element in the arena, where no type is packed. Raises Unmodelled for strings and such."""
    if dtype is None or dtype in _REFUSED:
        raise Unmodelled(str(dtype))
    size = _ELEMENT_BYTES.get(dtype, dtype.bits // 8)
    if not size:
        raise Unmodelled(str(dtype))
    return size


def nbytes(value: Value) -> int:
    """Bytes of `value` in the arena. Raises UnknownDims or Unmodelled."""
    return elements(value) * element_bytes(value.dtype)


def _present(graph: Graph, names: tuple[str | None, ...], position: int) -> Value:
    value = graph.value(names[position]) if position < len(names) else None
    if value is None:
        raise Unmodelled(f"operand {position}")
    return value


def _dims_bytes(value: Value) -> int:
    return 4 + 4 * rank(value)


def _own_dims(call: Call) -> Requests:
    """A copy of the output's dims, which the kernel overwrites."""
    return Requests((_dims_bytes(call.output()),))


def _unpacked_weights(call: Call) -> tuple[int, ...]:
    weights = call.input(1)
    return (elements(weights),) if weights.dtype is DType.INT4 else ()


def per_channel(channels: int) -> tuple[int, int]:
    """Bytes of the multiplier and the shift of each output channel."""
    return 4 * channels, 4 * channels


def _conv(call: Call) -> Requests:
    return Requests(per_channel(dims(call.input(1))[0]), _unpacked_weights(call))


def _depthwise_conv(call: Call) -> Requests:
    return Requests(per_channel(dims(call.input(1))[3]), _unpacked_weights(call))


def scales_of_weights(call: Call) -> tuple[int, ...]:
    """Bytes of multiplier and shift for a fully connected layer with a scale per channel, else nothing."""
    quantization = call.input(1).quantization
    if call.dtype is DType.FLOAT32 or quantization is None or not quantization.zero_point:
        return ()
    return per_channel(len(quantization.scale)) if quantization.is_per_channel else ()


def _fully_connected(call: Call) -> Requests:
    return Requests(scales_of_weights(call), _unpacked_weights(call))


def transpose_conv(call: Call) -> Requests:
    """What TRANSPOSE_CONV asks for."""
    scratch: tuple[int, ...] = ()
    if call.dtype is DType.INT8:
        scratch = (4 * elements(call.output()),)
    elif call.dtype is DType.INT16:
        scratch = (8 * elements(call.output()),)
        if call.has_input(3) and call.input(3).dtype is DType.INT16:
            scratch += (8 * elements(call.input(3)),)
    return Requests(per_channel(dims(call.input(1))[0]), scratch)


def batch_matmul(call: Call) -> Requests:
    """What BATCH_MATMUL asks for: a transposed copy of each operand that is not adjoint yet."""
    persistent = [call.sizes.requested["BATCH_MATMUL"]] if call.dtype in QUANTIZED else []
    transposed = [0] * bool(call.integer("adj_x", default=0)) + [1] * (not call.integer("adj_y", default=0))
    for position in transposed:
        operand = call.input(position)
        persistent += [call.sizes.struct["eval_tensor"][0], _dims_bytes(operand), nbytes(operand)]
    return Requests((*persistent, _dims_bytes(call.output())))


def svdf(call: Call) -> Requests:
    """What SVDF asks for."""
    batch, filters = dims(call.input(0))[0], dims(call.input(1))[0]
    scratch: tuple[int, ...] = (4 * batch * filters,)
    if call.dtype is DType.INT8:
        svdf_rank = call.integer("rank")
        if svdf_rank < 1:
            raise Unmodelled("rank")
        scratch += (4 * batch * (filters // svdf_rank),)
    return Requests((), scratch)


LSTM_HIDDEN_STATE, LSTM_CELL_STATE = 18, 19
"""Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM that hold its state (lstm_shared.h)."""


def lstm_gate_bytes(call: Call) -> int:
    """Bytes of one gate of UNIDIRECTIONAL_SEQUENCE_LSTM: batch x state x element size of the cell state."""
    batch_axis = 1 if call.integer("time_major", default=0) and rank(call.input(0)) == 3 else 0
    batch = dims(call.input(0))[batch_axis]
    state = dims(call.input(LSTM_HIDDEN_STATE))[1]
    return batch * state * element_bytes(call.input(LSTM_CELL_STATE).dtype)


def _lstm(call: Call) -> Requests:
    return Requests((), (lstm_gate_bytes(call),) * 4)


SOFTMAX_TABLE = 1026
"""Bytes of a look-up table of 513 int16, of which int16 SOFTMAX keeps two (softmax_common.cc)."""


def _softmax(call: Call) -> Requests:
    return Requests((SOFTMAX_TABLE, SOFTMAX_TABLE) if call.dtype is DType.INT16 else ())


def _mean(call: Call) -> Requests:
    sums = (4 * elements(call.output()),) if call.dtype in QUANTIZED else ()
    return Requests((), (*sums, 4 * rank(call.input(0)), 4 * elements(call.input(1))))


def _reduce(call: Call) -> Requests:
    return Requests((), (4 * rank(call.input(0)), 4 * elements(call.input(1))))


def _mirror_pad(call: Call) -> Requests:
    return Requests((), (4 * rank(call.input(0)),) * 2)


def _add_n(call: Call) -> Requests:
    own = (call.sizes.requested["ADD_N"],) if call.dtype is DType.INT8 else ()
    return Requests(own, (call.sizes.pointer * len(call.node.inputs),))


def _record_if_int8(call: Call) -> Requests:
    return Requests((call.sizes.requested[call.node.source.op],) if call.dtype is DType.INT8 else ())


def _embedding_lookup(call: Call) -> Requests:
    return Requests((_dims_bytes(call.output()), call.sizes.requested["EMBEDDING_LOOKUP"]))


def _reshape(call: Call) -> Requests:
    """Dims of the output, where the file leaves one of them to the runtime."""
    shape = call.output().shape or ()
    return Requests(() if all(isinstance(dim, int) for dim in shape) else (_dims_bytes(call.output()),))


def _var_handle(call: Call) -> Requests:
    words = call.node.attributes.get("container"), call.node.attributes.get("shared_name")
    key = (str(words[0] or ""), str(words[1] or ""))
    call.variables.handles[call.place, call.output().name] = key
    return NOTHING


def _assign_variable(call: Call) -> Requests:
    """The variable's bytes, the first time it is assigned where its handle was made."""
    key = call.variables.handles.get((call.place, call.input(0).name))
    if key is None or key in call.variables.assigned:
        return NOTHING
    call.variables.assigned.add(key)
    return Requests((nbytes(call.input(1)),))


def _detection_postprocess(call: Call) -> Requests:
    boxes = dims(call.input(0))[1]
    scores = dims(call.input(1))
    most = call.integer("max_detections")
    classes = call.integer("num_classes")
    per_detection = 4 * most * boxes
    return Requests(
        (),
        (
            boxes,
            16 * boxes,
            4 * scores[1] * scores[2],
            4 * boxes,
            4 * boxes,
            per_detection,
            per_detection,
            4 * boxes,
            per_detection,
            4 * boxes * max(classes, most),
            4 * boxes * min(boxes, most),
        ),
    )


Formula = Callable[[Call], Requests]

PORTABLE: Mapping[str, Formula] = {
    "ADD_N": _add_n,
    "ASSIGN_VARIABLE": _assign_variable,
    "BATCH_MATMUL": batch_matmul,
    "CONV_2D": _conv,
    "CUMSUM": _record_if_int8,
    "DEPTHWISE_CONV_2D": _depthwise_conv,
    "DEPTH_TO_SPACE": _own_dims,
    "EMBEDDING_LOOKUP": _embedding_lookup,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _own_dims,
    "GATHER_ND": _own_dims,
    "L2_POOL_2D": _own_dims,
    "LOG_SOFTMAX": _record_if_int8,
    "MEAN": _mean,
    "MIRROR_PAD": _mirror_pad,
    "REDUCE_ALL": _reduce,
    "REDUCE_MAX": _reduce,
    "REDUCE_MIN": _reduce,
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _own_dims,
    "SUM": _mean,
    "SVDF": svdf,
    "TFLite_Detection_PostProcess": _detection_postprocess,
    "TRANSPOSE_CONV": transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "VAR_HANDLE": _var_handle,
}
"""What operators ask for, by their name in the file; a modelled one without an entry asks for nothing."""
