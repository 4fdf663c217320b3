"""Normalisations."""

from __future__ import annotations

from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import Site, lowers


@lowers("BatchNormalization")
def batch_normalization(site: Site) -> Edge:
    """A factor and a term per channel; the converter folds both where a layer with weights is before."""
    axis, rank = site.attributes.get("axis", -1), len(site.input.shape)
    if not isinstance(axis, int) or axis % rank != rank - 1:
        raise Unpredictable("normalises another axis than the last")
    draft, size = site.draft, (site.input.shape[-1],)
    scaled = draft.binary("MUL", site.input, draft.weight(size, "factor"))
    return draft.binary("ADD", scaled, draft.weight(size, "term"))


@lowers("CustomScaleLayer")
def scaled_branch(site: Site) -> Edge:
    """One tensor and a share of another, as keras.applications adds them."""
    left, right = site.inputs
    share = site.draft.binary("MUL", right, site.draft.scalar(float(site.attributes["scale"])))
    return site.draft.binary("ADD", left, share)


@lowers("LayerNormalization")
def layer_normalization(site: Site) -> Edge:
    """Normalisation of each sample over the last axis, as Keras 3 writes it out."""
    draft, edge = site.draft, site.input
    _last_axis(site)
    rank = len(edge.shape)
    size = (1,) * (rank - 1) + (edge.shape[-1],)
    mean = draft.reduce("MEAN", edge, (-1,), True)
    negative = draft.unary("NEG", mean)
    squares = draft.binary("SQUARED_DIFFERENCE", edge, mean)
    variance = draft.reduce("MEAN", squares, (-1,), True)
    shifted = draft.binary("ADD", variance, draft.scalar(float(site.attributes["epsilon"])))
    factor = draft.unary("RSQRT", shifted)
    if "gamma" in site.weights:
        factor = draft.binary("MUL", factor, draft.weight(size, "gamma"))
    term = draft.binary("MUL", negative, factor)
    if "beta" in site.weights:
        term = draft.binary("ADD", term, draft.weight(size, "beta"))
    return draft.binary("ADD", draft.binary("MUL", edge, factor), term)


@lowers("RMSNormalization")
def rms_normalization(site: Site) -> Edge:
    """Vectors divided by their root mean square."""
    draft, edge = site.draft, site.input
    _last_axis(site)
    mean = draft.reduce("MEAN", draft.unary("SQUARE", edge), (-1,), True)
    shifted = draft.binary("ADD", mean, draft.scalar(float(site.attributes["epsilon"])))
    scaled = draft.binary("MUL", edge, draft.unary("RSQRT", shifted))
    return draft.binary("MUL", scaled, draft.weight((edge.shape[-1],), "scale"))


@lowers("LpNormalization")
def unit_normalization(site: Site) -> Edge:
    """Vectors scaled to length 1."""
    draft, edge = site.draft, site.input
    if site.node.source.op != "UnitNormalization":
        raise Unpredictable("normalises in a way whose conversion is not known here")
    _last_axis(site)
    total = draft.reduce("SUM", draft.unary("SQUARE", edge), (-1,), True, scalar=True)
    factor = draft.binary("MINIMUM", draft.unary("RSQRT", total), draft.scalar(1e9))
    return draft.binary("MUL", edge, factor)


@lowers("GroupNormalization")
def group_normalization(site: Site) -> Edge:
    """Normalisation of groups of channels, each sample by itself."""
    draft, given = site.draft, site.input
    _last_axis(site)
    groups, channels = int(site.attributes["num_groups"]), given.shape[-1]
    split = (*given.shape[:-1], groups, channels // groups)
    rank = len(split)
    axes = (*range(1, rank - 2), rank - 1)
    size = (1,) * (rank - 2) + split[-2:]
    edge = draft.emit("RESHAPE", [given, draft.known((-1, *split[1:]))], split)
    mean = draft.reduce("MEAN", edge, axes, True)
    negative = draft.unary("NEG", mean)
    squares = draft.unary("SQUARE", draft.binary("SUB", edge, mean))
    variance = draft.reduce("MEAN", squares, axes, True)
    factor = draft.unary(
        "RSQRT", draft.binary("ADD", variance, draft.scalar(float(site.attributes["epsilon"])))
    )
    if "gamma" in site.weights:
        factor = draft.binary("MUL", factor, draft.weight(size, "gamma"))
    term = draft.binary("MUL", negative, factor)
    scaled = draft.binary("MUL", edge, factor)
    if "beta" in site.weights:
        term = draft.binary("ADD", term, draft.weight(size, "beta"))
    return draft.reshape(draft.binary("ADD", scaled, term), given.shape)


def _last_axis(site: Site) -> None:
    axis, rank = site.attributes.get("axis", -1), len(site.input.shape)
    if not isinstance(axis, int) or axis % rank != rank - 1:
        raise Unpredictable("normalises another axis than the last")
