"""Layers that move, cut, pad or repeat elements."""

from __future__ import annotations

from typing import Any

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.call import Call, Layer, layer, shown
from edgelint.loaders.keras.layers.convolution import LAYOUTS, channels_last
from edgelint.loaders.keras.layers.settings import ConfigProblem


@layer("Flatten")
def flatten_layer(call: Call) -> Layer:
    """Everything but the batch in one dim."""
    shape = call.shape
    output = None if shape is None else (shape[0] if shape else None, dims.product(shape[1:]))
    attributes: dict[str, Any] = {"axis": 1}
    if not channels_last(call.settings):
        attributes["layout"] = "channels_first"
    return Layer("Flatten", (output,), dtypes=(call.dtype,), attributes=attributes)


@layer("Reshape")
def reshape(call: Call) -> Layer:
    """Another shape for the same elements; the batch stays."""
    stored = call.settings.get("target_shape")
    if isinstance(stored, int):
        stored = [stored]
    if not isinstance(stored, (list, tuple)) or not all(isinstance(dim, int) for dim in stored or ()):
        raise ConfigProblem("target_shape is not a list of whole numbers")
    if sum(dim == -1 for dim in stored) > 1 or any(dim < -1 for dim in stored):
        raise ConfigProblem("target_shape has more than one free dim")
    shape = call.shape
    inner = dims.reshape(shape[1:] if shape is not None else None, stored)
    output: Shape = (shape[0] if shape else None, *inner)
    return Layer("Reshape", (output,), dtypes=(call.dtype,), attributes={"shape": (0, *stored)})


@layer("Permute")
def permute(call: Call) -> Layer:
    """The dims after the batch in another order."""
    stored = call.settings.get("dims")
    order = call.settings.ints("dims", len(stored)) if isinstance(stored, (list, tuple)) else ()
    if sorted(order) != list(range(1, len(order) + 1)) or not order:
        raise ConfigProblem("dims is not an order of the dims 1, 2, …")
    shape = call.ranked(len(order) + 1)
    perm = (0, *order)
    return Layer(
        "Transpose",
        (tuple(shape[axis] for axis in perm),),
        dtypes=(call.dtype,),
        attributes={"perm": perm},
    )


@layer("RepeatVector")
def repeat_vector(call: Call) -> Layer:
    """A vector, repeated as the steps of a sequence."""
    shape, count = call.ranked(2), call.settings.positive("n")
    return Layer(
        "Tile", ((shape[0], count, shape[1]),), dtypes=(call.dtype,), attributes={"repeats": (1, count, 1)}
    )


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(call: Call) -> Layer:
    """Zeros around the spatial dims."""
    rank = int(call.kind[-2])
    amounts = call.settings.pairs("padding", rank, 1)
    shape, first = call.ranked(rank + 2), _first(call)
    output = _moved(shape, first, [sum(pair) for pair in amounts])
    pads = [[0] * len(shape), [0] * len(shape)]
    for place, (before, after) in enumerate(amounts):
        pads[0][first + place], pads[1][first + place] = before, after
    attributes = {"pads": (*pads[0], *pads[1]), "mode": "constant", "layout": _layout(call, rank)}
    return Layer("Pad", (output,), dtypes=(call.dtype,), attributes=attributes)


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(call: Call) -> Layer:
    """The spatial dims with their edges cut off."""
    rank = int(call.kind[-2])
    amounts = call.settings.pairs("cropping", rank, 1)
    shape, first = call.ranked(rank + 2), _first(call)
    output = _moved(shape, first, [-sum(pair) for pair in amounts])
    if any(dim == 0 for dim in output[first : first + rank]):
        raise ConfigProblem(f"cuts everything off an input of shape {shown(shape)}")
    attributes = {
        "axes": tuple(range(first, first + rank)),
        "starts": tuple(before for before, _ in amounts),
        "ends": tuple(-after if after else 2**31 - 1 for _, after in amounts),
        "layout": _layout(call, rank),
    }
    return Layer("Slice", (output,), dtypes=(call.dtype,), attributes=attributes)


@layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
def upsampling(call: Call) -> Layer:
    """Each spatial element several times over, or interpolated between."""
    rank = int(call.kind[-2])
    key = "size" if "size" in call.settings.raw else "length"
    size = call.settings.sizes(key, rank, 2)
    shape, first = call.ranked(rank + 2), _first(call)
    output = list(shape)
    scales = [1.0] * len(shape)
    for place, factor in enumerate(size):
        output[first + place] = dims.times(shape[first + place], factor)
        scales[first + place] = float(factor)
    mode = call.settings.text("interpolation", "nearest")
    attributes = {"scales": tuple(scales), "mode": mode, "layout": _layout(call, rank)}
    return Layer("Resize", (tuple(output),), dtypes=(call.dtype,), attributes=attributes)


def _first(call: Call) -> int:
    return 1 if channels_last(call.settings) else 2


def _layout(call: Call, rank: int) -> str:
    return LAYOUTS[rank, channels_last(call.settings)]


def _moved(shape: Shape, first: int, amounts: list[int]) -> Shape:
    output: list[Dim] = list(shape)
    for place, amount in enumerate(amounts):
        output[first + place] = dims.plus(shape[first + place], amount)
    return tuple(output)
