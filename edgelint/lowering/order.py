"""The order in which the converter lays out a graph's operators.

TensorFlow imports a graph in reverse post order of a depth-first walk from its sources that takes
the successors of a node by descending name (tensorflow/compiler/mlir/tensorflow/translate:
GetReversePostOrder with a comparator of names). Weights are sources too, and named after the
operator that reads them. So names decide where the graph leaves the order open.
"""

from __future__ import annotations

from edgelint.lowering.draft import Draft, Edge, Op

BIAS = 2
"""Place of a dense layer's bias among its inputs: another operator of TensorFlow's."""


class Scopes:
    """TensorFlow's name scopes as Keras 3 opens them: each layer's twice, the second holds its operators."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def enter(self, outer: str, name: str) -> str:
        """The full name of a layer's scope within `outer`."""
        path = f"{outer}/{name}" if outer else name
        self._unique(path)
        return self._unique(path)

    def _unique(self, name: str) -> str:
        """Source: tensorflow/python/framework/ops.py, Graph.unique_name."""
        key = name.lower()
        count = self._used.get(key, 0)
        self._used[key] = count + 1
        if not count:
            return name
        base = key
        while key in self._used:
            key = f"{base}_{count}"
            count += 1
        self._used[key] = 1
        return f"{name}_{count - 1}"


class _Unit:
    """Operators that stand for one of TensorFlow's, which keep together."""

    __slots__ = ("after", "name", "ops")

    def __init__(self, name: str) -> None:
        self.name = name
        self.ops: list[Op] = []
        self.after: list[_Unit] = []


def arrange(draft: Draft, input_names: dict[Edge, str]) -> None:
    """Puts the operators of `draft`, not rewritten yet, into the converter's order."""
    blocks: dict[object, _Unit] = {}
    maker: dict[Edge, _Unit] = {}
    sources: dict[str, list[_Unit]] = {}
    names: dict[Edge, str] = dict(input_names)
    for op in draft.ops:
        unit = blocks.setdefault(op.block or op, _Unit(op.name))
        unit.ops.append(op)
        constants = sum(edge is not None and edge.constant for edge in op.inputs)
        for place, edge in enumerate(op.inputs):
            if edge is None:
                continue
            if edge in maker:
                if maker[edge] is not unit:
                    maker[edge].after.append(unit)
                continue
            own = _constant_name(op, edge, place) + (f"_{place}" if constants > 1 else "")
            name = own if edge.numbers is not None else names.setdefault(edge, own)
            sources.setdefault(name, []).append(unit)
        for output in op.outputs:
            maker[output] = unit
    draft.ops = [op for unit in _reverse_post_order(sources) for op in unit.ops]


def _constant_name(op: Op, edge: Edge, place: int) -> str:
    if edge.numbers is not None:
        return f"{op.name}/constant"
    name = edge.reader or op.name
    if not edge.reader and op.kind == "FULLY_CONNECTED" and place == BIAS:
        name = name.rpartition("/")[0] + "/BiasAdd"
    return name.lower().replace("/", "_") + "_readvariableop_resource"


def _reverse_post_order(sources: dict[str, list[_Unit]]) -> list[_Unit]:
    finished: list[_Unit] = []
    visited: set[_Unit] = set()
    stack: list[tuple[_Unit, bool]] = []
    for name in sorted(sources, reverse=True):
        stack += [(unit, False) for unit in sorted(sources[name], key=_name)]
        while stack:
            unit, leave = stack.pop()
            if leave:
                finished.append(unit)
            elif unit not in visited:
                visited.add(unit)
                stack.append((unit, True))
                stack += [(after, False) for after in sorted(unit.after, key=_name)]
    return finished[::-1]


def _name(unit: _Unit) -> str:
    return unit.name
