"""The Keras loader: containers, configurations of all generations, weights, what is broken."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.ir import DType, Graph, Model, Node
from edgelint.loaders import Binding, load
from edgelint.loaders.keras.hdf5 import HDF5Dataset
from tests.conftest import SHARED_MODELS, corpus

JSON = dict[str, Any]


def layer(kind: str, name: str, calls: list[Any] | None = None, **config: Any) -> JSON:
    entry: JSON = {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **config},
        "name": name,
    }
    if calls is not None:
        entry["inbound_nodes"] = calls
    return entry


def tensor(name: str, node: int = 0, place: int = 0, shape: list[int | None] | None = None) -> JSON:
    config = {"shape": shape, "dtype": "float32", "keras_history": [name, node, place]}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args: Any, **kwargs: Any) -> JSON:
    return {"args": list(args), "kwargs": kwargs}


def sequential(*layers: JSON, **extra: Any) -> JSON:
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "net", "layers": list(layers)},
        **extra,
    }


def functional(layers: list[JSON], inputs: list[str], outputs: list[str]) -> JSON:
    ends = {"input_layers": [[n, 0, 0] for n in inputs], "output_layers": [[n, 0, 0] for n in outputs]}
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {"name": "net", "layers": layers, **ends},
    }


def inputs(name: str = "x", shape: tuple[int | None, ...] = (None, 4), dtype: str = "float32") -> JSON:
    return layer("InputLayer", name, [], batch_shape=list(shape), dtype=dtype)


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Writes a v3 file without weights from a configuration."""

    def write(config: Any, version: str = "3.8.0", **members: bytes) -> Path:
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("metadata.json", json.dumps({"keras_version": version}))
            file.writestr("config.json", json.dumps(config))
            for name, content in members.items():
                file.writestr(name, content)
        return path

    return write


@pytest.fixture
def hdf5(tmp_path: Path) -> Callable[..., Path]:
    """Writes an HDF5 file from attributes and weights by layer."""
    h5py = pytest.importorskip("h5py")

    def write(
        attributes: dict[str, Any],
        weights: dict[str, dict[str, tuple[int, ...]]] | None = None,
        name: str = "model.h5",
    ) -> Path:
        path = tmp_path / name
        with h5py.File(path, "w") as file:
            for key, value in attributes.items():
                file.attrs[key] = json.dumps(value).encode() if isinstance(value, dict) else value
            for owner, shapes in (weights or {}).items():
                group = file.require_group("model_weights").create_group(owner)
                group.attrs["weight_names"] = [key.encode() for key in shapes]
                for key, shape in shapes.items():
                    group.create_dataset(key, shape, "f4")
        return path

    return write


def node(model: Model, name: str) -> Node:
    return next(item for item in model.main.nodes if item.name == name)


def shape(graph: Graph, name: str) -> Any:
    return graph.values[name].shape


def constants(model: Model) -> dict[str, tuple[int, ...]]:
    return {v.name: v.tensor.shape for v in model.main.values.values() if v.tensor}


