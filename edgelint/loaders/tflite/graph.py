"""A TFLite subgraph to a Graph, its operators held against its tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from edgelint.errors import EdgelintError
from edgelint.ir.model import Graph, Node, Source, Value
from edgelint.loaders.tflite.attributes import Operation, has_normalised, normalised
from edgelint.loaders.tflite.buffers import Buffers
from edgelint.loaders.tflite.flatbuffer import Record, Span
from edgelint.loaders.tflite.operators import BUILTINS, CUSTOM, LARGEST_CREDIBLE, PLACEHOLDER
from edgelint.loaders.tflite.options import BUILTIN_OPTIONS, BUILTIN_OPTIONS_2
from edgelint.printable import printable

_FLEX = "Flex"
"""Custom codes of TensorFlow operators that the Flex delegate runs begin with this."""

_ACTIVATIONS = {
    "RELU": "Relu",
    "RELU_N1_TO_1": "ReluN1To1",
    "RELU6": "Relu6",
    "TANH": "Tanh",
    "SIGN_BIT": "SignBit",
}

_CALLS = {
    "then_subgraph_index": "then_branch",
    "else_subgraph_index": "else_branch",
    "cond_subgraph_index": "cond",
    "body_subgraph_index": "body",
    "init_subgraph_index": "init",
    "subgraph": "subgraph",
    "decomposition_subgraph_index": "decomposition",
    "comparator_subgraph_index": "comparator",
    "update_computation_subgraph_index": "update",
    "branch_subgraph_indices": "branch",
    "called_computations": "computation",
}
"""Options that are indices of subgraphs, and what `Node.subgraphs` calls them; lists get numbers."""

_NO_CALLS: Mapping[str, int] = {}

_OPTION_TABLES = BUILTIN_OPTIONS | BUILTIN_OPTIONS_2
_UNION_1, _UNION_2 = tuple(BUILTIN_OPTIONS), tuple(BUILTIN_OPTIONS_2)


@cache
def _calls(table: str) -> tuple[str, ...]:
    """The fields of an options table that are indices of subgraphs."""
    return tuple(field for field in _CALLS if f"{field}:" in f" {_OPTION_TABLES.get(table, '')}")


@cache
def _byte_fields(table: str) -> tuple[str, ...]:
    """The fields of an options table that are located and not read."""
    words = (word.split(":") for word in _OPTION_TABLES.get(table, "").split())
    return tuple(field for field, kind in words if kind == "[ubyte]")


class OperatorKind(NamedTuple):
    """An entry of the model's operator code table, resolved.

    name: the schema's name or the custom code. op, domain: as in `Node`. options: the table its
    options must be of, "" where any will do. legacy: only the old one-byte field tells the code;
    TensorFlow Lite Micro's memory planner doesn't see control flow in such a file.
    """

    name: str
    op: str
    domain: str
    version: int
    options: str
    legacy: bool


def read_kinds(buffers: Buffers, codes: Sequence[Record]) -> tuple[OperatorKind, ...]:
    """The operators that the model's operators refer to by index."""
    return tuple(_kind(buffers, index, code) for index, code in enumerate(codes))


def _kind(buffers: Buffers, index: int, stored: Record) -> OperatorKind:
    old, new = stored["deprecated_builtin_code"], stored["builtin_code"]
    where = f"operator code {index}"
    # The larger one counts (LiteRT schema_utils.cc). Writers fill in the old field alone, the new
    # one alone, or both with the same code, 127 standing for all that one byte doesn't hold.
    code = max(old, new)
    if not 0 <= code <= LARGEST_CREDIBLE:
        raise EdgelintError(buffers.path, f"has builtin code {code}, far from any operator", where=where)
    if old and new and old != min(new, PLACEHOLDER):
        raise EdgelintError(
            buffers.path, f"has builtin code {old} in one field and {new} in another", where=where
        )
    version, legacy = stored["version"], code > 0 and new == 0
    if code == CUSTOM:
        name = stored["custom_code"]
        if not name:
            raise EdgelintError(buffers.path, "has a custom operator without a name", where=where)
        domain = "tflite.flex" if name.startswith(_FLEX) else "tflite.custom"
        return OperatorKind(name, name, domain, version, "", legacy)
    if code >= len(BUILTINS):
        return OperatorKind(f"BUILTIN_{code}", f"BUILTIN_{code}", "tflite", version, "", legacy)
    name, canonical, options = BUILTINS[code]
    return OperatorKind(name, canonical or name, "" if canonical else "tflite", version, options, legacy)


