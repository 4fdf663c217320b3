"""RAM and flash that a model takes on a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgelint.analysis.figure import Basis
from edgelint.deferred import dataclass, replace
from edgelint.ir.model import Model
from edgelint.printable import printable
from edgelint.targets import Target

if TYPE_CHECKING:
    from edgelint.analysis.cost.measure import Cost
    from edgelint.analysis.quantization.requantize import Outcome
    from edgelint.analysis.support.judge import Support
    from edgelint.analysis.tflm.layout import Layout


SHOWN = 3
"""Operators named in a reason before the rest is counted."""


@dataclass(frozen=True, slots=True)
class Arena:
    """RAM for activations and the runtime's records, in bytes; None where it is not known.

    value: what the runtime reports as used: head (planned tensors and scratch) + tail (what stays).
    minimum: the smallest arena that loads the model; can be more than `value`.
    reason: why the figure is not exact, a phrase; else "".
    unmodelled: operators, by the file's names, whose memory is not known and not in the figure.
    layout: where each tensor lies and when it is needed; None where that was not planned.
    """

    value: int | None = None
    basis: Basis = Basis.UNKNOWN
    head: int | None = None
    tail: int | None = None
    minimum: int | None = None
    reason: str = ""
    unmodelled: tuple[str, ...] = ()
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Flash:
    """Flash for model, runtime and kernels, in bytes; None where it is not known.

    reason: why the figure is not exact, and its known error.
    unmodelled: operators, by the file's names, whose kernel's size is not known and not in the figure.
    """

    value: int | None = None
    basis: Basis = Basis.UNKNOWN
    model: int | None = None
    runtime: int | None = None
    kernels: int | None = None
    reason: str = ""
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a model takes on a target."""

    arena: Arena
    flash: Flash


def estimate(
    model: Model,
    deployment: Model | None,
    target: Target | None,
    cost: Cost,
    support: Sequence[Support] = (),
    quantization: Outcome | None = None,
) -> Memory:
    """The memory `model` takes on `target`, whose runtime executes `deployment`.

    support: what the runtime says to the nodes of `deployment`. quantization: what came of the one
    that was asked for.
    """
    if target is None:
        return Memory(Arena(reason="no target was given"), Flash(reason="no target was given"))
    if quantization and not quantization.certain:
        return Memory(Arena(reason=quantization.remark), Flash(reason=quantization.remark))
    if not target.runtime.formats:
        reason = f"edgelint does not know {target.runtime.title}"
        return Memory(Arena(reason=reason), Flash(reason=reason))
    if target.runtime.memory_model != "tflm":
        return Memory(_by_liveness(target, cost), _model_alone(model, target))
    if deployment is None:
        reason = f"what a converter makes of this {model.format} file is not predicted"
        return Memory(Arena(reason=reason), Flash(reason=reason))
    from edgelint.analysis.tflm.arena import plan_arena
    from edgelint.analysis.tflm.flash import link_flash

    arena, flash = plan_arena(deployment, target), link_flash(deployment, target)
    assumed = quantization.assumed if quantization else ""
    converted = "" if deployment.format == model.format else "after conversion"
    doubts = [word for word in (assumed, converted, _refused(target, support)) if word]
    if doubts and arena.basis is Basis.EXACT:
        arena = replace(arena, basis=Basis.PREDICTED, reason="; ".join(doubts))
    return Memory(arena, flash)


def _refused(target: Target, support: Sequence[Support]) -> str:
    """The condition under which an arena would be allocated at all, when the runtime refuses the model."""
    refused = {printable(judged.node.source.op): None for judged in support if judged.supported is False}
    if not refused:
        return ""
    shown = [*refused][:SHOWN] + [f"{len(refused) - SHOWN} more"] * (len(refused) > SHOWN)
    words = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    return f"if {target.runtime.title} took {words}"


def _by_liveness(target: Target, cost: Cost) -> Arena:
    """No allocator can do with less than what is alive at once; what it takes beyond is not modelled."""
    peak = cost.peak_activation
    if peak.value is None:
        return Arena(reason=peak.reason or "the peak of live activations is not known")
    reason = f"{target.runtime.title}'s allocator is not modelled: this is the peak of live activations alone"
    return Arena(value=peak.value, basis=Basis.BOUND, minimum=peak.value, reason=reason)


def _model_alone(model: Model, target: Target) -> Flash:
    if target.flash is None or not model.file_bytes:
        return Flash(reason="the target sets no limit to it")
    reason = f"the size of {target.runtime.title} is not known: this is the model file alone"
    return Flash(value=model.file_bytes, basis=Basis.BOUND, model=model.file_bytes, reason=reason)
