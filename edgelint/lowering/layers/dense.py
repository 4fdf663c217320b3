"""Dense layers, products and look-ups."""

from __future__ import annotations

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Draft, Edge, Unpredictable
from edgelint.lowering.layers.activations import activate
from edgelint.lowering.site import Site, lowers


def dense(draft: Draft, edge: Edge, units: int, role: str = "kernel") -> Edge:
    """A dense layer without bias over the last dim of `edge`."""
    shape = (*edge.shape[:-1], units)
    before = draft.maker.get(edge)
    if before is not None and before.kind == "FULLY_CONNECTED" and len(shape) > 2:
        raise Unpredictable("follows a dense layer without bias, with which the converter flattens it")
    weights = draft.weight((units, edge.shape[-1]), role)
    return draft.emit("FULLY_CONNECTED", [edge, weights, None], shape, keep_num_dims=len(shape) > 2)


@lowers("Gemm")
def dense_layer(site: Site) -> Edge:
    """Keras's Dense."""
    if site.kind != "Dense":
        raise Unpredictable("is no plain Dense layer")
    kernel = site.weight("kernel")
    edge = dense(site.draft, site.input, kernel[1])
    if site.has_bias:
        edge = site.draft.binary("ADD", edge, site.draft.weight((kernel[1],), "bias"))
    return activate(site.draft, edge, site.node.activation)


@lowers("Einsum")
def einsum_dense(site: Site) -> Edge:
    """Keras's EinsumDense, where it is a dense layer over the last dim."""
    equation = str(site.attributes.get("equation", "")).replace(" ", "").replace("...", "")
    left, _, made = equation.partition("->")
    read, _, kernel = left.partition(",")
    plain = len(kernel) == 2 and read[-1:] == kernel[0] and made == read[:-1] + kernel[1]
    if not plain:
        raise Unpredictable(f"multiplies by {equation}, whose conversion is not known here")
    units = site.weight("kernel")[1]
    edge = dense(site.draft, site.input, units)
    if site.has_bias:
        edge = site.draft.binary("ADD", edge, site.draft.weight((units,), "bias"))
    return activate(site.draft, edge, site.node.activation)


@lowers("Gather")
def embedding(site: Site) -> Edge:
    """Keras's Embedding: negative indices count from the end, as Keras 3 has them."""
    if site.node.source.op != "Embedding":
        raise Unpredictable("looks up in a way whose conversion is not known here")
    draft, table = site.draft, site.weight("embeddings")
    index = site.input
    if index.dtype is not DType.INT32:
        index = draft.emit("CAST", [index], index.shape, DType.INT32)
    negative = draft.binary("LESS", index, draft.scalar(0, DType.INT32), DType.BOOL)
    wrapped = draft.binary("ADD", index, draft.scalar(table[0], DType.INT32))
    chosen = draft.emit("SELECT", [negative, wrapped, index], index.shape, DType.INT32)
    weights = draft.weight(table, "embeddings")
    return draft.emit("GATHER", [weights, chosen], (*index.shape, table[1]), DType.FLOAT32)
