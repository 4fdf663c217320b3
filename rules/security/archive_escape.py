"""EL703."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class ArchiveEscape(Refusal, Rule):
    """An archive with a member that leaves its folder.

    ## Why it matters
    A `.keras` file is a zip archive. A member called `../../something` or `/something` is written
    outside of the folder to which it is unpacked, by tools that trust the name ("zip slip"): it
    can replace any file of the user. Keras writes no such names. edgelint unpacks nothing.

    ## What to do
    Do not load or unpack the file. If it is your own, save the model again with
    `model.save("model.keras")`.
    """

    code = "EL703"
    name = "archive-escape"
    severity = Severity.ERROR
