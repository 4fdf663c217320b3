"""From specifications to a graph: calls in order, nested models inlined, shapes worked out.

Weights are found afterwards (`weights`), when it is known which layers were met; until then
a node is a draft that names its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.ir import Dim, DType, Shape, Source, Value
from edgelint.loaders import Binding
from edgelint.loaders.keras.bounds import Meter
from edgelint.loaders.keras.config import DEEPEST, LayerSpec, ModelSpec, TensorRef
from edgelint.loaders.keras.inputs import Inputs
from edgelint.loaders.keras.layers import LAYERS, Call, Layer, custom
from edgelint.loaders.keras.layers.call import LayerFunction, flatten
from edgelint.loaders.keras.layers.operations import is_named, is_operation, operation
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings
from edgelint.loaders.keras.layers.wrappers import stepped, unstepped
from edgelint.loaders.keras.names import Names
from edgelint.loaders.keras.numbering import call_offsets, output_offsets, recorded_outputs
from edgelint.loaders.keras.owners import Owner, Owners, wrapped_model
from edgelint.loaders.keras.policy import dtype_policy, is_quantized
from edgelint.loaders.keras.schedule import CallKey, Schedule
from edgelint.loaders.keras.training import initializer
from edgelint.printable import printable

MOST_NODES = 250_000
"""Nested models that are called several times can multiply without end."""


@dataclass(slots=True)
class Draft:
    """A node before its weights are known."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: Source
    owner: Owner


@dataclass(slots=True)
class Drawing:
    """A graph before its weights are known."""

    name: str
    drafts: list[Draft]
    values: dict[str, Value]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    owner: Owner


@dataclass(slots=True)
class Place:
    """Where in nested models a call stands.

    prefix: of node names ("outer:1/"). label: of weight names ("outer/"). steps: sequence dims that
    enclosing TimeDistributed layers hide from the layers within.
    """

    prefix: str = ""
    label: str = ""
    steps: tuple[Dim, ...] = ()
    depth: int = 0


def draw(path: Path, spec: LayerSpec, binding: Binding, keras: int) -> Drawing:
    """The graph of the model that `spec` describes; its layers must be listed (`spec.model`).

    Raises EdgelintError, naming the layer, where the configuration contradicts itself.
    """
    pen = _Pen(path, binding, keras)
    try:
        return pen.draw(spec)
    except ConfigProblem as problem:
        raise pen.error(str(problem), "") from problem


