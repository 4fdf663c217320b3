"""Types and shapes of every value: what the file declares, completed by ONNX's own inference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import DType, Shape
from edgelint.loaders.onnx.bodies import Body
from edgelint.loaders.onnx.folding import fold
from edgelint.loaders.onnx.inference import InferenceCrash, InferenceTimeout, infer_shapes
from edgelint.loaders.onnx.prepare import UNKNOWN_DOMAIN, Subject, graphs_in_order, prepared
from edgelint.loaders.onnx.refine import refine
from edgelint.loaders.onnx.scopes import Types
from edgelint.loaders.onnx.types import UnknownElementType, describe, shapes_within
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TypeProto

_PROBLEM = re.compile(
    r"\(op_type:(?P<op>[^,()\n]*)(?:, node name: (?P<node>.*?))?\): \[\w+\] ?(?P<reason>.*)"
)
_ABOUT_DECLARED = re.compile("existing (?!elem)", re.IGNORECASE)
"""In complaints about a shape stated in the file, which the operator's own differs from."""

_INCONCLUSIVE = re.compile(r"but instead is null|must specify type|Inference error\(s\)")
"""In complaints that show no contradiction: a type is missing, or an operator's own expansion failed."""


@dataclass(slots=True)
class Inferred:
    """Types by graph, in the order of the bodies, and one sentence for each reservation."""

    types: list[Types]
    notes: list[str] = field(default_factory=list)


def infer(model: ModelProto, bodies: list[Body], opsets: Mapping[str, int], path: Path) -> Inferred:
    """The type and shape of every value that the file states or that can be inferred.

    Raises EdgelintError when a declared type has no meaning, or when an operator cannot take the
    types and shapes that reach it.
    """
    symbols = _symbols(bodies)
    declared = [_declared(body.proto, path, symbols) for body in bodies]
    subject = Subject(model, bodies, opsets, fold(bodies, declared))
    notes: list[str] = []
    graph, complaint = _run(subject, keep_declared=True)
    if complaint is not None and _fatal(complaint) is None and _ABOUT_DECLARED.search(complaint):
        notes.append("declares shapes that its own operators contradict; those of the operators are shown")
        without, again = _run(subject, keep_declared=False)
        graph, complaint = (without, again) if without is not None else (graph, complaint)
    if complaint is not None and (problem := _fatal(complaint)):
        raise _contradiction(problem, path)
    if graph is None:
        return Inferred(declared, [*notes, "has shapes that ONNX's shape inference cannot complete"])
    types = list(declared)
    for number, inner in graphs_in_order(graph, bodies):
        types[number] = _merged(_declared(inner, path, symbols), declared[number])
    return Inferred(refine(subject, types), notes)


def _run(subject: Subject, *, keep_declared: bool) -> tuple[GraphProto | None, str | None]:
    """The graph with what could be inferred, and inference's complaint if it has one.

    Where it crashes, it is tried once more without the operators of other domains than ONNX's own.
    """
    for hidden in (False, True):
        try:
            with_nodes = len(subject.bodies) > 1
            found, complaint = infer_shapes(_copy(subject, keep_declared, hidden), with_nodes=with_nodes)
        except InferenceTimeout:
            break
        except InferenceCrash:
            continue
        return found.graph if found is not None else None, complaint
    return None, None


def _copy(subject: Subject, keep_declared: bool, hidden: bool) -> bytes:
    """What inference runs on, serialized: the copy itself is gone before a process is forked."""
    ready = prepared(subject, keep_declared=keep_declared)
    if hidden:
        for _, graph in graphs_in_order(ready.graph, subject.bodies):
            for node in graph.node:
                node.domain = node.domain and UNKNOWN_DOMAIN
    content: bytes = ready.SerializeToString()
    return content


def _declared(graph: GraphProto, path: Path, symbols: set[str]) -> Types:
    """What `graph` says of its values, without the symbols that inference makes up ("unk__0")."""
    types: Types = {}
    # Most values are of the same few types: each is looked at once, its bytes tell which one it is.
    described: dict[bytes, tuple[DType | None, Shape | None]] = {}
    for value in [*graph.value_info[:], *graph.output, *graph.input]:
        declared = value.type
        content = declared.SerializeToString()
        found = described.get(content)
        if found is None:
            try:
                found = described[content] = _described(declared, symbols)
            except UnknownElementType as unknown:
                raise EdgelintError(
                    path, f"has the unknown element type {unknown}", where=f"value {printable(value.name)!r}"
                ) from unknown
        types[value.name] = found
    return types


def _described(declared: TypeProto, symbols: set[str]) -> tuple[DType | None, Shape | None]:
    dtype, shape = describe(declared)
    if shape is not None:
        shape = tuple(None if isinstance(dim, str) and dim not in symbols else dim for dim in shape)
    return dtype, shape


def _symbols(bodies: list[Body]) -> set[str]:
    return {
        dim.dim_param
        for body in bodies
        for value in (*body.proto.value_info, *body.proto.output, *body.proto.input)
        for shape in shapes_within(value.type)
        for dim in shape.dim
    }


def _merged(found: Types, declared: Types) -> Types:
    """What was inferred, completed by what was declared."""
    merged = found | {name: stated for name, stated in declared.items() if name not in found}
    for name in found.keys() & declared.keys():
        (dtype, shape), (stated_dtype, stated) = found[name], declared[name]
        if shape is None or (stated is not None and len(stated) == len(shape)):
            shape = (
                stated
                if shape is None
                else tuple(
                    known if known is not None else said
                    for known, said in zip(shape, stated or (), strict=True)
                )
            )
        merged[name] = dtype or stated_dtype, shape
    return merged


def _fatal(complaint: str) -> re.Match[str] | None:
    """The first complaint that is about the operators themselves."""
    for problem in _PROBLEM.finditer(complaint):
        if not _ABOUT_DECLARED.search(problem["reason"]) and not _INCONCLUSIVE.search(problem["reason"]):
            return problem
    return None


def _contradiction(problem: re.Match[str], path: Path) -> EdgelintError:
    reason = printable(problem["reason"].rstrip(". "), 300)
    where = f"node {printable(problem['node'] or '')!r} ({printable(problem['op'])})"
    return EdgelintError(path, f"contradicts itself: {reason}", where=where)
