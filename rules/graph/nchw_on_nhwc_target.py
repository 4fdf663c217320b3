"""EL526."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.cost.measure import measure
from edgelint.analysis.figure import Basis
from edgelint.analysis.operands import named
from edgelint.analysis.structure.layout_turns import layout_turns
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Model, Shape, Value
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

MOVED_SHARE = 5
"""Percent of the bytes that all operators write: what a run spends on turning maps round and back."""

LEAST_BYTES = 4 * 1024
"""Bytes written that are worth a word: some tens of microseconds on a Cortex-M."""

_COLOURS = (1, 3, 4)
_KEEP = "keep its shape with `onnx2tf --keep_shape_absolutely_input_names`, or feed it as it then is"


class NchwOnNhwcTarget(Rule):
    """A network with channels first on a runtime whose kernels have channels last.

    ## Why it matters
    PyTorch and ONNX keep an image as channels × height × width, TFLite as height × width × channels, and
    its kernels know no other way. A converter moves the transpositions to the ends where it can; where
    a reshape, a concatenation or a custom layer stands between, they stay and copy a whole map each.
    The input changes too: the device has to feed it channels last.

    ## What to do
    Keras: `data_format="channels_last"` in every layer (`keras.config.set_image_data_format`), and train
    or convert the weights again. From ONNX: convert with `onnx2tf`, which rewrites the layout of the
    whole graph, and keep operators that mix channels (channel shuffle, flatten) out of the middle. Then
    compare the outputs: a mix-up of the layout gives no error.
    """

    code = "EL526"
    name = "nchw-on-nhwc-target"
    severity = Severity.WARNING
    hint = "build it with channels last, or use a converter that rewrites the layout of the whole graph"

    options = {
        "moved_share": Option(
            MOVED_SHARE, "percent of all bytes written that transpositions write; a choice"
        ),
        "least_bytes": Option(LEAST_BYTES, "bytes per run that transpositions write; a choice"),
    }

    VALID = [
        chain("float32[1,32,32,4]")
        .op("Relu", "float32[1,32,32,4]", source="RELU")
        .op("Transpose", "float32[1,32,32,4]", source="TRANSPOSE", attributes={"perm": [0, 2, 1, 3]}),
    ]
    INVALID = [
        (
            chain("float32[1,4,16,16]")
            .op("Transpose", "float32[1,16,16,4]", source="TRANSPOSE", attributes={"perm": [0, 2, 3, 1]})
            .op("Relu", "float32[1,16,16,4]", source="RELU")
            .op("Transpose", "float32[1,4,16,16]", source="TRANSPOSE", attributes={"perm": [0, 3, 1, 2]}),
            "2 transpositions between channels first and channels last write 8 KiB per run, "
            "66 % of all bytes",
        ),
        (
            chain("float32[1,3,8,8]")
            .op(
                "Conv",
                "float32[1,4,8,8]",
                source="Conv2D",
                weight="float32[3,3,3,4]",
                attributes={"layout": "NCHW"},
            )
            .from_format("keras")
            .on("cortex-m4"),
            "1 layer has channels first, and TFLite's kernels channels last: "
            "the converter adds transpositions",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding: what is transposed; else which layers will be; else how the input changes."""
        if context.target is not None and "tflite" not in context.target.runtime.formats:
            return
        model = context.deployment or context.model
        if model.format == "tflite":
            yield from self._moved(context, model)
        if context.target is not None and context.model.format.startswith("keras"):
            first = sum(1 for _, node in context.model.nodes() if node.attributes.get("layout") == "NCHW")
            if first:
                layers = "1 layer has" if first == 1 else f"{first} layers have"
                yield self.finding(
                    f"{layers} channels first, and TFLite's kernels channels last: "
                    "the converter adds transpositions",
                    severity=Severity.NOTE,
                    layers=first,
                )

    def _moved(self, context: Context, model: Model) -> Iterator[Finding]:
        cost = context.cost if model is context.network else measure(model)
        turns = layout_turns(model, cost)
        large = turns.moved >= context.option(self, "least_bytes")
        share = 100 * turns.moved // max(turns.written, 1)
        if turns.count > 1 and large and share >= context.option(self, "moved_share"):
            yield self.finding(
                f"{turns.count} transpositions between channels first and channels last write "
                f"{show_bytes(turns.moved)} per run, {share} % of all bytes",
                evidence=Basis.EXACT if model is context.model else Basis.PREDICTED,
                transpositions=turns.count,
                bytes=turns.moved,
            )
        elif model is not context.model and context.model.format == "onnx":
            for before, after in zip(context.model.main.inputs, model.main.inputs, strict=False):
                yield from self._input(context.model.main.value(before), model.main.value(after))

    def _input(self, before: Value | None, after: Value | None) -> Iterator[Finding]:
        first, last = _shape(before), _shape(after)
        if before is None or first is None or last is None or len(first) != 4 or first[1] == 1:
            return
        if last == (first[0], first[2], first[3], first[1]) and last != first:
            mistaken = first[3] in _COLOURS and first[1] not in _COLOURS
            why = "the converter takes it for channels first" if mistaken else "TFLite has channels last"
            yield self.finding(
                f"input {named(before)} of shape {_by(first)} becomes {_by(last)}: {why}",
                hint=_KEEP if mistaken else "feed the converted model height × width × channels",
                severity=Severity.NOTE,
                evidence=Basis.PREDICTED,
            )


def _shape(value: Value | None) -> Shape | None:
    return value.shape if value is not None else None


def _by(shape: Shape) -> str:
    return "×".join("?" if dim is None else str(dim) for dim in shape)
