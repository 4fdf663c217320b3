"""Convolutions of images and sequences."""

from __future__ import annotations

from typing import Any

from edgelint.lowering.draft import Dims, Edge, Unpredictable
from edgelint.lowering.layers.activations import activate
from edgelint.lowering.site import Site, lowers

PADDING = {"VALID": "VALID", "SAME_UPPER": "SAME"}


@lowers("Conv")
def convolution(site: Site) -> Edge:
    """An ordinary, grouped or depthwise convolution."""
    if site.attributes.get("weight_layout", "")[-2:] == "OM":
        return _finished(site, _depthwise(site, _depthwise_kernel(site)))
    kernel = site.weight("kernel")
    if len(kernel) == 5:
        return _volume(site, kernel)
    given, restore = _as_image(site, _padded(site))
    shape = _as_image_shape(site, site.shape)
    weights = (kernel[-1], *_window(kernel[:-2]), kernel[-2])
    edge = site.draft.emit(
        "CONV_2D",
        [given, site.draft.weight(weights, "kernel"), site.draft.zeros(kernel[-1])],
        shape,
        **_options(site),
    )
    return _finished(site, _restored(site, edge, restore, site.shape))


@lowers("SeparableConv")
def separable(site: Site) -> Edge:
    """A depthwise convolution, then a 1×1 convolution."""
    draft, pointwise = site.draft, site.weight("pointwise_kernel")
    edge = _depthwise(site, site.weight("depthwise_kernel"), restored=False)
    shape = (*edge.shape[:-1], pointwise[-1])
    weights = draft.weight((pointwise[-1], 1, 1, pointwise[-2]), "pointwise_kernel")
    options: dict[str, Any] = {"padding": "VALID", "stride_w": 1, "stride_h": 1}
    edge = draft.emit("CONV_2D", [edge, weights, draft.zeros(pointwise[-1])], shape, **options)
    return _finished(site, _restored(site, edge, len(site.input.shape) == 3, site.shape))


@lowers("ConvTranspose")
def transposed(site: Site) -> Edge:
    """A transposed convolution."""
    kernel, draft = site.weight("kernel"), site.draft
    if len(kernel) == 5:
        raise Unpredictable("is a transposed convolution of a volume")
    site.needs("dilations", (1,) * (len(kernel) - 2))
    given, restore = _as_image(site, site.input)
    shape = _as_image_shape(site, site.shape)
    weights = draft.weight((kernel[-2], *_window(kernel[:-2]), kernel[-1]), "kernel")
    options = _options(site)
    if len(kernel) == 3:
        options["stride_h"] = 1
    edge = draft.emit("TRANSPOSE_CONV", [draft.known(shape), weights, given], shape, given.dtype, **options)
    return _finished(site, _restored(site, edge, restore, site.shape))


def _depthwise(site: Site, kernel: Dims, restored: bool = True) -> Edge:
    draft = site.draft
    given, restore = _as_image(site, _padded(site))
    channels, multiplier = kernel[-2], kernel[-1]
    options = _options(site)
    if len(kernel) == 3:
        options["stride_h"] = options["stride_w"]
    spatial = _spatial(site, given, kernel[:-2], options)
    edge = draft.emit(
        "DEPTHWISE_CONV_2D",
        [
            given,
            draft.weight((1, *_window(kernel[:-2]), channels * multiplier), "kernel"),
            draft.zeros(channels * multiplier),
        ],
        (given.shape[0], *spatial, channels * multiplier),
        depth_multiplier=multiplier,
        **options,
    )
    return _restored(site, edge, restore, site.shape) if restored else edge


def _depthwise_kernel(site: Site) -> Dims:
    """Keras 2 has another word for it."""
    return site.weight("kernel" if "kernel" in site.weights else "depthwise_kernel")


def _volume(site: Site, kernel: Dims) -> Edge:
    site.needs("group", 1)
    draft, strides = site.draft, site.attributes["strides"]
    if any(dilation != 1 for dilation in site.attributes["dilations"]):
        raise Unpredictable("is a dilated convolution of a volume")
    options = {f"stride_{letter}": stride for letter, stride in zip("dhw", strides, strict=True)}
    options["padding"] = _padding(site)
    edge = draft.emit("CONV_3D", [site.input, draft.weight(kernel, "kernel"), None], site.shape, **options)
    return _finished(site, edge)


def _finished(site: Site, edge: Edge) -> Edge:
    if site.has_bias:
        bias = site.draft.weight((edge.shape[-1],), "bias")
        edge = site.draft.binary("ADD", edge, bias)
    return activate(site.draft, edge, site.node.activation)


def _padded(site: Site) -> Edge:
    """The input; with its zeros in front for a causal convolution."""
    pads = site.attributes.get("pads")
    if pads is None or not any(pads):
        return site.input
    before, after = pads
    shape = (site.input.shape[0], site.input.shape[1] + before + after, site.input.shape[2])
    amounts = site.draft.known((0, 0, before, after, 0, 0), (3, 2))
    return site.draft.emit("PAD", [site.input, amounts], shape)


def _as_image(site: Site, edge: Edge) -> tuple[Edge, bool]:
    """A sequence as an image of one row, and whether it was a sequence."""
    layout = site.attributes.get("layout")
    if layout not in ("NHWC", "NWC"):
        raise Unpredictable(f"keeps its data as {layout}, which the converter turns round in its own way")
    rank = 4 if layout == "NHWC" else 3
    if len(edge.shape) != rank:
        raise Unpredictable(f"gets an input of rank {len(edge.shape)}")
    if layout == "NHWC":
        return edge, False
    return site.draft.reshape(edge, (edge.shape[0], 1, *edge.shape[1:])), True


def _as_image_shape(site: Site, shape: Dims) -> Dims:
    return (shape[0], 1, *shape[1:]) if len(shape) == 3 else shape


def _restored(site: Site, edge: Edge, restore: bool, shape: Dims) -> Edge:
    return site.draft.reshape(edge, shape) if restore else edge


def _window(kernel: Dims) -> Dims:
    return (1, *kernel) if len(kernel) == 1 else kernel


def _spatial(site: Site, given: Edge, kernel: Dims, options: dict[str, Any]) -> Dims:
    found = []
    for size, window, letter in zip(given.shape[1:3], _window(kernel), "hw", strict=True):
        stride, reach = options[f"stride_{letter}"], (window - 1) * options[f"dilation_{letter}_factor"] + 1
        if size == 1 and window == 1:
            found.append(1)
        elif options["padding"] == "SAME":
            found.append(-(-size // stride))
        else:
            found.append((size - reach) // stride + 1)
    return tuple(found)


def _options(site: Site) -> dict[str, Any]:
    strides = tuple(site.attributes.get("strides", (1, 1)))
    dilations = tuple(site.attributes.get("dilations", (1, 1)))
    strides, dilations = (1,) * (2 - len(strides)) + strides, (1,) * (2 - len(dilations)) + dilations
    options = {"padding": _padding(site), "stride_h": strides[0], "stride_w": strides[1]}
    if site.node.op != "ConvTranspose":
        options |= {"dilation_h_factor": dilations[0], "dilation_w_factor": dilations[1]}
    return options


def _padding(site: Site) -> str:
    return PADDING[site.attributes.get("auto_pad", "VALID")]
