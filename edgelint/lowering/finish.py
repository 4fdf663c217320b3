"""From a settled draft to a Model as the TFLite loader would make it of the converted file."""

from __future__ import annotations

import struct

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node, Source, Value
from edgelint.ir.tensor import Inline, Storage, Tensor
from edgelint.loaders.tflite.attributes import Operation, normalised
from edgelint.loaders.tflite.operators import BUILTINS
from edgelint.loaders.tflite.options import defaults
from edgelint.lowering.draft import Draft, Edge, Op
from edgelint.lowering.file_size import file_bytes

_KINDS = {name: (canonical, options) for name, canonical, options in BUILTINS}

_FUSED = {"RELU": "Relu", "RELU6": "Relu6", "RELU_N1_TO_1": "ReluN1To1"}

LARGEST_INLINE = 1024
"""Elements of a constant of known content that is kept; larger ones are zeros that nobody reads."""

_FORMATS = {DType.FLOAT32: "f", DType.INT32: "i", DType.INT64: "q", DType.INT8: "b", DType.BOOL: "?"}


@dataclass(frozen=True, slots=True)
class Foretold:
    """The place of weights that only the converter would compute."""

    name: str

    def read(self) -> bytes:
        """Nothing: always raises EdgelintError."""
        raise EdgelintError("", f"holds no content of {self.name}: the converter would compute it")


def finished(draft: Draft, source: Model) -> Model:
    """The TFLite model that `draft` describes, made of `source`."""
    drafts, graphs = [draft], []
    drafts += [body for op in draft.ops for body in op.bodies]
    for place, each in enumerate(drafts):
        graphs.append(_graph(each, "main" if place == 0 else f"{each.label}/{place}"))
    return Model(
        format="tflite",
        path=source.path,
        graphs=tuple(graphs),
        file_bytes=file_bytes(graphs),
        producer=source.producer,
        labels=source.labels,
        training=source.training,
        complete=source.complete,
    )


def _graph(draft: Draft, name: str) -> Graph:
    names = _Names()
    values = _values(draft, names)
    nodes, calls = [], 1
    for place, op in enumerate(draft.ops):
        words = ("cond", "body") if len(op.bodies) > 1 else ("init",)
        called = {word: calls + index for index, (word, _) in enumerate(zip(words, op.bodies, strict=False))}
        calls += len(called)
        nodes.append(_node(op, place, names, values, called))
    return Graph(
        name=name,
        nodes=tuple(nodes),
        values=values,
        inputs=tuple(names.of(edge) for edge in draft.inputs),
        outputs=tuple(names.of(edge) for edge in draft.outputs),
    )


class _Names:
    def __init__(self) -> None:
        self._given: dict[Edge, str] = {}
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}

    def of(self, edge: Edge) -> str:
        if edge not in self._given:
            name = label = edge.label or "tensor"
            while name in self._used:
                self._counts[label] = self._counts.get(label, 0) + 1
                name = f"{label};{self._counts[label]}"
            self._used.add(name)
            self._given[edge] = name
        return self._given[edge]


def _values(draft: Draft, names: _Names) -> dict[str, Value]:
    """Inputs, then constants, then what the operators make: the converter's order of tensors."""
    stored = [edge for op in draft.ops for edge in op.inputs if edge and (edge.constant or edge.variable)]
    made = [edge for op in draft.ops for edge in op.outputs]
    ordered = dict.fromkeys((*draft.inputs, *draft.leftovers, *stored, *made))
    found = {}
    for index, edge in enumerate(ordered):
        name = names.of(edge)
        tensor = _tensor(edge, name) if edge.constant else None
        found[name] = Value(name, edge.dtype, edge.shape, tensor, is_variable=edge.variable, index=index)
    return found


def _tensor(edge: Edge, name: str) -> Tensor:
    storage: Storage = Foretold(name)
    if edge.numbers is not None and edge.dtype in _FORMATS and edge.elements <= LARGEST_INLINE:
        numbers = edge.numbers * (edge.elements // len(edge.numbers)) if edge.numbers else ()
        whole = edge.dtype.is_integer
        content = [int(number) if whole else number for number in numbers]
        storage = Inline(struct.pack(f"<{len(content)}{_FORMATS[edge.dtype]}", *content))
    return Tensor(edge.dtype, edge.shape, edge.dtype.nbytes(edge.elements), storage)


def _node(op: Op, place: int, names: _Names, values: dict[str, Value], called: dict[str, int]) -> Node:
    canonical, table = _KINDS[op.kind]
    inputs = [names.of(edge) if edge is not None else None for edge in op.inputs]
    outputs = [names.of(edge) for edge in op.outputs]
    options = {**defaults(table), **op.options}
    options |= {f"{word}_subgraph_index": index for word, index in called.items()}
    if "fused_activation_function" in options:
        options["fused_activation_function"] = op.activation
    operation = Operation(
        options, [values[name] if name else None for name in inputs], [values[name] for name in outputs]
    )
    return Node(
        name=outputs[0] if outputs else op.name,
        op=canonical or op.kind,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        source=Source(op.kind, place, 1),
        domain="" if canonical else "tflite",
        attributes=options | normalised(op.kind, operation),
        activation=_FUSED.get(op.activation),
        subgraphs=called,
    )
