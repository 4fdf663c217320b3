"""EL427."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edgelint.analysis.hidden.activations import Activated, Paths, called
from edgelint.analysis.hidden.ranges import ANY, Intervals
from edgelint.analysis.quantization.ranges import affine
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.dtype import DType
from edgelint.rule import Finding, Option, Rule, Severity

FLOAT16_LARGEST = 65504.0
"""The largest float16 (IEEE 754 binary16); its logarithm is 11.09."""


class ExponentialOverflow(Rule):
    """An exponential whose result does not fit float16, or the codes of its quantized output.

    ## Why it matters
    The exponential grows past 65504, the largest float16, at an input of 11.09, and is infinite from
    there. A softplus written as log(1 + exp(x)) then gives infinity where x would be right, and a
    softmax whose largest input is not taken off first gives infinity / infinity, not a number. In
    int8, results above the output's largest code are cut off, all of them to the same number.

    An exponential of what is proven to stay below the limit (a softmax that takes its maximum off,
    a sigmoid's or tanh's output, a clipped value) is left alone.

    ## What to do
    Keep this operator in float32: `dtype="float32"` on the layer under a mixed_float16 policy, or
    `op_block_list=["Exp"]` where an ONNX model is converted to float16. Write softplus as
    max(x, 0) + log(1 + exp(-|x|)), or use the Softplus and Softmax operators, which do. For int8, give
    the converter a representative dataset that holds the largest inputs, or use ReLU.
    """

    code = "EL427"
    name = "exponential-overflow"
    severity = Severity.WARNING
    operators = ("Exp",)
    options = {
        "codes": Option(
            2.0, "codes of the int8 input that may be cut off at its end; calibration rounds by one"
        )
    }

    VALID = [
        chain("float32[1,8]").op("Exp", "float32[1,8]"),
        chain("float16[1,8]").op("Tanh", "float16[1,8]").op("Exp", "float16[1,8]"),
        chain("int8[1,8] @0.02:0").op("Exp", "int8[1,8] @0.05:-128"),
    ]
    INVALID = [
        (
            chain("float16[1,8]")
            .op("Exp", "float16[1,8]", name="exp")
            .op("Add", "float16[1,8]", one="float16[1] = 1")
            .op("Log", "float16[1,8]"),
            "Exp 'exp' in a softplus is infinite in float16 for inputs above 11.09",
        ),
        (
            chain("int8[1,8] @0.05:0").op("Exp", "int8[1,8] @0.1:-128", source="EXP", name="exp"),
            "EXP 'exp' cuts off its results at 25.5, for inputs above 3.24: its input goes up to 6.35",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each exponential that can overflow."""
        places = {id(graph): place for place, graph in enumerate(context.model.graphs)}
        for found in context.activations:
            if found.kind != "Exp":
                continue
            known = context.intervals[places[id(found.graph)]]
            value = found.graph.value(found.output)
            if value is not None and value.dtype is DType.FLOAT16:
                yield from self._in_float16(context.paths, found, known)
            yield from self._in_codes(found, context.option(self, "codes"))

    def _in_float16(self, paths: Paths, found: Activated, known: Intervals) -> Iterator[Finding]:
        limit = math.log(FLOAT16_LARGEST)
        if known.get(found.given or "", ANY).high > limit:
            inside = _inside(paths, found)
            yield self.at(
                found.graph,
                found.node,
                f"{called(found.node)}{inside} is infinite in float16 for inputs above {limit:.2f}",
                hint="keep this operator in float32, or bound its input",
                severity=Severity.WARNING if inside else Severity.NOTE,
                limit=round(limit, 4),
            )

    def _in_codes(self, found: Activated, codes: float) -> Iterator[Finding]:
        given, made = affine(found.graph.value(found.given)), affine(found.graph.value(found.output))
        if given is None or made is None or made.high <= 0:
            return
        limit = math.log(made.high)
        if given.high > limit + codes * given.scale:
            yield self.at(
                found.graph,
                found.node,
                f"{called(found.node)} cuts off its results at {made.high:.4g}, for inputs above "
                f"{limit:.2f}: its input goes up to {given.high:.4g}",
                hint="calibrate with a representative dataset that holds the largest inputs",
                limit=round(limit, 4),
                input_high=given.high,
                output_high=made.high,
            )


def _inside(paths: Paths, found: Activated) -> str:
    """What the exponential is part of, where an infinity does harm: " in a softplus", " in a softmax"."""
    graph = found.graph
    readers = {graph.nodes[place].op for place in graph.readers.get(found.output, ())}
    if readers >= {"Div", "ReduceSum"}:
        return " in a softmax"
    node = paths.only_reader(graph, found.output)
    if node is not None and node.op == "Add" and paths.adds_bias(graph, node):
        after = paths.only_reader(graph, node.outputs[0] or "")
        return " in a softplus" if after is not None and after.op == "Log" else ""
    return ""
