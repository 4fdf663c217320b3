"""A finished draft as a Model, as the TFLite loader would make it of the converted file."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node, Source, Value
from edgelint.ir.tensor import Inline, Tensor
from edgelint.loaders.tflite.attributes import Operation, has_normalised, normalised
from edgelint.loaders.tflite.operators import BUILTINS
from edgelint.loaders.tflite.options import defaults
from edgelint.lowering.onnx_to_tflite.draft import Draft, Op, Operand

_ACTIVATIONS = {"RELU": "Relu", "RELU6": "Relu6", "RELU_N1_TO_1": "ReluN1To1", "TANH": "Tanh"}

_FILE = {"file": 520, "tensor": 110, "operator": 42, "kind": 34}
"""Bytes of a converted file besides constants, fitted to 67 conversions.

The whole file comes out within 5 % for nine of ten, and 13 % off at worst, for one of 3 KiB.
"""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Bytes that a conversion would write, and that are nowhere yet. Equal for equal content."""

    key: Hashable

    def read(self) -> bytes:
        """Nothing. Raises EdgelintError: the bytes are not there."""
        raise EdgelintError(Path(), "weights of a predicted conversion are known by size only, not computed")


def finish(draft: Draft, source: Model) -> Model:
    """The model, its tensors numbered as the converter does: inputs, constants, then results."""
    order = [*draft.inputs]
    read = [name for op in draft.ops for name in op.inputs if name in draft.stored]
    order += dict.fromkeys([*read, *(name for name in draft.outputs if name in draft.stored)])
    order += [name for op in draft.ops for name in op.outputs]
    values = {name: _value(draft.operands[name], index) for index, name in enumerate(order)}
    known: dict[Hashable, dict[str, Any]] = {}
    nodes = tuple([_node(op, place, values, known) for place, op in enumerate(draft.ops)])
    graph = Graph("main", nodes, values, tuple(draft.inputs), tuple(draft.outputs))
    return Model(
        format="tflite",
        path=source.path,
        graphs=(graph,),
        file_bytes=_file_bytes(graph),
        producer=source.producer,
        labels=source.labels,
    )


def _value(operand: Operand, index: int) -> Value:
    tensor = None
    if operand.content is not None:
        nbytes = operand.dtype.nbytes(operand.elements)
        stored = operand.content.stored(operand.dtype)
        storage = Predicted(operand.content.key) if stored is None else Inline(stored)
        tensor = Tensor(operand.dtype, operand.shape, nbytes, storage)
    # By place: names cost half as much again, and there are as many calls as values.
    return Value(operand.name, operand.dtype, operand.shape, tensor, operand.quantization, None, False, index)


class _Kind(NamedTuple):
    """A builtin operator: as in `Node`, its options by default, whether it has ONNX attributes as well."""

    op: str
    domain: str
    defaults: Mapping[str, Any]
    normalised: bool


@cache
def _kind(code: str) -> _Kind:
    canonical, table = _builtins().get(code, ("", ""))
    domain = "" if canonical else "tflite.flex" if code.startswith("Flex") else "tflite"
    return _Kind(canonical or code, domain, defaults(table), has_normalised(code))


def _node(op: Op, place: int, values: dict[str, Value], known: dict[Hashable, dict[str, Any]]) -> Node:
    """The node that `op` becomes. known: the attributes of operators before it, which those alike share."""
    kind = _kind(op.code)
    told = [_told(values.get(name or "")) for name in (*op.inputs, *op.outputs)] if kind.normalised else ()
    # By the identity of the options: they may be of any type, and operators that are alike share them.
    alike = (op.code, id(op.options), op.activation, *told)
    attributes = known.get(alike)
    if attributes is None:
        attributes = known[alike] = _attributes(op, values)
    source, activation = Source(op.code, place), _ACTIVATIONS.get(op.activation)
    return Node(op.outputs[0], kind.op, op.inputs, op.outputs, source, kind.domain, attributes, activation)


def _told(value: Value | None) -> Hashable:
    """What attributes can depend on: shape and type of an operand, and what a constant of integers holds."""
    if value is None or (value.tensor is not None and value.dtype is not DType.FLOAT32):
        return value and value.name
    return value.shape, value.dtype


def _attributes(op: Op, values: dict[str, Value]) -> dict[str, Any]:
    kind = _kind(op.code)
    attributes: dict[str, Any] = {**kind.defaults}
    attributes |= {name: option for name, option in op.options.items() if name in attributes}
    if "fused_activation_function" in attributes:
        attributes["fused_activation_function"] = op.activation
    if kind.normalised:
        inputs = [values[name] if name else None for name in op.inputs]
        outputs = [values[name] for name in op.outputs]
        attributes |= normalised(op.code, Operation(attributes, inputs, outputs))
    return attributes


@cache
def _builtins() -> dict[str, tuple[str, str]]:
    return {name: (canonical, table) for name, canonical, table in BUILTINS}


_ALIGNMENT = 16
"""Bytes to which the converter aligns each constant."""


def _file_bytes(graph: Graph) -> int:
    """About how large the converted file is."""
    total = _FILE["file"]
    for value in graph.values.values():
        total += _FILE["tensor"]
        if value.tensor is not None:
            total += -(-value.tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
    total += _FILE["operator"] * len(graph.nodes)
    return total + _FILE["kind"] * len({node.source.op for node in graph.nodes})
