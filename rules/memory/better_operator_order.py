"""EL205."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import hedged
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Option, Rule, Severity

PERCENT = 5
"""Least share of the arena worth reordering for; below, the next version of the runtime may undo it.

Structure sizes drift by about 1 % from one version of TensorFlow Lite Micro to the next.
"""

BYTES = 1024
"""Least saving worth reordering for: the smallest step in which parts' RAM is sold."""

_BRANCHES = (
    chain("int8[1,1024]")
    .op("Conv", "int8[1,8192]", source="RELU")
    .op("Conv", "int8[1,8192]", source="RELU", reads=("input",))
    .op("Conv", "int8[1,16]", source="RELU", reads=("conv_0",))
    .op("Conv", "int8[1,16]", source="RELU", reads=("conv_1",))
    .op("Concat", "int8[1,32]", source="CONCATENATION", reads=("conv_2", "conv_3"))
)
_ONE_BY_ONE = (
    chain("int8[1,1024]")
    .op("Conv", "int8[1,8192]", source="RELU")
    .op("Conv", "int8[1,16]", source="RELU")
    .op("Conv", "int8[1,8192]", source="RELU", reads=("input",))
    .op("Conv", "int8[1,16]", source="RELU")
    .op("Concat", "int8[1,32]", source="CONCATENATION", reads=("conv_1", "conv_3"))
)


class BetterOperatorOrder(Rule):
    """Operators in an order that keeps more bytes alive at once than another order would.

    ## Why it matters
    The runtime runs operators in the order of the file. When branches are run in turns, the
    intermediate results of all of them are alive together; one branch after the other needs room for
    one. The better order computes the same numbers: it keeps every data dependency and every access
    to a variable in place, and was planned as the runtime plans it.

    ## What to do
    Store the operators of the first subgraph in the order that `data.order` gives by today's indices
    (`--format json` shows it): convert the file to JSON with `flatc`, move the entries of `operators`,
    convert it back. Building the branches one after the other in the source often does it too.
    """

    code = "EL205"
    name = "better-operator-order"
    severity = Severity.NOTE
    needs = ("target", "order")
    hint = "store the operators in the order that this finding's data gives (--format json)"
    options = {
        "percent": Option(PERCENT, "percent of the arena that another order must save"),
        "bytes": Option(BYTES, "bytes of the arena that another order must save"),
    }

    VALID = [
        _BRANCHES,
        _BRANCHES.on("onnxruntime-cpu"),
        _ONE_BY_ONE.on("cortex-m4"),
        chain("int8[1,1024]").op("Relu", "int8[1,8192]", source="RELU").on("cortex-m4"),
    ]
    INVALID = [
        (
            _BRANCHES.on("cortex-m4"),
            "needs 9,856 bytes of RAM in another order of operators, "
            "8,176 less than the 18,032 in the file's",
        ),
        (
            _BRANCHES.on("cortex-m4", ram=16384),
            "needs 9,856 bytes of RAM in another order of operators, 8,176 less than the 18,032 in the "
            "file's, and fits then",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding when a better order was found and matters; a warning when it makes the model fit."""
        target, deployment = context.target, context.deployment
        better = context.better_order
        if better is None or target is None or deployment is None:
            return
        before, after, ram = better.before.minimum or 0, better.after.minimum or 0, target.ram
        fits_now = ram is not None and after <= ram < before
        least, percent = context.option(self, "bytes"), context.option(self, "percent")
        if not fits_now and (better.saved < least or 100 * better.saved < percent * before):
            return
        nodes = deployment.main.nodes
        yield self.finding(
            f"needs {hedged(after, better.after.basis)} bytes of RAM in another order of operators, "
            f"{better.saved:,} less than the {before:,} in the file's" + ", and fits then" * fits_now,
            severity=Severity.WARNING if fits_now else None,
            evidence=better.after.basis,
            saved=better.saved,
            before=before,
            after=after,
            head_before=better.before.head,
            head_after=better.after.head,
            fewest_alive=better.proven,
            order=[nodes[place].source.index for place in better.order],
        )
