"""EL410."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.axes import carried, chosen_along
from edgelint.analysis.heads.find import spoken
from edgelint.analysis.heads.stacked import Applied, feeding
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

_ALONG_AN_AXIS = frozenset({"Softmax", "LogSoftmax"})
_EACH_ALONE = frozenset({"Sigmoid", "LogSigmoid", "Tanh"})
"""Activations that keep the order of any two numbers."""

_CHOICES = {"ArgMax": 0, "ArgMin": 0, "TopK": 1}
"""Operators that choose by size, to the place of the output that holds the indices."""


class SoftmaxBeforeArgmax(Rule):
    """A softmax or sigmoid whose result is only used to find the largest number.

    ## Why it matters
    Softmax and sigmoid keep the order: the largest score is the largest probability. Where ArgMax is
    all that reads them, they cost an exponential per number, and a division, for nothing; per pixel
    of a segmentation mask that adds up. In int8 they do harm besides: scores that differ become
    equal where softmax rounds them to 0 or 255 of 256, and ArgMax takes the first of them.

    ## What to do
    Take the activation off before you convert the model: `tf.argmax(logits, axis=-1)`, or build the
    model to be shipped from the layer before the softmax,
    `keras.Model(model.inputs, keras.ops.argmax(model.layers[-2].output, axis=-1))`. Keep it where
    the score is an output too.
    """

    code = "EL410"
    name = "softmax-before-argmax"
    severity = Severity.NOTE
    operators = ("ArgMax", "ArgMin", "TopK")
    hint = "take the activation off: the largest score is the largest probability"

    VALID = [
        chain("float32[1,8]").op("ArgMax", "int64[1]", attributes={"axis": 1, "keepdims": 0}),
        chain("float32[1,8]")
        .op("Softmax", "float32[1,8]", attributes={"axis": 1})
        .op("ArgMax", "int64[1]", attributes={"axis": 1, "keepdims": 0})
        .with_output("softmax_0"),
        chain("float32[1,8,4]")
        .op("Softmax", "float32[1,8,4]", attributes={"axis": 2})
        .op("ArgMax", "int64[1,4]", attributes={"axis": 1, "keepdims": 0}),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Softmax", "float32[1,8]", source="SOFTMAX", attributes={"axis": -1})
            .op("ArgMax", "int64[1]", source="ARG_MAX", attributes={"axis": 1, "keepdims": 0}),
            "ARG_MAX 'argmax_1' is all that reads SOFTMAX, which changes no order: 8 numbers are put "
            "through softmax for nothing",
        ),
        (
            chain("float32[1,8,4]")
            .op("Sigmoid", "float32[1,8,4]")
            .op("ArgMax", "int64[1,4]", attributes={"axis": 1, "keepdims": 0}),
            "ArgMax 'argmax_1' is all that reads Sigmoid, which changes no order: 32 numbers are put "
            "through sigmoid for nothing",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each ArgMax, or TopK of indices, that alone reads an activation which keeps the order."""
        for graph, node in context.model.nodes():
            if node.op not in _CHOICES or not node.inputs or not _indices_only(graph, node):
                continue
            found = feeding(context.model, graph, node.inputs[0])
            if found is None:
                continue
            activation, way = found
            if _keeps_order(graph, activation, way, node) and _read_by_one(graph, [activation.node, *way]):
                value = graph.value(activation.node.outputs[0])
                count = value.elements if value else None
                yield self.at(
                    graph,
                    activation.node,
                    f"{printable(node.source.op)} '{short(node.name)}' is all that reads "
                    f"{printable(activation.node.source.op)}, which changes no order: "
                    f"{f'{count:,}' if count else 'all'} numbers are put through {spoken(activation.name)} "
                    "for nothing",
                    elements=count,
                    reader=node.name,
                )


def _indices_only(graph: Graph, node: Node) -> bool:
    """Whether nobody reads the numbers that TopK hands on beside their places."""
    others = node.outputs[: _CHOICES[node.op]]
    return not any(name and (name in graph.readers or name in graph.outputs) for name in others)


def _keeps_order(graph: Graph, activation: Applied, way: list[Node], reader: Node) -> bool:
    axis, size = chosen_along(graph, reader)
    if axis is None or size == 1:
        return False  # one unit: the choice itself is constant, as another rule says
    if activation.name in _EACH_ALONE:
        return True
    if activation.name not in _ALONG_AN_AXIS or activation.axis is None:
        return False
    return carried(graph, way, activation.axis) == axis


def _read_by_one(graph: Graph, nodes: list[Node]) -> bool:
    """Whether each of the nodes has one reader, and none is an output."""
    names = [name for node in nodes for name in node.outputs if name]
    return all(len(graph.readers.get(name, ())) == 1 and name not in graph.outputs for name in names)
