"""EL704."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Option, Rule, Severity

LEAST_BYTES = 256 * 2**20
"""Unpacked bytes from which an archive can hurt: Keras reads a member as a whole."""

LEAST_RATIO = 100
"""Unpacked to packed bytes: text shrinks to a tenth, weights hardly, and deflate stops at 1:1032."""


class ArchiveBomb(Rule):
    """An archive that unpacks to far more than it is.

    ## Why it matters
    Some kilobytes of a zip can unpack to gigabytes of zeros. Whoever loads such a `.keras` file, or
    reads the label file behind such a `.tflite`, fills memory or disk until the process or the
    machine gives up. Weights don't shrink like that: trained ones by a tenth, sparse ones by some
    factor. An archive whose sizes no packing can reach is refused as it is read, with this code.

    ## What to do
    Do not load or unpack the file. If it is your own, save the model again with
    `model.save("model.keras")`: Keras stores weights unpacked. The ratio is compared with what deflate
    does to text and weights (RFC 1951 cannot go beyond 1:1032).
    """

    code = "EL704"
    name = "archive-bomb"
    severity = Severity.ERROR
    needs = ("attachments",)
    hint = "do not load or unpack it; save the model again if it is your own"

    options = {
        "least_bytes": Option(LEAST_BYTES, "unpacked bytes from which a member matters; a choice"),
        "least_ratio": Option(LEAST_RATIO, "unpacked to packed bytes that no model has; see the source"),
    }

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", weight="float32[8,2]")
        .with_attachment("archive member 'model.weights.h5'", nbytes=300_000_000, packed=270_000_000),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,2]", weight="float32[8,2]")
        .with_attachment("archive member 'assets/zeros'", nbytes=2_000_000, packed=2_000),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,2]", weight="float32[8,2]")
            .with_attachment("archive member 'model.weights.h5'", nbytes=4_294_967_296, packed=4_200_000),
            "archive member 'model.weights.h5' unpacks from 4 MiB to 4 GiB, 1,022 times as much",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each member that unpacks to more than a model's would."""
        least_bytes = context.option(self, "least_bytes")
        least_ratio = context.option(self, "least_ratio")
        for member in context.model.attachments:
            packed = max(member.packed, 1)
            if member.nbytes >= max(least_bytes, least_ratio * packed):
                yield self.finding(
                    f"{member.place} unpacks from {show_bytes(packed)} to {show_bytes(member.nbytes)}, "
                    f"{member.nbytes // packed:,} times as much",
                    packed=member.packed,
                    unpacked=member.nbytes,
                )
