"""EL414."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.grounds import of_regression
from edgelint.analysis.heads.output_range import Range, range_of
from edgelint.analysis.heads.task import Task
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity


def _raw(output: str, dtype: str = "int8") -> Example:
    return chain(f"{dtype}[1,8] @0.05:0").op(
        "Gemm", output, source="FULLY_CONNECTED", weight=f"{dtype}[2,8] @0.01:0"
    )


class UnboundedOutputQuantized(Rule):
    """An output without activation that is squeezed into 8 bits.

    ## Why it matters
    Any number can come out of a layer without activation, and 8 bits hold 256 of them: what lies
    outside the range that calibration saw is clipped to its ends, without a sign, and what lies
    within is rounded to a step.

    - If the range is 0 to 1, as a softmax or sigmoid has it, the raw scores of a classifier are clipped
      to it: all scores below 0 become equal, and so do all above 1. A warning.
    - For a regressor, range and step are worth knowing, as they bound its accuracy. A note.

    ## What to do
    - Scores in the range of probabilities: convert the model again, with the softmax or sigmoid in
      it, or with a representative dataset that goes through the very model that is converted.
    - A regressor: give the converter a representative dataset with the extremes of the targets in
      it. Where 256 steps are too coarse, keep the last layer in float (`inference_output_type =
      tf.float32` alone doesn't: the layer is still int8) or use 16-bit activations
      (`EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8`).
    """

    code = "EL414"
    name = "unbounded-output-quantized"
    severity = Severity.WARNING
    needs = ("quantization",)
    hint = "calibrate the output anew, on data that reach the extremes of what it shall say"
    options = {
        "tolerance": Option(
            0.0001,
            "how far a step may be from 1/256 or 1/255, as a share of it, to be taken for that of "
            "probabilities; room for the rounding of float32, as calibrated steps rarely come so near",
        ),
    }

    VALID = [
        _raw("int8[1,2] @0.0039062500:-128").op("Softmax", "int8[1,2] @0.00390625:-128"),
        _raw("int8[1,2] @0.1:4"),
        _raw("int16[1,2] @0.00003:0"),
        _raw("float32[1,2]").as_task("regression"),
    ]
    INVALID = [
        (
            _raw("int8[1,2] @0.00390625:-128"),
            "FULLY_CONNECTED without activation has its 2 outputs clipped to 0 … 0.996, the range of "
            "probabilities: scores beyond are lost",
        ),
        (
            _raw("uint8[1,2] @0.0039215686:0", "uint8").op("DequantizeLinear", "float32[1,2]"),
            "FULLY_CONNECTED without activation has its 2 outputs clipped to 0 … 1, the range of "
            "probabilities: scores beyond are lost",
        ),
        (
            _raw("int8[1,2] @0.5:-100").as_task("regression"),
            "regressor's 2 outputs are int8: 256 steps of 0.5 from -14 to 113.5, and clipped beyond",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each raw output that goes through 8 bits, where its range or its task makes that matter."""
        for head in context.heads:
            found = range_of(head) if head.raw else None
            told = self._told(context, head, found) if found is not None else None
            if found is not None and told is not None and head.place is not None:
                message, severity = told
                yield self.at(
                    head.graph,
                    head.place,
                    message,
                    severity=severity,
                    output=head.output,
                    units=head.units,
                    lowest=found.lowest,
                    highest=found.highest,
                    step=found.step,
                )

    def _told(self, context: Context, head: Head, found: Range) -> tuple[str, Severity] | None:
        count = f"{head.units} output{'s' * (head.units > 1)}" if head.units else "output"
        near = context.option(self, "tolerance")
        if _is_of_probabilities(found, near) and not of_regression(head, context.heads):
            return (
                f"{head.ending} has its {count} clipped to {found.lowest:.3g} … {found.highest:.3g}, the "
                "range of probabilities: scores beyond are lost"
            ), Severity.WARNING
        if head.task is Task.REGRESSION:
            plural = "are" if count.endswith("s") else "is"
            return (
                f"regressor's {count} {plural} {found.value.dtype}: 256 steps of {found.step:.3g} from "
                f"{found.lowest:.4g} to {found.highest:.4g}, and clipped beyond"
            ), Severity.NOTE
        return None


def _is_of_probabilities(found: Range, near: float) -> bool:
    """Whether the range begins at 0 and has the step that converters give softmax and sigmoid."""
    return found.lowest == 0 and any(abs(found.step * count - 1) <= near for count in (256, 255))
