"""What a model must have for a rule to find anything in it, told before the rule is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from edgelint.ir.dtype import DType
from edgelint.ir.tensor import ExternalFile
from edgelint.rule import requirements

if TYPE_CHECKING:
    from edgelint.context import Context

_NARROW = frozenset({DType.INT4, DType.INT8, DType.UINT8, DType.INT16})

CONDITIONS: Mapping[str, Callable[[Context], bool]] = {
    "nothing": lambda context: False,
    "tflite": lambda context: context.model.format == "tflite",
    "onnx": lambda context: context.model.format == "onnx",
    "keras": lambda context: context.model.format.startswith("keras"),
    "no tflite": lambda context: context.model.format != "tflite",
    "no keras": lambda context: not context.model.format.startswith("keras"),
    "drawn": lambda context: _runs_as_drawn(context),
    "training": lambda context: context.model.training is not None,
    "labels": lambda context: bool(context.model.labels),
    "attachments": lambda context: bool(context.model.attachments),
    "references": lambda context: bool(context.model.references),
    "quantization": lambda context: _has_quantization(context),
    "float64": lambda context: _has_stored(context, DType.FLOAT64),
    "float16": lambda context: DType.FLOAT16 in context.dtypes,
    "narrow integers": lambda context: not _NARROW.isdisjoint(context.dtypes),
    "integer layers": lambda context: bool(context.quantized_layers),
    "external data": lambda context: _has_external_data(context),
    "payloads": lambda context: bool(context.payloads),
    "several outputs": lambda context: any(len(graph.outputs) > 1 for graph in context.model.graphs),
    "several ends": lambda context: _has_several_ends(context),
    "stacked": lambda context: bool(context.stacked),
    "target": lambda context: context.target is not None,
    "microcontroller": lambda context: context.target is not None and context.target.microcontroller,
    "accelerator": lambda context: context.target is not None and context.target.accelerator is not None,
    "conversion": lambda context: context.lowered is not None,
    "order": lambda context: context.has_another_order,
    "macs budget": lambda context: context.target is not None and context.target.macs is not None,
    "problems": lambda context: any(each.problems for each in context.support),
    "own limits": lambda context: _has_limits(context),
}
"""What `Rule.needs` may name, and how to tell whether it is there."""


class Conditions:
    """Which rules may find something in `context`; each condition is looked at once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._known: dict[str, bool] = {}

    def allow(self, code: str) -> bool:
        """Whether all that the rule `code` needs is there."""
        needs, operators = requirements(code)
        return all(map(self._is_met, needs)) and not (operators and self._operators.isdisjoint(operators))

    @cached_property
    def _operators(self) -> frozenset[str]:
        """What nodes of the source graph are called, and the activations that they end in."""
        model = self.context.model
        own = {node.op for graph in model.graphs for node in graph.nodes}
        return frozenset(own.union({each.kind for each in self.context.activations}))

    def _is_met(self, need: str) -> bool:
        if need not in self._known:
            try:
                self._known[need] = CONDITIONS[need](self.context)
            except Exception:
                # A fault of ours: the rule runs into it, too, and is told to have failed.
                self._known[need] = True
        return self._known[need]


def _runs_as_drawn(context: Context) -> bool:
    from edgelint.analysis.structure.redundancy import runs_as_drawn

    return runs_as_drawn(context)


def _has_quantization(context: Context) -> bool:
    return any(
        value.quantization is not None for graph in context.model.graphs for value in graph.values.values()
    )


def _has_several_ends(context: Context) -> bool:
    """Whether the main graph has inputs, or outputs, to be told apart by name."""
    graph = context.model.main
    return len(set(graph.inputs)) > 1 or len(set(graph.outputs)) > 1


def _has_stored(context: Context, dtype: DType) -> bool:
    return any(
        value.tensor is not None and value.tensor.dtype is dtype
        for graph in context.model.graphs
        for value in graph.values.values()
    )


def _has_external_data(context: Context) -> bool:
    return any(
        value.tensor is not None and isinstance(value.tensor.storage, ExternalFile)
        for graph in context.model.graphs
        for value in graph.values.values()
    )


def _has_limits(context: Context) -> bool:
    limits = context.limits
    return (
        limits.parameters is not None
        or limits.arena is not None
        or bool(limits.growth)
        or limits.recorded is not None
    )
