"""Layers around another layer: TimeDistributed, SpectralNormalization, Bidirectional's inner part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.deferred import replace
from edgelint.ir import Dim, Shape, Value
from edgelint.loaders.keras.layers.call import LAYERS, Call, Layer, Weight, layer
from edgelint.loaders.keras.layers.core import custom
from edgelint.loaders.keras.layers.legacy import upgraded
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings

DEEPEST_WRAP = 16


@layer("TimeDistributed")
def time_distributed(call: Call) -> Layer:
    """The wrapped layer on each step of a sequence."""
    steps = call.shape[1] if call.shape and len(call.shape) > 1 else None
    stripped = replace(call, args=unstepped(call.args, 1), kwargs=unstepped(dict(call.kwargs), 1))
    kind, found = inner(stripped, call.settings.get("layer"))
    found.shapes = tuple(stepped(shape, (steps,)) for shape in found.shapes)
    found.weights = below(found.weights, "layer")
    found.attributes = found.attributes | {"wraps": kind, "time_distributed": 1}
    return found


@layer("SpectralNormalization", "Wrapper")
def spectral_normalization(call: Call) -> Layer:
    """The wrapped layer, its kernel scaled during training."""
    kind, found = inner(call, call.settings.get("layer"))
    kernels = [weight for weight in found.weights if weight.name in ("kernel", "embeddings")]
    found.weights = below(found.weights, "layer")
    if call.kind == "SpectralNormalization" and kernels:
        vector: Shape = (1, kernels[0].shape[-1])
        found.operands = found.operands or tuple(range(len(found.weights)))
        # Holding the inner kernel as an attribute of its own makes Keras write it twice.
        found.weights += (Weight("vector_u", vector, "vars/1", trainable=False),)
        found.copies = ("vars/0",)
    found.attributes = found.attributes | {"wraps": kind}
    return found


def inner(call: Call, stored: Any) -> tuple[str, Layer]:
    """Class name and answer of the layer that `stored` configures, called as `call` is."""
    if call.wraps >= DEEPEST_WRAP:
        raise ConfigProblem("wraps layers in layers too deeply")
    if not isinstance(stored, Mapping):
        raise ConfigProblem("wraps no layer that its configuration names")
    kind, config = stored.get("class_name"), stored.get("config")
    if not isinstance(kind, str) or not isinstance(config, Mapping):
        raise ConfigProblem("wraps no layer that its configuration names")
    module = stored.get("module") if isinstance(stored.get("module"), str) else ""
    function = LAYERS.get(kind, custom)
    if ">" in str(stored.get("registered_name") or "") and not str(module).startswith("keras"):
        function = custom
    settings = Settings(upgraded(kind, config))
    return kind, function(
        replace(call, kind=kind, settings=settings, module=str(module), wraps=call.wraps + 1)
    )


def below(weights: tuple[Weight, ...], prefix: str) -> tuple[Weight, ...]:
    """`weights` of a wrapped layer, found in v3 files below the wrapper's attribute `prefix`."""
    return tuple(replace(weight, path=f"{prefix}/{weight.path}") for weight in weights)


def unstepped(tree: Any, count: int) -> Any:
    """Nested arguments without the `count` dims after the batch."""
    if isinstance(tree, Value):
        if tree.shape is None or len(tree.shape) <= count:
            return tree
        return replace(tree, shape=tree.shape[:1] + tree.shape[1 + count :])
    if isinstance(tree, (list, tuple)):
        return tuple(unstepped(item, count) for item in tree)
    if isinstance(tree, Mapping):
        return {key: unstepped(item, count) for key, item in tree.items()}
    return tree


def stepped(shape: Shape | None, steps: tuple[Dim, ...]) -> Shape | None:
    """`shape` with `steps` put back after the batch."""
    return None if shape is None or not shape else (shape[0], *steps, *shape[1:])
