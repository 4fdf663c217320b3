"""Support in LiteRT on a CPU: its builtin operators and their versions."""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.analysis.operands import Operand, operands
from edgelint.analysis.support.judge import Problem, Support, supported_by
from edgelint.analysis.support.limits import binding, broken
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.printable import printable
from edgelint.targets import Runtime, Target, table
from edgelint.targets.rows import LitertRow

VARIADIC = frozenset({"values", "inputs"})
"""Operand names that stand for any number of operands."""


def judge(model: Model, target: Target) -> tuple[Support, ...]:
    """For each node, whether LiteRT's interpreter with its builtin operators runs it."""
    words = {node.source.op for _, node in model.nodes()}
    rows = table.read(target.runtime.operators, words)
    read = {word: LitertRow.read(word, row[0]) for word, row in rows.operators.items()}
    builtin_customs = frozenset(rows.header["custom_ops_builtin"])
    found = []
    for index, graph in enumerate(model.graphs):
        for node in graph.nodes:
            if node.domain.startswith("tflite.") and node.source.op in builtin_customs:
                found.append(Support(index, node, True))
                continue
            problems = tuple(_problems(graph, node, read.get(node.source.op), target.runtime))
            found.append(Support(index, node, supported_by(problems), problems))
    return tuple(found)


def _problems(graph: Graph, node: Node, row: LitertRow | None, runtime: Runtime) -> list[Problem]:
    word = printable(node.source.op)
    if node.domain == "tflite.flex":
        sentence = f"{word} is a TensorFlow operator: {runtime.title} runs it only with the Flex delegate"
        return [Problem("flex", sentence, runtime.instead_of("flex", node.source.op), certain=False)]
    if node.domain == "tflite.custom":
        sentence = f"{word} is a custom operator that {runtime.title} does not bring along"
        return [Problem("custom", sentence, runtime.instead_of("custom", node.source.op))]
    if row is None or not row.supported:
        return [
            Problem(
                "operator", f"{runtime.title} has no {word}", runtime.instead_of("operator", node.source.op)
            )
        ]
    version = node.source.version
    if version is not None and version > row.max_version:
        sentence = f"{word} is of version {version}; {runtime.title} runs versions up to {row.max_version}"
        return [Problem("version", sentence, runtime.instead_of("version", node.source.op))]
    refused = _refused(graph, node, row, word, runtime)
    if refused is not None:
        return [refused]
    given = operands(graph, node, _roles(row.inputs), _roles(row.outputs))
    limits = [
        Problem(
            "constraint",
            f"{word} {wrong}; {runtime.title} takes {passes}",
            runtime.instead_of("constraint", node.source.op),
        )
        for wrong, passes in broken(given, binding(given, row.limits, ""))
    ]
    return limits or [
        *_types(graph.inputs_of(node), row.inputs, word, runtime),
        *_types(graph.outputs_of(node), row.outputs, word, runtime),
    ]


def _roles(taken: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The operand names by position, as `operands` takes them."""
    return tuple(f"{role}..." if role in VARIADIC else role for role in taken)


def _refused(graph: Graph, node: Node, row: LitertRow, word: str, runtime: Runtime) -> Problem | None:
    found = operands(graph, node, _roles(row.inputs), _roles(row.outputs))
    given = {operand.role: operand for operand in reversed(found.every)}
    for combination in row.refused:
        if all(role in given and given[role].label in labels for role, labels in combination.items()):
            mixed = " with ".join(str(given[role]) for role in combination)
            none = f"no {given[next(iter(combination))].label} there"
            passes = "one type for both" if len(combination) > 1 else none
            sentence = f"{word} has {mixed}; {runtime.title} takes {passes}"
            return Problem("dtype", sentence, runtime.instead_of("dtype", ""))
    return None


def _types(
    values: tuple[Value | None, ...], taken: Mapping[str, frozenset[str]], word: str, runtime: Runtime
) -> list[Problem]:
    """The types that the converter would not emit here; nothing where operands can't be told apart."""
    roles = list(taken)
    if len(roles) == 1 and roles[0] in VARIADIC:
        roles *= len(values)
    if len(roles) < len(values):
        return []
    found = []
    for role, value in zip(roles, values, strict=False):
        if value is None or value.dtype is None or value.dtype.label in taken[role]:
            continue
        accepted = ", ".join(sorted(taken[role]))
        sentence = (
            f"{word} has {Operand(role, value)}; the converter of {runtime.title} emits {accepted} there"
        )
        found.append(
            Problem("dtype", sentence, runtime.instead_of("dtype", value.dtype.label), certain=False)
        )
    return found
