"""EL413."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.heads.dependence import Fixed, fixed_outputs
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph
from edgelint.printable import printable, short
from edgelint.rule import Finding, Location, Rule, Severity


class ConstantOutput(Rule):
    """An output that is the same in every run, whatever the input is.

    ## Why it matters
    Either no way leads from the input to the output, so that the device computes stored constants
    from stored constants; or every way goes through an operator that answers with one number only:
    an ArgMax over a single unit is always 0, a softmax over a single unit always 1. The model looks
    alive, loads and runs, and says nothing about what it is shown.

    Where other outputs do depend on the input, the constant one may be there on purpose (anchor
    boxes, the class of each box of a detector for one class): a note. A graph without inputs is left
    alone, as are outputs that may come from variables, random numbers, control flow or custom
    operators.

    ## What to do
    Look at what was exported: a wrong layer named as the output, or a branch that was cut off by
    constant folding. Decide between yes and no by a threshold (`score > 0.5`), not by ArgMax over one
    unit. Constants that the application needs take less room in its own code.
    """

    code = "EL413"
    name = "constant-output"
    severity = Severity.ERROR
    hint = "export the output that depends on the input, or take the constant one out of the model"
    yields_to = ("EL403", "EL404")

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,4]", weight="float32[4,8]"),
        chain("float32[1,8]").op("Softmax", "float32[1,8]").op("Softmax", "float32[1,8]"),
        chain("float32[1,8]").op("ArgMax", "int64[1]", attributes={"axis": 1, "keepdims": 0}),
        chain("float32[1,8]").op("RandomNormalLike", "float32[1,8]"),
        chain("float32[1,?]").op("Shape", "int64[2]"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,1]", weight="float32[1,8]")
            .op("ArgMax", "int64[1]", source="ARG_MAX", attributes={"axis": 1, "keepdims": 0})
            .op("Cast", "float32[1]", source="CAST"),
            "output 'cast_2' is the same in every run: all ways to it go through ARG_MAX 'argmax_1', which "
            "works over 1 unit and always gives 0",
        ),
        (
            chain("float32[1,8]").op("Shape", "int64[2]", source="SHAPE").op("Cast", "float32[2]"),
            "output 'cast_1' is the same in every run: it is made of stored constants and fixed shapes only",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output of the main graph that no input can change."""
        if not context.model.graphs or not context.model.complete:
            return
        graph = context.model.main
        found = list(fixed_outputs(context.model, graph)) if graph.inputs else []
        whole = len(found) == len(graph.outputs)
        for fixed in found:
            value = graph.value(fixed.output)
            decision = fixed.cause is not None and value is not None and value.elements == 1
            name = printable((value.label if value else "") or fixed.output)
            yield self.finding(
                f"output '{name}' is the same in every run: {_reason(fixed)}",
                severity=Severity.ERROR if whole or decision else Severity.NOTE,
                location=_location(graph, fixed),
                output=fixed.output,
                value=fixed.value,
            )


def _reason(fixed: Fixed) -> str:
    if fixed.cause is None:
        return "it is made of stored constants and fixed shapes only"
    return (
        f"all ways to it go through {printable(fixed.cause.source.op)} '{short(fixed.cause.name)}', which "
        f"works over 1 unit and always gives {fixed.value}"
    )


def _location(graph: Graph, fixed: Fixed) -> Location:
    """Where the input is stopped, else what makes the output, else the graph."""
    place = graph.producers.get(fixed.output)
    node = fixed.cause or (graph.nodes[place] if place is not None else None)
    return (
        Location(graph.name, node.name, node.source.op, node.source.index) if node else Location(graph.name)
    )
