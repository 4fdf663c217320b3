"""Convolutions: ordinary, transposed, depthwise, separable, locally connected."""

from __future__ import annotations

from typing import Any

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.activations import fused
from edgelint.loaders.keras.layers.call import Call, Layer, Weight, layer, shown
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings

LAYOUTS = {
    (1, True): "NWC",
    (2, True): "NHWC",
    (3, True): "NDHWC",
    (1, False): "NCW",
    (2, False): "NCHW",
    (3, False): "NCDHW",
}
"""Spatial dims and whether channels come last, to the name of the layout."""

PADDING = {"valid": "VALID", "same": "SAME_UPPER"}
"""Keras's padding word to ONNX's auto_pad."""


@layer("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D")
def convolution(call: Call) -> Layer:
    """An ordinary or grouped convolution."""
    rank, settings = _rank(call), call.settings
    last = channels_last(settings)
    filters, groups = settings.positive("filters"), settings.positive("groups", 1)
    shape = _at_least(call, rank + 2)
    channels = shape[-1 if last else -rank - 1]
    if isinstance(channels, int) and channels % groups:
        raise ConfigProblem(f"splits {channels} channels into {groups} groups")
    per_group = channels // groups if isinstance(channels, int) else (channels if groups == 1 else None)
    kernel = settings.sizes("kernel_size", rank)
    return Layer(
        "Conv",
        (slide(shape, settings, rank, filters),),
        weights=_weights(settings, [("kernel", (*kernel, per_group, filters))], filters),
        attributes=_attributes(settings, rank) | {"group": groups, "weight_layout": _spatial(rank) + "IO"},
        activation=fused(settings.get("activation")),
    )


@layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Convolution2DTranspose", "Deconvolution2D")
def transposed_convolution(call: Call) -> Layer:
    """A transposed convolution."""
    rank, settings = _rank(call), call.settings
    last, filters = channels_last(settings), settings.positive("filters")
    kernel, strides = settings.sizes("kernel_size", rank), settings.sizes("strides", rank, 1)
    dilations = settings.sizes("dilation_rate", rank, 1)
    extra = settings.ints("output_padding", rank) if settings.get("output_padding") is not None else None
    padding = settings.choice("padding", ("valid", "same"))
    shape = call.ranked(rank + 2)
    first = 1 if last else 2
    spatial = [
        dims.transposed(
            shape[first + i], kernel[i], strides[i], dilations[i], padding, extra[i] if extra else None
        )
        for i in range(rank)
    ]
    attributes = _attributes(settings, rank) | {"group": 1, "weight_layout": _spatial(rank) + "OI"}
    if extra:
        attributes["output_padding"] = extra
    return Layer(
        "ConvTranspose",
        (_assemble(shape[:1], spatial, filters, last),),
        weights=_weights(settings, [("kernel", (*kernel, filters, shape[-1 if last else 1]))], filters),
        attributes=attributes,
        activation=fused(settings.get("activation")),
    )


@layer("DepthwiseConv1D", "DepthwiseConv2D", "DepthwiseConvolution2D")
def depthwise_convolution(call: Call) -> Layer:
    """A convolution in which each channel has filters of its own."""
    rank, settings = _rank(call), call.settings
    last, multiplier = channels_last(settings), settings.positive("depth_multiplier", 1)
    shape = _at_least(call, rank + 2)
    channels = shape[-1 if last else -rank - 1]
    filters = dims.times(channels, multiplier)
    kernel = settings.sizes("kernel_size", rank)
    word = "depthwise_kernel" if call.keras < 3 else "kernel"
    return Layer(
        "Conv",
        (slide(shape, settings, rank, filters),),
        weights=_weights(settings, [(word, (*kernel, channels, multiplier))], filters),
        attributes=_attributes(settings, rank) | {"group": channels, "weight_layout": _spatial(rank) + "OM"},
        activation=fused(settings.get("activation")),
    )


@layer("SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D")
def separable_convolution(call: Call) -> Layer:
    """A depthwise convolution and a 1×1 convolution after it, in one layer."""
    rank, settings = _rank(call), call.settings
    last, filters = channels_last(settings), settings.positive("filters")
    multiplier = settings.positive("depth_multiplier", 1)
    shape = call.ranked(rank + 2)
    channels = shape[-1 if last else 1]
    kernels: list[tuple[str, Shape]] = [
        ("depthwise_kernel", (*settings.sizes("kernel_size", rank), channels, multiplier)),
        ("pointwise_kernel", (*(1,) * rank, dims.times(channels, multiplier), filters)),
    ]
    return Layer(
        "SeparableConv",
        (slide(shape, settings, rank, filters),),
        domain="keras",
        weights=_weights(settings, kernels, filters),
        attributes=_attributes(settings, rank) | {"depth_multiplier": multiplier},
        activation=fused(settings.get("activation")),
    )


