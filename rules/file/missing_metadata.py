"""EL910."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.task import CLASS_TASKS
from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.ir.model import Model
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_METADATA = "TFLITE_METADATA"
_FILES = "metadata.files"
_INPUTS = "metadata.inputs"


class MissingMetadata(Rule):
    """TFLite metadata that leaves out what its readers come for.

    ## Why it matters
    MediaPipe and the Task Library build the code round a model from its metadata: the label file turns
    an index into a name. When the metadata names a file that is not packed behind the model, they
    refuse the model, and so they do when a float model takes an image and its metadata lacks mean and
    standard deviation to normalize it with. When a classifier has metadata without labels, they return
    numbers without names. Models without any metadata are used by code that knows them, and are no
    finding.

    ## What to do
    Pack the files in again: `MetadataPopulator.with_model_file(…).load_associated_files([…])`, then
    `populate()`; or write the metadata with
    `mediapipe.tasks.python.metadata.metadata_writers.image_classifier`, which asks for labels, mean
    and standard deviation. Tools that rewrite a model
    (quantizers, Vela, an optimizer) drop what lies behind it: do this last.
    """

    code = "EL910"
    name = "missing-metadata"
    severity = Severity.WARNING
    needs = ("tflite",)
    hint = "pack the file in with MetadataPopulator.load_associated_files, as the last step"

    VALID = [
        chain("float32[1,8]").op("Softmax", "float32[1,2]"),
        chain("float32[1,8]")
        .op("Softmax", "float32[1,2]")
        .with_metadata(**{_FILES: "labels.txt"})
        .with_attachment("associated file 'labels.txt'", b"cat\ndog\n"),
    ]
    INVALID = [
        (
            chain("float32[1,8,8,3]").op("Relu", "float32[1,8,8,3]").with_metadata(**{_INPUTS: "image"}),
            "metadata calls the float input 'input' an image and does not say how to normalize it",
        ),
        (
            chain("float32[1,8]").op("Softmax", "float32[1,2]").with_metadata(**{_FILES: "labels.txt"}),
            "metadata names the file 'labels.txt', which is not packed behind the model",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """What the metadata lacks; a note for a known classifier whose metadata has no labels."""
        model = context.model
        if model.format != "tflite":
            return
        missing = _missing(model)
        for name in missing:
            shown = printable(name)
            yield self.finding(f"metadata names the file '{shown}', which is not packed behind the model")
        kinds = model.metadata.get(_INPUTS, "").splitlines()
        for kind, name in zip(kinds, model.main.inputs, strict=False):
            value = model.main.value(name)
            if kind == "image" and value is not None and value.dtype is DType.FLOAT32:
                yield self.finding(
                    f"metadata calls the float input {named(value)} an image and does not say how to "
                    "normalize it",
                    hint="add mean and standard deviation (NormalizationOptions) to the input's metadata",
                )
        if missing or model.labels or _METADATA not in model.metadata_buffers:
            return
        for head in context.heads:
            if head.task in CLASS_TASKS and (head.units or 0) > 2 and head.activation is not None:
                yield self.finding(
                    f"has metadata without labels for its {head.units} classes",
                    hint="add a label file to the output's metadata",
                    severity=Severity.NOTE,
                    units=head.units,
                )
                return


def _missing(model: Model) -> list[str]:
    """Files that are named and not packed; none where what lies behind the model cannot be listed."""
    named = model.metadata.get(_FILES, "").splitlines()
    packed = {attachment.place for attachment in model.attachments}
    if "the bytes behind the model" in packed:
        return []
    return [name for name in named if f"associated file {printable(name)!r}" not in packed]
