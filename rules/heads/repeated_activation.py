"""EL423."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.find import spoken
from edgelint.analysis.hidden.repeated import activation_before, wrong_pair
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class RepeatedActivation(Rule):
    """An activation on top of another one, with no layer between them.

    ## Why it matters
    A second ReLU changes nothing and costs a pass over the tensor. A second sigmoid is worse: it
    reads numbers from 0 to 1 and can only answer 0.5 to 0.73; a sigmoid on a ReLU never says less
    than 0.5. Both mostly come from a layer that was given `activation=` and an Activation layer
    behind it. Softmax as the second one is judged by the rules about outputs.

    ## What to do
    Take one of the two away: leave `activation=` out where a separate `ReLU()`, `Activation(...)` or
    batch normalisation follows. A second one that changes nothing can go without new training; after
    any other change train again.
    """

    code = "EL423"
    name = "repeated-activation"
    severity = Severity.WARNING
    yields_to = ("EL407",)

    VALID = [
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]")
        .op("Gemm", "float32[1,8]", weight="float32[8,8]")
        .op("Relu", "float32[1,8]"),
        chain("float32[1,8,8,4]").op("Tanh", "float32[1,8,8,4]").op("Relu", "float32[1,8,8,4]"),
        chain("float32[1,8]").op("Sigmoid", "float32[1,8]").op("Softmax", "float32[1,8]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,8]", source="Dense", activation="Relu", weight="float32[8,8]", name="a")
            .op("Relu", "float32[1,8]", source="ReLU", name="b"),
            "ReLU 'b' changes nothing after Dense 'a' with relu",
        ),
        (
            chain("float32[1,8]")
            .op("Sigmoid", "float32[1,8]", source="LOGISTIC", name="a")
            .op("Reshape", "float32[8]")
            .op("Sigmoid", "float32[8]", source="LOGISTIC", name="b"),
            "LOGISTIC 'b' with sigmoid reads LOGISTIC 'a' with sigmoid: it can only say 0.5 to 0.73",
        ),
        (
            chain("float32[1,8]")
            .op("Swish", "float32[1,8]", source="Activation", name="a")
            .op("Swish", "float32[1,8]", source="Activation", name="b"),
            "Activation 'b' with swish repeats Activation 'a' with swish",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each activation that reads another one through nothing that changes a number."""
        known = {id(each.node): each for each in context.activations}
        for second in context.activations:
            first, pooled = activation_before(second.graph, second.given, known)
            if first is None or (said := wrong_pair(first, second, pooled)) is None:
                continue
            problem, hint = said
            yield self.at(
                second.graph,
                second.node,
                problem,
                hint=hint,
                first=first.node.name,
                activations=[spoken(first.kind), spoken(second.kind)],
            )
