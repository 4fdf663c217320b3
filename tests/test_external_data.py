"""Weights beside an ONNX model: present, missing, too short, outside the folder. Nothing is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgelint import loaders
from edgelint.analysis.files.external import external_files
from edgelint.context import Context
from edgelint.ir import Model
from edgelint.rule import find

onnx = pytest.importorskip("onnx")


def model(folder: Path, location: str, length: int = 32) -> Model:
    """A product of the input with 8 floats, said to lie at `location`."""
    weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[8, 1])
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, word in (("location", location), ("offset", "0"), ("length", str(length))):
        weight.external_data.add(key=key, value=word)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 8])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1])],
        [weight],
    )
    path = folder / "model.onnx"
    path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    return loaders.load(path)


def messages(code: str, loaded: Model) -> list[str]:
    return [finding.message for finding in find(code).check(Context(loaded))]


def test_a_file_that_is_there_is_fine(tmp_path: Path) -> None:
    (tmp_path / "w.data").write_bytes(bytes(32))
    loaded = model(tmp_path, "w.data")
    assert messages("EL908", loaded) == messages("EL702", loaded) == []
    (file,) = external_files(loaded)
    assert (file.location, file.constants, file.end) == ("w.data", 1, 32)


def test_a_missing_file_is_a_finding_that_says_the_model_could_not_be_judged(tmp_path: Path) -> None:
    loaded = model(tmp_path, "w.data")
    assert messages("EL908", loaded) == ["external data 'w.data' does not exist; 1 constant lies in it"]
    assert find("EL908").unreadable


def test_a_short_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "w.data").write_bytes(bytes(31))
    (message,) = messages("EL908", model(tmp_path, "w.data"))
    assert "has 31 bytes, and the model reads up to byte 32" in message


def test_a_folder_or_pipe_in_its_place_is_a_finding_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.data")
    (message,) = messages("EL908", model(tmp_path, "w.data"))
    assert "is not a regular file" in message


@pytest.mark.parametrize(
    "location", ["../w.data", "/etc/passwd", "a/../../w.data", "..\\w.data", "C:\\w.data"]
)
def test_a_way_out_of_the_folder_is_a_finding_and_is_not_looked_for(location: str, tmp_path: Path) -> None:
    loaded = model(tmp_path, location)
    (message,) = messages("EL702", loaded)
    assert "is outside the model's folder" in message
    assert messages("EL908", loaded) == []


def test_a_symbolic_link_out_of_the_folder_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(32))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.data").symlink_to(tmp_path / "secret")
    assert len(messages("EL702", model(tmp_path / "sub", "w.data"))) == 1
