"""Support in ONNX Runtime on a CPU: its kernels by domain, opset and element types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgelint.analysis.operands import Operand, named
from edgelint.analysis.support.judge import Problem, Support, supported_by
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.printable import printable
from edgelint.targets import Runtime, Target, table
from edgelint.targets.rows import OnnxRow

if TYPE_CHECKING:
    from collections.abc import Iterator

ORT_LABELS = {"float32": "float", "float64": "double"}
"""Element types whose names differ between the IR and ONNX Runtime's kernel tables."""

UNTYPED = frozenset({"sequence", "map", "optional", "variant", "resource"})
"""Types whose content the IR does not tell apart, so that they are not held against a kernel."""

LARGEST_OPSET = 2**31 - 1
"""What ONNX's schema look-up takes; a file may state more."""

STANDARD = frozenset({"ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Domains whose operators ONNX Runtime's CPU build brings along."""


def judge(model: Model, target: Target) -> tuple[Support, ...]:
    """For each node, whether a session on the CPU provider runs it."""
    words = {_key(node.domain or "ai.onnx", node.source.op) for _, node in model.nodes()}
    rows = table.read(target.runtime.operators, words)
    judge_node = _Judge(target.runtime, rows, model)
    found = []
    for index, graph in enumerate(model.graphs):
        for node in graph.nodes:
            problems, known = judge_node.verdict(graph, node)
            found.append(Support(index, node, supported_by(problems) if known else None, problems))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Kernel:
    """What one operator in one opset comes to: its row, and the type parameter of each operand."""

    row: OnnxRow | None
    problem: Problem | None
    known: bool
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    variadic_in: bool = False
    variadic_out: bool = False


class _Judge:
    """The table's rows and ONNX's schemas, each looked up once."""

    def __init__(self, runtime: Runtime, rows: table.Table, model: Model) -> None:
        self.runtime = runtime
        self.title = runtime.title
        self.rows = rows
        self.opsets = model.opsets
        self.kernels: dict[tuple[str, str, int], _Kernel] = {}
        self.inlined = frozenset(rows.sections["function_ops"]["ops"])
        self.folded = frozenset(("Constant",))

    def verdict(self, graph: Graph, node: Node) -> tuple[tuple[Problem, ...], bool]:
        """The problems of `node`, and whether having none means that it runs."""
        domain = node.domain or "ai.onnx"
        opset = node.source.version or self.opsets.get(node.domain, 1)
        key = (domain, node.source.op, opset)
        if key not in self.kernels:
            self.kernels[key] = self._kernel(*key)
        kernel = self.kernels[key]
        if kernel.problem is not None or kernel.row is None:
            return ((kernel.problem,) if kernel.problem else ()), kernel.known
        problem = self._type_problem(graph, node, kernel, kernel.row) or self._attribute_problem(
            node, kernel.row
        )
        return ((problem,) if problem else ()), True

    def _kernel(self, domain: str, op: str, opset: int) -> _Kernel:
        word = printable(op)
        rows = [OnnxRow.read(op, row) for row in self.rows.operators.get(_key(domain, op), ())]
        row = next((row for row in rows if row.covers(opset)), None)
        schema = _schema(domain, op, opset)
        if row is not None:
            return _typed(row, schema)
        if domain == "ai.onnx" and op in self.folded:
            return _Kernel(None, None, known=True)
        if domain == "ai.onnx" and (op in self.inlined or (schema is not None and _has_body(schema))):
            return _Kernel(None, None, known=False)
        if domain not in STANDARD:
            sentence = f"{word} is of domain {printable(domain)!r}, which {self.title} does not bring along"
            return _Kernel(
                None, Problem("custom", sentence, self.runtime.instead_of("custom", domain)), known=True
            )
        problem = self._no_kernel(domain, op, opset, rows)
        return _Kernel(None, problem, known=True)

    def _no_kernel(self, domain: str, op: str, opset: int, rows: list[OnnxRow]) -> Problem:
        word = printable(op)
        if not rows:
            where = "" if domain == "ai.onnx" else f" of domain {domain!r}"
            return Problem(
                "operator",
                f"{self.title} has no CPU kernel for {word}{where}",
                self.runtime.instead_of("operator", op),
            )
        oldest = min(row.since for row in rows)
        if opset < oldest:
            sentence = f"{self.title} runs {word} from opset {oldest} on; this file uses opset {opset}"
            return Problem("operator", sentence, self.runtime.instead_of("opset", "old"))
        ranges = ", ".join(f"{row.since} to {row.until}" if row.until else f"{row.since} on" for row in rows)
        return Problem(
            "operator",
            f"{self.title} runs {word} in opsets {ranges}; this file uses opset {opset}",
            self.runtime.instead_of("operator", op),
        )

    def _type_problem(self, graph: Graph, node: Node, kernel: _Kernel, row: OnnxRow) -> Problem | None:
        bound: dict[str, set[str]] = {}
        for role, parameter, value, is_output in _bindings(graph, node, kernel):
            label = _label(value)
            if not label:
                continue
            taken = row.types[parameter]
            if not _has(taken, label):
                return self._dtype(node, Operand(role, value, is_output), taken)
            bound.setdefault(parameter, set()).add(label)
        if row.combos and not any(
            all(
                _has(combo.get(parameter, row.types[parameter]), label)
                for parameter in bound
                for label in bound[parameter]
            )
            for combo in row.combos
        ):
            mixed = " with ".join(sorted({label for labels in bound.values() for label in labels}))
            sentence = f"{printable(node.source.op)} mixes {mixed}; {self.title} has no such CPU kernel"
            return Problem("dtype", sentence, self.runtime.instead_of("dtype", ""))
        return None

    def _dtype(self, node: Node, operand: Operand, taken: frozenset[str]) -> Problem:
        names = {ort: ours for ours, ort in ORT_LABELS.items()}
        accepted = ", ".join(sorted(names.get(label, label) for label in taken if "(" not in label))
        return Problem(
            "dtype",
            f"{printable(node.source.op)} has {operand.label} {operand.role} {named(operand.value)}; "
            f"{self.title} takes {accepted} there",
            self.runtime.instead_of("dtype", operand.label),
        )

    def _attribute_problem(self, node: Node, row: OnnxRow) -> Problem | None:
        for name, only in row.attributes.items():
            given = node.attributes.get(name, only)
            if isinstance(given, int) and given != only:
                sentence = (
                    f"{printable(node.source.op)} has {name}={given}; {self.title} runs only {name}={only}"
                )
                return Problem("constraint", sentence, f"export with {name}={only}")
        return None


def formals(domain: str, op: str, opset: int) -> tuple[tuple[str, str], ...]:
    """The name and type variable of each input in ONNX's schema; () for what ONNX does not define."""
    schema = _schema(domain, op, opset)
    return tuple((formal.name, formal.type_str) for formal in schema.inputs) if schema else ()


def _key(domain: str, op: str) -> str:
    """The operator's name in the table: with its domain in front outside ai.onnx."""
    return op if domain == "ai.onnx" else f"{domain}:{op}"


def _bindings(graph: Graph, node: Node, kernel: _Kernel) -> Iterator[tuple[str, str, Value, bool]]:
    """Each operand with its role and the type parameter that the kernel restricts."""
    for formals, values, variadic, is_output in (
        (kernel.inputs, graph.inputs_of(node), kernel.variadic_in, False),
        (kernel.outputs, graph.outputs_of(node), kernel.variadic_out, True),
    ):
        for place, value in enumerate(values):
            if value is None or not formals or (place >= len(formals) and not variadic):
                continue
            role, parameter = formals[min(place, len(formals) - 1)]
            if parameter:
                yield role, parameter, value, is_output


def _typed(row: OnnxRow, schema: Any) -> _Kernel:
    """The row with the schema's word on which operand has which type parameter."""
    if schema is None:
        return _Kernel(row, None, known=True)
    variadic = type(schema).FormalParameterOption.Variadic

    def formals(parameters: Any) -> tuple[tuple[str, str], ...]:
        return tuple((formal.name, _parameter(row, formal, variadic)) for formal in parameters)

    return _Kernel(
        row,
        None,
        known=True,
        inputs=formals(schema.inputs),
        outputs=formals(schema.outputs),
        variadic_in=bool(schema.inputs) and schema.inputs[-1].option == variadic,
        variadic_out=bool(schema.outputs) and schema.outputs[-1].option == variadic,
    )


def _parameter(row: OnnxRow, formal: Any, variadic: Any) -> str:
    """The row's name for a formal's type: its type variable or, as kernels may, the formal itself."""
    if formal.option == variadic and not formal.is_homogeneous:
        return ""
    return next((name for name in (formal.type_str, formal.name) if name in row.types), "")


def _schema(domain: str, op: str, opset: int) -> Any:
    """ONNX's schema of the operator, None for operators that ONNX does not define in that opset."""
    if domain == "com.microsoft":
        return None
    from onnx import defs

    try:
        return defs.get_schema(op, min(opset, LARGEST_OPSET), "" if domain == "ai.onnx" else domain)
    except (defs.SchemaError, TypeError):
        # TypeError: a name that is no valid text.
        return None


def _has_body(schema: Any) -> bool:
    return bool(schema.has_function or schema.has_context_dependent_function)


def _has(taken: frozenset[str], label: str) -> bool:
    """Whether a kernel takes `label`; float16 runs on float kernels, through casts put in at load."""
    return label in taken or (label == "float16" and "float" in taken)


def _label(value: Value) -> str:
    label = value.dtype.label if value.dtype else ""
    return "" if label in UNTYPED else ORT_LABELS.get(label, label)
