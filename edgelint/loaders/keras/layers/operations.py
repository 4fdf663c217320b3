"""Functions called in a model: Keras 3's operations, and TensorFlow functions in Keras 2 files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgelint.ir import Dim, DType, Shape, Value
from edgelint.ir.dtype import BY_LABEL
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.activations import CANONICAL
from edgelint.loaders.keras.layers.call import Call, Layer, flatten
from edgelint.loaders.keras.layers.merging import joined
from edgelint.loaders.keras.layers.settings import ConfigProblem
from edgelint.loaders.keras.names import snake_case
from edgelint.printable import printable

_TENSORFLOW = ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda", "ClassMethod", "InstanceMethod")

ELEMENTWISE = {
    "add": "Add",
    "add_v2": "Add",
    "subtract": "Sub",
    "sub": "Sub",
    "multiply": "Mul",
    "mul": "Mul",
    "divide": "Div",
    "true_divide": "Div",
    "truediv": "Div",
    "real_div": "Div",
    "floor_divide": "FloorDiv",
    "maximum": "Max",
    "minimum": "Min",
    "power": "Pow",
    "pow": "Pow",
    "mod": "Mod",
    "where": "Where",
    "squared_difference": "SquaredDifference",
}
_COMPARISONS = {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "not_equal": "NotEqual",
}
_UNARY = {
    "abs": "Abs",
    "absolute": "Abs",
    "ceil": "Ceil",
    "clip": "Clip",
    "clip_by_value": "Clip",
    "cos": "Cos",
    "erf": "Erf",
    "floor": "Floor",
    "identity": "Identity",
    "log": "Log",
    "negative": "Neg",
    "neg": "Neg",
    "reciprocal": "Reciprocal",
    "round": "Round",
    "rsqrt": "Rsqrt",
    "sign": "Sign",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "square": "Square",
    "stop_gradient": "Identity",
    "l2_normalize": "LpNormalization",
    "dropout": "Dropout",
}
_REDUCTIONS = {
    "mean": "ReduceMean",
    "reduce_mean": "ReduceMean",
    "sum": "ReduceSum",
    "reduce_sum": "ReduceSum",
    "max": "ReduceMax",
    "amax": "ReduceMax",
    "reduce_max": "ReduceMax",
    "min": "ReduceMin",
    "amin": "ReduceMin",
    "reduce_min": "ReduceMin",
    "prod": "ReduceProd",
    "reduce_prod": "ReduceProd",
    "logsumexp": "ReduceLogSumExp",
    "argmax": "ArgMax",
    "argmin": "ArgMin",
    "any": "ReduceAny",
    "all": "ReduceAll",
}
_NOT_IN_ONNX = {"FloorDiv", "SquaredDifference", "NotEqual", "Rsqrt", "Square", "ReduceAny", "ReduceAll"}


def is_operation(kind: str, module: str) -> bool:
    """Whether a layer's entry stands for a plain function."""
    return kind in _TENSORFLOW or ".ops" in module or (module == "keras.ops")


def is_named(kind: str) -> bool:
    """Whether a class name is that of an operation known here."""
    return any(snake_case(kind) in table for table, _ in _RULES)


def operation(call: Call) -> Layer:
    """A function called on tensors; its shape where it can be told, else unknown."""
    name = _function(call)
    for table, rule in _RULES:
        if name in table:
            op = table[name]
            found = rule(call, op)
            if op in _NOT_IN_ONNX:
                found.domain = "keras"
            return found
    return Layer(printable(name), (None,), "keras", (None,))


def _function(call: Call) -> str:
    """The function's last name in snake case: "math.reduce_mean" gives reduce_mean."""
    if call.kind == "SlicingOpLambda":
        return "get_item"
    if call.kind == "TensorFlowOpLayer":
        node = call.settings.get("node_def")
        return snake_case(str(node.get("op", ""))) if isinstance(node, Mapping) else "tensorflow_op"
    if call.kind in _TENSORFLOW:
        return str(call.settings.get("function") or call.settings.get("method_name") or "").rsplit(".", 1)[-1]
    return snake_case(call.kind)


def _same(call: Call, op: str) -> Layer:
    return Layer(op, (call.shape,), dtypes=(call.dtype,))


def _broadcast(call: Call, op: str) -> Layer:
    shapes = [*(value.shape for value in call.tensors), *_constants(call)]
    dtype = next((v.dtype for v in call.tensors if v.dtype and v.dtype.is_float), call.dtype)
    return Layer(op, (dims.broadcast(shapes),), dtypes=(dtype,))


def _compare(call: Call, op: str) -> Layer:
    found = _broadcast(call, op)
    found.dtypes = (DType.BOOL,)
    return found


def _constants(call: Call) -> list[Shape | None]:
    """Shapes of the numbers and nested lists among the arguments."""
    found: list[Shape | None] = []
    for item in [*call.args, *(call.kwargs.get(key) for key in ("x", "y", "x1", "x2"))]:
        for part in item if isinstance(item, tuple) and any(flatten(item)) else [item]:
            if isinstance(part, tuple):
                found.append(_nested(part))
    return found