class TestContainers:
    def test_hdf5_under_a_keras_name_is_read_and_said(self, hdf5: Callable[..., Path]) -> None:
        old = {
            "class_name": "Sequential",
            "config": [layer("Dense", "d", units=2, batch_input_shape=[None, 3])],
        }
        model = load(hdf5({"model_config": old, "keras_version": "2.2.4"}, name="model.keras"))
        assert model.format == "keras-h5"
        assert any("HDF5 content under a .keras name" in sentence for sentence in model.unknowns)

    def test_weights_alone_are_told_apart(self, hdf5: Callable[..., Path]) -> None:
        path = hdf5({"layer_names": [b"d"], "backend": b"tensorflow"})
        with pytest.raises(EdgelintError, match="weights only, no architecture") as caught:
            load(path)
        assert caught.value.code == "EL907"
        assert "model.save" in caught.value.hint

    def test_a_user_block_in_front_of_hdf5_is_skipped(
        self, hdf5: Callable[..., Path], tmp_path: Path
    ) -> None:
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "block.h5"
        old = {
            "class_name": "Sequential",
            "config": [layer("Dense", "d", units=2, batch_input_shape=[None, 3])],
        }
        with h5py.File(path, "w", userblock_size=1024) as file:
            file.attrs["model_config"] = json.dumps(old)
        assert load(path).format == "keras-h5"

    def test_a_foreign_zip_is_not_claimed(self, tmp_path: Path) -> None:
        path = tmp_path / "model.bin"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("data.pkl", b"x")
        with pytest.raises(EdgelintError, match="no model edgelint can read"):
            load(path)

    def test_a_member_that_leaves_its_folder_is_refused(self, archive: Callable[..., Path]) -> None:
        path = archive(sequential(inputs()), **{"../../etc/passwd": b""})
        with pytest.raises(EdgelintError, match="leaves its folder"):
            load(path)

    def test_a_member_that_unpacks_without_end_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "model.keras"
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("config.json", b" " * 100_000)
        content = bytearray(data.getvalue())
        at = content.find(b"PK\x01\x02")
        content[at + 24 : at + 28] = (2**31).to_bytes(4, "little")
        path.write_bytes(content)
        with pytest.raises(EdgelintError, match="unpack without end"):
            load(path)

    def test_a_flipped_bit_in_the_weights_is_noticed(self, archive: Callable[..., Path]) -> None:
        path = archive(sequential(inputs()), **{"model.weights.h5": b"weights" * 100})
        content = bytearray(path.read_bytes())
        content[content.find(b"weightsweights") + 3] ^= 1
        path.write_bytes(content)
        with pytest.raises(EdgelintError, match="checksum is wrong"):
            load(path)

    def test_a_file_cut_off_says_how_much_is_missing(self, hdf5: Callable[..., Path]) -> None:
        path = hdf5({"model_config": sequential(inputs())}, {"d": {"kernel:0": (40, 50)}})
        content = path.read_bytes()
        path.write_bytes(content[:-1000])
        with pytest.raises(
            EdgelintError, match=f"should have {len(content)} bytes and has {len(content) - 1000}"
        ):
            load(path)

    def test_text_that_is_no_utf8_is_placed(self, hdf5: Callable[..., Path]) -> None:
        with pytest.raises(EdgelintError, match="attribute model_config is not UTF-8") as caught:
            load(hdf5({"model_config": b'{"class_name": "\xff"}'}))
        assert caught.value.where == "byte 16"

    @pytest.mark.parametrize("suffix", [".keras", ".h5"])
    def test_noise_is_refused_by_name(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"noise{suffix}"
        path.write_bytes(b"\x00noise" * 200)
        with pytest.raises(EdgelintError, match="is not"):
            load(path)


class TestGraphs:
    def test_a_sequential_is_a_chain(self, archive: Callable[..., Path]) -> None:
        model = load(
            archive(
                sequential(
                    inputs("x", (None, 8, 8, 1)),
                    layer("Conv2D", "c", filters=4, kernel_size=[3, 3], strides=[2, 2], activation="relu"),
                    layer("Flatten", "f"),
                    layer("Dense", "d", units=3, activation="softmax"),
                )
            )
        )
        assert [item.op for item in model.main.nodes] == ["Conv", "Flatten", "Gemm"]
        assert node(model, "c").activation == "Relu"
        assert node(model, "d").activation == "Softmax"
        assert shape(model.main, "c") == ("batch", 3, 3, 4)
        assert shape(model.main, "d") == ("batch", 3)
        assert constants(model) == {
            "c/kernel": (3, 3, 1, 4),
            "c/bias": (4,),
            "d/kernel": (36, 3),
            "d/bias": (3,),
        }

    def test_a_shared_layer_has_its_weights_once(self, archive: Callable[..., Path]) -> None:
        layers = [
            inputs("x"),
            inputs("y"),
            layer("Dense", "d", [call(tensor("x")), call(tensor("y"))], units=2),
            layer("Add", "a", [call([tensor("d", 0), tensor("d", 1)])]),
        ]
        model = load(archive(functional(layers, ["x", "y"], ["a"])))
        assert [item.name for item in model.main.nodes] == ["d", "d:1", "a"]
        assert node(model, "d").inputs[1:] == node(model, "d:1").inputs[1:] == ("d/kernel", "d/bias")
        assert len(constants(model)) == 2

    def test_a_nested_model_is_inlined_under_its_name(self, archive: Callable[..., Path]) -> None:
        inner = functional([inputs("i"), layer("Dense", "d", [call(tensor("i"))], units=2)], ["i"], ["d"])
        inner |= {"inbound_nodes": [call(tensor("x"))]}
        inner["config"]["name"] = "inner"
        model = load(archive(functional([inputs("x"), inner], ["x"], ["inner"])))
        assert [item.name for item in model.main.nodes] == ["inner/d"]
        assert set(constants(model)) == {"inner/d/kernel", "inner/d/bias"}

    def test_free_dims_are_symbols_that_a_binding_names(self, archive: Callable[..., Path]) -> None:
        path = archive(sequential(inputs("tokens", (None, None, 4)), layer("Dense", "d", units=2)))
        assert shape(load(path).main, "d") == ("batch", "tokens_1", 2)
        bound = load(path, Binding({"tokens_1": 64}, batch=1))
        assert shape(bound.main, "d") == (1, 64, 2)

    def test_a_custom_layer_is_unknown_and_the_next_one_resumes(self, archive: Callable[..., Path]) -> None:
        custom = {
            "module": "mine",
            "class_name": "Twist",
            "config": {"name": "t"},
            "registered_name": "mine>Twist",
        }
        after = layer("Dense", "d", units=2) | {"build_config": {"input_shape": [None, 7]}}
        model = load(archive(sequential(inputs(), custom, after)))
        assert node(model, "t").domain == "keras.custom"
        assert shape(model.main, "t") == ("batch", 7)
        assert shape(model.main, "d") == ("batch", 2)

    def test_a_lambda_is_named_and_left_alone(self, archive: Callable[..., Path]) -> None:
        code = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}
        model = load(archive(sequential(inputs(), layer("Lambda", "l", function=code))))
        assert (node(model, "l").op, node(model, "l").domain) == ("Lambda", "keras")
        assert node(model, "l").attributes["code"] == "Python bytecode"
        assert shape(model.main, "l") is None

    def test_a_subclassed_model_is_one_unknown_operator(self, archive: Callable[..., Path]) -> None:
        config = {
            "module": "mine",
            "class_name": "Net",
            "config": {"units": 3},
            "registered_name": "mine>Net",
        }
        model = load(archive(config | {"build_config": {"input_shape": [None, 4]}}))
        assert not model.complete
        assert [item.domain for item in model.main.nodes] == ["keras.custom"]
        assert any("subclassed" in sentence for sentence in model.unknowns)

    def test_old_operators_are_canonical(self, hdf5: Callable[..., Path]) -> None:
        old = {
            "class_name": "Functional",
            "config": {
                "name": "net",
                "layers": [
                    {"class_name": "InputLayer", "name": "x", "inbound_nodes": []}
                    | {"config": {"name": "x", "batch_input_shape": [None, 4], "dtype": "float32"}},
                    {"class_name": "Dense", "name": "d", "inbound_nodes": [[["x", 0, 0, {}]]]}
                    | {"config": {"name": "d", "units": 4}},
                    {"class_name": "TFOpLambda", "name": "add"}
                    | {"inbound_nodes": [["d", 0, 0, {"y": ["x", 0, 0], "name": None}]]}
                    | {"config": {"name": "add", "function": "math.add"}},
                ],
                "input_layers": [["x", 0, 0]],
                "output_layers": [["add", 0, 0]],
            },
        }
        model = load(hdf5({"model_config": old, "keras_version": "2.8.0"}))
        assert node(model, "add").op == "Add"
        assert node(model, "add").inputs == ("d", "x")
        assert shape(model.main, "add") == ("batch", 4)

    def test_keras_1_settings_are_understood(self, hdf5: Callable[..., Path]) -> None:
        first = layer(
            "Convolution2D",
            "c",
            nb_filter=4,
            nb_row=3,
            nb_col=2,
            border_mode="same",
            subsample=[2, 2],
            dim_ordering="tf",
            batch_input_shape=[None, 8, 8, 1],
        )
        old = {
            "class_name": "Sequential",
            "config": [first, layer("Flatten", "f"), layer("Dense", "d", output_dim=3)],
        }
        model = load(hdf5({"model_config": old, "keras_version": "1.2.2"}))
        assert shape(model.main, "c") == ("batch", 4, 4, 4)
        assert constants(model)["c/kernel"] == (3, 2, 1, 4)
        assert shape(model.main, "d") == ("batch", 3)

    def test_twenty_thousand_layers_are_no_burden(self, archive: Callable[..., Path]) -> None:
        model = load(archive(sequential(inputs(), *(layer("ReLU", f"r{i}") for i in range(20_000)))))
        assert len(model.main.nodes) == 20_000

    def test_nested_models_cannot_multiply_without_end(
        self, archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("edgelint.loaders.keras.graph.MOST_NODES", 2000)
        config = functional([inputs("i"), layer("ReLU", "r", [call(tensor("i"))])], ["i"], ["r"])
        for level in range(30):
            config["config"]["name"] = f"n{level}"
            config["inbound_nodes"] = [call(tensor("i")), call(tensor(f"n{level}", 0))]
            ends = {"input_layers": [["i", 0, 0]], "output_layers": [[f"n{level}", 1, 0]]}
            config = {
                "class_name": "Functional",
                "config": {"name": "", "layers": [inputs("i"), config], **ends},
            }
        with pytest.raises(EdgelintError, match="calls more than"):
            load(archive(config))


class TestBrokenConfigurations:
    @pytest.mark.parametrize(
        ("layers", "message"),
        [
            ([inputs(), layer("Dense", "d", [call(tensor("x"))])], "units is missing"),
            (
                [inputs(), layer("Dense", "d", [call(tensor("z"))], units=2)],
                "reads a layer that is not there: z",
            ),
            ([inputs(), layer("Dense", "d", [call(tensor("d"))], units=2)], "waits for its own output"),
            ([inputs(), layer("Conv2D", "d", [call(tensor("x"))], filters=2, kernel_size=3)], "rank 4"),
            (
                [inputs(), layer("Dense", "d", [call(tensor("x", 0, 3))], units=2)],
                "output 3 of x, which has 1",
            ),
        ],
    )
    def test_a_contradiction_names_its_layer(
        self, archive: Callable[..., Path], layers: list[JSON], message: str
    ) -> None:
        with pytest.raises(EdgelintError, match=message) as caught:
            load(archive(functional(layers, ["x"], ["d"])))
        assert "layer d" in caught.value.where

    def test_a_weight_of_another_shape_is_named(self, hdf5: Callable[..., Path]) -> None:
        old = {
            "class_name": "Sequential",
            "config": [layer("Dense", "d", units=2, batch_input_shape=[None, 3])],
        }
        path = hdf5({"model_config": old, "keras_version": "2.8.0"}, {"d": {"k:0": (5, 2), "b:0": (2,)}})
        with pytest.raises(EdgelintError, match=r"kernel of layer d with shape \(5, 2\).*\(3, 2\)"):
            load(path)

    def test_deep_nesting_ends_in_one_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "deep.keras"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("config.json", "[" * 200_000)
        with pytest.raises(EdgelintError):
            load(path)


class TestTraining:
    @pytest.mark.parametrize(
        ("stored", "losses"),
        [
            ("mse", [("mean_squared_error", False, None)]),
            ("MeanSquaredError", [("mean_squared_error", False, None)]),
            (["mae", "bce"], [("mean_absolute_error", False, "p"), ("binary_crossentropy", False, "q")]),
            (
                {"p": "mse", "q": {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}},
                [("mean_squared_error", False, "p"), ("binary_crossentropy", True, "q")],
            ),
            (
                {"module": "keras.losses", "class_name": "SparseCategoricalCrossentropy", "config": {}},
                [("sparse_categorical_crossentropy", False, None)],
            ),
            ({"class_name": "function", "config": "my_loss"}, [("my_loss", False, None)]),
            (None, []),
        ],
    )
    def test_losses_in_every_form(self, archive: Callable[..., Path], stored: Any, losses: list[Any]) -> None:
        layers = [inputs(), *(layer("Dense", n, [call(tensor("x"))], units=2) for n in "pq")]
        config = functional(layers, ["x"], ["p", "q"])
        config["compile_config"] = {"optimizer": "adam", "loss": stored, "metrics": ["acc", ["mse"]]}
        training = load(archive(config)).training
        assert training is not None
        assert [(loss.name, loss.from_logits, loss.output) for loss in training.losses] == losses
        assert training.optimizer == "Adam"
        assert training.metrics == ("accuracy", "mean_squared_error")

    def test_optimizer_numbers_are_kept(self, archive: Callable[..., Path]) -> None:
        config = sequential(inputs())
        config["compile_config"] = {
            "optimizer": {
                "class_name": "SGD",
                "config": {"learning_rate": 0.5, "schedule": {"class_name": "X"}},
            }
        }
        training = load(archive(config)).training
        assert training is not None
        assert (training.optimizer, training.optimizer_config) == ("SGD", {"learning_rate": 0.5})


class TestWeights:
    def test_values_are_read_from_both_containers(self, tmp_path: Path) -> None:
        keras, np = pytest.importorskip("keras"), pytest.importorskip("numpy")
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")])
        for suffix in (".keras", ".h5"):
            model.save(tmp_path / f"m{suffix}")
            read = load(tmp_path / f"m{suffix}").main.values["d/kernel"].tensor
            assert read is not None
            np.testing.assert_array_equal(read.numpy(), model.layers[0].get_weights()[0])

    def test_half_precision_layers_keep_full_weights(self, archive: Callable[..., Path]) -> None:
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
        model = load(archive(sequential(inputs(), layer("Dense", "d", units=2, dtype=policy))))
        assert model.main.values["d"].dtype is DType.FLOAT16
        assert model.main.values["d/kernel"].dtype is DType.FLOAT32


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_never_raises_anything_else(hdf5: Callable[..., Path], seed: int) -> None:
    old = {"class_name": "Sequential", "config": [layer("Dense", "d", units=2, batch_input_shape=[None, 3])]}
    path = hdf5({"model_config": old, "keras_version": "2.8.0"}, {"d": {"k:0": (3, 2), "b:0": (2,)}})
    dice = random.Random(seed)
    content = bytearray(path.read_bytes())
    if seed % 4 == 0:
        del content[dice.randrange(1, len(content)) :]
    for _ in range(dice.randrange(1, 40)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)
    refusal = refused(path)
    assert refusal is None or "\n" not in refusal


def refused(path: Path) -> str | None:
    """What an attempt to load the model and all its weights is refused with."""
    try:
        for value in load(path).main.values.values():
            if value.tensor and isinstance(value.tensor.storage, HDF5Dataset):
                value.tensor.numpy()
    except EdgelintError as error:
        return str(error)
    return None


JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    3,
    1.5,
    10**30,
    "x",
    [],
    [1],
    [[]],
    {},
    {"class_name": "Dense", "config": {}},
]


