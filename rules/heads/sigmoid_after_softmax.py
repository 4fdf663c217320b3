"""EL406."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.stacked import Pair, largest_share
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

_SIGMOIDS = frozenset({"Sigmoid", "HardSigmoid"})


class SigmoidAfterSoftmax(Rule):
    """A sigmoid of probabilities, or a softmax of them.

    ## Why it matters
    Softmax and sigmoid expect scores: any numbers, above and below 0. Given numbers that are
    already between 0 and 1, a sigmoid answers between 0.5 and 0.731 (1 / (1 + 1/e)): it never says
    no, whatever the threshold of the code behind it. A softmax over n sigmoids gives no class more
    than e / (e + n - 1), which is 0.23 of 10, and ties the labels together that the sigmoids had
    kept apart. The largest number stays the largest, so accuracy alone doesn't show it.

    ## What to do
    Keep the one that suits the task: softmax for exclusive classes, sigmoid for yes or no and for
    several labels at once. In Keras, leave `activation` of the last layer out where a `Softmax` or
    `Activation("sigmoid")` layer follows it; in PyTorch, don't export through `BCEWithLogitsLoss`'s
    sigmoid what ends in `nn.Softmax` already. Then train again.
    """

    code = "EL406"
    name = "sigmoid-after-softmax"
    severity = Severity.WARNING
    needs = ("stacked",)
    hint = "keep softmax for exclusive classes, or sigmoid for labels of their own, and take the other away"

    VALID = [
        chain("float32[1,8]").op("Softmax", "float32[1,8]"),
        chain("float32[1,8]")
        .op("Softmax", "float32[1,8]")
        .op("Gemm", "float32[1,1]", weight="float32[1,8]")
        .op("Sigmoid", "float32[1,1]"),
        chain("float32[1,8]").op("Softmax", "float32[1,8]").op("Relu", "float32[1,8]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,3]", activation="Softmax", source="Dense", weight="float32[8,3]")
            .op("Sigmoid", "float32[1,3]", source="Activation")
            .from_format("keras"),
            "Activation takes the sigmoid of probabilities ('gemm_0' ends in softmax): every output lies "
            "between 0.5 and 0.731",
        ),
        (
            chain("float32[1,4]")
            .op("Sigmoid", "float32[1,4]", source="LOGISTIC")
            .op("Softmax", "float32[1,4]", source="SOFTMAX", attributes={"axis": -1}),
            "SOFTMAX takes the softmax of probabilities ('sigmoid_0' ends in sigmoid): none of its 4 "
            "outputs can exceed 0.475",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each sigmoid that reads a softmax, and each softmax that reads a sigmoid."""
        for pair in context.stacked:
            consequence = _consequence(pair)
            if consequence:
                yield self.at(
                    pair.second.graph,
                    pair.second.node,
                    f"{printable(pair.second.node.source.op)} takes the {_word(pair.second.name)} of "
                    f"probabilities ('{short(pair.first.node.name)}' ends in {_word(pair.first.name)}): "
                    f"{consequence}",
                    first=pair.first.node.name,
                    units=pair.second.size,
                )


def _consequence(pair: Pair) -> str:
    """What becomes of the numbers; "" for a pair that is none of this rule's."""
    first, second = pair.first, pair.second
    if first.name == "Softmax" and second.name == "Sigmoid":
        return "every output lies between 0.5 and 0.731"
    if first.name == "Softmax" and second.name == "HardSigmoid":
        return "every output lies at or above 0.5"
    if first.name not in _SIGMOIDS or second.name != "Softmax":
        return ""
    if second.size is None:
        return "no output can come near the probability 1"
    return f"none of its {second.size} outputs can exceed {largest_share(second.size):.3f}" * (
        second.size > 1
    )


def _word(activation: str) -> str:
    return "softmax" if activation == "Softmax" else "sigmoid"
