"""The rules about the training configuration, on small files of each format that can have the fault."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import edgelint
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.loaders.keras.layers.activations import fused
from edgelint.loaders.keras.training import function_name
from edgelint.rule import Finding
from edgelint.rule import find as rule_called
from tests.rules.layered import WRITERS, Network, act, dense, network


def found(path: Path, code: str, **settings: Any) -> list[Finding]:
    report = edgelint.check(path, select=[code], **settings)
    assert report.error is None
    return list(report.findings)


def said(path: Path, code: str, **settings: Any) -> list[str]:
    """Severity and node of each finding."""
    return [f"{each.severity.value} {each.location.node}".strip() for each in found(path, code, **settings)]


# --- losses and activations -------------------------------------------------------------------------

OUTPUTS = {
    "any": "linear leaky_relu elu selu celu gelu silu hard_silu mish",
    "softmax": "softmax",
    "sigmoid": "sigmoid",
    "hard": "hard_sigmoid",
    "tanh": "tanh hard_tanh softsign",
    "positive": "relu relu6 softplus exponential",
    "logs": "log_softmax",
    "log": "log_sigmoid",
    "other": """sparsemax squareplus sparse_plus sparse_sigmoid soft_shrink hard_shrink tanh_shrink threshold
        glu my_activation""",
}
"""The columns: Keras activations by the numbers they give. "other" are not judged."""

CHOOSING = """CategoricalCrossentropy SparseCategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalGeneralizedCrossEntropy"""
EACH = "BinaryCrossentropy BinaryFocalCrossentropy"
NUMBERS = """MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Huber
    LogCosh CosineSimilarity CategoricalHinge Circle my_loss"""

#    losses                    logits      any softmax sigmoid hard tanh positive logs log other
TABLE = [
    (CHOOSING,                 "no",      "E   .       W       W    E    W        E    E   ."),
    (CHOOSING,                 "yes",     ".   W       W       E    W    W        .    .   ."),
    (EACH,                     "no",      "E   W       .       .    E    W        E    E   ."),
    (EACH,                     "yes",     ".   W       W       E    W    W        .    .   ."),
    ("Hinge SquaredHinge",     "yes no",  ".   W       W       W    .    W        .    .   ."),
    ("Poisson",                "yes no",  "W   .       .       .    W    .        W    W   ."),
    ("KLDivergence",           "yes no",  "E   .       .       .    E    .        E    E   ."),
    ("Dice Tversky",           "yes no",  "W   .       .       .    W    .        W    W   ."),
    ("CTC",                    "yes no",  ".   W       W       W    .    .        .    .   ."),
    (NUMBERS,                  "yes no",  ".   .       .       .    .    .        .    .   ."),
]  # fmt: skip
"""What four units with each activation are under each loss: right (.), a warning (W), an error (E)."""

ONE_UNIT = [
    (CHOOSING,                 "yes no",  "E   .       E       E    E    E        .    E   ."),
    (EACH,                     "no",      "E   .       .       .    E    W        .    E   ."),
]  # fmt: skip
"""Where one unit differs; a softmax over it is softmax-on-one-unit's affair."""

ROWS = [
    pytest.param(name, word == "yes", cells, units, id=f"{name}-{word}-{units}")
    for units, table in ((4, TABLE), (1, ONE_UNIT))
    for losses, words, cells in table
    for name in losses.split()
    for word in words.split()
]


def judged(loss: str, logits: bool, activation: str, units: int, backend: str = "") -> str:
    """The letter that loss-activation-mismatch gives."""
    layer = chain("float32[1,8]").op(
        "Gemm", f"float32[1,{units}]", activation=fused(activation), weight=f"float32[8,{units}]"
    )
    example: Example = layer.trained_with(function_name(loss), from_logits=logits)
    rule = rule_called("EL801")
    findings = list(rule.check(Context(example.with_metadata(backend=backend).model)))
    return findings[0].severity.value[0].upper() if findings else "."


@pytest.mark.parametrize(("loss", "logits", "cells", "units"), ROWS)
def test_each_loss_with_each_activation(loss: str, logits: bool, cells: str, units: int) -> None:
    wanted = dict(zip(OUTPUTS, cells.split(), strict=True))
    for column, activations in OUTPUTS.items():
        letters = {name: judged(loss, logits, name, units) for name in activations.split()}
        assert letters == dict.fromkeys(activations.split(), wanted[column])


