"""EL501."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.channel_affine import scales_after
from edgelint.analysis.structure.redundancy import SHARE, runs_as_drawn, saving, weigh
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_CONV = {"layout": "NHWC"}


class UnfoldedBatchNorm(Rule):
    """A batch normalization, or another scale and shift by constants, that a layer's weights could do.

    ## Why it matters
    After training, a batch normalization multiplies each channel by one number and adds another. The
    convolution or dense layer before it can have both in its weights and bias, for nothing. Left apart
    they read and write the whole tensor again, and when quantized they round it again.

    ## What to do
    Put `BatchNormalization` right behind the layer and before its activation, and convert the trained
    model: TensorFlow's converter folds it then. With PyTorch, export after `model.eval()`, or call
    `torch.nn.utils.fusion.fuse_conv_bn_eval`. For an ONNX file, `onnxsim in.onnx out.onnx` folds it.
    """

    code = "EL501"
    name = "unfolded-batch-norm"
    severity = Severity.NOTE
    needs = ("drawn",)
    hint = "put it right behind its layer, before the activation, and convert the model in inference mode"
    options = {"percent": SHARE}
    yields_to = ("EL509", "EL514")

    VALID = [
        chain("float32[1,8,8,3]")
        .op("Conv", "float32[1,8,8,4]", weight="float32[4,3,3,3]", attributes=_CONV, activation="Relu")
        .op("Mul", "float32[1,8,8,4]", scale="float32[4]"),
        chain("float32[1,49,3]")
        .op("MatMul", "float32[1,49,4]", weight="float32[3,4]")
        .op("Add", "float32[1,49,4]", bias="float32[4]")
        .from_format("onnx"),
        chain("float32[1,8,8,3]")
        .op("Conv", "float32[1,8,8,4]", weight="float32[4,3,3,3]", attributes=_CONV)
        .op("Add", "float32[1,8,8,4]", position="float32[1,8,8,4]"),
    ]
    INVALID = [
        (
            chain("float32[1,8,8,3]")
            .op("Conv", "float32[1,8,8,4]", source="CONV_2D", weight="float32[4,3,3,3]", attributes=_CONV)
            .op("Mul", "float32[1,8,8,4]", source="MUL", scale="float32[4]")
            .op("Add", "float32[1,8,8,4]", source="ADD", shift="float32[4]")
            .on("cortex-m4"),
            "MUL and ADD scale and shift the channels of CONV_2D: its weights and bias can do it, "
            "which saves 4,128 bytes moved and 512 element operations",
        ),
        (
            chain("float32[n,3,8,8]")
            .op("Conv", "float32[n,4,8,8]", weight="float32[4,3,3,3]", attributes={"layout": "NCHW"})
            .op(
                "BatchNormalization",
                "float32[n,4,8,8]",
                scale="float32[4]",
                bias="float32[4]",
                mean="float32[4]",
                variance="float32[4]",
            )
            .from_format("onnx"),
            "BatchNormalization scales and shifts the channels of Conv: its weights and bias can do it",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each scale and shift right behind a layer that nothing else reads."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for layer in graph.nodes:
                nodes = scales_after(context.model, context.usage, number, layer)
                if not nodes:
                    continue
                work = context.workload.of(number, nodes)
                words = [printable(node.source.op) for node in nodes]
                message = (
                    f"{_listed(words)} {_verb(nodes[0].op, len(nodes))} the channels of "
                    f"{printable(layer.source.op)}: its weights and bias can do it{saving(work)}"
                )
                yield self.at(graph, nodes[0], message, severity=weigh(context, self, work), **work.data)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _verb(op: str, count: int) -> str:
    if count > 1:
        return "scale and shift"
    return {"Mul": "scales", "Div": "scales", "Add": "shifts", "Sub": "shifts"}.get(op, "scales and shifts")
