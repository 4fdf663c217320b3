"""EL401."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Clue, Task
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_PROBABILITIES = frozenset({"Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "Hardmax", "Sparsemax"})
_DECISIONS = frozenset({"ArgMax", "TopK"})
_CROSS_ENTROPIES = losses.EXCLUSIVE | losses.BINARY


class MissingOutputActivation(Rule):
    """A classifier whose outputs are raw scores, not probabilities.

    ## Why it matters
    Without softmax or sigmoid the last layer gives logits: any real numbers, which don't sum to 1
    and mean nothing against a threshold such as 0.8. The largest one is still the most likely
    class, so leaving softmax out is a fair way to save time, if the code around the model knows.

    The rule speaks up only on evidence that the model is a classifier. With `--task` or class
    labels in the file, which promise probabilities to whoever reads them, it warns. Where the
    file says that it was trained on logits (`from_logits=True`) it is a note. Shape alone, or a
    name, is no evidence.

    ## What to do
    Either end the model in `activation="softmax"` (exclusive classes) or `"sigmoid"` (yes or no,
    several labels) before you convert it, or take the softmax of the outputs in your own code.
    A trained Keras model gets it without new training:
    `keras.Sequential([model, keras.layers.Softmax()])`.
    """

    code = "EL401"
    name = "missing-output-activation"
    severity = Severity.WARNING

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", weight="float32[4,8]")
        .op("Softmax", "float32[1,4]")
        .as_task("classification"),
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8]").as_task("regression"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", source="Dense", weight="float32[8,4]")
        .trained_with("mean_squared_error"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="FULLY_CONNECTED", weight="float32[4,8]")
            .as_task("classification"),
            "classifier (--task classification) ends in FULLY_CONNECTED without activation: "
            "its 4 outputs are raw scores, not probabilities",
        ),
        (
            chain("int8[1,8]")
            .op("Gemm", "int8[1,2]", source="FULLY_CONNECTED", weight="int8[2,8]")
            .labelled("cat", "dog"),
            "classifier (metadata names 2 classes) ends in FULLY_CONNECTED without activation: "
            "its 2 outputs are raw scores, not probabilities",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,4]", source="Dense", weight="float32[8,4]")
            .trained_with("categorical_crossentropy", from_logits=True),
            "classifier (trained with categorical_crossentropy) ends in Dense without activation: "
            "its 4 outputs are raw scores, not probabilities",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each raw output of what is known to be a classifier."""
        heads = context.heads
        decided = any(
            head.activation in _PROBABILITIES or (head.node is not None and head.node.op in _DECISIONS)
            for head in heads
        )
        for head in heads:
            if head.raw and head.place is not None and (found := _severity(head, decided)):
                said, severity = found
                count = "1 output is a raw score" if head.units == 1 else "outputs are raw scores"
                count = f"{head.units} {count}" if head.units and head.units > 1 else count
                noun = "a probability" if head.units == 1 else "probabilities"
                wanted = _wanted(head)
                yield self.at(
                    head.graph,
                    head.place,
                    f"classifier ({said}) ends in {head.ending}: its {count}, not {noun}",
                    hint=f"end the model in a {wanted} before you convert it, or apply {wanted} in your code",
                    severity=severity,
                    output=head.output,
                    units=head.units,
                )


def _severity(head: Head, decided: bool) -> tuple[str, Severity] | None:
    """Why the head is a classifier and how much the missing activation matters; None: nothing to say."""
    loss = head.loss.name if head.loss else ""
    if _is_a_mismatch(head, loss):
        return None
    labels = [said for said in head.says(Clue.LABELS) if said.task in CLASS_TASKS]
    user = head.says(Clue.USER)
    if user:
        if user[0].task not in CLASS_TASKS or decided:
            return None
        trained_so = loss in _CROSS_ENTROPIES and not labels
        return user[0].text, Severity.NOTE if trained_so else Severity.WARNING
    if head.task not in CLASS_TASKS or loss in losses.HINGES:
        return None
    if labels:
        return labels[0].text, Severity.WARNING
    if loss in _CROSS_ENTROPIES:
        return head.evidence[0].text, Severity.NOTE
    return None


def _is_a_mismatch(head: Head, loss: str) -> bool:
    """Whether loss-activation-mismatch says it."""
    if head.loss is None or loss not in _CROSS_ENTROPIES:
        return False
    return not head.loss.from_logits or (loss in losses.EXCLUSIVE and head.units == 1)


def _wanted(head: Head) -> str:
    """The activation this head lacks."""
    each_alone = head.task is Task.MULTILABEL or head.units == 1
    binary_loss = head.loss is not None and head.loss.name in losses.BINARY
    return "sigmoid" if each_alone or binary_loss else "softmax"
