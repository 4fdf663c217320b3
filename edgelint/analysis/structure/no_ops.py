"""Operators whose output is their input, number by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeGuard

from edgelint.analysis.constants import numbers
from edgelint.ir.model import Graph, Node, Shape, Value


def changes_nothing(graph: Graph, node: Node) -> str:
    """Why `node` makes just what it reads, a phrase after its name ("keeps the shape"); "" where it may not.

    The data is the first input that is no constant.
    """
    test = _TESTS.get(node.op)
    if test is None or node.domain or node.activation is not None or node.subgraphs:
        return ""
    data = data_of(graph, node)
    made = [value for value in graph.outputs_of(node) if value is not None]
    if data is None or len(made) != 1 or not _same_kind(data, made[0]):
        return ""
    return test(graph, node, data, made[0])


def data_of(graph: Graph, node: Node) -> Value | None:
    """The first input of `node` that is no constant."""
    for value in graph.inputs_of(node):
        if value is not None and value.tensor is None:
            return value
    return None


def fixed_shape(value: Value) -> Shape | None:
    """The shape of `value` where the file leaves no dim of it free or unnamed; else None."""
    shape, free = value.shape, value.signature
    if shape is None or None in shape:
        return None
    return shape if free is None or free == shape else None


def _same_kind(one: Value, other: Value) -> bool:
    """Whether both have the same element type and the same quantization."""
    if one.dtype is None or one.dtype is not other.dtype:
        return False
    if one.quantization is other.quantization:
        return True
    scales = [(q.scale, q.zero_point) if q else ((), ()) for q in (one.quantization, other.quantization)]
    return scales[0] == scales[1]


def _same_shape(one: Value, other: Value) -> bool:
    shape = fixed_shape(one)
    return shape is not None and shape == fixed_shape(other) and 0 not in shape


def _always(graph: Graph, node: Node, data: Value, made: Value) -> str:
    return "hands on what it reads"


def _cast(graph: Graph, node: Node, data: Value, made: Value) -> str:
    return f"casts {data.dtype} to {made.dtype}"


def _shape(graph: Graph, node: Node, data: Value, made: Value) -> str:
    if node.inputs[0] != data.name or not _same_shape(data, made):
        return ""
    return f"keeps the shape [{', '.join(map(str, data.shape or ()))}]"


def _transpose(graph: Graph, node: Node, data: Value, made: Value) -> str:
    perm = node.attributes.get("perm")
    if not isinstance(perm, (list, tuple)) or list(perm) != list(range(len(perm))):
        return ""
    return "leaves every axis where it is"


def _alone(graph: Graph, node: Node, data: Value, made: Value) -> str:
    return "has a single input" if len([name for name in node.inputs if name]) == 1 else ""


def _split(graph: Graph, node: Node, data: Value, made: Value) -> str:
    return "makes a single part" if len(node.outputs) == 1 and _same_shape(data, made) else ""


def _pad(graph: Graph, node: Node, data: Value, made: Value) -> str:
    pads = pads_of(graph, node)
    return "adds nothing" if pads and not any(pads) else ""


def _slice(graph: Graph, node: Node, data: Value, made: Value) -> str:
    steps = node.attributes.get("steps")
    if steps is None and len(node.inputs) > 4 and node.inputs[4]:
        steps = numbers(graph.value(node.inputs[4]))
    elif steps is None:
        steps = [1]
    if not _are_numbers(steps) or any(step < 1 for step in steps) or not _shape(graph, node, data, made):
        return ""
    return "takes everything"


def _resize(graph: Graph, node: Node, data: Value, made: Value) -> str:
    if node.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        return ""
    return _shape(graph, node, data, made)


def _window(graph: Graph, node: Node, data: Value, made: Value) -> str:
    window = [node.attributes.get(word) for word in ("kernel_shape", "strides")]
    ones = all(isinstance(side, list) and side and set(side) == {1} for side in window)
    return "looks at one element" if ones and _same_shape(data, made) else ""


def _reduce(graph: Graph, node: Node, data: Value, made: Value) -> str:
    if node.inputs[0] != data.name or not _same_shape(data, made) or not node.attributes.get("keepdims", 1):
        return ""
    return "reduces over one element"


def _neutral(number: float, places: Iterable[int]) -> Callable[[Graph, Node, Value, Value], str]:
    """The test for an operator that does nothing with `number` as its operand at one of `places`."""

    def test(graph: Graph, node: Node, data: Value, made: Value) -> str:
        if len(node.inputs) != 2:
            return ""
        for place in places:
            constant = graph.value(node.inputs[place])
            if constant is None or constant.tensor is None or constant.quantization is not None:
                continue
            held = numbers(constant) if _same_shape(data, made) else None
            if held and set(held) == {number} and constant.name not in graph.producers:
                return f"has the constant {number:g} as an operand"
        return ""

    return test


def pads_of(graph: Graph, node: Node) -> Sequence[float] | None:
    """The padding of a Pad as [begin…, end…], None where it is not stored or not of all axes."""
    pads = node.attributes.get("pads")
    if pads is None and len(node.inputs) > 1:
        pads = numbers(graph.value(node.inputs[1]))
    if len(node.inputs) > 3 and node.inputs[3]:
        return None
    return pads if _are_numbers(pads) and len(pads) % 2 == 0 else None


def _are_numbers(content: Any) -> TypeGuard[Sequence[float]]:
    """Whether an attribute, which a file may give any type, is a list of numbers."""
    return isinstance(content, (list, tuple)) and all(isinstance(each, (int, float)) for each in content)


_TESTS: dict[str, Callable[[Graph, Node, Value, Value], str]] = {
    "Identity": _always,
    "Cast": _cast,
    "Transpose": _transpose,
    **dict.fromkeys(("Concat", "Sum", "Max", "Min", "Mean"), _alone),
    "Split": _split,
    "Pad": _pad,
    "Slice": _slice,
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile"), _shape),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _shape),
    **dict.fromkeys(("MaxPool", "AveragePool"), _window),
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceProd"), _reduce),
    "Add": _neutral(0.0, (0, 1)),
    "Mul": _neutral(1.0, (0, 1)),
    "Sub": _neutral(0.0, (1,)),
    "Div": _neutral(1.0, (1,)),
    "Pow": _neutral(1.0, (1,)),
}
"""Operator to what tells that it does nothing. Same numbers in, same type, scale and shape out."""
