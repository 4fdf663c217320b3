"""EL404."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.class_axis import wrong_axes
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


def _scores(axis: int, dims: str = "float32[1,20,3]") -> Example:
    layer = chain("float32[1,20,8]").op("Gemm", dims, source="Dense", weight="float32[8,3]")
    return layer.op("Softmax", dims, attributes={"axis": axis})


class SoftmaxOverWrongAxis(Rule):
    """A softmax along another axis than the one of the classes.

    ## Why it matters
    Softmax shares out 1 along one axis. Along the batch, each answer depends on the other samples
    of the batch, and with a batch of one, as on a device, every output is 1. Along height or width,
    the places of an image compete, and the classes at one place sum to anything. The same happens
    where ONNX before opset 13 takes all dims from `axis` on for one. Frameworks differ in the
    default axis: the last one in Keras and TFLite, 1 before ONNX opset 13, none in PyTorch.

    It is proven for the batch. Otherwise the rule needs to know where the classes are: the loss
    (Keras's cross-entropies read the last axis), labels as many as the channels, or a convolution
    whose channels the softmax leaves out. Attention and hidden layers are left alone.

    ## What to do
    Name the axis of the classes: `Softmax(axis=-1)` for channels-last models, `axis=1` for
    `channels_first` ones, `nn.Softmax(dim=1)` in PyTorch. Export ONNX with opset 13 or later.
    """

    code = "EL404"
    name = "softmax-over-wrong-axis"
    severity = Severity.WARNING
    operators = ("Softmax", "LogSoftmax", "Hardmax", "Sparsemax")
    hint = "give softmax the axis of the classes"
    yields_to = ("EL403",)

    VALID = [
        _scores(2).trained_with("categorical_crossentropy"),
        _scores(1),
        chain("float32[20]").op("Softmax", "float32[20]", attributes={"axis": 0}),
        chain("float32[1,8,8,3]")
        .op("Conv", "float32[1,8,8,5]", attributes={"layout": "NHWC"}, weight="float32[5,1,1,3]")
        .op("Softmax", "float32[1,8,8,5]", attributes={"axis": -1}),
        chain("float32[1,3,8,8]")
        .op("Conv", "float32[1,5,8,8]", weight="float32[5,3,1,1]")
        .op("Softmax", "float32[1,5,8,8]", attributes={"axis": 1})
        .with_opset(13),
        chain("float32[batch,4]")
        .op("Softmax", "float32[batch,4]", attributes={"axis": 1})
        .op("Gemm", "float32[batch,2]", weight="float32[2,4]"),
    ]
    INVALID = [
        (
            chain("float32[batch,8]")
            .op("Gemm", "float32[batch,4]", source="Dense", weight="float32[8,4]")
            .op("Softmax", "float32[batch,4]", attributes={"axis": 0})
            .from_format("keras"),
            "Softmax works along axis 0, the batch: each output depends on the other samples, "
            "and without any it is constant",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", weight="float32[8,4]")
            .op("Softmax", "float32[1,4]", attributes={"axis": 0})
            .with_opset(17),
            "Softmax works along axis 0, the batch of 1: every output is constant",
        ),
        (
            _scores(1).trained_with("categorical_crossentropy"),
            "Softmax works along axis 1 (size 20), the classes are along axis 2 (size 3): "
            "trained with categorical_crossentropy",
        ),
        (
            _scores(1).labelled("a", "b", "c"),
            "Softmax works along axis 1 (size 20), the classes are along axis 2 (size 3): "
            "metadata names 3 classes",
        ),
        (
            chain("float32[1,3,8,6]")
            .op("Conv", "float32[1,5,8,6]", weight="float32[5,3,1,1]")
            .op("Softmax", "float32[1,5,8,6]", attributes={"axis": -1})
            .with_opset(17),
            "Softmax works along axis 3 (size 6), the classes are along axis 1 (size 5): "
            "the channels of a convolution",
        ),
        (
            chain("float32[1,3,8,6]")
            .op("Conv", "float32[1,5,8,6]", weight="float32[5,3,1,1]")
            .op("Softmax", "float32[1,5,8,6]", attributes={"axis": 1}, version=11)
            .with_opset(11),
            "Softmax shares 1 between all 240 numbers from axis 1 on, as ONNX has it before "
            "opset 13, not between the 5 classes at each place",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Softmaxes along the batch anywhere, and those of outputs along what is not the classes."""
        for wrong in wrong_axes(context.model, context.heads):
            yield self.at(
                wrong.graph,
                wrong.node,
                f"{printable(wrong.node.source.op)} {wrong.problem}",
                severity=Severity.ERROR if wrong.certain else Severity.WARNING,
                axis=wrong.axis,
                size=wrong.size,
                classes=wrong.classes,
            )
