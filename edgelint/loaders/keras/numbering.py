"""By which numbers layers know each other's calls, which differs from version to version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgelint.loaders.keras.config import ModelSpec, TensorRef


def call_offsets(model: ModelSpec) -> dict[str, int]:
    """For each layer, the number by which other layers know its first stored call.

    A nested model has a node of its own, made when it was built, before the calls that count:
    depending on the version these begin at 1 or 0.
    """
    refs = [ref for layer in model.layers for call in layer.calls for ref in call.references()]
    if not _is_modern(model):
        refs += model.outputs
    return _beyond(model, refs)


def output_offsets(model: ModelSpec, offsets: Mapping[str, int]) -> Mapping[str, int]:
    """The same for `output_layers`, where Keras 3 counts a nested model's own node and layers don't."""
    if not _is_modern(model):
        return offsets
    found = _beyond(model, list(model.outputs))
    zero = {ref.layer for ref in model.outputs if ref.node == 0}
    for layer in model.layers:
        if layer.model is not None and not layer.model.sequential and layer.name in found:
            found[layer.name] = 0 if layer.name in zero else 1
    return found


def _is_modern(model: ModelSpec) -> bool:
    return any(call.modern for layer in model.layers for call in layer.calls)


def _beyond(model: ModelSpec, refs: Iterable[TensorRef]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for ref in refs:
        highest[ref.layer] = max(ref.node, highest.get(ref.layer, ref.node))
    return {
        layer.name: max(highest[layer.name] - len(layer.calls) + 1, 0)
        for layer in model.layers
        if layer.name in highest and layer.calls
    }


def recorded_outputs(model: ModelSpec) -> dict[tuple[str, int], dict[int, TensorRef]]:
    """For each call, what other layers' configurations record of its outputs."""
    found: dict[tuple[str, int], dict[int, TensorRef]] = {}
    for (layer, node, tensor), ref in model.recorded.items():
        found.setdefault((layer, node), {})[tensor] = ref
    return found
