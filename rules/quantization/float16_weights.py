"""EL318."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Rule, Severity


class Float16Weights(Rule):
    """Weights stored as float16, which the runtime must widen before it can use them.

    ## Why it matters
    Float16 quantization halves the file and nothing else: each weight goes through a DEQUANTIZE to
    float32. GPU delegates compute in float16 and XNNPACK unpacks once when it loads, into RAM that takes
    the float32 size; TFLite Micro has no such DEQUANTIZE and refuses the model (there the rules on
    operators say so, and this one stays quiet).

    ## What to do
    For a microcontroller or an integer accelerator convert with full-integer quantization; for a plain
    float model leave `converter.target_spec.supported_types = [tf.float16]` out.
    """

    code = "EL318"
    name = "float16-weights"
    severity = Severity.NOTE
    needs = ("tflite", "float16")
    hint = "for microcontrollers and integer accelerators convert with full-integer quantization instead"

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,2]", weight="float32[2,8]"),
        chain("float32[1,8]")
        .op("DequantizeLinear", "float32[2,8]", source="DEQUANTIZE", reads=("input",))
        .on("litert-cpu"),
        chain("int8[1,8] @0.1").op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Gemm", "float32[1,2]", source="FULLY_CONNECTED", weight="float16[2,8]"),
            "stores 1 weight (32 B) as float16, which takes 64 B of RAM once widened to float32",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for a TFLite model, where no target says how it runs, or one that widens."""
        if context.model.format != "tflite":
            return
        if context.target is not None and context.target.runtime.name != "litert":
            return
        if context.target is not None and context.target.name == "litert-gpu":
            return
        nbytes = count = 0
        for graph in context.model.graphs:
            for name in graph.readers:
                value = graph.values.get(name)
                if value is not None and value.dtype is DType.FLOAT16 and value.tensor is not None:
                    count += 1
                    nbytes += 2 * value.tensor.elements
        if count:
            noun = "weights" if count > 1 else "weight"
            yield self.finding(
                f"stores {count} {noun} ({show_bytes(nbytes)}) as float16, which takes "
                f"{show_bytes(2 * nbytes)} of RAM once widened to float32",
                weights=count,
                bytes=nbytes,
            )
