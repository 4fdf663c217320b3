"""What a model's inputs take, whatever becomes of the rest."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model
from edgelint.targets import Target


@dataclass(frozen=True, slots=True)
class InputSize:
    """The inputs that all have to be in RAM at once, by name, and their bytes together.

    exact: False when the bytes are a lower bound, because the conversion may still narrow the types.
    """

    names: tuple[str, ...]
    bytes: int
    exact: bool


def input_size(model: Model, deployment: Model | None, target: Target) -> InputSize:
    """The inputs that are read, and their bytes on `target`, whose runtime executes `deployment`.

    While `model` is still to be converted, a byte per element is the least that any conversion leaves
    (int8). Inputs of unknown shape count nothing.
    """
    if deployment is not None and model.format in target.runtime.formats:
        return _sized(deployment.main, exact=True)
    return _sized(model.main, exact=False)


def _sized(graph: Graph, *, exact: bool) -> InputSize:
    names, total = [], 0
    for name in graph.inputs:
        value = graph.value(name)
        stored = value.nbytes if value and not value.is_constant else None
        if value is None or not stored or (name not in graph.readers and name not in graph.outputs):
            continue
        names.append(name)
        total += stored if exact else min(stored, value.elements or 0)
    return InputSize(tuple(names), total, exact)
