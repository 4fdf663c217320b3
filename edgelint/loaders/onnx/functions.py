"""Local functions of an ONNX model, written out where they are called.

Every runtime does the same before it runs a model. A name inside a function gets the caller's name
in front; the nodes of a body keep the place of the call as their index in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edgelint.bounds import excess
from edgelint.errors import EdgelintError
from edgelint.loaders.limits import MOST, over
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto

DEPTH_LIMIT = 64
"""Functions that may call each other in a row."""

BYTES_LIMIT = 64 * 1024 * 1024
"""Bytes that the nodes written out may take together."""

_MAY_HOLD_GRAPHS = frozenset({0, 5, 10})
"""AttributeProto.type of graphs; the first IR version does not state it."""

Key = tuple[str, str, str]


class Listed(NamedTuple):
    """A graph and its nodes: protobuf makes an object for each anew as long as nobody holds those it made."""

    proto: GraphProto
    nodes: list[NodeProto]


class Origin(NamedTuple):
    """Where a node comes from: its (or its call's) place in its graph, and the opsets in force."""

    place: int
    opsets: Mapping[str, int]


Origins = Iterable[tuple[int, Mapping[str, int]]]
"""An `Origin`, or a pair like it, for each of many nodes."""


class Call(NamedTuple):
    """What a function's body is rewritten with: new names, given attributes, and the name prefix."""

    names: dict[str, str]
    attributes: Mapping[str, AttributeProto]
    prefix: str


def inline(
    model: ModelProto, graphs: list[Listed], opsets: Mapping[str, int], path: Path
) -> tuple[list[Listed], Origins]:
    """The graphs once `model` has no functions left, and an Origin per node, then those of its bodies.

    graphs: as `graphs_within` has them. Rewrites `model`. Raises EdgelintError for functions that call
    themselves, are defined twice, or would make more nodes than are taken on.
    """
    functions: dict[Key, FunctionProto] = {}
    for function in model.functions:
        key = (domain_of(function.domain), function.name, function.overload)
        if key in functions:
            raise EdgelintError(path, f"defines the function {_title(key)} twice")
        functions[key] = function
    inliner = _Inliner(functions, path)
    if functions:
        _Counter(functions, path).refuse_excess(model.graph)
        inliner.graph(model.graph, opsets, None)
        del model.functions[:]
        return graphs_within(model.graph), inliner.origins
    if len(graphs) == 1:
        return graphs, zip(range(len(model.graph.node)), repeat(opsets))
    inliner.note(model.graph, opsets)
    return graphs, inliner.origins


def graphs_within(graph: GraphProto) -> list[Listed]:
    """`graph` and every body in it."""
    found = [Listed(graph, graph.node[:])]
    # A list that grows with the bodies of its nodes.
    for each in found:
        for node in each.nodes:
            if node.attribute:
                found.extend([Listed(body, body.node[:]) for _, body in bodies_of(node)])
    return found


def domain_of(word: str) -> str:
    """The domain with ONNX's own spelled "", whichever way the file spells it."""
    return "" if word == "ai.onnx" else word


def bodies_of(node: NodeProto) -> list[tuple[str, GraphProto]]:
    """The graphs among a node's attributes, in order: the attribute's name, with a place for lists."""
    found = []
    # A slice: protobuf makes one in half the time that it takes to go through what it is of.
    for attribute in node.attribute[:]:
        if attribute.type not in _MAY_HOLD_GRAPHS:
            continue
        if attribute.HasField("g"):
            found.append((attribute.name, attribute.g))
        for place, graph in enumerate(attribute.graphs):
            found.append((f"{attribute.name}[{place}]", graph))
    return found


def _key(node: NodeProto) -> Key:
    """What a call names: domain, name, overload."""
    return domain_of(node.domain), node.op_type, node.overload


def _title(key: Key) -> str:
    return repr(printable(f"{key[0]}.{key[1]}" if key[0] else key[1]))


class _Counter:
    """How many nodes each function amounts to, each looked at once."""

    def __init__(self, functions: Mapping[Key, FunctionProto], path: Path) -> None:
        self.functions = functions
        self.path = path
        self.counts: dict[Key, int] = {}

    def refuse_excess(self, graph: GraphProto) -> None:
        if self.nodes(graph.node, ()) > MOST["nodes"]:
            raise over(self.path, "nodes", where="its functions written out")

    def nodes(self, nodes: Iterable[NodeProto], calls: tuple[Key, ...]) -> int:
        total = 0
        waiting = [nodes]
        while waiting:
            for node in waiting.pop():
                key = _key(node)
                total += self.function(key, calls) if key in self.functions else 1
                waiting.extend(graph.node for _, graph in bodies_of(node))
        return total

    def function(self, key: Key, calls: tuple[Key, ...]) -> int:
        if key in calls:
            raise EdgelintError(self.path, f"has the function {_title(key)} call itself")
        if len(calls) >= DEPTH_LIMIT:
            raise EdgelintError(
                self.path, f"nests functions more than {DEPTH_LIMIT} deep", where=f"function {_title(key)}"
            )
        if key not in self.counts:
            self.counts[key] = self.nodes(self.functions[key].node, (*calls, key))
        return self.counts[key]


class _Inliner:
    def __init__(self, functions: Mapping[Key, FunctionProto], path: Path) -> None:
        self.functions = functions
        self.path = path
        self.origins: list[Origin] = []
        self.bytes_left = BYTES_LIMIT

    def note(self, graph: GraphProto, opsets: Mapping[str, int]) -> None:
        """Origins of a graph without calls."""
        for index, node in enumerate(graph.node):
            self.origins.append(Origin(index, opsets))
            for _, body in bodies_of(node):
                self.note(body, opsets)

    def graph(self, graph: GraphProto, opsets: Mapping[str, int], index: int | None) -> None:
        """Writes out the calls in `graph`; within a function its nodes keep the call's `index`."""
        nodes = list(graph.node)
        del graph.node[:]
        for place, node in enumerate(nodes):
            self.add(graph, node, Origin(place if index is None else index, opsets), index is not None)

    def add(self, graph: GraphProto, node: NodeProto, origin: Origin, within: bool) -> None:
        """Appends `node`, or the body of the function it calls, to `graph`."""
        function = self.functions.get(_key(node))
        if function is not None:
            self.call(graph, node, function, origin.place)
            return
        added = graph.node.add()
        added.CopyFrom(node)
        self.origins.append(origin)
        for _, body in bodies_of(added):
            self.graph(body, origin.opsets, origin.place if within else None)

    def call(self, graph: GraphProto, node: NodeProto, function: FunctionProto, index: int) -> None:
        """Appends the function's nodes under the caller's names."""
        title = node.name or next(filter(None, node.output), function.name)
        if len(node.input) > len(function.input) or len(node.output) > len(function.output):
            raise EdgelintError(
                self.path,
                f"calls the function {_title(_key(node))} with {len(node.input)} inputs and "
                f"{len(node.output)} outputs, where it has {len(function.input)} and {len(function.output)}",
                where=f"node {printable(title)!r}",
            )
        given = {attribute.name: attribute for attribute in function.attribute_proto}
        given.update({attribute.name: attribute for attribute in node.attribute})
        names = dict.fromkeys(function.input, "")
        names.update(zip(function.input, node.input, strict=False))
        self._forward(graph, node, function, names, index)
        call = Call(names, given, f"{title}/")
        self._spend(function, len(title))
        opsets = {domain_of(entry.domain): entry.version for entry in function.opset_import}
        for inner in function.node:
            self.add(graph, _renamed(inner, call), Origin(index, opsets), within=True)

    def _spend(self, function: FunctionProto, prefix: int) -> None:
        """Counts what a copy of the function's nodes takes, names included."""
        names = sum(1 + len(node.input) + len(node.output) for node in function.node)
        self.bytes_left -= function.ByteSize() + names * prefix
        if self.bytes_left < 0:
            raise excess(self.path, f"takes more than {BYTES_LIMIT:,} bytes with its functions written out")

    def _forward(
        self, graph: GraphProto, node: NodeProto, function: FunctionProto, names: dict[str, str], index: int
    ) -> None:
        """Names the outputs; one that is an input handed through becomes an Identity."""
        for inner, outer in zip(function.output, node.output, strict=False):
            if not outer:
                continue
            if inner in names:
                graph.node.add(
                    op_type="Identity", name=f"{outer}/forward", input=[names[inner]], output=[outer]
                )
                self.origins.append(Origin(index, {"": 1}))
            else:
                names[inner] = outer


def _renamed(node: NodeProto, call: Call) -> NodeProto:
    """A copy of a function's node under the caller's names, its attribute references resolved."""
    copy = type(node)()
    copy.CopyFrom(node)
    copy.name = call.prefix + (node.name or next(filter(None, node.output), node.op_type))
    _rename(copy, call)
    return copy


def _rename(node: NodeProto, call: Call) -> None:
    node.input[:] = [_name(name, call) for name in node.input]
    node.output[:] = [_name(name, call) for name in node.output]
    _resolve_references(node, call)
    for _, body in bodies_of(node):
        defined = {value.name for value in body.input}
        defined.update(tensor.name for tensor in body.initializer)
        defined.update(tensor.values.name for tensor in body.sparse_initializer)
        defined.update(name for inner in body.node for name in inner.output)
        inside = Call({**call.names, **{name: name for name in defined}}, call.attributes, call.prefix)
        for inner in body.node:
            _rename(inner, inside)
        for value in body.output:
            value.name = _name(value.name, inside)


def _name(name: str, call: Call) -> str:
    if not name:
        return ""
    return call.names.get(name, call.prefix + name)


def _resolve_references(node: NodeProto, call: Call) -> None:
    """Attributes that name one of the function's get the call's value, or go when it gives none."""
    if not any(attribute.ref_attr_name for attribute in node.attribute):
        return
    attributes = list(node.attribute)
    del node.attribute[:]
    for attribute in attributes:
        given = call.attributes.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if given is not None:
            added = node.attribute.add()
            added.CopyFrom(given)
            added.name = attribute.name
