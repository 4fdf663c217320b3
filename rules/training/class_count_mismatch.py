"""EL803."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.task import CLASS_TASKS, Clue, Task
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

LABEL_LIMIT = 30
"""Characters of a label that a message shows."""

_CHOICES = frozenset({"Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid"})


class ClassCountMismatch(Rule):
    """Another number of class labels in the file than the output has classes.

    ## Why it matters
    The application reads the label at the place of the largest score. With a label list of another
    model, or one that lost a line, every name behind the gap is wrong, and scores beyond the end of
    the list have none.

    One label more or less is accepted: a background class ("???", "none") that stands in one of the
    two only, or one sigmoid unit for two labels. Only an output that is known to be classes is
    judged, and only where there is just one: it ends in softmax or sigmoid, or `--task` says so.

    ## What to do
    Put the labels of this very training run into the metadata, in the order of the output units:
    the associated file `labels.txt` with TFLite's MetadataPopulator, the key `names` or `classes` of
    an ONNX model's metadata.
    """

    code = "EL803"
    name = "class-count-mismatch"
    severity = Severity.WARNING
    needs = ("labels",)
    yields_to = ("EL404",)
    hint = "put the labels of this training run into the metadata, one per output unit, in their order"
    options = {"slack": Option(1, "labels more or less than units that are accepted: one background class")}

    VALID = [
        chain("int8[1,8]").op("Softmax", "int8[1,3]").labelled("a", "b", "c"),
        chain("int8[1,8]").op("Softmax", "int8[1,4]").labelled("a", "b", "c"),
        chain("int8[1,8]").op("Sigmoid", "int8[1,1]").labelled("no", "yes"),
        chain("int8[1,8]").op("Gemm", "int8[1,64]", weight="int8[64,8]").labelled("a", "b", "c"),
        chain("int8[1,8]").op("Softmax", "int8[1,10]"),
    ]
    INVALID = [
        (
            chain("int8[1,8]")
            .op("Softmax", "int8[1,6]", source="SOFTMAX")
            .labelled("dog", "cat", "bird", "fish"),
            "SOFTMAX gives 6 classes, but the file names 4 ('dog' to 'fish')",
        ),
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[2,8]")
            .labelled("a", "b", "c", "d")
            .as_task("classification"),
            "Gemm without activation gives 2 classes, but the file names 4 ('a' to 'd')",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding where the only output of classes has another number of them."""
        labels = [label for label in context.model.labels if label]
        heads = [head for head in context.heads if _is_of_classes(head)]
        if len(labels) < 2 or len(heads) != 1:
            return
        head = heads[0]
        if head.units is None or head.place is None:
            return
        if abs(head.units - len(labels)) > context.option(self, "slack"):
            yield self.at(
                head.graph,
                head.place,
                f"{head.ending} gives {head.units} classes, but the file names {len(labels)} "
                f"('{printable(labels[0], LABEL_LIMIT)}' to '{printable(labels[-1], LABEL_LIMIT)}')",
                output=head.output,
                units=head.units,
                labels=len(labels),
            )


def _is_of_classes(head: Head) -> bool:
    """Whether each unit of the head is known to stand for a class."""
    user = head.says(Clue.USER)
    if user and user[0].task not in CLASS_TASKS | {Task.SEGMENTATION}:
        return False
    if head.activation in _CHOICES:
        return head.task in CLASS_TASKS | {Task.SEGMENTATION}
    return head.raw and bool(user)
