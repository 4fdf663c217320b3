"""EL613."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.weights.training_traces import biases_at_zero
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Rule, Severity


def _three_layers(*biases: str) -> Example:
    example = chain("float32[1,8]")
    for bias in biases:
        example = example.op(
            "Gemm",
            "float32[1,8]",
            source="Dense",
            attributes={"weight_layout": "IO"},
            weight="float32[8,8] = 0.1 -0.2",
            bias=f"float32[8] = {bias}",
        )
    return example


class UntrainedModel(Rule):
    """A Keras model whose biases are all exactly 0: it was saved before it was trained.

    ## Why it matters
    Keras builds layers with biases of 0, and the first step of any training moves them. Where every bias
    of a model is still 0, its kernels are the random numbers it was built with: the model runs, fits or
    does not fit like the trained one, and its answers mean nothing.

    ## What to do
    Save the model after `model.fit`, from the same object: `clone_model`, `from_config` and building it
    anew give fresh weights until `load_weights` or `set_weights` fills them. If only size and speed are
    to be judged, ignore this rule.
    """

    code = "EL613"
    name = "untrained-model"
    severity = Severity.WARNING
    needs = ("keras",)
    hint = "save the model after training, or load its weights before saving"

    VALID = [
        _three_layers("0", "0", "0 0.01").from_format("keras"),
        _three_layers("0", "0", "0"),
        _three_layers("0", "0").from_format("keras"),
    ]
    INVALID = [
        (
            _three_layers("0", "0", "0").from_format("keras"),
            "all 3 biases are exactly 0, as before any training",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding where no bias was ever moved."""
        biases = biases_at_zero(context.model, context.weights)
        if biases:
            yield self.finding(f"all {biases:,} biases are exactly 0, as before any training", biases=biases)
