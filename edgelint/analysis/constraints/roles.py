"""Which role each operand plays: data, weights, bias, or a parameter such as axes or paddings."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Node

WEIGHTS = frozenset({"filter", "W", "w"})
BIASES = frozenset({"bias", "B"})

PRODUCTS = frozenset({"Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"})
"""ONNX operators whose second factor is called B."""

PARAMETERS = frozenset(
    [
        *("axes", "paddings", "shape", "size", "begin", "end", "strides", "perm", "axis", "split_dim"),
        *("sizes", "multiples", "output_shape", "params"),
    ]
)
"""Roles of operands that say what to do, rather than being worked on."""

_CONVOLUTION = ("input", "filter", "bias")
_REDUCTION = ("input", "axes")
_PADDING = ("input", "paddings", "constant")
_RESIZING = ("input", "size")
_CHOICE = ("cond", "x", "y")

TFLITE: dict[str, tuple[str, ...]] = {
    "ARG_MAX": ("input", "axis"),
    "ARG_MIN": ("input", "axis"),
    "ASSIGN_VARIABLE": ("handle", "input"),
    "BATCH_MATMUL": ("input", "rhs"),
    "BATCH_TO_SPACE_ND": ("input", "shape", "paddings"),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ("input", "weights"),
    "BROADCAST_TO": ("input", "shape"),
    "CONV_2D": _CONVOLUTION,
    "CUMSUM": ("input", "axis"),
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "DYNAMIC_UPDATE_SLICE": ("operand", "update", "start_indices"),
    "EMBEDDING_LOOKUP": ("ids", "values"),
    "EXPAND_DIMS": ("input", "axis"),
    "FILL": ("shape", "input"),
    "FULLY_CONNECTED": _CONVOLUTION,
    "GATHER": ("input", "indices"),
    "GATHER_ND": ("input", "indices"),
    "MEAN": _REDUCTION,
    "MIRROR_PAD": ("input", "paddings"),
    "ONE_HOT": ("indices", "depth", "on_value", "off_value"),
    "PAD": ("input", "paddings"),
    "PADV2": _PADDING,
    "PRELU": ("input", "alpha"),
    "READ_VARIABLE": ("handle",),
    "REDUCE_ALL": _REDUCTION,
    "REDUCE_ANY": _REDUCTION,
    "REDUCE_MAX": _REDUCTION,
    "REDUCE_MIN": _REDUCTION,
    "REDUCE_PROD": _REDUCTION,
    "RESHAPE": ("input", "shape"),
    "RESIZE_BILINEAR": _RESIZING,
    "RESIZE_NEAREST_NEIGHBOR": _RESIZING,
    "REVERSE_V2": _REDUCTION,
    "SCATTER_ND": ("indices", "updates", "shape"),
    "SELECT": _CHOICE,
    "SELECT_V2": _CHOICE,
    "SLICE": ("input", "begin", "size"),
    "SPACE_TO_BATCH_ND": ("input", "shape", "paddings"),
    "SPLIT": ("split_dim", "input"),
    "SPLIT_V": ("input", "sizes", "split_dim"),
    "SQUEEZE": ("input",),
    "STRIDED_SLICE": ("input", "begin", "end", "strides"),
    "SUM": _REDUCTION,
    "TILE": ("input", "multiples"),
    "TOPK_V2": ("input", "k"),
    "TRANSPOSE": ("input", "perm"),
    "TRANSPOSE_CONV": ("output_shape", "filter", "input", "bias"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("input", "weights"),
}
"""Roles by position of the TFLite builtins; the last one goes on. Where nothing stands all are "input"."""

DATA = frozenset({"input", "x", "y", "rhs", "operand", "update", "updates", "values", "data"})


@dataclass(frozen=True, slots=True)
class Signature:
    """The roles of an operator's inputs by position, and which of them carry its data.

    data: None where the roles are named well enough to tell by themselves.
    """

    inputs: tuple[str, ...]
    data: frozenset[str] | None = None

    def input(self, place: int) -> str:
        """The role of input `place`; the last role goes on."""
        return self.inputs[min(place, len(self.inputs) - 1)] if self.inputs else "input"

    def is_data(self, role: str) -> bool:
        """Whether an input in `role` is worked on."""
        return role in (DATA if self.data is None else self.data)

    def plays(self, role: str, asked: str) -> bool:
        """Whether an input in `role` is meant where a table says `asked`."""
        word = role.lower()
        if asked == "params":
            return role in PARAMETERS
        if asked == "scales":
            return "scale" in word
        if asked == "zero_points":
            return "zero_point" in word
        return word == asked.lower() or word == {"weights": "filter", "w": "filter"}.get(asked.lower())


def signature(model: Model, node: Node) -> Signature:
    """The roles of the inputs of `node`."""
    if model.format != "onnx":
        return Signature(TFLITE.get(node.source.op, ("input",)))
    from edgelint.analysis.support.onnxruntime import formals

    opset = node.source.version or model.opsets.get(node.domain, 1)
    named = formals(node.domain or "ai.onnx", node.source.op, opset)
    if not named:
        return Signature(("operand",), frozenset())
    typed = named[0][1]
    # The B of a sum or comparison is worked on like its A; that of a product holds weights.
    equals = named[0][0] == "A" and node.op not in PRODUCTS
    set_apart = WEIGHTS if equals else WEIGHTS | BIASES
    # Only operands of the first one's type: a table's element types are those of the data.
    return Signature(
        tuple(name for name, _ in named),
        frozenset(name for name, kind in named if kind == typed and name not in set_apart),
    )