def read_graph(
    buffers: Buffers,
    subgraph: Record,
    index: int,
    values: tuple[Value, ...],
    kinds: tuple[OperatorKind, ...],
    graphs: int,
) -> Graph:
    """Subgraph `index` of `graphs`, over its `values`."""
    reader = _GraphReader(buffers, index, values, kinds, graphs)
    inputs = reader.ends(subgraph["inputs"], "input")
    nodes = tuple([reader.node(place, operator) for place, operator in enumerate(subgraph["operators"])])
    outputs = reader.ends(subgraph["outputs"], "output")
    reader.check_order(nodes, inputs, outputs)
    return Graph(
        name=subgraph["name"] or ("main" if index == 0 else f"subgraph {index}"),
        nodes=nodes,
        values={value.name: value for value in values},
        inputs=inputs,
        outputs=outputs,
    )


class _GraphReader:
    def __init__(
        self,
        buffers: Buffers,
        index: int,
        values: tuple[Value, ...],
        kinds: tuple[OperatorKind, ...],
        graphs: int,
    ) -> None:
        self.buffers = buffers
        self.index = index
        self.values = values
        self.kinds = kinds
        self.graphs = graphs

    def broken(self, problem: str, place: int | None = None, name: str = "") -> EdgelintError:
        where = f"subgraph {self.index}"
        if place is not None:
            where += f", operator {place}"
        return EdgelintError(
            self.buffers.path, problem, where=where + (f" {printable(name)}" if name else "")
        )

    def ends(self, tensors: Sequence[int], word: str) -> tuple[str, ...]:
        for place, tensor in enumerate(tensors):
            if not 0 <= tensor < len(self.values):
                raise self.broken(f"{word} {place} is tensor {tensor} of {len(self.values)}")
        return tuple(self.values[tensor].name for tensor in tensors)

    def node(self, place: int, stored: Record) -> Node:
        if stored["opcode_index"] >= len(self.kinds):
            raise self.broken(f"is operator code {stored['opcode_index']} of {len(self.kinds)}", place)
        kind = self.kinds[stored["opcode_index"]]
        inputs = self._values(stored["inputs"], "input", place, kind)
        outputs = self._values(stored["outputs"], "output", place, kind)
        options = self._options(stored, place, kind)
        attributes = self._attributes(stored, options or {}, place, kind)
        if has_normalised(kind.name):
            attributes |= normalised(kind.name, Operation(options or {}, inputs, outputs))
        fused = _ACTIVATIONS.get((options or {}).get("fused_activation_function", ""))
        if fused and kind.op == "LSTM":
            # Not what follows the operator, but what is inside its cell.
            attributes["activations"] = [fused]
            fused = None
        names = tuple([value.name if value else None for value in outputs])
        # By place: names cost half as much again, and there are as many calls as operators.
        return Node(
            next(filter(None, names), None) or f"{kind.name}#{place}",
            kind.op,
            tuple([value.name if value else None for value in inputs]),
            names,
            Source(kind.name, place, kind.version),
            kind.domain,
            attributes,
            fused,
            self._subgraphs(options, place, kind),
        )

    def _values(
        self, tensors: Sequence[int], word: str, place: int, kind: OperatorKind
    ) -> list[Value | None]:
        for position, tensor in enumerate(tensors):
            if not -1 <= tensor < len(self.values):
                problem = f"{word} {position} is tensor {tensor} of {len(self.values)}"
                raise self.broken(problem, place, kind.name)
        return [None if tensor < 0 else self.values[tensor] for tensor in tensors]

    def _options(self, stored: Record, place: int, kind: OperatorKind) -> Record | None:
        if not kind.options:
            return None
        given = [
            (union[number - 1], stored[field])
            for field, union in (("builtin_options", _UNION_1), ("builtin_options_2", _UNION_2))
            if stored[field] is not None and 0 < (number := stored[field + "_type"]) <= len(union)
        ]
        for table, content in given:
            if table == kind.options:
                found: Record = content
                return found
        # A wrong empty table does no harm, and some old converters wrote one.
        if given and _OPTION_TABLES[kind.options]:
            raise self.broken(f"has {given[0][0]} where {kind.options} belong", place, kind.name)
        return None

    def _attributes(self, stored: Record, options: Record, place: int, kind: OperatorKind) -> dict[str, Any]:
        attributes = options.copy()
        for field in _byte_fields(kind.options):
            if isinstance(attributes.get(field), Span):
                attributes[field] = self.buffers.storage(attributes[field])
        if stored["intermediates"]:
            found = self._values(stored["intermediates"], "intermediate", place, kind)
            attributes["intermediates"] = tuple(value.name if value else None for value in found)
        if any(stored["mutating_variable_inputs"]):
            attributes["mutating_variable_inputs"] = tuple(map(bool, stored["mutating_variable_inputs"]))
        custom: Span | None = stored["custom_options"]
        if stored["large_custom_options_offset"] > 1:
            offset, size = stored["large_custom_options_offset"], stored["large_custom_options_size"]
            custom = self.buffers.beyond(offset, size, f"subgraph {self.index}, operator {place}")
        if custom:
            attributes["custom_options"] = self.buffers.storage(custom)
        if kind.legacy:
            attributes["legacy_builtin_code"] = True
        return attributes

    def _subgraphs(self, options: Record | None, place: int, kind: OperatorKind) -> Mapping[str, int]:
        fields = _calls(kind.options)
        if not fields:
            return _NO_CALLS
        if options is None:
            raise self.broken("names no subgraph to run", place, kind.name)
        called: dict[str, int] = {}
        for field in fields:
            content = options[field]
            if isinstance(content, tuple):
                called |= {f"{_CALLS[field]}_{number}": graph for number, graph in enumerate(content)}
            else:
                called[_CALLS[field]] = content
        for word, graph in called.items():
            if not 0 <= graph < self.graphs:
                raise self.broken(f"has subgraph {graph} of {self.graphs} as its {word}", place, kind.name)
        return called

    def check_order(self, nodes: Sequence[Node], inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Raise EdgelintError where a value is read before it is made, or made twice.

        The runtime loads files in which nothing at all makes an operand, and ones that write to
        their inputs or to stored tensors (Vela makes such), so these are no damage.
        """
        by_name = {value.name: value for value in self.values}
        stored = {value.name for value in self.values if value.is_constant or value.is_variable}
        made_by_any = {name for node in nodes for name in node.outputs if name}
        ready, made = stored | set(inputs), set[str]()
        for node in nodes:
            for position, name in enumerate(() if ready.issuperset(node.inputs) else node.inputs):
                if name in made_by_any and name not in ready:
                    problem = f"input {position}, {printable(name)!r}, is read before anything makes it"
                    raise self.broken(problem, node.source.index, node.source.op)
            for position, name in enumerate(node.outputs):
                if name in made:
                    problem = f"output {position}, {printable(name)!r}, is made before"
                    raise self.broken(problem, node.source.index, node.source.op)
                if name:
                    made.add(name)
                    ready.add(name)
        for position, name in enumerate(outputs):
            if name not in ready and by_name[name].elements != 0:
                raise self.broken(f"output {position}, {printable(name)!r}, is made by no operator")
