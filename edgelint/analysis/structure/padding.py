"""Pads that the convolution behind them could do itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgelint.analysis.constants import numbers
from edgelint.analysis.structure.no_ops import pads_of
from edgelint.ir.model import Graph, Node, Shape


def adds_zeros(graph: Graph, node: Node) -> bool:
    """Whether `node` pads, by real zeros and nothing else."""
    pads = pads_of(graph, node)
    if not node.inputs or pads is None or not any(pads) or min(pads) < 0:
        return False
    if node.attributes.get("mode", "constant") != "constant":
        return False
    filler = graph.value(node.inputs[2]) if len(node.inputs) > 2 else None
    if filler is None:
        return not (len(node.inputs) > 2 and node.inputs[2]) and not node.attributes.get("value")
    zero = filler.quantization.zero_point[0] if filler.quantization and filler.quantization.zero_point else 0
    return numbers(filler) == (zero,)


def fits_pads(graph: Graph, node: Node, conv: Node) -> bool:
    """Whether an ONNX Conv can do the work of the Pad `node`."""
    pads = pads_of(graph, node) or ()
    rank = len(pads) // 2
    only_rows = rank > 2 and not any((*pads[:2], *pads[rank : rank + 2]))
    plain = conv.op == "Conv" and not conv.domain and conv.attributes.get("layout") == "NCHW"
    return only_rows and plain and conv.inputs[0] == node.outputs[0] and not _pads_itself(conv)


def _pads_itself(conv: Node) -> bool:
    return conv.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")


def fits_same(graph: Graph, node: Node, conv: Node) -> bool:
    """Whether a TFLite convolution, VALID now, would pad like `node` when it were SAME."""
    data, padded = graph.value(node.inputs[0]), graph.value(node.outputs[0])
    window = [conv.attributes.get(word) for word in ("kernel_shape", "strides", "dilations")]
    if conv.op != "Conv" or conv.attributes.get("auto_pad") != "VALID" or conv.inputs[0] != node.outputs[0]:
        return False
    if data is None or padded is None or not data.shape or data.dtype is not padded.dtype:
        return False
    if data.quantization != padded.quantization or not all(isinstance(sides, list) for sides in window):
        return False
    return _is_same(pads_of(graph, node) or (), data.shape, *window)


def _is_same(pads: Sequence[float], shape: Shape, kernel: Any, strides: Any, dilations: Any) -> bool:
    """Whether `pads` move and number the windows as SAME does (LiteRT kernels/padding.h), channels last."""
    rank = len(shape)
    if len(pads) != 2 * rank or rank != len(kernel) + 2 or any(pads[axis] for axis in (0, rank - 1)):
        return False
    if pads[rank] or pads[-1]:
        return False
    for axis, (width, stride, dilation) in enumerate(zip(kernel, strides, dilations, strict=False), 1):
        size = shape[axis]
        if not isinstance(size, int) or not isinstance(width, int) or stride < 1:
            return False
        extent, steps = (width - 1) * dilation + 1, -(-size // stride)
        total = max((steps - 1) * stride + extent - size, 0)
        padded = size + pads[axis] + pads[rank + axis]
        if pads[axis] != total // 2 or (padded - extent) // stride + 1 != steps:
            return False
    return True