@layer("LocallyConnected1D", "LocallyConnected2D")
def locally_connected(call: Call) -> Layer:
    """A convolution whose weights differ from place to place (Keras 1 and 2)."""
    rank, settings = _rank(call), call.settings
    last, filters = channels_last(settings), settings.positive("filters")
    shape = call.ranked(rank + 2)
    output = slide(shape, settings, rank, filters)
    out = output[1:-1] if last else output[2:]
    spatial = shape[1:-1] if last else shape[2:]
    channels, kernel = shape[-1 if last else 1], settings.sizes("kernel_size", rank)
    implementation = settings.whole("implementation", 1)
    stored: Shape
    if implementation == 1:
        stored = (dims.product(out), dims.product((*kernel, channels)), filters)
    elif implementation == 2:
        ends = ((channels,), (filters,))
        stored = (*spatial, *ends[0], *out, *ends[1]) if last else (*ends[0], *spatial, *ends[1], *out)
    else:
        places = dims.product((*out, *kernel))
        stored = (dims.times(places, dims.times(channels, filters)),)
    weights = [Weight("kernel", stored, "vars/0")]
    if settings.flag("use_bias", True):
        weights.append(Weight("bias", (*out, filters), "vars/1"))
    return Layer(
        "LocallyConnected",
        (output,),
        domain="keras",
        weights=tuple(weights),
        attributes=_attributes(settings, rank),
        activation=fused(settings.get("activation")),
    )


def channels_last(settings: Settings) -> bool:
    """Whether the layer keeps channels in the last dim."""
    word = settings.text("data_format", "channels_last")
    if word not in ("channels_last", "channels_first"):
        raise ConfigProblem(f"data_format is {word!r}, neither channels_last nor channels_first")
    return word == "channels_last"


def slide(shape: Shape, settings: Settings, rank: int, filters: Dim) -> Shape:
    """Output shape of a convolution over the last `rank` spatial dims."""
    last = channels_last(settings)
    kernel, strides = settings.sizes("kernel_size", rank), settings.sizes("strides", rank, 1)
    dilations = settings.sizes("dilation_rate", rank, 1)
    padding = settings.choice("padding", ("valid", "same", "causal"))
    spatial = shape[-rank - 1 : -1] if last else shape[-rank:]
    result = [dims.window(*each, padding) for each in zip(spatial, kernel, strides, dilations, strict=True)]
    return _assemble(shape[: -rank - 1], result, filters, last)


def _assemble(front: Shape, spatial: list[Dim], channels: Dim, last: bool) -> Shape:
    return (*front, *spatial, channels) if last else (*front, channels, *spatial)


def _attributes(settings: Settings, rank: int) -> dict[str, Any]:
    kernel = settings.sizes("kernel_size", rank)
    dilations = settings.sizes("dilation_rate", rank, 1)
    padding = settings.text("padding", "valid").lower()
    found: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": settings.sizes("strides", rank, 1),
        "dilations": dilations,
        "layout": LAYOUTS[rank, channels_last(settings)],
    }
    if padding == "causal":
        found["pads"] = ((kernel[0] - 1) * dilations[0], 0)
    else:
        found["auto_pad"] = PADDING[padding]
    return found


def _weights(settings: Settings, kernels: list[tuple[str, Shape]], filters: Dim) -> tuple[Weight, ...]:
    shapes = list(kernels)
    if settings.flag("use_bias", True):
        shapes.append(("bias", (filters,)))
    return tuple(Weight(name, shape, f"vars/{place}") for place, (name, shape) in enumerate(shapes))


def _at_least(call: Call, rank: int) -> Shape:
    """TensorFlow's convolutions take further dims in front of the batch's."""
    shape = call.shape
    if shape is None:
        return (None,) * rank
    if len(shape) < rank:
        raise ConfigProblem(f"takes an input of rank {rank}, and gets shape {shown(shape)}")
    return shape


def _rank(call: Call) -> int:
    return next(int(digit) for digit in call.kind if digit in "123")


def _spatial(rank: int) -> str:
    return "DHW"[3 - rank :]
