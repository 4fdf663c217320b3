"""Work of attention operators.

With T queries and S keys per head: scores take T·S·d MACs, the weighted sum of values T·S·dv, for
every head of every sample; projections inside the operator are matrix products. Masked pairs count,
as for a causal mask. Element operations: SCORE_OPS per score.
"""

from __future__ import annotations

from collections.abc import Callable

from edgelint.analysis.cost.site import Site, Uncounted, unmodelled
from edgelint.deferred import dataclass
from edgelint.ir import Dim, Shape
from edgelint.ir.symbolic import Count

SCORE_OPS = 6
"""Scale, and softmax as five operations: maximum, difference, exponential, sum, quotient."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one call of attention does.

    scores: batch × heads × T × S. macs_per_score: d + dv. projections: MACs of its own matrices.
    ops_per_score: element operations on each score. biases: element operations of its projections.
    """

    scores: Count
    macs_per_score: Count
    projections: Count = 0
    ops_per_score: Count = SCORE_OPS
    biases: Count = 0


def macs(site: Site) -> Count:
    """The multiply-accumulates of an attention operator.

    Raises Uncounted for operators without a model, and where a size is not known.
    """
    work = _work(site)
    return work.scores * work.macs_per_score + work.projections


def element_ops(site: Site) -> Count:
    """The element operations of an attention operator."""
    work = _work(site)
    return work.scores * work.ops_per_score + work.biases


def _work(site: Site) -> Work:
    model = _MODELS.get((site.node.domain, site.node.op))
    if model is None:
        raise unmodelled(site)
    return model(site)


def _onnx(site: Site) -> Work:
    """ai.onnx Attention: Q, K, V as (B, heads, steps, d) or (B, steps, heads·d)."""
    query, value = site.shape(0), site.shape(2)
    batch, heads, steps, width = _split(site, query, "q_num_heads")
    _, _, keys, depth = _split(site, value, "kv_num_heads")
    past = _past(site, place=5, axis=2)
    return Work(site.product((batch, steps)) * heads * (site.size(keys) + past), width + depth)


def _multi_head(site: Site) -> Work:
    """com.microsoft MultiHeadAttention, with separate or packed keys and values."""
    heads, query = site.number("num_heads"), site.shape(0)
    if len(query) == 5:
        # Q, K and V packed as (B, T, heads, 3, d).
        scores = site.product((query[0], query[1], query[1])) * heads
        return Work(scores, 2 * site.size(query[4]))
    width = _part(site, site.dim(query, -1), heads)
    key = site.shape(1)
    if len(key) == 5:
        depth: Count = site.size(key[4])
    elif len(value := site.shape(2)) == 4:
        depth = site.size(value[3])
    else:
        depth = _part(site, site.dim(value, -1), heads)
    keys = site.size(site.dim(key, 2 if len(key) == 4 else 1)) + _past(site, place=6, axis=2)
    return Work(site.product(query[:2]) * heads * keys, width + depth)


def _group_query(site: Site) -> Work:
    """com.microsoft GroupQueryAttention: keys as in the present cache, which it returns."""
    heads, groups, query = site.number("num_heads"), site.number("kv_num_heads"), site.shape(0)
    width = _part(site, site.dim(query, -1), heads if site.has(1) else heads + 2 * groups)
    try:
        keys = site.size(site.dim(site.out(1), 2))
    except Uncounted:
        keys = site.size(site.dim(query, 1)) + _past(site, place=3, axis=2)
    return Work(site.product(query[:2]) * heads * keys, 2 * width)


