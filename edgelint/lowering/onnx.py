"""ONNX models as a TFLite runtime would get them: the graph that onnx2tf and TensorFlow's converter write.

No weight is read. What cannot be lowered is named; then there is no model.
"""

from __future__ import annotations

from edgelint.ir.model import Graph, Model, Node
from edgelint.lowering.onnx_to_tflite.conversion import Conversion, Unlowerable, channels_last, permuted
from edgelint.lowering.onnx_to_tflite.finish import finish
from edgelint.lowering.onnx_to_tflite.optimize import optimize
from edgelint.lowering.onnx_to_tflite.quantized import settle
from edgelint.lowering.onnx_to_tflite.schedule import schedule
from edgelint.lowering.onnx_to_tflite.source import Source
from edgelint.lowering.onnx_to_tflite.table import LOWERINGS
from edgelint.lowering.result import Lowered, Unconvertible

_INTEGER_SCHEMES = ("int8", "int8-float-io", "int16x8")
_LAYOUT = "inputs of three to five dims are taken as channels first, and get them last in the converted model"
_CONVERTER = "converted by onnx2tf 1.29 and TensorFlow 2.19 with their default settings"
_SIZE = "the size of the converted file is estimated from its constants, to about 5 %"


def lower_onnx(model: Model, quantize: str | None = None) -> Lowered:
    """The TFLite model that a conversion of `model` gives, quantized by scheme `quantize` if one is named.

    quantize: one of `edgelint.analysis.requantize.SCHEMES`; None keeps the types of the file.
    """
    graph = model.main
    if not graph.inputs:
        return Lowered(None, (Unconvertible(None, "the graph has no input"),))
    low = Conversion(Source(graph), integers=quantize in _INTEGER_SCHEMES)
    refused = [*_open_inputs(low, graph)]
    if not refused:
        refused = _lower(low)
    if refused:
        return Lowered(None, tuple(refused))
    try:
        low.draft.outputs = [low.read(name).name for name in graph.outputs]
    except Unlowerable:
        return Lowered(
            None, (Unconvertible(None, "an output of the graph is made by nothing that is known"),)
        )
    draft, assumptions = low.draft, [_CONVERTER, _SIZE, *low.assumptions]
    # As large as the draft, and not needed any more.
    del low
    schedule(draft)
    optimize(draft)
    settle(draft)
    lowered = finish(draft, model)
    if any(len(draft.operands[name].shape) > 2 for name in draft.inputs):
        assumptions.append(_LAYOUT)
    return _quantized(lowered, quantize, assumptions)


def _open_inputs(low: Conversion, graph: Graph) -> list[Unconvertible]:
    """Stores the graph's inputs; the nodes that read one whose dims are not all known."""
    refused = []
    for name in graph.inputs:
        try:
            shape, dtype = low.shape(name), low.dtype(name)
        except Unlowerable as reason:
            readers = graph.readers.get(name, ())
            refused += [Unconvertible(graph.nodes[place], str(reason)) for place in readers[:1]]
            continue
        order = channels_last(len(shape)) if len(shape) <= _LARGEST_MOVED else tuple(range(len(shape)))
        operand = low.draft.operand(name, dtype, permuted(shape, order))
        low.draft.inputs.append(operand.name)
        low.store(name, operand, order)
    return refused


_LARGEST_MOVED = 5
"""Dims up to which an input is taken as channels first."""


def _lower(low: Conversion) -> list[Unconvertible]:
    """Lowers node after node; those that cannot be, without the ones that only wait for them."""
    refused: list[Unconvertible] = []
    missing: set[str] = set()
    for node in low.source.nodes:
        if missing and missing.intersection(name for name in node.inputs if name):
            missing.update(name for name in node.outputs if name)
            if _handler_problem(node):
                refused.append(Unconvertible(node, _handler_problem(node)))
            continue
        problem = _handler_problem(node) or _attempt(low, node)
        if problem:
            refused.append(Unconvertible(node, problem))
            missing.update(name for name in node.outputs if name)
    return refused


def _handler_problem(node: Node) -> str:
    if node.domain not in ("", "ai.onnx"):
        return f"is an operator of {node.domain}, which has no counterpart in TFLite"
    if node.subgraphs:
        return "runs another graph, which is not modelled"
    if node.op in _RECURRENT:
        return "is a recurrent layer, on which onnx2tf 1.29 failed wherever it was tried"
    return "" if node.op in LOWERINGS else "has no counterpart in TFLite that is modelled"


_RECURRENT = frozenset({"LSTM", "GRU"})


def _attempt(low: Conversion, node: Node) -> str:
    try:
        LOWERINGS[node.op](low, node)
    except Unlowerable as reason:
        return str(reason)
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return "has operands or attributes that do not fit together"
    return ""


def _quantized(lowered: Model, scheme: str | None, assumptions: list[str]) -> Lowered:
    if scheme is None or scheme == "float32":
        return Lowered(lowered, (), tuple(assumptions))
    from edgelint.analysis.quantization.requantize import AlreadyQuantized, requantize
    from edgelint.analysis.quantization.rewritten import NotPredicted

    try:
        quantized = requantize(lowered, scheme)
    except AlreadyQuantized:
        return Lowered(None, (Unconvertible(None, "the model is quantized already"),))
    except NotPredicted as reason:
        return Lowered(None, (Unconvertible(None, str(reason)),))
    return Lowered(
        quantized,
        (),
        (*assumptions, f"quantized to {scheme} as TensorFlow's converter does, without its calibration"),
    )
