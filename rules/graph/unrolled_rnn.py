"""EL522."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.structure.unrolled import unrolled_cells
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Graph, Node
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

LEAST_STEPS = 3
"""Products in a row that are no coincidence."""

MANY_STEPS = 16
"""Steps from which it is a warning: the operators of a written-out LSTM cell (14) are then over 200."""


def _steps(count: int) -> Example:
    """A cell h = tanh(h · U), `count` times."""
    found = chain("float32[1,8]").op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="float32[8,8]")
    for step in range(1, count):
        reads = (f"tanh_{2 * step - 1}", "gemm_0/weight")
        found = found.op("Tanh", "float32[1,8]", source="TANH")
        found = found.op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", reads=reads)
    return found.op("Tanh", "float32[1,8]", source="TANH")


class UnrolledRnn(Rule):
    """A recurrent layer that is written out, step by step.

    ## Why it matters
    An LSTM over 100 steps is one operator, or some 1,400 when it is unrolled. The numbers are the same,
    but each of these operators has its record in the file and its structures in memory, calls a kernel
    for a few multiplications, and quantizes once more in between; the converter takes minutes. The
    length is fixed for good. For a few steps, where the runtime has no LSTM or GRU operator, unrolling
    is a way.

    ## What to do
    Keras: `unroll=False`, and a fixed input shape with `batch_size=1`, so that the converter makes
    UNIDIRECTIONAL_SEQUENCE_LSTM of an LSTM. PyTorch: export `nn.LSTM` or `nn.GRU` itself, not a Python
    loop over a cell. On a device that is fed step by step, run one step per inference and keep the
    state between.
    """

    code = "EL522"
    name = "unrolled-rnn"
    severity = Severity.NOTE
    hint = "convert the layer with unroll=False and a fixed input shape, or run one step per inference"

    options = {
        "least_steps": Option(LEAST_STEPS, "products with the same weights in a row; a choice"),
        "many_steps": Option(MANY_STEPS, "steps that make it a warning; over 200 operators of an LSTM"),
    }

    VALID = [
        _steps(2),
        chain("float32[1,20,8]")
        .op("LSTM", "float32[1,4]", weight="float32[8,16]", attributes={"unroll": False})
        .from_format("keras"),
    ]
    INVALID = [
        (
            _steps(4),
            "'gemm_0/weight' is multiplied with 4 times in a row: "
            "a recurrent cell is written out as 7 operators",
        ),
        (
            chain("float32[1,20,8]")
            .op("LSTM", "float32[1,4]", weight="float32[8,16]", attributes={"unroll": True})
            .from_format("keras"),
            "LSTM is told to unroll its 20 steps (unroll=True)",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each written-out cell, and each Keras layer that will be one."""
        least = int(context.option(self, "least_steps"))
        for graph in context.model.graphs:
            for cell in unrolled_cells(graph, least):
                weight = graph.values[cell.weight]
                yield self.at(
                    graph,
                    cell.first,
                    f"{named(weight)} is multiplied with {cell.steps} times in a row: "
                    f"a recurrent cell is written out as {cell.operators:,} operators",
                    severity=self._severity(context, cell.steps),
                    steps=cell.steps,
                    operators=cell.operators,
                )
            for node in graph.nodes:
                steps = _told(graph, node) if node.attributes.get("unroll") else None
                if steps is not None and steps >= least:
                    word = printable(node.source.op)
                    message = f"{word} is told to unroll its {steps} steps (unroll=True)"
                    yield self.at(graph, node, message, severity=self._severity(context, steps), steps=steps)

    def _severity(self, context: Context, steps: int) -> Severity:
        return Severity.WARNING if steps >= context.option(self, "many_steps") else Severity.NOTE


def _told(graph: Graph, node: Node) -> int | None:
    """How many steps a Keras layer with unroll=True has; None where it isn't known."""
    value = graph.value(node.inputs[0] if node.inputs else None)
    shape = value.shape if value else None
    steps = shape[1] if shape is not None and len(shape) >= 3 else None
    return steps if isinstance(steps, int) else None
