"""What a layer's configuration says of types and of its own input's shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.ir import DType
from edgelint.ir.dtype import BY_LABEL
from edgelint.loaders.keras.config import LayerSpec


def is_quantized(spec: LayerSpec) -> bool:
    """Whether Keras stored the layer with integer weights: which ones differs from version to version."""
    policy = spec.config.get("dtype")
    name = policy.get("class_name") if isinstance(policy, Mapping) else policy
    return bool(spec.config.get("quantization_config")) or "uantized" in str(name) or "_from_" in str(name)


def dtype_policy(spec: LayerSpec) -> tuple[DType, DType]:
    """Compute and variable type of a layer's dtype policy; float32 where none is stored."""
    stored: Any = spec.config.get("dtype")
    for _ in range(4):
        if not isinstance(stored, Mapping):
            break
        config = stored.get("config")
        inside: Mapping[str, Any] = config if isinstance(config, Mapping) else {}
        stored = inside.get("name") or inside.get("source_name") or inside.get("default_policy")
    name = stored.rsplit("_from_", 1)[-1] if isinstance(stored, str) else "float32"
    if name.startswith("mixed_"):
        return BY_LABEL.get(name[len("mixed_") :], DType.FLOAT32), DType.FLOAT32
    dtype = BY_LABEL.get(name, DType.FLOAT32)
    return dtype, dtype


def declared_shape(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """The input shape, batch first, that an input layer or a first layer declares."""
    for key in ("batch_shape", "batch_input_shape"):
        if (shape := plain_shape(config.get(key))) is not None:
            return shape
    return None


def plain_shape(raw: Any) -> tuple[int | None, ...] | None:
    """A stored shape; None when it is none."""
    if not isinstance(raw, (list, tuple)):
        return None
    if not all(dim is None or (isinstance(dim, int) and not isinstance(dim, bool)) for dim in raw):
        return None
    return tuple(None if dim is None or dim < 0 else min(dim, 2**40) for dim in raw)
