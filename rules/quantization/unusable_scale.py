"""EL308."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edgelint.analysis.operands import dealings, named
from edgelint.analysis.quantization.ranges import CODES, SMALLEST_NORMAL, calibrated
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node, Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class UnusableScale(Rule):
    """A quantization scale that is zero, negative, not finite, or too small to compute with.

    ## Why it matters
    Kernels multiply by the scales of their inputs and divide by that of their output. A scale of zero, or
    NaN, leaves nothing of the numbers; a denormal one (below 1.2e-38) counts as zero on cores that flush
    denormals, and its reciprocal is infinite. Such scales come from a calibration that never saw
    data, saw NaN, or saw zeros alone.

    A single zero among the scales of a weight only says that its channel is all zeros: it is not told.

    ## What to do
    Calibrate with real samples: check that the `representative_dataset` yields the preprocessed inputs,
    not zeros, and that the float model gives finite numbers for them.
    """

    code = "EL308"
    name = "unusable-scale"
    severity = Severity.ERROR
    needs = ("quantization",)
    hint = "calibrate with real, preprocessed samples and see that the float model gives finite numbers"

    VALID = [
        chain("int8[1,2] @0.1").op("Relu", "int8[1,2] @0.1"),
        chain("int8[1,4,4,2] @0.1").op("Conv", "int8[1,4,4,2] @0.1", weight="int8[2,1,1,2] @0.1,0/0"),
        chain("float32[1,2] @0").op("Relu", "float32[1,2] @0"),
    ]
    INVALID = [
        (
            chain("int8[1,2] @0.1").op("Relu", "int8[1,2] @0", source="RELU"),
            "RELU makes int8 'relu_0' with scale 0",
        ),
        (
            chain("int8[1,2] @1e-40").op("Relu", "int8[1,2] @0.1", source="RELU"),
            "RELU reads int8 'input' with scale 1e-40, which is denormal",
        ),
        (
            chain("uint8[1,2] @nan").op("DequantizeLinear", "float32[1,2]").from_format("onnx"),
            "DequantizeLinear reads uint8 'input' with scale nan",
        ),
        (
            chain("int8[1,4,4,2] @0.1").op("Conv", "int8[1,4,4,2] @0.1", weight="int8[2,1,1,2] @0.1,-1/0"),
            "Conv reads int8 'conv_0/weight' with scale -1",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each value with such a scale, where it is made, or first read if nothing makes it."""
        for graph in context.model.graphs:
            scales = ((name, _unusable(value)) for name, value in graph.values.items() if value.quantization)
            left = {name: scale for name, scale in scales if scale is not None}
            for node in graph.nodes if left else ():
                for verb, name in dealings(node, left):
                    yield self._told(graph, node, verb, graph.values[name], left.pop(name))

    def _told(self, graph: Graph, node: Node, verb: str, value: Value, scale: float) -> Finding:
        denormal = ", which is denormal" if 0 < scale < SMALLEST_NORMAL else ""
        return self.at(
            graph,
            node,
            f"{printable(node.source.op)} {verb} {value.dtype} {named(value)} "
            f"with scale {scale:.6g}{denormal}",
            tensor=value.name,
            scale=str(scale) if not math.isfinite(scale) else scale,
        )


def _unusable(value: Value) -> float | None:
    """The first scale that nothing can be computed with; None when all are well, or not known."""
    quantization = calibrated(value)
    if quantization is None or value.dtype not in CODES:
        return None
    for scale in quantization.scale:
        if not math.isfinite(scale) or scale < 0:
            return scale
    if value.is_constant:
        # What is all zeros needs no scale; converters give it 0 or the smallest float there is.
        return None
    return next((scale for scale in quantization.scale if scale < SMALLEST_NORMAL), None)
