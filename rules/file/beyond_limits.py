"""EL912."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class BeyondLimits(Refusal, Rule):
    """A file that takes more time, memory or structure than edgelint gives a model.

    ## Why it matters
    edgelint is run on files that nobody has looked at, so it answers within seconds and a bounded
    memory whatever a file says of itself. The largest networks have some ten thousand operators; a
    file with hundreds of thousands is mostly an export gone wrong: a loop written out step by step,
    or weights stored as nodes. No figure of such a model is shown rather than a guess.

    ## What to do
    Look at the export: keep loops as loops, store weights as initializers. If the model is what you
    meant and time or memory ran out, allow it more by the environment variables that the message
    names, such as `EDGELINT_MAX_SECONDS=60`. Limits on structure cannot be moved.
    """

    code = "EL912"
    name = "beyond-limits"
    severity = Severity.ERROR