@pytest.mark.parametrize("seed", range(120))
def test_an_absurd_configuration_never_raises_anything_else(archive: Callable[..., Path], seed: int) -> None:
    layers = [
        inputs("x", (None, 9, 9, 2)),
        layer("Conv2D", "c", [call(tensor("x"))], filters=2, kernel_size=[3, 3], activation="relu"),
        layer("Permute", "p", [call(tensor("c"))], dims=[2, 1, 3]),
        layer("TimeDistributed", "t", [call(tensor("p"))], layer=layer("LSTM", "l", units=3)),
        layer("Bidirectional", "b", [call(tensor("t"))], layer=layer("GRU", "g", units=3), merge_mode="sum"),
        layer(
            "MultiHeadAttention", "m", [call(query=tensor("t"), value=tensor("t"))], num_heads=2, key_dim=2
        ),
        layer("Reshape", "r", [call(tensor("m"))], target_shape=[-1]),
    ]
    config = functional(layers, ["x"], ["b", "r"])
    config["compile_config"] = {"loss": ["mse", "mae"], "optimizer": {"class_name": "Adam", "config": {}}}
    dice = random.Random(seed)
    for _ in range(dice.randrange(1, 4)):
        spot: Any = config
        while True:
            keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys:
                break
            key = dice.choice(keys)
            if not isinstance(spot[key], (dict, list)) or dice.random() < 0.2:
                spot[key] = copy.deepcopy(dice.choice(JUNK))
                break
            spot = spot[key]
    refusal = refused(archive(config))
    assert refusal is None or "\n" not in refusal


