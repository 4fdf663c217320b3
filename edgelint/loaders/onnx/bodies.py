"""The graphs of an ONNX model as drafts: constants apart, names checked, nodes in execution order.

A draft keeps its protos, so that shape inference can run on them; `graph` makes Graphs of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir import DType, Inline, Tensor
from edgelint.loaders.limits import MOST, over
from edgelint.loaders.onnx.functions import Listed, Origins, bodies_of, domain_of
from edgelint.loaders.onnx.tensors import TensorReader, numbers
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


_NO_BODIES: Mapping[str, int] = {}
"""Those of most nodes."""


class Placed(NamedTuple):
    """A node: its place in the draft's proto, its `Origin`, and its bodies' numbers.

    op, domain, inputs, outputs: as the proto has them, which makes a new object for each look at them.
    """

    proto: NodeProto
    position: int
    place: int
    opsets: Mapping[str, int]
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    has_attributes: bool
    subgraphs: Mapping[str, int]

    @property
    def title(self) -> str:
        """What messages call it: its name, else its first output's."""
        title: str = self.proto.name or next(filter(None, self.outputs), self.op)
        return title

    @property
    def where(self) -> str:
        """Its place for an error."""
        return f"node {printable(self.title)!r} ({printable(self.op)})"


@dataclass(slots=True)
class Body:
    """One graph.

    inputs: without the initializers that files before IR version 4 list there as well.
    constants: initializers, and what Constant nodes make. nodes: all others.
    folded: places in the proto of the Constant nodes.
    settled: whether the nodes run nothing, come after what they read, and read nothing of an outer graph.
    """

    proto: GraphProto
    name: str
    parent: int | None = None
    inputs: list[str] = field(default_factory=list)
    constants: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Placed] = field(default_factory=list)
    folded: list[int] = field(default_factory=list)
    settled: bool = False

    @property
    def outputs(self) -> list[str]:
        """The names it hands out."""
        return [value.name for value in self.proto.output]


def gather(graphs: list[Listed], origins: Origins, reader: TensorReader) -> list[Body]:
    """Drafts of the main graph and of every body, each before its own bodies.

    graphs, origins: as `functions.inline` gives them.
    Raises EdgelintError for broken constants, for more connections than are taken on, and for names that
    are defined twice, are read but defined nowhere, or depend on themselves.
    """
    bodies: list[Body] = []
    main = graphs[0].proto
    _Gatherer(bodies, origins, reader, nested=len(graphs) > 1).graph(main, main.name, None)
    _put_in_order(bodies, reader.path)
    return bodies


class _Gatherer:
    """Recurses into bodies, whose nesting the protobuf parser has bounded already.

    names: each name by itself. A name is as many texts as it has places in the file; of those that are equal
        the first is taken everywhere, which saves memory, and time wherever one is looked for.
    nested: whether there are bodies.
    """

    def __init__(self, bodies: list[Body], origins: Origins, reader: TensorReader, *, nested: bool) -> None:
        self.bodies = bodies
        self.origins = iter(origins)
        self.reader = reader
        self.nested = nested
        self.names: dict[str, str] = {}
        self.connections_left = MOST["connections"]

    def graph(self, proto: GraphProto, name: str, parent: int | None) -> int:
        number = len(self.bodies)
        body = Body(proto, name, parent)
        self.bodies.append(body)
        known = self.names.setdefault
        for tensor in proto.initializer[:]:
            stored = known(word := tensor.name, word)
            body.constants[stored] = self.reader.read(tensor, f"initializer {printable(stored)!r}")
        for sparse in proto.sparse_initializer:
            where = f"sparse initializer {printable(sparse.values.name)!r}"
            body.constants[sparse.values.name] = self.reader.sparse(sparse, where)
        body.inputs = [value.name for value in proto.input if value.name not in body.constants]
        for position, node in enumerate(proto.node[:]):
            place, opsets = next(self.origins)
            inputs, outputs, op, domain = node.input[:], node.output[:], node.op_type, node.domain
            self.connections_left -= len(inputs) + len(outputs)
            if self.connections_left < 0:
                raise over(self.reader.path, "connections", where="ModelProto.graph")
            placed = Placed(
                node,
                position,
                place,
                opsets,
                known(op, op),
                domain and domain_of(domain),
                tuple(map(known, inputs, inputs)),
                tuple(map(known, outputs, outputs)),
                bool(node.attribute),
                _NO_BODIES,
            )
            if self.nested and placed.has_attributes and (found := bodies_of(node)):
                placed = placed._replace(subgraphs=self.subgraphs(placed, found, number))
            if op == "Constant" and not placed.domain:
                self.fold(body, placed)
            else:
                body.nodes.append(placed)
        self.refuse_redefinitions(body)
        return number

    def subgraphs(
        self, placed: Placed, found: list[tuple[str, GraphProto]], parent: int
    ) -> Mapping[str, int]:
        """The numbers of a node's bodies."""
        numbered: dict[str, int] = {}
        for attribute, inner in found:
            if attribute in numbered:
                problem = f"has two bodies called {printable(attribute)!r}"
                raise EdgelintError(self.reader.path, problem, where=placed.where)
            title = inner.name or f"{placed.title}.{attribute}"
            numbered[attribute] = self.graph(inner, title, parent)
        return numbered

    def fold(self, body: Body, placed: Placed) -> None:
        """A Constant node as the constant that every runtime makes of it.

        Exporters write some as an initializer too; ONNX Runtime warns, and takes what comes last.
        """
        if len(placed.outputs) != 1 or not placed.outputs[0]:
            raise EdgelintError(self.reader.path, "has not exactly one output", where=placed.where)
        name = placed.outputs[0]
        body.constants[name] = self.constant(placed)
        body.folded.append(placed.position)

    def constant(self, placed: Placed) -> Tensor:
        for attribute in placed.proto.attribute:
            match attribute.name:
                case "value":
                    return self.reader.read(attribute.t, placed.where)
                case "sparse_value":
                    return self.reader.sparse(attribute.sparse_tensor, placed.where)
                case "value_float":
                    return numbers(DType.FLOAT32, (), [attribute.f])
                case "value_floats":
                    return numbers(DType.FLOAT32, (len(attribute.floats),), attribute.floats)
                case "value_int":
                    return numbers(DType.INT64, (), [attribute.i])
                case "value_ints":
                    return numbers(DType.INT64, (len(attribute.ints),), attribute.ints)
                case "value_string":
                    return Tensor(DType.STRING, (), len(attribute.s), Inline(attribute.s))
                case "value_strings":
                    content = b"".join(attribute.strings)
                    return Tensor(DType.STRING, (len(attribute.strings),), len(content), Inline(content))
        raise EdgelintError(self.reader.path, "has no value", where=placed.where)

    def refuse_redefinitions(self, body: Body) -> None:
        """Every name has one definition in its graph; a body may reuse an outer graph's.

        Sees as it goes whether the body is settled, which most are.
        """
        defined = set(body.constants)
        for name in body.inputs:
            if name in defined:
                raise EdgelintError(self.reader.path, f"has the graph input {printable(name)!r} twice")
            defined.add(name)
        defined.add("")  # as which what is left out is read
        settled = True
        for placed in body.nodes:
            settled = settled and not placed.subgraphs and defined.issuperset(placed.inputs)
            for name in placed.outputs:
                if not name:
                    continue
                if name in defined:
                    raise EdgelintError(
                        self.reader.path,
                        f"defines {printable(name)!r} a second time",
                        where=placed.where,
                        hint="every value of a graph has one producer",
                    )
                defined.add(name)
        body.settled = settled and defined.issuperset(body.outputs)


