"""Damaged ONNX files: the protobuf message tree is changed by what its descriptors say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import onnx.backend.test
from google.protobuf.descriptor import FieldDescriptor as Field  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, EncodeError  # type: ignore[import-untyped]
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from edgelint.ir.operators import OPERATORS
from edgelint.loaders.onnx.strip import PAYLOADS
from tests.conftest import FIXTURES, SHARED_MODELS
from tests.fuzz.formats import LARGEST_SEED
from tests.fuzz.numbers import FLOATS, LENGTHS, changed_bytes, changed_text, integer

SUFFIX = ".onnx"

LARGEST_TEST_MODEL = 4096
"""Bytes of the onnx package's own operator tests that are taken."""

_INTEGERS = {
    Field.TYPE_INT32: "i",
    Field.TYPE_INT64: "q",
    Field.TYPE_UINT64: "Q",
    Field.TYPE_UINT32: "I",
    Field.TYPE_ENUM: "i",
}
_REALS = (Field.TYPE_FLOAT, Field.TYPE_DOUBLE)


def seeds() -> Iterator[bytes]:
    """The fixtures, small real files, and the onnx package's tests of single operators."""
    found = [*FIXTURES.glob("models/*.onnx"), *SHARED_MODELS.rglob("*.onnx")]
    for path in sorted(found, key=lambda path: path.stat().st_size):
        if path.stat().st_size <= LARGEST_SEED:
            yield path.read_bytes()
    for path in sorted((Path(onnx.backend.test.__file__).parent / "data").rglob("*.onnx")):
        if path.stat().st_size <= LARGEST_TEST_MODEL:
            yield path.read_bytes()
    for name in _OPERATORS:
        yield _one_operator(name).SerializeToString()


def mutated(data: bytes, other: bytes, chance: Random) -> bytes:
    """`data` with one to eight changes to its messages, its bytes, or both."""
    model = _parsed(data)
    if model is None or chance.random() < 0.08:
        return changed_bytes(data, chance)
    foreign = (_parsed(other) or model) if chance.random() < 0.2 else model
    try:
        for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
            chance.choice(_CHANGES)(model, foreign, chance)
        made: bytes = model.SerializeToString()
    except (DecodeError, EncodeError, UnicodeError):  # nested too deeply, or a text that is none
        return changed_bytes(data, chance)
    return changed_bytes(made, chance) if chance.random() < 0.1 else made


def _parsed(data: bytes) -> Any:
    try:
        return ModelProto.FromString(data)
    except DecodeError:
        return None


def _somewhere(message: Any, chance: Random, stop: float = 0.2) -> Any:
    """A message on a random way down from `message`."""
    while True:
        below = [
            (field, content)
            for field, content in message.ListFields()
            if field.type == Field.TYPE_MESSAGE and (not field.is_repeated or len(content))
        ]
        if not below or chance.random() < stop:
            return message
        field, content = chance.choice(below)
        message = chance.choice(content) if field.is_repeated else content


def _change_field(model: Any, foreign: Any, chance: Random) -> None:
    """Any field of any message: changed, cleared, or filled for the first time."""
    message = _somewhere(model, chance)
    present = [field for field, _ in message.ListFields()]
    fields = present if present and chance.random() < 0.75 else list(message.DESCRIPTOR.fields)
    if not fields:
        return
    field = chance.choice(fields)
    if chance.random() < 0.06:
        message.ClearField(field.name)
    elif field.is_repeated:
        _change_repeated(message, field, model, foreign, chance)
    elif field.type == Field.TYPE_MESSAGE:
        source = _like(field.message_type, foreign, chance)
        if source is not None:
            getattr(message, field.name).CopyFrom(source)
        else:
            getattr(message, field.name).SetInParent()
    else:
        _set(message, field, _scalar(field, getattr(message, field.name), model, chance))


def _set(message: Any, field: Any, content: Any) -> None:
    try:
        setattr(message, field.name, content)
    except (ValueError, UnicodeEncodeError):  # a lone surrogate, or no value of the enum
        message.ClearField(field.name)


def _change_repeated(message: Any, field: Any, model: Any, foreign: Any, chance: Random) -> None:
    """One entry added, doubled, dropped, moved, changed, or the list made very long."""
    items = getattr(message, field.name)
    act = chance.randrange(6)
    if act == 0 or not len(items):
        _append(items, field, _new(field, model, foreign, chance))
    elif act == 1:
        _append(items, field, chance.choice(items))
    elif act == 2:
        del items[chance.randrange(len(items))]
    elif act == 3:
        kept = list(items)
        chance.shuffle(kept)
        message.ClearField(field.name)
        getattr(message, field.name).extend(kept)
    elif act == 4 and len(items) < 30:
        items.extend(list(items) * chance.choice(LENGTHS[:4]))
    elif field.type == Field.TYPE_MESSAGE:
        items[chance.randrange(len(items))].CopyFrom(_new(field, model, foreign, chance))
    else:
        place = chance.randrange(len(items))
        content = _scalar(field, items[place], model, chance)
        del items[place]
        _append(items, field, content)


