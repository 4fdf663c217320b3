"""Support by a table alone: every constraint of its rows, held against each node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgelint.analysis.constraints import dtypes
from edgelint.analysis.constraints.conditions import bound, broken
from edgelint.analysis.constraints.folding import folded, vanishes
from edgelint.analysis.constraints.generic import GENERIC, broken_everywhere
from edgelint.analysis.constraints.use import Use
from edgelint.analysis.support.judge import Kind, Problem, Support, supported_by
from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.ir.model import Graph, Model, Node
from edgelint.printable import printable
from edgelint.targets import Target, schema, table
from edgelint.targets.table import OwnTable, Row, Table, TableName

TYPE_KEYS = frozenset(dtypes.CHECKS)
"""Constraints on element types: where one is broken, the others would only be echoes."""


TYPE_RULES = frozenset(
    ["dtypes", "feature_map_dtypes", "activation_dtypes", "weights_dtypes", "weight_dtypes"]
)
"""The like among a table's rules for all operators."""


def judge(model: Model, target: Target) -> tuple[Support, ...]:
    """For each node, whether the runtime of `target` takes it, as far as its table knows."""
    runtime = target.runtime
    judge_node = TableJudge(runtime.table_for(model.format), runtime.title, model)
    found = []
    for index, graph in enumerate(model.graphs):
        for node in graph.nodes:
            verdict = judge_node.verdict(graph, node)
            problems = tuple(
                Problem(kind, sentence, runtime.instead_of(kind, node.source.op, model.format))
                for kind, sentence in verdict.problems
            )
            supported = None if verdict.taken is None else supported_by(problems)
            found.append(Support(index, node, supported, problems))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table says to one node.

    taken: None where the table is known to be incomplete in this. problems: kind and sentence of
    each reason why it is refused; none where `taken` is not False.
    """

    taken: bool | None
    problems: tuple[tuple[Kind, str], ...] = ()


class TableJudge:
    """One table's rows for the operators of one model.

    title: as sentences name what the table is about.
    """

    def __init__(self, name: TableName, title: str, model: Model) -> None:
        words = {_key(node, model.format) for _, node in model.nodes()}
        self.title = title
        self.is_own = isinstance(name, OwnTable)
        self.model = model
        self.format = model.format
        self.folded: dict[int, frozenset[str]] = {}
        self.table: Table = schema.verify(table.read(name, words | {"CUSTOM"}))
        self.general: Mapping[str, Any] = {
            **self.table.header,
            **self.table.sections.get("generic", {}),
        }
        rules = {key: asked for key, asked in self.general.items() if key in GENERIC}
        self.typed = {key: asked for key, asked in rules.items() if key in TYPE_RULES}
        self.untyped = {key: asked for key, asked in rules.items() if key not in TYPE_RULES}
        self.unlisted = str(self.table.unlisted)
        self.on_violation = str(self.table.header.get("on_violation", "error"))
        self.judges_types = not self.general.get("quantizes_float", False)

    @property
    def is_prefix(self) -> bool:
        """Whether the first refused operator ends what is taken."""
        return self.table.header.get("granularity") == "prefix"

    def verdict(self, graph: Graph, node: Node) -> Verdict:
        """Whether the table takes `node` of `graph`, and if not, why."""
        constants = self._constants(graph)
        if vanishes(self.model, graph, node, constants):
            return Verdict(True)
        use = Use(self.model, graph, node, constants)
        rows = self._rows(node)
        if not rows:
            return self._refused(self.unlisted, (self._missing(node),))
        misses = []
        for row in rows:
            try:
                problems = tuple(self._problems(use, row))
            except Exception as error:
                if not self.is_own:
                    raise
                raise self._unusable(node, error) from error
            if not problems:
                return Verdict(True)
            misses.append(problems)
        return self._refused(self.on_violation, min(misses, key=len))

    def _unusable(self, node: Node, error: Exception) -> EdgelintError:
        """What a user is told of a row whose values no check can make sense of."""
        word = printable(node.source.op)
        problem = f"cannot be judged by the operator table {self.table.name!r} of {self.table.path}: {error}"
        return EdgelintError(self.model.path, problem, where=f"row {word}", hint="correct the row's values")

    def _constants(self, graph: Graph) -> frozenset[str]:
        if self.format != "onnx" and not self.general.get("reads_unpacked_constants", False):
            return frozenset()
        if id(graph) not in self.folded:
            self.folded[id(graph)] = folded(self.model, graph)
        return self.folded[id(graph)]

    def _rows(self, node: Node) -> tuple[Row, ...]:
        if node.domain in ("tflite.custom", "tflite.flex"):
            rows = self.table.operators.get("CUSTOM", ())
            return tuple(row for row in rows if node.source.op in row.get("custom_names", ()))
        rows = self.table.operators.get(_key(node, self.format), ())
        name = node.attributes.get("name")
        return tuple(
            row for row in rows if row.get("supported", True) and name in row.get("composites", (name,))
        )

    def _refused(self, policy: str, problems: tuple[tuple[Kind, str], ...]) -> Verdict:
        if policy.startswith("unknown"):
            return Verdict(None)
        return Verdict(False, problems)

    def _missing(self, node: Node) -> tuple[Kind, str]:
        kind: Kind = "operator"
        if node.domain == "tflite.flex":
            kind = "flex"
        elif node.domain == "tflite.custom":
            kind = "custom"
        return kind, f"{self.title} has no {printable(node.source.op)}"

    def _problems(self, use: Use, row: Row) -> Iterator[tuple[Kind, str]]:
        conditions = bound(use, list(row.get("conditions", ())))
        typed = {key: asked for key, asked in row.items() if key in TYPE_KEYS}
        wrong = [*broken(use, typed), *broken_everywhere(use, self.typed, row, self.general)]
        if wrong and self.judges_types:
            yield "dtype", self._sentence(use, wrong[0])
            return
        phrases = [*broken_everywhere(use, self.untyped, row, self.general)]
        if conditions is not None:
            for condition in conditions:
                phrases += broken(use, condition)
            phrases += broken(use, {key: asked for key, asked in row.items() if key not in TYPE_KEYS})
        for phrase in dict.fromkeys(phrases):
            yield "constraint", self._sentence(use, phrase)

    def _sentence(self, use: Use, phrase: str) -> str:
        wrong, _, passes = phrase.rpartition("; ")
        return f"{printable(use.node.source.op)} {wrong}; {self.title} takes {passes}"


def _key(node: Node, format: str) -> str:
    """The node's name in a table: with its domain in front outside ai.onnx."""
    domain = node.domain if format == "onnx" else ""
    return node.source.op if domain in ("", "ai.onnx") else f"{domain}:{node.source.op}"
