"""Keras files that nobody saved: archives and HDF5 files around any configuration."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
import zlib
from typing import Any

from tests.hostile.filling import FULL

METADATA = json.dumps({"keras_version": "3.10.0", "date_saved": "2026-01-01"}).encode()


def archive(config: bytes | str | dict[str, Any], *more: tuple[str, bytes], packed: bool = True) -> bytes:
    """A v3 archive."""
    text = json.dumps(config) if isinstance(config, dict) else config
    buffer = io.BytesIO()
    way = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", way) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members with one name
        made.writestr("metadata.json", METADATA)
        made.writestr("config.json", text)
        for name, content in more:
            made.writestr(name, content)
    return buffer.getvalue()


def layer(kind: str, name: str, calls: list[Any] | None = None, **config: Any) -> dict[str, Any]:
    """A layer's configuration."""
    made = {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}}
    return made if calls is None else {**made, "inbound_nodes": calls}


def tensor(name: str) -> dict[str, Any]:
    """A reference to what the layer `name` makes."""
    history = [name, 0, 0]
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": history},
    }


def call(*names: str) -> dict[str, Any]:
    """A call of a layer with what other layers make."""
    return {
        "args": [tensor(name) for name in names] if len(names) < 2 else [[tensor(name) for name in names]],
        "kwargs": {},
    }


def inputs(name: str = "x") -> dict[str, Any]:
    """An input layer."""
    return layer("InputLayer", name, [], batch_shape=[None, 4], dtype="float32")


def functional(layers: list[dict[str, Any]], ends: list[str]) -> dict[str, Any]:
    """A functional model whose first layer is its input."""
    first = layers[0]["config"]["name"]
    described = {
        "name": "m",
        "layers": [{**each, "name": each["config"]["name"]} for each in layers],
        "input_layers": [[first, 0, 0]],
        "output_layers": [[name, 0, 0] for name in ends],
    }
    return {"module": "keras", "class_name": "Functional", "config": described}


def sequential(layers: list[dict[str, Any]], name: str = "m") -> dict[str, Any]:
    """A sequential model."""
    return {"module": "keras", "class_name": "Sequential", "config": {"name": name, "layers": layers}}


def dense_model(name: str = "d", **config: Any) -> dict[str, Any]:
    """A sound model of one layer, if its configuration is."""
    return sequential([inputs(), layer("Dense", name, units=2, **config)])


def with_units(number: str) -> str:
    """The same as text, with any JSON for the number of units."""
    return json.dumps(dense_model()).replace('"units": 2', f'"units": {number}')


def chain(count: int) -> dict[str, Any]:
    """`count` layers, each of which reads the one before."""
    names = ["x", *(f"l{place}" for place in range(count))]
    steps = [layer("ReLU", names[at + 1], [call(names[at])]) for at in range(count)]
    return functional([inputs(), *steps], [names[-1]])


def many_readers(count: int) -> dict[str, Any]:
    """`count` layers that read the input, and one that adds up what they make."""
    names = [f"l{place}" for place in range(count)]
    steps = [layer("ReLU", name, [call("x")]) for name in names]
    return functional([inputs(), *steps, layer("Add", "sum", [call(*names)])], ["sum"])


def dense(count: int) -> dict[str, Any]:
    """Each layer reads all before it."""
    names = ["x", *(f"l{place}" for place in range(count))]
    steps = [layer("Add", names[at + 1], [call(*names[: at + 1], names[at])]) for at in range(count)]
    return functional([inputs(), *steps], [names[-1]])


def in_a_circle() -> dict[str, Any]:
    """Two layers that read each other."""
    return functional([inputs(), layer("ReLU", "a", [call("b")]), layer("ReLU", "b", [call("a")])], ["a"])


def models_in_models(depth: int) -> str:
    """A Sequential in a Sequential, and so on: as text, as Python's own writer would give up."""
    opening = '{"module":"keras","class_name":"Sequential","config":{"name":"m","layers":['
    return opening * depth + json.dumps(inputs()) + "]}}" * depth


def doubling_models(depth: int) -> dict[str, Any]:
    """Models that run the one within twice: written out they are a power of two."""
    inner = functional([inputs(), layer("ReLU", "r", [call("x")])], ["r"])
    for place in range(depth):
        twice = {**inner, "config": {**inner["config"], "name": f"m{place}"}, "name": f"m{place}"}
        once_more = {**twice, "inbound_nodes": [call("x"), call(f"m{place}")]}
        end = functional([inputs(), once_more], [f"m{place}"])
        end["config"]["output_layers"] = [[f"m{place}", 1, 0]]
        inner = end
    return inner


def nested_lists(depth: int) -> str:
    """JSON that is nothing but brackets."""
    return "[" * depth + "]" * depth


def full_of(entry: str, size: int = FULL) -> str:
    """A configuration with `entry` as often as fits into `size` bytes."""
    start, end = json.dumps(dense_model()).rsplit("}", 1)
    count = (size - len(start) - 20) // (len(entry) + 1)
    return f'{start},"more":[' + ",".join([entry] * count) + "]}" + end


def lying_sizes(claimed: int = 2**31) -> bytes:
    """An archive whose directory claims another size of config.json than its data has."""
    data = bytearray(archive(dense_model()))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(b"config.json", data.index(signature)) - (46 if offset == 24 else 30)
        data[at + offset : at + offset + 4] = struct.pack("<I", claimed)
    return bytes(data)


def overlapping(members: int = 1000, size: int = 2**20) -> bytes:
    """An archive all of whose members are the same compressed bytes (a "better zip bomb")."""
    checksum = zlib.crc32(bytes(size))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(size)) + packer.flush()
    base = archive(dense_model())
    end = base.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<I", base, end + 16)[0]
    name = b"kernel"
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, checksum, len(packed), size, len(name), 0)
    entries = bytearray(base[start:end])
    for place in range(members):
        title = b"%s%d" % (name, place)
        entries += (
            struct.pack(
                "<4s6H3I5H2I",
                b"PK\x01\x02",
                20,
                20,
                0,
                8,
                0,
                0,
                checksum,
                len(packed),
                size,
                len(title),
                0,
                0,
                0,
                0,
                0,
                start,
            )
            + title
        )
    body = base[:start] + head + name + packed
    count = struct.unpack_from("<H", base, end + 10)[0] + members
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(entries), len(body), 0)
    return body + bytes(entries) + last


def many_members(size: int = FULL) -> bytes:
    """An archive with as many empty members as fit: 65,535 are the most without the 64-bit form."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", allowZip64=True) as made:
        made.writestr("config.json", json.dumps(dense_model()))
        for place in range(min(size // 120, 100_000)):
            made.writestr(f"{place}", b"")
    return buffer.getvalue()


def listed_members(size: int = FULL) -> bytes:
    """An archive that is nothing but a directory: its entries name the same member, in 64-bit form."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *(0,) * 7, 1, *(0,) * 6) + b"m"
    count = (size - 98) // len(entry)
    length = count * len(entry)
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, 0)
    where = struct.pack("<4sIQI", b"PK\x06\x07", 0, length, 1)
    most = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return entry * count + large + where + struct.pack("<4s2H2H2IH", b"PK\x05\x06", 0, 0, *most, 0)
