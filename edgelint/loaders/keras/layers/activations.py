"""Activation functions by their canonical names, and the layers that are nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.ir import Dim
from edgelint.loaders.keras.layers.call import CUSTOM, Call, Layer, Weight, layer
from edgelint.printable import printable

CANONICAL = {
    "relu": "Relu",
    "relu6": "Relu6",
    "softmax": "Softmax",
    "softmax_v2": "Softmax",
    "log_softmax": "LogSoftmax",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "elu": "Elu",
    "selu": "Selu",
    "celu": "Celu",
    "gelu": "Gelu",
    "silu": "Swish",
    "swish": "Swish",
    "hard_sigmoid": "HardSigmoid",
    "hard_silu": "HardSwish",
    "hard_swish": "HardSwish",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "exponential": "Exp",
    "exp": "Exp",
    "leaky_relu": "LeakyRelu",
    "mish": "Mish",
    "soft_shrink": "Shrink",
    "hard_shrink": "Shrink",
}
"""Keras function name to ONNX operator."""

_KERAS_ONLY = {
    "hard_tanh": "HardTanh",
    "log_sigmoid": "LogSigmoid",
    "sparsemax": "Sparsemax",
    "squareplus": "Squareplus",
    "sparse_plus": "SparsePlus",
    "sparse_sigmoid": "SparseSigmoid",
    "tanh_shrink": "TanhShrink",
    "threshold": "Threshold",
    "glu": "Glu",
}

_LAYER_FUNCTIONS = {
    "ReLU": "relu",
    "Softmax": "softmax",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "PReLU": "prelu",
    "ThresholdedReLU": "thresholded_relu",
}


def function_name(stored: Any) -> str | None:
    """The function a stored activation names, as Keras spells it; None for linear.

    Stored forms: a name, `{"class_name": "function", "config": name}`, a whole layer's configuration.
    """
    if isinstance(stored, Mapping):
        kind, config = stored.get("class_name"), stored.get("config")
        if kind == "Activation" and isinstance(config, Mapping):
            stored = config.get("activation")
        elif kind == "function" or isinstance(config, str):
            stored = config
        else:
            stored = _LAYER_FUNCTIONS.get(str(kind), kind)
    if stored is None or stored == "linear":
        return None
    name = str(stored)
    return name.rsplit(">", 1)[-1] if name.rsplit(">", 1)[-1] in CANONICAL else name


def fused(stored: Any) -> str | None:
    """Canonical name of a layer's own activation; None for linear, the printable name of an unknown one."""
    name = function_name(stored)
    if name is None:
        return None
    if name in ("prelu", "thresholded_relu"):
        return {"prelu": "PRelu", "thresholded_relu": "ThresholdedRelu"}[name]
    if name == "relu" and isinstance(stored, Mapping) and isinstance(stored.get("config"), Mapping):
        return _rectifier(stored["config"])[0]
    return CANONICAL.get(name) or _KERAS_ONLY.get(name) or printable(name)


@layer("Activation")
def activation(call: Call) -> Layer:
    """A named function, element by element or (softmax) over the last dim."""
    stored = call.settings.get("activation")
    name = function_name(stored)
    if name is None:
        return _elementwise(call, "Identity")
    op = fused(stored) or "Identity"
    if name not in CANONICAL:
        return _elementwise(call, op, domain="keras" if name in _KERAS_ONLY else CUSTOM)
    return _elementwise(call, op, attributes=_DEFAULTS.get(name, {}) | _generation(name, call.keras))


@layer("ReLU", "LeakyReLU", "ThresholdedReLU")
def rectifier(call: Call) -> Layer:
    """ReLU and its capped, leaky and thresholded kin."""
    config = dict(call.settings.raw)
    if call.kind == "LeakyReLU":
        slope = call.settings.number("negative_slope", call.settings.number("alpha", 0.3))
        return _elementwise(call, "LeakyRelu", attributes={"alpha": slope})
    if call.kind == "ThresholdedReLU":
        return _elementwise(call, "ThresholdedRelu", attributes={"alpha": call.settings.number("theta", 1.0)})
    op, attributes = _rectifier(config)
    return _elementwise(call, op, domain="keras" if op == "ReLU" else "", attributes=attributes)


@layer("ELU", "Softmax")
def parametrised(call: Call) -> Layer:
    """ELU with its alpha, softmax with its axis."""
    if call.kind == "ELU":
        return _elementwise(call, "Elu", attributes={"alpha": call.settings.number("alpha", 1.0)})
    axes = call.settings.axes("axis", -1)
    return _elementwise(call, "Softmax", attributes={"axis": axes[0] if len(axes) == 1 else axes})


@layer("PReLU", "ParametricSoftplus", "SReLU")
def learned_slope(call: Call) -> Layer:
    """A leaky ReLU that learns its slope per element, shared along some axes."""
    shape = call.shape
    slope: list[Dim] = list(shape[1:]) if shape else []
    for axis in call.settings.axes("shared_axes") if call.settings.get("shared_axes") else ():
        if 1 <= axis <= len(slope):
            slope[axis - 1] = 1
    if call.kind != "PReLU":
        return _elementwise(call, call.kind, domain="keras", open_weights=True)
    weights = (Weight("alpha", tuple(slope), "vars/0"),) if shape else ()
    return _elementwise(call, "PRelu", weights=weights, open_weights=not shape)


_DEFAULTS: dict[str, dict[str, Any]] = {
    "softmax": {"axis": -1},
    "log_softmax": {"axis": -1},
    "elu": {"alpha": 1.0},
    "leaky_relu": {"alpha": 0.2},
}


def _generation(name: str, keras: int) -> dict[str, Any]:
    """Keras 3 redefined hard_sigmoid as relu6(x + 3) / 6; before, it was clip(0.2 x + 0.5)."""
    return {"alpha": 1 / 6 if keras >= 3 else 0.2, "beta": 0.5} if name == "hard_sigmoid" else {}


def _rectifier(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    cap = _number(config.get("max_value"))
    slope, threshold = _number(config.get("negative_slope")) or 0.0, _number(config.get("threshold")) or 0.0
    if cap is None and threshold == 0:
        return ("LeakyRelu", {"alpha": slope}) if slope else ("Relu", {})
    if slope == 0 and threshold == 0:
        return ("Relu6", {}) if cap == 6 else ("Clip", {"min": 0.0, "max": cap})
    if cap is None and slope == 0:
        return "ThresholdedRelu", {"alpha": threshold}
    return "ReLU", {"max_value": cap, "negative_slope": slope, "threshold": threshold}


def _number(stored: Any) -> float | None:
    if isinstance(stored, Mapping):
        stored = stored.get("value")
    return float(stored) if isinstance(stored, (int, float)) and not isinstance(stored, bool) else None


def _elementwise(call: Call, op: str, **fields: Any) -> Layer:
    return Layer(op, (call.shape,), dtypes=(call.dtype,), **fields)
