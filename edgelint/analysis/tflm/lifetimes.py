"""From when to when TensorFlow Lite Micro needs each tensor and scratch buffer.

Source: tensorflow/tflite-micro@90b983c2, micro/micro_allocation_info.cc, MarkAllocationLifetimes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from typing import NamedTuple

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node

CONTROL_FLOW = {"IF": ("then_branch", "else_branch"), "WHILE": ("cond", "body"), "CALL_ONCE": ("init",)}
"""Operators that run other subgraphs, and in which order the memory planner walks these."""

MAX_STEPS = 300_000
"""Operators walked before giving up: subgraphs that call others twice can make up exponentially many."""

NEVER = -1
"""First and last clock of a tensor that no walk reaches."""


class TooLong(Exception):
    """Raised when a walk through subgraphs does not end within MAX_STEPS."""


@dataclass(slots=True)
class Span:
    """The clocks of first and last need, both included."""

    first: int = NEVER
    last: int = NEVER

    def create(self, clock: int) -> None:
        """Note a creation; only the first one counts."""
        if self.first == NEVER:
            self.first = clock

    def use(self, clock: int) -> None:
        """Note a use; the last one counts."""
        self.last = clock


class Step(NamedTuple):
    """One operator of the walk: places of graph and node, and the clocks it begins and ends at."""

    graph: int
    node: int
    begin: int
    end: int


@dataclass(frozen=True)
class Lifetimes:
    """Lifetimes of values by graph and name, and the walk."""

    values: tuple[dict[str, Span], ...]
    steps: tuple[Step, ...]

    @cached_property
    def scratch(self) -> dict[tuple[int, int], Span]:
        """Lifetimes of scratch by the places of graph and node: from the first begin to the last end."""
        found: dict[tuple[int, int], Span] = {}
        for step in self.steps:
            span = found.setdefault((step.graph, step.node), Span())
            span.create(step.begin)
            span.use(step.end)
        return found


def lifetimes(model: Model) -> Lifetimes:
    """The lifetimes of everything in `model`. Raises TooLong."""
    walk = _Walk(model.graphs)
    walk.run()
    return Lifetimes(walk.values, tuple(walk.steps))


def called_by(node: Node) -> tuple[int, ...]:
    """The subgraphs that the memory planner walks for `node`, in its order.

    It reads the newer operator code field alone, so it overlooks control flow in a file that only
    has the old one.
    """
    if not node.subgraphs or node.attributes.get("legacy_builtin_code"):
        return ()
    words = CONTROL_FLOW.get(node.source.op, ())
    return tuple(node.subgraphs[word] for word in words if word in node.subgraphs)


@dataclass(slots=True)
class _Frame:
    """A subgraph being walked: its place, the operator in progress, and what that still calls."""

    graph: int
    place: int = 0
    begin: int = NEVER
    calls: list[int] = field(default_factory=list)


class _Walk:
    """The walk itself, with a stack of its own: nesting is only bounded by the number of subgraphs."""

    def __init__(self, graphs: Sequence[Graph]) -> None:
        self.graphs = graphs
        self.values: tuple[dict[str, Span], ...] = tuple({} for _ in graphs)
        self.steps: list[Step] = []
        self.clock = 0
        self.stack: list[_Frame] = []

    def run(self) -> None:
        self.enter(0)
        while self.stack:
            frame = self.stack[-1]
            if frame.calls:
                self.clock += 1
                self.enter(frame.calls.pop(0))
            elif frame.begin != NEVER:
                self.finish(frame)
            elif self.pass_plain(frame):
                self.begin(frame)
            else:
                self.leave(frame)

    def pass_plain(self, frame: _Frame) -> bool:
        """Walks the operators that run no subgraph, up to one that may; whether there is one."""
        number, spans, steps = frame.graph, self.values[frame.graph], self.steps
        nodes = self.graphs[number].nodes
        for place in range(frame.place, len(nodes)):
            node = nodes[place]
            if node.subgraphs:
                frame.place = place
                return True
            self.clock = clock = self.clock + 1
            for name in filter(None, node.outputs):
                span = spans.get(name)
                if span is None:
                    spans[name] = Span(clock, clock)
                else:
                    span.create(clock)
                    span.use(clock)
            for name in filter(None, node.inputs):
                span = spans.get(name)
                if span is None:
                    spans[name] = Span(last=clock)
                else:
                    span.last = clock
            steps.append(Step(number, place, clock, clock))
        self.check_length()
        frame.place = len(nodes)
        return False

    def check_length(self) -> None:
        if len(self.steps) > MAX_STEPS:
            raise TooLong

    def span(self, graph: int, name: str) -> Span:
        spans = self.values[graph]
        found = spans.get(name)
        if found is None:
            found = spans[name] = Span()
        return found

    def enter(self, graph: int) -> None:
        for name in self.graphs[graph].inputs:
            self.span(graph, name).create(self.clock)
            self.span(graph, name).use(self.clock)
        self.stack.append(_Frame(graph))

    def begin(self, frame: _Frame) -> None:
        self.clock += 1
        node = self.graphs[frame.graph].nodes[frame.place]
        for name in node.outputs:
            if name:
                self.span(frame.graph, name).create(self.clock)
        frame.begin = self.clock
        frame.calls += called_by(node)

    def finish(self, frame: _Frame) -> None:
        node = self.graphs[frame.graph].nodes[frame.place]
        for name in (*node.inputs, *node.outputs):
            if name:
                self.span(frame.graph, name).use(self.clock)
        self.steps.append(Step(frame.graph, frame.place, frame.begin, self.clock))
        self.check_length()
        frame.place += 1
        frame.begin = NEVER

    def leave(self, frame: _Frame) -> None:
        for name in self.graphs[frame.graph].outputs:
            self.span(frame.graph, name).create(self.clock)
            self.span(frame.graph, name).use(self.clock)
        self.stack.pop()
