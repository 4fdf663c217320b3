"""EL310."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.ranges import affine
from edgelint.analysis.quantization.spec import FIXED_OUTPUTS
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

_FLEXIBLE_IN_LITERT = frozenset({"TANH"})
"""Operators whose 8-bit kernel in LiteRT goes by the scale that is stored; TFLite Micro's does not."""


class WrongOutputScale(Rule):
    """A softmax, sigmoid or tanh whose output has another scale than its kernel gives.

    ## Why it matters
    The range of these functions is known, so their integer kernels have it built in: softmax and sigmoid
    give int8 with scale 1/256 and zero point -128, tanh 1/128 and 0, log-softmax 16/256 and 127. Kernels
    that check the stored scale refuse the model. Those that don't (tanh and sigmoid in TFLite
    Micro) write numbers of their own scale, and whoever reads them by the stored one gets wrong values.

    ## What to do
    Convert with TensorFlow Lite's converter, which sets these scales itself, and don't edit them
    afterwards. Quantization-aware training must not put an observer behind these layers.

    ## Source
    TensorFlow Lite's 8-bit quantization specification (SOFTMAX, LOGISTIC, TANH, LOG_SOFTMAX,
    L2_NORMALIZATION); `activations.cc` of LiteRT, `softmax_common.cc`, `logistic_common.cc` and the int8
    reference `tanh.h` of TFLite Micro.
    """

    code = "EL310"
    name = "wrong-output-scale"
    severity = Severity.ERROR
    needs = ("tflite", "quantization")
    hint = "convert again: the converter sets the output scale of this operator itself"
    yields_to = ("EL102", "EL106", "EL309")
    options = {
        "tolerance": Option(1e-3, "relative difference of scales that is rounding, as kernels have it")
    }

    VALID = [
        chain("int8[1,4] @0.1").op("Softmax", "int8[1,4] @0.00390625:-128", source="SOFTMAX"),
        chain("int8[1,4] @0.1").op("Tanh", "int8[1,4] @0.0078125:0", source="TANH"),
        chain("int8[1,4] @0.1").op("Softmax", "int16[1,4] @0.0000152587890625:-32768", source="SOFTMAX"),
        chain("int8[1,4] @0.1").op("Softmax", "int8[1,4] @0.01:3").from_format("onnx"),
        chain("int8[1,4] @0.1").op("Tanh", "int8[1,4] @0.007:0", source="TANH").on("litert-cpu"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1").op("Softmax", "int8[1,4] @0.0078125:0", source="SOFTMAX"),
            "SOFTMAX stores 'softmax_0' with scale 0.0078125 and zero point 0, "
            "but its int8 kernel gives scale 1/256 and zero point -128",
        ),
        (
            chain("int8[1,4] @0.1").op("Sigmoid", "int8[1,4] @0.00390625:0", source="LOGISTIC"),
            "LOGISTIC stores 'sigmoid_0' with scale 0.00390625 and zero point 0, "
            "but its int8 kernel gives scale 1/256 and zero point -128",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such operator, on runtimes whose kernel has the scale built in."""
        if context.model.format != "tflite":
            return
        tolerance = context.option(self, "tolerance")
        runtime = context.target.runtime.name if context.target else ""
        for graph, node in context.model.nodes():
            fixed = FIXED_OUTPUTS.get(node.source.op)
            if fixed is None or not node.outputs or not node.inputs:
                continue
            read, made = graph.value(node.inputs[0]), graph.value(node.outputs[0])
            stored = affine(made)
            if read is None or made is None or made.dtype is None or stored is None:
                continue
            wanted = fixed.get(made.dtype)
            if wanted is None or read.dtype is not made.dtype:
                continue
            if abs(stored.scale * wanted.parts - 1) <= tolerance and stored.zero_point == wanted.zero_point:
                continue
            flexible = node.source.op in _FLEXIBLE_IN_LITERT and runtime != "tflm"
            if flexible and runtime:
                continue
            yield self.at(
                graph,
                node,
                f"{printable(node.source.op)} stores {named(made)} with {stored}, "
                f"but its {made.dtype} kernel gives {wanted}",
                severity=Severity.WARNING if flexible else Severity.ERROR,
                scale=stored.scale,
                zero_point=stored.zero_point,
                expected_scale=wanted.scale,
                expected_zero_point=wanted.zero_point,
            )
