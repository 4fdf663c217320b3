"""One representation of a network, whatever file it came from.

Loaders build it, everything else only reads it. All classes are frozen; mappings must not be
changed after they were handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass
from edgelint.ir.attachment import Attachment
from edgelint.ir.dtype import DType
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import Storage, Tensor

if TYPE_CHECKING:
    import networkx as nx

Dim = int | str | None
"""A known size, a symbol ("batch", "seq"), or None where nothing is known."""

Shape = tuple[Dim, ...]
"""The dims of a value; () is a scalar. A value of unknown rank has no Shape but None."""


def elements_of(shape: Shape) -> int | None:
    """How many elements a value of `shape` has: 1 for a scalar, None while a dim is unknown or a symbol."""
    count = 1
    for dim in shape:
        if not isinstance(dim, int) or dim < 0:
            return None
        count *= dim
    return count


def unnumbered(name: str) -> str:
    """`name` without the `~1`, `~2`, … by which values that a file gives one name are told apart."""
    stem, mark, number = name.rpartition("~")
    return stem if mark and number.isdecimal() else name


@dataclass(frozen=True, slots=True)
class Value:
    """What flows along an edge: an activation, an input, or a constant (`tensor` is set).

    name: unique within its graph; the key in `Graph.values`.
    label: the file's own word for it, when that is not unique or empty; else "".
    shape: as the runtime will plan it. None when not even the rank is known.
    signature: the shape with its free dims, where the file keeps both (TFLite shape_signature).
    index: position in the file (TFLite tensor index), -1 where the format has none.
    is_variable: state that lives between two runs.
    """

    name: str
    dtype: DType | None = None
    shape: Shape | None = None
    tensor: Tensor | None = None
    quantization: Quantization | None = None
    signature: Shape | None = None
    is_variable: bool = False
    index: int = -1
    label: str = ""

    @property
    def is_constant(self) -> bool:
        """Whether the file stores its content."""
        return self.tensor is not None

    @property
    def elements(self) -> int | None:
        """How many elements it has, None while any dim is unknown or a symbol."""
        return None if self.shape is None else elements_of(self.shape)

    @property
    def nbytes(self) -> int | None:
        """Bytes of the dense content, narrow types packed; None while unknown."""
        elements = self.elements
        if elements is None or self.dtype is None or self.dtype.bits == 0:
            return None
        return self.dtype.nbytes(elements)


@dataclass(frozen=True, slots=True)
class Source:
    """A node in its own file's words.

    op: `CONV_2D`, `Dense`, `Conv`, a custom operator's name.
    index: its place among its graph's operators in the file.
    version: TFLite operator version; the opset in force for ONNX; None for Keras.
    """

    op: str
    index: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One operator.

    op: the canonical name: ONNX's where ONNX has the operator, else the format's own.
    domain: "" for canonical ONNX operators; an ONNX domain; "tflite" for builtins that ONNX lacks,
        "tflite.custom", "tflite.flex"; "keras" for layers that ONNX lacks, "keras.custom".
    inputs, outputs: keys into `Graph.values`; None where an optional one is left out.
    attributes: ONNX names and meaning (kernel_shape, strides, dilations, group, axis, pads as
        [begin…, end…], auto_pad), plus `layout` ("NHWC", "NCHW", …) for what has one.
    activation: a fused activation by its canonical name ("Relu", "Relu6", "Softmax"), or None.
    subgraphs: attribute name ("then_branch", "body", "cond") to index into `Model.graphs`.
    """

    name: str
    op: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str | None, ...]
    source: Source
    domain: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    activation: str | None = None
    subgraphs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Nodes in execution order and the values between them.

    values: every value by name, in the file's order.
    parent: index of the graph whose values this body may read (ONNX If/Loop/Scan); else None.
    """

    name: str
    nodes: tuple[Node, ...]
    values: Mapping[str, Value]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parent: int | None = None

    @cached_property
    def producers(self) -> dict[str, int]:
        """For each value that a node makes, that node's place in `nodes`."""
        return {name: place for place, node in enumerate(self.nodes) for name in node.outputs if name}

    @cached_property
    def readers(self) -> dict[str, tuple[int, ...]]:
        """For each value that nodes read, their places in `nodes`, each once, in order."""
        found: dict[str, tuple[int, ...]] = {}
        # Most values have one reader: a list only for those with more.
        more: dict[str, list[int]] = {}
        for place, node in enumerate(self.nodes):
            for name in node.inputs:
                if name and name not in found:
                    found[name] = (place,)
                elif name:
                    places = more.setdefault(name, [*found[name]])
                    if places[-1] != place:
                        places.append(place)
        found.update((name, tuple(places)) for name, places in more.items())
        return found

    @cached_property
    def digraph(self) -> nx.MultiDiGraph[int]:
        """The networkx view: node places, one edge per value and reader, keyed by the value's name."""
        import networkx as nx

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        graph.add_nodes_from(range(len(self.nodes)))
        for name, producer in self.producers.items():
            for reader in self.readers.get(name, ()):
                graph.add_edge(producer, reader, key=name)
        return graph

    @cached_property
    def value(self) -> Callable[[str | None], Value | None]:
        """Finds the value of a name here; None for an omitted one or one of an outer graph.

        Asked for many times per node: the mapping's own method, without a function around it.
        """
        # None finds None: nothing has that name. A broken file may have something called "".
        get: Callable[[Any], Value | None] = self.values.get
        return self._named if "" in self.values else get

    def _named(self, name: str | None) -> Value | None:
        return self.values.get(name) if name else None

    def inputs_of(self, node: Node) -> tuple[Value | None, ...]:
        """The values `node` reads, by position; None where omitted or of an outer graph."""
        # None finds None: nothing has that name.
        get: Callable[[Any], Value | None] = self.values.get
        return tuple(map(get, node.inputs))

    def outputs_of(self, node: Node) -> tuple[Value | None, ...]:
        """The values `node` makes, by position."""
        get: Callable[[Any], Value | None] = self.values.get
        return tuple(map(get, node.outputs))


