"""Attention layers."""

from __future__ import annotations

from typing import Any

from edgelint.ir import Dim, Shape, Value
from edgelint.loaders.keras.layers.call import Call, Layer, Weight, layer
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings


@layer("MultiHeadAttention")
def multi_head_attention(call: Call) -> Layer:
    """Attention with projections of query, key, value and result."""
    settings = call.settings
    heads, key_dim = settings.positive("num_heads"), settings.positive("key_dim")
    value_dim = settings.positive("value_dim", key_dim)
    query, value, key = _roles(call)
    width = query[-1] if query else None
    stored = settings.get("output_shape")
    out: Shape = tuple(_sizes(stored)) if stored else (width,)
    weights = _projection("query_dense", settings, (width,), (heads, key_dim))
    weights += _projection("key_dense", settings, (key[-1] if key else None,), (heads, key_dim))
    if settings.flag("use_gate", False):
        weights += _projection("gate_dense", settings, (width,), (heads, value_dim))
    weights += _projection("value_dense", settings, (value[-1] if value else None,), (heads, value_dim))
    weights += _projection("output_dense", settings, (heads, value_dim), out)
    attributes = {"num_heads": heads, "key_dim": key_dim, "value_dim": value_dim} | _variant(call)
    shapes: tuple[Shape | None, ...] = ((*query[:-1], *out) if query else None,)
    if call.kwargs.get("return_attention_scores") is True:
        # Keras 3 gives the query's length twice, whatever the keys' is; what runs is query × key.
        scores = (query[0], heads, *query[1:-1], *(value[1:-1] if value else ())) if query else None
        shapes += (scores,)
    return Layer("MultiHeadAttention", shapes, "keras", weights=weights, attributes=attributes)


@layer("GroupedQueryAttention", "GroupQueryAttention")
def grouped_query_attention(call: Call) -> Layer:
    """Attention in which several query heads share a key and value head."""
    settings = call.settings
    size, heads = settings.positive("head_dim"), settings.positive("num_query_heads")
    shared = settings.positive("num_key_value_heads")
    query, value, key = _roles(call)
    width = query[-1] if query else None
    weights = _projection("query_dense", settings, (width,), (heads, size))
    weights += _projection("key_dense", settings, (key[-1] if key else None,), (shared, size))
    if settings.flag("use_gate", False):
        weights += _projection("gate_dense", settings, (width,), (heads, size))
    weights += _projection("value_dense", settings, (value[-1] if value else None,), (shared, size))
    weights += _projection("output_dense", settings, (heads, size), (width,))
    shapes: tuple[Shape | None, ...] = (query,)
    if call.kwargs.get("return_attention_scores") is True:
        shapes += ((query[0], heads, query[1], value[1] if value else None) if query else None,)
    attributes = {"num_heads": heads, "key_dim": size, "num_key_value_heads": shared}
    return Layer("GroupedQueryAttention", shapes, "keras", weights=weights, attributes=attributes)


@layer("Attention", "AdditiveAttention")
def plain_attention(call: Call) -> Layer:
    """Attention without projections: dot products, or a sum through tanh."""
    settings = call.settings
    additive = call.kind == "AdditiveAttention"
    shapes = [tensor.shape for tensor in call.inputs]
    if len(shapes) < 2:
        raise ConfigProblem(f"takes a query and a value, and gets {len(shapes)} tensors")
    query, value = shapes[0], shapes[1]
    names = ["scale"] if settings.flag("use_scale", additive) else []
    if settings.get("score_mode") == "concat":
        names.append("concat_score_weight")
    size: Shape = ((query[-1] if query else None),) if additive else ()
    weights = tuple(Weight(name, size, f"vars/{place}") for place, name in enumerate(names))
    output = (*query[:-1], value[-1]) if query and value else None
    found: tuple[Shape | None, ...] = (output,)
    if call.kwargs.get("return_attention_scores") is True:
        key = shapes[2] if len(shapes) > 2 else value
        found += ((*query[:-1], key[-2]) if query and key else None,)
    return Layer(call.kind, found, "keras", weights=weights, attributes=_variant(call))


def _variant(call: Call) -> dict[str, Any]:
    """What sets a call apart from the plain one: a causal mask, dropout, axes of its own."""
    settings = call.settings
    causal = call.kwargs.get("use_causal_mask") or settings.get("causal")
    found: dict[str, Any] = {"use_causal_mask": int(bool(causal)), "dropout": settings.number("dropout", 0.0)}
    axes = settings.get("attention_axes")
    found |= {"attention_axes": tuple(axes)} if isinstance(axes, (list, tuple)) else {}
    return {key: value for key, value in found.items() if value}


def _roles(call: Call) -> tuple[Shape | None, Shape | None, Shape | None]:
    """Shapes of query, value and key, however they were passed."""
    found: list[Shape | None] = []
    for place, name in enumerate(("query", "value", "key")):
        given: Any = call.kwargs.get(name)
        if place < len(call.args):
            given = call.args[place]
        found.append(given.shape if isinstance(given, Value) else found[-1] if place == 2 else None)
    if len(call.args) == 1 and isinstance(call.args[0], tuple):
        shapes = [tensor.shape for tensor in call.inputs]
        found = [(shapes + shapes[-1:] * 3)[place] for place in range(3)]
    return found[0], found[1], found[2]


def _projection(name: str, settings: Settings, given: Shape, made: Shape) -> tuple[Weight, ...]:
    weights = [Weight(f"{name}/kernel", (*given, *made), f"{name}/vars/0")]
    if settings.flag("use_bias", True):
        weights.append(Weight(f"{name}/bias", made, f"{name}/vars/1"))
    return tuple(weights)


def _sizes(stored: Any) -> list[Dim]:
    items = stored if isinstance(stored, (list, tuple)) else [stored]
    if not all(isinstance(item, int) for item in items):
        raise ConfigProblem("output_shape is not a list of whole numbers")
    return list(items)
