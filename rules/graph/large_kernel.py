"""EL523."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.cost.site import Site
from edgelint.analysis.scope import Scopes
from edgelint.analysis.structure.window import window
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Node
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

LARGEST_KERNEL = 7
"""Taps along each side: the stem of ResNet and the depthwise kernels of ConvNeXt have 7."""

LEAST_CHANNELS = 8
"""Input channels: with fewer, the products are few whatever the kernel."""

MACS_SHARE = 10
"""Percent of the model's MACs that the layer must take to be worth a word."""


class LargeKernel(Rule):
    """A convolution over a large window of many channels.

    ## Why it matters
    The work and the weights of a convolution grow with the area of its window: 9×9 is 81 taps for each
    pair of channels. Four 3×3 layers in a row see the same window with 36, and with four activations in
    between (Simonyan and Zisserman 2015, section 2.3). CMSIS-NN also unfolds the window into a scratch
    buffer, and the fast paths of most kernels and NPUs are made for 1×1 and 3×3; Ethos-U takes no
    kernel above 64 × 64.

    ## What to do
    A stack of 3×3 layers, a depthwise convolution of that size followed by a 1×1 one, or two
    one-dimensional ones (`(9, 1)`, then `(1, 9)`); then train again. Depthwise layers, layers of few
    channels such as a stem over an image, and windows along time alone are left alone.
    """

    code = "EL523"
    name = "large-kernel"
    severity = Severity.NOTE
    operators = ("Conv", "QLinearConv")
    hint = "stack 3×3 layers in its place, or split it into a depthwise and a 1×1 convolution"

    options = {
        "largest_kernel": Option(
            LARGEST_KERNEL, "taps along each side; as in ResNet's and ConvNeXt's layers"
        ),
        "least_channels": Option(LEAST_CHANNELS, "input channels of the layer; a choice"),
        "macs_share": Option(MACS_SHARE, "percent of the model's MACs in the layer; a choice"),
    }

    VALID = [
        chain("float32[1,32,32,3]").op(
            "Conv",
            "float32[1,32,32,16]",
            weight="float32[16,9,9,3]",
            attributes={"kernel_shape": [9, 9], "layout": "NHWC"},
        ),
        chain("float32[1,32,32,16]").op(
            "Conv",
            "float32[1,32,32,16]",
            weight="float32[1,9,9,16]",
            attributes={"kernel_shape": [9, 9], "group": 16, "layout": "NHWC"},
        ),
    ]
    INVALID = [
        (
            chain("float32[1,32,32,16]").op(
                "Conv",
                "float32[1,32,32,16]",
                source="CONV_2D",
                weight="float32[16,9,9,16]",
                attributes={"kernel_shape": [9, 9], "layout": "NHWC"},
            ),
            "CONV_2D has a 9×9 window over 16 channels: 20,736 weights and 100 % of the MACs; "
            "4 layers of 3×3 over as many channels would have 9,216",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each such layer that takes a real share of the work."""
        scopes, largest = Scopes(context.model), context.option(self, "largest_kernel")
        for place, graph in enumerate(context.model.graphs):
            for step, node in enumerate(graph.nodes):
                if node.op not in ("Conv", "QLinearConv") or not _exceeds(node, largest):
                    continue
                found = window(Site(scopes, place, node))
                if found is None:
                    continue
                total, macs = context.stored.macs.value, context.stored.macs_by_node[place][step].value
                if not total or not macs or 100 * macs < context.option(self, "macs_share") * total:
                    continue
                layers, stacked = found.stack
                if found.into < context.option(self, "least_channels") or stacked >= found.weights:
                    continue
                yield self.at(
                    graph,
                    node,
                    f"{printable(node.source.op)} has a {found.height}×{found.width} window over "
                    f"{found.into} channels: {found.weights:,} weights and {100 * macs // total} % of the "
                    f"MACs; {layers} layers of 3×3 over as many channels would have {stacked:,}",
                    weights=found.weights,
                    stacked=stacked,
                    macs=macs,
                )


def _exceeds(node: Node, largest: float) -> bool:
    """Whether all sides of its window are longer than `largest`."""
    window = node.attributes.get("kernel_shape")
    return isinstance(window, (list, tuple)) and all(
        [isinstance(side, int) and side > largest for side in window]
    )
