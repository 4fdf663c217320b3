"""Bytes of activations that are live at each step.

By definition on the graph, whatever the runtime makes of it: in execution order, one node a step,

- a graph input lives from the start to its last reader, to the end if it is an output too;
- what a node makes lives from that node to its last reader, an output to the end; what nobody
  reads, during its own step;
- a node's inputs and outputs overlap: nothing is computed in place, no reshape is free;
- constants are not counted, and variables apart: `Liveness.variables` is the size of all state that
  lives between runs, each variable once;
- handles of variables and tables take nothing;
- while a node runs other graphs, the largest peak among them is live on top of what is live around
  it: the bodies of an `If` or `While` run one after the other. What a body reads from around it
  lives on at least until the node that runs it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from edgelint.analysis.cost.sizes import nbytes
from edgelint.analysis.cost.tally import exact, formula, free
from edgelint.analysis.cost.variables import sizes_of_variables
from edgelint.analysis.figure import Basis, Figure
from edgelint.analysis.scope import Scopes
from edgelint.deferred import dataclass
from edgelint.ir import DType, Graph, Shape, Value
from edgelint.ir.symbolic import Count, Monomial, Polynomial, at_least, simplify
from edgelint.printable import printable

FREE_LIMIT = 64
"""Products of free dims in one graph up to which formulas are worked out."""

FRONT_LIMIT = 8
"""Steps that may each be the largest, depending on free dims, up to which a formula is worked out."""


class Liveness:
    """Live bytes of a model.

    peak: the largest step of the first graph.
    """

    def __init__(self, scopes: Scopes, live: Sequence[Sequence[int | _Live]], peak: Figure) -> None:
        self.peak = peak
        self._scopes = scopes
        self._live = live

    @cached_property
    def variables(self) -> Figure:
        """Bytes of state that lives between runs, in all graphs."""
        return sizes_of_variables(self._scopes.model)

    @cached_property
    def steps(self) -> tuple[tuple[Figure, ...], ...]:
        """For each graph, each node's step."""
        graphs = self._scopes.model.graphs
        return tuple(
            tuple(_figure(step) for step in live[: len(graph.nodes)])
            for graph, live in zip(graphs, self._live, strict=True)
        )


def trace(scopes: Scopes) -> Liveness:
    """The live bytes of each step of each graph, and their peak. Time linear in nodes and values."""
    peaks: dict[int, _Live] = {}
    live: dict[int, Sequence[int | _Live]] = {}
    for place in scopes.bodies_first:
        live[place] = list(_steps(scopes, place, peaks))
        peaks[place] = _worst(live[place])
    return Liveness(scopes, [live[place] for place in range(len(live))], _figure(peaks[0]))


@dataclass(frozen=True, slots=True)
class _Live:
    """Bytes live at one step, or at the worst step of a graph, where a number does not say it all.

    counts: candidates for the largest, () where free dims leave too many.
    missing: how many live values have no known size. example: the name of one.
    """

    counts: tuple[Count, ...]
    missing: int = 0
    example: str = ""


def _figure(live: int | _Live) -> Figure:
    if isinstance(live, int):
        return exact(live)
    more = f" and {live.missing - 1} more" if live.missing > 1 else ""
    reasons = [f"the size of {printable(live.example)!r}{more} is unknown"] if live.missing else []
    if not live.counts:
        return Figure(None, Basis.UNKNOWN, reason="; ".join(["depends on many free dims", *reasons]))
    first = live.counts[0]
    if isinstance(first, Polynomial) and len(live.counts) == 1 and not live.missing:
        return free(first)
    if len(live.counts) > 1 or isinstance(first, Polynomial):
        return formula(live.counts, reasons, complete=not live.missing)
    if not live.missing:
        return exact(first)
    if not first:
        return Figure(None, Basis.UNKNOWN, reason=reasons[0])
    return Figure(first, Basis.BOUND, reason=reasons[0])


def _worst(steps: Iterable[int | _Live]) -> _Live:
    """The largest of `steps`, which miss what any of them misses."""
    known = 0
    front: tuple[Count, ...] = ()
    missing, example, clear = 0, "", True
    for live in steps:
        if isinstance(live, int):
            if live > known:
                known = live
            continue
        if live.missing > missing:
            missing, example = live.missing, live.example
        clear = clear and bool(live.counts)
        if clear:
            front = _joined(front, live.counts)
            clear = len(front) <= FRONT_LIMIT
    return _Live(_joined(front, (known,)) if clear else (), missing, example)


