"""EL901."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class UnreadableFile(Refusal, Rule):
    """A file that cannot be read as a model.

    ## Why it matters
    It is not there, or is cut off, damaged, or of a kind that edgelint does not know. The message
    names the field and the place where reading came to an end. A runtime on a device mostly has
    no such check: a damaged TFLite file there is a crash, not a message.

    ## What to do
    Compare the file's size and checksum with the original, and copy or download it again (in
    binary mode); or export the model once more. If a runtime reads the file and edgelint does
    not, please report it.
    """

    code = "EL901"
    name = "unreadable-file"
    severity = Severity.ERROR
