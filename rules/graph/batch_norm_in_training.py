"""EL514."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.training_mode import normalizes_by_batch
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class BatchNormInTraining(Rule):
    """A batch normalization that takes mean and variance from the input, not from training.

    ## Why it matters
    On a device the batch is one sample: its own mean is taken off and its own variance divided out,
    so that brightness, loudness or whatever tells the classes apart is gone. The outputs are not those
    that were validated, and a runtime built for inference may refuse the model.

    ## What to do
    Call `model.eval()` before `torch.onnx.export`, and leave its `training` argument alone. In Keras,
    don't write `BatchNormalization()(x, training=True)`.
    """

    code = "EL514"
    name = "batch-norm-in-training"
    severity = Severity.WARNING
    operators = ("BatchNormalization",)
    hint = "export the model in evaluation mode, so that the stored mean and variance are used"

    VALID = [
        chain("float32[1,8,4,4]")
        .op("BatchNormalization", "float32[1,8,4,4]", version=15)
        .from_format("onnx"),
        chain("float32[1,8,4,4]").op("BatchNormalization", "float32[1,8,4,4]", version=9).from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,8,4,4]")
            .op("BatchNormalization", "float32[1,8,4,4]", version=15, attributes={"training_mode": 1})
            .from_format("onnx"),
            "BatchNormalization is in training mode: it normalizes by the input's own mean and variance",
        ),
        (
            chain("float32[1,8,4,4]")
            .op("BatchNormalization", "float32[1,8,4,4]", version=9, also=("float32[8]", "float32[8]"))
            .from_format("onnx"),
            "BatchNormalization is in training mode: it normalizes by the input's own mean and variance",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each batch normalization in training mode."""
        for graph, node in context.model.nodes():
            if node.op == "BatchNormalization" and not node.domain and normalizes_by_batch(node):
                yield self.at(
                    graph,
                    node,
                    f"{printable(node.source.op)} is in training mode: "
                    "it normalizes by the input's own mean and variance",
                )
