"""What is refused, and what a predicted model is like."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest

from edgelint.analysis.cost.measure import measure
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model, Node
from edgelint.loaders import Binding, load
from edgelint.lowering import lower
from tests.conftest import FIXTURES
from tests.lowering.comparison import predicted

MODELS = FIXTURES / "models"


def bound(name: str) -> Model:
    return load(MODELS / name, Binding({}, batch=1))


def test_python_code_is_refused_by_name() -> None:
    found = lower(bound("digits_lambda.keras"))
    assert found.model is None
    assert [(item.node.source.op if item.node else "", item.reason) for item in found.unconvertible] == [
        ("Lambda", "is Python code that is not in the file")
    ]


def test_a_free_batch_is_refused() -> None:
    found = lower(load(MODELS / "digits_mlp.keras"))
    assert found.model is None
    assert "free dim" in found.unconvertible[0].reason


def test_a_quantized_loop_is_refused() -> None:
    found = lower(bound("digits_lstm.keras"), "int8")
    assert found.model is None
    assert "several subgraphs" in found.unconvertible[0].reason


def with_dropout(folder: Path, keras_version: str) -> Path:
    """The fixture's LSTM with dropout, as if that Keras had written it."""
    path = folder / "dropout.keras"
    with ZipFile(MODELS / "digits_lstm.keras") as given, ZipFile(path, "w") as made:
        for name in given.namelist():
            content = given.read(name)
            if name == "config.json":
                content = content.replace(b'"dropout": 0.0', b'"dropout": 0.2')
                assert b'"dropout": 0.2' in content
            if name == "metadata.json":
                content = json.dumps({"keras_version": keras_version}).encode()
            made.writestr(name, content)
    return path


def test_dropout_in_a_cell_of_keras_3_leaves_a_random_seed_in_a_variable(tmp_path: Path) -> None:
    plain, dropping = predicted(MODELS / "digits_lstm.keras"), predicted(with_dropout(tmp_path, "3.12.0"))
    added = Counter(["CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ADD", "ASSIGN_VARIABLE"])
    assert words(dropping.main.nodes) - words(plain.main.nodes) == added
    assert words(dropping.graphs[1].nodes) == Counter(["VAR_HANDLE", "ASSIGN_VARIABLE"])


def test_dropout_in_a_cell_of_keras_2_leaves_nothing(tmp_path: Path) -> None:
    nodes = predicted(with_dropout(tmp_path, "2.16.0")).main.nodes
    assert [node.source.op for node in nodes][:1] == ["UNIDIRECTIONAL_SEQUENCE_LSTM"]


@pytest.mark.parametrize("version", ["2.\u00b2", "2." + "9" * 5000])
def test_a_version_that_no_keras_has_is_taken_for_a_new_one(version: str, tmp_path: Path) -> None:
    new = predicted(with_dropout(tmp_path, "3.12.0"))
    assert words(predicted(with_dropout(tmp_path, version)).main.nodes) == words(new.main.nodes)


def words(nodes: Iterable[Node]) -> Counter[str]:
    return Counter(node.source.op for node in nodes)


def test_what_is_taken_for_granted_is_said() -> None:
    assert lower(bound("digits_mlp.keras"), "int8").assumptions == (
        "converted with TensorFlow 2.21 and Keras 3, batch 1, int8",
    )


def test_it_is_a_tflite_model_of_the_same_file() -> None:
    model = predicted(MODELS / "digits_cnn.keras")
    assert (model.format, model.path) == ("tflite", MODELS / "digits_cnn.keras")


def test_operators_bear_the_names_of_the_layers_they_come_from() -> None:
    names = [node.name for node in predicted(MODELS / "digits_mlp.keras").main.nodes]
    assert [name.partition(";")[0] for name in names] == ["dense", "dense_1", "softmax"]


def test_weights_cannot_be_read() -> None:
    graph = predicted(MODELS / "digits_mlp.keras").main
    tensor = graph.inputs_of(graph.nodes[0])[1].tensor  # type: ignore[union-attr]
    assert tensor is not None
    with pytest.raises(EdgelintError, match="the converter would compute it"):
        tensor.numpy()


@pytest.mark.parametrize("name", ["digits_cnn", "digits_resnet", "digits_conv1d", "digits_autoencoder"])
def test_multiply_accumulates_are_those_of_the_source_graph(name: str) -> None:
    source = measure(bound(f"{name}.keras")).macs.value
    assert measure(predicted(MODELS / f"{name}.keras")).macs.value == source


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.keras")), ids=lambda path: path.name)
def test_every_fixture_is_foretold_or_refused_with_a_reason(path: Path) -> None:
    found = lower(load(path, Binding({}, batch=1)))
    assert (found.model is None) == bool(found.unconvertible)


@pytest.mark.parametrize("name", ["digits_cnn", "digits_resnet", "digits_mlp", "digits_lstm_unrolled"])
def test_the_size_of_the_file_is_near_the_converted_ones(name: str) -> None:
    real = load(MODELS / f"{name}.float32.tflite").file_bytes
    assert abs(predicted(MODELS / f"{name}.keras").file_bytes - real) <= 0.15 * real
