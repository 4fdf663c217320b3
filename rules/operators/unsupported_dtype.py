"""EL102."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.support.judge import problems, stray_problems
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Location, Rule, Severity


class UnsupportedDtype(Rule):
    """An element type that the runtime's kernel for this operator does not take.

    ## Why it matters
    A runtime may have an operator for float32 and int8 only. With another type it refuses the model
    when it loads or, worse, when it first runs.

    ## What to do
    Convert with a type that the kernel takes, most often by full integer quantization to int8. Files
    with uint8 activations come from TensorFlow 1's quantization and must be converted again; files
    with float16 weights need a conversion without them.
    """

    code = "EL102"
    name = "unsupported-dtype"
    severity = Severity.ERROR
    needs = ("target",)

    VALID = [
        chain("int8[1,8]").op("Ceil", "int8[1,8]", source="CEIL"),
        chain("float16[1,8]").op("Erf", "float16[1,8]").with_opset(17).on("onnxruntime-cpu"),
        chain("float32[1,8]").op("Ceil", "float32[1,8]", source="CEIL").on("cortex-m4"),
        chain("float32[1,64]")
        .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="int8[8,64]")
        .on("cortex-m4"),
    ]
    INVALID = [
        (
            chain("int8[1,8]").op("Ceil", "int8[1,8]", source="CEIL").on("cortex-m4"),
            "CEIL has int8 input 'input'; TFLite Micro takes float32",
        ),
        (
            chain("float16[1,8]").op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE").on("cortex-m4"),
            "DEQUANTIZE has float16 input 'input'; TFLite Micro takes int8, int16 or uint8",
        ),
        (
            chain("float32[4,8]")
            .op("Gather", "float32[2,8]", source="GATHER", indices="int64[2]")
            .on("cortex-m4"),
            "GATHER has int64 indices 'gather_0/indices'; TFLite Micro takes int32 there",
        ),
        (
            chain("float64[1,8]").op("Erf", "float64[1,8]").with_opset(17).on("onnxruntime-cpu"),
            "Erf has float64 input 'input'; ONNX Runtime takes float32 there",
        ),
        (
            chain("string[1]").on("cortex-m4"),
            "string tensor 'input' is read by no operator, and TFLite Micro takes no string at all",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per node with such an operand; a warning where the runtime might take it."""
        for graph, node, problem in problems(context, "dtype"):
            severity = Severity.ERROR if problem.certain else Severity.WARNING
            yield self.at(graph, node, problem.sentence, hint=problem.replacement, severity=severity)
        for graph, problem in stray_problems(context):
            place = Location(graph=graph.name)
            yield self.finding(problem.sentence, hint=problem.replacement, location=place)
