"""TFLite files that no converter writes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from edgelint.loaders.tflite.options import BUILTIN_OPTIONS
from tests.hostile.filling import FULL
from tests.hostile.flat import Numbers, Table, Text, Thing, Vector, written

RELU, ADD_N, IF, WHILE, CUSTOM = 19, 106, 118, 119, 32
"""Builtin codes of the schema."""


def code(builtin: int, custom: bytes = b"") -> Table:
    """An OperatorCode."""
    more: dict[int, Thing] = {1: Text(custom)} if custom else {}
    return Table({0: ("b", builtin), 3: ("i", builtin), **more})


def tensor(
    name: bytes = b"t", shape: Sequence[int] = (1, 4), kind: int = 0, buffer: int = 0, **more: Thing
) -> Table:
    """A Tensor; kind 0 is float32, 9 int8."""
    quantization: dict[int, Thing] = {4: more["quantization"]} if more else {}
    return Table({0: _shape(tuple(shape)), 1: ("b", kind), 2: ("I", buffer), 3: Text(name), **quantization})


@cache
def _shape(dims: tuple[int, ...]) -> Numbers:
    """Written once, however many tensors have it."""
    return Numbers("i", dims)


def quantization(scales: Sequence[float], zeros: Sequence[int], axis: int = 0) -> Table:
    """QuantizationParameters."""
    return Table({2: Numbers("f", scales), 3: Numbers("q", zeros), 6: ("i", axis)})


def operator(inputs: Sequence[int], outputs: Sequence[int], place: int = 0, **calls: int) -> Table:
    """An Operator; `calls` are the fields of IfOptions or WhileOptions, which are subgraphs."""
    slots: dict[int, tuple[str, int | float] | Thing] = {
        0: ("I", place),
        1: Numbers("i", inputs),
        2: Numbers("i", outputs),
    }
    if calls:
        kind = "IfOptions" if "then" in calls else "WhileOptions"
        slots[3] = ("B", list(BUILTIN_OPTIONS).index(kind) + 1)
        slots[4] = Table({slot: ("i", number) for slot, number in enumerate(calls.values())})
    return Table(slots)


def subgraph(
    tensors: Vector | Sequence[Thing],
    operators: Vector | Sequence[Thing],
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (1,),
) -> Table:
    """A SubGraph."""
    return Table(
        {
            0: tensors if isinstance(tensors, Vector) else Vector(tensors),
            1: Numbers("i", inputs),
            2: Numbers("i", outputs),
            3: operators if isinstance(operators, Vector) else Vector(operators),
        }
    )


def model(
    subgraphs: Vector | Sequence[Thing],
    codes: Sequence[Thing] = (),
    buffers: Thing | None = None,
    **more: Thing,
) -> bytes:
    """A file; `more`: description, metadata or signature_defs."""
    places = {"description": 3, "metadata": 6, "signature_defs": 7}
    return written(
        Table(
            {
                0: ("I", 3),
                1: Vector(codes or [code(RELU)]),
                2: subgraphs if isinstance(subgraphs, Vector) else Vector(subgraphs),
                4: buffers or Vector([Table({})]),
                **{places[name]: thing for name, thing in more.items()},
            }
        )
    )


def relu(first: Table | None = None, second: Table | None = None, **more: Any) -> bytes:
    """A sound model of one operator, if its tensors are."""
    return model([subgraph([first or tensor(b"x"), second or tensor(b"y")], [operator([0], [1])])], **more)


def chain(operators: int) -> bytes:
    """`operators` of them, each of which reads the one before."""
    tensors = [tensor(b"t%d" % place) for place in range(operators + 1)]
    steps = [operator([place], [place + 1]) for place in range(operators)]
    return model([subgraph(tensors, steps, [0], [operators])])


def many_inputs(count: int) -> bytes:
    """One operator that reads `count` graph inputs."""
    tensors = [tensor(b"t%d" % place) for place in range(count + 1)]
    every = range(count)
    return model([subgraph(tensors, [operator(every, [count])], every, [count])], [code(ADD_N)])


def many_readers(count: int) -> bytes:
    """`count` operators that read one tensor, and one that reads all that they make."""
    tensors = [tensor(b"t%d" % place) for place in range(count + 2)]
    steps = [operator([0], [place + 1]) for place in range(count)]
    last = operator(range(1, count + 1), [count + 1], 1)
    return model([subgraph(tensors, [*steps, last], [0], [count + 1])], [code(RELU), code(ADD_N)])


def many_outputs(count: int) -> bytes:
    """`count` operators that read one tensor, each of which makes an output of the graph."""
    tensors = [tensor(b"t%d" % place) for place in range(count + 1)]
    steps = [operator([0], [place + 1]) for place in range(count)]
    return model([subgraph(tensors, steps, [0], range(1, count + 1))])


def calling_each_other(count: int, circle: bool = True) -> bytes:
    """Subgraphs each of which runs the next one by IF; the last the first, or nothing at all."""
    graphs: list[Thing] = []
    for place in range(count):
        following = (place + 1) % count
        tensors = [tensor(b"c", (1,), 6), tensor(b"x"), tensor(b"y")]
        step = operator([0, 1], [2], **{"then": following, "else": following})
        last = place == count - 1 and not circle
        graphs.append(subgraph(tensors, [] if last else [step], [0, 1], [1 if last else 2]))
    return model(graphs, [code(IF)])


def calling_twice(count: int) -> bytes:
    """Subgraphs both of whose branches are the next one: walked as a tree they are a power of two."""
    return calling_each_other(count, circle=False)


def repeated(what: str, count: int = FULL // 4 - 1000) -> bytes:
    """A model with one and the same `what` as often as references to it fit into the file."""
    plain = [tensor(b"x"), tensor(b"y")]
    if what == "operators":
        return model([subgraph(plain, Vector([operator([0], [1])], count))])
    if what == "tensors":
        return model([subgraph(Vector([tensor(b"x")], count), [operator([0], [1])])])
    if what == "subgraphs":
        return model(Vector([subgraph(plain, [operator([0], [1])])], count))
    if what == "buffers":
        return relu(buffers=Vector([Table({})], count))
    if what == "codes":
        return model([subgraph(plain, [operator([0], [1])])], [code(RELU)] * count)
    if what == "metadata":
        return relu(metadata=Vector([Table({0: Text(b"m")})], count))
    return relu(signature_defs=Vector([Table({2: Text(b"s")})], count))