def _nested(item: Any) -> Shape:
    shape: list[Dim] = []
    while isinstance(item, tuple) and len(shape) < 32:
        shape.append(len(item))
        item = item[0] if item else None
    return tuple(shape)


def _reduce(call: Call, op: str) -> Layer:
    shape = call.shape
    axis = _argument(call, "axis", 1)
    keep = bool(_argument(call, "keepdims", 2) or call.kwargs.get("keep_dims"))
    dtype = {"ArgMax": DType.INT64, "ArgMin": DType.INT64}.get(op, call.dtype)
    if call.keras >= 3 and op.startswith("Arg"):
        dtype = DType.INT32
    if shape is None:
        return Layer(op, (None,), dtypes=(dtype,))
    if axis is None:
        axes: tuple[int, ...] = tuple(range(len(shape)))
        if op.startswith("Arg") and call.keras < 3:
            axes = (0,)
    else:
        given = axis if isinstance(axis, (list, tuple)) else (axis,)
        if not all(isinstance(item, int) for item in given):
            return Layer(op, (None,), dtypes=(dtype,))
        axes = tuple(call.axis(item, shape) for item in given)
    output = [1 if place in axes else dim for place, dim in enumerate(shape) if keep or place not in axes]
    return Layer(op, (tuple(output),), dtypes=(dtype,), attributes={"axes": axes, "keepdims": int(keep)})


def _activate(call: Call, op: str) -> Layer:
    attributes: dict[str, Any] = {}
    if op in ("Softmax", "LogSoftmax"):
        axis = _argument(call, "axis", 1)
        attributes["axis"] = axis if isinstance(axis, int) else -1
    return Layer(op, (call.shape,), dtypes=(call.dtype,), attributes=attributes)


def _reshape(call: Call, op: str) -> Layer:
    target = _argument(call, "newshape", 1)
    target = _argument(call, "shape", 1) if target is None else target
    shape = call.shape
    if isinstance(target, int):
        target = (target,)
    if not isinstance(target, (list, tuple)):
        return Layer(op, (None,), dtypes=(call.dtype,))
    wanted: list[Dim] = [item if isinstance(item, int) else None for item in target]
    output = dims.reshape(shape, wanted)
    return Layer(op, (output,), dtypes=(call.dtype,), attributes={"shape": tuple(wanted)})


def _transpose(call: Call, op: str) -> Layer:
    shape = call.shape
    perm = _argument(call, "axes", 1)
    perm = _argument(call, "perm", 1) if perm is None else perm
    if shape is None:
        return Layer(op, (None,), dtypes=(call.dtype,))
    order = tuple(perm) if isinstance(perm, (list, tuple)) else tuple(reversed(range(len(shape))))
    if sorted(order, key=str) != sorted(range(len(shape)), key=str):
        raise ConfigProblem("is called with axes that are no order of the input's")
    output = tuple(shape[axis] for axis in order)
    return Layer(op, (output,), dtypes=(call.dtype,), attributes={"perm": order})


def _expand(call: Call, op: str) -> Layer:
    shape, axis = call.shape, _argument(call, "axis", 1)
    if shape is None or not isinstance(axis, int) or not -len(shape) - 1 <= axis <= len(shape):
        return Layer(op, (None,), dtypes=(call.dtype,))
    place = axis % (len(shape) + 1)
    output = (*shape[:place], 1, *shape[place:])
    return Layer(op, (output,), dtypes=(call.dtype,), attributes={"axes": (place,)})


def _squeeze(call: Call, op: str) -> Layer:
    shape, axis = call.shape, _argument(call, "axis", 1)
    if shape is None or (axis is None and any(not isinstance(dim, int) for dim in shape[1:])):
        return Layer(op, (None,), dtypes=(call.dtype,))
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    if axis is None:
        axes = tuple(place for place, dim in enumerate(shape) if dim == 1)
    elif all(isinstance(item, int) for item in given):
        axes = tuple(call.axis(item, shape) for item in given)
    else:
        return Layer(op, (None,), dtypes=(call.dtype,))
    output = tuple(dim for place, dim in enumerate(shape) if place not in axes)
    return Layer(op, (output,), dtypes=(call.dtype,), attributes={"axes": axes})


def _concat(call: Call, op: str) -> Layer:
    axis = _argument(call, "axis", 1)
    axis = axis if isinstance(axis, int) else 0
    return Layer(op, (joined(call, axis),), dtypes=(call.dtype,), attributes={"axis": axis})


def _stack(call: Call, op: str) -> Layer:
    axis = _argument(call, "axis", 1)
    axis = axis if isinstance(axis, int) else 0
    shape = dims.broadcast([value.shape for value in call.inputs])
    if shape is None or not -len(shape) - 1 <= axis <= len(shape):
        return Layer(op, (None,), "keras", (call.dtype,))
    place = axis % (len(shape) + 1)
    output = (*shape[:place], len(call.inputs), *shape[place:])
    return Layer(op, (output,), "keras", (call.dtype,), attributes={"axis": axis})


