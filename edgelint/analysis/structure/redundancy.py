"""What redundant operators cost, and whether anybody takes them out before they run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache, reduce
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node, Shape
from edgelint.rule import Option, Severity

if TYPE_CHECKING:
    from edgelint.analysis.cost.measure import Cost
    from edgelint.context import Context
    from edgelint.rule import Rule

INTERPRETERS = frozenset({"tflm", "litert"})
"""Runtimes that run the operators of a .tflite file as they stand in it.

TensorFlow Lite Micro calls one after the other (micro_interpreter_graph.cc, InvokeSubgraph); of LiteRT
only the delegates change anything. ONNX Runtime and TensorRT tidy a graph as they load it, the other
runtimes as they convert it.
"""

PERCENT = 5
"""Percent of a model's bytes moved from which a redundant operator is a warning.

Our own choice: kernels of one version of a runtime to the next differ by about as much.
"""

LEAST = 1024
"""Bytes moved, or MACs, below which it is no warning: about 10 microseconds at 100 MHz."""

BOOKKEEPING = 8
"""Elements up to which a value is a shape, an axis or a count rather than data: tensors have up to 8 dims."""

SHARE = Option(
    PERCENT,
    "percent of all bytes moved, or of all MACs, from which it is a warning on a microcontroller; our own "
    "choice: kernels vary by about as much from one version of a runtime to the next",
)
"""The option `percent` of rules about redundant operators."""


_COUNTERS = frozenset({DType.INT64, DType.INT32, DType.BOOL})
"""Element types of shapes, axes and conditions."""


class Work(NamedTuple):
    """What some nodes do.

    moved: bytes that they read and write, constants included. element_ops, macs: as for figures.
    All None where any of it is unknown.
    """

    moved: int | None = 0
    element_ops: int | None = 0
    macs: int | None = 0

    def plus(self, other: Work) -> Work:
        """Both together."""
        return Work(
            _sum(self.moved, other.moved),
            _sum(self.element_ops, other.element_ops),
            _sum(self.macs, other.macs),
        )

    def __str__(self) -> str:
        """`1,024 bytes moved and 512 element operations`; "" where nothing is known."""
        parts = [
            f"{count:,} {unit}"
            for count, unit in (
                (self.moved, "bytes moved"),
                (self.element_ops, "element operations"),
                (self.macs, "MACs"),
            )
            if count
        ]
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    @property
    def data(self) -> dict[str, Any]:
        """The same for a finding's data."""
        return {"moved": self.moved, "element_ops": self.element_ops, "macs": self.macs}


class Workload:
    """What the nodes of a context's source graph do, one by one and together."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def of(self, graph: int, nodes: Iterable[Node]) -> Work:
        """What `nodes` of that graph do together."""
        found = [self._one(graph, self._steps[graph].get(id(node))) for node in nodes]
        return reduce(Work.plus, found) if found else Work()

    def share(self, work: Work) -> float | None:
        """Percent of the whole model's bytes or MACs that `work` is, the larger; None while unknown."""
        every = self._whole
        parts = (work.moved, every.moved), (work.macs, every.macs)
        return max([100 * part / whole for part, whole in parts if part is not None and whole], default=None)

    @cached_property
    def is_spent(self) -> bool:
        """Whether a microcontroller does all that is drawn."""
        target = self.context.target
        on_core = target is not None and target.microcontroller and not target.accelerator
        return on_core and runs_as_drawn(self.context)

    def _one(self, place: int, step: int | None) -> Work:
        if step is None:
            return Work(None, None, None)
        cost = self._cost
        element_ops, macs = cost.element_ops_by_node[place][step], cost.macs_by_node[place][step]
        return Work(self._moved_by_node[place][step], element_ops.value, macs.value)

    @cached_property
    def _moved_by_node(self) -> tuple[list[int | None], ...]:
        """For each graph, the bytes that each node reads and writes."""
        return tuple(map(_moved, self.context.model.graphs))

    @cached_property
    def _cost(self) -> Cost:
        """That of the graph as it is drawn: quantized on trial it has other nodes."""
        context = self.context
        if context.quantization is None:
            return context.stored
        from edgelint.analysis.cost.measure import measure

        return measure(context.model)

    @cached_property
    def _steps(self) -> tuple[dict[int, int], ...]:
        """For each graph, the place of each node by its `id`."""
        graphs = self.context.model.graphs
        return tuple({id(node): step for step, node in enumerate(graph.nodes)} for graph in graphs)

    @cached_property
    def _whole(self) -> Work:
        """The bytes and MACs of the whole model; element operations are not added up."""
        macs = (each.value for figures in self._cost.macs_by_node for each in figures)
        return Work(_total(chain.from_iterable(self._moved_by_node)), None, _total(macs))


def runs_as_drawn(context: Context) -> bool:
    """Whether nobody is known to take redundant operators out before the model runs.

    A Keras model's converter does: TensorFlow's drops, joins and folds all but a resize that keeps the
    size (tried with 2.21, a model for each of the patterns).
    """
    if context.model.format not in ("tflite", "onnx") or not context.model.complete:
        return False
    if context.target is None:
        return True
    return context.model.format == "tflite" and context.target.runtime.name in INTERPRETERS


def weigh(context: Context, rule: Rule, work: Work) -> Severity:
    """A warning where a microcontroller spends a good part of each run on redundant `work`, else a note."""
    if max(work.moved or 0, work.macs or 0) < LEAST or not context.workload.is_spent:
        return Severity.NOTE
    share = context.workload.share(work)
    heavy = share is not None and share >= context.option(rule, "percent")
    return Severity.WARNING if heavy else Severity.NOTE


def is_bookkeeping(graph: Graph, nodes: Iterable[Node]) -> bool:
    """Whether `nodes` only reckon with shapes and counts, which costs next to nothing."""
    made = [value for node in nodes for value in graph.outputs_of(node) if value is not None]
    return all(
        value.elements <= BOOKKEEPING if value.elements is not None else value.dtype in _COUNTERS
        for value in made
    )


@lru_cache(1024)
def saving(work: Work) -> str:
    """`, which saves 1,024 bytes moved`, the end of a sentence; "" where nothing is known."""
    said = str(work)
    return f", which saves {said}" if said else ""


def _moved(graph: Graph) -> list[int | None]:
    """The bytes that each node of `graph` reads and writes; None where one of them has no known size."""
    sizes: dict[str, int | None] = {}
    alike: dict[tuple[DType | None, Shape | None], int | None] = {}
    for name, value in graph.values.items():
        kind = value.dtype, value.shape
        if value.tensor is not None:
            sizes[name] = value.tensor.nbytes
        else:
            sizes[name] = alike[kind] if kind in alike else alike.setdefault(kind, value.nbytes)
    get = sizes.get
    return [_total([get(name) for name in node.inputs + node.outputs if name]) for node in graph.nodes]


def _total(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
