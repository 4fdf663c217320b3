"""EL900."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class InternalFailure(Refusal, Rule):
    """A fault in edgelint or in a rule pack, not in the model.

    ## Why it matters
    Some part of edgelint met something its authors had not thought of. Where the message names a rule or
    a rule pack, nothing is known of what that looks for, and the rest of the report holds; else the model
    was not judged at all. The other files of the run were.

    ## What to do
    Report it with the message and, if you may, the model. `--ignore` the code of a rule that fails to go
    on without it; mend or uninstall a rule pack that cannot be loaded.
    """

    code = "EL900"
    name = "internal-failure"
    severity = Severity.ERROR
