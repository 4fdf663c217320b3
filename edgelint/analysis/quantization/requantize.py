"""What quantizing a float32 TFLite model would make of it, predicted from the file alone.

The graph stays as it is: float activations become int8 or int16, weights int8 with a scale per
channel, biases int32 or int64. Where an operator has no quantized kernel it stays float between a
DEQUANTIZE and a QUANTIZE. Scales of activations come from calibration, so they are not known here.
Sources: targets/requantization.toml, and which types the converter emits for an operator in
targets/operators/litert-cpu.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from edgelint.analysis.quantization.rewritten import Kind, NotPredicted, Rewriter
from edgelint.deferred import dataclass, replace
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node
from edgelint.ir.tensor import Unwritten
from edgelint.targets import FOLDER, read_toml, table

SCHEMES = ("float32", "dynamic", "int8", "int8-float-io", "int16x8")
"""What can be asked for: no quantization; weights alone ("dynamic range"); integers throughout, with
an integer or a float interface; 16-bit activations with 8-bit weights."""


class AlreadyQuantized(Exception):
    """The model holds quantized tensors: what was float is not in the file."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One of SCHEMES: types of activations and biases (None leaves both float), and of the interface."""

    name: str
    activations: DType | None
    biases: DType | None
    float_interface: bool = False


