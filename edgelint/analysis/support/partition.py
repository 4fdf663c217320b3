"""Which nodes an accelerator runs and which fall back to the processor beside it.

How often a model changes sides follows LiteRT's own way of cutting a graph
(google-ai-edge/LiteRT@f67457790c9c2ab67347d6fe53270e8d3df20868: tflite/graph_info.cc,
PartitionGraphIntoNodeSubsets): run everything of one side that is ready, then of the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgelint.analysis.figure import Basis
from edgelint.analysis.support.judge import Problem
from edgelint.analysis.support.table import TableJudge
from edgelint.deferred import dataclass, replace
from edgelint.ir.model import Graph, Model, Node
from edgelint.printable import printable
from edgelint.targets import Target
from edgelint.targets.accelerators import Accelerator

if TYPE_CHECKING:
    from edgelint.analysis.cost.measure import Cost
    from edgelint.analysis.memory import Memory


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one node runs.

    graph: index into `Model.graphs`. accelerated: None where the accelerator's table cannot tell.
    reason: why it falls back; None where it does not.
    """

    graph: int
    node: Node
    accelerated: bool | None
    reason: Problem | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """A model cut between an accelerator and its processor.

    placements: by graph and node, in file order. regions: stretches of the first graph that run on
    the accelerator without a change of sides. crossings: changes of sides on the way through it.
    macs: all multiply-accumulates, fallback_macs: those off the accelerator; None while any is unknown.
    node_macs: those of each placement, in the same order.
    compiled: whether the accelerator's compiler has already processed the file.
    """

    accelerator: Accelerator
    placements: tuple[Placement, ...]
    regions: int
    crossings: int
    macs: int | None
    fallback_macs: int | None
    compiled: bool = False
    node_macs: tuple[int | None, ...] = ()

    @property
    def fallen_back(self) -> tuple[Placement, ...]:
        """What certainly runs on the processor."""
        return tuple(place for place in self.placements if place.accelerated is False)

    @property
    def fallback_share(self) -> float | None:
        """The share of multiply-accumulates off the accelerator, 0 to 1; None while unknown."""
        if self.macs is None or self.fallback_macs is None:
            return None
        return self.fallback_macs / self.macs if self.macs else 0.0

    def weaken(self, memory: Memory) -> Memory:
        """`memory`, computed for the file as it is, when the accelerator's tool still plans its own."""
        arena = memory.arena
        moved = any(place.accelerated for place in self.placements)
        if self.compiled or not moved or arena.basis is not Basis.EXACT:
            return memory
        reason = f"of the file as it is: {self.accelerator.tool} plans memory of its own"
        return replace(memory, arena=replace(arena, basis=Basis.PREDICTED, reason=reason))


def partition(model: Model, target: Target, cost: Cost) -> Partition | None:
    """How `model`, a deployment graph, is cut on `target`; None where it has no known accelerator.

    cost: of that same model.
    """
    accelerator = target.accelerator
    if accelerator is None:
        return None
    placements = place(model, accelerator)
    main = [each for each in placements if each.graph == 0]
    sides = _sides(model.main, [each.accelerated is not False for each in main])
    macs: list[int | None] = [node.macs.value for node in cost.nodes]
    # A file that was compiled hides its work in custom operators.
    compiled = _is_compiled(model, accelerator)
    known = not compiled and None not in macs
    fallback = [
        node.macs.value or 0
        for node, each in zip(cost.nodes, placements, strict=True)
        if each.accelerated is False
    ]
    return Partition(
        accelerator=accelerator,
        placements=placements,
        regions=sum(sides),
        crossings=max(len(sides) - 1, 0),
        macs=sum(number or 0 for number in macs) if known else None,
        fallback_macs=sum(fallback) if known else None,
        compiled=compiled,
        node_macs=tuple(macs),
    )


def place(model: Model, accelerator: Accelerator) -> tuple[Placement, ...]:
    """Where each node runs, in file order."""
    if _is_compiled(model, accelerator):
        return _as_compiled(model, accelerator)
    judge = TableJudge(accelerator.table, accelerator.title, model)
    found: list[Placement] = []
    for index, graph in enumerate(model.graphs):
        found += _placed(index, graph, judge, accelerator)
    return tuple(found)


def _placed(index: int, graph: Graph, judge: TableJudge, accelerator: Accelerator) -> list[Placement]:
    found: list[Placement] = []
    ended: Placement | None = None
    for node in graph.nodes:
        verdict = judge.verdict(graph, node)
        reason = None
        if verdict.taken is False:
            kind, sentence = verdict.problems[0]
            reason = Problem(kind, sentence, accelerator.instead_of(kind, node.source.op))
        elif ended is not None:
            word, first = printable(node.source.op), printable(ended.node.source.op)
            sentence = f"{word} comes after {first}, which ends what {judge.title} runs"
            hint = "" if ended.reason is None else ended.reason.replacement
            reason = Problem("constraint", sentence, hint)
        placed = Placement(index, node, False if reason else verdict.taken, reason)
        if judge.is_prefix and verdict.taken is False and ended is None and not _feeds_in(graph, node):
            ended = placed
        found.append(placed)
    return found


def _feeds_in(graph: Graph, node: Node) -> bool:
    """Whether it only turns a graph's float input into integers, which is left in front."""
    return node.source.op == "QUANTIZE" and all(name in graph.inputs for name in node.inputs)


def _is_compiled(model: Model, accelerator: Accelerator) -> bool:
    word = accelerator.compiled
    return bool(word) and any(
        node.domain == "tflite.custom" and node.source.op == word for _, node in model.nodes()
    )


def _as_compiled(model: Model, accelerator: Accelerator) -> tuple[Placement, ...]:
    found = []
    for index, graph in enumerate(model.graphs):
        for node in graph.nodes:
            taken = node.domain == "tflite.custom" and node.source.op == accelerator.compiled
            sentence = f"{accelerator.tool} left {printable(node.source.op)} to the CPU"
            hint = f"compile the file from before {accelerator.tool} once the operator is replaced"
            found.append(
                Placement(index, node, taken, None if taken else Problem("operator", sentence, hint))
            )
    return tuple(found)


def _sides(graph: Graph, accelerated: Sequence[bool]) -> list[bool]:
    """The sides that run one after the other: True for the accelerator. Time linear in the edges."""
    producers, waiting = graph.producers, []
    readers: list[list[int]] = [[] for _ in graph.nodes]
    for place, node in enumerate(graph.nodes):
        makers = {producers[name] for name in node.inputs if name in producers}
        # A damaged order would wait for itself for ever.
        makers = {maker for maker in makers if maker < place}
        waiting.append(len(makers))
        for maker in makers:
            readers[maker].append(place)
    ready: dict[bool, deque[int]] = {True: deque(), False: deque()}
    for place, count in enumerate(waiting):
        if not count:
            ready[accelerated[place]].append(place)
    sides: list[bool] = []
    side = bool(ready[True])
    while ready[True] or ready[False]:
        if not ready[side]:
            side = not side
        sides.append(side)
        while ready[side]:
            for reader in readers[ready[side].popleft()]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    ready[accelerated[reader]].append(reader)
    return sides
