"""What every standard Keras layer is: canonical operator, output shape, weights.

One function per kind of layer, entered in `LAYERS` by Keras's class name. Shapes and weights
follow `compute_output_shape` and `build` of Keras 3.15 and tf_keras 2.21.
"""

from edgelint.loaders.keras.layers import (
    activations,
    attention,
    convolution,
    core,
    merging,
    normalization,
    operations,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
    wrappers,
)
from edgelint.loaders.keras.layers.call import CUSTOM, LAYERS, Call, Layer, Weight
from edgelint.loaders.keras.layers.core import custom

__all__ = [
    "CUSTOM",
    "LAYERS",
    "Call",
    "Layer",
    "Weight",
    "activations",
    "attention",
    "convolution",
    "core",
    "custom",
    "merging",
    "normalization",
    "operations",
    "pooling",
    "preprocessing",
    "recurrent",
    "reshaping",
    "wrappers",
]