_SCHEMES = {
    "dynamic": Scheme("dynamic", None, None, True),
    "int8": Scheme("int8", DType.INT8, DType.INT32),
    "int8-float-io": Scheme("int8-float-io", DType.INT8, DType.INT32, True),
    "int16x8": Scheme("int16x8", DType.INT16, DType.INT64),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a quantization.

    model: quantized; the one given where that cannot be told. assumed: what was taken for granted
    for it, a phrase; "" where `model` is the one given. remark: why it is, a sentence, or "".
    certain: whether the remark means that `model` is what was asked for all the same.
    """

    model: Model
    assumed: str = ""
    remark: str = ""
    certain: bool = True


def attempt(model: Model, scheme: str) -> Outcome:
    """What quantizing `model` with `scheme`, one of SCHEMES, comes to. Raises nothing."""
    try:
        changed = requantize(model, scheme)
    except AlreadyQuantized:
        return Outcome(model, remark=f"quantized already, so as in the file, whatever {scheme} asks for")
    except NotPredicted as why:
        remark = f"what quantizing to {scheme} makes of this file is not predicted yet: {why}"
        return Outcome(model, remark=remark, certain=False)
    assumed = "" if changed is model else f"quantized to {scheme} as the TFLite converter would"
    return Outcome(changed, assumed)


def requantize(model: Model, scheme: str) -> Model:
    """`model` as the converter would write it with `scheme`, one of SCHEMES.

    Raises AlreadyQuantized for a model that is no float model, and NotPredicted for one of another
    format, with control flow, or with resource variables.
    """
    if any(value.quantization for graph in model.graphs for value in graph.values.values()):
        raise AlreadyQuantized
    if scheme == "float32":
        return model
    if model.format != "tflite":
        raise NotPredicted("only TFLite files hold the operators that would be quantized")
    if len(model.graphs) > 1:
        raise NotPredicted("the file has several subgraphs, whose quantization is not modelled")
    graph = _without_halves(model.main)
    plan = _Plan(graph, _SCHEMES[scheme])
    changed = plan.rewritten()
    return replace(
        model,
        graphs=(changed,),
        file_bytes=max(model.file_bytes + _growth(model.main, changed), 0),
        # Offsets and descriptions made for the float file do not survive a new conversion.
        metadata_buffers={},
    )


class _Plan:
    """Which operators of one graph are quantized, and what each operand becomes."""

    def __init__(self, graph: Graph, scheme: Scheme) -> None:
        self.graph = graph
        self.scheme = scheme
        self.rules = _rules()
        words = {node.source.op for node in graph.nodes}
        self.rows = table.read("litert-cpu", words).operators if scheme.activations else {}
        self.outputs = frozenset(graph.outputs)
        self.quantized = [self._is_quantized(node) for node in graph.nodes]

    def rewritten(self) -> Graph:
        """The graph with its new types, and QUANTIZE and DEQUANTIZE where they meet."""
        rewriter = Rewriter(self.graph, self.scheme.activations)
        for name in self.graph.inputs:
            rewriter.make(name, not self.scheme.float_interface)
            rewriter.convert(name, self._forms_read(name))
        for node, quantized in zip(self.graph.nodes, self.quantized, strict=True):
            given = self.rules["fixed"].get(node.source.op, {}).get(str(self.scheme.activations))
            if quantized:
                rewriter.add_intermediates(node, self._rule(node).get("intermediates", 0))
            rewriter.add(node, list(self._kinds(node, quantized)))
            for name in filter(None, node.outputs):
                rewriter.make(name, quantized, given)
                rewriter.convert(name, self._forms_read(name))
        return rewriter.graph(self._interface)

    @property
    def _interface(self) -> Kind:
        return Kind() if self.scheme.float_interface else Kind(self.scheme.activations)

    def _forms_read(self, name: str) -> list[Kind]:
        """The forms in which an activation is read."""
        readers = {self.quantized[place] for place in self.graph.readers.get(name, ())}
        forms = [Kind(self.scheme.activations) if quantized else Kind() for quantized in sorted(readers)]
        return [*forms, self._interface] if name in self.outputs else forms

    def _rule(self, node: Node) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.rules["op"].get(node.source.op, {})
        return found

    def _is_quantized(self, node: Node) -> bool:
        """Whether the converter has a kernel of this width for it, and it has anything to quantize."""
        if self.scheme.activations is None or node.domain in ("tflite.custom", "tflite.flex"):
            return False
        if node.source.op in self.rules["float_only"]["operators"]:
            return False
        values = (*self.graph.inputs_of(node), *self.graph.outputs_of(node))
        if not any(value and value.dtype is DType.FLOAT32 for value in values):
            return False
        exceptions = self.rules["any_type"]["operators"], self.rules["also"][str(self.scheme.activations)]
        if any(node.source.op in operators for operators in exceptions):
            return True
        wanted = {f"{self.scheme.activations}_quant", f"{self.scheme.activations}"}
        return any(
            not wanted.isdisjoint(labels)
            for row in self.rows.get(node.source.op, ())
            for types in ("ir_input_dtypes", "ir_output_dtypes")
            for labels in row.get(types, {}).values()
        )

    def _kinds(self, node: Node, quantized: bool) -> Iterator[Kind]:
        """What each input of `node` becomes, by position."""
        rule = self._rule(node)
        for position, name in enumerate(node.inputs):
            value = self.graph.value(name)
            if value is None or value.dtype is not DType.FLOAT32:
                yield Kind()
            elif not value.is_constant:
                wide = position in rule.get("int16", ()) and value.is_variable
                dtype = DType.INT16 if wide else self.scheme.activations
                yield Kind(dtype) if quantized and dtype else Kind()
            elif not quantized:
                yield self._weights_alone(node, position, rule)
            elif position in rule.get("bias", ()) and self.scheme.biases:
                # Its scale is that of the input times those of the weights: each use has its own.
                yield Kind(
                    self.scheme.biases, 0 if "axis" in rule else None, next(filter(None, node.outputs), "")
                )
            elif position in rule.get("weights", ()):
                yield Kind(DType.INT8, axis=rule.get("axis"))
            elif position in rule.get("int16", ()):
                yield Kind(DType.INT16)
            else:
                yield Kind(self.scheme.activations)

    def _weights_alone(self, node: Node, position: int, rule: Mapping[str, Any]) -> Kind:
        """What constant weights of an operator with float activations become."""
        dynamic = self.rules["dynamic"]
        value = self.graph.value(node.inputs[position])
        if self.scheme.activations is not None or value is None or value.elements is None:
            return Kind()
        large = value.elements >= dynamic["minimum_elements"]
        chosen = node.source.op in dynamic["operators"] and position in rule.get("weights", ())
        return Kind(DType.INT8, axis=rule.get("axis")) if chosen and large else Kind()


@cache
def _rules() -> dict[str, Any]:
    return read_toml(FOLDER / "requantization.toml")


def _without_halves(graph: Graph) -> Graph:
    """`graph` with weights stored as float16 taken for the float32 that DEQUANTIZE makes of them."""
    values = dict(graph.values)
    kept, halves = [], set()
    for node in graph.nodes:
        stored = graph.value(node.inputs[0]) if node.source.op == "DEQUANTIZE" and node.inputs else None
        made = graph.value(node.outputs[0]) if node.outputs else None
        if stored is None or made is None or stored.tensor is None or stored.dtype is not DType.FLOAT16:
            kept.append(node)
            continue
        size = DType.FLOAT32.nbytes(stored.tensor.elements)
        storage = Unwritten.of(stored.tensor, stored.name)
        tensor = replace(stored.tensor, dtype=DType.FLOAT32, nbytes=size, storage=storage)
        values[made.name] = replace(made, tensor=tensor)
        halves.add(stored.name)
    needed = {
        *graph.inputs,
        *graph.outputs,
        *(name for node in kept for name in (*node.inputs, *node.outputs)),
    }
    for name in halves - needed:
        del values[name]
    return replace(graph, nodes=tuple(kept), values=values)


def _growth(before: Graph, after: Graph) -> int:
    """Bytes that the file grows by; below 0 where it shrinks."""
    file = _rules()["file"]
    scales = [value.quantization.scale for value in after.values.values() if value.quantization]
    overhead: int = sum(file["per_tensor"] + file["per_scale"] * len(each) for each in scales)
    return _stored(after) - _stored(before) + overhead


def _stored(graph: Graph) -> int:
    """Bytes of the constants of `graph`, each buffer once."""
    sizes = {}
    for value in graph.values.values():
        if value.tensor is not None:
            sizes[value.tensor.storage, value.tensor.dtype] = value.tensor.nbytes
    return sum(sizes.values())
