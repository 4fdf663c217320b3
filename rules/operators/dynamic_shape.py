"""EL104."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node, Shape, Value
from edgelint.rule import Finding, Rule, Severity

LEGACY_SCALAR: Shape = (0,)
"""How old converters store a scalar; TFLite Micro takes it for one."""


class DynamicShape(Rule):
    """A tensor whose size is not in the file, on a runtime that plans memory from the file.

    ## Why it matters
    A microcontroller runtime lays out its memory once, before the first inference, from the shapes
    in the file. It refuses an operator whose output has a dim that the file leaves open.

    ## What to do
    Fix every dim before converting: give the Keras Input a full shape with `batch_size=1`, or
    convert a concrete function with a full input signature. Operators whose result size depends on
    the data (WHERE, UNIQUE, NON_MAX_SUPPRESSION) have no place in such a model.
    """

    code = "EL104"
    name = "dynamic-shape"
    severity = Severity.ERROR
    needs = ("target",)
    hint = "fix every dim of the model's inputs before converting"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").on("cortex-m4"),
        chain("float32[?,8]").op("Relu", "float32[?,8]", source="RELU").on("litert-cpu"),
    ]
    INVALID = [
        (
            chain("float32[1,?]").op("Relu", "float32[1,?]", source="RELU").on("cortex-m4"),
            "input 'input' has the shape [1, ?]; TFLite Micro needs every dim in the file",
        ),
        (
            chain("float32[1,8]").op("Unique", "float32[?]", source="UNIQUE").on("cortex-m4"),
            "UNIQUE makes 'unique_0' of shape [?]; TFLite Micro needs every dim in the file",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """The open inputs; where all are fixed, the operators that open a dim of their own.

        Less on an input that the runtime will only ever run at one of the sizes it was made for: a
        warning where the stored size is the converter's placeholder 1, else a note.
        """
        model, target = context.deployment, context.target
        if model is None or target is None or target.runtime.memory_model != "tflm":
            return
        title = target.runtime.title
        needs = f"{title} needs every dim in the file"
        for value in _inputs(model.main):
            if _is_open(value.shape):
                yield self.finding(f"input {named(value)} has the shape {_shown(value.shape)}; {needs}")
            elif _is_fixed_by_file(value):
                yield self.finding(
                    f"input {named(value)} was made for {_shown(value.signature)}; {title} always runs it "
                    f"at the stored {_shown(value.shape)}",
                    hint="store the size that the device will feed: convert with a full input shape",
                    severity=Severity.WARNING if _is_placeholder(value) else Severity.NOTE,
                )
        for graph in model.graphs:
            for node, value in _openers(graph):
                message = f"{node.source.op} makes {named(value)} of shape {_shown(value.shape)}; {needs}"
                yield self.at(graph, node, message)


def _inputs(graph: Graph) -> Iterator[Value]:
    return (value for name in graph.inputs if (value := graph.value(name)))


def _openers(graph: Graph) -> Iterator[tuple[Node, Value]]:
    """Each node that makes a value of open or empty shape and reads none of open shape."""
    shapes = {value.shape for value in graph.values.values()}
    odd = {shape for shape in shapes if _is_open(shape) or _is_empty(shape)}
    for node in graph.nodes if odd else ():
        for value in graph.outputs_of(node):
            if value is not None and value.shape in odd:
                if not any(_spreads(graph, each) for each in graph.inputs_of(node)):
                    yield node, value
                break


def _spreads(graph: Graph, value: Value | None) -> bool:
    """Whether the cause lies further up: in an open value, or in an empty one that a node made."""
    if value is None:
        return False
    return _is_open(value.shape) or (_is_empty(value.shape) and value.name in graph.producers)


def _is_open(shape: Shape | None) -> bool:
    return shape is None or not all([isinstance(dim, int) for dim in shape])


def _is_empty(shape: Shape | None) -> bool:
    return shape is not None and shape != LEGACY_SCALAR and 0 in shape


def _is_placeholder(value: Value) -> bool:
    """Whether the converter stored 1 for a free dim other than the batch."""
    pairs = zip((value.signature or ())[1:], (value.shape or ())[1:], strict=False)
    return any(free is None and stored == 1 for free, stored in pairs)


def _is_fixed_by_file(value: Value) -> bool:
    """Whether a dim beyond the batch was free when the model was converted."""
    free = (value.signature or ())[1:]
    return any(not isinstance(dim, int) for dim in free)


def _shown(shape: Shape | None) -> str:
    if shape is None:
        return "unknown"
    return f"[{', '.join('?' if dim is None else str(dim) for dim in shape)}]"
