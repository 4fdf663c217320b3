"""EL605."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

SMALLEST = 1025
"""Bytes of a constant to be compared: smaller ones repeat by nature, and where they lie is not kept."""


class DuplicateTensor(Rule):
    """Constants with the same numbers that the file stores more than once.

    ## Why it matters
    Each copy takes flash, or bytes of a download, and says nothing new. Copies arise where a layer that
    is used twice was exported as two, where tied weights (embedding and output) were untied, or where
    an encoder was copied for two inputs.

    Constants that share one buffer are no copies; constants of one single number (biases of zeros) and
    those of up to 1 KiB are not compared.

    ## What to do
    - Keras: call one layer object twice instead of building two with the same weights.
    - TFLite: let the converter see one model; recent versions write equal buffers once. Two tensors may
      name the same `buffer`.
    - ONNX: `onnxsim in.onnx out.onnx` merges equal initializers, and ONNX Runtime does so when it saves an
      optimized model (`SessionOptions.optimized_model_filepath`).
    """

    code = "EL605"
    name = "duplicate-tensor"
    severity = Severity.NOTE
    hint = "store the numbers once and let all layers read that one constant"
    options = {
        "bytes": Option(
            1024,
            "least bytes that copies of a constant waste; 1 KiB is a page of small parts' flash",
        ),
    }

    VALID = [
        chain("float32[1,32]")
        .op("Gemm", "float32[1,16]", weight="float32[16,32] = 0 1 2")
        .op("Gemm", "float32[1,32]", weight="float32[32,16] = 0 1 2"),
    ]
    INVALID = [
        (
            chain("float32[1,32]")
            .op("Gemm", "float32[1,32]", weight="float32[32,32] = 0 1 2")
            .op("Gemm", "float32[1,32]", weight="float32[32,32] = 0 1 2")
            .op("Gemm", "float32[1,32]", weight="float32[32,32] = 0 1 2"),
            "'gemm_0/weight' and 2 more constants hold the same numbers: 8 KiB are stored for nothing",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each group of equal constants whose copies are worth the bytes."""
        for group in context.weights.copies(SMALLEST):
            first = group[0]
            size = first.value.tensor.nbytes if first.value.tensor else 0
            wasted = size * (len(group) - 1)
            if wasted < context.option(self, "bytes") or first.reader is None:
                continue
            others = named(group[1].value) if len(group) == 2 else f"{len(group) - 1:,} more constants"
            yield self.at(
                first.graph,
                first.reader,
                f"{named(first.value)} and {others} hold the same numbers: {show_bytes(wasted)} are stored "
                "for nothing",
                tensors=[use.value.name for use in group],
                bytes=wasted,
            )
