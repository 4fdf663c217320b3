"""EL109."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Model
from edgelint.rule import Finding, Option, Rule, Severity

if TYPE_CHECKING:
    from edgelint.analysis.support.partition import Partition, Placement

COSTLY = 0.01
"""Share of the multiply-accumulates from which a fallback is a warning, and below which a note."""


class CpuFallback(Rule):
    """Operators that the accelerator leaves to the processor.

    ## Why it matters
    What an accelerator does not take runs on the processor beside it, often tens of times slower, and
    its data is copied there and back. One costly operator off the accelerator can decide the latency.

    ## What to do
    The finding says which limit of the accelerator is broken and what would pass. Most often the model
    is not fully quantized, or a layer uses an operator or size that has a near equivalent. Little work
    at the edges of the model (QUANTIZE, SOFTMAX) may well stay where it is.
    """

    code = "EL109"
    name = "cpu-fallback"
    severity = Severity.WARNING
    needs = ("accelerator",)
    options = {
        "costly": Option(COSTLY, "share of the model's MACs off the accelerator from which it is a warning")
    }

    VALID = [
        chain("float32[1,8]").op("Gelu", "float32[1,8]", source="GELU").on("litert-cpu"),
        chain("float32[1,8,8,4]").op("Relu", "float32[1,8,8,4]", source="RELU").on("litert-gpu"),
    ]
    INVALID = [
        (
            chain("float32[1,64]")
            .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="float32[8,64]")
            .on("ethos-u55-128"),
            "nothing of this model runs on the Ethos-U55: FULLY_CONNECTED has float32 input 'input'; "
            "the Ethos-U55 takes int8, uint8, int16 or int32",
        ),
        (
            chain("int8[1,8]")
            .op("Relu", "int8[1,8]", source="RELU")
            .op("Cos", "int8[1,8]", source="COS")
            .on("coral-edgetpu"),
            "the Edge TPU has no COS: left to the CPU, 0 % of all MACs",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per operator and kind of reason; one in all when nothing is taken."""
        partition = context.partition
        if partition is None or context.deployment is None:
            return
        first = partition.placements[0] if partition.placements else None
        if first is not None and len(partition.fallen_back) == len(partition.placements):
            yield self._nothing(context.deployment, first, partition)
            return
        macs = partition.node_macs
        groups: dict[tuple[str, str], list[int]] = {}
        for index, place in enumerate(partition.placements):
            if place.accelerated is False and place.reason is not None:
                groups.setdefault((place.node.source.op, place.reason.kind), []).append(index)
        for members in groups.values():
            place = partition.placements[members[0]]
            known = partition.macs is not None
            share = _share(partition, sum(macs[index] or 0 for index in members)) if known else None
            severity = (
                Severity.WARNING
                if share is None or share >= context.option(self, "costly")
                else Severity.NOTE
            )
            yield self.at(
                context.deployment.graphs[place.graph],
                place.node,
                _message(place, len(members), share),
                hint=place.reason.replacement if place.reason else "",
                severity=Severity.NOTE if partition.compiled else severity,
                nodes=len(members),
                macs_share=share,
                accelerator=partition.accelerator.name,
            )

    def _nothing(self, model: Model, first: Placement, partition: Partition) -> Finding:
        """What is said instead of a finding per operator when the accelerator takes none."""
        title, sentence = partition.accelerator.title, first.reason.sentence if first.reason else ""
        return self.at(
            model.graphs[first.graph],
            first.node,
            f"nothing of this model runs on {title}: {sentence}",
            hint=first.reason.replacement if first.reason else "",
            nodes=len(partition.placements),
            macs_share=1.0 if partition.macs else partition.fallback_share,
            accelerator=partition.accelerator.name,
        )


def _share(partition: Partition, macs: int) -> float:
    return macs / partition.macs if partition.macs else 0.0


def _message(first: Placement, count: int, share: float | None) -> str:
    sentence = first.reason.sentence if first.reason else ""
    others = f" with {count - 1} more like it" if count > 1 else ""
    work = "" if share is None else f", {_percent(share)} of all MACs"
    return f"{sentence}: left to the CPU{others}{work}"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= COSTLY or not share else "under 1 %"
