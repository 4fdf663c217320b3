"""EL520."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.scope import Scopes
from edgelint.analysis.stored import stored_behind
from edgelint.analysis.structure.feature_map import FeatureMap, flattened_map
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.ir.tensor import Tensor
from edgelint.printable import printable
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

WEIGHTS_SHARE = 50
"""Percent of all stored weights: the layer then outweighs all others together."""

LEAST_BYTES = 16 * 1024
"""Bytes worth a word: a sixteenth of the flash of the smallest target preset (Cortex-M0+, 256 KiB)."""

FLASH_SHARE = 25
"""Percent of the target's flash from which it is a warning."""


class FlattenThenLargeDense(Rule):
    """A fully connected layer over a whole feature map that holds most of the model's weights.

    ## Why it matters
    `Flatten` makes each position of the map an input of its own, and the layer behind it has a weight
    for each of them and each unit: a 7×7×64 map before 128 units takes 401,408 weights, after
    pooling 8,192. On a microcontroller these weights are most of the flash, and each is read once per
    inference. They also tie the model to one input size and overfit first. Networks made for small
    devices (MobileNet, DS-CNN, MCUNet) pool before their last layer.

    ## What to do
    `layers.GlobalAveragePooling2D()` in place of `layers.Flatten()` (PyTorch:
    `nn.AdaptiveAveragePool2d(1)`), and train again; or a smaller map first, by stride, pooling or a
    1×1 convolution to fewer channels. Keep it where the position itself is the answer (coordinates,
    key points). Note that without a retrained head the accuracy falls.
    """

    code = "EL520"
    name = "flatten-then-large-dense"
    severity = Severity.NOTE
    operators = ("Gemm",)
    hint = "pool the map (GlobalAveragePooling2D) or make it smaller before the layer, and train again"

    options = {
        "weights_share": Option(WEIGHTS_SHARE, "percent of all stored weights in the layer; a choice"),
        "least_bytes": Option(
            LEAST_BYTES, "bytes of its weights; a sixteenth of the smallest preset's flash"
        ),
        "flash_share": Option(FLASH_SHARE, "percent of the target's flash that makes it a warning; a choice"),
    }

    VALID = [
        chain("float32[1,9,9,8]")
        .op("Conv", "float32[1,7,7,64]", source="CONV_2D", weight="float32[64,3,3,8]")
        .op("GlobalAveragePool", "float32[1,64]", source="MEAN")
        .op("Gemm", "float32[1,128]", source="FULLY_CONNECTED", weight="float32[128,64]"),
        chain("float32[1,28,28,1]")
        .op("Reshape", "float32[1,784]", source="RESHAPE")
        .op("Gemm", "float32[1,128]", source="FULLY_CONNECTED", weight="float32[128,784]"),
    ]
    INVALID = [
        (
            chain("float32[1,9,9,8]")
            .op("Conv", "float32[1,7,7,64]", source="CONV_2D", weight="float32[64,3,3,8]")
            .op("Reshape", "float32[1,3136]", source="RESHAPE")
            .op("Gemm", "float32[1,128]", source="FULLY_CONNECTED", weight="float32[128,3136]"),
            "FULLY_CONNECTED reads the 7×7×64 map flattened: 1.5 MiB, 98 % of the weights; "
            "averaged over positions first, it would store 32 KiB",
        ),
        (
            chain("int8[1,9,9,8]")
            .op("Conv", "int8[1,7,7,64]", source="CONV_2D", weight="int8[64,3,3,8]")
            .op("Reshape", "int8[1,3136]", source="RESHAPE")
            .op("Gemm", "int8[1,128]", source="FULLY_CONNECTED", weight="int8[128,3136]")
            .on("cortex-m4"),
            "FULLY_CONNECTED reads the 7×7×64 map flattened: 392 KiB, 98 % of the weights and 38 % of the "
            "flash; averaged over positions first, it would store 8 KiB",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each layer that reads a map of several positions and outweighs the rest of the model."""
        scopes = Scopes(context.model)
        for place, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                if node.op != "Gemm":
                    continue
                weight = _matrix(graph, node)
                if weight is None or weight.nbytes < context.option(self, "least_bytes"):
                    continue
                every = context.stored.weights_bytes
                if not every or 100 * weight.nbytes < context.option(self, "weights_share") * every:
                    continue
                found = flattened_map(scopes, place, node)
                if found is not None and found.positions > 1:
                    yield self._finding(context, graph, node, weight, found)

    def _finding(
        self, context: Context, graph: Graph, node: Node, weight: Tensor, found: FeatureMap
    ) -> Finding:
        share = 100 * weight.nbytes // context.stored.weights_bytes
        flash = context.target.flash if context.target else None
        known = flash if flash and context.network is context.model else None
        of_flash = 100 * weight.nbytes // known if known else 0
        heavy = of_flash >= context.option(self, "flash_share")
        return self.at(
            graph,
            node,
            f"{printable(node.source.op)} reads the {found} map flattened: {show_bytes(weight.nbytes)}, "
            f"{share} % of the weights{f' and {of_flash} % of the flash' if heavy else ''}; "
            f"averaged over positions first, it would store {show_bytes(weight.nbytes // found.positions)}",
            severity=Severity.WARNING if heavy else Severity.NOTE,
            bytes=weight.nbytes,
            pooled=weight.nbytes // found.positions,
            map=[*found.spatial, found.channels],
        )


def _matrix(graph: Graph, node: Node) -> Tensor | None:
    """The layer's weights."""
    value = stored_behind(graph, node.inputs[1] if len(node.inputs) > 1 else None)
    tensor = value.tensor if value is not None else None
    return tensor if tensor is not None and len(tensor.shape) == 2 else None
