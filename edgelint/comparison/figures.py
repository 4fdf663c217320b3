"""What a model costs, before and after."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.report import Profile, Report


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure of both models; None where it is unknown. unit: "bytes" or "". sure: both are exact."""

    name: str
    old: int | None
    new: int | None
    unit: str
    sure: bool

    @property
    def differs(self) -> bool:
        """Whether both are known and not the same."""
        return self.old is not None and self.new is not None and self.old != self.new

    def grows(self, percent: float = 0.0) -> bool:
        """Whether it grew by more than `percent`."""
        return self.old is not None and self.new is not None and self.new > self.old * (1 + percent / 100)


def figures(old: Report, new: Report) -> tuple[FigureChange, ...]:
    """All figures of a report; arena and flash where there is a target."""
    if old.profile is None or new.profile is None:
        return ()
    before, after = _figures(old.profile), _figures(new.profile)
    shown = [name for name in before if new.target is not None or name not in ("arena", "flash")]
    return tuple(
        FigureChange(name, before[name][0], after[name][0], _UNITS[name], before[name][1] and after[name][1])
        for name in shown
    )


_UNITS = {
    "arena": "bytes",
    "flash": "bytes",
    "peak activation": "bytes",
    "MACs": "",
    "element ops": "",
    "parameters": "",
    "model file": "bytes",
}


def _figures(profile: Profile) -> dict[str, tuple[int | None, bool]]:
    """Name to value and whether it is exact."""
    arena = profile.arena_bytes
    least = arena.value if arena.minimum is None else arena.minimum
    known = {
        "arena": (least, arena.basis),
        "flash": (profile.flash_bytes.value, profile.flash_bytes.basis),
        "peak activation": (profile.peak_activation_bytes.value, profile.peak_activation_bytes.basis),
        "MACs": (profile.macs.value, profile.macs.basis),
        "element ops": (profile.element_ops.value, profile.element_ops.basis),
    }
    found = {name: (value, basis.value == "exact") for name, (value, basis) in known.items()}
    return found | {"parameters": (profile.parameters, True), "model file": (profile.model_bytes, True)}
