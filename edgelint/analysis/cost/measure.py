"""What a model costs, per operator and in total: parameters, bytes, MACs, element operations, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from edgelint.analysis.cost.element_ops import element_ops
from edgelint.analysis.cost.liveness import Liveness, trace
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


class Cost:
    """What a model costs; each part is worked out when it is first asked for.

    Time linear in the model's nodes; no weight is read.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._scopes = Scopes(model)

    @property
    def parameters(self) -> int:
        """Elements of the stored constants that nodes of any graph read, each once."""
        return self._read_once[0]

    @property
    def weights_bytes(self) -> int:
        """Their bytes in the file."""
        return self._read_once[1]

    @property
    def macs(self) -> Figure:
        """Those of one run of the first graph; a body of a loop or branch counts once wherever it is run."""
        return self._work.macs

    @property
    def element_ops(self) -> Figure:
        """As `macs`."""
        return self._work.element_ops

    @property
    def macs_by_node(self) -> Sequence[Sequence[Figure]]:
        """For each graph, those of each of its nodes, the graphs it runs not included."""
        return self._work.macs_by_node

    @property
    def element_ops_by_node(self) -> Sequence[Sequence[Figure]]:
        """As `macs_by_node`."""
        return self._work.element_ops_by_node

    @cached_property
    def peak_activation(self) -> Figure:
        """Bytes, by liveness."""
        return _complete(self._model, self._liveness.peak)

    @property
    def variables(self) -> Figure:
        """Bytes of state between runs."""
        return self._liveness.variables

    @cached_property
    def nodes(self) -> tuple[NodeCost, ...]:
        """The nodes of all graphs, in the file's order."""
        work, live = self._work, self._liveness.steps
        return tuple(
            NodeCost(
                place,
                node,
                *self._reads[place][step],
                macs=work.macs_by_node[place][step],
                element_ops=work.element_ops_by_node[place][step],
                live_bytes=live[place][step],
                output_bytes=_output_bytes(graph.values, node),
            )
            for place, graph in enumerate(self._model.graphs)
            for step, node in enumerate(graph.nodes)
        )

    @cached_property
    def _read_once(self) -> tuple[int, int]:
        """Elements and bytes of the constants that nodes of any graph read."""
        elements = stored = 0
        for tensor in _read_tensors(self._scopes):
            elements += tensor.elements
            stored += tensor.nbytes
        return elements, stored

    @cached_property
    def _reads(self) -> list[list[tuple[int, int]]]:
        return _first_reads(self._scopes)

    @cached_property
    def _work(self) -> _Work:
        return _count_work(self._scopes)

    @cached_property
    def _liveness(self) -> Liveness:
        return trace(self._scopes)


def measure(model: Model) -> Cost:
    """The cost of `model`."""
    return Cost(model)


@dataclass(frozen=True, slots=True)
class _Work:
    """MACs and element operations: of the model, and by graph and node."""

    macs: Figure
    element_ops: Figure
    macs_by_node: Sequence[Sequence[Figure]]
    element_ops_by_node: Sequence[Sequence[Figure]]


def _count_work(scopes: Scopes) -> _Work:
    products = [_Sum(macs) for _ in scopes.model.graphs]
    others = [_Sum(element_ops) for _ in scopes.model.graphs]
    for place, graph in enumerate(scopes.model.graphs):
        add_product, add_other = products[place].add, others[place].add
        for node in graph.nodes:
            site = Site(scopes, place, node)
            add_product(site)
            add_other(site)
    return _Work(
        macs=_total(scopes, products),
        element_ops=_total(scopes, others),
        macs_by_node=[each.figures for each in products],
        element_ops_by_node=[each.figures for each in others],
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


def _read_tensors(scopes: Scopes) -> Iterator[Tensor]:
    """The constants that nodes of any graph read, each once."""
    seen: set[object] = set()
    for place, graph in enumerate(scopes.model.graphs):
        for name in graph.readers:
            value = graph.values.get(name) or scopes.find(place, name)
            tensor = value.tensor if value else None
            if tensor is not None and (key := _identity(tensor)) not in seen:
                seen.add(key)
                yield tensor


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
