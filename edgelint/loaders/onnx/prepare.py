"""The copy of an ONNX model that shape inference runs on.

Without large constants, of which only types and shapes go in; nodes in execution order; operators in
the spelling, and of the opset, that inference knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from edgelint.deferred import dataclass
from edgelint.ir import DType, Inline, Shape, Tensor
from edgelint.loaders.onnx.bodies import Body, Placed
from edgelint.loaders.onnx.functions import bodies_of
from edgelint.loaders.onnx.standins import stand_in
from edgelint.loaders.onnx.types import NUMBERS

if TYPE_CHECKING:
    import numpy as np
    from onnx import GraphProto, ModelProto, NodeProto, TypeProto

OLDEST_IR = 4
"""IR version from which initializers need not be graph inputs; older files are read the same way."""

UNKNOWN_DOMAIN = "edgelint.unknown"
"""A domain that inference has no operators of, for those it must not look at."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What inference is about: the model, its drafts, its opsets, and what its nodes are known to compute."""

    model: ModelProto
    bodies: list[Body]
    opsets: Mapping[str, int]
    folded: list[dict[str, np.ndarray]] = field(default_factory=list)


def prepared(subject: Subject, *, keep_declared: bool) -> ModelProto:
    """The copy; with `keep_declared` off, without the shapes that the file states for nodes' outputs."""
    copy = type(subject.model)()
    copy.CopyFrom(subject.model)
    del copy.training_info[:]
    del copy.metadata_props[:]
    copy.ir_version = max(copy.ir_version, OLDEST_IR)
    del copy.opset_import[:]
    domains = {placed.domain for body in subject.bodies for placed in body.nodes}
    for domain in sorted({"", UNKNOWN_DOMAIN, *subject.opsets, *domains}):
        copy.opset_import.add(domain=domain, version=subject.opsets.get(domain, 1 if domain else _newest()))
    _prepare(copy.graph, subject, 0, keep_declared)
    return copy


def _newest() -> int:
    from onnx import defs

    return int(defs.onnx_opset_version())


def graphs_in_order(
    graph: GraphProto, bodies: list[Body], number: int = 0
) -> Iterator[tuple[int, GraphProto]]:
    """A prepared (or inferred) graph and those within, each with the number of its body."""
    yield number, graph
    if len(bodies) == 1:
        return
    placed_nodes = bodies[number].nodes
    for node, placed in zip(graph.node[len(graph.node) - len(placed_nodes) :], placed_nodes, strict=True):
        if placed.subgraphs:
            for (_, inner), inner_number in zip(bodies_of(node), placed.subgraphs.values(), strict=True):
                yield from graphs_in_order(inner, bodies, inner_number)


def _prepare(graph: GraphProto, subject: Subject, number: int, keep_declared: bool) -> None:
    body = subject.bodies[number]
    small = {name for name, tensor in body.constants.items() if _is_small(tensor)}
    by_place = {place: graph.node[place].output[0] for place in body.folded}
    _declare(graph, body, small.difference(by_place.values()), keep_declared)
    constants = [place for place, name in by_place.items() if name in small]
    _put_in_order(graph, [*constants, *(placed.position for placed in body.nodes)])
    folded = subject.folded[number] if subject.folded else {}
    for place, placed in enumerate(body.nodes, len(constants)):
        is_other = placed.proto.domain or placed.opsets is not subject.opsets
        is_folded = folded and placed.outputs and placed.outputs[0] in folded
        if not (is_other or is_folded or placed.subgraphs):
            continue
        node = graph.node[place]
        if is_other:
            _standardise(node, placed, subject.opsets)
        if is_folded:
            _fold(node, folded[placed.outputs[0]])
        if placed.subgraphs:
            for (_, inner), inner_number in zip(bodies_of(node), placed.subgraphs.values(), strict=True):
                _prepare(inner, subject, inner_number, keep_declared)


def _declare(graph: GraphProto, body: Body, stored: set[str], keep_declared: bool) -> None:
    """Leaves the initializers in `stored`, and declares the type of all other constants in their place."""
    made = set() if keep_declared else {name for placed in body.nodes for name in placed.outputs}
    inputs = [value for value in graph.input if value.name not in body.constants]
    stated = [
        value for value in graph.value_info if value.name not in body.constants and value.name not in made
    ]
    kept = {name: tensor for tensor in graph.initializer[:] if (name := tensor.name) in stored}
    for container, content in (
        (graph.initializer, kept.values()),
        (graph.input, inputs),
        (graph.value_info, stated),
    ):
        # Most graphs keep all.
        if len(content) < len(container):
            del container[:]
            container.extend(content)
    del graph.sparse_initializer[:]
    types: dict[tuple[DType, Shape], TypeProto] = {}
    for name, tensor in body.constants.items():
        # Inference sees for itself what an initializer is.
        if name not in kept:
            graph.value_info.add(name=name, type=_type_of(tensor, types))
    for value in graph.output:
        if value.name in body.constants:
            value.type.CopyFrom(_type_of(body.constants[value.name], types))
        elif not keep_declared and value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")


def _put_in_order(graph: GraphProto, places: list[int]) -> None:
    """Leaves the nodes that are at `places`, in that order; in most graphs that is how they are."""
    if places != [*range(len(graph.node))]:
        nodes = graph.node[:]
        del graph.node[:]
        graph.node.extend([nodes[place] for place in places])


def _is_small(tensor: Tensor) -> bool:
    return isinstance(tensor.storage, Inline) and not tensor.sparse


def _type_of(tensor: Tensor, known: dict[tuple[DType, Shape], TypeProto]) -> TypeProto:
    """A constant's type and shape as a declaration. known: the declarations so far."""
    from onnx import TypeProto

    key = tensor.dtype, tensor.shape
    if key not in known:
        known[key] = declared = TypeProto()
        declared.tensor_type.elem_type = NUMBERS[tensor.dtype]
        declared.tensor_type.shape.SetInParent()
        for size in tensor.shape:
            declared.tensor_type.shape.dim.add(dim_value=size)
    return known[key]


def _fold(node: NodeProto, content: np.ndarray) -> None:
    """Makes `node` a Constant of what it computes."""
    from onnx import numpy_helper

    node.op_type = "Constant"
    del node.input[:]
    del node.output[1:]
    del node.attribute[:]
    node.attribute.add(name="value", type=4, t=numpy_helper.from_array(content))


def _standardise(node: NodeProto, placed: Placed, opsets: Mapping[str, int]) -> None:
    """The spelling inference knows, or one it does not know where it would apply another opset."""
    domain = placed.domain
    if domain != node.domain:
        node.domain = domain
    if placed.opsets is not opsets and _means_something_else(node, placed.opsets, opsets):
        node.domain = UNKNOWN_DOMAIN
    elif domain:
        stand_in(node)


def _means_something_else(node: NodeProto, one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether the operator's definition differs between the two opset versions."""
    from onnx import defs

    versions = {opsets.get(node.domain) for opsets in (one, other)}
    if len(versions) == 1:
        return False
    found = {
        defs.get_schema(node.op_type, version, node.domain).since_version
        if version and defs.has(node.op_type, version, node.domain)
        else None
        for version in versions
    }
    return len(found) > 1
