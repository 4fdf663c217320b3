"""Pooling."""

from __future__ import annotations

from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.layers.convolution import PADDING
from edgelint.lowering.site import Site, lowers

_KINDS = {"MaxPool": "MAX_POOL_2D", "AveragePool": "AVERAGE_POOL_2D"}


@lowers(*_KINDS)
def pooling(site: Site) -> Edge:
    """The largest or the mean value in each window."""
    layout, draft = site.attributes["layout"], site.draft
    if layout not in ("NHWC", "NWC"):
        raise Unpredictable(f"pools over data kept as {layout}, which TFLite cannot")
    size, strides = site.attributes["kernel_shape"], site.attributes["strides"]
    sequence = layout == "NWC"
    edge, shape = site.input, site.shape
    if sequence:
        size, strides = (1, *size), (1, *strides)
        edge = draft.reshape(edge, (edge.shape[0], 1, *edge.shape[1:]))
        shape = (shape[0], 1, *shape[1:])
    edge = draft.emit(
        _KINDS[site.node.op],
        [edge],
        shape,
        padding=PADDING[site.attributes["auto_pad"]],
        stride_h=strides[0],
        stride_w=strides[1],
        filter_height=size[0],
        filter_width=size[1],
    )
    return draft.reshape(edge, site.shape) if sequence else edge


@lowers("GlobalAveragePool", "GlobalMaxPool")
def global_pooling(site: Site) -> Edge:
    """The largest or the mean value of each channel."""
    layout = site.attributes["layout"]
    if layout[-1] != "C":
        raise Unpredictable(f"pools over data kept as {layout}, which the converter turns round")
    axes = tuple(range(1, len(site.input.shape) - 1))
    kind = "MEAN" if site.node.op == "GlobalAveragePool" else "REDUCE_MAX"
    keep = bool(site.attributes.get("keepdims"))
    return site.draft.reduce(kind, site.input, axes, keep, scalar=len(axes) == 1)
