"""EL900."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class InternalFailure(Refusal, Rule):
    """A fault in edgelint or in a rule pack, not in the model.

    ## Why it matters
    Some part of edgelint met something its authors had not thought of. The model was not judged,
    so that nothing can be said of it, good or bad; the other files of the run were.

    ## What to do
    Report it with the message and, if you may, the model. Where the message names a rule,
    `--ignore` that rule's code to go on without it.
    """

    code = "EL900"
    name = "internal-failure"
    severity = Severity.ERROR
