"""Pooling over windows, over everything, and to a fixed size."""

from __future__ import annotations

from typing import Any

from edgelint.ir import Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.call import Call, Layer, layer
from edgelint.loaders.keras.layers.convolution import LAYOUTS, PADDING, channels_last

_RANKS = ("1D", "2D", "3D")


@layer(*(f"{kind}Pooling{rank}" for kind in ("Max", "Average") for rank in _RANKS))
def window_pooling(call: Call) -> Layer:
    """The largest or the mean value in each window."""
    settings, rank = call.settings, int(call.kind[-2])
    key = "pool_size" if "pool_size" in settings.raw else "pool_length"
    size = settings.sizes(key, rank, 2)
    strides = settings.sizes("strides", rank) if settings.get("strides") is not None else size
    padding = settings.choice("padding", ("valid", "same"))
    shape, last = call.ranked(rank + 2), channels_last(settings)
    spatial = [
        dims.window(dim, size[i], strides[i], 1, padding)
        for i, dim in enumerate(shape[1:-1] if last else shape[2:])
    ]
    output = (shape[0], *spatial, shape[-1]) if last else (*shape[:2], *spatial)
    attributes: dict[str, Any] = {
        "kernel_shape": size,
        "strides": strides,
        "auto_pad": PADDING[padding],
        "layout": LAYOUTS[rank, last],
    }
    if call.kind.startswith("Max"):
        return Layer("MaxPool", (output,), dtypes=(call.dtype,), attributes=attributes)
    return Layer("AveragePool", (output,), attributes=attributes | {"count_include_pad": 0})


@layer(
    *(
        f"Global{kind}{word}{rank}"
        for kind in ("Max", "Average")
        for word in ("Pooling", "Pool")
        for rank in _RANKS
    )
)
def global_pooling(call: Call) -> Layer:
    """The largest or the mean value of each channel."""
    rank = int(call.kind[-2])
    shape, last = call.ranked(rank + 2), channels_last(call.settings)
    keep = call.settings.flag("keepdims", False)
    ones = (1,) * rank if keep else ()
    output: Shape = (shape[0], *ones, shape[-1]) if last else (*shape[:2], *ones)
    op = "GlobalMaxPool" if "Max" in call.kind else "GlobalAveragePool"
    return Layer(op, (output,), attributes={"keepdims": int(keep), "layout": LAYOUTS[rank, last]})


@layer(*(f"Adaptive{kind}Pooling{rank}" for kind in ("Max", "Average") for rank in _RANKS))
def adaptive_pooling(call: Call) -> Layer:
    """Pooling whose windows are chosen so that a fixed size comes out."""
    rank = int(call.kind[-2])
    size = call.settings.sizes("output_size", rank)
    shape, last = call.ranked(rank + 2), channels_last(call.settings)
    output = (shape[0], *size, shape[-1]) if last else (*shape[:2], *size)
    op = "AdaptiveMaxPool" if "Max" in call.kind else "AdaptiveAveragePool"
    attributes = {"output_size": size, "layout": LAYOUTS[rank, last]}
    return Layer(op, (output,), domain="keras", attributes=attributes)
