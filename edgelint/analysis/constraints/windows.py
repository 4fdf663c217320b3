"""Kernels, strides, dilations, groups and padding of windowed operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from edgelint.analysis.constraints.use import Check, Use, one_of, whole

Numbers = Callable[[Use], "tuple[int, ...] | None"]


def _kernel(use: Use) -> tuple[int, ...] | None:
    return use.kernel


def _strides(use: Use) -> tuple[int, ...] | None:
    return use.strides


def _dilations(use: Use) -> tuple[int, ...] | None:
    return use.dilations


def _kernel_width(use: Use) -> tuple[int, ...] | None:
    return use.kernel[-1:] if use.kernel else None


def _kernel_height(use: Use) -> tuple[int, ...] | None:
    return use.kernel[-2:-1] if use.kernel else None


def _kernel_area(use: Use) -> tuple[int, ...] | None:
    return (math.prod(use.kernel),) if use.kernel else None


def _show(numbers: tuple[int, ...]) -> str:
    return "×".join(map(str, numbers))


def _limit(word: str, numbers: Numbers, low: bool = False, high: bool = False, below: bool = False) -> Check:
    """The check that each of `numbers` is at least, at most, or below what a table asks."""

    def check(use: Use, asked: Any) -> str | None:
        found = numbers(use)
        if not found or not isinstance(asked, int) or isinstance(asked, bool):
            return None
        if low and min(found) < asked:
            return f"has {word} {_show(found)}; at least {asked}"
        if high and max(found) > asked:
            return f"has {word} {_show(found)}; at most {asked}"
        if below and max(found) >= asked:
            return f"has {word} {_show(found)}; less than {asked}"
        return None

    return check


def _exactly(word: str, numbers: Numbers) -> Check:
    """The check that all of `numbers` equal one number, or all together a list."""

    def check(use: Use, asked: Any) -> str | None:
        found = numbers(use)
        if not found or isinstance(asked, (bool, str)):
            return None
        wanted = (asked,) * len(found) if isinstance(asked, int) else tuple(asked)
        return f"has {word} {_show(found)}; exactly {_show(wanted)}" if found != wanted else None

    return check


def _range(word: str, numbers: Numbers) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        found = numbers(use)
        if not found or (asked[0] <= min(found) and max(found) <= asked[1]):
            return None
        return f"has {word} {_show(found)}; {asked[0]} to {asked[1]}"

    return check


def _among(word: str, numbers: Numbers) -> Check:
    """The check that `numbers` are one of several, each a list or one number for all axes."""

    def check(use: Use, asked: Any) -> str | None:
        found = numbers(use)
        if not found:
            return None
        wanted = [tuple(each) if isinstance(each, list) else (each,) * len(found) for each in asked]
        if found in wanted:
            return None
        return f"has {word} {_show(found)}; {one_of([_show(each) for each in wanted])}"

    return check


def _stride_excluded(use: Use, refused: Any) -> str | None:
    found = use.strides
    if not found or not set(found) & set(refused):
        return None
    return f"has stride {_show(found)}; any but {one_of(refused)}"


def _wh_allowed(use: Use, asked: Any) -> str | None:
    """`stride_wh_allowed`: as width and height; more of them may come from conditions."""
    found = use.strides
    if not found or len(found) != 2 or [found[1], found[0]] in asked:
        return None
    # A stride along one axis alone has a condition of its own.
    if 1 in found and max(found) <= max(max(each) for each in asked):
        return None
    return f"has stride {_show(found)}; {one_of([_show(tuple(each)[::-1]) for each in asked])}"


def _kernel_stride(use: Use, asked: Any) -> str | None:
    kernel, stride = use.kernel, use.strides
    if not kernel or not stride or len({*kernel}) > 1 or len({*stride}) > 1:
        return None
    if [kernel[0], stride[0]] in asked:
        return None
    listed = one_of([f"{size} with {step}" for size, step in asked])
    return f"has kernel {kernel[0]} with stride {stride[0]}; {listed}"


def _stride_within_kernel(use: Use, asked: Any) -> str | None:
    kernel, stride = use.kernel, use.strides
    if not kernel or not stride or all(step <= size for step, size in zip(stride, kernel, strict=False)):
        return None
    return f"has stride {_show(stride)} with kernel {_show(kernel)}; strides up to the kernel's size"


def _stride_is_kernel(use: Use, asked: Any) -> str | None:
    kernel, stride = use.kernel, use.strides
    if not kernel or not stride or kernel == stride:
        return None
    return f"has stride {_show(stride)} with kernel {_show(kernel)}; only equal ones"


def _pointwise_stride(use: Use, asked: Any) -> str | None:
    kernel, stride = use.kernel, use.strides
    if not kernel or not stride or max(kernel) > 1 or max(stride) == 1:
        return None
    return f"has kernel {_show(kernel)} with stride {_show(stride)}; stride 1 for that kernel"


def _equal(word: str, numbers: Numbers) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        found = numbers(use)
        return f"has {word} {_show(found)}; equal ones only" if found and len({*found}) > 1 else None

    return check


def _dilated_stride(use: Use, asked: Any) -> str | None:
    if not use.dilations or max(use.dilations) == 1 or not use.strides or max(use.strides) == 1:
        return None
    return f"has dilation {_show(use.dilations)} with stride {_show(use.strides)}; stride 1 with dilation"


def _spatial(use: Use, asked: Any) -> str | None:
    """`spatial_dims`: how many axes a window or map has beside batch and channels."""
    shape = use.input.shape if use.input else None
    count = len(use.kernel) if use.kernel else len(shape) - 2 if shape is not None else None
    if count is None or count in asked:
        return None
    return f"works on {count} spatial dims; {one_of(asked)}"


def _groups(use: Use, asked: Any) -> str | None:
    found = use.attributes.get("group", 1)
    if not isinstance(found, int):
        return None
    channels = use.dim("C", use.input)
    listed = asked if isinstance(asked, list) else [asked]
    words = {"channels", "input_channels"} & {each for each in listed if isinstance(each, str)}
    if found in listed or (words and found == channels):
        return None
    return f"has {found} groups; {one_of([str(each).replace('_', ' ') for each in listed])}"


def _padding(use: Use, asked: Any) -> str | None:
    if isinstance(asked, str):
        found = use.padding
        if asked == "VALID" and not any(_pads(use) or [1]):
            return None
        return f"has padding {found}; {asked}" if found is not None and found != asked else None
    return _exactly("padding", _pads)(use, asked)


def _pads(use: Use) -> tuple[int, ...] | None:
    return whole(use.attributes.get("pads"))


def _negative_pads(use: Use, asked: Any) -> str | None:
    return _limit("padding", _pads, low=True)(use, asked)


def _symmetric(use: Use, asked: Any) -> str | None:
    pads = _pads(use)
    if not pads or pads[: len(pads) // 2] == pads[len(pads) // 2 :]:
        return None
    return f"has padding {_show(pads)}; equal padding on both sides"


CHECKS: dict[str, Check] = {
    "spatial_dims": _spatial,
    "kernel": _exactly("kernel", _kernel),
    "kernel_in": _among("kernel", _kernel),
    "kernel_range": _range("kernel", _kernel),
    "kernel_max": _limit("kernel", _kernel, high=True),
    "kernel_w_max": _limit("kernel width", _kernel_width, high=True),
    "kernel_h_max": _limit("kernel height", _kernel_height, high=True),
    "kernel_h_min": _limit("kernel height", _kernel_height, low=True),
    "kernel_area_max": _limit("kernel area", _kernel_area, high=True),
    "kernel_h": _exactly("kernel height", _kernel_height),
    "kernel_w": _exactly("kernel width", _kernel_width),
    "stride": _exactly("stride", _strides),
    "stride_in": _among("stride", _strides),
    "stride_range": _range("stride", _strides),
    "stride_min": _limit("stride", _strides, low=True),
    "stride_max": _limit("stride", _strides, high=True),
    "stride_lt": _limit("stride", _strides, below=True),
    "stride_excluded": _stride_excluded,
    "stride_wh_allowed": _wh_allowed,
    "stride_w_equals_h": _equal("stride", _strides),
    "stride_le_kernel": _stride_within_kernel,
    "stride_equals_kernel": _stride_is_kernel,
    "kernel_1x1_requires_stride_1": _pointwise_stride,
    "kernel_stride_in": _kernel_stride,
    "dilation": _exactly("dilation", _dilations),
    "dilation_range": _range("dilation", _dilations),
    "dilation_w_equals_h": _equal("dilation", _dilations),
    "dilation_requires_stride_1": _dilated_stride,
    "groups": _groups,
    "groups_in": _groups,
    "padding": _padding,
    "padding_in": _among("padding", _pads),
    "pads_min": _negative_pads,
    "paddings_min": _negative_pads,
    "symmetric_pads": _symmetric,
}
