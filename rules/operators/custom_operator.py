"""EL103."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity


class CustomOperator(Rule):
    """An operator that is in no standard and not among those the runtime is built with.

    ## Why it matters
    The file holds the operator's name, not its code. Unless the application registers a kernel of
    that name, the runtime refuses the whole model.

    ## What to do
    Register the kernel in the firmware or application, and name the operator in the option `allow`
    (`--option EL103.allow=MyOp`), so that it counts as supported. If there is none for the target,
    express the layer in standard operators. A file that a compiler for an accelerator has processed
    (Vela, edgetpu_compiler) runs on that accelerator only: deploy the file from before.
    """

    code = "EL103"
    name = "custom-operator"
    severity = Severity.ERROR
    needs = ("target", "problems")
    options = {
        "allow": Option("", "custom operators whose kernels the application registers, with commas between")
    }

    VALID = [
        chain("float32[1,8]")
        .op("MyPooling", "float32[1,4]", domain="tflite.custom")
        .on("cortex-m4")
        .with_options(allow="Other, MyPooling"),
        chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").on("cortex-m4"),
        chain("uint32[1,8]").op("SignalFilterBankLog", "int16[1,8]", domain="tflite.custom").on("cortex-m4"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("MyPooling", "float32[1,4]", domain="tflite.custom").on("cortex-m4"),
            "MyPooling is a custom operator that TFLite Micro does not bring along",
        ),
        (
            chain("float32[1,8]")
            .op("CustomOpOne", "float32[1,8]", domain="ai.onnx.contrib")
            .with_opset(17)
            .on("onnxruntime-cpu"),
            "CustomOpOne is of domain 'ai.onnx.contrib', which ONNX Runtime does not bring along",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node whose kernel the application must bring."""
        for graph, node, problem in problems(context, "custom"):
            yield self.at(graph, node, problem.sentence, hint=problem.replacement)
