"""From a judged model to its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from edgelint.analysis.figure import Basis
from edgelint.context import Context
from edgelint.deferred import replace
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.ir.operators import Family, describe
from edgelint.layout import layout
from edgelint.picture import INPUT, NODE, OUTPUT, Box, Edge, Mark, Picture, Sheet, View, Wire
from edgelint.picture.change import Change
from edgelint.picture.facts import Facts, facts_of
from edgelint.picture.histograms import histograms
from edgelint.picture.links import links
from edgelint.picture.scopes import outlines
from edgelint.picture.text import cut, label, line_width, title_width
from edgelint.printable import printable, short
from edgelint.quantity import show_bytes, show_count
from edgelint.report import Report
from edgelint.rule import registry

TITLE_HEIGHT, LINE_HEIGHT, PADDING = 22.0, 15.0, 8.0
"""Pixels: of a box's title, of each line below it, and left and right of both."""

NARROWEST = 70.0
"""Pixels of the narrowest box."""

MOST_LINES = 4
"""Tensors that are listed in a box."""

MOST_ATTRIBUTES = 40
"""Attributes of a node that the sidebar lists."""

MOST_PLACES = 100
"""Nodes that a finding may mean where graphs and nodes of a file share their names."""

_SEVERITIES = ("error", "warning", "note")


MOST_NAME, MOST_TENSOR_NAME = 300, 1000
"""Characters of a node's and of a tensor's name that are kept; other viewers find nodes by their tensors."""


def draw(
    context: Context, report: Report, changes: Mapping[int, Change] | None = None, *, weights: bool = False
) -> Picture:
    """The picture of `context.model`, and of what it becomes on the target where that is another graph.

    changes: what became of nodes since another model, by their `id`. weights: whether to read the numbers
    of constants, if the context allows it.
    """
    models = [("source", "in the file", context.model)]
    if context.deployment is not None and context.deployment is not context.model:
        runtime = context.target.runtime.title if context.target else ""
        models.append(("deployment", f"as {runtime} runs it", context.deployment))
    marks = _marks(report, [model for _, _, model in models])
    views = tuple(
        View(name, title, tuple(_sheets(model, facts_of(context, model), marks, number, changes or {})))
        for number, (name, title, model) in enumerate(models)
    )
    if weights and context.read_weights is not False:
        views = (_with_constants(views[0], context.model), *views[1:])
    return Picture(
        path=printable(report.path, 1000),
        format=report.format or "",
        target=report.target or "",
        verdict=report.verdict if report.target else "",
        totals=tuple(_totals(report)),
        views=views,
        findings=marks,
        budget=report.ram_limit,
        links=links(models[0][2], models[1][2]) if len(models) > 1 else {},
        notes=tuple(printable(each, 400) for each in (*report.assumptions, *report.unknowns)),
        rules=_documentation(marks),
    )


def _with_constants(view: View, model: Model) -> View:
    """`view` with how the numbers of its constants are spread."""
    sheets = zip(view.sheets, histograms(model), strict=True)
    return replace(view, sheets=tuple(replace(sheet, constants=found) for sheet, found in sheets))


def _documentation(marks: Sequence[Mark]) -> dict[str, str]:
    rules = registry() if marks else {}
    return {
        code: rules[code].documentation() for code in sorted({mark.code for mark in marks}) if code in rules
    }


def _marks(report: Report, models: Sequence[Model]) -> tuple[Mark, ...]:
    """The findings, each with every place that it may mean; rules name nodes by graph, name and index."""
    places: dict[tuple[str, str, int], list[tuple[int, int, int]]] = {}
    for view, model in enumerate(models):
        for sheet, graph in enumerate(model.graphs):
            for box, node in enumerate(graph.nodes):
                key = (graph.name, node.name, node.source.index)
                places.setdefault(key, []).append((view, sheet, box))
    found = []
    for finding in report.findings:
        at = finding.location
        found.append(
            Mark(
                code=finding.code,
                rule=finding.rule,
                severity=finding.severity.value,
                message=printable(finding.message, 600),
                hint=printable(finding.hint, 600),
                node=short(at.node),
                places=tuple(places.get((at.graph, at.node, at.index), ())[:MOST_PLACES]) if at.op else (),
            )
        )
    return tuple(found)


def _sheets(
    model: Model, facts: Facts, marks: Sequence[Mark], view: int, changes: Mapping[int, Change]
) -> Iterator[Sheet]:
    at: dict[int, dict[int, list[int]]] = {}
    for number, mark in enumerate(marks):
        for where, sheet, box in mark.places:
            if where == view:
                at.setdefault(sheet, {}).setdefault(box, []).append(number)
    for number, graph in enumerate(model.graphs):
        yield _sheet(graph, number, facts, marks, at.get(number, {}), changes)


