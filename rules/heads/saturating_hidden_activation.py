"""EL421."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.saturating import SATURATING, chains
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity


def _network(activation: str, layers: int) -> Example:
    example = chain("float32[1,16]")
    for place in range(layers):
        example = example.op(
            "Gemm",
            "float32[1,16]",
            source="Dense",
            activation=activation,
            weight="float32[16,16]",
            name=f"dense_{place}",
        )
    return example.op("Gemm", "float32[1,4]", source="Dense", weight="float32[16,4]", name="scores")


class SaturatingHiddenActivation(Rule):
    """Sigmoid or tanh on several hidden layers in a row.

    ## Why it matters
    Sigmoid (0…1) and tanh (-1…1, centred on 0) are flat at both ends. The gradient shrinks in each
    such layer on its way back, by 4 or more in a sigmoid, until the first layers learn next to
    nothing; and each output costs an exponential on the device. ReLU has neither fault.

    Counted are layers that feed one another with nothing but pooling, dropout or reshaping between.
    Gates (whose result is multiplied: LSTM, squeeze-and-excite, swish = x·sigmoid(x), gated linear
    units), attention, branches and output layers are not, nor layers behind a normalisation, which
    keeps their inputs away from the flat ends (where it was not folded away before the file was written).

    ## What to do
    Use `activation="relu"` in hidden layers (with `kernel_initializer="he_normal"`), keep sigmoid and
    tanh for gates and outputs, and train again. Where tanh must stay, put BatchNormalization before
    it. A finished model that is accurate enough needs no change but for its speed.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010): with sigmoid the top layers of networks with four hidden layers saturate, and
    five could not be trained; tanh needs a fitting initialisation from there on.
    """

    code = "EL421"
    name = "saturating-hidden-activation"
    severity = Severity.WARNING
    operators = tuple(SATURATING)
    hint = "use relu in the hidden layers and train again"
    options = {
        "sigmoid_layers": Option(3, "hidden sigmoid layers in a row; Glorot and Bengio 2010 saw 4 saturate"),
        "tanh_layers": Option(5, "hidden tanh layers in a row; the most that Glorot and Bengio 2010 trained"),
    }

    VALID = [
        _network("Relu", 4),
        _network("Sigmoid", 2),
        _network("Tanh", 4),
        chain("float32[1,16]")
        .op("Gemm", "float32[1,16]", activation="Sigmoid", weight="float32[16,16]")
        .op("Mul", "float32[1,16]", reads=("gemm_0", "input")),
    ]
    INVALID = [
        (
            _network("Sigmoid", 3),
            "3 hidden layers in a row end in sigmoid, Dense 'dense_0' to Dense 'dense_2': "
            "their gradients shrink layer by layer",
        ),
        (
            _network("Tanh", 5),
            "5 hidden layers in a row end in tanh, Dense 'dense_0' to Dense 'dense_4': "
            "their gradients shrink layer by layer",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per run of layers that is long enough."""
        for found in chains(context.paths, context.activations):
            kind = SATURATING[found[0].kind]
            if len(found) < context.option(self, f"{kind}_layers"):
                continue
            first, last = found[0], found[-1]
            yield self.at(
                first.graph,
                first.node,
                f"{len(found)} hidden layers in a row end in {kind}, {called(first.node)} to "
                f"{called(last.node)}: their gradients shrink layer by layer",
                severity=Severity.WARNING if kind == "sigmoid" else Severity.NOTE,
                layers=[each.node.name for each in found],
                activation=kind,
            )
