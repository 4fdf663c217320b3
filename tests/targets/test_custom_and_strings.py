"""Custom operators that the application brings, and what stops a whole file on TFLite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.checker import Settings, check_file
from edgelint.report import Report
from edgelint.targets import find
from edgelint.thresholds import gather
from tests.loaders.tflite.builder import ModelBuilder


def report(path: Path, target: str = "cortex-m4", allow: str | None = None) -> Report:
    options = gather([("EL103", "allow", allow)] if allow is not None else [])
    (found,) = check_file(path, Settings(targets=(find(target),), options=options))
    return found


def squeeze(folder: Path, shape: list[int], axes: list[int], made: list[int]) -> Path:
    builder = ModelBuilder()
    read, written = builder.tensor("x", shape), builder.tensor("y", made)
    builder.operator("SQUEEZE", [read], [written], "SqueezeOptions", squeezeDims=axes)
    builder.ends([read], [written])
    return builder.write(folder)


def custom(folder: Path) -> Path:
    builder = ModelBuilder()
    tensors = [builder.tensor(name, [1, 4]) for name in ("x", "y", "z")]
    builder.operator("CUSTOM", tensors[:1], tensors[1:2], custom="MyPooling")
    builder.operator("CUSTOM", tensors[1:2], tensors[2:], custom="Other")
    builder.ends(tensors[:1], tensors[2:])
    return builder.write(folder)


def runs_on_tflite_micro(path: Path) -> bool:
    runtime = pytest.importorskip("tflite_micro").runtime
    try:
        runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=1 << 20)
    except Exception:
        return False
    return True


@pytest.mark.parametrize(
    ("shape", "axes", "made"),
    [
        ([1, 4, 1], [0], [4, 1]),
        ([1, 4, 1], [-1], [1, 4]),
        ([1, 4, 1], [], [4]),
        ([2, 4, 1], [0], [8]),
        ([1, 4, 1], [3], [4, 1]),
        ([1, 4, 2], [2], [1, 8]),
        ([1, 4, 2], [-1], [1, 8]),
        ([1, 4, 1], [0], [1, 4]),
        ([1, 4, 1], [], [1, 4]),
    ],
)
def test_squeeze_takes_away_axes_of_size_1_only(
    tmp_path: Path, shape: list[int], axes: list[int], made: list[int]
) -> None:
    path = squeeze(tmp_path, shape, axes, made)
    found = report(path)
    assert (found.verdict == "fits") is runs_on_tflite_micro(path)
    assert ([each.code for each in found.findings] == ["EL106"]) is (found.verdict != "fits")


def test_a_string_that_no_operator_reads_stops_the_file_too(tmp_path: Path) -> None:
    builder = ModelBuilder()
    text = builder.tensor("words", [1], "STRING")
    builder.ends([text], [text])
    path = builder.write(tmp_path)
    found = report(path)
    assert not runs_on_tflite_micro(path)
    assert [each.code for each in found.findings if each.severity.value == "error"] == ["EL102"]
    assert found.verdict == "does-not-fit"
    assert report(path, "litert-cpu").findings == ()


@pytest.mark.parametrize(
    ("allow", "refused"),
    [
        (None, ["MyPooling", "Other"]),
        ("", ["MyPooling", "Other"]),
        ("Other", ["MyPooling"]),
        ("MyPooling, Other", []),
    ],
)
@pytest.mark.parametrize("target", ["cortex-m4", "litert-cpu"])
def test_operators_that_the_application_registers_count_as_supported(
    tmp_path: Path, allow: str | None, refused: list[str], target: str
) -> None:
    found = report(custom(tmp_path), target, allow)
    assert [each.location.op for each in found.findings if each.code == "EL103"] == refused
    assert [use.op for use in found.operators if use.supported is False] == refused
    assert (found.verdict == "does-not-fit") is bool(refused)