@pytest.mark.parametrize("kind", ["losses", "activations"])
def test_the_table_names_all_that_keras_has(kind: str) -> None:
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        pytest.skip("Keras is not installed")
    text = (Path(spec.origin).parent / kind / "__init__.py").read_text()
    names = set(re.findall(r" as (\w+)", text)) - {"Loss", "deserialize", "serialize", "get"}
    if kind == "losses":
        known = {function_name(word) for losses, _, _ in TABLE for word in losses.split()}
        assert {function_name(name) for name in names} - known == set()
    else:
        canonical = {fused(word) for words in OUTPUTS.values() for word in words.split()}
        assert {fused(name) for name in names} - canonical == set()


@pytest.mark.parametrize(
    ("backend", "activation", "letter"),
    [
        ("", "softmax", "W"),
        ("tensorflow", "softmax", "W"),
        ("jax", "softmax", "E"),
        ("torch", "sigmoid", "E"),
        ("tensorflow", "hard_sigmoid", "E"),
    ],
)
def test_keras_on_tensorflow_trains_on_what_goes_into_a_softmax(
    backend: str, activation: str, letter: str
) -> None:
    assert judged("CategoricalCrossentropy", True, activation, 4, backend) == letter


# --- the other rules --------------------------------------------------------------------------------


def trained(loss: Any = "mse", optimizer: Any = "adam", metrics: Any = None) -> Mapping[str, Any]:
    return {"optimizer": optimizer, "loss": loss, "metrics": metrics}


def rated(name: str, rate: Any) -> Mapping[str, Any]:
    return trained(optimizer={"class_name": name, "config": {"name": name.lower(), "learning_rate": rate}})


