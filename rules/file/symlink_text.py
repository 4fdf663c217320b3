"""EL906."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class SymlinkText(Refusal, Rule):
    """The text of a symbolic link in place of the model.

    ## Why it matters
    Git was told, or had to, check out symbolic links as text files: what lies there is the path of
    the model, not the model. It happens on Windows and in archives.

    ## What to do
    Check the path it names; or enable links: `git config core.symlinks true`, then
    `git checkout -- <file>` (on Windows with developer mode on).
    """

    code = "EL906"
    name = "symlink-text"
    severity = Severity.ERROR