def _sheet(
    graph: Graph,
    number: int,
    facts: Facts,
    marks: Sequence[Mark],
    found: Mapping[int, Sequence[int]],
    changes: Mapping[int, Change],
) -> Sheet:
    wires = {name: place for place, name in enumerate(graph.values)}
    boxes = []
    for place, node in enumerate(graph.nodes):
        numbers = tuple(found.get(place, ()))
        box = _box(graph, node, facts, (number, place), wires)
        change = changes.get(id(node), Change())
        boxes.append(
            replace(
                box,
                worst=_worst(marks, numbers),
                findings=numbers,
                change=change.kind,
                changes=change.fields,
            )
        )
    inputs = [name for name in graph.inputs if not _is_constant(graph, name)]
    ends = {name: len(boxes) + place for place, name in enumerate(inputs)}
    boxes += [_end(graph, name, INPUT, wires) for name in inputs]
    edges = list(_edges(graph, wires, ends))
    for name in graph.outputs:
        source = graph.producers.get(name, ends.get(name))
        if source is not None:
            edges.append(Edge(source, len(boxes), wires.get(name, -1)))
        boxes.append(_end(graph, name, OUTPUT, wires))
    drawing = layout(
        [(box.width, box.height) for box in boxes], [(edge.source, edge.reader) for edge in edges]
    )
    memory = facts.memory(number)
    return Sheet(
        name=printable(graph.name),
        boxes=tuple(boxes),
        edges=tuple(edges),
        wires=tuple(_wires(graph)),
        layout=drawing,
        memory=memory,
        outlines=outlines(boxes, drawing),
    )


def _is_constant(graph: Graph, name: str) -> bool:
    """Whether a graph input has a stored default, as every weight had in old ONNX files."""
    value = graph.value(name)
    return value is not None and value.is_constant


def _edges(graph: Graph, wires: Mapping[str, int], ends: Mapping[str, int]) -> Iterator[Edge]:
    for place, node in enumerate(graph.nodes):
        for name in dict.fromkeys(filter(None, node.inputs)):
            source = graph.producers.get(name, ends.get(name))
            if source is not None:
                yield Edge(source, place, wires.get(name, -1))


def _worst(marks: Sequence[Mark], numbers: Sequence[int]) -> str:
    return min((marks[number].severity for number in numbers), key=_SEVERITIES.index, default="")


def _box(graph: Graph, node: Node, facts: Facts, at: tuple[int, int], wires: Mapping[str, int]) -> Box:
    title = printable(node.source.op, 60)
    if node.activation and node.activation.lower() not in title.lower():
        title += f" + {printable(node.activation, 30)}"
    lines = [label(printable(node.name, MOST_NAME))] if node.name else []
    lines += [cut(line) for line in islice(_constants(graph, node), MOST_LINES)]
    outputs = graph.outputs_of(node)
    first = outputs[0] if outputs else None
    known = describe(node.op, node.domain)
    cost = facts.cost(*at)
    return Box(
        kind=NODE,
        place=at[1],
        title=cut(title),
        name=printable(node.name, MOST_NAME),
        family=known.family.value if known else "other",
        lines=tuple(lines),
        width=_width(cut(title), lines),
        height=_height(lines),
        macs=cost.macs.value if cost else None,
        live_bytes=cost.live_bytes.value if cost else None,
        output_bytes=cost.output_bytes if cost else None,
        weight_bytes=cost.weights_bytes if cost else 0,
        dtype=first.dtype.label if first is not None and first.dtype else "",
        runs_on=facts.runs_on(*at),
        attributes=tuple(_attributes(node)),
        inputs=tuple(wires.get(name, -1) if name else -1 for name in node.inputs),
        outputs=tuple(wires.get(name, -1) if name else -1 for name in node.outputs),
        subgraphs=tuple(node.subgraphs.values()),
    )


def _constants(graph: Graph, node: Node) -> Iterator[str]:
    """The stored inputs of a node, by the role they play where that is the same in all formats."""
    known = describe(node.op, node.domain)
    roles = _ROLES if known is not None and known.family in _WEIGHTED else ()
    for place, value in enumerate(graph.inputs_of(node)):
        if value is not None and value.is_constant:
            role = roles[place] if place < len(roles) else ""
            yield f"{role or _last_word(value)} {_type(value)}"


_WEIGHTED = (Family.CONVOLUTION, Family.MATMUL)
_ROLES = ("", "weights", "bias")


