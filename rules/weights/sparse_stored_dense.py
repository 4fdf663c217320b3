"""EL606."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.analysis.weights.statistics import Statistics
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.quantity import show_bytes, show_share
from edgelint.rule import Finding, Option, Rule, Severity


class SparseStoredDense(Rule):
    """A kernel that is mostly zeros and stored, and multiplied, in full.

    ## Why it matters
    Pruning single weights to 0 makes a file smaller once it is zipped, and nothing else: in flash each
    zero takes as much as any other weight, and each is multiplied. Only a sparse form, or whole channels
    taken out, saves memory and time.

    Channels that are 0 as a whole are counted out; see dead-channel.

    ## What to do
    - LiteRT on a CPU with XNNPACK: convert with `converter.optimizations =
      [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]` after `tfmot.sparsity.keras.strip_pruning`; XNNPACK runs
      1x1 convolutions sparse when more than 2/3 of their weights are 0.
    - TensorFlow Lite Micro has no sparse kernels: prune channels (structured pruning) and build the
      smaller layers, or prune 2 of 4 weights for hardware that skips them.
    - Keep the pruned weights if the file is stored or sent compressed, and ignore this rule.
    """

    code = "EL606"
    name = "sparse-stored-dense"
    severity = Severity.NOTE
    hint = "store it sparse where the runtime has kernels for that, or prune whole channels"
    options = {
        "zeros": Option(
            2 / 3, "share of zeros above which it is sparse; XNNPACK's own limit (src/subgraph.c)"
        ),
        "bytes": Option(1024, "least bytes of zeros worth a word; 1 KiB is a page of small parts' flash"),
    }

    VALID = [
        chain("float32[1,64]").op("Gemm", "float32[1,32]", weight="float32[32,64] = 0 0 1 1"),
        chain("float32[1,8]").op("Gemm", "float32[1,8]", weight="float32[8,8] = 0 0 0 1"),
        chain("float32[1,64]").op(
            "Gemm", "float32[1,2]", weight="float32[2,512] = " + "0 " * 512 + "1 " * 512
        ),
    ]
    INVALID = [
        (
            chain("int8[1,64]").op(
                "Gemm", "int8[1,32]", source="FULLY_CONNECTED", weight="int8[32,64] @0.5:3 = 3 3 3 1"
            ),
            "FULLY_CONNECTED stores 1.5 KiB of zeros: 75 % of its kernel 'gemm_0/weight' are 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each kernel whose zeros are many and no whole channels."""
        share, least = context.option(self, "zeros"), context.option(self, "bytes")
        for use, found in context.weights.judged(Role.KERNEL):
            tensor = use.value.tensor
            if use.reader is None or tensor is None or tensor.dtype.nbytes(found.zeros) < least:
                continue
            if found.is_constant:
                continue
            zeros, count = _scattered(use, found)
            wasted = tensor.dtype.nbytes(zeros)
            if zeros <= share * count or wasted < least:
                continue
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} stores {show_bytes(wasted)} of zeros: "
                f"{show_share(zeros, count)} of its kernel {named(use.value)} are 0",
                tensor=use.value.name,
                zeros=zeros,
                of=count,
                bytes=wasted,
            )


def _scattered(use: Use, found: Statistics) -> tuple[int, int]:
    """Zeros, and elements, in the channels that are not 0 as a whole."""
    zero = use.split.zero_point
    dead = sum(low == high == zero for low, high in zip(found.lows, found.highs, strict=True))
    gone = dead * found.count // found.channels
    return found.zeros - gone, found.count - gone
