"""EL909."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity

_CONTAINERS = {
    ("keras-h5", ".keras"): ("HDF5", ".h5"),
    ("keras", ".h5"): ("a Keras 3 zip archive", ".keras"),
    ("keras", ".hdf5"): ("a Keras 3 zip archive", ".keras"),
}
"""Format and suffix that don't belong together: what the file holds, and the suffix for it."""


class WrongContainer(Rule):
    """A Keras file whose suffix stands for the other of Keras's two containers.

    ## Why it matters
    Keras goes by the suffix: `.keras` is opened as a zip archive, `.h5` and `.hdf5` as HDF5.
    `keras.models.load_model` of Keras 3 refuses an HDF5 file that is called `.keras` and says that
    it can't be found. Such files come from Keras 2 before 2.13, which wrote HDF5 under other
    suffixes, and from renaming. edgelint goes by the content and reads both.

    ## What to do
    Rename the file to the suffix of its container; or load it and save it again with
    `model.save("model.keras")`.
    """

    code = "EL909"
    name = "wrong-container"
    severity = Severity.WARNING
    needs = ("keras",)

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", weight="float32[8,2]")
        .from_format("keras-h5")
        .named("model.h5")
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[8,2]")
            .from_format("keras-h5")
            .named("model.keras"),
            "holds HDF5 under the suffix .keras, which Keras 3 does not load",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The file, where its suffix and content differ."""
        suffix = Path(context.model.path).suffix.lower()
        known = _CONTAINERS.get((context.model.format, suffix))
        if known is not None:
            content, right = known
            yield self.finding(
                f"holds {content} under the suffix {suffix}, which Keras 3 does not load",
                hint=f"rename it to {right}, or save it again with model.save",
            )
