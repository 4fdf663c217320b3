"""EL603."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.analysis.weights.statistics import Statistics
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity


class ConstantWeights(Rule):
    """A kernel whose weights are all the same number.

    ## Why it matters
    A convolution or dense layer with a kernel of zeros gives its bias whatever comes in: everything
    before it is computed for nothing. With another constant, all its output channels are the same sum,
    so that one would do. Trained kernels never look like that; a layer that was never trained, was
    initialised with zeros or ones, or whose weights were lost on the way into this file does. A constant
    other than 0 is a note: a matrix of ones may be there to sum.

    Filters with one number on purpose are left alone: depthwise ones and those of one channel (blurs,
    sums, enlargements), and kernels of a few elements.

    ## What to do
    See whether the training reached the layer (`layer.trainable`, the gradients of its kernel), and
    whether the weights were loaded (`model.load_weights` with `by_name=True` skips layers that it does
    not find). Initialise kernels with the default `kernel_initializer="glorot_uniform"`: from zeros or
    ones all channels learn the same.
    """

    code = "EL603"
    name = "constant-weights"
    severity = Severity.WARNING
    hint = "see whether the layer was trained, and whether its weights reached this file"
    options = {
        "elements": Option(16, "fewest weights of a kernel to judge; smaller ones are often made by hand"),
    }

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8] = 0 0.1", bias="float32[4]"),
        chain("float32[1,4,4,8]").op(
            "Conv",
            "float32[1,4,4,8]",
            source="DEPTHWISE_CONV_2D",
            attributes={"group": 8},
            weight="float32[1,3,3,8] = 0.111",
        ),
        chain("float32[1,8]").op("Gemm", "float32[1,1]", weight="float32[1,32] = 1"),
        chain("float32[1,8]").op("Gemm", "float32[1,2]", weight="float32[2,4] = 1"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op(
                "Gemm",
                "float32[1,4]",
                source="Dense",
                attributes={"weight_layout": "IO"},
                weight="float32[8,4]",
            ),
            "Dense has a kernel 'gemm_0/weight' of 32 weights that are all 0: its output is the same for "
            "every input",
        ),
        (
            chain("int8[1,8]").op(
                "Gemm", "int8[1,4]", source="FULLY_CONNECTED", weight="int8[4,8] @0.5:0 = 127"
            ),
            "FULLY_CONNECTED has a kernel 'gemm_0/weight' of 32 weights that are all the same: its 4 output "
            "channels sum the same",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each kernel of a layer that holds one number only."""
        for use, found in context.weights.judged(Role.KERNEL):
            if use.reader is None or not found.is_constant:
                continue
            if found.count < context.option(self, "elements"):
                continue
            zero = found.zeros == found.count
            if not zero and not _sums_alike(use, found):
                continue
            kernel = f"a kernel {named(use.value)} of {found.count:,} weights that are all"
            effect = (
                "0: its output is the same for every input"
                if zero
                else f"the same: its {found.channels:,} output channels sum the same"
            )
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} has {kernel} {effect}",
                severity=None if zero else Severity.NOTE,
                tensor=use.value.name,
                count=found.count,
                stored=found.minimum,
            )


def _sums_alike(use: Use, found: Statistics) -> bool:
    """Whether all output channels read the same inputs, and there are several."""
    return found.channels > 1 and use.reader is not None and use.reader.attributes.get("group", 1) == 1
