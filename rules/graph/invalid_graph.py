"""EL524."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.structure.contradictions import contradictions
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.ir.operators import Family, describe
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_DECLARED = "makes "
"""What begins so is only said of an output: LiteRT works its shape out anew, TFLite Micro trusts it."""


class InvalidGraph(Rule):
    """A graph that contradicts itself: operands that don't fit, values that nothing makes, a wrong order.

    ## Why it matters
    A file can be well-formed and still describe no computation. A runtime then refuses it when it
    prepares its operators; or does not look, and computes over bytes that are not there: TFLite Micro
    allocates each tensor by the shape that the file states for it. It comes from tools that edit graphs
    (cutting, pruning, joining), and from conversions that were interrupted.

    What no runtime loads at all (cycles, values that are made twice, outputs that nothing makes) is
    refused as the file is read (EL901).

    ## What to do
    Convert the model again from its source. If a script edits the graph, run
    `onnx.checker.check_model(model, full_check=True)` and `onnx.shape_inference.infer_shapes(model,
    strict_mode=True)` after it; for TFLite load the file once with `tf.lite.Interpreter` and call
    `allocate_tensors()`. Nodes of an ONNX graph must stand in an order in which they can run.
    """

    code = "EL524"
    name = "invalid-graph"
    severity = Severity.ERROR
    hint = "convert the model again from its source; check what a script made of it before it is shipped"
    yields_to = ("EL106",)

    VALID = [
        chain("float32[1,6]")
        .op("Reshape", "float32[2,3]", source="RESHAPE", shape="int32[2]")
        .op("Gemm", "float32[2,4]", source="FULLY_CONNECTED", weight="float32[4,3]"),
        chain("float32[1,8,8,3]").op(
            "Conv",
            "float32[1,4,4,16]",
            source="CONV_2D",
            weight="float32[16,3,3,3]",
            attributes={"strides": [2, 2], "dilations": [1, 1], "auto_pad": "SAME_UPPER"},
        ),
    ]
    INVALID = [
        (
            chain("float32[1,6]").op("Reshape", "float32[2,4]", source="RESHAPE", shape="int32[2]"),
            "RESHAPE makes 8 numbers of 6: 1×6 to 2×4",
        ),
        (
            chain("float32[1,8,8,3]").op(
                "Conv", "float32[1,8,8,16]", source="CONV_2D", weight="float32[16,3,3,5]"
            ),
            "CONV_2D reads 3 channels with weights for 5",
        ),
        (
            chain("float32[1,8,8,3]")
            .op("Conv", "float32[1,8,8,16]", source="CONV_2D", weight="float32[12,3,3,3]")
            .on("litert-cpu"),
            "CONV_2D makes 16 channels with weights for 12",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Contradictions, operands that nothing makes, and the first node that stands too early."""
        model = context.model
        trusting = context.target is None or context.target.runtime.memory_model == "tflm"
        for graph, node, problem in contradictions(model):
            declared = problem.startswith(_DECLARED) and node.op != "Reshape"
            severity = Severity.WARNING if declared and not trusting else Severity.ERROR
            yield self.at(graph, node, f"{printable(node.source.op)} {problem}", severity=severity)
        for graph in model.graphs:
            for node, value in _dangling(model, graph):
                message = f"{printable(node.source.op)} reads {named(value)}, which nothing makes"
                yield self.at(graph, node, message)
            early = _early(graph) if model.format == "onnx" else None
            if early is not None:
                yield self.at(
                    graph,
                    early,
                    f"{printable(early.source.op)} stands in the file before what it reads is made",
                    hint="sort the nodes before saving; ONNX Runtime sorts them, onnx.checker refuses them",
                    severity=Severity.NOTE,
                )


def _dangling(model: Model, graph: Graph) -> Iterator[tuple[Node, Value]]:
    """Builtin TFLite operators that read a tensor without content; custom ones take such as scratch."""
    if model.format != "tflite":
        return
    inputs = frozenset(graph.inputs)
    loose = {
        name
        for name, value in graph.values.items()
        if not (value.is_constant or value.is_variable or name in graph.producers or name in inputs)
        and value.elements != 0
    }
    for node in graph.nodes if loose else ():
        name = next((name for name in node.inputs if name in loose), None)
        known = describe(node.op, node.domain)
        if name is None or known is None or known.family is Family.RECURRENT:
            continue
        if not node.domain.startswith("tflite.c"):
            yield node, graph.values[name]


def _early(graph: Graph) -> Node | None:
    """The first node that the loader had to move back."""
    furthest = -1
    for node in graph.nodes:
        if node.source.index < furthest:
            return node
        furthest = max(furthest, node.source.index)
    return None
