"""ONNX files, written field by field in protobuf's wire format: no library would write these."""

from __future__ import annotations

from collections.abc import Iterable

from tests.hostile.filling import FULL

FLOAT = 1


def varint(number: int) -> bytes:
    """`number` as protobuf stores it; negative ones as 64-bit two's complement."""
    encoded = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def field(number: int, content: bytes | str | int) -> bytes:
    """One field: a number, or bytes or text behind their length."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(data)) + data


def node(op: str, inputs: Iterable[str], outputs: Iterable[str], name: str = "", more: bytes = b"") -> bytes:
    """A NodeProto as a field of a graph."""
    words = b"".join(field(1, each) for each in inputs) + b"".join(field(2, each) for each in outputs)
    return field(1, words + (field(3, name) if name else b"") + field(4, op) + more)


def value(name: str, dims: Iterable[int | str] = (1, 4), dtype: int = FLOAT) -> bytes:
    """A ValueInfoProto."""
    sizes = (field(1, field(2 if isinstance(dim, str) else 1, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, b"".join(sizes))))


def tensor(name: str, dims: Iterable[int], raw: bytes = b"", dtype: int = FLOAT, more: bytes = b"") -> bytes:
    """A TensorProto."""
    return b"".join(field(1, dim) for dim in dims) + field(2, dtype) + field(8, name) + field(9, raw) + more


def graph(
    nodes: bytes, inputs: Iterable[str] = ("x",), outputs: Iterable[str] = ("y",), more: bytes = b""
) -> bytes:
    """A GraphProto around fields of nodes."""
    ends = [field(11, value(name)) for name in inputs] + [field(12, value(name)) for name in outputs]
    return nodes + field(2, "g") + b"".join(ends) + more


def model(main: bytes, more: bytes = b"", opset: int = 17) -> bytes:
    """A whole file around a GraphProto."""
    return field(1, 8) + field(7, main) + field(8, field(2, opset)) + more


def relu(more: bytes = b"", outside: bytes = b"") -> bytes:
    """A sound model of one node, and what is added to its graph and around it."""
    return model(graph(node("Relu", ["x"], ["y"]), more=more), outside)


def chain(nodes: int, op: str = "Relu") -> bytes:
    """`nodes` operators, each of which reads the one before."""
    names = ["x", *(f"v{place}" for place in range(1, nodes)), "y"]
    return model(graph(b"".join(node(op, names[at : at + 1], names[at + 1 : at + 2]) for at in range(nodes))))


def many_inputs(count: int) -> bytes:
    """One node that reads `count` graph inputs."""
    names = [f"x{place}" for place in range(count)]
    return model(graph(node("Sum", names, ["y"]), names))


def one_input_many_times(count: int) -> bytes:
    """One node that reads one value `count` times."""
    return model(graph(node("Sum", ["x"] * count, ["y"])))


def many_readers(count: int) -> bytes:
    """`count` nodes that read one value, and one that reads all of them."""
    names = [f"v{place}" for place in range(count)]
    return model(graph(b"".join(node("Relu", ["x"], [name]) for name in names) + node("Sum", names, ["y"])))


def many_outputs(count: int) -> bytes:
    """`count` nodes that read one value, each of them an output of the graph."""
    names = [f"v{place}" for place in range(count)]
    return model(graph(b"".join(node("Relu", ["x"], [name]) for name in names), outputs=names))


def one_node_many_outputs(count: int) -> bytes:
    """A Split into `count` pieces, each of them an output of the graph."""
    names = [f"v{place}" for place in range(count)]
    return model(graph(node("Split", ["x"], names), outputs=names))


def dense(layers: int) -> bytes:
    """Each node reads every one before it."""
    names = ["x", *(f"v{place}" for place in range(1, layers)), "y"]
    return model(graph(b"".join(node("Sum", names[: at + 1], [names[at + 1]]) for at in range(layers))))


def reshape_chain(nodes: int) -> bytes:
    """Shapes that are computed from shapes, over and over."""
    parts, last = [], "x"
    for place in range(nodes // 2):
        parts += [node("Shape", [last], [f"s{place}"]), node("Reshape", [last, f"s{place}"], [f"v{place}"])]
        last = f"v{place}"
    return model(graph(b"".join(parts) + node("Relu", [last], ["y"])))


def tiny_tensors(count: int) -> bytes:
    """`count` initializers of one number."""
    made = b"".join(field(5, tensor(f"w{place}", (1,), bytes(4))) for place in range(count))
    return relu(made)


def nested_ifs(depth: int) -> bytes:
    """An If in the branch of an If, and so on."""
    inner = graph(node("Identity", ["x"], ["y"]), (), ("y",))
    for _ in range(depth):
        branch = field(5, field(1, "then_branch") + field(6, inner) + field(20, 5))
        inner = graph(node("If", ["c"], ["y"], more=branch), (), ("y",))
    return model(inner + field(11, value("x")) + field(11, value("c", (), 9)))


def nested(depth: int, number: int = 7) -> bytes:
    """Messages within messages, of a field that the format may not even have."""
    inner = b""
    for _ in range(depth):
        inner = field(number, inner)
    return field(1, 8) + inner


def groups(depth: int) -> bytes:
    """Groups within groups, the oldest way to nest: wire types 3 and 4."""
    return field(1, 8) + varint(7 << 3 | 3) * depth + varint(7 << 3 | 4) * depth


def calling_functions(count: int) -> bytes:
    """Functions each of which calls the one before twice: written out they are a power of two."""
    imports = field(9, field(2, 17)) + field(9, field(1, "d") + field(2, 1))
    made = []
    for place in range(count):
        callee, domain = (f"f{place - 1}", "d") if place else ("Relu", "")
        calls = _as_function_node(callee, "a", "t", domain) + _as_function_node(callee, "t", "b", domain)
        ends = field(1, f"f{place}") + field(4, "a") + field(5, "b")
        made.append(field(25, ends + calls + imports + field(10, "d")))
    main = graph(field(1, field(1, "x") + field(2, "y") + field(4, f"f{count - 1}") + field(7, "d")))
    return model(main, field(8, field(1, "d") + field(2, 1)) + b"".join(made))


def _as_function_node(op: str, read: str, made: str, domain: str) -> bytes:
    return field(7, field(1, read) + field(2, made) + field(4, op) + (field(7, domain) if domain else b""))


def filled(message: bytes, size: int = FULL) -> bytes:
    """A sound model whose graph has `message` as often as fits into `size` bytes."""
    return relu(message * ((size - 200) // len(message)))


def filled_outside(message: bytes, size: int = FULL) -> bytes:
    """A sound model that has `message` beside its graph as often as fits into `size` bytes."""
    return relu(outside=message * ((size - 200) // len(message)))
