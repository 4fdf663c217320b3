"""Whether the target's runtime runs each operator of a model, and if not, what to use instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node

if TYPE_CHECKING:
    from edgelint.analysis.support.partition import Placement
    from edgelint.context import Context
    from edgelint.targets import Target

Kind = Literal["operator", "dtype", "hybrid", "version", "custom", "flex", "constraint"]
"""What a problem is about.

operator: the runtime has no such operator. dtype: not for these element types. hybrid: float
activations round integer weights. version: the operator is newer than the runtime. custom: not
among the operators the runtime is built with. flex: a TensorFlow operator. constraint: a limit on
rank, operands, quantization or attributes is broken.
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a node does not run.

    sentence: what fails and what would pass, without a full stop.
    replacement: what to use instead, a sentence, or "".
    certain: False where the table states what converters emit rather than what kernels refuse.
    """

    kind: Kind
    sentence: str
    replacement: str = ""
    certain: bool = True


class Support(NamedTuple):
    """Whether the runtime runs one node.

    graph: index into `Model.graphs`. supported: None where that cannot be known from the file and
    the runtime's table (an operator that the application must register, a function to be inlined).
    """

    graph: int
    node: Node
    supported: bool | None
    problems: tuple[Problem, ...] = ()


Judge = Callable[[Model, "Target"], tuple[Support, ...]]
"""What `judge` of such a module is: a verdict on each node of every graph, in file order."""

JUDGES = {
    "tflm": "edgelint.analysis.support.tflm",
    "litert": "edgelint.analysis.support.litert",
    "onnxruntime": "edgelint.analysis.support.onnxruntime",
}
"""Runtime name to the module whose `judge` knows it."""

BY_TABLE = "edgelint.analysis.support.table"
"""The module that judges for all other runtimes."""


def judge(
    model: Model,
    target: Target,
    placements: Sequence[Placement] = (),
    registered: frozenset[str] = frozenset(),
) -> tuple[Support, ...]:
    """For each node of every graph of `model`, in file order, whether the runtime of `target` runs it.

    `model` is a deployment graph: in the runtime's own operators. placements: where each of its
    nodes runs, when an accelerator takes some; what it takes, the runtime need not have.
    registered: custom operators that the application brings, `Name` or `domain:Name`.
    """
    judge_of_runtime: Judge = import_module(JUDGES.get(target.runtime.name, BY_TABLE)).judge
    found = judge_of_runtime(model, target)
    if registered:
        found = tuple(_with_application(own, registered) for own in found)
    if not placements:
        return found
    return tuple(_relieved(own, place) for own, place in zip(found, placements, strict=True))


def _with_application(own: Support, registered: frozenset[str]) -> Support:
    names = {own.node.source.op, f"{own.node.domain}:{own.node.source.op}"}
    custom = bool(own.problems) and all(problem.kind == "custom" for problem in own.problems)
    return Support(own.graph, own.node, True) if custom and names & registered else own


def _relieved(own: Support, place: Placement) -> Support:
    if place.accelerated:
        return Support(own.graph, own.node, True)
    if place.accelerated is None and own.supported is False:
        return Support(own.graph, own.node, None)
    return own


def stray_problems(context: Context) -> Iterator[tuple[Graph, Problem]]:
    """Each problem of the deployment graph that is no node's, with its graph."""
    model, target = context.deployment, context.target
    if model is None or target is None or target.runtime.name != "tflm":
        return
    from edgelint.analysis.support.tflm import strays

    yield from strays(model, target)


def supported_by(problems: tuple[Problem, ...]) -> bool | None:
    """What `problems` add up to: True when there are none, None when all are uncertain."""
    if not problems:
        return True
    return False if any(problem.certain for problem in problems) else None


def problems(context: Context, kind: Kind) -> Iterator[tuple[Graph, Node, Problem]]:
    """Each problem of this kind in the deployment graph, with its graph and node, in file order.

    Nothing where it is not known what the target's runtime would execute.
    """
    model = context.deployment
    if model is None:
        return
    for support in context.support:
        for problem in support.problems:
            if problem.kind == kind:
                yield model.graphs[support.graph], support.node, problem