def _joined(front: tuple[Count, ...], counts: tuple[Count, ...]) -> tuple[Count, ...]:
    """Those of both that no other is sure to reach."""
    for count in counts:
        if not any(at_least(kept, count) for kept in front):
            front = (*(kept for kept in front if not at_least(count, kept)), count)
    return front


def _steps(scopes: Scopes, place: int, peaks: Mapping[int, _Live]) -> Iterator[int | _Live]:
    """What is live at each node, or once where there is no node."""
    graph, callees = scopes.model.graphs[place], scopes.callees[place]
    events = _Events(graph, _lifetimes(scopes, place))
    known = 0
    symbolic: dict[Monomial, int] = {}
    missing: dict[str, None] = {}
    steps = max(len(graph.nodes), 1)
    if not (events.free or events.missing or callees):
        yield from accumulate(events.known[:steps])
        return
    for step in range(steps):
        known += events.known[step]
        for monomial, change in events.free.get(step, ()):
            symbolic[monomial] = symbolic.get(monomial, 0) + change
            if not symbolic[monomial]:
                del symbolic[monomial]
        for name, begins in events.missing.get(step, ()):
            if begins:
                missing[name] = None
            else:
                del missing[name]
        if not symbolic and not missing and step not in callees:
            yield known
            continue
        count = Polynomial({**symbolic, (): known}) if symbolic else known
        live = _Live((count,), len(missing), next(iter(missing), ""))
        yield _with_bodies(live, [peaks.get(g) for g in callees[step]]) if step in callees else live


def _with_bodies(live: _Live, bodies: Iterable[_Live | None]) -> _Live:
    """`live` with the worst of the graphs that run meanwhile; None for one that runs itself."""
    worst = _worst(_Live((0,), 1, "a graph that runs itself") if body is None else body for body in bodies)
    counts = tuple(simplify(count + live.counts[0]) for count in worst.counts)
    return _Live(counts, live.missing + worst.missing, live.example or worst.example)


def _lifetimes(scopes: Scopes, place: int) -> Iterator[tuple[Value, int, int]]:
    """Each value that takes memory, with its first and last step."""
    graph = scopes.model.graphs[place]
    end = max(len(graph.nodes) - 1, 0)
    readers = graph.readers
    # Only of those that somebody besides its own nodes reads: there are as many readers as values.
    last: dict[str, int] = {}
    for step, bodies in scopes.callees[place].items():
        for body in bodies:
            if scopes.model.graphs[body].parent == place:
                for name in scopes.captured[body]:
                    last[name] = max(last.get(name) or readers.get(name, (0,))[-1], step)
    last.update(dict.fromkeys(graph.outputs, end))
    first = dict.fromkeys(graph.inputs, 0)
    for step, node in enumerate(graph.nodes):
        for made in node.outputs:
            if made:
                first.setdefault(made, step)
    for name, begin in first.items():
        value = graph.values.get(name)
        if value is not None and value.tensor is None and not value.is_variable:
            end_of_life = last[name] if name in last else readers.get(name, (begin,))[-1]
            yield value, begin, max(begin, end_of_life)


class _Events:
    """Changes by step: a value's bytes come at its first step and go after its last."""

    def __init__(self, graph: Graph, lifetimes: Iterable[tuple[Value, int, int]]) -> None:
        self.known = [0] * (max(len(graph.nodes), 1) + 1)
        self.free: defaultdict[int, list[tuple[Monomial, int]]] = defaultdict(list)
        self.missing: defaultdict[int, list[tuple[str, bool]]] = defaultdict(list)
        monomials: set[Monomial] = set()
        sizes: dict[tuple[DType | None, Shape | None], Count | None] = {}
        for value, first, last in lifetimes:
            kind = value.dtype, value.shape
            size = sizes[kind] if kind in sizes else sizes.setdefault(kind, nbytes(value))
            if isinstance(size, int):
                self.known[first] += size
                self.known[last + 1] -= size
                continue
            if size is not None:
                monomials.update(size.terms)
                if len(monomials) <= FREE_LIMIT:
                    for monomial, factor in size.terms.items():
                        self.free[first].append((monomial, factor))
                        self.free[last + 1].append((monomial, -factor))
                    continue
            self.missing[first].append((value.name, True))
            self.missing[last + 1].append((value.name, False))
