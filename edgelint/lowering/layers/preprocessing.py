"""Preprocessing layers that are part of the model."""

from __future__ import annotations

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import Site, lowers


@lowers("Rescaling")
def rescaling(site: Site) -> Edge:
    """A factor and a term for all elements."""
    edge = site.input
    if edge.dtype is not DType.FLOAT32:
        edge = site.draft.emit("CAST", [edge], edge.shape, DType.FLOAT32)
    scaled = site.draft.binary("MUL", edge, site.draft.weight((), "scale"))
    if site.attributes.get("offset"):
        scaled = site.draft.binary("ADD", scaled, site.draft.weight((), "offset"))
    return scaled


@lowers("Normalization")
def normalization(site: Site) -> Edge:
    """Means taken off and a factor, per feature."""
    axes, draft, rank = site.attributes.get("axis", (-1,)), site.draft, len(site.input.shape)
    if {axis % rank for axis in axes} - {rank - 1}:
        raise Unpredictable("normalises other axes than the last")
    size = (1,) * (rank - 1) + ((site.input.shape[-1],) if axes else (1,))
    centred = draft.binary("SUB", site.input, draft.weight(size, "mean"))
    return draft.binary("MUL", centred, draft.weight(size, "factor"))
