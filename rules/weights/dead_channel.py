"""EL602."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.analysis.weights.statistics import Statistics
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity


class DeadChannel(Rule):
    """Output channels whose weights are all 0: they say the same for every input.

    ## Why it matters
    Such a channel gives its bias and nothing else, whatever comes in. Its weights still take flash, it
    is computed at every inference, and so is its share of the next layer. Channels die when regularisation
    drives their weights to 0, when pruning leaves them where they are, and when one scale for the
    whole tensor rounds the weights of a weak channel to 0. Some tools add such channels to fill up a
    multiple of 4 or 16.

    ## What to do
    Take the channels out and fine-tune: structured pruning (`tfmot.sparsity.keras`, `torch.nn.utils.prune`
    followed by building the smaller layer), or a narrower layer from the start; what their bias adds goes
    into the bias of the next layer. If they are 0 in the quantized file only, quantize per channel: the
    TFLite converter does unless `_experimental_disable_per_channel` is set, ONNX Runtime's
    `quantize_static` with `per_channel=True`.
    """

    code = "EL602"
    name = "dead-channel"
    severity = Severity.NOTE
    hint = "remove these channels here and where the next layer reads them, or quantize per channel"
    options = {
        "share": Option(0.01, "least share of a layer's channels worth a word; fewer save next to nothing"),
    }

    VALID = [
        chain("float32[1,2]").op("Gemm", "float32[1,2]", weight="float32[2,2] = 0 1"),
        chain("int8[1,2]").op("Gemm", "int8[1,2]", weight="int8[2,2] @0.5:3 = 0 0 1 1"),
        chain("float32[1,2]").op("Gemm", "float32[1,2]", weight="float32[2,2] = 0"),
        chain("float32[1,2]")
        .op("Gemm", "float32[1,4]", weight="float32[4,2] = 0 0 1 1 1 1 1 1")
        .with_options(share=0.3),
    ]
    INVALID = [
        (
            chain("float32[1,4,4,2]").op(
                "Conv", "float32[1,4,4,2]", source="CONV_2D", weight="float32[2,1,1,2] = 0 0 1 1"
            ),
            "CONV_2D computes 1 of 2 output channels from weights that are all 0 in 'conv_0/weight': "
            "8 B and 32 MACs for nothing",
        ),
        (
            chain("float32[1,2]").op(
                "Gemm",
                "float32[1,2]",
                source="Dense",
                attributes={"weight_layout": "IO"},
                weight="float32[2,2] = 0 1 0 1",
            ),
            "Dense computes 1 of 2 output channels from weights that are all 0 in 'gemm_0/weight': "
            "8 B and 2 MACs for nothing",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each kernel with such channels, unless it is 0 as a whole."""
        work: Mapping[int, int] = {}
        for use, found in context.weights.judged(Role.KERNEL):
            channels = found.channels
            dead = _dead(use, found) if channels > 1 else []
            if use.reader is None or not 0 < len(dead) < channels:
                continue
            if len(dead) < context.option(self, "share") * channels:
                continue
            wasted = (use.value.tensor.nbytes if use.value.tensor else 0) * len(dead) // channels
            work = work or _work(context)
            macs = work.get(id(use.reader), 0) * len(dead) // channels
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} computes {len(dead):,} of {channels:,} output channels "
                f"from weights that are all 0 in {named(use.value)}: {show_bytes(wasted)}"
                + (f" and {macs:,} MACs" if macs else "")
                + " for nothing",
                tensor=use.value.name,
                channels=dead,
                of=channels,
                bytes=wasted,
                macs=macs,
            )


def _work(context: Context) -> Mapping[int, int]:
    """The MACs of each node whose MACs are known, by its `id`."""
    return {
        id(node): figure.value
        for graph, figures in zip(context.model.graphs, context.stored.macs_by_node, strict=True)
        for node, figure in zip(graph.nodes, figures, strict=True)
        if figure.value is not None
    }


def _dead(use: Use, found: Statistics) -> list[int]:
    """The channels that hold nothing but the number that stands for 0."""
    if found.nans or found.infinities:
        return []
    stated = use.value.quantization.zero_point if use.value.quantization else ()
    zeros = stated if len(stated) == found.channels else [use.split.zero_point] * found.channels
    return [
        channel
        for channel, (low, high, zero) in enumerate(zip(found.lows, found.highs, zeros, strict=True))
        if low == high == zero
    ]