KERAS = [entry for entry in corpus() if str(entry["format"]).startswith(("keras", "h5"))]
WHOLE = [entry for entry in KERAS if not entry.get("malformed") and entry["format"] != "h5-weights-only"]
BROKEN = [entry for entry in KERAS if entry.get("malformed")]


@pytest.mark.parametrize("entry", WHOLE, ids=lambda entry: str(entry["path"]))
def test_a_real_file_has_the_layers_observed_in_it(entry: JSON) -> None:
    model = load(SHARED_MODELS / entry["path"])
    seen = entry["observed"]
    assert (seen.get("keras_version") or seen["meta"]["keras_version"]) in model.producer
    assert model.format == ("keras" if entry["format"] == "keras-v3" else "keras-h5")
    assert model.complete == (seen["class"] in ("Sequential", "Functional", "Model"))
    if seen["last"] and seen["last"][1] == "softmax":
        last = model.main.nodes[-1]
        assert "Softmax" in (last.op, last.activation)
    if seen["last"] and isinstance(seen["last"][2], int):
        output = shape(model.main, model.main.outputs[0])
        assert output is None or output[-1] == seen["last"][2]


@pytest.mark.parametrize("entry", BROKEN, ids=lambda entry: str(entry["path"]))
def test_a_broken_real_file_is_refused_in_one_line(entry: JSON) -> None:
    with pytest.raises(EdgelintError) as caught:
        load(SHARED_MODELS / entry["path"])
    assert "\n" not in str(caught.value)
