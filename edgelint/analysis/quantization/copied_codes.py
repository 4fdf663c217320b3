"""Tensors between which an operator copies integers as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgelint.analysis.quantization.layers import integers_behind
from edgelint.analysis.quantization.ranges import affine, codes_apart
from edgelint.analysis.quantization.spec import COPIES, RESCALES_UINT8
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node, Value


class Copy(NamedTuple):
    """The input and output of `node` whose scales are furthest apart.

    apart: by how many codes of the output a number moves, at most, if its code is copied.
    """

    graph: Graph
    node: Node
    read: Value
    made: Value
    apart: float


ONNX_COPIES = frozenset(
    {
        *("Expand", "Flatten", "Gather", "GatherElements", "Reshape", "Slice", "Squeeze", "Tile"),
        *("Transpose", "Unsqueeze", "Resize", "MaxPool"),
    }
)
"""Operators that ONNX Runtime runs on integers if the conversions round them have one scale.

Source: `DropQDQNodesRules` in its qdq_selector_action_transformer.cc.
"""


def copies(model: Model) -> Iterator[Copy]:
    """Each operator of `model` that copies codes, or could, and whose scales are known; in file order."""
    find = {"tflite": _tflite, "onnx": _onnx}.get(model.format)
    if find is None:
        return
    for graph, node in model.nodes():
        worst: Copy | None = None
        for read, made in find(graph, node):
            above, below = affine(read), affine(made)
            if above is None or below is None or read.dtype is not made.dtype:
                continue
            copy = Copy(graph, node, read, made, codes_apart(above, below))
            if worst is None or copy.apart > worst.apart:
                worst = copy
        if worst is not None:
            yield worst


def requantized(graph: Graph, node: Node) -> Value | None:
    """What QuantizeLinear, its only reader, makes of the node's output; None where that is not so."""
    name = node.outputs[0] if node.outputs else None
    readers = graph.readers.get(name, ()) if name and name not in graph.outputs else ()
    if len(readers) != 1 or graph.nodes[readers[0]].op != "QuantizeLinear":
        return None
    return graph.value(next(iter(graph.nodes[readers[0]].outputs), None))


def _tflite(graph: Graph, node: Node) -> Iterator[tuple[Value, Value]]:
    held = COPIES.get(node.source.op)
    made = graph.value(node.outputs[0]) if node.outputs else None
    if held is None or made is None:
        return
    if made.dtype is DType.UINT8 and node.source.op in RESCALES_UINT8:
        return
    for read in graph.inputs_of(node)[held]:
        if read is not None:
            yield read, made


def _onnx(graph: Graph, node: Node) -> Iterator[tuple[Value, Value]]:
    if node.op not in ONNX_COPIES or node.domain or not node.inputs:
        return
    read, made = integers_behind(graph, node.inputs[0]), requantized(graph, node)
    if read is not None and made is not None:
        yield read, made
