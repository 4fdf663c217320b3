"""Recurrent layers, their cells and Bidirectional."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.activations import fused
from edgelint.loaders.keras.layers.call import CUSTOM, Call, Layer, Weight, layer
from edgelint.loaders.keras.layers.convolution import LAYOUTS, channels_last, slide
from edgelint.loaders.keras.layers.legacy import upgraded
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings
from edgelint.loaders.keras.layers.wrappers import below, inner
from edgelint.loaders.keras.names import snake_case

MOST_CELLS = 1000
"""Cells on top of each other; real networks have two to four."""

_OPS = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
_GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}


@layer("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU")
def recurrent(call: Call) -> Layer:
    """A recurrent layer with a cell of its own."""
    shape = call.ranked(3)
    fast = call.kind.startswith("CuDNN")
    kind = call.kind.removeprefix("CuDNN")
    units = call.settings.positive("units")
    if fast:
        weights = _fused_weights(kind, units, shape[-1])
    else:
        weights = below(_cell_weights(kind, call.settings, shape[-1]), "cell")
    return Layer(
        _OPS[kind],
        _sequence_outputs(call.settings, shape, (units,) * _STATES[kind]),
        weights=weights,
        attributes=_attributes(kind, call.settings),
    )


@layer("RNN")
def cell_layer(call: Call) -> Layer:
    """A recurrent layer around a cell, or around several stacked ones."""
    stored = call.settings.get("cell")
    if not isinstance(stored, Mapping):
        raise ConfigProblem("cell is missing")
    kind, settings = _cell(stored)
    shape = call.ranked(3)
    if kind == "StackedRNNCells":
        return _stacked(call, settings, shape)
    name = kind.removesuffix("Cell")
    if name not in _OPS or not kind.endswith("Cell"):
        return Layer("RNN", (None,), CUSTOM, attributes={"cell": kind}, open_weights=True)
    states = (settings.positive("units"),) * _STATES[name]
    return Layer(
        _OPS[name],
        _sequence_outputs(call.settings, shape, states),
        weights=below(_cell_weights(name, settings, shape[-1]), "cell"),
        attributes=_attributes(name, settings) | _flags(call.settings),
    )


@layer("Bidirectional")
def bidirectional(call: Call) -> Layer:
    """A recurrent layer run forwards and backwards, the two results merged."""
    settings = call.settings
    kind, forward = inner(call, settings.get("layer"))
    # Working the same layer out twice would take 2^n steps for n of these in each other.
    own = settings.get("backward_layer")
    backward = inner(call, own)[1] if own else forward
    mode = settings.get("merge_mode", "concat")
    if mode not in ("concat", "sum", "mul", "ave", None):
        raise ConfigProblem("merge_mode is none that Keras has")
    output, states = forward.shapes[0], forward.shapes[1:] + backward.shapes[1:]
    shapes: tuple[Shape | None, ...]
    if mode is None:
        shapes = (output, backward.shapes[0], *states)
    else:
        wide = output
        if mode == "concat" and output:
            wide = (*output[:-1], dims.plus(output[-1], (backward.shapes[0] or (None,))[-1]))
        shapes = (wide, *states)
    forward.weights = below(forward.weights, "forward_layer") + below(backward.weights, "backward_layer")
    forward.shapes = shapes
    forward.open_weights = forward.open_weights or backward.open_weights
    forward.attributes = forward.attributes | {
        "direction": "bidirectional",
        "merge_mode": mode or "none",
        "wraps": kind,
    }
    return forward


@layer("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def convolutional_recurrent(call: Call) -> Layer:
    """An LSTM whose products are convolutions."""
    rank, settings = int(call.kind[-2]), call.settings
    last, filters = channels_last(settings), settings.positive("filters")
    shape = call.ranked(rank + 3)
    frame: Shape = (shape[0], *shape[2:])
    state = slide(frame, settings, rank, filters)
    kernel = settings.sizes("kernel_size", rank)
    weights = [
        Weight("kernel", (*kernel, shape[-1 if last else 2], 4 * filters), "cell/vars/0"),
        Weight("recurrent_kernel", (*kernel, filters, 4 * filters), "cell/vars/1"),
    ]
    if settings.flag("use_bias", True):
        weights.append(Weight("bias", (4 * filters,), "cell/vars/2"))
    output = (state[0], shape[1], *state[1:]) if settings.flag("return_sequences", False) else state
    states = (state, state) if settings.flag("return_state", False) else ()
    attributes = _attributes("LSTM", settings) | {
        "kernel_shape": kernel,
        "strides": settings.sizes("strides", rank, 1),
        "dilations": settings.sizes("dilation_rate", rank, 1),
        "layout": LAYOUTS[rank, last],
    }
    return Layer(call.kind, (output, *states), "keras", weights=tuple(weights), attributes=attributes)


def _stacked(call: Call, settings: Settings, shape: Shape) -> Layer:
    cells = settings.get("cells")
    if not isinstance(cells, list) or not 0 < len(cells) <= MOST_CELLS:
        raise ConfigProblem(f"cells is no list of one to {MOST_CELLS} cells")
    width: Dim = shape[-1]
    weights: list[Weight] = []
    states: list[Dim] = []
    names: list[str] = []
    used: dict[str, int] = {}
    for stored in cells:
        kind, cell = _cell(stored)
        name = kind.removesuffix("Cell")
        if name not in _OPS:
            return Layer("RNN", (None,), CUSTOM, attributes={"cell": kind}, open_weights=True)
        slot = snake_case(kind)
        used[slot] = used.get(slot, -1) + 1
        slot += f"_{used[slot]}" if used[slot] else ""
        weights.extend(below(_cell_weights(name, cell, width), f"cell/cells/{slot}"))
        units = cell.positive("units")
        states += [units] * _STATES[name]
        names.append(_OPS[name])
        width = units
    outputs = _sequence_outputs(call.settings, shape, tuple(states), width)
    attributes = {"cells": tuple(names)} | _flags(call.settings)
    return Layer("StackedRNN", outputs, "keras", weights=tuple(weights), attributes=attributes)


def _cell(stored: Any) -> tuple[str, Settings]:
    if not isinstance(stored, Mapping) or not isinstance(stored.get("class_name"), str):
        raise ConfigProblem("cell names no class")
    kind, config = stored["class_name"], stored.get("config")
    if not isinstance(config, Mapping):
        raise ConfigProblem("cell has no configuration")
    return kind, Settings(upgraded(kind, config))


def _cell_weights(kind: str, settings: Settings, width: Dim) -> tuple[Weight, ...]:
    units = settings.positive("units")
    columns = _GATES[kind] * units
    weights = [
        Weight("kernel", (width, columns), "vars/0"),
        Weight("recurrent_kernel", (units, columns), "vars/1"),
    ]
    if settings.flag("use_bias", True):
        twice = kind == "GRU" and settings.flag("reset_after", False)
        weights.append(Weight("bias", (2, columns) if twice else (columns,), "vars/2"))
    return tuple(weights)


def _fused_weights(kind: str, units: int, width: Dim) -> tuple[Weight, ...]:
    columns = _GATES[kind] * units
    return (
        Weight("kernel", (width, columns), "vars/0"),
        Weight("recurrent_kernel", (units, columns), "vars/1"),
        Weight("bias", (2 * columns,), "vars/2"),
    )


def _sequence_outputs(
    settings: Settings, shape: Shape, states: tuple[Dim, ...], width: Dim = None
) -> tuple[Shape | None, ...]:
    width = width if width is not None else states[0]
    whole = settings.flag("return_sequences", False)
    output: Shape = (shape[0], shape[1], width) if whole else (shape[0], width)
    return (output, *((shape[0], state) for state in states if settings.flag("return_state", False)))


def _attributes(kind: str, settings: Settings) -> dict[str, Any]:
    """ONNX's words; `activations` in its order: gates, candidate, and for LSTM output."""
    candidate = fused(settings.get("activation", "tanh")) or "Identity"
    gate = fused(settings.get("recurrent_activation", "sigmoid")) or "Identity"
    activations = {
        "LSTM": (gate, candidate, candidate),
        "GRU": (gate, candidate),
        "SimpleRNN": (candidate,),
    }
    found: dict[str, Any] = {"activations": activations[kind]}
    if settings.get("units") is not None or settings.get("filters") is None:
        found["hidden_size"] = settings.positive("units")
    if kind == "GRU":
        found["linear_before_reset"] = int(settings.flag("reset_after", False))
    return found | _flags(settings)


def _flags(settings: Settings) -> dict[str, Any]:
    backwards = settings.flag("go_backwards", False)
    return {
        "direction": "reverse" if backwards else "forward",
        "return_sequences": settings.flag("return_sequences", False),
        "return_state": settings.flag("return_state", False),
        "stateful": settings.flag("stateful", False),
        "unroll": settings.flag("unroll", False),
    } | {key: rate for key in ("dropout", "recurrent_dropout") if (rate := settings.number(key, 0.0))}
