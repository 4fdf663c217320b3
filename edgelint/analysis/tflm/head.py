"""The head of the arena: which tensors and scratch buffers are planned, and where they go.

Sources: tensorflow/tflite-micro@90b983c2, micro/micro_allocation_info.cc, micro_allocator.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.analysis.tflm.greedy_plan import Buffer, plan
from edgelint.analysis.tflm.layout import Layout, Placed
from edgelint.analysis.tflm.lifetimes import Span, lifetimes
from edgelint.analysis.tflm.prepare import Prepared
from edgelint.analysis.tflm.requests import Unmodelled, nbytes
from edgelint.analysis.tflm.sizes import round_up
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Model, Shape, Value

OFFLINE_PLAN = "OfflineMemoryAllocation"
"""Name of the metadata entry with offsets that were planned before."""

ONLINE = -1
"""Offset of a tensor that an offline plan leaves to the runtime."""

_UNREACHED = Span()
"""The life of what no operator touches that runs."""


@dataclass(frozen=True, slots=True)
class OfflinePlan:
    """Offsets in bytes, one per tensor of all subgraphs in file order.

    problem: why the runtime refuses the plan, a phrase; "" when it takes it.
    """

    offsets: Sequence[int] = ()
    problem: str = ""

    def of(self, running: int) -> int | None:
        """The offset for the tensor with this running number; None when it is planned online."""
        offset = self.offsets[running] if self.offsets else ONLINE
        return None if offset == ONLINE else offset

    def keeps_variable(self, index: int) -> bool:
        """Whether a variable tensor gets memory of its own, outside the plan.

        The runtime looks it up by its index within its subgraph, not by the running number.
        """
        return not self.offsets or self.offsets[index] == ONLINE


def offline_plan(model: Model) -> OfflinePlan:
    """The plan in the file's metadata: 32-bit words for version, subgraph, count, and then the offsets."""
    stored = model.metadata_buffers.get(OFFLINE_PLAN)
    if stored is None:
        return OfflinePlan()
    data = stored.read()
    words = memoryview(data[: len(data) // 4 * 4]).cast("i").tolist()
    tensors = sum(len(graph.values) for graph in model.graphs)
    count = words[2] if len(words) > 2 else 0
    if count != tensors or len(words) < 3 + count:
        return OfflinePlan(problem=f"the file's offline memory plan is for {count} tensors of {tensors}")
    return OfflinePlan(words[3 : 3 + count])


def plan_head(model: Model, prepared: Prepared, offline: OfflinePlan) -> tuple[Layout, tuple[str, ...]]:
    """The layout of the head, and the types that the runtime has no size for (they are left out).

    Raises UnknownDims, or TooLong when subgraphs call one another too often to follow.
    """
    lives = lifetimes(model)
    handles = prepared.variables.handles
    refused: dict[str, None] = {}
    sizes: dict[tuple[DType | None, Shape | None], int] = {}
    buffers: list[Buffer] = []
    graphs: list[int] = []
    names: list[str] = []
    running = 0
    for place, graph in enumerate(model.graphs):
        spans = lives.values[place]
        for value in graph.values.values():
            offset = offline.of(running) if offline.offsets else None
            running += 1
            if value.tensor is not None or (value.is_variable and offset is None):
                continue
            if handles and (place, value.name) in handles:
                continue
            kind = value.dtype, value.shape
            size = sizes.get(kind)
            if size is None:
                size = sizes[kind] = _size(value, refused)
            if size:
                span = spans.get(value.name, _UNREACHED)
                buffers.append(Buffer(size, span.first, span.last, offset))
                graphs.append(place)
                names.append(value.name)
    tensors = len(buffers)
    for place, graph in enumerate(model.graphs):
        for index, asked in enumerate(prepared.requests[place]):
            for size in asked.scratch:
                span = lives.scratch.get((place, index), _UNREACHED)
                buffers.append(Buffer(round_up(size), span.first, span.last))
                graphs.append(place)
                names.append(graph.nodes[index].name)
    found = plan(buffers)
    placed = [
        Placed(graph, name, size, offset, first, last, index >= tensors)
        for index, (graph, name, (size, first, last, _), offset) in enumerate(
            zip(graphs, names, buffers, found.offsets, strict=True)
        )
    ]
    return Layout(placed, lives.steps, found.head), tuple(refused)


def _size(value: Value, refused: dict[str, None]) -> int:
    try:
        return round_up(nbytes(value))
    except Unmodelled as unmodelled:
        refused[str(unmodelled)] = None
        return 0
