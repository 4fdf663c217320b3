"""What edgelint says of models and nodes, beside what the real runtimes do with them."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgelint.analysis.support.judge import judge
from edgelint.analysis.support.partition import Placement, place
from edgelint.errors import EdgelintError
from edgelint.ir.model import Model, Value
from edgelint.loaders import Binding, load
from edgelint.targets import find
from tests.analysis import real_runtimes
from tests.analysis.real_runtimes import Runtime, compiled

SUPPORTED, REFUSED, UNKNOWN, UNREAD = "supported", "refused", "unknown", "not read"
"""What edgelint says of a model or a node; UNREAD: it refuses the file."""

DELEGATED, ON_CPU, NOT_COMPILED = "delegated", "on the CPU", "not compiled"
"""Where a node runs; NOT_COMPILED: Vela fails or takes too long, so that nothing is known of any node.

What a runtime does with a whole model is an outcome of `real_runtimes`.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """A model or a node: what edgelint says of it, and what the runtime does.

    word: the node's operator, "" for a model. ours: SUPPORTED, REFUSED, UNKNOWN or UNREAD; why: its
    reason. theirs: an outcome, or where a node runs; said: the runtime's reason.
    """

    path: Path
    word: str
    ours: str
    why: str
    theirs: str
    said: str

    @property
    def is_false_supported(self) -> bool:
        """Whether the runtime does not run what edgelint says it would."""
        return self.ours == SUPPORTED and self.theirs not in ("runs", DELEGATED)

    @property
    def is_false_refused(self) -> bool:
        """Whether the runtime runs what edgelint refuses."""
        return self.ours in (REFUSED, UNREAD) and self.theirs in ("runs", DELEGATED)


Compare = Callable[[list[Path]], Iterator[Judged]]


def whole_models(runtime: Runtime, target: str) -> Compare:
    """A comparison of whole models: does the runtime run them?"""

    def compare(paths: list[Path]) -> Iterator[Judged]:
        for path, answer in runtime.ask(paths):
            ours, why = _said_of_model(path, target)
            yield Judged(path, "", ours, why, answer.outcome, "" if answer.runs else str(answer.said))

    return compare


def xnnpack(paths: list[Path]) -> Iterator[Judged]:
    """Each node of each main graph: does LiteRT give it to XNNPACK?"""
    for path, answer in real_runtimes.XNNPACK.ask(paths):
        model = _read(path)
        if model is None or not answer.runs:
            continue
        count, delegated = answer.said
        placements = [each for each in _placements(model, "litert-xnnpack") if each.graph == 0]
        if len(placements) != count:
            raise AssertionError(f"{path}: {len(placements)} nodes, LiteRT has {count}")
        for number, placed in enumerate(placements):
            yield _judged(path, placed, DELEGATED if number in delegated else ON_CPU)


def vela(target: str) -> Compare:
    """A comparison of nodes: does Vela leave them to the CPU?"""

    def compare(paths: list[Path]) -> Iterator[Judged]:
        with tempfile.TemporaryDirectory() as folder:
            for path, answer in compiled(paths, target, Path(folder)):
                model = _read(path)
                made = _read(Path(answer.said)) if answer.runs else None
                if model is None or _is_compiled(model):
                    continue
                if made is None:
                    yield Judged(path, "", UNKNOWN, "", NOT_COMPILED, str(answer.said))
                    continue
                yield from _against_compiled(path, model, made, target)

    return compare


def _against_compiled(path: Path, model: Model, made: Model, target: str) -> Iterator[Judged]:
    """What is on the CPU is what the compiled file still has: by the names of what it makes, or reads."""
    left: set[tuple[str, object]] = set()
    for graph in made.graphs:
        for node in graph.nodes:
            left.update((node.source.op, name) for name in _names(graph.outputs_of(node)))
            left.add((node.source.op, _names(graph.inputs_of(node))))
    for placed in _placements(model, target):
        graph, word = model.graphs[placed.graph], placed.node.source.op
        outputs = _names(graph.outputs_of(placed.node))
        if outputs:
            # What was bool, Vela names anew.
            known = {*outputs, *(f"{name}_int8" for name in outputs)}
            inputs = _names(graph.inputs_of(placed.node))
            on_cpu = any((word, name) in left for name in known) or bool(inputs and (word, inputs) in left)
            yield _judged(path, placed, ON_CPU if on_cpu else DELEGATED)


def _names(values: Iterable[Value | None]) -> tuple[str, ...]:
    return tuple(value.label or value.name for value in values if value is not None)


def _judged(path: Path, placed: Placement, theirs: str) -> Judged:
    ours = {True: SUPPORTED, False: REFUSED, None: UNKNOWN}[placed.accelerated]
    why = placed.reason.sentence if placed.reason else ""
    return Judged(path, placed.node.source.op, ours, why, theirs, "")


def _placements(model: Model, target: str) -> tuple[Placement, ...]:
    accelerator = find(target).accelerator
    assert accelerator is not None
    return place(model, accelerator)


def _said_of_model(path: Path, target: str) -> tuple[str, str]:
    """The verdict on all its operators together, and the first reason."""
    try:
        found = judge(load(path), find(target))
    except EdgelintError as error:
        return UNREAD, error.sentence
    reasons = [problem.sentence for support in found for problem in support.problems]
    verdicts = {support.supported for support in found}
    ours = REFUSED if False in verdicts else UNKNOWN if None in verdicts else SUPPORTED
    return ours, reasons[0] if reasons else ""


def _read(path: Path) -> Model | None:
    try:
        return load(path, Binding({}, batch=1))
    except EdgelintError:
        return None


def _is_compiled(model: Model) -> bool:
    return any(node.source.op == "ethos-u" for _, node in model.nodes())


def counted(judged: Iterable[Judged]) -> Counter[tuple[str, str]]:
    """How often edgelint says what, and the runtime does what."""
    return Counter((each.ours, each.theirs) for each in judged)
