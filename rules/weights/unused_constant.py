"""EL607."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity


class UnusedConstant(Rule):
    """Constants in the file that no operator reads.

    ## Why it matters
    They take flash (or bytes of a download) and nothing looks at them. They are left over when a part of
    a network is cut off, when layers are fused and the old weights stay, or by tools that merge models.

    ## What to do
    - ONNX: `onnx.utils.extract_model`, `onnxsim in.onnx out.onnx` and saving the optimized model from ONNX
      Runtime all leave out what nothing reads.
    - TFLite: convert again from the model that was cut; `flatbuffer_translate` and the converter write
      only what is used.
    - Keras: save a model made of the inputs and outputs that are used, `keras.Model(inputs, outputs)`.
    """

    code = "EL607"
    name = "unused-constant"
    severity = Severity.NOTE
    hint = "export the model again without what nothing reads"
    options = {
        "bytes": Option(
            1024, "least bytes of all of them worth a word; 1 KiB is a page of small parts' flash"
        ),
    }

    VALID = [
        chain("float32[1,32]").op("Gemm", "float32[1,32]", weight="float32[32,32]"),
    ]
    INVALID = [
        (
            chain("float32[1,32]")
            .op("Gemm", "float32[1,32]", weight="float32[32,32]")
            .with_unread("old/kernel", "float32[32,32] = 1"),
            "no operator reads the constant 'old/kernel': 4 KiB are stored for nothing",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for all of them, where the whole computation is in the file."""
        unread = list(_unread(context)) if context.model.complete else []
        wasted = sum(
            {tensor.storage: tensor.nbytes for use in unread if (tensor := use.value.tensor)}.values()
        )
        if not unread or wasted < context.option(self, "bytes"):
            return
        unread.sort(key=lambda use: -(use.value.tensor.nbytes if use.value.tensor else 0))
        first = named(unread[0].value)
        what = (
            f"the constant {first}" if len(unread) == 1 else f"{len(unread):,} constants, the largest {first}"
        )
        yield self.finding(
            f"no operator reads {what}: {show_bytes(wasted)} are stored for nothing",
            tensors=[use.value.name for use in unread],
            bytes=wasted,
        )


def _unread(context: Context) -> Iterator[Use]:
    """Constants that nothing reads, and whose bytes are not those of another that is read."""
    if not any([use.role is Role.UNREAD for use in context.weights.every]):
        return
    stored = [(use, use.value.tensor) for use in context.weights.every if use.value.tensor is not None]
    read = {tensor.storage for use, tensor in stored if use.role is not Role.UNREAD}
    scales = {
        value.quantization.scale_value
        for graph in context.model.graphs
        for value in graph.values.values()
        if value.quantization and value.quantization.scale_value
    }
    for use, tensor in stored:
        known = tensor.storage in read or use.value.name in scales or use.value.is_variable
        if use.role is Role.UNREAD and not known:
            yield use
