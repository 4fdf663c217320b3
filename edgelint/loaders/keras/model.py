"""From an opened Keras file of either kind to a Model.

The configuration is read as data and walked (`config`, `graph`); weights are found by
their headers (`weights`). Nothing of a file is deserialised into objects, imported or run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.ir import Graph, Model, Node, Source, Training, Value, files
from edgelint.ir.attachment import Attachment
from edgelint.loaders import Binding
from edgelint.loaders.keras.config import LayerSpec, read_layer
from edgelint.loaders.keras.graph import Draft, Drawing, draw
from edgelint.loaders.keras.hdf5 import Hdf5, attachments, opened
from edgelint.loaders.keras.layers import CUSTOM, Layer
from edgelint.loaders.keras.layers.settings import ConfigProblem
from edgelint.loaders.keras.names import Names
from edgelint.loaders.keras.owners import Owner
from edgelint.loaders.keras.references import references
from edgelint.loaders.keras.training import read_training
from edgelint.loaders.keras.weights import (
    OPTIMIZER,
    Assignment,
    Found,
    assign_legacy,
    assign_v3,
    everything,
    unassigned,
)
from edgelint.loaders.limits import MOST, over
from edgelint.printable import printable


@dataclass(slots=True)
class _Stored:
    """What both containers hold."""

    config: Any
    training: Any = None
    version: str = ""
    backend: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    unknowns: list[str] = field(default_factory=list)
    attachments: tuple[Attachment, ...] = ()


def load_archive(path: Path, binding: Binding) -> Model:
    """The model in a v3 archive. Raises EdgelintError, naming the place, when it is broken."""
    from edgelint.loaders.keras.archive import CONFIG, METADATA, WEIGHTS, Archive

    with Archive(path) as archive:
        text = archive.text(CONFIG)
        if text is None:
            if WEIGHTS in archive.names:
                raise EdgelintError(
                    path,
                    "holds no architecture: its config.json is missing",
                    hint="save the whole model again with model.save(...)",
                )
            raise EdgelintError(path, "is a zip archive without config.json, not a Keras model")
        about = _json(path, archive.text(METADATA) or b"{}", METADATA)
        config = _json(path, text, CONFIG)
        archive.verify(WEIGHTS)
        has_weights = WEIGHTS in archive.names
        attached = tuple(archive.attachments())
    about = about if isinstance(about, Mapping) else {}
    stored = _Stored(config, version=str(about.get("keras_version", "")), attachments=attached)
    if isinstance(config, Mapping):
        stored.training = config.get("compile_config")
    if isinstance(about.get("date_saved"), str):
        stored.metadata["date_saved"] = about["date_saved"]
    if not has_weights:
        stored.unknowns.append("holds no weights: their shapes are worked out from the configuration")
        return _assemble(path, binding, "keras", stored, None)
    with opened(path, member=True) as file:
        return _assemble(path, binding, "keras", stored, file)


def load_hdf5(path: Path, binding: Binding, start: int = 0) -> Model:
    """The model in an HDF5 file, whose content begins at byte `start`.

    Raises EdgelintError, naming the place, when it is broken, or holds no architecture (EL907).
    """
    with opened(path, member=False) as file:
        version, backend = _word(file, "keras_version"), _word(file, "backend")
        text = file.text(file.root, "model_config")
        if text is None:
            raise _without_config(file)
        stored = _Stored(_json(path, text, "attribute model_config"), version=version, backend=backend)
        stored.attachments = tuple(attachments(path, start))
        training = file.text(file.root, "training_config")
        if training is not None:
            stored.training = _json(path, training, "attribute training_config")
        if path.suffix.lower() == ".keras":
            stored.metadata["container"] = "HDF5"
            stored.unknowns.append("is HDF5 content under a .keras name, which Keras 3 refuses to load")
        return _assemble(path, binding, "keras-h5", stored, file)


def _assemble(path: Path, binding: Binding, form: str, stored: _Stored, file: Hdf5 | None) -> Model:
    try:
        spec = read_layer(stored.config, "model")
    except ConfigProblem as problem:
        raise EdgelintError(
            path, f"{problem}", where="config.json" if form == "keras" else "attribute model_config"
        ) from problem
    spec.name = spec.name or "model"
    complete = spec.model is not None
    drawing = draw(path, spec, binding, _major(stored.version)) if complete else _opaque(spec, binding)
    if file is None:
        found = unassigned(path, drawing.owner)
    elif not complete:
        group = "" if form == "keras" else "model_weights"
        found = everything(file, drawing.owner, group, member=form == "keras")
    elif form == "keras":
        found = assign_v3(file, drawing.owner)
    else:
        found = assign_legacy(file, drawing.owner, "model_weights")
    state = 0
    if file is not None:
        state = sum(weight.nbytes for name in OPTIMIZER for weight in file.datasets(name))
    graph, missing = _finished(drawing, found, file is not None)
    if missing:
        stored.unknowns.append(
            f"does not tell the weights of {len(missing)} layers, {printable(missing[0])} the first"
        )
    if not complete:
        stored.unknowns.append(
            f"is a subclassed model ({printable(spec.kind)}): the order of its layers is Python code "
            "and not in the file"
        )
    if stored.backend:
        stored.metadata["backend"] = stored.backend
    return Model(
        format=form,
        path=path,
        graphs=(graph,),
        file_bytes=files.size(path),
        producer=f"keras {stored.version}" if stored.version else "keras",
        metadata=stored.metadata,
        training=_with_names(
            read_training(stored.training, graph.outputs, state), spec.config.get("output_layers"), graph
        ),
        unknowns=tuple(stored.unknowns),
        complete=complete,
        attachments=stored.attachments,
        references=references(stored.config, stored.training),
    )


def _with_names(training: Training | None, ends: Any, graph: Graph) -> Training | None:
    """The training configuration, its losses and metrics under the names that the graph has for outputs.

    A model with a dictionary of outputs keys them by its words; Keras takes those in sorted order.
    """
    if training is None or not isinstance(ends, Mapping) or len(ends) != len(graph.outputs):
        return training
    names = dict(zip(sorted(ends), graph.outputs, strict=True))
    return replace(
        training,
        losses=tuple(
            replace(each, output=names.get(each.output or "", each.output)) for each in training.losses
        ),
        measures=tuple(
            replace(each, output=names.get(each.output or "", each.output)) for each in training.measures
        ),
    )


def _opaque(spec: LayerSpec, binding: Binding) -> Drawing:
    """A model of unknown inside as one custom operator that reads all of its weights."""
    shape = spec.built
    batch = binding.batch or binding.dims.get("batch") or "batch"
    bound = (
        None if shape is None else tuple(batch if d is None and i == 0 else d for i, d in enumerate(shape))
    )
    values = {"input": Value("input", None, bound), "output": Value("output")}
    owner = Owner("", spec.name, spec.kind, ("",), open=True, met=True)
    layer = Layer(spec.kind, (None,), CUSTOM, attributes={"layers": tuple(_mentioned(spec.config))})
    draft = Draft(spec.name, layer, ("input",), ("output",), Source(spec.kind, 0), owner)
    return Drawing(spec.name, [draft], values, ("input",), ("output",), owner)


def _mentioned(config: Any) -> list[str]:
    """Class names of the layers that a configuration mentions anywhere, in order."""
    found: list[str] = []
    pending = [config]
    while pending and len(found) < 1000:
        item = pending.pop()
        if isinstance(item, Mapping):
            module = str(item.get("module") or "")
            if isinstance(item.get("class_name"), str) and "layers" in module:
                found.append(item["class_name"])
            pending.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            pending.extend(reversed(item))
    return found


def _finished(drawing: Drawing, found: Assignment, stored: bool) -> tuple[Graph, list[str]]:
    """The graph with weights as constants, and the layers whose weights are not known.

    stored: whether the file holds weights, so that a custom layer without any has none.
    """
    values, taken = dict(drawing.values), Names()
    for name in values:
        taken.unique(name)
    names: dict[Owner, list[str | None]] = {}
    missing: list[str] = []
    for owner, weights in found.items():
        names[owner] = [_enter(values, taken, weight) for weight in weights]
        if None in names[owner] or (owner.open and not stored):
            missing.append(owner.name)
    nodes = []
    for draft in drawing.drafts:
        layer, constants = draft.layer, names.get(draft.owner, [])
        if layer.operands and len(constants) == len(draft.owner.weights):
            chosen = [None if place is None else constants[place] for place in layer.operands]
        else:
            chosen = list(constants)
        while chosen and chosen[-1] is None:
            chosen.pop()
        inputs = (*chosen, *draft.inputs) if layer.weights_first else (*draft.inputs, *chosen)
        nodes.append(
            Node(
                draft.name,
                layer.op,
                inputs,
                draft.outputs,
                draft.source,
                domain=layer.domain,
                attributes=layer.attributes,
                activation=layer.activation,
            )
        )
    return Graph(drawing.name, tuple(nodes), values, drawing.inputs, drawing.outputs), missing


def _enter(values: dict[str, Value], taken: Names, weight: Found) -> str | None:
    if weight.tensor is None:
        return None
    name = taken.unique(weight.name)
    values[name] = Value(name, weight.tensor.dtype, weight.tensor.shape, weight.tensor)
    return name


def _without_config(file: Hdf5) -> EdgelintError:
    words = file.words(file.root, "layer_names")
    if words is not None or file.group("model_weights") or file.group("layers") or file.group("vars"):
        return EdgelintError(
            file.path,
            "holds weights only, no architecture",
            hint="save the whole model with model.save('model.keras') instead of save_weights()",
            code="EL907",
        )
    return EdgelintError(
        file.path, "is an HDF5 file without a Keras model: it has no attribute model_config", where="/"
    )


def _json(path: Path, text: bytes, where: str) -> Any:
    # Each entry but the first of a list or an object has a comma before it.
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST["entries"]:
        raise over(path, "entries", where=where)
    try:
        return json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EdgelintError(
            path,
            f"is damaged: {where} is not UTF-8 text",
            where=f"byte {error.start}",
            hint="download or save the file again",
        ) from error
    except RecursionError as error:
        raise EdgelintError(path, f"has a configuration nested too deeply: {where}") from error
    except ValueError as error:
        place = f"character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise EdgelintError(
            path,
            f"is damaged: {where} is not valid JSON",
            where=place,
            hint="download or save the file again",
        ) from error


def _word(file: Hdf5, name: str) -> str:
    value = file.text(file.root, name)
    if value is None:
        group = file.group("model_weights")
        value = file.text(group, name) if group is not None else None
    return (value or b"").decode("utf-8", "replace")


def _major(version: str) -> int:
    number = version.split(".")[0]
    return int(number) if number in ("1", "2", "3") else 2
