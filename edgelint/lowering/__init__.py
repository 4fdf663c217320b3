"""From source graphs to what converters make of them, without a converter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgelint.lowering.result import Lowered, Unconvertible

if TYPE_CHECKING:
    from edgelint.ir.model import Model

__all__ = ["LOWERINGS", "Lowered", "Unconvertible", "lower"]

LOWERINGS = {
    "keras": ("edgelint.lowering.keras_to_tflite", "lower_keras"),
    "keras-h5": ("edgelint.lowering.keras_to_tflite", "lower_keras"),
    "onnx": ("edgelint.lowering.onnx", "lower_onnx"),
}
"""Format of a source graph to the module and function that make a TFLite graph of it."""


def lower(model: Model, quantize: str | None = None) -> Lowered:
    """The TFLite model that a converter would write for `model`, whose batch should be bound to 1.

    quantize: None or "float32" for floats; "dynamic", "int8", "int8-float-io" or "int16x8".
    Raises KeyError for a format that is not in LOWERINGS.
    """
    module, function = LOWERINGS[model.format]
    try:
        found: Lowered = getattr(import_module(module), function)(model, quantize)
    except MemoryError:
        raise
    except Exception as error:
        # A prediction that fails must not keep the rest of the report from anybody.
        problem = f"{type(error).__name__}: {error}"
        return Lowered(
            None, (Unconvertible(None, f"made edgelint's prediction fail ({problem}); please report it"),)
        )
    return found
