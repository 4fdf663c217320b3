"""Names and calls across the graphs of a model."""

from __future__ import annotations

from functools import cached_property

from edgelint.ir import Model, Value


class Scopes:
    """Which value a name means in each graph, and which graphs run which."""

    def __init__(self, model: Model) -> None:
        """The scopes of `model`."""
        self.model = model

    def find(self, graph: int, name: str | None) -> Value | None:
        """The value `name` means in that graph: its own, else one of the graphs around it."""
        graphs = self.model.graphs
        for _ in graphs:
            value = graphs[graph].value(name)
            parent = graphs[graph].parent
            if value is not None or parent is None or not 0 <= parent < len(graphs):
                return value
            graph = parent
        return None

    @cached_property
    def callees(self) -> tuple[dict[int, tuple[int, ...]], ...]:
        """For each graph: place of each node that runs other graphs, to these graphs, each once."""
        count = len(self.model.graphs)
        return tuple(
            {
                place: tuple(dict.fromkeys(g for g in node.subgraphs.values() if 0 <= g < count))
                for place, node in enumerate(graph.nodes)
                if node.subgraphs
            }
            for graph in self.model.graphs
        )

    @cached_property
    def bodies_first(self) -> tuple[int, ...]:
        """All graphs, each after those its nodes run; a graph that runs itself is in no order."""
        order: dict[int, None] = {}
        entered: set[int] = set()
        stack = list(range(len(self.model.graphs)))
        while stack:
            graph = stack[-1]
            waiting = [g for called in self.callees[graph].values() for g in called if g not in entered]
            if graph not in entered and waiting:
                entered.add(graph)
                stack += waiting
                continue
            entered.add(graph)
            order[stack.pop()] = None
        return tuple(order)

    @cached_property
    def reached(self) -> frozenset[int]:
        """The first graph and all that run as a part of it."""
        found, waiting = {0}, [0]
        while waiting:
            for called in self.callees[waiting.pop()].values():
                waiting += (g for g in called if g not in found)
                found.update(called)
        return frozenset(found)

    @cached_property
    def captured(self) -> tuple[frozenset[str], ...]:
        """For each graph, the names that it and the bodies in it read from the graphs around it."""
        found: list[frozenset[str]] = [frozenset()] * len(self.model.graphs)
        for place in self.bodies_first:
            graph = self.model.graphs[place]
            if graph.parent is None:
                continue
            names = {name for node in graph.nodes for name in node.inputs if name}
            names.update(graph.outputs)
            for called in self.callees[place].values():
                names.update(*(found[g] for g in called))
            found[place] = frozenset(name for name in names if name not in graph.values)
        return tuple(found)
