"""EL513."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph
from edgelint.printable import short
from edgelint.rule import Finding, Rule, Severity


class DuplicateHead(Rule):
    """Two outputs of a model that are always equal.

    ## Why it matters
    The second one tells the application nothing new. When two heads were meant (a class and a box, a
    label and its confidence), one of them was connected wrongly: what is read as the second answer is
    the first one again.

    ## What to do
    Leave one out of `keras.Model(inputs, outputs)` or of the tuple that `forward` returns, or connect
    the layer that was meant.
    """

    code = "EL513"
    name = "duplicate-head"
    severity = Severity.WARNING
    needs = ("several outputs",)
    hint = "leave one of the outputs out, or connect the one that was meant"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]").op("Tanh", "float32[1,8]").with_output("relu_0"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", weight="float32[8,4] = 1 2 3")
        .op("Gemm", "float32[1,4]", weight="float32[8,4] = 3 2 1", reads=("input",))
        .with_output("gemm_0"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").with_output("relu_0"),
            "output 1, 'relu_0', is always equal to output 0, 'relu_0'",
        ),
        (
            chain("float32[1,8]")
            .op("Relu", "float32[1,8]")
            .op("Relu", "float32[1,8]", reads=("input",))
            .op("Identity", "float32[1,8]")
            .with_output("relu_0")
            .from_format("onnx"),
            "output 1, 'identity_2', is always equal to output 0, 'relu_0'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output of the main graph that repeats an earlier one."""
        model = context.model
        if not model.complete or not model.graphs or len(model.main.outputs) < 2:
            return
        graph = model.main
        keys = context.fixed_values.numbering(0).keys
        seen: dict[Hashable, int] = {}
        for place, name in enumerate(graph.outputs):
            maker = graph.producers.get(name)
            first = seen.setdefault(keys.get(name, name), place)
            if first == place or maker is None:
                continue
            message = (
                f"output {place}, {_named(graph, name)}, is always equal to "
                f"output {first}, {_named(graph, graph.outputs[first])}"
            )
            yield self.at(graph, graph.nodes[maker], message, output=name, equals=graph.outputs[first])


def _named(graph: Graph, name: str) -> str:
    value = graph.value(name)
    return f"'{short(value.label or name)}'" if value else f"'{short(name)}'"
