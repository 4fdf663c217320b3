"""What is known of each node of a model that is drawn: cost, where it runs, memory over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from itertools import count, takewhile

from edgelint.analysis.cost.measure import NodeCost, measure
from edgelint.context import Context
from edgelint.deferred import dataclass
from edgelint.ir.model import Model

_OF_ACCELERATION = {True: "NPU", False: "CPU", None: "unknown"}
_OF_SUPPORT = {True: "kernel", False: "unsupported", None: "unknown"}


@dataclass(frozen=True)
class Facts:
    """Facts by graph and place of the node in it.

    arena: bytes that the runtime's plan keeps alive at each step of the first graph; () where it is not
    known, and liveness by definition stands in.
    """

    costs: Mapping[tuple[int, int], NodeCost]
    places: Mapping[tuple[int, int], str] = field(default_factory=dict)
    arena: tuple[int | None, ...] = ()

    def cost(self, graph: int, place: int) -> NodeCost | None:
        """What that node costs."""
        return self.costs.get((graph, place))

    def runs_on(self, graph: int, place: int) -> str:
        """Where it runs: "kernel", "NPU", "CPU", "unsupported", "unknown", or "" without a target."""
        return self.places.get((graph, place), "")

    def memory(self, graph: int) -> tuple[int | None, ...]:
        """Bytes alive at each step of a graph."""
        if graph == 0 and self.arena:
            return self.arena
        places = takewhile(lambda place: (graph, place) in self.costs, count())
        return tuple(self.costs[graph, place].live_bytes.value for place in places)


def facts_of(context: Context, model: Model) -> Facts:
    """The facts about `model`, which is the source or the deployment graph of `context`."""
    if model is context.network:
        cost = context.cost
    else:
        cost = context.stored if model is context.model else measure(model)
    costs = _by_place(model, {id(each.node): each for each in cost.nodes})
    if model is not context.deployment:
        return Facts(costs)
    return Facts(costs, _places(context, model), _arena(context, model))


def _by_place(model: Model, costs: Mapping[int, NodeCost]) -> dict[tuple[int, int], NodeCost]:
    return {
        (number, place): costs[id(node)]
        for number, graph in enumerate(model.graphs)
        for place, node in enumerate(graph.nodes)
        if id(node) in costs
    }


def _places(context: Context, model: Model) -> dict[tuple[int, int], str]:
    if context.partition is not None:
        words = {id(each.node): _OF_ACCELERATION[each.accelerated] for each in context.partition.placements}
    else:
        words = {id(each.node): _OF_SUPPORT[each.supported] for each in context.support}
    return {
        (number, place): words[id(node)]
        for number, graph in enumerate(model.graphs)
        for place, node in enumerate(graph.nodes)
        if id(node) in words
    }


def _arena(context: Context, model: Model) -> tuple[int | None, ...]:
    """The planned arena over the first graph's nodes."""
    planned = context.memory.arena.layout
    if planned is None:
        return ()
    live: dict[int, int] = {}
    for moment in planned.timeline:
        if moment.graph == 0:
            live[moment.node] = max(live.get(moment.node, 0), moment.live)
    return tuple(live.get(place) for place in range(len(model.main.nodes)))
