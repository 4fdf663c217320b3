"""A stored Keras configuration as plain specifications: layers, calls, references to tensors.

All generations end up alike: Keras 1 (a Sequential is a bare list), Keras 2 (`inbound_nodes` as
lists), Keras 3 (`inbound_nodes` as args and kwargs with `__keras_tensor__`). Nothing is
instantiated; the configuration stays data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir.dtype import BY_LABEL, DType
from edgelint.loaders.keras.layers import LAYERS
from edgelint.loaders.keras.layers.legacy import upgraded
from edgelint.loaders.keras.layers.settings import LARGEST, ConfigProblem
from edgelint.loaders.keras.names import snake_case

MODELS = {"Sequential", "Functional", "Model"}
"""Class names of models whose layers a configuration lists."""

_REGISTERED_BY_KERAS = {"Custom>CustomScaleLayer"}
"""Layers of keras.applications that go by the way somebody's own code goes."""

MOST_DIMS = 254
"""TensorFlow's tensors have no more (MaxDimensions in tensorflow/core/framework/tensor_shape.h)."""

DEEPEST = 64
"""Nesting of call arguments and of models that is still believed."""


@dataclass(frozen=True, slots=True)
class TensorRef:
    """Output `tensor` of call `node` of a layer; shape and dtype where the file records them."""

    layer: str
    node: int
    tensor: int
    shape: tuple[int | None, ...] | None = None
    dtype: DType | None = None


@dataclass(frozen=True, slots=True)
class CallSpec:
    """One call of a layer, arguments nested as stored, tensors as TensorRef.

    modern: stored in Keras 3's form.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    modern: bool = False

    def references(self) -> Iterator[TensorRef]:
        """The tensors it reads."""
        yield from _references([*self.args, *self.kwargs.values()])


@dataclass(slots=True, eq=False)
class LayerSpec:
    """A layer as configured.

    kind: Keras's class name. module: where v3 files say its code lives. custom: it is not Keras's.
    built: the input shape v3 files store for it, None where they store none or several.
    shared: identity of a layer that the configuration holds more than once.
    model: its layers, if it is a model that lists them. inner: the model it wraps (TimeDistributed).
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    module: str = ""
    custom: bool = False
    calls: tuple[CallSpec, ...] = ()
    built: tuple[int | None, ...] | None = None
    shared: Any = None
    model: ModelSpec | None = None
    inner: LayerSpec | None = None


@dataclass(slots=True, eq=False)
class ModelSpec:
    """A model whose layers are listed. inputs and outputs are empty for a sequential one."""

    sequential: bool
    layers: tuple[LayerSpec, ...]
    inputs: tuple[TensorRef, ...] = ()
    outputs: tuple[TensorRef, ...] = ()
    recorded: dict[tuple[str, int, int], TensorRef] = field(default_factory=dict)


def read_layer(raw: Any, where: str, depth: int = 0) -> LayerSpec:
    """The layer that `raw` describes; `where` names its place for messages.

    Raises ConfigProblem when it is no layer's configuration.
    """
    if depth > DEEPEST:
        raise ConfigProblem("nests models too deeply")
    if not isinstance(raw, Mapping) or not isinstance(raw.get("class_name"), str):
        raise ConfigProblem(f"has no class_name at {where}")
    kind, config = raw["class_name"], raw.get("config")
    if isinstance(config, list):
        config = {"layers": config}
    if not isinstance(config, Mapping):
        raise ConfigProblem(f"has no config at {where} ({kind})")
    registered = raw.get("registered_name")
    module = raw.get("module") if isinstance(raw.get("module"), str) else ""
    custom = _is_custom(kind, module or "", registered if isinstance(registered, str) else "")
    name = config.get("name") or raw.get("name")
    spec = LayerSpec(
        kind=kind.rsplit(">", 1)[-1],
        name=str(name) if name else snake_case(kind.rsplit(">", 1)[-1]),
        config=config if custom else upgraded(kind, config),
        module=module or "",
        custom=custom,
        built=_built(raw.get("build_config")),
        shared=raw.get("shared_object_id"),
    )
    spec.calls = _calls(raw.get("inbound_nodes"), spec.name)
    spec.model = _read_model(spec, where, depth)
    wrapped = spec.config.get("layer")
    if spec.kind == "TimeDistributed" and isinstance(wrapped, Mapping):
        inner = read_layer(wrapped, f"{where}.layer", depth + 1)
        spec.inner = inner if inner.model is not None else None
    return spec


def _is_custom(kind: str, module: str, registered: str) -> bool:
    if module:
        return not module.startswith(("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras"))
    return (">" in kind or ">" in registered) and kind not in _REGISTERED_BY_KERAS


def _read_model(spec: LayerSpec, where: str, depth: int) -> ModelSpec | None:
    """The layers of a model; None for a plain layer and for a model whose code alone knows them."""
    listed = spec.config.get("layers")
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        return None
    functional = "input_layers" in spec.config and "output_layers" in spec.config
    if not functional and spec.kind != "Sequential" and (spec.kind in LAYERS or spec.kind in MODELS):
        return None
    if not functional and not all("class_name" in item and "config" in item for item in listed):
        return None
    if not functional and spec.custom and not _looks_sequential(spec.config):
        return None
    layers = tuple(
        read_layer(item, f"{where}.layers[{place}]", depth + 1) for place, item in enumerate(listed)
    )
    if not functional:
        return ModelSpec(True, layers)
    model = ModelSpec(
        False,
        layers,
        tuple(_ends(spec.config["input_layers"], "input_layers")),
        tuple(_ends(spec.config["output_layers"], "output_layers")),
    )
    for layer in layers:
        for call in layer.calls:
            for ref in call.references():
                key = (ref.layer, ref.node, ref.tensor)
                if key not in model.recorded or ref.shape is not None:
                    model.recorded[key] = ref
    for ref in model.outputs:
        model.recorded.setdefault((ref.layer, ref.node, ref.tensor), ref)
    return model


