"""How stored integers stand for real numbers."""

from __future__ import annotations

from edgelint.deferred import dataclass


@dataclass(frozen=True, slots=True)
class Quantization:
    """Affine quantization: real = scale · (stored - zero_point).

    One scale means per-tensor; several mean per-channel along `axis`. With `block_size` above 0
    each run of that many elements along `axis` has a scale of its own, and the scales live in the
    value named `scale_value` (TFLite blockwise) rather than in `scale`.
    calibrated: False where a quantization is predicted: how many scales there will be is known,
    what they are is not.
    """

    scale: tuple[float, ...] = ()
    zero_point: tuple[int, ...] = ()
    axis: int | None = None
    block_size: int = 0
    scale_value: str | None = None
    calibrated: bool = True

    @property
    def is_per_channel(self) -> bool:
        """Whether more than one scale is stored."""
        return len(self.scale) > 1
