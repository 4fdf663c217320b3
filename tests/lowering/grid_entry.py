"""Small Keras models, one idea each, that both the real converter and the prediction are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[..., Any]

IMAGE, SEQUENCE, VECTOR = (12, 12, 4), (10, 6), (8,)

GRID: dict[str, tuple[Any, Build]] = {}
"""Name to input shape (a list of shapes for several inputs) and what is built on the inputs."""


def enter(name: str, shape: Any, build: Build) -> None:
    """Adds a model to the grid."""
    GRID[name] = (shape, build)


def build(name: str) -> Any:
    """The grid's model `name`, with weights that are not trivial."""
    import keras

    keras.utils.set_random_seed(1)
    keras.backend.clear_session()
    shape, function = GRID[name]
    shapes = shape if isinstance(shape, list) else [shape]
    inputs = [keras.Input(one, name=f"input_{place}") for place, one in enumerate(shapes)]
    outputs = function(keras.layers, inputs if isinstance(shape, list) else inputs[0])
    model = keras.Model(inputs, outputs, name="model")
    return randomized(model)


def randomized(model: Any) -> Any:
    """`model` with weights of which no two are the same, so that the converter folds none away."""
    import numpy as np

    random = np.random.default_rng(0)
    for variable in model.weights:
        if variable.dtype == "float32":
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    return model
