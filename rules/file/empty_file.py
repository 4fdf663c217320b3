"""EL903."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class EmptyFile(Refusal, Rule):
    """A file of 0 bytes.

    ## Why it matters
    An export or download that failed, or a disk that was full, often leaves an empty file behind.
    As an empty protobuf message it even is a formally valid ONNX file.

    ## What to do
    Export or download the model again, and make the step fail when it writes nothing
    (`test -s model.onnx`).
    """

    code = "EL903"
    name = "empty-file"
    severity = Severity.ERROR
