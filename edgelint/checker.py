"""One model against one target: load, judge, collect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.analysis.figure import Basis, Figure
from edgelint.analysis.own_limits import Limits, measured
from edgelint.aside import aside
from edgelint.bounds import Allowance
from edgelint.context import Context
from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.findings import came_to_an_end, regraded, told
from edgelint.ir.model import Model
from edgelint.loaders import TITLES, Binding, batch_axis, load
from edgelint.quantity import show_bytes
from edgelint.report import (
    ArenaFigure,
    ArenaPlan,
    FlashFigure,
    NodeRow,
    OperatorUse,
    Profile,
    Report,
)
from edgelint.rule import Severity, registry
from edgelint.targets import Target
from edgelint.verdict import reasons_of, verdict

if TYPE_CHECKING:
    from edgelint.analysis.weights.reading import Weights
    from edgelint.record import Record

INLINE_KEY = "edgelint.ignore"
"""The metadata key under which a model may ask to be silent about findings: "EL214:conv_1;EL305"."""

LONGEST_INLINE = 64 * 1024
"""Characters of it that are looked at."""


WEIGHT_RULES = "EL6"
"""What the codes of rules that read weights begin with."""


@dataclass(frozen=True)
class Settings:
    """What to check and how.

    targets: none means a check without a target. select, ignore: rule codes; select None means all.
    dims: sizes for symbolic dims. ram, flash: bytes that replace the target's own budgets.
    macs: multiply-accumulates that one inference may take.
    parameters: how many the model may have. arena: bytes, a limit apart from the RAM.
    growth: figure to percent beyond what `record` has of the model; figures are those of `Limits`.
    by_target: target to what of these settings is different for it.
    reserve: bytes of RAM that are left for the application.
    quantize: a quantization to be tried on float models, one of `requantize.SCHEMES`.
    options: rule code to the thresholds that the user has moved.
    severities: rule code to the severity that the user gives its findings; the verdict is not changed.
    weights: whether to read the numbers of weights; None leaves that to their size.
    rules: False for `inspect`.
    """

    targets: tuple[Target, ...] = ()
    task: str = "auto"
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    dims: Mapping[str, int] = field(default_factory=dict)
    ram: int | None = None
    flash: int | None = None
    macs: int | None = None
    parameters: int | None = None
    arena: int | None = None
    growth: Mapping[str, float] = field(default_factory=dict)
    record: Record | None = None
    by_target: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reserve: int = 0
    quantize: str | None = None
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    weights: bool | None = None
    rules: bool = True

    def at(self, target: Target) -> Settings:
        """These settings as they are for `target`."""
        own = self.by_target.get(target.name)
        return replace(self, **own) if own else self

    def limits(self, model: Model, target: Target | None) -> Limits:
        """The limits of these settings for `model` on `target`."""
        if not self.growth or self.record is None:
            return Limits(self.parameters, self.arena)
        entry = self.record.entry(model.path, target.name if target else None)
        return Limits(self.parameters, self.arena, self.growth, str(self.record.path), entry)

    def budgeted(self, target: Target) -> Target:
        """`target` with the budgets of these settings: what they leave for the model."""
        ram = target.ram if self.ram is None else self.ram
        return replace(
            target,
            ram=None if ram is None else max(ram - self.reserve, 0),
            flash=target.flash if self.flash is None else self.flash,
            macs=target.macs if self.macs is None else self.macs,
            reserve=self.reserve,
            typical=target.typical and (self.ram is None or self.flash is None),
        )

    def assumptions(self, target: Target) -> Iterator[str]:
        """What these settings take for granted about `target`, a sentence each, for the report."""
        ram = target.ram if self.ram is None else self.ram
        if self.reserve and ram is not None:
            yield f"{show_bytes(self.reserve)} of {show_bytes(ram)} RAM reserved for the application"
        elif self.reserve:
            yield f"nothing reserved for the application: {target.name} sets no limit to RAM"
        if target.accelerator and target.runtime.memory_model:
            yield (
                f"arena and flash as the file is, before {target.accelerator.tool} moves work to {target.npu}"
            )
        elif target.npu and target.runtime.formats and not target.accelerator:
            yield f"judged for {target.core} alone, without what {target.npu} could take over"


def check_file(path: Path, settings: Settings) -> list[Report]:
    """One report per target for the model in `path`; exactly one when it cannot be read.

    Raises nothing for a bad file: it becomes a report with `error`.
    """
    try:
        return [report for _, report in judged(path, settings)]
    except EdgelintError as error:
        return [Report(path=str(path), error=error)]


def check_model(model: Model, target: Target | None, settings: Settings) -> Report:
    """The report on a model that is already loaded, for one target."""
    return _judge(_context(model, target, settings), settings)


def judged(path: Path, settings: Settings) -> Iterator[tuple[Context, Report]]:
    """For each target, what there is to know about the model in `path` and the report on it.

    Raises EdgelintError when it cannot be read.
    """
    allowance = Allowance(path)
    with allowance:
        free = load(path, Binding(settings.dims))
    if not settings.targets:
        with allowance:
            context = _context(free, None, settings)
            report = _judge(context, settings)
        yield context, report
        return
    fixed: Model | None = None
    read: dict[int, Weights] = {}
    for target in settings.targets:
        model = free
        own = settings.at(target)
        assumptions = list(own.assumptions(target))
        with allowance:
            if target.microcontroller and _has_free_batch(free):
                fixed = fixed or _with_batch_of_one(path, free, settings)
                model = fixed
                if model is not free:
                    assumptions.insert(0, "batch = 1, as on a microcontroller")
            context = _context(model, own.budgeted(target), own)
            # The weights are the same for all targets: they are read once.
            context.weights = read.setdefault(id(model), context.weights)
            report = _judge(context, settings)
        yield context, replace(report, assumptions=(*report.assumptions, *assumptions))
        allowance = Allowance(path)


def _context(model: Model, target: Target | None, settings: Settings) -> Context:
    return Context(
        model,
        target,
        settings.task,
        settings.quantize,
        settings.options,
        settings.weights,
        settings.limits(model, target),
    )


def _judge(context: Context, settings: Settings) -> Report:
    model, target = context.model, context.target
    selected = _selected(settings)
    weighs = _weighs(selected)
    if weighs:
        context.weights.begin()
    every = settings.rules and settings.select is None
    with aside():
        findings = told(context, selected, settings.ignore, every=every)
    speaking = {finding.code for finding in findings}
    found_unreadable = any(getattr(registry()[code], "unreadable", False) for code in speaking)
    report = Report(
        path=str(model.path),
        format=model.format,
        target=target.name if target else None,
        runtime=target.runtime.name if target else None,
        profile=_profile(context),
        operators=_operators(context),
        findings=findings,
        rules=came_to_an_end(selected, findings),
        nodes=() if settings.rules else _node_rows(context),
        plan=None if settings.rules else _plan(context),
        assumptions=_assumptions(context),
        unknowns=(*_unknowns(context), *(context.weights.remarks if weighs else ())),
        ram_limit=target.ram if target else None,
        flash_limit=target.flash if target else None,
        budget_note="typical budget" if target and target.typical else "",
        measured=measured(context),
        unreadable=found_unreadable,
        inline=_inline(model),
    )
    report = replace(report, reasons=reasons_of(report))
    findings = regraded(report.findings, settings.severities)
    return replace(report, verdict=verdict(report, context), findings=findings)


def _plan(context: Context) -> ArenaPlan | None:
    """The arena over time, which only `inspect` shows."""
    from edgelint.plan import arena_plan

    return arena_plan(context)


def _with_batch_of_one(path: Path, free: Model, settings: Settings) -> Model:
    """The model with its free batch fixed to 1; as it is where its operators do not allow that."""
    try:
        return load(path, Binding(settings.dims, batch=1))
    except EdgelintError:
        return free


def _has_free_batch(model: Model) -> bool:
    inputs = (model.main.value(name) for name in model.main.inputs)
    return any(batch_axis(value.shape) is not None for value in inputs if value)


def reads_weights(settings: Settings) -> bool:
    """Whether any rule about weights is to run."""
    return _weighs(_selected(settings))


def _weighs(selected: tuple[str, ...]) -> bool:
    return any(code.startswith(WEIGHT_RULES) for code in selected)


def _selected(settings: Settings) -> tuple[str, ...]:
    """The codes of the rules to run, in code order."""
    if not settings.rules:
        return ()
    chosen = registry().keys() if settings.select is None else settings.select
    return tuple(code for code in registry() if code in chosen and code not in settings.ignore)


def _inline(model: Model) -> str:
    """What the file asks to be silent about; heard only where the user allows it."""
    storage = model.metadata_buffers.get(INLINE_KEY)
    if storage is None:
        return model.metadata.get(INLINE_KEY, "")[:LONGEST_INLINE]
    try:
        return storage.read()[:LONGEST_INLINE].decode("utf-8", "replace")
    except EdgelintError:
        return ""


def _profile(context: Context) -> Profile:
    cost, memory = context.cost, context.memory
    arena, flash = memory.arena, memory.flash
    sure = _unchanged
    if context.target is not None and context.deployment is None:
        sure = partial(_predicted, reason="of the graph before conversion")
    elif context.lowered is not None:
        sure = partial(_predicted, reason="after conversion")
    elif context.network is not context.model:
        sure = partial(_predicted, reason=f"after quantizing to {context.quantize}")
    return Profile(
        parameters=context.stored.parameters,
        model_bytes=context.model.file_bytes,
        weights_bytes=context.stored.weights_bytes,
        macs=sure(cost.macs),
        element_ops=sure(cost.element_ops),
        peak_activation_bytes=sure(cost.peak_activation),
        arena_bytes=ArenaFigure(
            arena.value, arena.basis, arena.head, arena.tail, arena.minimum, arena.reason
        ),
        flash_bytes=FlashFigure(
            flash.value, flash.basis, flash.model, flash.runtime, flash.kernels, flash.reason
        ),
    )


def _unchanged(figure: Figure) -> Figure:
    return figure


def _predicted(figure: Figure, reason: str) -> Figure:
    """A figure of a graph that stands in for one nobody has seen yet."""
    if figure.basis is not Basis.EXACT:
        return figure
    return replace(figure, basis=Basis.PREDICTED, reason=figure.reason or reason)


def _operators(context: Context) -> tuple[OperatorUse, ...]:
    """Uses per operator in order of first use; refused when any use is, unknown when any is."""
    counts: Counter[str] = Counter(node.source.op for _, node in context.network.nodes())
    verdicts: dict[str, set[bool | None]] = {op: set() for op in counts}
    for judged in context.support:
        verdicts[judged.node.source.op].add(judged.supported)
    return tuple(OperatorUse(op, count, _joint(verdicts[op])) for op, count in counts.items())


def _joint(verdicts: set[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return True if verdicts == {True} else None


def _node_rows(context: Context) -> tuple[NodeRow, ...]:
    graphs = context.network.graphs
    rows = []
    for cost in context.cost.nodes:
        graph, node = graphs[cost.graph], cost.node
        outputs = graph.outputs_of(node)
        first = outputs[0] if outputs else None
        rows.append(
            NodeRow(
                graph=graph.name,
                index=node.source.index,
                name=node.name,
                op=node.op,
                source_op=node.source.op,
                inputs=node.inputs,
                outputs=node.outputs,
                output_shapes=tuple(value.shape if value else None for value in outputs),
                dtype=first.dtype.label if first and first.dtype else None,
                parameters=cost.parameters,
                macs=cost.macs.value,
                live_bytes=cost.live_bytes.value,
            )
        )
    return tuple(rows)


def _assumptions(context: Context) -> tuple[str, ...]:
    asked = context.quantization
    said = (asked.assumed, asked.remark if asked.certain else "") if asked else ()
    converted = context.lowered.assumptions if context.lowered and context.lowered.model else ()
    return (*filter(None, said), *converted)


def _unknowns(context: Context) -> tuple[str, ...]:
    unknowns = list(context.model.unknowns)
    if context.quantization and not context.quantization.certain:
        unknowns.append(context.quantization.remark)
    target = context.target
    if target is not None and not target.runtime.formats:
        unknowns.append(
            f"models for {target.name} are built by {target.runtime.title}, which edgelint does not know: "
            "operators, RAM and flash are not judged"
        )
    elif target is not None and context.deployment is None and not context.quantization:
        takes = " or ".join(TITLES[name] for name in target.runtime.formats)
        unknowns.append(
            f"{target.runtime.title} takes {takes}, and what a converter makes of this file is not "
            f"predicted{_why_not(context)}: convert it, then check the result for operators, arena and flash"
        )
    return tuple(unknowns)


def _why_not(context: Context) -> str:
    """The nodes whose conversion is not known, and why, in brackets."""
    found = context.lowered.unconvertible if context.lowered else ()
    named = [
        f"{each.node.source.op} {each.node.name!r} {each.reason}" if each.node else each.reason
        for each in found
    ]
    more = f"; and {len(named) - 2} more" if len(named) > 2 else ""
    return f" ({'; '.join(named[:2])}{more})" if named else ""
