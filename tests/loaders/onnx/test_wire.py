"""The walk over ONNX's wire format: what stays, what is left in the file, what is refused."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper

from edgelint.loaders.onnx.fault import locate, title
from edgelint.loaders.onnx.strip import Stripped, strip
from edgelint.loaders.onnx.wire import WireFault
from tests.loaders.onnx.builder import graph, model, relu


def stripped(data: bytes, folder: Path) -> Stripped:
    path = folder / "m.onnx"
    path.write_bytes(data)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        return strip(mapped)


def test_a_model_without_large_tensors_stays_as_it_is(tmp_path: Path) -> None:
    data = relu().SerializeToString()
    assert stripped(data, tmp_path).data == data


def test_a_payload_is_left_where_it_lies(tmp_path: Path) -> None:
    content = np.arange(5000, dtype=np.float32)
    data = model(graph([], [], [], [numpy_helper.from_array(content, "w")])).SerializeToString()
    found = stripped(data, tmp_path)
    assert len(found.data) < 250
    (payload,) = found.payloads
    assert payload.field == "raw_data"
    assert data[payload.offset : payload.offset + payload.length] == content.tobytes()
    (entry,) = ModelProto.FromString(found.data).graph.initializer[0].external_data
    assert (entry.key, entry.value) == (found.token, "0")


def test_payloads_in_attributes_and_bodies_are_left_as_well(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.zeros(5000), "w")
    body = graph([helper.make_node("Constant", [], ["c"], value=tensor)], [], [])
    outer = graph([helper.make_node("If", ["x"], [], then_branch=body, else_branch=body)], [], [])
    found = stripped(model(outer).SerializeToString(), tmp_path)
    assert len(found.payloads) == 2
    assert len(found.data) < 700


def test_notes_of_the_exporter_are_dropped_with_payloads(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], ["y"], doc_string="z" * 5000)
    assert len(stripped(model(graph([node], [], [])).SerializeToString(), tmp_path).data) < 100


def test_long_number_lists_are_kept(tmp_path: Path) -> None:
    node = helper.make_node("T", ["x"], ["y"], ints=list(range(-9, 9000)), floats=[0.5] * 9000, name="n")
    data = model(graph([node], [], [])).SerializeToString()
    assert stripped(data, tmp_path).data == data


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x08", "ModelProto ends inside a number"),
        (b"\x08" + b"\xff" * 11, "ModelProto has a number of more than 10 bytes"),
        (b"\x3a\x05\x00", "ModelProto.graph has 5 bytes, where the file has 1 left"),
        (b"\x08\x08\x02\x01", "ModelProto has a field numbered 0"),
        (b"\x0b\x08", "ModelProto has a field of wire type 3, which protobuf no longer has"),
    ],
)
def test_what_is_no_protobuf_is_named(tmp_path: Path, data: bytes, problem: str) -> None:
    with pytest.raises(WireFault) as caught:
        stripped(data, tmp_path)
    assert f"{title(caught.value, ModelProto.DESCRIPTOR)} {caught.value.problem}".startswith(problem[:30])


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    data = b"\0" * 2000
    for _ in range(60):
        for tag in (b"\x32", b"\x2a", b"\x0a"):
            length = len(data)
            size = bytearray()
            while length > 0x7F:
                size.append(length & 0x7F | 0x80)
                length >>= 7
            size.append(length)
            data = tag + bytes(size) + data
    length = len(data)
    head = b"\x3a" + bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14])
    with pytest.raises(WireFault, match=r"deep|graph"):
        stripped(head + data, tmp_path)


def test_a_fault_in_a_small_message_is_located() -> None:
    data = relu().SerializeToString().replace(b"Relu", b"Rel\xff")
    fault = locate(data, ModelProto.DESCRIPTOR)
    assert fault is not None
    assert (fault.where, fault.problem) == ("graph.node.op_type", "is not UTF-8 text")
    assert data[fault.offset :].startswith(b"Rel\xff")
    assert locate(relu().SerializeToString(), ModelProto.DESCRIPTOR) is None
