"""Attention as the products it is made of."""

from __future__ import annotations

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Draft, Edge, Unpredictable
from edgelint.lowering.layers.dense import dense
from edgelint.lowering.site import Site, lowers

HIDDEN = -3.4e38
"""About the score of what a mask hides."""


@lowers("MultiHeadAttention")
def multi_head_attention(site: Site) -> Edge:
    """Attention with projections of query, key, value and result, in the converter's order."""
    if len(site.inputs) not in (2, 3) or any(len(edge.shape) != 3 for edge in site.inputs):
        raise Unpredictable("attends to something else than sequences, or under a mask")
    if len(site.node.outputs) > 1 or site.masked:
        raise Unpredictable("gives its scores as well, or attends under a mask of its input's")
    if tuple(site.attributes.get("attention_axes", (1,))) not in ((1,), (-2,)):
        raise Unpredictable("attends along axes of its own")
    draft, size = site.draft, int(site.attributes["key_dim"])
    query, value = site.inputs[0], site.inputs[1]
    key = site.inputs[2] if len(site.inputs) == 3 else value
    keys, queries = _heads(site, key, "key", size), _heads(site, query, "query", size)
    if site.attributes.get("dropout"):
        return _result(site, _with_dropout(site, keys, queries, _heads(site, value, "value", _width(site))))
    with draft.block():
        queries = draft.transpose(queries, (0, 2, 1, 3))
        scores = _product(draft, queries, draft.transpose(keys, (0, 2, 3, 1)))
    scores = draft.binary("MUL", scores, draft.scalar(size**-0.5))
    if site.attributes.get("use_causal_mask"):
        scores = _masked(draft, scores, _mask(draft, scores.shape))
    scores = draft.unary("SOFTMAX", scores, beta=1.0)
    values = _heads(site, value, "value", _width(site))
    with draft.block():
        values = draft.transpose(values, (0, 2, 1, 3))
        edge = draft.transpose(_product(draft, scores, values), (0, 2, 1, 3))
    return _result(site, edge)


def _width(site: Site) -> int:
    return int(site.attributes["value_dim"])


def _with_dropout(site: Site, keys: Edge, queries: Edge, values: Edge) -> Edge:
    """The heads' results, computed key by query; the scale goes into the weights of the queries."""
    draft = site.draft
    keys, queries = draft.transpose(keys, (0, 2, 1, 3)), draft.transpose(queries, (0, 2, 3, 1))
    scores = draft.transpose(_product(draft, keys, queries), (0, 1, 3, 2))
    causal = bool(site.attributes.get("use_causal_mask"))
    mask = _mask(draft, (1, 1, *scores.shape[2:]))
    with draft.inner("softmax_1"):
        scores = _masked(draft, scores, mask) if causal else scores
        scores = draft.unary("SOFTMAX", scores, beta=1.0)
        # Keras sets to zero what the mask hides once more.
        scores = _masked(draft, scores, mask, 0.0) if causal else scores
    made = _product(draft, scores, draft.transpose(values, (0, 2, 1, 3)))
    return draft.transpose(made, (0, 2, 1, 3))


def _mask(draft: Draft, shape: tuple[int, ...]) -> Edge:
    return Edge(shape, DType.BOOL, constant=True, label=f"{draft.label}/mask")


def _masked(draft: Draft, scores: Edge, mask: Edge, hidden: float = HIDDEN) -> Edge:
    """`scores` where the mask is true, elsewhere `hidden`."""
    inputs = [mask, scores, draft.scalar(hidden)]
    return draft.emit("SELECT_V2", inputs, scores.shape, DType.FLOAT32)


@lowers("Attention")
def dot_product_attention(site: Site) -> Edge:
    """Attention without projections: products of query and key, and of their softmax and the value."""
    _refuse_variants(site)
    if site.attributes.get("dropout"):
        raise Unpredictable("drops out scores, which is not known here")
    if len(site.inputs) not in (2, 3) or site.weights or any(len(edge.shape) != 3 for edge in site.inputs):
        raise Unpredictable("attends to something else than sequences, or in another way than by products")
    draft, (query, value) = site.draft, site.inputs[:2]
    key = site.inputs[2] if len(site.inputs) == 3 else value
    shape = (*query.shape[:2], key.shape[1])
    scores = draft.unary("SOFTMAX", draft.emit("BATCH_MATMUL", [query, key], shape, adj_y=True), beta=1.0)
    return _product(draft, scores, value)


@lowers("Dot")
def dot(site: Site) -> Edge:
    """Dot products of two tensors' rows."""
    draft, (left, right) = site.draft, site.inputs
    axes = tuple(axis % len(left.shape) for axis in site.attributes["axes"])
    if site.attributes.get("normalize") or {len(left.shape), len(right.shape)} not in ({2}, {3}):
        raise Unpredictable("normalises its rows, or joins tensors of other ranks than 2 and 3")
    if set(axes) != {len(left.shape) - 1}:
        raise Unpredictable("sums over other axes than the last")
    if len(left.shape) == 3:
        shape = (*left.shape[:2], right.shape[1])
        return draft.emit("BATCH_MATMUL", [left, right], shape, adj_y=True)
    batch, width = left.shape
    row, column = draft.reshape(left, (batch, 1, width)), draft.reshape(right, (batch, width, 1))
    return draft.reshape(_product(draft, row, column), site.shape)


def _refuse_variants(site: Site) -> None:
    if len(site.node.outputs) > 1:
        raise Unpredictable("gives its scores as well")
    if site.attributes.get("use_causal_mask") or site.masked:
        raise Unpredictable("attends under a mask")


def _result(site: Site, edge: Edge) -> Edge:
    draft, (batch, steps, heads, width) = site.draft, edge.shape
    joined = (batch, steps, heads * width)
    units = site.weight("output_dense/kernel")[-1]
    with draft.inner("attention_output_1"):
        with draft.block():
            edge = draft.emit("RESHAPE", [edge, draft.known((-1, *joined[1:]))], joined)
            edge = dense(draft, edge, units, "output_dense")
        if "output_dense/bias" in site.weights:
            edge = draft.binary("ADD", edge, draft.weight((units,), "output_dense/bias"))
    return edge


def _heads(site: Site, edge: Edge, role: str, size: int) -> Edge:
    draft, heads = site.draft, int(site.attributes["num_heads"])
    split = (*edge.shape[:2], heads, size)
    with draft.inner(f"{role}_1"), draft.block():
        made = dense(draft, edge, heads * size, f"{role}_dense")
        if f"{role}_dense/bias" in site.weights:
            made = draft.binary("ADD", made, draft.weight((heads * size,), f"{role}_dense/bias"))
        made = draft.emit("RESHAPE", [made, draft.known((-1, *split[1:]))], split)
    return made


def _product(draft: Draft, left: Edge, right: Edge) -> Edge:
    return draft.emit("BATCH_MATMUL", [left, right], (*left.shape[:-1], right.shape[-1]))
