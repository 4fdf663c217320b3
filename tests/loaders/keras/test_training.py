"""What is read of a stored training configuration: learning rates, metrics, initialisers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgelint.ir import Metric, Training
from edgelint.loaders.keras.training import MOST_RATES, initializer, read_training

ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.001}}


def read(stored: dict[str, Any], outputs: tuple[str, ...] = ("y",)) -> Training:
    training = read_training({"loss": "mse", **stored}, outputs)
    assert training is not None
    return training


def with_rate(rate: Any, key: str = "learning_rate") -> Training:
    return read({"optimizer": {"class_name": "SGD", "config": {key: rate}}})


def scheduled(name: str, **settings: Any) -> dict[str, Any]:
    return {"module": "keras.optimizers.schedules", "class_name": name, "config": settings}


@pytest.mark.parametrize(
    ("stored", "rates", "schedule"),
    [
        (0.01, (0.01,), ""),
        (1, (1.0,), ""),
        (
            scheduled("ExponentialDecay", initial_learning_rate=0.1, decay_rate=0.9),
            (0.1,),
            "ExponentialDecay",
        ),
        (
            scheduled("PiecewiseConstantDecay", boundaries=[5], values=[0.5, 0.1]),
            (0.5, 0.1),
            "PiecewiseConstantDecay",
        ),
        (
            scheduled("CosineDecay", initial_learning_rate=0.0, warmup_target=0.2, alpha=0.1),
            (0.0, 0.2),
            "CosineDecay",
        ),
        (
            scheduled("PolynomialDecay", initial_learning_rate=0.1, end_learning_rate=0.001),
            (0.1, 0.001),
            "PolynomialDecay",
        ),
        (scheduled("Custom>MySchedule", peak=3.0), (), "MySchedule"),
        (None, (), ""),
        ("0.1", (), ""),
        (True, (), ""),
        (math.nan, (), ""),
        (math.inf, (), ""),
        (10**400, (), ""),
        ({"class_name": 7, "config": "x"}, (), "7"),
    ],
)
def test_a_learning_rate_in_every_form(stored: Any, rates: tuple[float, ...], schedule: str) -> None:
    training = with_rate(stored)
    assert (training.learning_rates, training.schedule) == (rates, schedule)


def test_the_old_name_of_the_learning_rate() -> None:
    assert with_rate(0.25, "lr").learning_rates == (0.25,)


def test_a_schedule_with_very_many_rates_is_cut() -> None:
    endless = scheduled("PiecewiseConstantDecay", values=[0.1] * 10 * MOST_RATES)
    assert len(with_rate(endless).learning_rates) == MOST_RATES


@pytest.mark.parametrize("key", ["inner_optimizer", "optimizer"])
def test_loss_scaling_is_looked_through(key: str) -> None:
    wrapped = {"class_name": "LossScaleOptimizer", "config": {key: ADAM}}
    training = read({"optimizer": wrapped})
    assert (training.optimizer, training.learning_rates) == ("Adam", (0.001,))


def test_wrappers_in_wrappers_end() -> None:
    stored: dict[str, Any] = ADAM
    for _ in range(500):
        stored = {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": stored}}
    assert read({"optimizer": stored}).optimizer == "LossScaleOptimizer"


def wrapped(name: str, fn: Any) -> dict[str, Any]:
    return {"class_name": "MeanMetricWrapper", "config": {"name": name, "fn": fn}}


BINARY = {"class_name": "BinaryAccuracy", "config": {"name": "hits", "threshold": 0.3, "thresholds": [0, 1]}}


@pytest.mark.parametrize(
    ("stored", "outputs", "metrics"),
    [
        (["acc", "mae"], "y", [("accuracy", None), ("mean_absolute_error", None)]),
        ([["acc"]], "y", [("accuracy", None)]),
        (["acc", "mae"], "pq", [("accuracy", "p"), ("mean_absolute_error", "q")]),
        ([["acc", "mae"], []], "pq", [("accuracy", "p"), ("mean_absolute_error", "p")]),
        ({"p": "acc", "q": ["mae"]}, "pq", [("accuracy", "p"), ("mean_absolute_error", "q")]),
        ([wrapped("accuracy", "sparse_categorical_accuracy")], "y", [("sparse_categorical_accuracy", None)]),
        ([wrapped("mine", "my_metric")], "y", [("mine", None)]),
        (
            [wrapped("accuracy", {"class_name": "function", "config": "binary_accuracy"})],
            "y",
            [("binary_accuracy", None)],
        ),
        ([{"class_name": "CompileMetrics", "config": {}}], "y", []),
        ("acc", "y", [("accuracy", None)]),
        ([None, 3, [[[[[["acc"]]]]]]], "y", []),
        (None, "y", []),
    ],
)
def test_metrics_in_every_form(stored: Any, outputs: str, metrics: list[tuple[str, str | None]]) -> None:
    training = read({"metrics": stored}, tuple(outputs))
    assert [(metric.name, metric.output) for metric in training.measures] == metrics
    assert training.metrics == tuple(dict.fromkeys(name for name, _ in metrics))


def test_a_metrics_settings_are_kept() -> None:
    (metric,) = read({"metrics": [BINARY]}).measures
    assert metric == Metric("binary_accuracy", None, {"name": "hits", "threshold": 0.3, "thresholds": (0, 1)})


def test_weighted_metrics_are_metrics() -> None:
    training = read({"metrics": ["mae"], "weighted_metrics": ["acc"]})
    assert training.metrics == ("mean_absolute_error", "accuracy")


def test_optimizer_state_alone_is_a_trace_of_training() -> None:
    training = read_training(None, (), optimizer_bytes=12)
    assert training is not None
    assert training.optimizer_bytes == 12
    assert read_training({}, ()) is None


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("lecun_normal", "lecun_normal"),
        ({"class_name": "LecunNormal", "config": {"seed": None}}, "lecun_normal"),
        ({"class_name": "GlorotUniform", "config": {}}, "glorot_uniform"),
        (
            {
                "class_name": "VarianceScaling",
                "config": {"scale": 1.0, "mode": "fan_in", "distribution": "normal"},
            },
            "lecun_normal",
        ),
        (
            {
                "class_name": "VarianceScaling",
                "config": {"scale": 1, "mode": "fan_avg", "distribution": "untruncated_normal"},
            },
            "glorot_normal",
        ),
        ({"class_name": "VarianceScaling", "config": {"scale": [], "mode": {}}}, "variance_scaling"),
        (None, ""),
        (7, ""),
    ],
)
def test_an_initialiser_in_every_form(stored: Any, name: str) -> None:
    assert initializer(stored) == name
