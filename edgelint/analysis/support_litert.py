"""Support in LiteRT on a CPU: its builtin operators and their versions."""

from __future__ import annotations

from collections.abc import Mapping

from edgelint.analysis.operands import Operand
from edgelint.analysis.support import Problem, Support, supported_by
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.printable import printable
from edgelint.targets import Target, table
from edgelint.targets.replacement import instead_of
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
            problems = tuple(_problems(graph, node, read.get(node.source.op), target.runtime.title))
            found.append(Support(index, node, supported_by(problems), problems))
    return tuple(found)


def _problems(graph: Graph, node: Node, row: LitertRow | None, title: str) -> list[Problem]:
    word = printable(node.source.op)
    if node.domain == "tflite.flex":
        sentence = f"{word} is a TensorFlow operator: {title} runs it only with the Flex delegate"
        return [Problem("flex", sentence, instead_of("litert", "flex", node.source.op), certain=False)]
    if node.domain == "tflite.custom":
        sentence = f"{word} is a custom operator that {title} does not bring along"
        return [Problem("custom", sentence, instead_of("litert", "custom", node.source.op))]
    if row is None or not row.supported:
        return [
            Problem("operator", f"{title} has no {word}", instead_of("litert", "operator", node.source.op))
        ]
    version = node.source.version
    if version is not None and version > row.max_version:
        sentence = f"{word} is of version {version}; {title} runs versions up to {row.max_version}"
        return [Problem("version", sentence, instead_of("litert", "version", node.source.op))]
    refused = _refused(graph, node, row, word, title)
    if refused is not None:
        return [refused]
    return [
        *_types(graph.inputs_of(node), row.inputs, word, title),
        *_types(graph.outputs_of(node), row.outputs, word, title),
    ]


def _refused(graph: Graph, node: Node, row: LitertRow, word: str, title: str) -> Problem | None:
    given = {
        role: Operand(role, value)
        for role, value in zip(row.inputs, graph.inputs_of(node), strict=False)
        if value is not None
    }
    for combination in row.refused:
        if all(role in given and given[role].label in labels for role, labels in combination.items()):
            operands = " with ".join(str(given[role]) for role in combination)
            sentence = f"{word} has {operands}; {title} takes one type for both"
            return Problem("dtype", sentence, instead_of("litert", "dtype", ""))
    return None


def _types(
    values: tuple[Value | None, ...], taken: Mapping[str, frozenset[str]], word: str, title: str
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
        sentence = f"{word} has {Operand(role, value)}; the converter of {title} emits {accepted} there"
        found.append(
            Problem("dtype", sentence, instead_of("litert", "dtype", value.dtype.label), certain=False)
        )
    return found
