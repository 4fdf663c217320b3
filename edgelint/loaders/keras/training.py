"""The training configuration: loss, optimizer, metrics, each in whatever form it was stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from edgelint.ir import Loss, Metric, Training

ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
    "acc": "accuracy",
}
"""Other names under which Keras knows a loss or metric."""

OPTIMIZERS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "adamax": "Adamax",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adafactor": "Adafactor",
    "ftrl": "Ftrl",
    "lamb": "Lamb",
    "lion": "Lion",
    "muon": "Muon",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
}
"""Keras's short words for optimizers to their class names."""


MOST_RATES = 1000
"""Learning rates of a piecewise schedule that are read."""


def read_training(stored: Any, outputs: tuple[str, ...], optimizer_bytes: int = 0) -> Training | None:
    """What `compile_config` or `training_config` says; None when nothing is left of the training.

    outputs: names of the model's outputs, for losses stored as a list. optimizer_bytes: how much
    optimizer state the file holds.
    """
    if not isinstance(stored, Mapping):
        stored = {}
    if isinstance(stored.get("config"), Mapping) and "loss" in stored["config"]:
        stored = stored["config"]
    optimizer, settings = _optimizer(stored)
    rates, schedule = _learning_rates(settings)
    measures = tuple(_measures(stored, outputs))
    training = Training(
        losses=tuple(_losses(stored.get("loss"), outputs)),
        optimizer=optimizer,
        optimizer_config={k: v for k, v in settings.items() if isinstance(v, (bool, int, float, str))},
        metrics=tuple(dict.fromkeys(metric.name for metric in measures)),
        measures=measures,
        learning_rates=rates,
        schedule=schedule,
        optimizer_bytes=optimizer_bytes,
    )
    return training if training != Training() else None


def function_name(word: str) -> str:
    """Keras's snake_case function name for a loss or metric: "mse" and "MeanSquaredError" alike."""
    word = word.rsplit(">", 1)[-1].rsplit(".", 1)[-1]
    if not word.islower():
        word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", word).lower()
    return ALIASES.get(word, word)


def _losses(stored: Any, outputs: tuple[str, ...]) -> Iterator[Loss]:
    if isinstance(stored, (list, tuple)):
        several = len(outputs) > 1
        for place, item in enumerate(stored):
            output = outputs[place] if several and place < len(outputs) else None
            if (loss := _loss(item, output)) is not None:
                yield loss
    elif isinstance(stored, Mapping) and not _is_object(stored):
        for output, item in stored.items():
            if isinstance(item, (list, tuple)) and len(item) == 1:
                item = item[0]
            if (loss := _loss(item, str(output))) is not None:
                yield loss
    elif (loss := _loss(stored, None)) is not None:
        yield loss


def _loss(stored: Any, output: str | None) -> Loss | None:
    if isinstance(stored, str) and stored:
        return Loss(function_name(stored), output=output)
    if not isinstance(stored, Mapping) or not stored:
        return None
    name, config = _object_name(stored), stored.get("config")
    if not name:
        return None
    settings: Mapping[str, Any] = config if isinstance(config, Mapping) else {}
    if name == "LossFunctionWrapper" and settings.get("fn") is not None:
        fn = settings["fn"]
        name = _object_name(fn) if isinstance(fn, Mapping) else str(fn)
    inner = settings.get("fn_kwargs")
    logits = settings.get("from_logits") or (isinstance(inner, Mapping) and inner.get("from_logits"))
    return Loss(function_name(name), bool(logits), output)


def _optimizer(stored: Mapping[str, Any], depth: int = 0) -> tuple[str, dict[str, Any]]:
    """The optimizer's class name and its configuration, wrappers for loss scaling looked through."""
    found = stored.get("optimizer", stored.get("optimizer_config"))
    if isinstance(found, str):
        return OPTIMIZERS.get(found.lower(), found), {}
    if not isinstance(found, Mapping):
        return "", {}
    name, config = _object_name(found), found.get("config")
    name = name.rsplit(">", 1)[-1]
    if name == "LossScaleOptimizer" and isinstance(config, Mapping) and depth < 4:
        inner = config.get("inner_optimizer", config.get("optimizer"))
        if isinstance(inner, Mapping):
            return _optimizer({"optimizer": inner}, depth + 1)
    settings = config if isinstance(config, Mapping) else {}
    return OPTIMIZERS.get(name.lower(), name), {str(key): value for key, value in settings.items()}


_RATE_SETTINGS = ("learning_rate", "initial_learning_rate", "end_learning_rate", "warmup_target", "values")
"""Settings of Keras's learning-rate schedules that are learning rates themselves."""


