"""EL314."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.quantization.ranges import Affine, affine
from edgelint.analysis.quantization.spec import COPIES
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

_BOUNDS = {"Relu": (0.0, float("inf")), "Relu6": (0.0, 6.0), "Relu0To1": (0.0, 1.0), "ReluN1To1": (-1.0, 1.0)}
"""Activations to the real numbers that they give."""

_STEPS = 8
"""Operators that are followed to see whether the scale is forced by a concatenation or the like."""


class WastedActivationRange(Rule):
    """A quantized activation of which many codes can never occur.

    ## Why it matters
    What comes out of a ReLU is never negative. If its tensor's scale and zero point reserve codes for
    negative numbers, or a ReLU6's for numbers above 6, these are never used: with half of the 256 codes
    wasted, one of eight bits is lost on every value.

    The rule compares the range that the stored scale covers with what the activation can give. It says
    nothing where a concatenation or the like forces the tensor to share its scale with others.

    ## What to do
    Let the converter see convolution and ReLU as one: fuse them before quantization (in PyTorch
    `torch.ao.quantization.fuse_modules`), or put the observer behind the activation, and use
    asymmetric activations (`activation_symmetric=False` in ONNX Runtime).
    """

    code = "EL314"
    name = "wasted-activation-range"
    severity = Severity.WARNING
    needs = ("tflite", "quantization")
    hint = "calibrate the range behind the activation, with asymmetric activation quantization"
    options = {"share": Option(0.45, "share of the codes that never occur, from which it is told")}

    VALID = [
        chain("int8[1,4] @0.1").op("Relu", "int8[1,4] @0.1:-128", source="RELU"),
        chain("int8[1,4] @0.1").op("Relu6", "int8[1,4] @0.0235294:-128", source="RELU6"),
        chain("int8[1,4] @0.1")
        .op("Relu", "int8[1,4] @0.1:0", source="RELU")
        .op("Concat", "int8[1,8] @0.1:0", source="CONCATENATION", reads=("relu_0", "input")),
        chain("int16[1,4] @0.1").op("Relu", "int16[1,4] @0.1:0", source="RELU"),
    ]
    INVALID = [
        (
            chain("int8[1,4] @0.1").op("Relu", "int8[1,4] @0.1:0", source="RELU"),
            "RELU gives 'relu_0' between 0 and 12.7, but its codes cover -12.8 to 12.7: 50 % never occur",
        ),
        (
            chain("int8[1,4] @0.1").op(
                "Conv",
                "int8[1,4] @0.1:-128",
                source="CONV_2D",
                activation="Relu6",
                weight="int8[4,4] @0.1,0.1,0.1,0.1/0",
            ),
            "CONV_2D gives 'conv_0' between 0 and 6, but its codes cover 0 to 25.5: 76 % never occur",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output of a ReLU or its kin with 8-bit codes of its own."""
        if context.model.format != "tflite":
            return
        for graph, node in context.model.nodes():
            bounds = _BOUNDS.get(node.activation or node.op)
            made = graph.value(node.outputs[0]) if node.outputs else None
            stored = affine(made)
            if bounds is None or made is None or stored is None or made.dtype is DType.INT16:
                continue
            wasted = _wasted(stored, *bounds)
            if wasted < context.option(self, "share") or _is_shared(graph, made.name):
                continue
            low, high = max(stored.low, bounds[0]), min(stored.high, bounds[1])
            yield self.at(
                graph,
                node,
                f"{printable(node.source.op)} gives {named(made)} between {low:.4g} and {high:.4g}, "
                f"but its codes cover {stored.low:.4g} to {stored.high:.4g}: "
                f"{100 * wasted:.0f} % never occur",
                wasted=round(wasted, 4),
                low=stored.low,
                high=stored.high,
            )


def _wasted(stored: Affine, low: float, high: float) -> float:
    """The share of codes that stand for numbers outside `low` to `high`."""
    first = max(stored.lowest, stored.zero_point + low / stored.scale)
    last = min(stored.highest, stored.zero_point + high / stored.scale)
    return 1 - max(last - first, 0) / (stored.highest - stored.lowest)


def _is_shared(graph: Graph, name: str) -> bool:
    """Whether an operator behind it copies codes of several tensors into one."""
    names, seen = [name], set()
    for _ in range(_STEPS):
        readers = [graph.nodes[place] for each in names for place in graph.readers.get(each, ())]
        copying = [node for node in readers if node.source.op in COPIES]
        if any(_joins(graph, node) for node in copying):
            return True
        names = [out for node in copying for out in node.outputs if out and out not in seen][:_STEPS]
        seen.update(names)
        if not names:
            return False
    return True


def _joins(graph: Graph, node: Node) -> bool:
    held = graph.inputs_of(node)[COPIES[node.source.op]]
    return len([value for value in held if value is not None]) > 1
