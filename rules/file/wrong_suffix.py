"""EL902."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class WrongSuffix(Refusal, Rule):
    """A model under the suffix of another format.

    ## Why it matters
    edgelint goes by the content, but most tools go by the suffix: they fail on such a file, or
    take it for something else.

    ## What to do
    Rename the file: `.tflite` for TFLite, `.onnx` for ONNX, `.keras` or `.h5` for Keras. Then check
    that the right file was exported or copied to that place.
    """

    code = "EL902"
    name = "wrong-suffix"
    severity = Severity.ERROR
