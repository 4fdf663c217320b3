"""A prediction held against a converted file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from edgelint.analysis.tflm.arena import plan_arena
from edgelint.ir.model import Model
from edgelint.loaders import Binding, load
from edgelint.lowering import lower
from edgelint.targets import find


def predicted(path: Path, quantize: str | None = None) -> Model:
    """What the converter is foretold to make of the Keras file `path`."""
    found = lower(load(path, Binding({}, batch=1)), quantize)
    assert found.model is not None, found.unconvertible
    return found.model


def operators(model: Model) -> Counter[tuple[str, str | None]]:
    """Every operator with its fused activation, counted."""
    return Counter((node.source.op, node.activation) for _, node in model.nodes())


def arena(model: Model) -> int:
    """The bytes that TFLite Micro uses of its arena on a Cortex-M4."""
    value = plan_arena(model, find("cortex-m4")).value
    assert value is not None
    return value
