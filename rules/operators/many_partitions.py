"""EL110."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity

MANY = 3
"""Stretches on the accelerator from which ONNX Runtime's usability checker advises against it
(onnxruntime 1.31.1, tools/mobile_helpers/usability_checker.py)."""


class ManyPartitions(Rule):
    """A model that changes often between accelerator and processor.

    ## Why it matters
    At each change the data is copied and one side waits for the other. Past two stretches on the
    accelerator the copies often cost more than it saves.

    ## What to do
    Replace the operators that fall back in the middle of the model (cpu-fallback names them), or move
    them to its ends.
    """

    code = "EL110"
    name = "many-partitions"
    severity = Severity.WARNING
    needs = ("accelerator",)
    hint = "replace the operators that fall back in the middle of the model"
    options = {
        "stretches": Option(
            MANY, "stretches on the accelerator to warn from; onnxruntime 1.31.1's usability checker"
        )
    }

    VALID = [
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]", source="RELU")
        .op("L2Pool", "float32[1,8]", source="RANK")
        .on("litert-gpu"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Relu", "float32[1,8]", source="RELU")
            .op("Fill", "float32[1,8]", source="WHERE")
            .op("Tanh", "float32[1,8]", source="TANH")
            .op("Fill", "float32[1,8]", source="WHERE")
            .op("Relu", "float32[1,8]", source="RELU")
            .on("litert-gpu"),
            "the GPU delegate runs this model in 3 stretches, with 4 changes to the CPU and back",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """At most one finding."""
        partition = context.partition
        if partition is None or partition.regions < context.option(self, "stretches"):
            return
        yield self.finding(
            f"{partition.accelerator.title} runs this model in {partition.regions} stretches, with "
            f"{partition.crossings} changes to the CPU and back",
            regions=partition.regions,
            crossings=partition.crossings,
        )
