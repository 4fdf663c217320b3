"""EL206."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis, weakest
from edgelint.analysis.memory import Arena
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.operators import Family, describe
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

MACS_SHARE = 60
"""Percent of all MACs in one operator: in the MLPerf Tiny models the largest has at most 48 %."""

LIVE_RATIO = 2.0
"""Times the bytes of the next fullest operator: MLPerf Tiny, MobileNets and MCUNet stay below 1.6."""

OPERATORS = 5
"""Operators there must be, for one to stand out."""

LEAST_MACS = 100_000
"""MACs of an operator worth a word: about a millisecond at 100 MHz and one MAC a cycle."""

RAM_SHARE = 5
"""Percent of the RAM that an operator must fill to be worth a word."""


class OneOperatorDominates(Rule):
    """One operator that takes most of the MACs, or twice the memory of any other.

    ## Why it matters
    The time of an inference follows its MACs and the arena follows the fullest moment. When one
    operator makes up most of either, work anywhere else in the model hardly shows, and a change to
    this one operator is worth more than all of them together.

    ## What to do
    Look at this operator alone: split a convolution into a depthwise and a pointwise one, stride or
    pool before it, give it fewer channels, or feed it int8 from the start. Leave it if the rest is
    small because it was optimised already.
    """

    code = "EL206"
    name = "one-operator-dominates"
    severity = Severity.NOTE
    hint = "look at this operator first: fewer channels, an earlier stride, or a separable convolution"
    options = {
        "macs_share": Option(
            MACS_SHARE, "percent of all MACs in one operator; MLPerf Tiny models stay at or below 48"
        ),
        "live_ratio": Option(
            LIVE_RATIO, "times the bytes of the next fullest operator; known good models stay below 1.6"
        ),
        "ram_share": Option(RAM_SHARE, "percent of the RAM that the operator must fill"),
        "least_macs": Option(LEAST_MACS, "MACs of an operator worth a word: about 1 ms at 100 MHz"),
        "operators": Option(OPERATORS, "operators there must be, for one to stand out"),
    }

    VALID = [
        chain("int8[1,256]").op("Gemm", "int8[1,4096]", weight="int8[4096,256]"),
        chain("int8[1,512]")
        .op("Gemm", "int8[1,512]", weight="int8[512,512]")
        .op("Gemm", "int8[1,512]", weight="int8[512,512]")
        .op("Gemm", "int8[1,512]", weight="int8[512,512]")
        .op("Gemm", "int8[1,512]", weight="int8[512,512]")
        .op("Gemm", "int8[1,512]", weight="int8[512,512]"),
    ]
    INVALID = [
        (
            chain("int8[1,512]")
            .op("Gemm", "int8[1,512]", source="FULLY_CONNECTED", weight="int8[512,512]")
            .op("Gemm", "int8[1,16]", source="FULLY_CONNECTED", weight="int8[16,512]")
            .op("Gemm", "int8[1,16]", source="FULLY_CONNECTED", weight="int8[16,16]")
            .op("Gemm", "int8[1,16]", source="FULLY_CONNECTED", weight="int8[16,16]")
            .op("Gemm", "int8[1,16]", source="FULLY_CONNECTED", weight="int8[16,16]"),
            "FULLY_CONNECTED takes 262,144 of the model's 271,104 MACs, 96 %",
        ),
        (
            chain("float32[1,4096]")
            .op("QuantizeLinear", "int8[1,4096]", source="QUANTIZE")
            .op("Relu", "int8[1,4096]", source="RELU")
            .op("Relu", "int8[1,16]", source="RELU")
            .op("Relu", "int8[1,16]", source="RELU")
            .op("Relu", "int8[1,16]", source="RELU")
            .on("cortex-m4"),
            "QUANTIZE keeps 20,480 bytes alive, 2.5 times as many as any other operator",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """A finding for the operator with most MACs, and one for the fullest, where they stand out."""
        yield from self._macs(context)
        yield from self._memory(context)

    def _macs(self, context: Context) -> Iterator[Finding]:
        counted = [
            (figure.value, graph, place)
            for graph, figures in enumerate(context.cost.macs_by_node)
            for place, figure in enumerate(figures)
            if figure.value
        ]
        total = context.cost.macs.value
        if (
            len(counted) < context.option(self, "operators")
            or not total
            or context.cost.macs.basis is Basis.BOUND
        ):
            return
        macs, graph, place = max(counted, key=lambda each: each[0])
        least, share = context.option(self, "least_macs"), context.option(self, "macs_share")
        if macs < least or 100 * macs <= share * total or macs > total:
            return
        drawn = context.target is not None and context.deployment is None
        basis = context.cost.macs_by_node[graph][place].basis
        evidence = weakest(basis, context.cost.macs.basis, *[Basis.PREDICTED] * drawn)
        most = context.network.graphs[graph].nodes[place]
        yield self.at(
            context.model.graphs[graph],
            most,
            f"{printable(most.source.op)} takes {macs:,} of the model's {total:,} MACs, "
            f"{100 * macs // total} %",
            evidence=evidence,
            macs=macs,
            total=total,
        )

    def _memory(self, context: Context) -> Iterator[Finding]:
        ram = context.target.ram if context.target and context.target.microcontroller else None
        arena = context.memory.arena if ram is not None else Arena()
        if ram is None or context.deployment is None or arena.layout is None:
            return
        if len(arena.layout.steps) < max(context.option(self, "operators"), 2):
            return
        most, next_most = arena.layout.fullest(2)
        graph = context.deployment.graphs[most.graph]
        node = graph.nodes[most.node]
        known = describe(node.op, node.domain)
        # Bodies of loops count in full for the operator that runs them.
        if known is not None and known.family is Family.CONTROL_FLOW:
            return
        ratio, share = context.option(self, "live_ratio"), context.option(self, "ram_share")
        if most.live < ratio * next_most.live or 100 * most.live < share * ram:
            return
        alive = arena.layout.alive(most.clock)
        scratch = sum(buffer.size for buffer in alive if buffer.scratch)
        yield self.at(
            graph,
            node,
            f"{printable(node.source.op)} keeps {most.live:,} bytes alive, "
            f"{most.live / max(next_most.live, 1):.1f} times as many as any other operator",
            hint=_SCRATCH_HINT if 2 * scratch > most.live else _TENSOR_HINT,
            evidence=arena.basis,
            live=most.live,
            next=next_most.live,
            scratch=scratch,
        )


_TENSOR_HINT = (
    "make what this operator reads and makes smaller, or feed int8 from the start: it sets the arena"
)
_SCRATCH_HINT = "most of it is the kernel's scratch: give this operator a smaller filter or fewer channels"
