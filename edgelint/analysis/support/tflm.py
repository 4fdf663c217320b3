"""Support on TFLite Micro: its operator list, the types and limits of its kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from edgelint.analysis.operands import Operand, Operands, operands
from edgelint.analysis.support.judge import Problem, Support, supported_by
from edgelint.analysis.support.limits import BY_SHAPES, binding, broken
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.printable import printable
from edgelint.targets import Target, table
from edgelint.targets.rows import Dtypes, Limit, TflmRow


def judge(model: Model, target: Target) -> tuple[Support, ...]:
    """For each node, whether TFLite Micro loads and runs it, by its table."""
    words = {node.source.op for _, node in model.nodes()}
    judge_node = _Judge(target, table.read(target.runtime.operators, words))
    found = []
    for index, graph in enumerate(model.graphs):
        for node in graph.nodes:
            problems = judge_node.problems(graph, node)
            found.append(Support(index, node, supported_by(problems), problems))
    return tuple(found)


def strays(model: Model, target: Target) -> Iterator[tuple[Graph, Problem]]:
    """The tensors of a type that the runtime has not at all and that no node touches.

    It lays out every tensor of every graph, so that one of them stops the model from loading.
    """
    refused = frozenset(table.read(target.runtime.operators, ()).sections["generic"]["refused_element_types"])
    for graph in model.graphs:
        suspects = {
            name: value
            for name, value in graph.values.items()
            if value.dtype and value.dtype.label in refused
        }
        if not suspects:
            continue
        touched = {name for node in graph.nodes for name in (*node.inputs, *node.outputs)}
        for name, value in suspects.items():
            if name not in touched and value.dtype:
                yield (
                    graph,
                    Problem(
                        "dtype",
                        f"{Operand('tensor', value)} is read by no operator, and {target.runtime.title} "
                        f"takes no {value.dtype.label} at all",
                        target.runtime.instead_of("dtype", value.dtype.label),
                    ),
                )


_Use = tuple[object, ...]
"""An operator's domain and name, how many inputs it has, and type and shape of each of its operands."""

_Typed = tuple[object, ...]
"""The same without shapes."""


def _use(graph: Graph, node: Node) -> _Use:
    get: Callable[[Any], Value | None] = graph.values.get
    values = map(get, node.inputs + node.outputs)
    kinds = [value and (value.dtype, value.shape) for value in values]
    return node.domain, node.source.op, len(node.inputs), *kinds


def _typed(graph: Graph, node: Node) -> _Typed:
    values = (*graph.inputs_of(node), *graph.outputs_of(node))
    return node.domain, node.source.op, len(node.inputs), *[value and (value.dtype,) for value in values]


