"""Node by node inference, where the one over the whole model left shapes unknown.

Between two nodes, small values are followed (`folding`): in a transformer each layer's Reshape
takes a shape computed from the layer before, which only an order like this can follow to the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgelint.ir import DType, Shape
from edgelint.ir.dtype import BY_LABEL
from edgelint.loaders.onnx.bodies import Placed
from edgelint.loaders.onnx.folding import Folder
from edgelint.loaders.onnx.functions import domain_of
from edgelint.loaders.onnx.inference import InferenceCrash, in_child
from edgelint.loaders.onnx.prepare import Subject
from edgelint.loaders.onnx.scopes import Types
from edgelint.loaders.onnx.standins import stand_in
from edgelint.loaders.onnx.types import CONTAINERS, NUMBERS, UnknownElementType, describe

if TYPE_CHECKING:
    from onnx import TypeProto

_CONTAINERS = frozenset(CONTAINERS.values())


def refine(subject: Subject, types: list[Types]) -> list[Types]:
    """`types` with what further follows; as they are when everything is known, or inference crashes."""
    free = _free_symbols(subject, types)
    if all(_all_resolved(known, body.nodes, free) for body, known in zip(subject.bodies, types, strict=True)):
        return types
    try:
        reply = json.loads(in_child(lambda: json.dumps(list(_further(subject, types, free))).encode()))
    except (InferenceCrash, ValueError):
        return types
    refined = [dict(known) for known in types]
    for number, name, label, shape in reply:
        refined[number][name] = BY_LABEL.get(label), shape if shape is None else tuple(shape)
    return refined


def _is_resolved(types: Types, placed: Placed, free: frozenset[str]) -> bool:
    """Whether every output has a shape of sizes and of symbols in `free` (or is no tensor)."""
    return all(not name or _is_known(types.get(name, (None, None)), free) for name in placed.outputs)


def _is_known(described: tuple[DType | None, Shape | None], free: frozenset[str]) -> bool:
    dtype, shape = described
    if shape is not None and free.issuperset(dim for dim in shape if not isinstance(dim, int)):
        return True
    return dtype in _CONTAINERS


def _all_resolved(types: Types, nodes: list[Placed], free: frozenset[str]) -> bool:
    """Whether all `nodes` are; their many values are of few types, each of which is looked at once."""
    different = {id(described): described for described in types.values()}
    resolved = {number for number, described in different.items() if _is_known(described, free)}
    get = types.get
    return all([not name or id(get(name)) in resolved for placed in nodes for name in placed.outputs])


def _free_symbols(subject: Subject, types: list[Types]) -> frozenset[str]:
    """The symbols of the graph's inputs; any other ("seq_plus_1") may follow from those."""
    shapes = [types[0].get(name, (None, None))[1] or () for name in subject.bodies[0].inputs]
    return frozenset(dim for shape in shapes for dim in shape if isinstance(dim, str))


def _further(
    subject: Subject, types: list[Types], free: frozenset[str]
) -> Iterator[tuple[int, str, str, Shape | None]]:
    """Body, name, element type and shape of each value about which more is known now."""
    known = [dict(entry) for entry in types]
    folder = Folder(subject.bodies, known)
    for number, body in enumerate(subject.bodies):
        for placed in body.nodes:
            content = folder.follow(number, placed)
            if placed.subgraphs or _is_resolved(known[number], placed, free):
                continue
            if content is None:
                found = _inferred(number, placed, folder)
            else:
                found = {placed.outputs[0]: (BY_LABEL[content.dtype.name], content.shape)}
            for name, (dtype, shape) in found.items():
                before = known[number].get(name, (None, None))
                after = before[0] or dtype, _combined(shape, before[1])
                if after != before and name in placed.outputs:
                    known[number][name] = after
                    yield number, name, str(after[0] or ""), after[1]


def _combined(found: Shape | None, before: Shape | None) -> Shape | None:
    """`before` with the sizes of `found` where it has none; dims that inference named are unknown."""
    if found is None:
        return before
    sizes = tuple(dim if isinstance(dim, int) else None for dim in found)
    if before is None or len(before) != len(found):
        return sizes if before is None else before
    return tuple(
        old if isinstance(old, int) or new is None else new for old, new in zip(before, sizes, strict=True)
    )


def _inferred(number: int, placed: Placed, folder: Folder) -> Types:
    """What ONNX infers for this node alone, {} where it cannot."""
    from onnx import NodeProto, checker, defs, helper, numpy_helper, shape_inference

    node = NodeProto()
    node.CopyFrom(placed.proto)
    node.domain = domain_of(node.domain)
    stand_in(node)
    version = placed.opsets.get(node.domain, 0)
    if not version or not defs.has(node.op_type, version, node.domain):
        return {}
    declared: dict[str, TypeProto] = {}
    contents: dict[str, Any] = {}
    for name in filter(None, node.input):
        dtype, shape = folder.scopes.described(number, name)
        if dtype not in NUMBERS:
            return {}
        declared[name] = helper.make_tensor_type_proto(NUMBERS[dtype], shape)
        content = folder.array(number, name)
        if content is not None:
            contents[name] = numpy_helper.from_array(content, name)
    imports = [helper.make_opsetid(domain, which) for domain, which in placed.opsets.items()]
    schema = defs.get_schema(node.op_type, version, node.domain)
    try:
        found = shape_inference.infer_node_outputs(schema, node, declared, contents, opset_imports=imports)
        return {name: describe(inferred) for name, inferred in found.items()}
    except (
        shape_inference.InferenceError,
        checker.ValidationError,
        UnknownElementType,
        ValueError,
        RuntimeError,
        TypeError,
    ):
        return {}
