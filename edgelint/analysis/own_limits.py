"""Limits that a user sets of their own, and the figures that are held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from edgelint.analysis.figure import Basis, Figure
from edgelint.deferred import dataclass, replace

if TYPE_CHECKING:
    from edgelint.context import Context

FIGURES: Mapping[str, tuple[str, str]] = {
    "arena": ("the arena", "bytes"),
    "flash": ("flash", "bytes"),
    "macs": ("the MACs", ""),
    "parameters": ("the parameters", ""),
    "model-file": ("the model file", "bytes"),
    "peak-activation": ("the peak of live activations", "bytes"),
}
"""Figures that may be limited in growth: their words in a sentence, and their unit."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a model once was. values: figure to number, without those that were not known then.

    at_least: figures of which only a lower bound was known.
    """

    values: Mapping[str, int] = field(default_factory=dict)
    at_least: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model may be, apart from what its target has room for. None and {}: no limit.

    parameters: how many there may be. arena: bytes. growth: figure to percent beyond what was recorded.
    record: name of the file that was asked, "" for none. recorded: what it has about this model on this
    target, None where it has no entry.
    """

    parameters: int | None = None
    arena: int | None = None
    growth: Mapping[str, float] = field(default_factory=dict)
    record: str = ""
    recorded: Recorded | None = None

    def __str__(self) -> str:
        """The limits for a reader: "--arena 4096"."""
        flags = {"parameters": self.parameters, "arena": self.arena}
        parts = [f"--{name} {limit}" for name, limit in flags.items() if limit is not None]
        parts += [f"growth of {name} {percent:g} %" for name, percent in self.growth.items()]
        if self.recorded is not None:
            known = [
                f"{name} {'at least ' * (name in self.recorded.at_least)}{value}"
                for name, value in self.recorded.values.items()
            ]
            parts.append(f"recorded {', '.join(known) or 'without figures'}")
        return "; ".join(parts)


def measured(context: Context) -> Mapping[str, Figure]:
    """All of `FIGURES` of the model in `context`, as they are now."""
    arena, flash, cost = context.memory.arena, context.memory.flash, context.cost
    whole = context.model.complete
    found = {
        "arena": Figure(arena.minimum, arena.basis, reason=arena.reason),
        "flash": Figure(flash.value, flash.basis, reason=flash.reason),
        "macs": cost.macs,
        "parameters": Figure(
            context.stored.parameters,
            Basis.EXACT if whole else Basis.BOUND,
            reason="" if whole else "not all of its layers are known",
        ),
        "model-file": Figure(context.model.file_bytes),
        "peak-activation": cost.peak_activation,
    }
    return {
        name: replace(figure, basis=Basis.UNKNOWN) if figure.value is None else figure
        for name, figure in found.items()
    }