class _Judge:
    """The table's rows, read once each, and the sentences made of them."""

    def __init__(self, target: Target, rows: table.Table) -> None:
        self.target = target
        self.rows = rows
        self.generic = rows.sections["generic"]
        self.refused = frozenset(self.generic["refused_element_types"])
        self.hybrids = frozenset(self.generic["hybrid_operators"])
        self.read: dict[tuple[str, str], TflmRow | None] = {}
        self.bound: dict[_Typed, tuple[Limit, ...]] = {}
        """The limits that bind an operator with operands of types that its kernel takes."""
        self.taken: set[_Use] = set()
        """What the kernels take, whatever else there is to an operator."""

    def problems(self, graph: Graph, node: Node) -> tuple[Problem, ...]:
        """Why `node` does not run; empty when it does."""
        use = _use(graph, node)
        if use in self.taken:
            return ()
        row = self._row(node)
        if row is None:
            return (self._missing(node),)
        typed = _typed(graph, node)
        limits = self.bound.get(typed)
        found = operands(graph, node, row.inputs, row.outputs)
        if limits is None:
            wrong = self._wrong_type(graph, node, found, row)
            if wrong is not None:
                # The limits of a kernel that does not take these types at all would only be echoes.
                return (wrong,)
            limits = self.bound[typed] = binding(found, row.limits, self.target.kernels)
        problems = tuple(
            Problem(
                "constraint",
                f"{_word(node)} {wrong}; {self.target.runtime.title} takes {passes}",
                self.target.runtime.instead_of("constraint", node.source.op),
            )
            for wrong, passes in broken(found, limits)
        )
        if not problems and all(limit.kind in BY_SHAPES for limit in limits):
            self.taken.add(use)
        return problems

    def _row(self, node: Node) -> TflmRow | None:
        key = (node.domain, node.source.op)
        if key not in self.read:
            self.read[key] = self._find(*key)
        return self.read[key]

    def _find(self, domain: str, word: str) -> TflmRow | None:
        if domain == "tflite.flex":
            return None
        if domain == "tflite.custom":
            custom = self.rows.custom.get(word)
            if custom is None or (word == "ethos-u" and not self.target.npu.startswith("ethos-u")):
                return None
            return TflmRow.read(word, custom)
        rows = self.rows.operators.get(word)
        return TflmRow.read(word, rows[0]) if rows else None

    def _missing(self, node: Node) -> Problem:
        word, title = _word(node), self.target.runtime.title
        if node.domain == "tflite.flex":
            return Problem(
                "flex",
                f"{word} is a TensorFlow operator (Flex); {title} has none",
                self.target.runtime.instead_of("flex", node.source.op),
            )
        if node.domain == "tflite.custom":
            return Problem(
                "custom",
                f"{word} is a custom operator that {title} does not bring along",
                self.target.runtime.instead_of("custom", node.source.op),
            )
        return Problem(
            "operator", f"{title} has no {word}", self.target.runtime.instead_of("operator", node.source.op)
        )

    def _wrong_type(self, graph: Graph, node: Node, found: Operands, row: TflmRow) -> Problem | None:
        for value in (*graph.inputs_of(node), *graph.outputs_of(node)):
            if value is not None and value.dtype is not None and value.dtype.label in self.refused:
                operand = Operand("operand", value)
                return self._dtype_problem(node, operand, f"no {operand.label} at all")
        for role, taken in row.others.items():
            for operand in found.of(role):
                if not _takes(taken, operand):
                    return self._dtype_problem(node, operand, _listed(taken) + " there")
        misses = []
        for each in row.dtype_sets:
            missed = [operand for operand in found.every if not _takes(each.get(operand.role), operand)]
            if not missed:
                return None
            misses.append(missed)
        if not misses:
            return None
        return self._closest_miss(node, found, row, misses)

    def _closest_miss(
        self, node: Node, found: Operands, row: TflmRow, misses: list[list[Operand]]
    ) -> Problem:
        """The problem with the combination that fits best, the first operand's type before all."""
        lead = next((operand for operand in found.every if not operand.is_output), found.every[0])
        lead = found.first("input") or lead
        best = min(range(len(misses)), key=lambda place: (lead in misses[place], len(misses[place])))
        operand = misses[best][0]
        if operand is lead:
            accepted = {label for each in row.dtype_sets for label in each.get(lead.role) or ()}
            return self._dtype_problem(node, operand, _listed(frozenset(accepted)))
        weights_only = lead.value.dtype is not None and lead.value.dtype.is_float
        if weights_only and node.source.op in self.hybrids and _is_integer(operand):
            return Problem(
                "hybrid",
                f"{_word(node)} has {operand} with {lead}; {self.target.runtime.title} "
                "takes integer weights only with integer activations",
                self.target.runtime.instead_of("dtype", "hybrid"),
            )
        taken = row.dtype_sets[best].get(operand.role)
        return self._dtype_problem(node, operand, f"{_listed(taken)} there with {lead.label} {lead.role}")

    def _dtype_problem(self, node: Node, operand: Operand, taken: str) -> Problem:
        return Problem(
            "dtype",
            f"{_word(node)} has {operand}; {self.target.runtime.title} takes {taken}",
            self.target.runtime.instead_of("dtype", operand.label),
        )


def _takes(taken: Dtypes, operand: Operand) -> bool:
    """Whether `taken` has the operand's type; an unknown type is not held against it."""
    return taken is None or not operand.label or operand.label in taken


def _is_integer(operand: Operand) -> bool:
    return operand.value.dtype is not None and operand.value.dtype.is_integer


def _listed(labels: Dtypes) -> str:
    """`float32, int8 or int16`, floats first and then by width."""
    if labels is None:
        return "any type"
    ordered = sorted(labels, key=lambda label: (not label.startswith("float"), len(label), label))
    return " or ".join(filter(None, (", ".join(ordered[:-1]), ordered[-1]))) if ordered else "nothing"


def _word(node: Node) -> str:
    return printable(node.source.op)
