"""What all loaders have in common: which file is whose, and what is said of files that are nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.errors import EdgelintError
from edgelint.ir import Shape
from edgelint.loaders import batch_axis, load
from tests.conftest import FIXTURES


@pytest.mark.parametrize(
    ("name", "content", "code", "problem"),
    [
        ("m.tflite", b"", "EL903", "is empty (0 bytes)"),
        (
            "m.onnx",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "EL904",
            "is a Git LFS pointer, not the model",
        ),
        ("m.onnx", b"\n <!DOCTYPE html><html>404</html>", "EL905", "is a web page, not a model"),
        (
            "m.tflite",
            b"../../models/kws.tflite",
            "EL906",
            "is the text of a symbolic link to '../../models/kws.tflite'",
        ),
        (
            "m.tflite",
            b"hello, world",
            "EL901",
            "is not a TFLite model: it begins with 68 65 6c 6c 6f 2c 20 77",
        ),
        ("m.bin", b"hello, world", "EL901", "is no model edgelint can read (TFLite, ONNX, Keras)"),
    ],
)
def test_a_file_that_is_no_model_is_told_by_its_content(
    name: str, content: bytes, code: str, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EdgelintError) as caught:
        load(path)
    assert (caught.value.code, caught.value.problem) == (code, problem)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EdgelintError, match="is a directory"):
        load(tmp_path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(EdgelintError, match="does not exist"):
        load(tmp_path / "gone.onnx")


@pytest.mark.parametrize("fixture", ["digits_cnn.int8.tflite", "digits_cnn.onnx", "digits_cnn.keras"])
def test_a_model_without_a_suffix_is_read_by_its_content(fixture: str, tmp_path: Path) -> None:
    source = FIXTURES / "models" / fixture
    path = tmp_path / "model"
    path.write_bytes(source.read_bytes())
    assert load(path).format == load(source).format


def test_a_model_under_the_suffix_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((FIXTURES / "models" / "digits_cnn.int8.tflite").read_bytes())
    with pytest.raises(EdgelintError, match=r"is a TFLite model under the suffix \.onnx") as caught:
        load(path)
    assert caught.value.code == "EL902"


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        (("batch", 8), 0),
        (("seq", "batch_size", 8), 1),
        ((2, "batch", 8), 1),
        ((None, 8), 0),
        (("N", 8), 0),
        ((1, "seq"), None),
        ((), None),
        (None, None),
    ],
)
def test_the_batch_is_the_axis_called_so_or_else_a_free_first_one(
    shape: Shape | None, axis: int | None
) -> None:
    assert batch_axis(shape) == axis
