"""EL415."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edgelint.analysis.heads.output_range import range_of
from edgelint.analysis.heads.task import CLASS_TASKS, Task
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity

_SCORED = CLASS_TASKS | {Task.DETECTION}
"""Tasks whose raw outputs go through a softmax, a sigmoid or an exponential in the application."""


def _raw(output: str) -> Example:
    return chain("int8[1,8] @0.05:0").op("Gemm", output, source="FULLY_CONNECTED", weight="int8[2,8] @0.01:0")


class CoarseOutputStep(Rule):
    """Raw scores in 8 bits with steps so large that probabilities jump.

    ## Why it matters
    A classifier or detector without its last activation leaves the softmax or sigmoid to the
    application. If the scores are stored in 8 bits, they come in 256 steps over the whole range that
    calibration saw. Next to 0.5, a step s moves the probability that the application computes by
    tanh(s / 4): a step of 1.7 from 0.30 to 0.70, and nothing between can be told. Sizes that
    a detector decodes with an exponential jump by a factor of exp(s).

    The rule speaks of outputs that are known, or by their shapes likely, to be scores of classes or
    boxes; it is a note.

    ## What to do
    - Put the softmax or sigmoid into the model before you convert it: then 8 bits hold a probability,
      in steps of 1/256.
    - Or narrow the range: keep scores of different kinds (boxes, objectness, classes) in tensors of
      their own, each with a scale of its own.
    - Or leave the outputs in float: end the int8 part before the last layer.
    """

    code = "EL415"
    name = "coarse-output-step"
    severity = Severity.NOTE
    needs = ("quantization",)
    hint = "put the activation into the model, or give scores of different kinds tensors of their own"
    yields_to = ("EL414",)
    options = {
        "jump": Option(
            0.1,
            "how far one step may move a probability next to 0.5; our own choice: beyond it a threshold "
            "of 0.5 may as well be 0.4 or 0.6",
        ),
    }

    VALID = [
        _raw("int8[1,2] @0.1:4").as_task("classification"),
        _raw("int8[1,2] @1.7:5"),
        _raw("int8[1,2] @1.7:5").as_task("regression"),
        _raw("int8[1,2] @1.7:5").op("Sigmoid", "int8[1,2] @0.00390625:-128").as_task("detection"),
    ]
    INVALID = [
        (
            _raw("int8[1,2] @1.7:5").as_task("detection"),
            "FULLY_CONNECTED without activation gives raw scores in int8: one of their 256 steps is 1.7, "
            "which moves a probability by up to 0.40",
        ),
        (
            _raw("int8[1,2] @0.6:5").labelled("cat", "dog"),
            "FULLY_CONNECTED without activation gives raw scores in int8: one of their 256 steps is 0.6, "
            "which moves a probability by up to 0.15",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each raw output of a classifier or detector with such a step."""
        for head in context.heads:
            found = range_of(head) if head.raw and head.task in _SCORED else None
            if found is None or head.place is None:
                continue
            jump = math.tanh(found.step / 4)
            if jump > context.option(self, "jump"):
                yield self.at(
                    head.graph,
                    head.place,
                    f"{head.ending} gives raw scores in {found.value.dtype}: one of their 256 steps is "
                    f"{found.step:.3g}, which moves a probability by up to {jump:.2f}",
                    output=head.output,
                    units=head.units,
                    step=found.step,
                    jump=jump,
                )