def _projecting(site: Site) -> Work:
    """com.microsoft Attention and QAttention: one matrix makes Q, K and V of the input."""
    heads, query, weights = site.number("num_heads"), site.shape(0), site.shape(1)
    sizes = site.attributes.get("qkv_hidden_sizes")
    hidden = sizes if isinstance(sizes, (list, tuple)) and len(sizes) == 3 else None
    width = _part(site, hidden[0], heads) if hidden else _part(site, site.dim(weights, -1), 3 * heads)
    depth = _part(site, hidden[2], heads) if hidden else width
    rows = site.product(query[:2])
    keys = site.size(site.dim(query, 1)) + _past(site, place=8 if site.node.op == "QAttention" else 4, axis=3)
    return Work(rows * heads * keys, width + depth, rows * site.product(weights))


def _keras_projecting(site: Site) -> Work:
    """Keras MultiHeadAttention and GroupedQueryAttention: projections named after their roles."""
    query, value = site.shape(0), site.shape(1)
    key = value if 2 in site.weights("kernel") else site.shape(2)
    if not len(query) == len(value) == len(key) == 3:
        raise Uncounted(f"{site.word} attends over dims that cannot be told")
    heads, width = site.number("num_heads"), site.number("key_dim")
    rows = {"query": query, "key": key, "gate": query, "value": value, "output": query}
    projections: Count = 0
    biases: Count = 0
    for role, shape in rows.items():
        for place in site.weights(f"{role}_dense/kernel"):
            projections += site.product(shape[:-1]) * site.elements(place)
        for place in site.weights(f"{role}_dense/bias"):
            biases += site.product(shape[:-1]) * site.elements(place)
    scores = site.product((*query[:2], value[1])) * heads
    per_score = width + site.number("value_dim", width)
    return Work(scores, per_score, projections, SCORE_OPS, biases)


def _keras_plain(site: Site) -> Work:
    """Keras Attention and AdditiveAttention: scores by dot product, or by a sum through tanh."""
    query, value = site.shape(0), site.shape(1)
    width, depth = site.size(site.dim(query, -1)), site.size(site.dim(value, -1))
    scores = site.product((*query[:-1], value[-2] if len(value) > 1 else None))
    scaled, softmax = bool(site.weights("scale")), SCORE_OPS - 1
    if site.node.op == "Attention" and not site.weights("concat_score_weight"):
        return Work(scores, width + depth, ops_per_score=softmax + scaled)
    # Per feature: sum, tanh, product with the scale, and their sum, all of them element-wise.
    return Work(scores, depth, ops_per_score=(3 + scaled) * width + softmax)


def _past(site: Site, place: int, axis: int) -> Count:
    """Steps in a cache that the operator is handed."""
    if not site.has(place):
        return 0
    shape = site.shape(place)
    return site.size(shape[axis] if axis < len(shape) else None)


def _split(site: Site, shape: Shape, attribute: str) -> tuple[Dim, Count, Dim, Count]:
    """Batch, heads, steps and width per head of a tensor of rank 4 or 3."""
    if len(shape) == 4:
        return shape[0], site.size(shape[1]), shape[2], site.size(shape[3])
    if len(shape) != 3:
        raise Uncounted(f"{site.word} has an operand of rank {len(shape)}")
    heads = site.number(attribute)
    return shape[0], heads, shape[1], _part(site, shape[2], heads)


def _part(site: Site, dim: Dim, parts: int) -> Count:
    try:
        return site.size(dim) // parts
    except ValueError as error:
        raise Uncounted(f"{site.word} splits {dim} into {parts}") from error


_MODELS: dict[tuple[str, str], Callable[[Site], Work]] = {
    ("", "Attention"): _onnx,
    ("com.microsoft", "Attention"): _projecting,
    ("com.microsoft", "QAttention"): _projecting,
    ("com.microsoft", "MultiHeadAttention"): _multi_head,
    ("com.microsoft", "GroupQueryAttention"): _group_query,
    ("keras", "MultiHeadAttention"): _keras_projecting,
    ("keras", "GroupedQueryAttention"): _keras_projecting,
    ("keras", "Attention"): _keras_plain,
    ("keras", "AdditiveAttention"): _keras_plain,
}
