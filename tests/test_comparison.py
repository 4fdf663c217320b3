"""`edgelint diff`: what is said to have changed between two models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper, save

from edgelint.checker import Settings
from edgelint.comparison import Comparison, compare
from edgelint.comparison.layers import match
from edgelint.loaders import load
from edgelint.targets import find
from tests.cli import edgelint
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
TARGET = Settings(targets=(find("cortex-m4"),))


def diff(old: str, new: str) -> Comparison:
    return compare(MODELS / old, MODELS / new, TARGET)


def network(path: Path, width: int = 8, *, prefix: str = "", extra: bool = False, output: str = "y") -> Path:
    """Two Gemms and a Softmax, its hidden layer `width` wide, every node called after `prefix`."""
    nodes = [helper.make_node("Gemm", ["x", "w1"], ["h"], name=f"{prefix}hidden")]
    if extra:
        nodes.append(helper.make_node("Relu", ["h"], ["hr"], name=f"{prefix}relu"))
    nodes += [
        helper.make_node("Gemm", ["hr" if extra else "h", "w2"], ["l"], name=f"{prefix}logits"),
        helper.make_node("Softmax", ["l"], [output], name=f"{prefix}probs", axis=-1),
    ]
    weights = [
        helper.make_tensor("w1", TensorProto.FLOAT, [4, width], [0.1] * 4 * width),
        helper.make_tensor("w2", TensorProto.FLOAT, [width, 3], [0.1] * 3 * width),
    ]
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, s]) for n, s in (("x", 4), (output, 3))]
    graph = helper.make_graph(nodes, "main", ports[:1], ports[1:], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def pair(tmp_path: Path) -> Any:
    """A function from the keywords of two networks to their comparison."""

    def compared(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
        return compare(network(tmp_path / "a.onnx", **old), network(tmp_path / "b.onnx", **new), Settings())

    return compared


def names(places: Any) -> list[str]:
    return [place.name for place in places]


def test_a_model_is_the_same_as_itself() -> None:
    assert diff("digits_cnn.int8.tflite", "digits_cnn.int8.tflite").same


def test_a_rename_alone_is_no_difference(pair: Any) -> None:
    found = pair({}, {"prefix": "renamed_"})
    assert found.layers.renamed == (
        ("hidden", "renamed_hidden"),
        ("logits", "renamed_logits"),
        ("probs", "renamed_probs"),
    )
    assert not found.layers.differ
    assert not found.contract


def test_a_layer_that_came_is_found_among_renamed_ones(pair: Any) -> None:
    found = pair({}, {"prefix": "v2/", "extra": True})
    assert (names(found.layers.added), names(found.layers.removed)) == (["v2/relu"], [])
    assert found.operators == {"Relu": (0, 1)}


def test_a_layer_that_changed_says_what_in_it(pair: Any) -> None:
    (hidden, logits) = pair({}, {"width": 16}).layers.changed
    assert (hidden.new.name, hidden.fields) == (
        "hidden",
        {"output": ("1×8", "1×16"), "weights": ("4×8", "4×16")},
    )
    assert logits.fields == {"weights": ("8×3", "16×3")}


def test_a_renamed_output_breaks_the_contract(pair: Any) -> None:
    (change,) = pair({}, {"output": "scores"}).contract
    assert (change.side, change.place, change.field, change.old, change.new) == (
        "output",
        0,
        "name",
        "y",
        "scores",
    )


def test_quantization_is_part_of_the_contract() -> None:
    found = diff("digits_cnn.float32.tflite", "digits_cnn.int8.tflite")
    assert [(each.side, each.field) for each in found.contract] == [
        ("input", "type"),
        ("input", "quantization"),
        ("output", "type"),
        ("output", "quantization"),
    ]


@pytest.mark.parametrize(
    ("source", "converted"),
    [
        ("digits_cnn.keras", "digits_cnn.float32.tflite"),
        ("digits_cnn.keras", "digits_cnn.int8.tflite"),
        ("digits_cnn.keras", "digits_cnn.int8_float_io.tflite"),
        ("digits_cnn.keras", "digits_cnn.dynamic.tflite"),
        ("digits_autoencoder.h5", "digits_autoencoder.int8.tflite"),
    ],
)
def test_a_model_and_what_was_converted_from_it_have_the_same_layers(source: str, converted: str) -> None:
    found = diff(source, converted)
    assert not found.operators
    assert not found.layers.added
    assert not found.layers.removed
    arena = next(figure for figure in found.targets[0].figures if figure.name == "arena")
    assert arena.old is not None
    assert arena.new == pytest.approx(arena.old, rel=0.05)


def test_both_files_of_keras_speak_one_language() -> None:
    found = diff("digits_cnn.h5", "digits_cnn.keras")
    assert not found.remark
    assert not found.layers.differ


def test_a_finding_that_came_is_told_apart_from_one_that_stayed(pair: Any) -> None:
    found = diff("cancer.keras", "cancer_softmax_one_unit.keras")
    assert "EL403" in {each.code for each in found.targets[0].appeared}
    assert diff("cancer_softmax_one_unit.keras", "cancer_softmax_one_unit.keras").targets[0].appeared == ()


def test_figures_are_compared_per_target() -> None:
    settings = Settings(targets=(find("cortex-m4"), find("esp32")))
    found = compare(MODELS / "digits_cnn.float32.tflite", MODELS / "digits_cnn.int8.tflite", settings)
    assert [each.target for each in found.targets] == ["cortex-m4", "esp32"]
    assert {figure.name for figure in found.targets[0].figures} >= {"arena", "flash", "MACs", "parameters"}


def test_matching_is_complete_and_one_to_one() -> None:
    models = [load(MODELS / name) for name in ("digits_cnn.keras", "digits_logits.keras")]
    layers = match(*models)
    counts = [sum(1 for _ in model.nodes()) for model in models]
    assert (
        len({old for old, _ in layers.matched})
        == len({new for _, new in layers.matched})
        == len(layers.matched)
    )
    assert len(layers.matched) + len(layers.removed) == counts[0]
    assert len(layers.matched) + len(layers.added) == counts[1]


@pytest.mark.parametrize(
    ("policy", "code"),
    [((), 0), (("contract",), 0), (("growth",), 1), (("findings",), 0), (("contract,growth",), 1)],
)
def test_the_exit_code_follows_the_policies(policy: tuple[str, ...], code: int, tmp_path: Path) -> None:
    old, new = network(tmp_path / "a.onnx"), network(tmp_path / "b.onnx", 16)
    flags = [word for each in policy for word in ("--fail-on", each)]
    assert edgelint("diff", old, new, *flags).returncode == code


def test_growth_within_what_is_allowed_is_no_failure(tmp_path: Path) -> None:
    old, new = network(tmp_path / "a.onnx"), network(tmp_path / "b.onnx", 9)
    assert edgelint("diff", old, new, "--fail-on", "growth", "--allow-growth", "60").returncode == 0


def test_json_is_whole() -> None:
    done = edgelint("diff", MODELS / "digits_cnn.keras", MODELS / "digits_logits.keras", "--format", "json")
    document = json.loads(done.stdout)
    assert document["same"] is False
    assert {each["op"] for each in document["layers"]["removed"]} >= {"DepthwiseConv2D"}
    assert document["targets"][0]["figures"]["parameters"] == {
        "old": 2706, "new": 810, "unit": "", "exact": True,
    }  # fmt: skip


def test_markdown_has_the_figures_in_a_table() -> None:
    old, new = MODELS / "digits_cnn.float32.tflite", MODELS / "digits_cnn.int8.tflite"
    done = edgelint("diff", old, new, "--target", "cortex-m4", "--format", "markdown")
    assert "| arena | " in done.stdout
    assert "<details open><summary>contract (4)</summary>" in done.stdout


def test_a_file_that_is_not_there_is_one_line_and_exit_2(tmp_path: Path) -> None:
    done = edgelint("diff", tmp_path / "gone.onnx", MODELS / "digits_cnn.onnx")
    assert done.returncode == 2
    assert "gone.onnx: EL901: does not exist" in done.stderr


def test_an_unknown_policy_is_a_usage_error() -> None:
    done = edgelint("diff", MODELS / "digits_cnn.onnx", MODELS / "digits_cnn.onnx", "--fail-on", "size")
    assert done.returncode == 2
    assert "'size' is not one of contract, growth, findings" in done.stderr
