"""EL610."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

LARGEST_FLOAT16 = 65504.0


class SuspiciousMagnitude(Rule):
    """A kernel with weights far larger than training makes them.

    ## Why it matters
    Kernels start below 1 and stay within a few dozen. Folding a batch normalization whose variance is
    nearly 0 multiplies a channel by up to 1 / sqrt(epsilon), 32 with Keras's default and 316 with
    PyTorch's. Beyond that something diverged, was scaled twice (inputs of 0 to 255 and weights for 0 to
    1), or was read with the wrong type. One such weight stretches the scale that a quantized tensor has
    for all, and above 65,504 float16 makes it infinite.

    ## What to do
    Look at the channel: dead before its batch normalization, it can go; else train with weight decay or
    `clipnorm`. Compare with the weights before the export, in case the layer was stored in another type.
    """

    code = "EL610"
    name = "suspicious-magnitude"
    severity = Severity.NOTE
    hint = "see where this weight comes from: divergence, double scaling, or a folded batch normalization"
    options = {
        "limit": Option(
            10000.0, "largest magnitude that passes: ten times a sound weight, folded at its worst"
        ),
    }

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8] = 300 -1"),
        chain("int32[1,8]").op("Gemm", "int32[1,4]", weight="int8[4,8] = 127"),
        chain("float32[1,8]").op("Add", "float32[1,8]", mask="float32[1,8] = -1e9"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op(
                "Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8] = 0.5 -20000"
            ),
            "FULLY_CONNECTED has weights from -2e+04 to 0.5 in its kernel 'gemm_0/weight'",
        ),
        (
            chain("float32[1,8]").op(
                "Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8] = 0.5 3e20"
            ),
            "FULLY_CONNECTED has weights from 0.5 to 3e+20 in its kernel 'gemm_0/weight'; "
            "float16 ends at 65,504",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each floating-point kernel with such a weight; a warning where float16 cannot hold it."""
        for use, found in context.weights.judged(Role.KERNEL, Role.RECURRENT, Role.ATTENTION):
            is_float = use.value.dtype is not None and use.value.dtype.is_float
            if use.reader is None or not is_float or found.magnitude <= context.option(self, "limit"):
                continue
            overflows = found.magnitude > LARGEST_FLOAT16
            # What a plain product multiplies with need not be learned: positions, frequencies, bases.
            learned = use.reader.op != "MatMul"
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} has weights from {found.minimum:.3g} to "
                f"{found.maximum:.3g} in its {use.role.value} {named(use.value)}"
                + "; float16 ends at 65,504"
                * overflows,
                severity=Severity.WARNING if overflows and learned else None,
                tensor=use.value.name,
                lowest=found.minimum,
                highest=found.maximum,
            )
