"""EL527."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Model, Value
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_GENERATED = re.compile(
    r"""
    (serving_default_)?(args?|inputs?|outputs?|x)?[_.]?\d*(:\d+)?(_int8)?
    | (Stateful)?PartitionedCall(_\d+)?(:\d+)?(_int8)?
    | (Identity|tensor|Placeholder|unknown|name|tfl[.]\w+)([_#:]?\d+)*(_int8)?
    | (serving_default_)?args_\d+(:\d+)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Names that converters make up: `StatefulPartitionedCall:1`, `Identity_2`, `495`, `output_0`."""


class MissingNames(Rule):
    """Several inputs or outputs, and nothing in the file says which is which.

    ## Why it matters
    A model with one input needs no name for it. With several, the application has to know which is
    which, and tells them by their place: a place that changes from one conversion to the next.
    TensorFlow's converter orders outputs by its own names (`StatefulPartitionedCall:0`, `:1`, …), and
    detection models whose boxes and scores changed places after a conversion are an old story.

    ## What to do
    Name them where the model is built: `layers.Dense(4, name="boxes")`, `keras.Input(…, name="image")`,
    `torch.onnx.export(…, input_names=[…], output_names=[…])`, a `tf.function` that returns a dict. In
    TFLite a signature keeps these names, and `get_signature_runner()` finds tensors by them.
    """

    code = "EL527"
    name = "missing-names"
    severity = Severity.NOTE
    needs = ("several ends",)
    hint = "name inputs and outputs where the model is built, and convert it with its signature"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]", name="Identity"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,4]", name="boxes", weight="float32[4,8]")
        .op("Softmax", "float32[1,4]", name="scores")
        .with_output("gemm_0"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Identity", "float32[1,8]")
            .op("Identity", "float32[1,8]")
            .with_output("identity_0"),
            "has 2 outputs with names that say nothing: 'identity_0', 'identity_1'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Inputs, then outputs, where there are several of them and none has a name of its own."""
        model = context.model
        for word, names, aliases in _sides(model):
            if len(names) < 2 or len(set(names)) < 2:
                continue
            shown = [_word(model.main, name) for name in names]
            if all(map(_is_made_up, shown)) and all(map(_is_made_up, aliases)):
                listed = ", ".join(f"'{printable(name, 40)}'" for name in shown[:3])
                more = ", …" if len(shown) > 3 else ""
                yield self.finding(
                    f"has {len(shown)} {word}s with names that say nothing: {listed}{more}", names=len(shown)
                )


def _sides(model: Model) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Inputs and outputs of the main graph, and what the signatures call them."""
    called = [signature for signature in model.signatures if signature.graph == 0]
    yield "input", model.main.inputs, tuple(alias for each in called for alias in each.inputs)
    yield "output", model.main.outputs, tuple(alias for each in called for alias in each.outputs)


def _word(graph: Graph, name: str) -> str:
    value: Value | None = graph.value(name)
    return (value.label or value.name) if value is not None else name


def _is_made_up(name: str) -> bool:
    return _GENERATED.fullmatch(name) is not None
