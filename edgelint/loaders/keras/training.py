"""The training configuration: loss, optimizer, metrics, each in whatever form it was stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from edgelint.ir import Loss, Training

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


def read_training(stored: Any, outputs: tuple[str, ...]) -> Training | None:
    """What `compile_config` or `training_config` says; None when it is empty.

    outputs: names of the model's outputs, for losses stored as a list.
    """
    if not isinstance(stored, Mapping) or not stored:
        return None
    if isinstance(stored.get("config"), Mapping) and "loss" in stored["config"]:
        stored = stored["config"]
    optimizer, settings = _optimizer(stored)
    training = Training(
        tuple(_losses(stored.get("loss"), outputs)),
        optimizer,
        settings,
        tuple(dict.fromkeys(_metrics(stored.get("metrics")))),
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


def _optimizer(stored: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    found = stored.get("optimizer", stored.get("optimizer_config"))
    if isinstance(found, str):
        return OPTIMIZERS.get(found.lower(), found), {}
    if not isinstance(found, Mapping):
        return "", {}
    name, config = _object_name(found), found.get("config")
    name = name.rsplit(">", 1)[-1]
    if name == "LossScaleOptimizer" and isinstance(config, Mapping):
        inner = config.get("inner_optimizer", config.get("optimizer"))
        if isinstance(inner, Mapping):
            return _optimizer({"optimizer": inner})
    settings = config if isinstance(config, Mapping) else {}
    return OPTIMIZERS.get(name.lower(), name), {
        str(key): value for key, value in settings.items() if isinstance(value, (bool, int, float, str))
    }


def _metrics(stored: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(stored, str):
        yield function_name(stored)
    elif depth < 4 and isinstance(stored, (list, tuple)):
        for item in stored:
            yield from _metrics(item, depth + 1)
    elif isinstance(stored, Mapping) and _is_object(stored):
        config = stored.get("config")
        name = _object_name(stored)
        if name in ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper") and isinstance(config, Mapping):
            name = str(config.get("name") or name)
        if name == "CompileMetrics":
            return
        if name:
            yield function_name(name)
    elif depth < 4 and isinstance(stored, Mapping):
        for item in stored.values():
            yield from _metrics(item, depth + 1)


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
