"""The `conditions` of a row: constraints that bind in some cases only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgelint.analysis.constraints import CHECKS
from edgelint.analysis.constraints.axes import AXES
from edgelint.analysis.constraints.resizing import factors, permutation
from edgelint.analysis.constraints.shapes import axes_of
from edgelint.analysis.constraints.use import Use, labels, size_at

Case = Callable[[Use, Any], "bool | None"]
"""Whether a case is met, None where that cannot be told."""

ORDER = {key: place for place, key in enumerate(CHECKS)}
"""Place of each check in the order in which broken ones are named."""

CURRENT = {"android_api": 36, "runtime": 14}
"""Releases that are taken for granted where a table tells older ones apart."""


def bound(use: Use, conditions: list[Mapping[str, Any]]) -> tuple[dict[str, Any], ...] | None:
    """The constraints of the conditions that bind; None where one ends all checking.

    One that cannot be told is left out, and when it would end all checking it does.
    """
    found = []
    matched = False
    for condition in conditions:
        rest = {key: asked for key, asked in condition.items() if key != "when"}
        met = _met(use, condition["when"], matched)
        if rest.get("unconstrained"):
            if met is not False:
                return None
        elif met:
            matched = True
            found.append(rest)
    return tuple(found)


def broken(use: Use, asked: Mapping[str, Any]) -> Iterator[str]:
    """Each constraint in `asked` that the use breaks, as its check says it."""
    for key in sorted(asked.keys() & CHECKS.keys(), key=ORDER.__getitem__):
        phrase = CHECKS[key](use, asked[key])
        if phrase:
            yield phrase


def _met(use: Use, when: Mapping[str, Any], matched: bool) -> bool | None:
    verdicts = [
        not matched if name == "otherwise" else CASES[name](use, asked) for name, asked in when.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _listed(asked: Any) -> list[Any]:
    return asked if isinstance(asked, list) else [asked]


def _among(given: object, asked: Any) -> bool | None:
    return None if given is None else given in _listed(asked)


def _padding(use: Use, asked: Any) -> bool | None:
    return _among(use.padding, asked)


def _stride_above(use: Use, asked: Any) -> bool | None:
    return None if use.strides is None else max(use.strides, default=0) > asked


def _all_equal(numbers: tuple[int, ...] | None, asked: Any) -> bool | None:
    return None if not numbers else all(number == asked for number in numbers)


def _stride_wh(use: Use, asked: Any) -> bool | None:
    return None if use.strides is None else list(use.strides[::-1]) == asked


def _input_dtype(use: Use, asked: Any) -> bool | None:
    label = use.maps[0].label if use.maps else ""
    return label in labels(tuple(_listed(asked))) if label else None


def _quantized(use: Use, asked: Any) -> bool | None:
    dtype = use.input.dtype if use.input else None
    return None if dtype is None else dtype.is_integer is bool(asked)


def _constant(role: str) -> Case:
    def case(use: Use, asked: Any) -> bool | None:
        operand = next(use.of(role), None)
        return None if operand is None else use.is_constant(operand.value) == asked

    return case


def _reduces(use: Use, asked: Any) -> bool | None:
    axes, place = axes_of(use), use.axis(asked)
    return None if axes is None or place is None else place in axes


def _one_pixel(use: Use, asked: Any) -> bool | None:
    sizes = [use.dim(letter, use.input) for letter in "HW"]
    return None if None in sizes else sizes == [1, 1]


def _keeps_shape(use: Use, asked: Any) -> bool | None:
    shapes = [value.shape if value else None for value in (use.input, use.output)]
    return None if None in shapes else shapes[0] == shapes[1]


def _unequal_factors(use: Use, asked: Any) -> bool | None:
    scales = factors(use)
    return None if scales is None else scales[0] != scales[1]


def _permutation(use: Use, asked: Any) -> bool | None:
    order = permutation(use)
    # What four letters cannot say is none of the orders that a table spells in them.
    return order in _listed(asked) if order is not None or "perm" in use.attributes else None


def _outer_ones(use: Use, asked: Any) -> bool | None:
    shape = use.input.shape if use.input else None
    if shape is None:
        return None
    sizes = [size_at(shape, axis) for axis in range(len(shape) - 3)]
    return None if None in sizes else (all(size == 1 for size in sizes)) == asked


def _has_constant(use: Use, asked: Any) -> bool | None:
    return any(use.is_constant(operand.value) for operand in use.maps) is bool(asked)


def _attribute(name: str) -> Case:
    def case(use: Use, asked: Any) -> bool | None:
        return _among(use.attributes.get(name), asked)

    return case


def _older(release: str, inclusive: bool) -> Case:
    def case(use: Use, asked: Any) -> bool | None:
        return CURRENT[release] < asked or (inclusive and CURRENT[release] == asked)

    return case


def _depthwise(use: Use, asked: Any) -> bool | None:
    group = use.attributes.get("group")
    channels = use.dim("C", use.input)
    return None if not isinstance(group, int) or channels is None else (1 < group == channels) is asked


def _opset_from(use: Use, asked: Any) -> bool | None:
    opset = use.model.opsets.get(use.node.domain)
    return None if opset is None else opset >= asked


def _channels_above(use: Use, asked: Any) -> bool | None:
    channels = use.dim("C", use.input)
    return None if channels is None else channels > asked


def _untold(use: Use, asked: Any) -> bool | None:
    return None


CASES: dict[str, Case] = {
    "padding": _padding,
    "stride_gt": _stride_above,
    "stride": lambda use, asked: _all_equal(use.strides, asked),
    "kernel": lambda use, asked: _all_equal(use.kernel, asked),
    "kernel_le": lambda use, asked: None if not use.kernel else max(use.kernel) <= asked,
    "kernel_gt": lambda use, asked: None if not use.kernel else max(use.kernel) > asked,
    "stride_wh": _stride_wh,
    "input_dtype": _input_dtype,
    "dtype": _input_dtype,
    "quantized": _quantized,
    "weights_const": _constant("filter"),
    "B_const": _constant("B"),
    "has_const_input": _has_constant,
    "reduces_axis": _reduces,
    "input_hw": _one_pixel,
    "output_shape": _keeps_shape,
    "scale_w": _unequal_factors,
    "permutation": _permutation,
    "outer_axes_all_1": _outer_ones,
    "depthwise": _depthwise,
    "opset_ge": _opset_from,
    "align_corners": _attribute("align_corners"),
    "half_pixel_centers": _attribute("half_pixel_centers"),
    "coordinate_transformation_mode": _attribute("coordinate_transformation_mode"),
    "mode": _attribute("mode"),
    "keep_num_dims": _attribute("keep_num_dims"),
    "android_api_lt": _older("android_api", False),
    "android_api_le": _older("android_api", True),
    "runtime_le": _older("runtime", True),
    "axis": lambda use, asked: _reduces(use, AXES[asked]) if asked in AXES else None,
    "target": _untold,
    "accelerator_named": _untold,
    "channels_gt": _channels_above,
    "input_channels_gt": _channels_above,
}
"""Key of `when` to what decides it; keys that end in _lt, _le, _gt, _ge compare."""