def _append(items: Any, field: Any, content: Any) -> None:
    try:
        if field.type == Field.TYPE_MESSAGE:
            items.add().CopyFrom(content)
        else:
            items.append(content)
    except (ValueError, UnicodeEncodeError):
        return


def _new(field: Any, model: Any, foreign: Any, chance: Random) -> Any:
    if field.type == Field.TYPE_MESSAGE:
        found = _like(field.message_type, foreign, chance)
        return found if found is not None else field.message_type._concrete_class()
    return _scalar(field, 0 if field.type in _INTEGERS else "", model, chance)


def _like(kind: Any, model: Any, chance: Random) -> Any:
    """A copy of some message of this type, None when a few tries find none."""
    for _ in range(6):
        found = _somewhere(model, chance, 0.1)
        if found.DESCRIPTOR is kind:
            copy = type(found)()
            copy.CopyFrom(found)
            return copy
    return None


def _scalar(field: Any, old: Any, model: Any, chance: Random) -> Any:
    if field.type == Field.TYPE_ENUM:
        return chance.choice([*(each.number for each in field.enum_type.values), 99, -1])
    if field.type in _INTEGERS:
        return integer(old if isinstance(old, int) else 0, _INTEGERS[field.type], chance)
    if field.type in _REALS:
        return chance.choice(FLOATS)
    if field.type == Field.TYPE_BYTES:
        return changed_bytes(old if isinstance(old, bytes) else b"", chance)
    return changed_text(old if isinstance(old, str) else "", _names(model, chance), chance)


def _names(model: Any, chance: Random) -> list[str]:
    """A few names of values, operators and domains that occur."""
    graph = model.graph
    found = [*(entry.name for entry in graph.input[:2]), *(entry.name for entry in graph.output[:2])]
    for node in chance.sample(list(graph.node), min(2, len(graph.node))):
        found += [*node.input, *node.output, node.op_type, node.domain]
    return found


def _swap_operator(model: Any, foreign: Any, chance: Random) -> None:
    """Another operator of ONNX's or a runtime's in place of one, the attributes as they were."""
    node = _node(model, chance)
    if node is not None:
        node.domain, node.op_type = chance.choice(_KNOWN)
        if node.domain not in {"", *(entry.domain for entry in model.opset_import)}:
            model.opset_import.add(domain=node.domain, version=1)


def _node(model: Any, chance: Random) -> Any:
    graph = _graph(model, chance)
    return chance.choice(graph.node) if graph.node else None


def _graph(model: Any, chance: Random) -> Any:
    found = _somewhere(model, chance, 0.05)
    return found if isinstance(found, GraphProto) else model.graph


def _bend_attribute(model: Any, foreign: Any, chance: Random) -> None:
    """An attribute's numbers, its type, or one that the operator knows and the node lacked."""
    node = _node(model, chance)
    if node is None:
        return
    if not node.attribute or chance.random() < 0.3:
        made = node.attribute.add(name=chance.choice(_ATTRIBUTES), type=AttributeProto.INTS)
        made.ints.extend(integer(1, "q", chance) for _ in range(chance.randrange(6)))
        return
    attribute = chance.choice(node.attribute)
    act = chance.randrange(4)
    if act == 0:
        attribute.type = chance.choice(AttributeProto.AttributeType.values())
    elif act == 1 and attribute.ints:
        attribute.ints[chance.randrange(len(attribute.ints))] = integer(1, "q", chance)
    elif act == 2:
        attribute.i = integer(attribute.i, "q", chance)
    else:
        attribute.name = chance.choice(_ATTRIBUTES)


def _bend_shape(model: Any, foreign: Any, chance: Random) -> None:
    """A dim of a declared value or of a tensor; some tensors get content for it."""
    graph = _graph(model, chance)
    attributes = [each for node in graph.node for each in node.attribute]
    tensors = [*graph.initializer, *(each.t for each in attributes if each.HasField("t"))]
    values = [*graph.input, *graph.output, *graph.value_info]
    if tensors and (chance.random() < 0.5 or not values):
        _bend_tensor(chance.choice(tensors), chance)
    elif values:
        shape = chance.choice(values).type.tensor_type.shape
        dim = chance.choice(shape.dim) if shape.dim and chance.random() < 0.7 else shape.dim.add()
        if chance.random() < 0.3:
            symbol = changed_text(dim.dim_param, ["n", "batch"], chance)
            _set(dim, dim.DESCRIPTOR.fields_by_name["dim_param"], symbol)
        else:
            dim.dim_value = integer(dim.dim_value, "q", chance)


