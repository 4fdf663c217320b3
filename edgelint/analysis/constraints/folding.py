"""What compilers and delegates take out of a graph before they judge its operators.

ONNX Runtime's graph optimizations of level 1 (constant folding, identity and dropout elimination,
Conv-BatchNormalization fusion), onnx-simplifier before ESP-DL and RKNN, and the TFLite delegates, which
read weights through a DEQUANTIZE or DENSIFY of constants.
"""

from __future__ import annotations

from edgelint.analysis.constraints.shapes import is_static
from edgelint.ir.model import Graph, Model, Node

UNPACKING = frozenset({"DEQUANTIZE", "DENSIFY"})
"""TFLite operators whose results count as constants when they read constants."""

SHAPES = frozenset({"Shape", "Size"})
"""ONNX operators whose results are known once the shape of what they read is."""

DRAWN = frozenset(
    ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"]
)
"""ONNX operators whose results differ from run to run."""


def folded(model: Model, graph: Graph) -> frozenset[str]:
    """The values of `graph` that become constants before it runs. Time linear in its nodes."""
    found: set[str] = set()
    for node in graph.nodes:
        if _folds(model, graph, node, found):
            found.update(name for name in node.outputs if name)
    return frozenset(found)


def vanishes(model: Model, graph: Graph, node: Node, constants: frozenset[str]) -> bool:
    """Whether no operator of a runtime stands for `node`: its results are constants, or its input."""
    outputs = [name for name in node.outputs if name]
    if outputs and constants.issuperset(outputs):
        return True
    if model.format != "onnx" or node.domain not in ("", "ai.onnx"):
        return False
    if node.op == "Identity":
        return True
    if node.op == "Dropout":
        return not any(graph.readers.get(name) or name in graph.outputs for name in outputs[1:])
    return node.op == "BatchNormalization" and _follows_convolution(graph, node)


def _folds(model: Model, graph: Graph, node: Node, found: set[str]) -> bool:
    if model.format != "onnx":
        return node.source.op in UNPACKING and _all_constant(graph, node, found)
    if node.domain not in ("", "ai.onnx") or node.subgraphs or node.op in DRAWN:
        return False
    if node.op in SHAPES:
        value = graph.value(node.inputs[0]) if node.inputs else None
        return value is not None and is_static(value)
    return _all_constant(graph, node, found)


def _all_constant(graph: Graph, node: Node, found: set[str]) -> bool:
    for name in node.inputs:
        value = graph.value(name)
        if name and name not in found and (value is None or not value.is_constant):
            return False
    return True


def _follows_convolution(graph: Graph, node: Node) -> bool:
    source = node.inputs[0] if node.inputs else None
    maker = graph.producers.get(source) if source else None
    if source is None or maker is None or graph.nodes[maker].op != "Conv":
        return False
    return len(graph.readers.get(source, ())) == 1 and source not in graph.outputs
