"""EL425."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.tails import layer_of
from edgelint.analysis.hidden.activations import Activated, Paths, called
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Node
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_FITTING = frozenset({"lecun_normal", "lecun_uniform"})
_PLAIN_DROPOUT = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"})


class SeluWithoutItsInitialiser(Rule):
    """SELU on a layer that was not initialised with LeCun's variance, or followed by plain Dropout.

    ## Why it matters
    SELU (α 1.67326, scale 1.0507) keeps the mean of its outputs at 0 and their variance at 1, layer
    after layer, so that no batch normalisation is needed. That holds only if the weights start with
    variance 1 / inputs (LeCun's), and if dropout keeps both moments, which AlphaDropout does and
    Dropout does not. Otherwise SELU is an ELU with two odd constants, and costs an exponential.
    ELU too is bounded below (-α) and keeps means near 0, with no such conditions.

    Keras files say how each layer was initialised; other formats don't, and there the rule is silent.

    ## What to do
    `Dense(64, activation="selu", kernel_initializer="lecun_normal")` and `AlphaDropout(rate)` in
    place of `Dropout(rate)`, then train again; or take `relu`, which is cheaper on a device.

    Sources: Klambauer et al., "Self-Normalizing Neural Networks" (2017), sections 2 and 3; the Keras
    documentation of `selu`. LeCun-uniform has the same variance and is accepted.
    """

    code = "EL425"
    name = "selu-without-its-initialiser"
    severity = Severity.WARNING
    operators = ("Selu",)

    VALID = [
        chain("float32[1,8]").op(
            "Gemm",
            "float32[1,8]",
            source="Dense",
            activation="Selu",
            weight="float32[8,8]",
            attributes={"kernel_initializer": "lecun_normal"},
        ),
        chain("float32[1,8]").op("Gemm", "float32[1,8]", activation="Selu", weight="float32[8,8]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op(
                "Gemm",
                "float32[1,8]",
                source="Dense",
                activation="Selu",
                weight="float32[8,8]",
                attributes={"kernel_initializer": "glorot_uniform"},
                name="hidden",
            ),
            "Dense 'hidden' with selu starts from glorot_uniform, not lecun_normal",
        ),
        (
            chain("float32[1,8]")
            .op("Selu", "float32[1,8]", source="Activation", name="act")
            .op("Dropout", "float32[1,8]", attributes={"ratio": 0.2}, name="drop"),
            "Dropout 'drop' follows selu: it moves the mean and variance that selu keeps",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each SELU with another initialiser, and each plain dropout that follows one."""
        for found in context.activations:
            if found.kind != "Selu":
                continue
            layer = layer_of(context.model, found.graph, found.node, found.given)
            chosen = layer.attributes.get("kernel_initializer") if layer else None
            if layer is not None and isinstance(chosen, str) and chosen not in _FITTING:
                yield self.at(
                    found.graph,
                    layer,
                    f"{called(layer)} with selu starts from {printable(chosen)}, not lecun_normal",
                    hint='train with kernel_initializer="lecun_normal", or with relu',
                    initializer=chosen,
                )
            dropout = _dropout_after(context.paths, found)
            if dropout is not None:
                yield self.at(
                    found.graph,
                    dropout,
                    f"{called(dropout)} follows selu: it moves the mean and variance that selu keeps",
                    hint="train with AlphaDropout of the same rate",
                    rate=dropout.attributes.get("ratio"),
                )


def _dropout_after(paths: Paths, found: Activated) -> Node | None:
    """The plain Dropout layer, of a rate above 0, that reads the activation's output."""
    for node in paths.onward(found.graph, found.output):
        if node.op == "Dropout":
            named = node.source.op in _PLAIN_DROPOUT
            return node if named and node.attributes.get("ratio") != 0 else None
    return None
