"""What has to hold in an ONNX file before its graph can be followed.

Only what makes a file no model: ONNX Runtime refuses each of these at load.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edgelint.errors import EdgelintError
from edgelint.loaders.limits import MOST, over
from edgelint.loaders.onnx.bodies import Body, Placed
from edgelint.loaders.onnx.functions import Listed, domain_of
from edgelint.loaders.onnx.types import ELEMENT_TYPES, shape_of
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import ModelProto

NEWEST_VERSION = 2**31 - 1
"""The largest opset version there can be: ONNX and its runtimes count in 32 bits."""

_ANY_NUMBER = 1 << 30
"""A limit above this is none: for any number of inputs or outputs ONNX states the largest of 32 bits."""

IMPLICIT_OPSET_BEFORE = 3
"""IR version that brought opset imports; an older file means opset 1 of ai.onnx."""


def verify_model(model: ModelProto, graphs: list[Listed], path: Path) -> dict[str, int]:
    """The opset version for each domain.

    graphs: all those of `model`. Raises EdgelintError when the file names no IR version, no graph or no
    opset, an opset version that cannot be, or gives two nodes of a graph the same name.
    """
    if not model.HasField("graph"):
        raise EdgelintError(path, "holds no graph", where="ModelProto.graph", hint="export it again")
    if model.ir_version < 1:
        raise EdgelintError(path, "states no IR version", where="ModelProto.ir_version")
    opsets = _opsets(model, path)
    for graph in graphs:
        _refuse_double_names([node.name for node in graph.nodes], path)
    _verify_ort_config(model, path)
    return opsets


def verify_size(graphs: list[Listed], path: Path) -> None:
    """Raises EdgelintError for more structure than is taken on; functions are written out by now.

    Connections are left to `bodies.gather`, which looks at each.
    """
    counts = dict.fromkeys(("nodes", "weights", "inputs and outputs"), 0)
    for graph, nodes in graphs:
        counts["nodes"] += len(nodes)
        counts["weights"] += len(graph.initializer) + len(graph.sparse_initializer)
        counts["inputs and outputs"] += len(graph.input) + len(graph.output)
        for what, count in counts.items():
            if count > MOST[what]:
                raise over(path, what, where="ModelProto.graph")


def verify_bodies(bodies: list[Body], path: Path) -> None:
    """Raises EdgelintError for operators and initializers that are not as they are declared.

    A standard operator has the inputs, outputs and attributes of its definition; an initializer that
    is a graph input as well has that input's type and shape.
    """
    schemas = _Schemas()
    passed: set[tuple[str, str, int, int, int]] = set()
    for body in bodies:
        _verify_initializers(body, path)
        for placed in body.nodes:
            op, domain, inputs, outputs = placed.op, placed.domain, placed.inputs, placed.outputs
            kind = (op, domain, placed.opsets.get(domain, 0), len(inputs), len(outputs))
            # Nodes of one kind without attributes are all right if one of them is.
            if kind in passed and not placed.has_attributes:
                continue
            schema = schemas.of(kind[:3])
            if schema is not None:
                _verify_node(placed, schema, path)
            if not placed.has_attributes:
                passed.add(kind)


def _opsets(model: ModelProto, path: Path) -> dict[str, int]:
    opsets: dict[str, int] = {}
    _verify_versions(model.opset_import, "ModelProto.opset_import", path)
    for function in model.functions:
        _verify_versions(function.opset_import, f"function {printable(function.name)!r}", path)
    for entry in model.opset_import:
        domain = domain_of(entry.domain)
        if opsets.setdefault(domain, entry.version) != entry.version:
            raise EdgelintError(path, f"imports the opset {printable(domain or 'ai.onnx')!r} in two versions")
    if not opsets:
        if model.ir_version < IMPLICIT_OPSET_BEFORE:
            return {"": 1}
        if model.graph.node:
            raise EdgelintError(
                path,
                "imports no opset, so that its operators have no meaning",
                where="ModelProto.opset_import",
                hint="export it again; a valid file names the opset version it was written for",
            )
    if "" not in opsets:
        called = {(domain_of(function.domain), function.name) for function in model.functions}
        for node in model.graph.node:
            if not domain_of(node.domain) and ("", node.op_type) not in called:
                where = f"node {printable(node.name or node.op_type)!r} ({printable(node.op_type)})"
                raise EdgelintError(
                    path, "is an ai.onnx operator, but that opset is not imported", where=where
                )
    return opsets


def _verify_versions(imports: Any, where: str, path: Path) -> None:
    for entry in imports:
        if not 0 <= entry.version <= NEWEST_VERSION:
            domain = printable(domain_of(entry.domain) or "ai.onnx")
            raise EdgelintError(
                path, f"imports version {entry.version} of the opset {domain!r}, which cannot be", where=where
            )


def _verify_initializers(body: Body, path: Path) -> None:
    for value in body.proto.input:
        tensor = body.constants.get(value.name)
        if tensor is None or value.type.WhichOneof("value") != "tensor_type":
            continue
        declared = value.type.tensor_type
        where = f"initializer {printable(value.name)!r}"
        if declared.elem_type and ELEMENT_TYPES.get(declared.elem_type) is not tensor.dtype:
            stated = ELEMENT_TYPES.get(declared.elem_type, declared.elem_type)
            raise EdgelintError(path, f"is stored as {tensor.dtype} but declared as {stated}", where=where)
        shape = shape_of(declared.shape) if declared.HasField("shape") else tensor.shape
        if len(shape) != len(tensor.shape) or any(
            isinstance(said, int) and said != stored for said, stored in zip(shape, tensor.shape, strict=True)
        ):
            raise EdgelintError(
                path,
                f"is stored with shape {list(tensor.shape)} but declared with {list(shape)}",
                where=where,
            )


def _refuse_double_names(names: list[str], path: Path) -> None:
    if len(set(names)) + max(names.count("") - 1, 0) == len(names):
        return
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        first = seen.setdefault(name, place) if name else place
        if first != place:
            raise EdgelintError(
                path,
                f"has two nodes named {printable(name)!r}, which runtimes refuse",
                where=f"nodes {first} and {place}",
            )


def _verify_ort_config(model: ModelProto, path: Path) -> None:
    """ONNX Runtime reads session options from this entry when it is told to."""
    for entry in model.metadata_props:
        if entry.key == "ort_config":
            try:
                json.loads(entry.value)
            except (ValueError, RecursionError) as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
                raise EdgelintError(
                    path,
                    f"has session options that are no JSON: {reason}",
                    where="metadata_props 'ort_config'",
                    hint="ONNX Runtime reads them; mend or remove the entry",
                ) from error


class _Schemas:
    """The standard's operator definitions, each looked up once."""

    def __init__(self) -> None:
        from onnx import defs

        self.defs: Any = defs
        self.found: dict[tuple[str, str, int], _Schema | None] = {}

    def of(self, key: tuple[str, str, int]) -> _Schema | None:
        """The definition of an operator of a domain in a version; None where the standard has none."""
        if key not in self.found:
            op, domain, version = key
            known = 0 < version <= NEWEST_VERSION and self.defs.has(op, version, domain)
            self.found[key] = _schema(self.defs.get_schema(op, version, domain)) if known else None
        return self.found[key]


