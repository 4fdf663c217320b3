"""EL508."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph
from edgelint.printable import short
from edgelint.rule import Finding, Location, Rule, Severity


class UnusedInput(Rule):
    """A model input that no output depends on.

    ## Why it matters
    The application has to prepare and hand over numbers that change nothing, and they take RAM for
    the whole inference. More often a connection was forgotten: the network was trained without what
    this input should have told it.

    ## What to do
    Connect it, or leave it out: `keras.Model(inputs=[...])` and the arguments of `forward` decide
    what the converted model asks for. In ONNX, delete it from `graph.input`.
    """

    code = "EL508"
    name = "unused-input"
    severity = Severity.WARNING
    hint = "connect the input, or leave it out of the model's inputs"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]"),
        chain("float32[1,8]").op("Shape", "int64[2]").from_format("onnx"),
    ]
    INVALID = [
        (
            chain("float32[1,8]").op("RandomNormal", "float32[1,8]", reads=("",)).from_format("onnx"),
            "no output depends on the input 'input' (32 bytes)",
        ),
        (
            chain("float32[1,8]")
            .op("Relu", "float32[1,8]", source="RELU")
            .op("RandomNormal", "float32[1,2]", source="RANDOM_STANDARD_NORMAL", reads=("",)),
            "no output depends on the input 'input' (32 bytes), which only operators read "
            "whose results nobody needs",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each input of the main graph that no live node reads and that is no output itself."""
        model = context.model
        if not model.complete or not model.graphs or not model.main.nodes:
            return
        graph, live = model.main, context.usage.live[0]
        for name in dict.fromkeys(graph.inputs):
            value = graph.value(name)
            if value is None or value.is_constant or value.is_variable:
                continue
            readers = graph.readers.get(name, ())
            if name in context.usage.leaving[0] or live.intersection(readers):
                continue
            size = f" ({value.nbytes:,} bytes)" if value.nbytes is not None else ""
            dead = ", which only operators read whose results nobody needs" if readers else ""
            yield self.finding(
                f"no output depends on the input '{short(value.label or name)}'{size}{dead}",
                location=_location(graph, name),
                input=name,
                bytes=value.nbytes,
            )


def _location(graph: Graph, name: str) -> Location:
    return Location(graph.name, name)
