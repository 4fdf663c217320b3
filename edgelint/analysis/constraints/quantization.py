"""Scales and zero points, as tables limit them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgelint.analysis.constraints.use import Check, Use
from edgelint.analysis.operands import Operand
from edgelint.ir.quantization import Quantization


def _known(operand: Operand) -> Quantization | None:
    """Its one scale and zero point; None where it has none, several, or only predicted ones."""
    found = operand.value.quantization
    if found is None or not found.calibrated or len(found.scale) != 1 or found.scale[0] <= 0:
        return None
    return found


def scale_of(operand: Operand) -> float | None:
    """Its one known scale; None where it has none, several, or only a predicted one."""
    found = _known(operand)
    return found.scale[0] if found else None


def _ratio(use: Use, asked: Any) -> str | None:
    """`input_over_output_scale` of each input."""
    below = scale_of(use.results[0]) if use.results else None
    for operand in use.maps:
        above = scale_of(operand)
        if above is not None and below is not None and not asked[0] <= above / below < asked[1]:
            return f"has scales in ratio {above / below:.4g}; {asked[0]:g} to {asked[1]:g}"
    return None


def _product_ratio(use: Use, asked: Any) -> str | None:
    scales = [scale_of(operand) for operand in (*use.maps[:2], *use.results[:1])]
    if len(scales) < 3 or any(scale is None for scale in scales):
        return None
    one, other, below = (scale or 1.0 for scale in scales)
    ratio = one * other / below
    if asked[0] <= ratio < asked[1]:
        return None
    return f"has scales in ratio {ratio:.4g}; {asked[0]:g} to {asked[1]:g}"


def _per_axis(use: Use, allowed: Any) -> str | None:
    if allowed:
        return None
    for operand in use.operands:
        if operand.value.quantization is not None and operand.value.quantization.is_per_channel:
            count = len(operand.value.quantization.scale)
            return f"has {operand} with {count} scales; only one scale for the whole tensor"
    return None


def _per_axis_dim(use: Use, axis: Any) -> str | None:
    for operand in use.of("filter"):
        found = operand.value.quantization
        if found and found.is_per_channel and found.axis is not None and found.axis != axis:
            return f"has {operand} with scales along axis {found.axis}; along axis {axis}"
    return None


def _same_as_output(use: Use, asked: Any) -> str | None:
    """`inputs_output_same_quant`: the kernel compares stored integers."""
    made = _known(use.results[0]) if use.results else None
    for operand in use.maps:
        read = _known(operand)
        if made and read and (read.scale, read.zero_point) != (made.scale, made.zero_point):
            return f"has {operand} with another scale or zero point than its output; only equal ones"
    return None


def _same_uint8(use: Use, asked: Any) -> str | None:
    labels = {operand.label for operand in use.maps}
    return _same_as_output(use, asked) if labels == {"uint8"} else None


def _needed(use: Use, asked: Any) -> str | None:
    """`quant_params_required`: every narrow integer that it works on has a scale."""
    if not asked:
        return None
    return unscaled((*use.maps, *use.results))


NARROW = ("int8", "uint8", "int16")
"""Types that stand for reals; wider integers without a scale count as themselves (seen with Vela 5.2)."""


def unscaled(operands: Iterable[Operand]) -> str | None:
    """What is wrong with the first narrow integer without a scale; None when all have one."""
    for operand in operands:
        found = operand.value.quantization
        if operand.label in NARROW and (
            found is None or (not found.scale and found.scale_value is None and found.calibrated)
        ):
            return f"has {operand} without scale and zero point; only with them"
    return None


def _rhs_zero(use: Use, asked: Any) -> str | None:
    operand = next(use.of("rhs"), None)
    found = _known(operand) if operand is not None and operand.label == "int8" else None
    if operand is None or found is None or set(found.zero_point) <= {asked}:
        return None
    return f"has {operand} with zero point {found.zero_point[0]}; exactly {asked}"


def _zero_point(use: Use, asked: Any) -> str | None:
    """The zero point of ONNX's QuantizeLinear and DequantizeLinear, where the file states it."""
    for operand in use.operands:
        found = _known(operand)
        if found is not None and any(point != asked for point in found.zero_point):
            return f"has {operand} with zero point {found.zero_point[0]}; exactly {asked}"
    return None


CHECKS: dict[str, Check] = {
    "quant_params_required": _needed,
    "per_axis_quant": _per_axis,
    "per_axis_dim": _per_axis_dim,
    "inputs_output_same_quant": _same_as_output,
    "uint8_inputs_same_quant_as_output": _same_uint8,
    "rhs_int8_zero_point": _rhs_zero,
    "zero_point": _zero_point,
    "input_over_output_scale": _ratio,
    "input_product_over_output_scale": _product_ratio,
}
