"""Symbols of an ONNX file that cannot stand for one size.

ONNX Runtime takes equal symbols for equal sizes and plans buffers of control-flow bodies by them. A
file that writes one symbol for two dims, whose operators do not make them equal, fails at run time
as soon as they differ ("Shape mismatch attempting to re-use buffer").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgelint.errors import EdgelintError
from edgelint.loaders.onnx.bodies import Body
from edgelint.loaders.onnx.inference import InferenceCrash, infer_shapes
from edgelint.loaders.onnx.prepare import Subject, graphs_in_order, prepared
from edgelint.loaders.onnx.types import shapes_within
from edgelint.printable import printable

if TYPE_CHECKING:
    from onnx import ModelProto, TypeProto

_FIRST_SIZE = 101
"""The probe gives each free dim a size of its own from here on; few files fix such sizes."""


def refuse_ambiguous(model: ModelProto, bodies: list[Body], opsets: Mapping[str, int], path: Path) -> None:
    """Raises EdgelintError when a body's output repeats a symbol for dims that the graph keeps apart.

    Shown by inference on unequal sizes: it is refused only if every operator accepts them and the
    output comes out with different dims.
    """
    suspects = {symbol for value in model.graph.input for symbol in _repeated(value.type)}
    outputs = list(_repeating_outputs(bodies, suspects)) if suspects else []
    if not outputs:
        return
    found = _with_unequal_sizes(model, bodies, opsets, suspects)
    for number, name, symbol, axes in outputs:
        sizes = found.get((number, name), ())
        if len({sizes[axis] for axis in axes if axis < len(sizes) and sizes[axis]}) > 1:
            raise EdgelintError(
                path,
                f"gives the one symbol {printable(symbol)!r} to dims that need not be equal: "
                f"its operators make {printable(name)!r}, which repeats it, {list(sizes)} when they differ",
                where=f"graph {printable(bodies[number].name)!r}, output {printable(name)!r}",
                hint="export it with a symbol of its own for each free dim",
            )


def _repeated(declared: TypeProto) -> set[str]:
    """The symbols that occur in two dims of one value."""
    found: set[str] = set()
    for shape in shapes_within(declared):
        names = [dim.dim_param for dim in shape.dim if dim.dim_param]
        found.update(name for name in names if names.count(name) > 1)
    return found


def _repeating_outputs(bodies: list[Body], symbols: set[str]) -> Iterator[tuple[int, str, str, list[int]]]:
    """Body number, output, symbol and its axes, for control-flow bodies that repeat one of `symbols`."""
    for number, body in enumerate(bodies):
        for value in body.proto.output if number else ():
            for symbol in _repeated(value.type) & symbols:
                dims = value.type.tensor_type.shape.dim
                yield (
                    number,
                    value.name,
                    symbol,
                    [axis for axis, dim in enumerate(dims) if dim.dim_param == symbol],
                )


def _with_unequal_sizes(
    model: ModelProto, bodies: list[Body], opsets: Mapping[str, int], symbols: set[str]
) -> dict[tuple[int, str], tuple[int, ...]]:
    """Dims of body outputs when the free dims of the inputs differ; {} when an operator forbids it."""
    probe = prepared(Subject(model, bodies, opsets), keep_declared=False)
    fresh = count(_FIRST_SIZE)
    first = {symbol: next(fresh) for symbol in sorted(symbols)}
    for number, graph in graphs_in_order(probe.graph, bodies):
        for value in (*graph.value_info, *graph.output, *(graph.input if number else ())):
            _forget(value.type, symbols)
    for value in probe.graph.input:
        seen: set[str] = set()
        for shape in shapes_within(value.type):
            for dim in shape.dim:
                if dim.dim_param in symbols:
                    symbol = dim.dim_param
                    dim.dim_value = next(fresh) if symbol in seen else first[symbol]
                    seen.add(symbol)
    try:
        inferred, complaint = infer_shapes(probe.SerializeToString(), with_nodes=len(bodies) > 1)
    except InferenceCrash:
        return {}
    if inferred is None or complaint is not None:
        return {}
    return {
        (number, value.name): tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for number, graph in graphs_in_order(inferred.graph, bodies)
        for value in graph.output
    }


def _forget(declared: Any, symbols: set[str]) -> None:
    for shape in shapes_within(declared):
        for dim in shape.dim:
            if dim.dim_param in symbols:
                dim.ClearField("dim_param")
