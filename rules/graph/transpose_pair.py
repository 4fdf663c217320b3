"""EL504."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.structure.redundancy import SHARE, runs_as_drawn, saving, weigh
from edgelint.analysis.structure.usage import Usage
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Node
from edgelint.ir.operators import Family, describe
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

STEPS = 16
"""Operators between two transpositions that are looked through."""

FAMILIES = frozenset({Family.ACTIVATION, Family.ELEMENTWISE, Family.QUANTIZATION})
"""Families whose operators, with one input and single numbers besides, work in any order of axes alike."""

ALONG_AXES = frozenset(
    {"Softmax", "LogSoftmax", "Hardmax", "Sparsemax", "Glu", "SwiGLU", "CumSum", "CumProd", "RotaryEmbedding"}
)
"""Members of these families that don't."""


class TransposePair(Rule):
    """Two transpositions of which one, or both, can go.

    ## Why it matters
    A transposition moves every element, and jumps through memory while it does: on a microcontroller
    without a cache to help it costs more than a plain copy. Converters put one before and one after
    each operator whose layout differs (channels first to channels last and back), and two that meet
    cancel or are one.

    ## What to do
    Keep one layout: channels last (`NHWC`) from the input on for TFLite. Convert from PyTorch with
    `onnx2tf` or `litert-torch`, which move the layout through the whole graph. Drop `Permute` layers
    that undo each other.
    """

    code = "EL504"
    name = "transpose-pair"
    severity = Severity.NOTE
    needs = ("drawn",)
    operators = ("Transpose",)
    hint = "keep one layout through the model, so that the converter needs no transpositions"
    options = {"percent": SHARE}

    VALID = [
        chain("float32[1,2,3,4]").op("Transpose", "float32[1,3,4,2]", attributes={"perm": [0, 2, 3, 1]}),
        chain("float32[1,3,4,2]")
        .op("Transpose", "float32[1,2,3,4]", attributes={"perm": [0, 3, 1, 2]})
        .op("Softmax", "float32[1,2,3,4]", attributes={"axis": -1})
        .op("Transpose", "float32[1,3,4,2]", attributes={"perm": [0, 2, 3, 1]}),
    ]
    INVALID = [
        (
            chain("float32[1,2,3,4]")
            .op("Transpose", "float32[1,3,4,2]", source="TRANSPOSE", attributes={"perm": [0, 2, 3, 1]})
            .op("Relu", "float32[1,3,4,2]", source="RELU")
            .op("Transpose", "float32[1,2,3,4]", source="TRANSPOSE", attributes={"perm": [0, 3, 1, 2]})
            .on("cortex-m4"),
            "TRANSPOSE undoes the TRANSPOSE before it: both can go, which saves 384 bytes moved",
        ),
        (
            chain("float32[1,2,3,4]")
            .op("Transpose", "float32[1,3,4,2]", attributes={"perm": [0, 2, 3, 1]})
            .op("Transpose", "float32[1,4,2,3]", attributes={"perm": [0, 2, 3, 1]})
            .from_format("onnx"),
            "Transpose follows a Transpose: one is enough, which saves 192 bytes moved",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each transposition that another one feeds, directly or through element-wise operators."""
        if not runs_as_drawn(context):
            return
        for number, graph in enumerate(context.model.graphs):
            for node in graph.nodes:
                earlier = _earlier(context.usage, number, graph, node) if _perm(node) else None
                if earlier is None:
                    continue
                first, second = _perm(earlier), _perm(node)
                if len(first) != len(second):
                    continue
                cancels = [first[axis] for axis in second] == list(range(len(first)))
                work = context.workload.of(number, [earlier, node] if cancels else [node])
                word = printable(node.source.op)
                said = f"undoes the {word} before it: both can go"
                if not cancels:
                    said = f"follows a {word}: one is enough"
                message = f"{word} {said}{saving(work)}"
                yield self.at(graph, node, message, severity=weigh(context, self, work), **work.data)


def _perm(node: Node) -> list[int]:
    """The order of axes that a transposition makes; [] for other operators, unknown and unchanged orders."""
    perm = node.attributes.get("perm") if node.op == "Transpose" and not node.domain else None
    if not isinstance(perm, (list, tuple)) or list(perm) == sorted(perm):
        return []
    return list(perm) if sorted(perm) == list(range(len(perm))) else []


def _earlier(usage: Usage, number: int, graph: Graph, node: Node) -> Node | None:
    """The transposition that alone feeds `node`, operators between that work element by element apart."""
    for _ in range(STEPS):
        maker = usage.only_maker(number, node.inputs[0] if node.inputs else None)
        if maker is None or _perm(maker):
            return maker
        if not _is_elementwise(graph, maker):
            return None
        node = maker
    return None


def _is_elementwise(graph: Graph, node: Node) -> bool:
    """Whether `node` treats each element of its first input alike, whatever the order of axes."""
    known = describe(node.op, node.domain)
    if known is None or node.op in ALONG_AXES or node.domain:
        return False
    if known.family not in FAMILIES:
        return False
    others = [graph.value(name) for name in node.inputs[1:] if name]
    return all(value is not None and value.is_constant and value.elements == 1 for value in others)
