"""EL113."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class UnconvertibleOperator(Rule):
    """A layer or operator whose conversion for the target's runtime cannot be foretold.

    ## Why it matters
    The target runs TFLite files, so a Keras or ONNX model is judged by what a converter would make
    of it. One node that cannot be foretold leaves operators, RAM and flash of the whole model
    unknown. Some of these nodes the converter refuses too: Python code that is not in the file,
    operators of a domain it has never heard of.

    ## What to do
    - Convert the model and check the `.tflite` file: then nothing has to be foretold.
    - Replace a Lambda or custom layer by built-in layers.
    - Fix free dims: give the input its full shape, or pass `--dim NAME=N`.
    """

    code = "EL113"
    name = "unconvertible-operator"
    severity = Severity.NOTE
    needs = ("target", "conversion")
    hint = "convert the model, then check the .tflite file"

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]", source="ReLU").from_format("keras").on("cortex-m4"),
        chain("float32[1,8]").op("Lambda", "float32[1,8]", domain="keras").from_format("keras"),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Lambda", "float32[1,8]", domain="keras")
            .from_format("keras")
            .on("cortex-m4"),
            "what becomes of Lambda cannot be foretold: it is Python code that is not in the file",
        )
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each node that the lowering gave up on."""
        if context.lowered is None:
            return
        homes = {id(node): graph for graph, node in context.model.nodes()}
        for each in context.lowered.unconvertible:
            graph = homes.get(id(each.node))
            if each.node is not None and graph is not None:
                message = f"what becomes of {each.node.source.op} cannot be foretold: it {each.reason}"
                yield self.at(graph, each.node, message)
