"""EL325."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class KerasQuantizedLayers(Rule):
    """Keras's own integer weights, which are not what a microcontroller runs.

    ## Why it matters
    `model.quantize("int8")` stores int8 weights and rounds the activations as it runs, with scales taken from
    each batch. It is made for large models on servers. TensorFlow Lite's quantization is another scheme, with
    scales that are fixed at conversion, and its converter refuses such a file: TensorFlow 2.21 ends with
    "'tfl.fully_connected' op operand #0 must be tensor of 32-bit float …" (tried with Keras 3.15).
    For a target that needs a conversion it is a warning, else a note.

    ## What to do
    Keep the float model and quantize it while converting: `converter.optimizations`, a
    `representative_dataset` and `TFLITE_BUILTINS_INT8`.
    """

    code = "EL325"
    name = "keras-quantized-layers"
    severity = Severity.NOTE
    needs = ("keras",)
    hint = "quantize the float model in the converter, with a representative dataset"

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", source="Dense", weight="float32[8,2]")
        .from_format("keras"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", source="Dense", weight="int8[8,2]")
            .from_format("keras"),
            "1 layer has int8 weights by Keras's own quantization, which TensorFlow Lite's converter refuses",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for the whole model, at the first such layer."""
        if not context.model.format.startswith("keras"):
            return
        found = []
        for graph, node in context.model.nodes():
            narrow = next(
                (
                    value.dtype
                    for value in graph.inputs_of(node)
                    if value and value.is_constant and value.dtype and value.dtype.is_integer
                ),
                None,
            )
            if narrow is not None and narrow.bits <= 8:
                found.append((graph, node, narrow))
        if found:
            graph, node, narrow = found[0]
            count = f"{len(found)} layers have" if len(found) > 1 else "1 layer has"
            converted = context.target is not None and "tflite" in context.target.runtime.formats
            yield self.at(
                graph,
                node,
                f"{count} {narrow} weights by Keras's own quantization, "
                "which TensorFlow Lite's converter refuses",
                severity=Severity.WARNING if converted else Severity.NOTE,
                layers=len(found),
            )
