"""EL502."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.redundancy import SHARE, runs_as_drawn, saving, weigh
from edgelint.analysis.structure.training_mode import dropout_is_on, dropout_ratio, masked_by_random
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity


class DropoutInInference(Rule):
    """A dropout in a network that is to be run, not trained.

    ## Why it matters
    In training mode it sets numbers to 0 at random: the same input gives another output each time.
    In inference mode it does nothing, and only some runtimes and converters take it out before.

    ## What to do
    Call `model.eval()` before `torch.onnx.export`, and leave its `training` argument alone. In Keras,
    don't write `Dropout(...)(x, training=True)`; if Monte Carlo dropout is what you want, tell your
    readers, and silence this rule.
    """

    code = "EL502"
    name = "dropout-in-inference"
    severity = Severity.WARNING
    operators = ("Dropout", "RandomUniform")
    hint = "export the model in evaluation mode, without dropout"
    options = {"percent": SHARE}
    yields_to = ("EL509",)

    VALID = [
        chain("float32[1,8]").op("Dropout", "float32[1,8]").from_format("keras"),
        chain("float32[1,8]")
        .op("Dropout", "float32[1,8]", version=13)
        .on("onnxruntime-cpu")
        .from_format("onnx"),
        chain("float32[1,8]").op("RandomUniform", "float32[1,8]", reads=("",)),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Dropout", "float32[1,8]", version=13, ratio="float32[] = 0.5", training_mode="bool[] = 1")
            .from_format("onnx"),
            "Dropout is in training mode: it drops 50 % of the numbers at random in every run",
        ),
        (
            chain("float32[1,8]").op("Dropout", "float32[1,8]", version=13).from_format("onnx"),
            "Dropout does nothing at inference: it can go, which saves 64 bytes moved",
        ),
        (
            chain("float32[1,8]")
            .op("RandomUniform", "float32[1,8]", source="RANDOM_UNIFORM", reads=("",))
            .op("GreaterOrEqual", "bool[1,8]", source="GREATER_EQUAL", rate="float32[] = 0.25")
            .op(
                "Where",
                "float32[1,8]",
                source="SELECT_V2",
                reads=("greaterorequal_1", "input"),
                zero="float32[]",
            ),
            "RANDOM_UNIFORM decides what SELECT_V2 keeps: a dropout in training mode",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each dropout of an ONNX or Keras file, and each mask of random numbers that a TFLite file holds."""
        for number, graph in enumerate(context.model.graphs):
            for place, node in enumerate(graph.nodes):
                if node.op == "RandomUniform" and context.model.format == "tflite":
                    masked = masked_by_random(graph, place)
                    if masked is not None:
                        words = printable(node.source.op), printable(masked.source.op)
                        message = f"{words[0]} decides what {words[1]} keeps: a dropout in training mode"
                        yield self.at(graph, node, message)
                elif node.op == "Dropout" and not node.domain:
                    yield from self._dropout(context, number, graph, node)

    def _dropout(self, context: Context, number: int, graph: Graph, node: Node) -> Iterator[Finding]:
        training, ratio = dropout_is_on(graph, node), dropout_ratio(graph, node)
        word = printable(node.source.op)
        if training and ratio != 0:
            share = f"{100 * ratio:.3g} % of the numbers" if ratio is not None else "numbers"
            does = "adds noise" if word.startswith("Gaussian") else f"drops {share} at random"
            message = f"{word} is in training mode: it {does} in every run"
            yield self.at(graph, node, message, ratio=ratio)
            return
        if training is not None and runs_as_drawn(context):
            work = context.workload.of(number, [node])
            message = f"{word} does nothing at inference: it can go{saving(work)}"
            yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)
