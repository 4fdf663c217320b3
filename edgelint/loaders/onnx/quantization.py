"""Scales and zero points of ONNX's quantized operators, as properties of the values they describe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from edgelint.ir import ExternalFile, Node, Quantization, Tensor
from edgelint.ir.dtype import STRUCT_CODES, unpacked

COUNT_LIMIT = 4096
"""Scales that are read; a weight has one for each of its channels at most."""


class Described(NamedTuple):
    """Input positions of a value (None: the first output), its scale and its zero point."""

    value: int | None
    scale: int
    zero_point: int


_TERNARY = (Described(0, 1, 2), Described(3, 4, 5))

OPERATORS = {
    ("", "QuantizeLinear"): (Described(None, 1, 2),),
    ("", "DequantizeLinear"): (Described(0, 1, 2),),
    ("com.microsoft", "QuantizeLinear"): (Described(None, 1, 2),),
    ("com.microsoft", "DequantizeLinear"): (Described(0, 1, 2),),
    ("", "QLinearConv"): (*_TERNARY, Described(None, 6, 7)),
    ("", "QLinearMatMul"): (*_TERNARY, Described(None, 6, 7)),
    ("com.microsoft", "QLinearAdd"): (*_TERNARY, Described(None, 6, 7)),
    ("com.microsoft", "QLinearMul"): (*_TERNARY, Described(None, 6, 7)),
    ("com.microsoft", "QGemm"): (*_TERNARY, Described(None, 7, 8)),
    ("com.microsoft", "QLinearSigmoid"): (Described(0, 1, 2), Described(None, 3, 4)),
    ("com.microsoft", "QLinearLeakyRelu"): (Described(0, 1, 2), Described(None, 3, 4)),
    ("com.microsoft", "QLinearSoftmax"): (Described(0, 1, 2), Described(None, 3, 4)),
    ("com.microsoft", "QLinearAveragePool"): (Described(0, 1, 2), Described(None, 3, 4)),
    ("com.microsoft", "QLinearGlobalAveragePool"): (Described(0, 1, 2), Described(None, 3, 4)),
}
"""Domain and operator to what its scales and zero points describe."""

_WEIGHT_CHANNELS = {"QLinearConv": 0}
"""The axis of a weight's scales where the operator fixes it; others have an `axis`, 1 by default."""


def describes(node: Node) -> bool:
    """Whether `node` can say anything about scales."""
    return (node.domain, node.op) in OPERATORS


def quantizations(node: Node, constant: Callable[[str], Tensor | None]) -> dict[str, Quantization]:
    """What `node` says about values by name, as far as scale and zero point are stored constants.

    constant: the stored constant of a name, None when there is none.
    """
    found = {}
    for described in OPERATORS.get((node.domain, node.op), ()):
        value = _at(node.outputs, 0) if described.value is None else _at(node.inputs, described.value)
        scale = _at(node.inputs, described.scale)
        tensor = constant(scale) if scale else None
        if not value or tensor is None or not scale:
            continue
        block = _integer(node, "block_size", 0)
        axis = _WEIGHT_CHANNELS.get(node.op, _integer(node, "axis", 1))
        if block > 0:
            found[value] = Quantization(axis=axis, block_size=block, scale_value=scale)
            continue
        scales = _numbers(tensor)
        if scales is None:
            continue
        zero_name = _at(node.inputs, described.zero_point)
        zero_tensor = constant(zero_name) if zero_name else None
        zeros = _numbers(zero_tensor) if zero_tensor else None if zero_name else (0,) * len(scales)
        if zeros is None or len(zeros) != len(scales) or not all(map(math.isfinite, zeros)):
            continue
        found[value] = Quantization(
            scales, tuple(int(zero) for zero in zeros), axis if len(scales) > 1 else None
        )
    return found


def _integer(node: Node, name: str, default: int) -> int:
    """An attribute; the default where it is absent or, in an operator without a definition, no integer."""
    content = node.attributes.get(name)
    return content if isinstance(content, int) else default


def _at(names: tuple[str | None, ...], place: int) -> str | None:
    return names[place] if place < len(names) else None


def _numbers(tensor: Tensor) -> tuple[float, ...] | None:
    """The elements of a scalar or short vector; None for what is larger, of another type, or elsewhere."""
    if tensor.sparse or isinstance(tensor.storage, ExternalFile):
        return None
    if tensor.dtype not in STRUCT_CODES or len(tensor.shape) > 1 or tensor.elements > COUNT_LIMIT:
        return None
    return unpacked(tensor.storage.read(), tensor.dtype, tensor.elements)