def _bend_tensor(tensor: Any, chance: Random) -> None:
    act = chance.randrange(4)
    if act == 0:
        tensor.data_type = chance.randrange(28)
    elif act == 1:
        _make_external(tensor, chance)
        return
    else:
        dims = [chance.choice((0, 1, 1, 2, 3, 4, 5, 8)) for _ in range(chance.randrange(6))]
        del tensor.dims[:]
        tensor.dims.extend(dims if act == 2 else [integer(1, "q", chance) for _ in dims])
    elements = math.prod(tensor.dims)
    if 0 <= elements <= 512 and tensor.data_type in _WIDTHS and chance.random() < 0.8:
        for field in _CONTENTS:
            tensor.ClearField(field)
        tensor.raw_data = chance.randbytes(1) * math.ceil(elements * _WIDTHS[tensor.data_type])


def _make_external(tensor: Any, chance: Random) -> None:
    for field in _CONTENTS:
        tensor.ClearField(field)
    tensor.data_location = TensorProto.EXTERNAL
    for key in ("location", "offset", "length"):
        if chance.random() < 0.8:
            usual = "weights.bin" if key == "location" else "0"
            text = changed_text(usual, ["0", "18446744073709551616"], chance)
            entry = tensor.external_data.add(key=key)
            _set(entry, entry.DESCRIPTOR.fields_by_name["value"], text)


def _nest(model: Any, foreign: Any, chance: Random) -> None:
    """A graph inside a node of itself, one time or many."""
    inner = GraphProto()
    inner.CopyFrom(_graph(foreign, chance))
    if inner.ByteSize() > 8192:
        return
    for _ in range(chance.choice((1, 1, 2, 30))):
        outer = GraphProto(name=inner.name)
        outer.output.extend(inner.output)
        condition = (model.graph.input[0].name if model.graph.input else "") or "c"
        kind = chance.choice((("If", "then_branch"), ("Loop", "body"), ("Scan", "body")))
        node = NodeProto(op_type=kind[0], input=[condition], output=[each.name for each in inner.output])
        node.attribute.add(name=kind[1], type=AttributeProto.GRAPH, g=inner)
        outer.node.append(node)
        inner = outer
    model.graph.node.extend(inner.node)


def _call(model: Any, foreign: Any, chance: Random) -> None:
    """A function of the model's own, which may call itself, and a node that calls it."""
    node = _node(model, chance)
    if node is None or len(model.functions) > 20:
        return
    name = chance.choice(("f", "g", node.op_type))
    body = [_copied(node)]
    if chance.random() < 0.5:
        called = chance.choice(("f", "g", name))
        body.append(NodeProto(op_type=called, domain="own", input=node.input, output=["t"]))
    ends, imports = (list(node.input), list(node.output)), list(model.opset_import)[:3]
    model.functions.append(helper.make_function("own", name, *ends, body, imports))
    if chance.random() < 0.8:
        node.op_type, node.domain = name, "own"
        model.opset_import.add(domain="own", version=1)


def _copied(node: Any) -> Any:
    copy = NodeProto()
    copy.CopyFrom(node)
    return copy


_CHANGES = (
    *(_change_field, _change_field, _change_field, _change_field, _swap_operator),
    *(_bend_attribute, _bend_shape, _bend_shape, _nest, _call),
)
_CONTENTS = tuple(PAYLOADS.values())
_WIDTHS = {
    number: bits / 8
    for bits, numbers in {
        4: (21, 22),
        8: (2, 3, 9, 17),
        16: (4, 5, 10, 16),
        32: (1, 6, 12),
        64: (7, 11, 13),
    }.items()
    for number in numbers
}
"""Element type to bytes of one element."""


def _one_operator(name: str) -> Any:
    """A model of one operator, its inputs of one small shape, the last one a constant."""
    from onnx import defs

    schema = defs.get_schema(name, domain=_DOMAINS[name])
    count = max(schema.min_input, 1)
    names = [f"x{place}" for place in range(count)]
    outputs = [f"y{place}" for place in range(max(schema.min_output, 1))]
    values = [helper.make_tensor_value_info(each, 1, [1, 4, 4, 4]) for each in names]
    results = [helper.make_tensor_value_info(each, 1, None) for each in outputs]
    constants = [helper.make_tensor(names[-1], 1, [4], [0.5, 1, 2, 3])] if count > 1 else []
    node = helper.make_node(name, names, outputs, "n", domain=_DOMAINS[name])
    graph = helper.make_graph([node], "main", values[: count - bool(constants)], results, constants)
    imports = [helper.make_opsetid("", 22)]
    if _DOMAINS[name]:
        imports.append(helper.make_opsetid(_DOMAINS[name], schema.since_version))
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def _schemas() -> tuple[dict[str, str], tuple[str, ...]]:
    from onnx import defs

    every = defs.get_all_schemas()
    domains = {schema.name: schema.domain for schema in sorted(every, key=lambda schema: schema.name)}
    return domains, tuple(sorted({name for schema in every for name in schema.attributes}))


_DOMAINS, _ATTRIBUTES = _schemas()
_OPERATORS = tuple(_DOMAINS)
_KNOWN = tuple((domain, name) for domain, name in OPERATORS if domain not in ("keras", "tflite"))