def cosine(warmup: float) -> Mapping[str, Any]:
    settings = {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": warmup}
    return rated("Adam", {"class_name": "CosineDecay", "config": settings})


def logits(name: str) -> Mapping[str, Any]:
    return {"class_name": name, "config": {"from_logits": True}}


def metric(name: str, **settings: Any) -> list[Any]:
    return [{"class_name": name, "config": settings}]


NUMBER, SCORES, CLASSES, TRUTH = (
    (dense("out", 1),),
    (dense("out", 3),),
    (dense("out", 3, "Softmax"),),
    (dense("out", 1, "Sigmoid"),),
)
NOISE = "Dropout"


def dropping(rate: float, *after: Any) -> Network:
    return network(dense("hidden", 8, "Relu"), act(NOISE, "drop", rate=rate), *after)


NORM = act("BatchNormalization", "norm")
OUT = dense("out", 3)
LABELS = tuple("abcdef")


class Fault(NamedTuple):
    """A network with one fault, what is said of it, and the same network without the fault."""

    code: str
    formats: str
    said: str
    broken: Network
    mended: Network
    settings: Mapping[str, Any] = {}


KERAS, NODES = "keras h5", "keras h5 onnx"
FAULTS = [
    Fault(
        "EL801",
        KERAS,
        "error out",
        network(*SCORES, compile=trained("categorical_crossentropy")),
        network(*SCORES, compile=trained(logits("CategoricalCrossentropy"))),
    ),
    Fault(
        "EL802",
        KERAS,
        "warning out",
        network(*SCORES, compile=trained("mse")),
        network(*SCORES, compile=trained(logits("CategoricalCrossentropy"))),
        {"task": "classification"},
    ),
    Fault(
        "EL803",
        "onnx",
        "warning out/act",
        network(*CLASSES, metadata={"names": str(dict(enumerate(LABELS)))}),
        network(*CLASSES, metadata={"names": str(dict(enumerate(LABELS[:3])))}),
    ),
    Fault(
        "EL803",
        "tflite",
        "warning out/act",
        network(*CLASSES, labels=LABELS),
        network(*CLASSES, labels=LABELS[:4]),
    ),
    Fault(
        "EL804",
        KERAS,
        "warning",
        network(*NUMBER, compile=rated("Adam", 0.1)),
        network(*NUMBER, compile=rated("Adam", 0.001)),
    ),
    Fault(
        "EL804",
        KERAS,
        "warning",
        network(*NUMBER, compile=cosine(0.5)),
        network(*NUMBER, compile=cosine(0.01)),
    ),
    Fault(
        "EL804",
        KERAS,
        "note",
        network(*NUMBER, compile=rated("Adadelta", 0.001)),
        network(*NUMBER, compile=rated("Adadelta", 1.0)),
    ),
    Fault("EL805", "h5", "note", network(*NUMBER, optimizer_numbers=5000), network(*NUMBER)),
    Fault(
        "EL806",
        KERAS,
        "warning out",
        network(*NUMBER, compile=trained(metrics=["accuracy"])),
        network(*NUMBER, compile=trained(metrics=["mae"])),
    ),
    Fault(
        "EL806",
        KERAS,
        "warning out",
        network(*NUMBER, compile=trained(logits("BinaryCrossentropy"), metrics=metric("BinaryAccuracy"))),
        network(
            *NUMBER,
            compile=trained(logits("BinaryCrossentropy"), metrics=metric("BinaryAccuracy", threshold=0)),
        ),
    ),
    Fault(
        "EL806",
        KERAS,
        "warning out",
        network(*NUMBER, compile=trained(logits("BinaryCrossentropy"), metrics=metric("AUC"))),
        network(
            *NUMBER, compile=trained(logits("BinaryCrossentropy"), metrics=metric("AUC", from_logits=True))
        ),
    ),
    Fault(
        "EL806",
        KERAS,
        "warning out",
        network(
            *CLASSES, compile=trained("sparse_categorical_crossentropy", metrics=["categorical_accuracy"])
        ),
        network(*CLASSES, compile=trained("sparse_categorical_crossentropy", metrics=["accuracy"])),
    ),
    Fault(
        "EL806",
        KERAS,
        "warning out",
        network(*CLASSES, compile=trained("categorical_crossentropy", metrics=metric("MeanIoU"))),
        network(
            *CLASSES,
            compile=trained("categorical_crossentropy", metrics=metric("MeanIoU", sparse_y_pred=False)),
        ),
    ),
    Fault("EL807", NODES, "warning drop", dropping(0.9, OUT), dropping(0.5, OUT)),
    Fault("EL807", NODES, "note drop", dropping(0.6, OUT), dropping(0.2, OUT)),
    Fault("EL808", NODES, "warning norm", dropping(0.5, NORM, OUT), dropping(0.05, NORM, OUT)),
    Fault(
        "EL808",
        NODES,
        "note norm",
        dropping(0.5, dense("next", 8), NORM, OUT),
        network(dense("hidden", 8), NORM, act(NOISE, "drop", rate=0.5), OUT),
    ),
    Fault("EL809", NODES, "warning drop", network(OUT, act(NOISE, "drop", rate=0.3)), dropping(0.3, OUT)),
]

CASES = [
    pytest.param(form, fault, id=f"{fault.code}-{number}-{form}")
    for number, fault in enumerate(FAULTS)
    for form in fault.formats.split()
]


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_the_fault_is_found_where_it_is(form: str, fault: Fault, tmp_path: Path) -> None:
    assert said(WRITERS[form](fault.broken, tmp_path), fault.code, **fault.settings) == [fault.said]


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_the_mended_network_is_left_alone(form: str, fault: Fault, tmp_path: Path) -> None:
    assert said(WRITERS[form](fault.mended, tmp_path), fault.code, **fault.settings) == []


@pytest.mark.parametrize("form", list(WRITERS))
@pytest.mark.parametrize("code", ["EL801", "EL802", "EL804", "EL805", "EL806"])
def test_a_file_without_training_configuration_carries_no_evidence(
    form: str, code: str, tmp_path: Path
) -> None:
    assert said(WRITERS[form](network(*SCORES), tmp_path), code, task="classification") == []


class TestOptimizerState:
    @pytest.mark.parametrize(
        ("suffix", "call"),
        [(".h5", "include_optimizer=False"), (".keras", "model.optimizer = None")],
    )
    def test_the_call_that_the_hint_names_leaves_it_out(self, suffix: str, call: str, tmp_path: Path) -> None:
        keras = pytest.importorskip("keras")
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        path = tmp_path / f"model{suffix}"
        model.save(path)
        (finding,) = found(path, "EL805")
        assert finding.data["bytes"] >= 2 * 4 * (64 * 64 + 64)
        assert call in finding.hint
        if suffix == ".keras":
            model.optimizer = None
            model.save(path)
        else:
            model.save(path, include_optimizer=False)
        assert found(path, "EL805") == []

    def test_the_state_of_a_learned_optimizer_is_a_warning(self, tmp_path: Path) -> None:
        learned = {"class_name": "VeLO", "config": {"name": "velo"}}
        path = WRITERS["h5"](
            network(*NUMBER, compile=trained(optimizer=learned), optimizer_numbers=5000), tmp_path
        )
        assert said(path, "EL805") == ["warning"]


class TestMetrics:
    def test_two_outputs_are_judged_by_their_own_metrics(self, tmp_path: Path) -> None:
        """A metric is read with its output, by place and by name."""
        keras = pytest.importorskip("keras")
        given = keras.Input((8,))
        outputs = {
            "kind": keras.layers.Dense(3, activation="softmax", name="kind")(given),
            "size": keras.layers.Dense(1, name="size")(given),
        }
        model = keras.Model(given, outputs)
        losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
        model.compile("adam", losses, metrics={"kind": ["accuracy"], "size": ["accuracy", "mae"]})
        model.save(tmp_path / "model.keras")
        assert said(tmp_path / "model.keras", "EL806") == ["warning size"]