def _learning_rates(settings: Mapping[str, Any]) -> tuple[tuple[float, ...], str]:
    """The rates an optimizer's configuration names, and the class name of its schedule or ""."""
    stored = settings.get("learning_rate", settings.get("lr"))
    if not isinstance(stored, Mapping):
        return tuple(_numbers(stored)), ""
    config = stored.get("config")
    rates = [
        rate
        for name in _RATE_SETTINGS
        for rate in _numbers(config.get(name) if isinstance(config, Mapping) else None)
    ]
    return tuple(rates), _object_name(stored).rsplit(">", 1)[-1]


def _numbers(stored: Any) -> Iterator[float]:
    for item in islice(stored, MOST_RATES) if isinstance(stored, (list, tuple)) else (stored,):
        if isinstance(item, (int, float)) and not isinstance(item, bool) and abs(item) < 1e300:
            yield float(item)


def _measures(stored: Mapping[str, Any], outputs: tuple[str, ...]) -> Iterator[Metric]:
    """The metrics, weighted ones too, each with the output it belongs to where there are several."""
    for key in ("metrics", "weighted_metrics"):
        found = stored.get(key)
        if isinstance(found, Mapping) and not _is_object(found):
            for output, item in found.items():
                yield from _metrics(item, str(output))
        elif isinstance(found, (list, tuple)) and len(found) == len(outputs) > 1:
            for output, item in zip(outputs, found, strict=True):
                yield from _metrics(item, output)
        else:
            yield from _metrics(found, None)


def _metrics(stored: Any, output: str | None, depth: int = 0) -> Iterator[Metric]:
    if isinstance(stored, str):
        yield Metric(function_name(stored), output)
    elif isinstance(stored, Mapping) and _is_object(stored):
        metric = _metric(stored, output)
        if metric is not None:
            yield metric
    elif depth < 4 and isinstance(stored, (list, tuple, Mapping)):
        for item in stored.values() if isinstance(stored, Mapping) else stored:
            yield from _metrics(item, output, depth + 1)


def _metric(stored: Mapping[str, Any], output: str | None) -> Metric | None:
    """A metric stored as an object; None for Keras's own collection of metrics."""
    config, name = stored.get("config"), _object_name(stored)
    settings: Mapping[str, Any] = config if isinstance(config, Mapping) else {}
    if name in ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper"):
        called, wrapped = settings.get("name"), settings.get("fn")
        if called not in ("acc", "accuracy") and isinstance(called, str):
            name = called
        else:
            wrapped = _object_name(wrapped) if isinstance(wrapped, Mapping) else wrapped
            name = wrapped if isinstance(wrapped, str) and wrapped else str(called or name)
    if not name or name == "CompileMetrics":
        return None
    kept = {
        str(key): tuple(value) if isinstance(value, list) else value
        for key, value in settings.items()
        if isinstance(value, (bool, int, float, str)) or _is_row(value)
    }
    return Metric(function_name(name), output, kept)


def _is_row(stored: Any) -> bool:
    """Whether it is a list of a few numbers."""
    return (
        isinstance(stored, list)
        and len(stored) <= MOST_RATES
        and all(isinstance(item, (int, float)) for item in stored)
    )


def initializer(stored: Any) -> str:
    """Keras's snake_case name of a weight initialiser ("lecun_normal"), however it is stored; "" for none.

    The special cases that Keras 1 and 2 store as VarianceScaling get their own names back.
    """
    if isinstance(stored, str):
        return function_name(stored)
    if not isinstance(stored, Mapping):
        return ""
    name, config = function_name(_object_name(stored)), stored.get("config")
    if name != "variance_scaling" or not isinstance(config, Mapping):
        return name
    shape = str(config.get("distribution", "")).rpartition("_")[2]
    named = _VARIANCES.get(f"{config.get('scale')} {config.get('mode')}".replace(".0 ", " "))
    return f"{named}_{shape}" if named and shape in ("normal", "uniform") else name


_VARIANCES = {"1 fan_in": "lecun", "1 fan_avg": "glorot", "2 fan_in": "he"}
"""Scale and mode of VarianceScaling to the initialiser's usual name."""


def _is_object(stored: Mapping[str, Any]) -> bool:
    return isinstance(stored.get("class_name"), str) and "config" in stored


def _object_name(stored: Mapping[str, Any]) -> str:
    """Class name of a serialised object, or the name of a serialised function."""
    kind, config = stored.get("class_name"), stored.get("config")
    if kind == "function":
        if isinstance(config, Mapping):
            config = config.get("name", "")
        return str(config or stored.get("registered_name") or "")
    return str(kind or "")