class _Schema(NamedTuple):
    """How many inputs and outputs an operator has, and its attributes: their type, whether required."""

    inputs: tuple[int, int]
    outputs: tuple[int, int]
    attributes: dict[str, int]
    required: tuple[str, ...]


def _schema(found: Any) -> _Schema:
    return _Schema(
        (found.min_input, found.max_input),
        (found.min_output, found.max_output),
        {name: attribute.type.value for name, attribute in found.attributes.items()},
        tuple(name for name, attribute in found.attributes.items() if attribute.required),
    )


def _verify_node(placed: Placed, schema: _Schema, path: Path) -> None:
    least, most = schema.inputs
    if not least <= len(placed.inputs) <= most:
        raise _miscounted(placed, f"{len(placed.inputs)} inputs", schema.inputs, path)
    least, most = schema.outputs
    if not least <= len(placed.outputs) <= most:
        raise _miscounted(placed, f"{len(placed.outputs)} outputs", schema.outputs, path)
    if not ((placed.has_attributes and schema.attributes) or schema.required):
        return
    given = {attribute.name: attribute.type for attribute in placed.proto.attribute[:]}
    for name in schema.required:
        if name not in given:
            raise EdgelintError(path, f"lacks the attribute {name!r}", where=placed.where)
    for name, kind in given.items():
        if kind not in (0, schema.attributes.get(name, kind)):
            raise EdgelintError(path, f"has the attribute {name!r} of the wrong type", where=placed.where)


def _miscounted(placed: Placed, count: str, allowed: tuple[int, int], path: Path) -> EdgelintError:
    least, most = allowed
    limits = (
        f"{least}" if least == most else f"{least} to {most}" if most < _ANY_NUMBER else f"at least {least}"
    )
    return EdgelintError(path, f"has {count} where the operator has {limits}", where=placed.where)
