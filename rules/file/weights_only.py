"""EL907."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class WeightsOnly(Refusal, Rule):
    """A Keras file that holds weights but no architecture.

    ## Why it matters
    `model.save_weights` writes numbers and their names only. How the layers are connected, their
    activations, strides and padding are not in the file: nobody can load, convert or judge it
    without the program that built the model.

    ## What to do
    Build the model in that program, `model.load_weights(...)`, then save all of it:
    `model.save("model.keras")`.
    """

    code = "EL907"
    name = "weights-only"
    severity = Severity.ERROR
