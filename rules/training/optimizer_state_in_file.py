"""EL805."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Training
from edgelint.printable import printable
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

_LEARNED = frozenset({"velo", "velooptimizer"})


def _saved(optimizer: str, nbytes: int, format: str = "keras") -> Example:
    training = Training(optimizer=optimizer, optimizer_bytes=nbytes)
    return chain("float32[1,8]").op("Relu", "float32[1,8]").with_training(training, format)


class OptimizerStateInFile(Rule):
    """Optimizer state, which only training needs, in the file.

    ## Why it matters
    Adam keeps two numbers for each weight, so that a Keras file saved after training is about three
    times as large as its weights. A learned optimizer such as VeLO is a large LSTM itself. A
    converter leaves all of it out, and a device never needs it; it costs where the file is stored,
    downloaded and versioned, and tells others how far training had gone.

    ## What to do
    Save a copy for deployment without it. For HDF5: `model.save("model.h5", include_optimizer=False)`.
    A `.keras` file ignores that argument (Keras 3.15); there, drop the optimizer first:
    `model.optimizer = None; model.save("model.keras")`. Keep the full file to go on training.
    """

    code = "EL805"
    name = "optimizer-state-in-file"
    severity = Severity.NOTE
    needs = ("training",)
    options = {"least": Option(10240, "bytes of optimizer state below which nothing is said; our choice")}

    VALID = [_saved("Adam", 0), _saved("SGD", 12)]
    INVALID = [
        (_saved("Adam", 2_097_152), "holds 2 MiB of Adam's state, which inference never needs"),
        (_saved("", 20_480, "keras-h5"), "holds 20 KiB of optimizer state, which inference never needs"),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding for a file with more than a trifle of it."""
        model, training = context.model, context.model.training
        if training is None or training.optimizer_bytes < context.option(self, "least"):
            return
        size = training.optimizer_bytes
        whole = f" ({100 * size // model.file_bytes} % of the file)" if model.file_bytes >= size else ""
        owner = f"{printable(training.optimizer)}'s" if training.optimizer else "optimizer"
        learned = training.optimizer.lower() in _LEARNED
        yield self.finding(
            f"holds {show_bytes(size)} of {owner} state{whole}, which inference never needs",
            hint=_SAVES.get(model.format, _SAVES["keras"]),
            severity=Severity.WARNING if learned else Severity.NOTE,
            bytes=size,
            optimizer=training.optimizer,
        )


_SAVES = {
    "keras": 'save it for deployment with model.optimizer = None; model.save("model.keras")',
    "keras-h5": 'save it for deployment with model.save("model.h5", include_optimizer=False)',
}
"""Format to the call that leaves the state out; tried with Keras 3.15."""
