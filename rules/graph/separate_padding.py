"""EL511."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.padding import adds_zeros, fits_pads, fits_same
from edgelint.analysis.structure.redundancy import SHARE, runs_as_drawn, saving, weigh
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_WINDOW = {
    "kernel_shape": [3, 3],
    "strides": [2, 2],
    "dilations": [1, 1],
    "auto_pad": "VALID",
    "layout": "NHWC",
}
_CORNER = {"pads": [0, 0, 0, 0, 0, 1, 1, 0], "mode": "constant"}


class SeparatePadding(Rule):
    """A pad by zeros before a convolution that could add them itself.

    ## Why it matters
    The pad copies the whole tensor to make its border, and both copies are in RAM at once: in a network
    for images that is often the fullest moment. A convolution reads zeros beyond the edge for free.

    ## What to do
    Use `padding="same"` in place of `ZeroPadding2D` before a "valid" convolution, where both add the
    same rows: with a 3x3 kernel and stride 2 on an even size that is `((0, 1), (0, 1))`, and not the
    `((1, 1), (1, 1))` of PyTorch. In ONNX and PyTorch, give `Conv` the pads. TensorFlow's converter
    (seen in 2.21) joins them by itself.
    """

    code = "EL511"
    name = "separate-padding"
    severity = Severity.NOTE
    needs = ("drawn",)
    operators = ("Pad",)
    hint = "let the convolution pad: padding='same', or the pads of an ONNX Conv"
    options = {"percent": SHARE}

    VALID = [
        chain("float32[1,8,8,3]")
        .op("Pad", "float32[1,10,10,3]", attributes={"pads": [0, 1, 1, 0, 0, 1, 1, 0], "mode": "constant"})
        .op("Conv", "float32[1,4,4,8]", weight="float32[8,3,3,3]", attributes=_WINDOW),
        chain("float32[1,8,8,3]")
        .op("Pad", "float32[1,9,9,3]", attributes={**_CORNER, "mode": "reflect"})
        .op("Conv", "float32[1,4,4,8]", weight="float32[8,3,3,3]", attributes=_WINDOW),
    ]
    INVALID = [
        (
            chain("int8[1,8,8,3]")
            .op("Pad", "int8[1,9,9,3]", source="PAD", attributes=_CORNER)
            .op("Conv", "int8[1,4,4,8]", source="CONV_2D", weight="int8[8,3,3,3]", attributes=_WINDOW)
            .on("cortex-m4"),
            "PAD adds the rows that CONV_2D would with SAME padding, which saves 435 bytes moved",
        ),
        (
            chain("float32[n,3,8,8]")
            .op("Pad", "float32[n,3,10,10]", pads="int64[8] = 0 0 1 1 0 0 1 1")
            .op("Conv", "float32[n,8,8,8]", weight="float32[8,3,3,3]", attributes={"layout": "NCHW"})
            .from_format("onnx"),
            "Pad adds rows that Conv could with its pads",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each pad whose readers are all convolutions that can do its work."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                name = node.outputs[0] if node.op == "Pad" and not node.domain and node.outputs else None
                if not name or name in context.usage.leaving[number] or not adds_zeros(graph, node):
                    continue
                readers = [graph.nodes[place] for place in graph.readers.get(name, ())]
                fuses = fits_same if context.model.format == "tflite" else fits_pads
                if not readers or not all(fuses(graph, node, reader) for reader in readers):
                    continue
                conv = printable(readers[0].source.op)
                way = f"rows that {conv} could with its pads"
                if fuses is fits_same:
                    way = f"the rows that {conv} would with SAME padding"
                work = context.workload.of(number, [node])
                message = f"{printable(node.source.op)} adds {way}{saving(work)}"
                yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)
