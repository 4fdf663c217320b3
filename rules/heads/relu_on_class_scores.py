"""EL407."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.find import Head, spoken
from edgelint.analysis.heads.grounds import of_classes
from edgelint.analysis.heads.stacked import Applied, feeding, is_on_layer
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

_RECTIFIERS = frozenset({"Relu", "Relu6", "ThresholdedRelu"})
_SQUASHERS = {
    "Softmax": "softmax can't tell the classes below 0 apart",
    "LogSoftmax": "log-softmax can't tell the classes below 0 apart",
    "Sigmoid": "the sigmoid never answers below 0.5",
    "HardSigmoid": "the hard sigmoid never answers below 0.5",
}
"""What reads scores of either sign, and what becomes of it when there are none below 0."""


class ReluOnClassScores(Rule):
    """Class scores that went through a ReLU.

    ## Why it matters
    ReLU sets every score below 0 to 0. The last layer needs both signs: a sigmoid of numbers at or
    above 0 never answers below 0.5, so that a yes-or-no model can't say no; a softmax gives all
    classes that the network speaks against the same share. In training, a class whose score is
    below 0 gets no gradient, and may never come back. As the output itself, ReLU gives no
    probability: it can exceed 1 without limit.

    The rule warns of a ReLU between the last layer and its softmax or sigmoid, which the graph
    proves, and of a ReLU at the end of what is known to be a classifier (`--task`, labels, loss,
    metrics). Where an average follows the ReLU, as in SqueezeNet, it was meant so: a note, and only
    for a known classifier.

    ## What to do
    Leave `activation` of the last layer out, and put only `Softmax` (exclusive classes) or
    `"sigmoid"` (yes or no, several labels) on it. Then train again.
    """

    code = "EL407"
    name = "relu-on-class-scores"
    severity = Severity.WARNING
    hint = "take the ReLU off the last layer, and leave softmax or sigmoid alone on it"
    yields_to = ("EL801",)

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,8]", activation="Relu", source="FULLY_CONNECTED", weight="float32[8,8]")
        .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
        .op("Softmax", "float32[1,4]", source="SOFTMAX"),
        chain("float32[1,8]").op("Gemm", "float32[1,4]", activation="Relu", weight="float32[4,8]"),
        chain("float32[1,8,8,4]").op("Relu", "float32[1,8,8,4]").op("Sigmoid", "float32[1,8,8,4]"),
        chain("float32[1,8,8,4]")
        .op("Conv", "float32[1,8,8,4]", activation="Relu", weight="float32[4,1,1,4]")
        .op("GlobalAveragePool", "float32[1,1,1,4]")
        .op("Softmax", "float32[1,1,1,4]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,1]", activation="Relu", source="Dense", weight="float32[8,1]")
            .op("Sigmoid", "float32[1,1]", source="Activation")
            .from_format("keras"),
            "Activation reads scores that Dense 'gemm_0' put through relu: the sigmoid never answers "
            "below 0.5",
        ),
        (
            chain("int8[1,8]")
            .op("Gemm", "int8[1,4]", activation="Relu", source="FULLY_CONNECTED", weight="int8[4,8]")
            .op("Softmax", "int8[1,4]", source="SOFTMAX", attributes={"axis": -1}),
            "SOFTMAX reads scores that FULLY_CONNECTED 'gemm_0' put through relu: softmax can't tell "
            "the classes below 0 apart",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", activation="Relu", source="FULLY_CONNECTED", weight="float32[4,8]")
            .as_task("classification"),
            "classifier (--task classification) ends in FULLY_CONNECTED with relu: scores below 0 are "
            "lost, and the rest are no probabilities",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each head that is a ReLU and a classifier, or a softmax or sigmoid of a ReLU."""
        for head in context.heads:
            if head.activation in _RECTIFIERS:
                yield from self._at_the_end(head)
            elif head.activation in _SQUASHERS and head.activation_node is not None:
                scores = _scores(head, context)
                if scores is not None:
                    node = head.activation_node
                    yield self.at(
                        head.graph,
                        node,
                        f"{printable(node.source.op)} reads scores that "
                        f"{printable(scores.node.source.op)} '{short(scores.node.name)}' put through "
                        f"{spoken(scores.name)}: {_SQUASHERS[head.activation]}",
                        output=head.output,
                        units=head.units,
                    )

    def _at_the_end(self, head: Head) -> Iterator[Finding]:
        ground = of_classes(head)
        if ground is not None and head.place is not None and head.layer is not None:
            averaged = head.node is not head.activation_node
            yield self.at(
                head.graph,
                head.place,
                f"classifier ({ground.text}) ends in {head.ending}: scores below 0 are lost, and the rest "
                "are no probabilities",
                severity=Severity.NOTE if averaged else Severity.WARNING,
                output=head.output,
                units=head.units,
            )


def _scores(head: Head, context: Context) -> Applied | None:
    """The ReLU on a weighted layer that feeds the head's softmax or sigmoid, if there is one."""
    node = head.activation_node
    if node is None or node.activation is not None:
        return None
    found = feeding(context.model, head.graph, next((name for name in node.inputs if name), None))
    if found is None or found[0].name not in _RECTIFIERS:
        return None
    return found[0] if is_on_layer(context.model, head.graph, found[0]) else None
