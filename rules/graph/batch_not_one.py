"""EL525."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Graph, Model, Value
from edgelint.ir.operators import Family, describe
from edgelint.quantity import show_bytes
from edgelint.rule import Finding, Rule, Severity

_WINDOWS = frozenset({Family.CONVOLUTION, Family.POOLING})
_STEPS = 6
"""Nodes between an input and the first convolution: quantization, scaling, padding …"""


class BatchNotOne(Rule):
    """A fixed batch of more than one on a microcontroller.

    ## Why it matters
    A device has one image or one window at a time. A model whose batch was fixed at 32 keeps memory
    for 32, computes all of them in each inference, and nobody fills in the other 31. It mostly comes
    from training or from the example input of an export.

    ## What to do
    Fix the batch at 1 when converting: Keras `keras.Input(shape, batch_size=1)`, or a concrete function
    of shape `[1, …]`; PyTorch an example input whose first dim is 1. Where several windows really are
    run at once, this is meant: ignore the rule. It speaks of dims that are a batch for sure: Keras's
    first one, and the first one of what a convolution or pooling reads.
    """

    code = "EL525"
    name = "batch-not-one"
    severity = Severity.WARNING
    needs = ("microcontroller",)
    hint = "fix the batch at 1 when converting"

    VALID = [
        chain("int8[1,8,8,3]").op("Conv", "int8[1,8,8,4]", weight="int8[4,3,3,3]").on("cortex-m4"),
        chain("int8[32,8,8,3]").op("Conv", "int8[32,8,8,4]", weight="int8[4,3,3,3]").on("litert-cpu"),
        chain("int8[49,40]").op("Gemm", "int8[49,4]", weight="int8[4,40]").on("cortex-m4"),
    ]
    INVALID = [
        (
            chain("int8[32,8,8,3]").op("Conv", "int8[32,8,8,4]", weight="int8[4,3,3,3]").on("cortex-m4"),
            "input 'input' has a fixed batch of 32: each inference computes 32 inputs, "
            "of which a device has one; the input alone takes 6 KiB in place of 192 B",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each input of the main graph whose first dim is a batch above one, that every output has too."""
        if context.target is None or not context.target.microcontroller:
            return
        model = context.model
        graph = model.main
        for name in graph.inputs:
            value = graph.value(name)
            batch = value.shape[0] if value is not None and value.shape else None
            if value is None or not isinstance(batch, int) or batch < 2 or value.nbytes is None:
                continue
            if _leaves_as(graph, batch) and _is_batch(model, value):
                whole, one = show_bytes(value.nbytes), show_bytes(value.nbytes // batch)
                yield self.finding(
                    f"input {named(value)} has a fixed batch of {batch}: each inference computes {batch} "
                    f"inputs, of which a device has one; the input alone takes {whole} in place of {one}",
                    batch=batch,
                )


def _leaves_as(graph: Graph, batch: int) -> bool:
    """Whether all outputs have the batch in front as well."""
    shapes = [value.shape for name in graph.outputs if (value := graph.value(name)) is not None]
    return bool(shapes) and all(shape is not None and shape[:1] == (batch,) for shape in shapes)


def _is_batch(model: Model, value: Value) -> bool:
    """Whether the first dim of an input is a batch and nothing else."""
    if model.format.startswith("keras"):
        return True
    name, rank = value.name, len(value.shape or ())
    graph = model.main
    for _ in range(_STEPS):
        readers = graph.readers.get(name, ())
        if not readers:
            return False
        node = graph.nodes[readers[0]]
        known = describe(node.op, node.domain)
        if known is not None and known.family in _WINDOWS:
            return node.inputs[0] == name and rank >= 3
        made = graph.value(node.outputs[0] if node.outputs else None)
        if (
            made is None
            or made.shape is None
            or len(made.shape) != rank
            or made.shape[0] != (value.shape or ())[0]
        ):
            return False
        perm = node.attributes.get("perm")
        if node.op == "Transpose" and not (isinstance(perm, (list, tuple)) and perm and perm[0] == 0):
            return False
        name = made.name
    return False
