"""From a TFLite flatbuffer to a Model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.deferred import replace
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.ir.model import Graph, Model, Signature, Value
from edgelint.loaders import Binding
from edgelint.loaders.limits import MOST, over
from edgelint.loaders.tflite.attachments import attachments
from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.flatbuffer import Malformed, Record, TooManyTables, flatbuffer_in
from edgelint.loaders.tflite.graph import read_graph, read_kinds
from edgelint.loaders.tflite.metadata import read_metadata
from edgelint.loaders.tflite.schema import TFLITE, VERSION
from edgelint.loaders.tflite.tensors import read_values
from edgelint.printable import printable

if TYPE_CHECKING:
    from edgelint.ir.files import Bytes

_AGAIN = "export or download it again"


def load(path: Path, binding: Binding) -> Model:
    """The model in `path`, weights left on disk.

    Raises EdgelintError, naming the field or the operator, when the file is broken.
    """
    with files.opened(path) as file, files.mapped(file) as data:
        try:
            flatbuffer = flatbuffer_in(data, TFLITE)
            stored = flatbuffer.root("Model")
        except TooManyTables as error:
            raise over(path, "tables", where=error.where) from error
        except Malformed as error:
            raise EdgelintError(
                path, f"is cut short or damaged: {error.problem}", where=error.where, hint=_AGAIN
            ) from error
        return _model(path, data, stored, binding, flatbuffer.end)


def _model(path: Path, data: Bytes, stored: Record, binding: Binding, end: int) -> Model:
    _check_whole(path, stored)
    buffers = Buffers(path, data, stored)
    kinds = read_kinds(buffers, stored["operator_codes"])
    subgraphs: Sequence[Record] = stored["subgraphs"]
    if not len(buffers) and any(subgraph["tensors"] for subgraph in subgraphs):
        raise EdgelintError(
            path, "has no buffers, not even the empty one that tensors go by", where="buffers"
        )
    ranked = any(tensor["has_rank"] for subgraph in subgraphs for tensor in subgraph["tensors"])
    graphs = []
    for index, subgraph in enumerate(subgraphs):
        values = read_values(buffers, subgraph["tensors"], index, ranked)
        if index == 0:
            values = _with_batch(values, subgraph["inputs"], binding)
        graphs.append(read_graph(buffers, subgraph, index, values, kinds, len(subgraphs)))
    _check_calls(path, graphs)
    about = read_metadata(buffers, stored, data)
    return Model(
        format="tflite",
        path=path,
        graphs=tuple(graphs),
        file_bytes=len(data),
        producer=about.producer,
        metadata=about.texts,
        labels=about.labels,
        signatures=_signatures(path, stored, graphs),
        metadata_buffers=about.buffers,
        attachments=tuple(attachments(buffers, data, end, about)),
    )


def _check_whole(path: Path, stored: Record) -> None:
    if stored["version"] != VERSION:
        raise EdgelintError(path, f"has schema version {stored['version']}, not {VERSION}", where="version")
    subgraphs = stored["subgraphs"]
    if not subgraphs:
        raise EdgelintError(path, "has no subgraph: there is nothing to run", where="subgraphs")
    if len(subgraphs) > MOST["subgraphs"]:
        raise over(path, "subgraphs")
    for part, what in (("operators", "nodes"), ("tensors", "tensors")):
        if sum(len(subgraph[part]) for subgraph in subgraphs) > MOST[what]:
            raise over(path, what, where="subgraphs")
    if len(subgraphs) == 1 and not subgraphs[0]["tensors"] and not subgraphs[0]["operators"]:
        raise EdgelintError(path, "is a model with nothing in it: no tensor, no operator", where="subgraph 0")


def _with_batch(values: tuple[Value, ...], inputs: Sequence[int], binding: Binding) -> tuple[Value, ...]:
    """`values` with the batch size that was asked for in inputs whose first dim the file leaves open."""
    if binding.batch is None:
        return values
    asked = set(inputs)
    return tuple(
        replace(value, shape=(binding.batch, *value.shape[1:]))
        if value.index in asked and value.shape and value.shape[0] is None
        else value
        for value in values
    )


def _check_calls(path: Path, graphs: Sequence[Graph]) -> None:
    """Raise EdgelintError when subgraphs call one another in a circle: walking them would not end."""
    calls = [
        sorted({called for node in graph.nodes for called in node.subgraphs.values()}) for graph in graphs
    ]
    waiting = [len(called) for called in calls]
    callers: list[list[int]] = [[] for _ in graphs]
    for caller, called in enumerate(calls):
        for graph in called:
            callers[graph].append(caller)
    free = [graph for graph, count in enumerate(waiting) if count == 0]
    for graph in free:
        for caller in callers[graph]:
            waiting[caller] -= 1
            if waiting[caller] == 0:
                free.append(caller)
    if len(free) < len(graphs):
        graph = next(graph for graph, count in enumerate(waiting) if count)
        seen: set[int] = set()
        while graph not in seen:
            seen.add(graph)
            graph = next(called for called in calls[graph] if waiting[called])
        raise EdgelintError(path, "calls itself, directly or through others", where=f"subgraph {graph}")


def _signatures(path: Path, stored: Record, graphs: Sequence[Graph]) -> tuple[Signature, ...]:
    found = []
    for signature in stored["signature_defs"]:
        key, index = signature["signature_key"] or "", signature["subgraph_index"]
        where = f"signature {printable(key)!r}"
        if index >= len(graphs):
            raise EdgelintError(path, f"starts at subgraph {index} of {len(graphs)}", where=where)
        names = list(graphs[index].values)
        ends: list[Mapping[str, str]] = []
        for side in ("inputs", "outputs"):
            for entry in signature[side]:
                if entry["tensor_index"] >= len(names):
                    problem = f"has tensor {entry['tensor_index']} of {len(names)} among its {side}"
                    raise EdgelintError(path, problem, where=where)
            ends.append({entry["name"] or "": names[entry["tensor_index"]] for entry in signature[side]})
        found.append(Signature(key, index, *ends))
    return tuple(found)
