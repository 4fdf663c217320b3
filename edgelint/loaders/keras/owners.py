"""Who owns which weights: the tree of models and layers, with the places a file may keep them at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir import DType
from edgelint.loaders.keras.bounds import Meter
from edgelint.loaders.keras.config import LayerSpec
from edgelint.loaders.keras.layers import Weight
from edgelint.loaders.keras.names import snake_case

_CLASS_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
"""Layers whose class goes by another name in Python than in configurations."""


@dataclass(slots=True, eq=False)
class Owner:
    """A layer that owns weights, or a model whose layers do.

    label: prefix of its weights' names. slots: where a v3 file may keep it, below its parent's group.
    open: which weights it has is not known from the configuration. copies: as in `Layer`.
    """

    label: str
    name: str
    kind: str
    slots: tuple[str, ...]
    trainable: bool = True
    variable: DType = DType.FLOAT32
    weights: tuple[Weight, ...] = ()
    copies: tuple[str, ...] = ()
    open: bool = False
    met: bool = False
    children: list[Owner] = field(default_factory=list)


class Owners:
    """The owners of a model's weights.

    places: of each layer among all of the file's, by the identity of its specification.
    """

    def __init__(self, meter: Meter) -> None:
        """No owners yet; their names count in `meter`."""
        self._meter = meter
        self.places: dict[int, int] = {}
        self._by_identity: dict[Any, Owner] = {}

    def owner(self, spec: LayerSpec, slots: tuple[str, ...], label: str) -> Owner:
        """The owner of a layer's weights, and those of the layers in it; places in file order."""
        found = Owner(
            f"{label}{spec.name}" if slots != ("",) else "",
            spec.name,
            spec.kind,
            slots,
            trainable=spec.config.get("trainable") is not False,
        )
        self._meter.name(found.label)
        nested = wrapped_model(spec)
        if nested is not None:
            self.places[id(spec)] = len(self.places)
            found.children.append(self.owner(nested, ("layer",), f"{label}{spec.name}/"))
        elif spec.model is not None:
            inside = f"{found.label}/" if found.label else ""
            for layer, slot in zip(spec.model.layers, _slots(spec.model.layers), strict=True):
                found.children.append(self._shared(layer, slot, inside))
        else:
            self.places[id(spec)] = len(self.places)
        return found

    def _shared(self, layer: LayerSpec, slot: str, label: str) -> Owner:
        slots = tuple(f"{container}/{slot}" for container in ("layers", "_layer_checkpoint_dependencies"))
        key = (layer.shared, layer.kind, layer.name) if isinstance(layer.shared, (int, str)) else None
        if key is not None and key in self._by_identity:
            self.places[id(layer)] = len(self.places)
            if layer.model is None:
                return self._by_identity[key]
        owner = self.owner(layer, slots, label)
        if key is not None:
            self._by_identity[key] = owner
        return owner


def wrapped_model(spec: LayerSpec) -> LayerSpec | None:
    """The model inside a TimeDistributed, None for a plain layer in it."""
    return spec.inner if spec.kind == "TimeDistributed" else None


def _slots(layers: Iterable[LayerSpec]) -> list[str]:
    """The names under which a v3 file keeps layers: class names in snake case, numbered."""
    used: dict[str, int] = {}
    found = []
    for layer in layers:
        name = snake_case(_CLASS_NAMES.get(layer.kind, layer.kind))
        count = used.get(name, -1) + 1
        used[name] = count
        found.append(f"{name}_{count}" if count else name)
    return found
