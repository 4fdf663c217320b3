"""EL608."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.printable import printable
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

_SMALL_PARTS = frozenset({Role.OTHER, Role.UNREAD})
"""Bounds, steps and exponents, whose type the operator may ask for."""


class Float64Weights(Rule):
    """Weights stored as float64, with twice the bytes and twice the digits that networks use.

    ## Why it matters
    Networks are trained in float32 or less; the further digits are noise. Each weight takes 8 bytes
    instead of 4, and float64 arithmetic is done in software on Cortex-M0 to M4, on M33 and on ESP32, ten
    times slower and more. TensorFlow Lite's kernels for layers take no float64 at all.

    ## What to do
    - Keras: `keras.backend.set_floatx("float32")`, and no `dtype="float64"` in layers; then load the
      weights and save again.
    - PyTorch: `model.float()` before `torch.onnx.export`.
    - scikit-learn: cast the input, `initial_types=[("x", FloatTensorType([None, n]))]`, not
      `DoubleTensorType`.
    """

    code = "EL608"
    name = "float64-weights"
    severity = Severity.WARNING
    needs = ("float64",)
    hint = "cast the model to float32 before it is exported"
    options = {"elements": Option(16, "fewest numbers of a constant to judge; single ones cost nothing")}

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8]", bias="float32[4]"),
        chain("float64[1,8]").op("Mul", "float64[1,8]", factor="float64[1]"),
    ]
    INVALID = [
        (
            chain("float64[1,8]").op("Gemm", "float64[1,4]", source="Dense", weight="float64[8,4]"),
            "Dense keeps its kernel 'gemm_0/weight' as float64: 256 B, of which float32 needs half",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each constant of float64 that a layer calculates with."""
        for use in context.weights.every:
            tensor = use.value.tensor
            if tensor is None or tensor.dtype is not DType.FLOAT64 or use.role in _SMALL_PARTS:
                continue
            if use.reader is None or tensor.elements < context.option(self, "elements"):
                continue
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} keeps its {use.role.value} {named(use.value)} as float64"
                f": {show_bytes(tensor.nbytes)}, of which float32 needs half",
                tensor=use.value.name,
                bytes=tensor.nbytes,
            )
