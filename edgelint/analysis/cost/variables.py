"""State that a model keeps between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgelint.analysis.cost.site import Uncounted
from edgelint.analysis.cost.sizes import nbytes
from edgelint.analysis.cost.tally import Tally
from edgelint.analysis.figure import Figure
from edgelint.ir import Graph, Model, Node, Value


def sizes_of_variables(model: Model) -> Figure:
    """Bytes of all variables, each once.

    Variable tensors by their own size; resource variables (TFLite VAR_HANDLE) by the largest value
    assigned to or read from a handle of that container and name, in whatever graph.
    """
    tally = Tally()
    for graph in model.graphs:
        for value in graph.values.values():
            if value.is_variable:
                size = nbytes(value)
                if size is None:
                    tally.miss(Uncounted(f"the size of variable {value.name!r} is unknown", unsized=True))
                else:
                    tally.add(size)
    for name, contents in _resources(model).items():
        known = [size for value in contents if (size := value.nbytes) is not None]
        if len(known) < max(len(contents), 1):
            tally.miss(Uncounted(f"the size of variable {name} is unknown", unsized=True))
        tally.add(max(known, default=0))
    return tally.figure()


def _resources(model: Model) -> dict[str, list[Value]]:
    """What each resource variable holds in its turn."""
    found: dict[str, list[Value]] = {}
    for place, graph in enumerate(model.graphs):
        handles: dict[str, str] = {}
        for node in graph.nodes:
            if node.op == "VAR_HANDLE" and node.outputs and node.outputs[0]:
                handles[node.outputs[0]] = _identity(node, place)
                found.setdefault(handles[node.outputs[0]], [])
            elif node.op in ("ASSIGN_VARIABLE", "READ_VARIABLE") and node.inputs:
                key = handles.get(node.inputs[0] or "")
                if key is not None:
                    found[key] += _content(graph, node)
    return found


def _identity(node: Node, graph: int) -> str:
    parts: list[Any] = [node.attributes.get("container"), node.attributes.get("shared_name")]
    words = [word for word in parts if isinstance(word, str) and word]
    return repr("/".join(words)) if words else f"{node.outputs[0]!r} of graph {graph}"


def _content(graph: Graph, node: Node) -> Iterator[Value]:
    names = node.inputs[1:2] if node.op == "ASSIGN_VARIABLE" else node.outputs[:1]
    for name in names:
        value = graph.value(name)
        if value is not None:
            yield value
