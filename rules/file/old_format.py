"""EL911."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Model
from edgelint.rule import Finding, Option, Rule, Severity

OLDEST_OPSET = 7
"""The first opset that ONNX Runtime promises to run (onnxruntime.ai, Compatibility)."""

OLDEST_IR = 4
"""The first IR version in which initializers need not be inputs (onnx/docs/IR.md)."""

_KERAS = re.compile(r"keras (\d+)\.")


class OldFormat(Rule):
    """A file in a format that its own makers have left behind.

    ## Why it matters
    Old files load as long as somebody keeps the code for them. Keras 3 reads the HDF5 files of Keras 2
    with a legacy loader that knows neither every layer nor the order of every weight, and those of
    Keras 1 mostly not at all. ONNX before opset 7 has other rules of broadcasting, and ONNX Runtime
    promises nothing there; before IR version 4 each weight is an input as well, which the caller may
    replace, so that nothing can be folded into it.

    ## What to do
    Keras: load it with the version that wrote it and save it anew, `model.save("model.keras")` from
    Keras 2.13 on. ONNX: `onnx.version_converter.convert_version(model, 17)`, or export it again;
    weights are taken out of the inputs by onnxruntime's `tools/python/remove_initializer_from_input.py`.
    """

    code = "EL911"
    name = "old-format"
    severity = Severity.NOTE
    needs = ("no tflite",)
    hint = "save or export it again with a current version"

    options = {
        "oldest_opset": Option(OLDEST_OPSET, "opset that is no finding; ONNX Runtime's promise"),
        "oldest_ir": Option(OLDEST_IR, "ONNX IR version that is no finding; weights need not be inputs"),
    }

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]").with_opset(13),
        chain("float32[1,8]").op("Relu", "float32[1,8]").from_format("keras-h5"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("Relu", "float32[1,8]").with_opset(6),
            "uses opset 6; ONNX Runtime promises to run 7 and later",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The container of Keras, or the opset and IR version of ONNX."""
        model = context.model
        if model.format == "onnx":
            yield from self._onnx(context, model)
        elif model.format == "keras-h5" and (match := _KERAS.match(model.producer)):
            major = int(match[1])
            if major < 2:
                message = f"is HDF5 of Keras {major}, which Keras 3 does not read"
                yield self.finding(message, hint=_KERAS_1, severity=Severity.WARNING)
            elif major == 2:
                message = f"is HDF5 of {model.producer.title()}, which Keras 3 reads with a legacy loader"
                yield self.finding(message, hint='save it anew: model.save("model.keras")')

    def _onnx(self, context: Context, model: Model) -> Iterator[Finding]:
        opset, oldest = model.opsets.get("", 0), int(context.option(self, "oldest_opset"))
        if 0 < opset < oldest:
            yield self.finding(
                f"uses opset {opset}; ONNX Runtime promises to run {oldest} and later",
                hint="convert it with onnx.version_converter, or export it again",
                severity=Severity.WARNING if _runs_onnx(context) else Severity.NOTE,
                opset=opset,
            )
        version = model.ir_version
        weights = any(value.is_constant for value in model.main.values.values())
        if weights and version is not None and version < context.option(self, "oldest_ir"):
            yield self.finding(
                f"has IR version {version}, in which weights are inputs that the caller may replace",
                hint="take the weights out of the inputs (see the rule's page), or export it again",
                ir_version=version,
            )


def _runs_onnx(context: Context) -> bool:
    return context.target is not None and "onnx" in context.target.runtime.formats


_KERAS_1 = 'load it with Keras 1 or 2 and save it anew, in Keras 2.13 or later with model.save("model.keras")'
