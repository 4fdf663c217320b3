"""Standard operators whose shapes those of ONNX Runtime's own domain follow.

ONNX's inference does not know com.microsoft. Where such an operator's first output has the shape
and element type of a standard one, that one stands in for it, during inference alone.
Definitions: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edgelint.loaders.onnx.functions import bodies_of

if TYPE_CHECKING:
    from onnx import NodeProto


class StandIn(NamedTuple):
    """The standard operator, which inputs it gets, and which attributes."""

    op: str
    inputs: tuple[int, ...] = (0,)
    attributes: frozenset[str] = frozenset()


_WINDOW = frozenset({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", "ceil_mode"})

STAND_INS = {
    "BiasGelu": StandIn("Identity"),
    "BiasSoftmax": StandIn("Identity"),
    "DynamicQuantizeMatMul": StandIn("MatMul", (0, 1)),
    "FastGelu": StandIn("Identity"),
    "FusedConv": StandIn("Conv", (0, 1, 2), _WINDOW - {"ceil_mode"}),
    "FusedGemm": StandIn("Gemm", (0, 1, 2), frozenset({"alpha", "beta", "transA", "transB"})),
    "Gelu": StandIn("Identity"),
    "QLinearAdd": StandIn("Add", (0, 3)),
    "QLinearAveragePool": StandIn("AveragePool", (0,), _WINDOW - {"dilations", "group"}),
    "QLinearGlobalAveragePool": StandIn("GlobalAveragePool"),
    "QLinearLeakyRelu": StandIn("Identity"),
    "QLinearMul": StandIn("Mul", (0, 3)),
    "QLinearSigmoid": StandIn("Identity"),
    "QLinearSoftmax": StandIn("Identity"),
    "QuickGelu": StandIn("Identity"),
    "SkipLayerNormalization": StandIn("Identity"),
    "SkipSimplifiedLayerNormalization": StandIn("Identity"),
}
"""com.microsoft operator to what stands in for it."""

_CHANNELS_LAST = "channels_last"
"""The attribute under which QLinear pools read NHWC, which no standard operator does."""


def stand_in(node: NodeProto) -> None:
    """Rewrites `node` as its stand-in, where it has one."""
    standard = STAND_INS.get(node.op_type) if node.domain == "com.microsoft" else None
    if standard is None or bodies_of(node) or len(node.input) <= standard.inputs[:2][-1]:
        return
    if any(attribute.name == _CHANNELS_LAST and attribute.i for attribute in node.attribute):
        return
    inputs = [node.input[place] for place in standard.inputs if place < len(node.input)]
    attributes = [attribute for attribute in node.attribute if attribute.name in standard.attributes]
    node.domain, node.op_type = "", standard.op
    node.input[:] = inputs
    del node.output[1:]
    del node.attribute[:]
    node.attribute.extend(attributes)