def _put_in_order(bodies: list[Body], path: Path) -> None:
    """Sorts each graph's nodes so that each comes after what it reads."""
    captured: list[set[str]] = [set() for _ in bodies]
    for number in range(len(bodies) - 1, -1, -1):
        body = bodies[number]
        if body.settled:
            continue
        reads = [
            placed.inputs + tuple(name for inner in placed.subgraphs.values() for name in captured[inner])
            if placed.subgraphs
            else placed.inputs
            for placed in body.nodes
        ]
        body.nodes = _sorted(body, reads, path)
        defined = {*body.constants, *body.inputs}
        defined.update(name for placed in body.nodes for name in placed.outputs)
        captured[number] = set().union(body.outputs, *reads) - defined
        captured[number].discard("")
    if captured[0]:
        _refuse_dangling(bodies, captured[0], path)


def _sorted(body: Body, reads: list[tuple[str, ...]], path: Path) -> list[Placed]:
    """The nodes in the file's order where that is an execution order, else the nearest that is.

    Kahn's algorithm; among the nodes that could run next, the one that comes first in the file.
    """
    producer = {name: place for place, node in enumerate(body.nodes) for name in node.outputs if name}
    if all(producer.get(name, -1) < place for place, names in enumerate(reads) for name in names):
        return body.nodes
    waits = [{producer[name] for name in names if name in producer} for names in reads]
    readers: list[list[int]] = [[] for _ in waits]
    for place, before in enumerate(waits):
        for other in before:
            readers[other].append(place)
    missing = [len(before) for before in waits]
    ready = [place for place, count in enumerate(missing) if not count]
    order = []
    while ready:
        place = heapq.heappop(ready)
        order.append(place)
        for reader in readers[place]:
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(waits):
        _refuse_cycle(body, waits, missing, path)
    return [body.nodes[place] for place in order]


def _refuse_cycle(body: Body, waits: list[set[int]], missing: list[int], path: Path) -> None:
    """Walks back through nodes that never got ready until one comes again: that one is on a cycle."""
    place = next(place for place, count in enumerate(missing) if count)
    seen: set[int] = set()
    while place not in seen:
        seen.add(place)
        place = next(other for other in waits[place] if missing[other])
    raise EdgelintError(path, "has a cycle: a node depends on its own output", where=body.nodes[place].where)


def _refuse_dangling(bodies: list[Body], names: set[str], path: Path) -> None:
    for body in bodies:
        for placed in body.nodes:
            for name in placed.inputs:
                if name in names:
                    raise EdgelintError(
                        path,
                        f"reads {printable(name)!r}, which is no input, no constant and no node's output",
                        where=placed.where,
                    )
    name = min(names)
    raise EdgelintError(path, f"has the graph output {printable(name)!r}, which nothing produces")
