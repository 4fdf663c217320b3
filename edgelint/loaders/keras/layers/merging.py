"""Layers that join several tensors."""

from __future__ import annotations

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.call import Call, Layer, layer
from edgelint.loaders.keras.layers.settings import ConfigProblem

_ELEMENTWISE = {
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "Average": "Mean",
    "Maximum": "Max",
    "Minimum": "Min",
}


@layer(*_ELEMENTWISE)
def elementwise(call: Call) -> Layer:
    """Sum, difference, product, mean, maximum or minimum, element by element."""
    output = merged([value.shape for value in call.tensors])
    return Layer(_ELEMENTWISE[call.kind], (output,), dtypes=(call.dtype,))


@layer("Concatenate")
def concatenate(call: Call) -> Layer:
    """Tensors end to end along one axis."""
    axis = call.settings.whole("axis", -1)
    return Layer("Concat", (joined(call, axis),), dtypes=(call.dtype,), attributes={"axis": axis})


@layer("Dot")
def dot(call: Call) -> Layer:
    """Dot products of two tensors' rows."""
    shapes = [value.shape for value in call.tensors]
    if len(shapes) != 2:
        raise ConfigProblem(f"takes two inputs, and gets {len(shapes)}")
    stored = call.settings.axes("axes", -1)
    attributes = {"axes": stored, "normalize": call.settings.flag("normalize", False)}
    left, right = shapes
    if left is None or right is None:
        return Layer("Dot", (None,), "keras", attributes=attributes)
    if len(stored) not in (1, 2):
        raise ConfigProblem(f"axes has {len(stored)} entries, not one or two")
    axes = stored if len(stored) == 2 else (stored[0], stored[0])
    one, two = call.axis(axes[0], left), call.axis(axes[1], right)
    dims.agree((left[one], right[two]))
    rest: list[Dim] = [dim for place, dim in enumerate(left) if place != one]
    others = [dim for place, dim in enumerate(right) if place != two][1:]
    output = tuple(rest + others)
    return Layer("Dot", (output if len(output) > 1 else (*output, 1),), "keras", attributes=attributes)


def merged(shapes: list[Shape | None]) -> Shape | None:
    """The common shape of a merge; unlike NumPy's rule, batches stay in front whatever the ranks."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or not known:
        return None
    if len({len(shape) for shape in known}) == 1:
        return dims.broadcast(shapes)
    inner = dims.broadcast([shape[1:] for shape in known])
    return None if inner is None else (dims.agree(shape[0] for shape in known if shape), *inner)


def joined(call: Call, axis: int) -> Shape | None:
    """The shape of all of a call's tensors end to end along `axis`."""
    shapes = [value.shape for value in call.inputs]
    if any(shape is None for shape in shapes) or not shapes:
        return None
    known = [shape for shape in shapes if shape is not None]
    if len({len(shape) for shape in known}) > 1:
        raise ConfigProblem("joins inputs of different ranks")
    place = call.axis(axis, known[0])
    output: list[Dim] = []
    for index, column in enumerate(zip(*known, strict=True)):
        output.append(_total(list(column)) if index == place else dims.agree(column))
    return tuple(output)


def _total(column: list[Dim]) -> Dim:
    total: Dim = 0
    for dim in column:
        total = dims.plus(total, dim)
    return total
