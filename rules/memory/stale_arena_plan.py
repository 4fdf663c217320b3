"""EL209."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

if TYPE_CHECKING:
    from edgelint.analysis.tflm.offline_check import OfflineCheck

PERCENT, BYTES = 5, 1024
"""By how much, at least both, an offline plan's arena must be larger to be worth a word."""


class StaleArenaPlan(Rule):
    """A memory plan in the file that doesn't fit the model, or is worse than none.

    ## Why it matters
    The metadata entry OfflineMemoryAllocation tells the runtime where to put tensors, and it obeys. A
    plan for another number of tensors is refused, and the model with it. A plan that puts two tensors
    in one place while both are needed makes the outputs wrong without any error. Both happen when a
    file is edited, quantized or pruned after it was planned.

    ## What to do
    Make the plan anew, as the last step before the file is deployed, or remove the entry: the runtime
    then plans at load, and `edgelint check` says how much it needs.
    """

    code = "EL209"
    name = "stale-arena-plan"
    severity = Severity.ERROR
    needs = ("target",)
    hint = "plan the file anew as the last step, or remove the metadata entry OfflineMemoryAllocation"

    _RELUS = (
        chain("int8[1,4096]")
        .op("Relu", "int8[1,4096]", source="RELU")
        .op("Relu", "int8[1,4096]", source="RELU")
        .op("Add", "int8[1,4096]", source="ADD", reads=("relu_0", "relu_1"))
    )

    VALID = [
        _RELUS.on("cortex-m4"),
        _RELUS.planned(-1, -1, -1, -1).on("cortex-m4"),
        _RELUS.planned(0, 4096, 8192, 0).on("cortex-m4"),
        _RELUS.planned(0, 0, 4096, 8192).on("cortex-m4"),
    ]
    INVALID = [
        (
            _RELUS.planned(0, 4096).on("cortex-m4"),
            "the file's offline memory plan is for 2 tensors of 4: the runtime refuses to load it",
        ),
        (
            _RELUS.planned(0, 4096, 4096, 0).on("cortex-m4"),
            "the file's offline memory plan puts 'relu_1' where 'relu_0' still is: the outputs are wrong",
        ),
        (
            _RELUS.planned(0, 4096, 8192, 12288).on("cortex-m4"),
            "the file's offline memory plan needs 16,896 bytes of RAM, 4,096 more than the runtime's own",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding: refused, else overlapping, else larger than without it."""
        target, deployment = context.target, context.deployment
        if target is None or deployment is None or target.runtime.memory_model != "tflm":
            return
        if not deployment.metadata_buffers:
            return
        from edgelint.analysis.tflm.offline_check import check_offline_plan

        arena = context.memory.arena
        checked = check_offline_plan(deployment, target, arena)
        if checked is None:
            return
        if checked.problem:
            yield self.finding(f"{checked.problem}: the runtime refuses to load it")
        elif checked.clash is not None:
            earlier, later = checked.clash
            yield self.finding(
                f"the file's offline memory plan puts {printable(later.name)!r} where "
                f"{printable(earlier.name)!r} still is: the outputs are wrong",
                overlapping=[earlier.name, later.name],
                offsets=[earlier.offset, later.offset],
            )
        else:
            yield from self._larger(arena, checked)

    def _larger(self, arena: Arena, checked: OfflineCheck) -> Iterator[Finding]:
        """A warning when the runtime's own plan is smaller."""
        without = checked.online or Arena()
        online = without.minimum
        if online is None or arena.minimum is None or Basis.BOUND in (arena.basis, without.basis):
            return
        more = arena.minimum - online
        if more < BYTES or 100 * more < PERCENT * online:
            return
        yield self.finding(
            f"the file's offline memory plan needs {arena.minimum:,} bytes of RAM, "
            f"{more:,} more than the runtime's own",
            severity=Severity.WARNING,
            evidence=arena.basis,
            needed=arena.minimum,
            online=online,
        )