def _matmul(call: Call, op: str) -> Layer:
    shapes = [value.shape for value in call.tensors]
    if len(shapes) != 2 or not all(shape and len(shape) >= 2 for shape in shapes):
        return Layer(op, (None,), dtypes=(call.dtype,))
    left, right = list(shapes[0] or ()), list(shapes[1] or ())
    if call.kwargs.get("transpose_a") is True:
        left[-2:] = reversed(left[-2:])
    if call.kwargs.get("transpose_b") is True:
        right[-2:] = reversed(right[-2:])
    dims.agree((left[-1], right[-2]))
    front = dims.broadcast([tuple(left[:-2]), tuple(right[:-2])]) or ()
    return Layer(op, ((*front, left[-2], right[-1]),), dtypes=(call.dtype,))


def _cast(call: Call, op: str) -> Layer:
    label = _argument(call, "dtype", 1)
    return Layer(op, (call.shape,), dtypes=(BY_LABEL.get(str(label)),), attributes={"to": str(label)})


def _slice(call: Call, op: str) -> Layer:
    """Indexing: whole numbers drop a dim, slices cut it, None adds one."""
    shape = call.shape
    key = _argument(call, "key", 1)
    key = call.kwargs.get("slice_spec", key)
    if shape is None or key is None:
        return Layer(op, (None,), dtypes=(call.dtype,))
    items = list(key) if isinstance(key, tuple) else [key]
    output = _sliced(list(shape), items)
    return Layer(op, (output,), dtypes=(call.dtype,))


def _sliced(shape: list[Dim], items: list[Any]) -> Shape | None:
    given = [_index(item) for item in items]
    used = sum(isinstance(item, (int, tuple)) for item in given)
    if used > len(shape) or any(item == "unknown" for item in given):
        return None
    output: list[Dim] = []
    place = 0
    for item in given:
        if item == "ellipsis":
            rest = len(shape) - used
            output += shape[place : place + rest]
            place += rest
            used += rest
        elif item is None:
            output.append(1)
        elif isinstance(item, tuple):
            output.append(_cut(shape[place], *item))
            place += 1
        else:
            place += 1
    return tuple(output + shape[place:])


def _index(item: Any) -> Any:
    """One part of an index: a number, (start, stop, step), None for a new dim, "ellipsis", "unknown"."""
    if isinstance(item, Mapping) and item.get("class_name") in ("__ellipsis__", "ellipsis"):
        return "ellipsis"
    if isinstance(item, Mapping) and item.get("class_name") == "slice":
        config = item.get("config")
        item = config if isinstance(config, Mapping) else item
    if isinstance(item, Mapping) and item.get("class_name") == "__slice__":
        inside = item.get("config")
        item = inside if isinstance(inside, Mapping) else {}
    if isinstance(item, Mapping) and {"start", "stop", "step"} & set(item):
        parts = tuple(item.get(key) for key in ("start", "stop", "step"))
        sound = all(part is None or isinstance(part, int) for part in parts)
        return parts if sound else "unknown"
    if item is None or (isinstance(item, int) and not isinstance(item, bool)):
        return item
    return "ellipsis" if item in ("...", "Ellipsis") else "unknown"


def _cut(dim: Dim, start: int | None, stop: int | None, step: int | None) -> Dim:
    if step == 0:
        raise ConfigProblem("slices with a step of 0")
    if isinstance(dim, int):
        return len(range(*slice(start, stop, step).indices(dim)))
    return dim if start in (None, 0) and stop is None and step in (None, 1) else None


def _argument(call: Call, name: str, place: int) -> Any:
    """An argument by name: from the call's keywords, its positions, or the operation's own settings."""
    if name in call.kwargs:
        return call.kwargs[name]
    if name in call.settings.raw:
        value = call.settings.raw[name]
        return tuple(value) if isinstance(value, list) else value
    if place < len(call.args) and not isinstance(call.args[place], Value):
        return call.args[place]
    return None


_RULES: tuple[tuple[Mapping[str, str], Callable[[Call, str], Layer]], ...] = (
    (ELEMENTWISE, _broadcast),
    (_COMPARISONS, _compare),
    (CANONICAL, _activate),
    (_UNARY, _same),
    (_REDUCTIONS, _reduce),
    ({"reshape": "Reshape"}, _reshape),
    ({"transpose": "Transpose"}, _transpose),
    ({"expand_dims": "Unsqueeze"}, _expand),
    ({"squeeze": "Squeeze"}, _squeeze),
    ({"concatenate": "Concat", "concat": "Concat", "concat_v2": "Concat"}, _concat),
    ({"stack": "Stack"}, _stack),
    ({"matmul": "MatMul", "batch_mat_mul_v2": "MatMul"}, _matmul),
    ({"cast": "Cast"}, _cast),
    ({"get_item": "Slice", "getitem": "Slice"}, _slice),
)
