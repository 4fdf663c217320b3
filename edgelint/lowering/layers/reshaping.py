"""Layers that move, cut, pad or repeat elements."""

from __future__ import annotations

from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import Site, lowers


@lowers("Identity", "Dropout")
def nothing(site: Site) -> Edge:
    """Layers that do nothing at inference."""
    return site.input


@lowers("Flatten", "Reshape", "Unsqueeze", "Squeeze")
def reshape(site: Site) -> Edge:
    """Another shape for the same elements."""
    if site.attributes.get("layout") == "channels_first":
        raise Unpredictable("flattens data kept with channels first")
    return site.draft.reshape(site.input, site.shape)


@lowers("Transpose")
def transpose(site: Site) -> Edge:
    """The dims in another order."""
    return site.draft.transpose(site.input, tuple(site.attributes["perm"]))


@lowers("Pad")
def zero_padding(site: Site) -> Edge:
    """Zeros around the spatial dims."""
    site.needs("mode", "constant")
    pads = site.attributes["pads"]
    rank = len(pads) // 2
    amounts = [pads[place + rank * end] for place in range(rank) for end in (0, 1)]
    return site.draft.emit("PAD", [site.input, site.draft.known(amounts, (rank, 2))], site.shape)


@lowers("Slice")
def cropping(site: Site) -> Edge:
    """The spatial dims with their edges cut off."""
    if not site.node.source.op.startswith("Cropping"):
        raise Unpredictable("cuts in a way whose conversion is not known here")
    axes, draft, rank = site.attributes["axes"], site.draft, len(site.input.shape)
    begins, ends = [0] * rank, [0] * rank
    masks = [(1 << rank) - 1] * 2
    for axis, start, end in zip(axes, site.attributes["starts"], site.attributes["ends"], strict=True):
        begins[axis], ends[axis] = start, end if end < 0 else 0
        masks[0] &= ~(1 << axis)
        if end < 0:
            masks[1] &= ~(1 << axis)
    inputs = [site.input, draft.known(begins), draft.known(ends), draft.known([1] * rank)]
    return draft.emit("STRIDED_SLICE", inputs, site.shape, begin_mask=masks[0], end_mask=masks[1])


@lowers("Tile")
def repeat_vector(site: Site) -> Edge:
    """A vector, repeated as the steps of a sequence."""
    if site.node.source.op != "RepeatVector":
        raise Unpredictable("repeats in a way whose conversion is not known here")
    draft, (batch, width), count = site.draft, site.input.shape, site.shape[1]
    edge = draft.reshape(site.input, (batch, 1, 1, width))
    edge = draft.emit("TILE", [edge, draft.known((1, 1, count, 1))], (batch, 1, count, width))
    return draft.reshape(edge, site.shape)


@lowers("Resize")
def upsampling(site: Site) -> Edge:
    """Each spatial element several times over (TILE), or interpolated between."""
    if site.node.source.op == "Resizing":
        return resizing(site)
    if not site.node.source.op.startswith("UpSampling"):
        raise Unpredictable("resizes in a way whose conversion is not known here")
    mode, draft = site.attributes.get("mode"), site.draft
    if mode in ("bilinear", "linear") and site.attributes["layout"] == "NHWC":
        return _bilinear(site)
    if mode != "nearest" or site.attributes["layout"] not in ("NHWC", "NWC"):
        raise Unpredictable(f"interpolates by {mode}, whose conversion is not known here")
    edge = site.input
    for axis in range(1, len(site.shape) - 1):
        count = site.shape[axis] // edge.shape[axis]
        if count == 1:
            continue
        split = (*edge.shape[: axis + 1], 1, *edge.shape[axis + 1 :])
        tiled = (*edge.shape[: axis + 1], count, *edge.shape[axis + 1 :])
        repeats = [1] * len(split)
        repeats[axis + 1] = count
        joined = (*edge.shape[:axis], edge.shape[axis] * count, *edge.shape[axis + 1 :])
        edge = draft.emit("TILE", [draft.reshape(edge, split), draft.known(repeats)], tiled)
        edge = draft.reshape(edge, joined)
    return edge


def resizing(site: Site) -> Edge:
    """Keras's Resizing layer."""
    mode = site.attributes.get("mode", site.attributes.get("interpolation", "bilinear"))
    if len(site.shape) != 4 or site.attributes.get("layout", "NHWC") != "NHWC":
        raise Unpredictable("resizes something else than channels-last images")
    if mode in ("bilinear", "linear"):
        return _bilinear(site)
    if mode == "nearest":
        sizes = site.draft.known(site.shape[1:3])
        return site.draft.emit(
            "RESIZE_NEAREST_NEIGHBOR", [site.input, sizes], site.shape, half_pixel_centers=True
        )
    raise Unpredictable(f"interpolates by {mode}, whose conversion is not known here")


def _bilinear(site: Site) -> Edge:
    sizes = site.draft.known(site.shape[1:3])
    return site.draft.emit("RESIZE_BILINEAR", [site.input, sizes], site.shape, half_pixel_centers=True)