@dataclass(frozen=True, slots=True)
class Loss:
    """A training loss.

    name: Keras's snake_case function name (`mean_squared_error`, `categorical_crossentropy`).
    from_logits: as stored; False where the file stores none, as it is Keras's default.
    output: the output it belongs to; None for a single or the only one.
    """

    name: str
    from_logits: bool = False
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that judged the model while it was trained.

    name: Keras's snake_case function name; for a wrapped function, that function's.
    output: the output it belongs to; None for a single one.
    settings: as stored (numbers, flags, strings; lists of numbers as tuples).
    """

    name: str
    output: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Training:
    """The training configuration a file was saved with.

    losses: in output order. optimizer: Keras's class name, "" when none is stored.
    optimizer_config: as stored (numbers and strings only). metrics: snake_case names.
    measures: the metrics with their outputs and settings.
    learning_rates: the stored one, or all that a schedule names. schedule: its class name, or "".
    optimizer_bytes: bytes of optimizer state (moments, counters) that the file holds.
    """

    losses: tuple[Loss, ...] = ()
    optimizer: str = ""
    optimizer_config: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    measures: tuple[Metric, ...] = ()
    learning_rates: tuple[float, ...] = ()
    schedule: str = ""
    optimizer_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """A named entry point (TFLite): alias to value name, and the graph it calls."""

    key: str
    graph: int
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """Python code that a file names and does not hold: whoever loads the file imports it.

    module, name: as stored ("my_package.layers", "Attention"); module is "" for the path of a file
    that is read as the model is loaded. place: the layer or field that names it.
    """

    module: str
    name: str
    place: str


@dataclass(frozen=True)
class Model:
    """A network and what its file says about it.

    format: "tflite", "onnx", "keras" (v3 zip) or "keras-h5".
    graphs: graph 0 runs first; the others are reached through `Node.subgraphs` and signatures.
    file_bytes: bytes of the file, external data not included.
    producer: what wrote it ("keras 3.8.0", "pytorch 2.9.0"), "" when not said.
    opsets: ONNX domain ("" for ai.onnx) to version.
    metadata_buffers: the bytes of each metadata entry that has its own (TFLite: OfflineMemoryAllocation).
    labels: class names found in metadata or associated files, in class order.
    unknowns: what this format keeps from a reader of the file, one sentence each ("is a subclassed
        model: the order of its layers is Python code and not in the file").
    complete: False when `graphs` does not hold the whole computation (subclassed Keras models).
    attachments: what the file carries besides the network, files of its archive above all.
    references: Python code that it names by module, Keras's own not included, each once.
    """

    format: str
    path: Path
    graphs: tuple[Graph, ...]
    file_bytes: int = 0
    producer: str = ""
    opsets: Mapping[str, int] = field(default_factory=dict)
    ir_version: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    metadata_buffers: Mapping[str, Storage] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    training: Training | None = None
    signatures: tuple[Signature, ...] = ()
    unknowns: tuple[str, ...] = ()
    complete: bool = True
    attachments: tuple[Attachment, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def main(self) -> Graph:
        """The graph that runs first."""
        return self.graphs[0]

    def nodes(self) -> Iterator[tuple[Graph, Node]]:
        """Every node of every graph, in file order."""
        for graph in self.graphs:
            for node in graph.nodes:
                yield graph, node
