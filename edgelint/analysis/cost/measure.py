"""What a model costs, per operator and in total: parameters, bytes, MACs, element operations, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from edgelint.analysis.cost.element_ops import element_ops
from edgelint.analysis.cost.liveness import trace
from edgelint.analysis.cost.macs import macs
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.analysis.cost.tally import Tally, figure, listed
from edgelint.analysis.figure import Basis, Figure, weakest
from edgelint.analysis.scope import Scopes
from edgelint.deferred import dataclass, replace
from edgelint.ir import Inline, Model, Node, Tensor, Value
from edgelint.ir.symbolic import Count
from edgelint.printable import printable

INCOMPLETE = "the file does not hold the whole computation"


@dataclass(frozen=True, slots=True)
class NodeCost:
    """What one node costs, the graphs it runs not included, but in `live_bytes`.

    graph: index into `Model.graphs`. parameters, weights_bytes: of the constants it is the first
    to read. live_bytes: of its graph during its step. output_bytes: None where unknown.
    """

    graph: int
    node: Node
    parameters: int
    weights_bytes: int
    macs: Figure
    element_ops: Figure
    live_bytes: Figure
    output_bytes: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    parameters: elements of the stored constants that nodes of any graph read, each once.
    weights_bytes: their bytes in the file. macs, element_ops: of one run of the first graph; a body
    of a loop or branch counts once wherever it is run from. peak_activation: bytes, by liveness.
    variables: bytes of state between runs. nodes: of all graphs, in the file's order.
    """

    parameters: int
    weights_bytes: int
    macs: Figure
    element_ops: Figure
    peak_activation: Figure
    nodes: tuple[NodeCost, ...]
    variables: Figure


def measure(model: Model) -> Cost:
    """The cost of `model`. Time linear in its nodes; no weight is read."""
    scopes = Scopes(model)
    products = [_Sum(macs) for _ in model.graphs]
    others = [_Sum(element_ops) for _ in model.graphs]
    for place, graph in enumerate(model.graphs):
        for node in graph.nodes:
            site = Site(scopes, place, node)
            products[place].add(site)
            others[place].add(site)
    weights, live = _first_reads(scopes), trace(scopes)
    nodes = tuple(
        NodeCost(
            place,
            node,
            *read,
            macs=products[place].figures[step],
            element_ops=others[place].figures[step],
            live_bytes=live.steps[place][step],
            output_bytes=_output_bytes(graph.values, node),
        )
        for place, graph in enumerate(model.graphs)
        for step, (node, read) in enumerate(zip(graph.nodes, weights[place], strict=True))
    )
    return Cost(
        parameters=sum(node.parameters for node in nodes),
        weights_bytes=sum(node.weights_bytes for node in nodes),
        macs=_total(scopes, products),
        element_ops=_total(scopes, others),
        peak_activation=_complete(model, live.peak),
        nodes=nodes,
        variables=live.variables,
    )


class _Sum:
    """What the nodes of one graph need of one kind of work: a figure each, and their tally."""

    def __init__(self, count: Callable[[Site], Count]) -> None:
        self.count = count
        self.tally = Tally()
        self.figures: list[Figure] = []

    def add(self, site: Site) -> None:
        """Counts one node more."""
        try:
            number = self.count(site)
        except Uncounted as gap:
            self.tally.miss(gap)
            self.figures.append(Figure(None, Basis.UNKNOWN, reason=gap.reason))
        else:
            self.tally.add(number)
            self.figures.append(figure(number))


def _total(scopes: Scopes, sums: Sequence[_Sum]) -> Figure:
    """The sum over the first graph and, each time a node runs them, over its bodies."""
    done: set[int] = set()
    for place in scopes.bodies_first:
        tally = sums[place].tally
        for bodies in scopes.callees[place].values():
            for body in bodies:
                if body in done:
                    tally.include(sums[body].tally)
                else:
                    tally.miss(Uncounted("a graph runs itself"))
        done.add(place)
    if not scopes.model.complete:
        sums[0].tally.miss(Uncounted(INCOMPLETE))
    return sums[0].tally.figure("; ".join(_remarks(scopes)))


def _remarks(scopes: Scopes) -> Iterator[str]:
    graphs = scopes.model.graphs
    runners = {
        printable(graphs[place].nodes[step].source.op): None
        for place in sorted(scopes.reached)
        for step in scopes.callees[place]
    }
    if runners:
        yield f"bodies of {listed(list(runners))} count once"
    left_out = len(graphs) - len(scopes.reached)
    if left_out:
        yield f"{left_out} graph{'s' * (left_out > 1)} that other signatures run left out"


def _complete(model: Model, peak: Figure) -> Figure:
    """`peak`, or a bound where the file leaves nodes out."""
    if model.complete:
        return peak
    reason = "; ".join(filter(None, (peak.reason, INCOMPLETE)))
    if not peak.value:
        return Figure(None, Basis.UNKNOWN, reason=reason)
    return replace(peak, basis=weakest(peak.basis, Basis.BOUND), reason=reason)


def _first_reads(scopes: Scopes) -> list[list[tuple[int, int]]]:
    """For each node of each graph: elements and bytes of the constants that no node before it reads."""
    seen: set[object] = set()
    found = []
    for place, graph in enumerate(scopes.model.graphs):
        rows = []
        for node in graph.nodes:
            elements = stored = 0
            for name in node.inputs:
                value = graph.values.get(name) or scopes.find(place, name) if name else None
                tensor = value.tensor if value else None
                if tensor is not None and (key := _identity(tensor)) not in seen:
                    seen.add(key)
                    elements += tensor.elements
                    stored += tensor.nbytes
            rows.append((elements, stored))
        found.append(rows)
    return found


def _identity(tensor: Tensor) -> object:
    """Where the bytes lie; small constants kept in memory are told apart as objects."""
    return id(tensor) if isinstance(tensor.storage, Inline) or not tensor.nbytes else tensor.storage


def _output_bytes(values: Mapping[str, Value], node: Node) -> int | None:
    total = 0
    for name in node.outputs:
        value = values.get(name) if name else None
        if value is not None:
            size = value.nbytes
            if size is None:
                return None
            total += size
    return total