def _end(graph: Graph, name: str, kind: str, wires: Mapping[str, int]) -> Box:
    value = graph.value(name)
    lines = [cut(printable(name)), cut(_type(value))] if value else [cut(printable(name))]
    ports = (wires[name],) if name in wires else ()
    return Box(
        kind=kind,
        place=-1,
        title=kind,
        name=printable(name),
        family=kind,
        lines=tuple(lines),
        width=_width(kind, lines),
        height=_height(lines),
        dtype=value.dtype.label if value and value.dtype else "",
        inputs=ports if kind == OUTPUT else (),
        outputs=ports if kind == INPUT else (),
    )


def _width(title: str, lines: Sequence[str]) -> float:
    widest = max(title_width(title), *map(line_width, lines), 0.0)
    return float(round(max(widest + 2 * PADDING, NARROWEST)))


def _height(lines: Sequence[str]) -> float:
    return TITLE_HEIGHT + (LINE_HEIGHT * len(lines) + 4.0 if lines else 0.0)


def _wires(graph: Graph) -> Iterator[Wire]:
    """The values, each with the steps of its life; 0 is the first node's."""
    last = len(graph.nodes) - 1
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    for name, value in graph.values.items():
        readers = graph.readers.get(name, ())
        born = graph.producers.get(name, 0)
        dies = last if name in outputs or value.is_variable else max(readers, default=born)
        elements = value.elements
        size = None if elements is None or value.dtype is None else value.dtype.nbytes(elements)
        alive = name in graph.producers or name in inputs
        kind = "constant" if value.is_constant else "variable" if value.is_variable else ""
        yield Wire(
            name=printable(value.label or name, MOST_TENSOR_NAME),
            type=_type(value),
            bytes=value.tensor.nbytes if value.tensor else size,
            quantization=_quantization(value),
            kind=kind,
            first=born if alive else -1,
            last=dies if alive else -1,
        )


def _type(value: Value | None) -> str:
    if value is None:
        return ""
    dtype = value.dtype.label if value.dtype else "?"
    if value.shape is None:
        return f"{dtype}[rank unknown]"
    return f"{dtype}[{','.join('?' if dim is None else printable(str(dim), 24) for dim in value.shape)}]"


def _last_word(value: Value) -> str:
    """The last part of a constant's name: "kernel" of "model/conv_1/kernel"."""
    name = printable(value.label or value.name, 200)
    return name.rstrip("/").rpartition("/")[2].rpartition(".")[2][:24] or "constant"


def _quantization(value: Value) -> str:
    found = value.quantization
    if found is None or not found.scale:
        return ""
    if not found.calibrated:
        return "quantized, scale not known"
    zero = found.zero_point[0] if found.zero_point else 0
    if found.is_per_channel:
        least, most = min(found.scale), max(found.scale)
        return f"{len(found.scale)} scales along axis {found.axis}, {least:.4g} to {most:.4g}"
    return f"scale {found.scale[0]:.6g}, zero point {zero}"


def _attributes(node: Node) -> Iterator[tuple[str, str]]:
    for name, value in list(node.attributes.items())[:MOST_ATTRIBUTES]:
        yield printable(name, 60), _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value[:16])) + (", …" if len(value) > 16 else "")
    else:
        text = str(value) if isinstance(value, (int, float, str, bool)) else type(value).__name__
    return printable(text)


def _totals(report: Report) -> Iterator[tuple[str, str, str]]:
    profile = report.profile
    if profile is None:
        return
    if report.target is not None:
        arena, flash = profile.arena_bytes, profile.flash_bytes
        need = arena.minimum if arena.minimum is not None else arena.value
        yield "RAM (arena)", _against(need, report.ram_limit, arena.basis), arena.basis.value
        yield "flash", _against(flash.value, report.flash_limit, flash.basis), flash.basis.value
    peak, macs = profile.peak_activation_bytes, profile.macs
    yield "peak activation", _against(peak.value, None, peak.basis), peak.basis.value
    work = "unknown" if macs.value is None else show_count(macs.value)
    yield "MACs", ("at least " if macs.basis is Basis.BOUND else "") + work, macs.basis.value
    yield "parameters", show_count(profile.parameters), Basis.EXACT.value
    yield "model file", show_bytes(profile.model_bytes), Basis.EXACT.value


def _against(need: int | None, limit: int | None, basis: Basis) -> str:
    if need is None:
        return "unknown"
    bound = "at least " if basis is Basis.BOUND else ""
    return bound + show_bytes(need) + (f" of {show_bytes(limit)}" if limit is not None else "")