def _looks_sequential(config: Mapping[str, Any]) -> bool:
    """A registered subclass of Sequential stores what Sequential does."""
    return "build_input_shape" in config or set(config) <= {"name", "trainable", "dtype", "layers"}


def _calls(raw: Any, name: str) -> tuple[CallSpec, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ConfigProblem(f"has inbound_nodes that are no list at layer {name}")
    calls = []
    for item in raw:
        if isinstance(item, Mapping):
            args, kwargs = item.get("args", []), item.get("kwargs", {})
            if not isinstance(args, list) or not isinstance(kwargs, Mapping):
                raise ConfigProblem(f"has inbound_nodes of an unknown form at layer {name}")
            calls.append(CallSpec(tuple(_new(arg, 0) for arg in args), _new_items(kwargs), True))
        elif isinstance(item, list):
            calls.append(_old_call(item, name))
        else:
            raise ConfigProblem(f"has inbound_nodes of an unknown form at layer {name}")
    return tuple(calls)


def _new_items(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): _new(value, 0) for key, value in raw.items()}


def _new(raw: Any, depth: int) -> Any:
    """Arguments as Keras 3 stores them, `__keras_tensor__` replaced."""
    if depth > DEEPEST:
        raise ConfigProblem("nests call arguments too deeply")
    if isinstance(raw, list):
        return tuple(_new(item, depth + 1) for item in raw)
    if not isinstance(raw, Mapping):
        return raw
    config = raw.get("config")
    if raw.get("class_name") == "__keras_tensor__" and isinstance(config, Mapping):
        history = config.get("keras_history")
        if not isinstance(history, list) or not _is_reference(history):
            raise ConfigProblem("has a __keras_tensor__ without keras_history")
        shape = config.get("shape")
        layer, node, tensor = history
        return TensorRef(layer, node, tensor, _shape(shape), BY_LABEL.get(str(config.get("dtype"))))
    return {str(key): _new(value, depth + 1) for key, value in raw.items()}


def _old_call(raw: list[Any], name: str) -> CallSpec:
    """One entry of Keras 1's and 2's inbound_nodes: a list of [layer, node, tensor, kwargs]."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    if _is_reference(raw[:3]) and (len(raw) == 3 or (len(raw) == 4 and isinstance(raw[3], Mapping))):
        raw = [raw]
    for place, item in enumerate(raw):
        if not isinstance(item, list) or len(item) < 3:
            raise ConfigProblem(f"has inbound_nodes of an unknown form at layer {name}")
        if place == 0 and len(item) > 3 and isinstance(item[3], Mapping):
            kwargs = {str(key): _old(value, 0) for key, value in item[3].items()}
        if item[0] == "_CONSTANT_VALUE":
            args.append(item[2])
        elif _is_reference(item[:3]):
            args.append(TensorRef(*item[:3]))
        else:
            raise ConfigProblem(f"has inbound_nodes of an unknown form at layer {name}")
    # Several entries are one list argument: layers take their inputs as a list.
    return CallSpec((tuple(args),) if len(args) > 1 else tuple(args), kwargs)


def _old(raw: Any, depth: int) -> Any:
    """Keyword arguments as Keras 2 stores them: [layer, node, tensor] anywhere in them is a tensor."""
    if depth > DEEPEST:
        raise ConfigProblem("nests call arguments too deeply")
    if isinstance(raw, list):
        if _is_reference(raw):
            return TensorRef(*raw)
        if len(raw) == 3 and raw[0] == "_CONSTANT_VALUE":
            return raw[2]
        return tuple(_old(item, depth + 1) for item in raw)
    if isinstance(raw, Mapping):
        return {str(key): _old(value, depth + 1) for key, value in raw.items()}
    return raw


def _ends(raw: Any, key: str, depth: int = 0) -> Iterator[TensorRef]:
    """References in input_layers or output_layers: one, a list, or a nested structure."""
    if depth > DEEPEST:
        raise ConfigProblem(f"nests {key} too deeply")
    if _is_reference(raw):
        yield TensorRef(*raw)
    elif isinstance(raw, list):
        for item in raw:
            yield from _ends(item, key, depth + 1)
    elif isinstance(raw, Mapping):
        for name in sorted(raw):
            yield from _ends(raw[name], key, depth + 1)
    elif raw is not None:
        raise ConfigProblem(f"has {key} that name no layer's output")


def _references(tree: Any) -> Iterator[TensorRef]:
    if isinstance(tree, TensorRef):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _references(item)
    elif isinstance(tree, Mapping):
        for item in tree.values():
            yield from _references(item)


def _is_reference(raw: Any) -> bool:
    if not isinstance(raw, list) or len(raw) != 3 or not isinstance(raw[0], str):
        return False
    numbers = raw[1:]
    return all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers)


def _built(raw: Any) -> tuple[int | None, ...] | None:
    return _shape(raw.get("input_shape")) if isinstance(raw, Mapping) else None


def _shape(raw: Any) -> tuple[int | None, ...] | None:
    if not isinstance(raw, (list, tuple)) or len(raw) > MOST_DIMS:
        return None
    if not all(dim is None or (type(dim) is int and 0 <= dim <= LARGEST) for dim in raw):
        return None
    return tuple(raw)