class _Pen:
    def __init__(self, path: Path, binding: Binding, keras: int) -> None:
        self.path, self.keras = path, keras
        self.names, self.meter = Names(), Meter()
        self.inputs, self.owners = Inputs(binding, self.names), Owners(self.meter)
        self.values: dict[str, Value] = {}
        self.drafts: list[Draft] = []

    def draw(self, spec: LayerSpec) -> Drawing:
        model = spec.model
        assert model is not None
        owner = self.owners.owner(spec, ("",), "")
        place = Place()
        if model.sequential:
            outputs = self._sequence(model, owner, (self.inputs.of_sequential(spec, model),), place)
        else:
            outputs = self._network(model, owner, None, place)
        return Drawing(
            spec.name,
            self.drafts,
            {value.name: value for value in self.inputs.made} | self.values,
            tuple(value.name for value in self.inputs.made),
            tuple(value.name for value in outputs),
            owner,
        )

    def _sequence(
        self, model: ModelSpec, owner: Owner, inputs: tuple[Value, ...], place: Place
    ) -> tuple[Value, ...]:
        """The outputs of a Sequential that is fed `inputs`."""
        layers = [layer for layer in model.layers if layer.kind != "InputLayer"]
        owners = {id(spec): own for spec, own in zip(model.layers, owner.children, strict=True)}
        current: tuple[Value, ...] = inputs
        for index, layer in enumerate(layers):
            after = layers[index + 1].built if index + 1 < len(layers) else None
            recorded = {0: TensorRef(layer.name, 0, 0, after)} if after and not place.steps else {}
            args = current if len(current) < 2 else (current,)
            current = self._call(layer, owners[id(layer)], args, {}, place, 0, recorded)
        return current

    def _network(
        self, model: ModelSpec, owner: Owner, inputs: tuple[Value, ...] | None, place: Place
    ) -> tuple[Value, ...]:
        """The outputs of a functional model; `inputs` None makes its input layers graph inputs."""
        layers = {layer.name: layer for layer in model.layers}
        owners = dict(zip(layers, owner.children, strict=False)) if len(layers) == len(model.layers) else {}
        if not owners:
            raise self.error("two layers have the same name", owner.name)
        made: dict[CallKey, tuple[Value, ...]] = {}
        self._feed(model, layers, inputs, made)
        offsets, recorded = call_offsets(model), recorded_outputs(model)
        schedule = Schedule(model, offsets, made)
        while (key := schedule.next()) is not None:
            name, node = key
            layer, number = layers[name], node - offsets.get(name, 0)
            call = layer.calls[number]
            args = self._resolve(call.args, made, layer)
            kwargs = self._resolve(dict(call.kwargs), made, layer)
            made[key] = self._call(layer, owners[name], args, kwargs, place, number, recorded.get(key, {}))
            schedule.done(key)
        stuck = schedule.stuck()
        if stuck is not None:
            raise self.error(*stuck)
        ends = output_offsets(model, offsets)
        return tuple(
            self._output(
                replace(ref, node=ref.node - ends.get(ref.layer, 0) + offsets.get(ref.layer, 0)),
                made,
                "output_layers",
            )
            for ref in model.outputs
        )

    def _feed(
        self,
        model: ModelSpec,
        layers: Mapping[str, LayerSpec],
        inputs: tuple[Value, ...] | None,
        made: dict[CallKey, tuple[Value, ...]],
    ) -> None:
        """Enters what the input layers hand on."""
        for number, ref in enumerate(model.inputs):
            spec = layers.get(ref.layer)
            if spec is None:
                raise self.error("input_layers names a layer that is not there", ref.layer)
            if inputs is None:
                made[ref.layer, ref.node] = (self.inputs.of_layer(spec),)
            elif number < len(inputs):
                made[ref.layer, ref.node] = (inputs[number],)
            else:
                raise self.error(f"is called with {len(inputs)} tensors, has {len(model.inputs)} inputs", "")
        for spec in model.layers:
            if spec.kind == "InputLayer" and not spec.calls and (spec.name, 0) not in made:
                made[spec.name, 0] = (self.inputs.of_layer(spec),)

    def _resolve(self, tree: Any, made: Mapping[CallKey, tuple[Value, ...]], layer: LayerSpec) -> Any:
        if isinstance(tree, TensorRef):
            return self._output(tree, made, layer.name)
        if isinstance(tree, (list, tuple)):
            return tuple(self._resolve(item, made, layer) for item in tree)
        if isinstance(tree, Mapping):
            return {key: self._resolve(item, made, layer) for key, item in tree.items()}
        return tree

    def _output(self, ref: TensorRef, made: Mapping[CallKey, tuple[Value, ...]], reader: str) -> Value:
        values = made.get((ref.layer, ref.node))
        if values is None:
            raise self.error(f"reads a layer's output that is not there: {printable(ref.layer)}", reader)
        if ref.tensor >= len(values):
            raise self.error(
                f"reads output {ref.tensor} of {printable(ref.layer)}, which has {len(values)}", reader
            )
        return values[ref.tensor]

    def _call(
        self,
        spec: LayerSpec,
        owner: Owner,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        place: Place,
        number: int,
        recorded: Mapping[int, TensorRef],
    ) -> tuple[Value, ...]:
        """The outputs of one call of a layer or nested model."""
        again = f":{number}" if number else ""
        if place.depth > DEEPEST:
            raise self.error("nests models too deeply", spec.name)
        nested = wrapped_model(spec)
        if spec.model is not None or nested is not None:
            steps = place.steps
            if nested is not None:
                shape = next((v.shape for v in _tensors(args, kwargs)), None)
                at = 1 + len(steps)
                steps = (*steps, shape[at] if shape and len(shape) > at else None)
            inside = Place(
                f"{place.prefix}{spec.name}{again}/", f"{place.label}{spec.name}/", steps, place.depth + 1
            )
            model, own = (spec.model, owner) if nested is None else (nested.model, owner.children[0])
            assert model is not None
            self.meter.model(model)
            return self._inline(model, own, args, kwargs, inside)
        if spec.kind == "InputLayer":
            return tuple(_tensors(args, kwargs)) or (self.inputs.of_layer(spec),)
        return self._node(spec, owner, args, kwargs, place, again, recorded)

    def _inline(
        self, model: ModelSpec, owner: Owner, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place
    ) -> tuple[Value, ...]:
        fed = tuple(_tensors(args, {})) or tuple(_tensors((), kwargs))
        if len(args) == 1 and isinstance(args[0], Mapping) and not model.sequential:
            by_name = args[0]
            names = [ref.layer for ref in model.inputs]
            if set(names) == set(by_name):
                fed = tuple(value for name in names for value in _tensors((by_name[name],), {}))
        if model.sequential:
            return self._sequence(model, owner, fed, place)
        return self._network(model, owner, fed[: len(model.inputs)], place)

    def _node(
        self,
        spec: LayerSpec,
        owner: Owner,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        place: Place,
        again: str,
        recorded: Mapping[int, TensorRef],
    ) -> tuple[Value, ...]:
        if len(self.drafts) >= MOST_NODES:
            raise EdgelintError(self.path, f"calls more than {MOST_NODES} layers")
        compute, variable = dtype_policy(spec)
        steps = place.steps
        shown = (unstepped(args, len(steps)), unstepped(kwargs, len(steps))) if steps else (args, kwargs)
        call = Call(
            spec.kind, Settings(spec.config), shown[0], shown[1], compute, variable, self.keras, spec.module
        )
        try:
            layer = _entry(spec, self.keras)(call)
            self.meter.layer(layer)
        except ConfigProblem as problem:
            if spec.kind in _OFTEN_SOMEBODYS_OWN and not spec.module:
                return self._node(replace(spec, custom=True), owner, args, kwargs, place, again, recorded)
            raise self.error(str(problem), f"{place.prefix}{spec.name} ({spec.kind})") from problem
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            problem_said = "a setting is of a kind that Keras never writes"
            raise self.error(problem_said, f"{place.prefix}{spec.name} ({spec.kind})") from error
        if steps:
            layer.shapes = tuple(stepped(shape, steps) for shape in layer.shapes)
            layer.attributes = layer.attributes | {"time_distributed": len(steps)}
        if (chosen := initializer(spec.config.get("kernel_initializer"))) and layer.weights:
            layer.attributes = layer.attributes | {"kernel_initializer": chosen}
        if not owner.met:
            owner.weights, owner.variable, owner.met = layer.weights, variable, True
            owner.copies = layer.copies
            owner.open = layer.open_weights or is_quantized(spec)
        name = self.names.unique(f"{place.prefix}{spec.name}{again}")
        self.meter.name(name)
        outputs = self._outputs(layer, name, compute, recorded)
        self.drafts.append(
            Draft(
                name,
                layer,
                tuple(value.name for value in _tensors(args, kwargs)),
                tuple(value.name for value in outputs),
                Source(spec.kind, self.owners.places.get(id(spec), -1)),
                owner,
            )
        )
        return outputs

    def _outputs(
        self, layer: Layer, name: str, compute: DType, recorded: Mapping[int, TensorRef]
    ) -> tuple[Value, ...]:
        count = len(layer.shapes)
        if layer.domain.startswith("keras"):
            count = max([count, *(place + 1 for place in recorded if place < 1000)])
        self.meter.values(count)
        found = []
        for place in range(count):
            shape = layer.shapes[place] if place < len(layer.shapes) else None
            dtype: DType | None = compute if not layer.dtypes else None
            if place < len(layer.dtypes):
                dtype = layer.dtypes[place]
            known = recorded.get(place)
            if known is not None:
                shape, dtype = self._completed(shape, known.shape), dtype or known.dtype
            value = Value(name if place == 0 else self.names.unique(f"{name}#{place}"), dtype, shape)
            self.values[value.name] = value
            found.append(value)
        return tuple(found)

    def _completed(self, shape: Shape | None, known: tuple[int | None, ...] | None) -> Shape | None:
        """`shape`, what is unknown in it taken from the shape that the file records."""
        if known is None or (shape is not None and len(shape) != len(known)):
            return shape
        if shape is None:
            return tuple(
                self.inputs.batch if dim is None and axis == 0 else dim for axis, dim in enumerate(known)
            )
        return tuple(theirs if ours is None else ours for ours, theirs in zip(shape, known, strict=True))

    def error(self, problem: str, where: str) -> EdgelintError:
        place = f"layer {printable(where)}" if where else ""
        return EdgelintError(self.path, f"has a configuration that cannot be: {problem}", where=place)


def _entry(spec: LayerSpec, keras: int) -> LayerFunction:
    if is_operation(spec.kind, spec.module):
        return operation
    if spec.custom:
        return custom
    # Keras 3 writes operations into HDF5 files without saying where they come from; only layers
    # have a setting `trainable`.
    if keras >= 3 and not spec.module and "trainable" not in spec.config and is_named(spec.kind):
        return operation
    return LAYERS.get(spec.kind, custom)


_OFTEN_SOMEBODYS_OWN = {
    "AdditiveAttention",
    "Attention",
    "CustomScaleLayer",
    "GroupNormalization",
    "LayerScale",
    "MultiHeadAttention",
    "Normalization",
    "RMSNormalization",
    "StochasticDepth",
}
"""Names that many gave to layers of their own; HDF5 files do not say whose a layer is."""


def _tensors(args: Iterable[Any], kwargs: Mapping[str, Any]) -> list[Value]:
    return list(flatten([*args, *kwargs.values()]))
