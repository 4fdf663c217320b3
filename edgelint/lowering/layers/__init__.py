"""What each Keras layer becomes, one function per canonical operator, entered in `site.LOWERINGS`."""

from edgelint.lowering.layers import (
    activations,
    attention,
    convolution,
    dense,
    merging,
    normalization,
    operations,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
    wrappers,
)

__all__ = [
    "activations",
    "attention",
    "convolution",
    "dense",
    "merging",
    "normalization",
    "operations",
    "pooling",
    "preprocessing",
    "recurrent",
    "reshaping",
    "wrappers",
]
