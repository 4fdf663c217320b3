"""Activations that an exporter wrote as several operators."""

from __future__ import annotations

from collections.abc import Callable

from edgelint.analysis.constants import numbers
from edgelint.ir.model import Graph, Node

Parts = tuple[str, str | None, int | None]
"""The activation's canonical name, the value that goes into it, and its axis where it has one."""

_DOMAINS = frozenset({"", "keras", "tflite"})
"""Domains whose operators are the ones meant."""

_CLOSE = 1e-3
"""How far a stored constant may be from the one meant: float16 keeps three digits."""


def decomposed_activation(graph: Graph, node: Node) -> Parts | None:
    """The activation whose last operator is `node`; None where it ends none.

    Softmax as Exp / ReduceSum, with or without the largest number taken off first; log-softmax as
    Log of a softmax, or x - log of the sum; sigmoid as 1 / (1 + Exp(-x)), Exp(x) / (1 + Exp(x)) or
    through Tanh; hard sigmoid as a clipped line from 0 to 1; softplus as Log(1 + Exp(x)).
    """
    ending = _ENDINGS.get(node.op)
    return ending(graph, node) if ending is not None and node.activation is None else None


def _reciprocal(graph: Graph, node: Node) -> Parts | None:
    return _sigmoid(graph, node.inputs[0] if node.inputs else None)


def _quotient(graph: Graph, node: Node) -> Parts | None:
    if len(node.inputs) != 2:
        return None
    above, below = node.inputs
    sigmoid = _sigmoid(graph, below)
    if sigmoid is not None and _is_number(graph, above, 1.0):
        return sigmoid
    return _softmax(graph, above, below) or _rising_sigmoid(graph, above, below) or _hard(graph, node)


def _product(graph: Graph, node: Node) -> Parts | None:
    """Exp times the reciprocal of its sum, or six times a clipped line."""
    for above, inverse in _orders(node):
        below = _producer(graph, inverse, "Reciprocal")
        if below is not None and below.inputs:
            found = _softmax(graph, above, below.inputs[0])
            if found is not None:
                return found
    return _hard(graph, node)


def _softmax(graph: Graph, above: str | None, below: str | None) -> Parts | None:
    exp, total = _producer(graph, above, "Exp"), _producer(graph, below, "ReduceSum")
    if exp is None or total is None or not total.inputs:
        return None
    summed = _producer(graph, total.inputs[0], "Exp")
    if summed is None or (summed is not exp and summed.inputs[:1] != exp.inputs[:1]):
        return None
    axis = _only_axis(graph, total)
    return ("Softmax", _before_shift(graph, exp), axis) if axis is not None else None


def _only_axis(graph: Graph, node: Node) -> int | None:
    axes = node.attributes.get("axes")
    if axes is None and len(node.inputs) > 1:
        axes = numbers(graph.value(node.inputs[1]))
    return int(axes[0]) if isinstance(axes, (list, tuple)) and len(axes) == 1 else None


def _before_shift(graph: Graph, exp: Node) -> str | None:
    """What goes into the softmax, before its largest number is taken off."""
    name = exp.inputs[0] if exp.inputs else None
    shift = _producer(graph, name, "Sub")
    if shift is not None and len(shift.inputs) == 2:
        largest = _producer(graph, shift.inputs[1], "ReduceMax")
        if largest is not None and largest.inputs[:1] == shift.inputs[:1]:
            return shift.inputs[0]
    return name


def _logarithm(graph: Graph, node: Node) -> Parts | None:
    """The logarithm of a softmax, in pieces or whole, of a sigmoid, or of 1 + Exp."""
    name = node.inputs[0] if node.inputs else None
    place = graph.producers.get(name) if name else None
    before = graph.nodes[place] if place is not None else None
    if before is None or before.activation is not None or before.domain not in _DOMAINS:
        return None
    if before.op in ("Softmax", "Sigmoid"):
        return f"Log{before.op}", before.inputs[0] if before.inputs else None, _axis_of(before)
    if before.op == "Div" and (parts := _quotient(graph, before)) and parts[0] in ("Softmax", "Sigmoid"):
        return f"Log{parts[0]}", parts[1], parts[2]
    exp = _one_plus(graph, name)
    return ("Softplus", exp.inputs[0], None) if exp is not None and exp.inputs else None


def _axis_of(node: Node) -> int | None:
    axis = node.attributes.get("axis")
    return axis if isinstance(axis, int) else None


def _difference(graph: Graph, node: Node) -> Parts | None:
    """The scores less log(sum(exp(scores))): the logarithm of their softmax."""
    if len(node.inputs) != 2:
        return None
    scores, total = node.inputs
    whole = _producer(graph, total, "ReduceLogSumExp")
    if whole is None:
        log = _producer(graph, total, "Log")
        whole = _producer(graph, log.inputs[0], "ReduceSum") if log and log.inputs else None
        exp = _producer(graph, whole.inputs[0], "Exp") if whole and whole.inputs else None
        read = exp.inputs[0] if exp and exp.inputs else None
    else:
        read = whole.inputs[0] if whole.inputs else None
    axis = _only_axis(graph, whole) if whole is not None and read == scores else None
    return ("LogSoftmax", scores, axis) if axis is not None else None


def _sigmoid(graph: Graph, below: str | None) -> Parts | None:
    exp = _one_plus(graph, below)
    if exp is None or not exp.inputs:
        return None
    name = exp.inputs[0]
    minus = _producer(graph, name, "Neg")
    return "Sigmoid", minus.inputs[0] if minus and minus.inputs else name, None


def _rising_sigmoid(graph: Graph, above: str | None, below: str | None) -> Parts | None:
    exp = _one_plus(graph, below)
    same = exp is not None and above in exp.outputs
    return ("Sigmoid", exp.inputs[0], None) if exp is not None and same and exp.inputs else None


def _one_plus(graph: Graph, name: str | None) -> Node | None:
    """The Exp that 1 is added to in `name`."""
    plus = _producer(graph, name, "Add")
    for one, power in _orders(plus):
        exp = _producer(graph, power, "Exp")
        if exp is not None and _is_number(graph, one, 1.0):
            return exp
    return None


def _sum(graph: Graph, node: Node) -> Parts | None:
    """0.5 + 0.5 · Tanh(0.5 · x), which is a sigmoid."""
    for half, rest in _orders(node):
        for factor, name in _orders(_producer(graph, rest, "Mul")):
            tanh = _producer(graph, name, "Tanh")
            inner = _producer(graph, tanh.inputs[0], "Mul") if tanh and tanh.inputs else None
            for outer, given in _orders(inner):
                if all(_is_number(graph, each, 0.5) for each in (half, factor, outer)):
                    return "Sigmoid", given, None
    return None


def _hard(graph: Graph, node: Node) -> Parts | None:
    """Relu6(x + 3) / 6, be it times 1/6 or over 6.

    Converters fold the 3 into the bias of the layer below, so that any Relu6 will do: its sixth lies
    between 0 and 1 in the same way.
    """
    wanted = 6.0 if node.op == "Div" else 1 / 6
    for factor, name in _orders(node)[: 1 if node.op == "Div" else 2]:
        place = graph.producers.get(name) if name else None
        below = graph.nodes[place] if place is not None else None
        if below is None or not _is_clipped(graph, below, 6.0) or not _is_number(graph, factor, wanted):
            continue
        line = below if below.activation else _producer(graph, below.inputs[0], "Add")
        shifts = (given for three, given in _orders(line) if _is_number(graph, three, 3.0))
        return "HardSigmoid", next(shifts, name if below.activation else below.inputs[0]), None
    return None


def _clip(graph: Graph, node: Node) -> Parts | None:
    """A line clipped to 0…1: Clip(0.2 · x + 0.5, 0, 1), as Keras 2 has its hard sigmoid."""
    line = _producer(graph, node.inputs[0], "Add") if node.inputs else None
    if line is None or not _is_clipped(graph, node, 1.0):
        return None
    for half, rest in _orders(line):
        for factor, given in _orders(_producer(graph, rest, "Mul")):
            if _number(graph, factor) is not None and _is_number(graph, half, 0.5):
                return "HardSigmoid", given, None
    return None


_CLIPS = {6.0: "Relu6", 1.0: "Relu0To1"}
"""The upper end of a range that begins at 0 to the activation that clips to it."""


def _is_clipped(graph: Graph, node: Node, highest: float) -> bool:
    """Whether `node` ends in a clip to 0…highest, fused with it or its own."""
    if node.activation is not None or node.op == _CLIPS[highest]:
        return bool(node.inputs) and (node.activation or node.op) == _CLIPS[highest]
    if node.op != "Clip" or not node.inputs:
        return False
    low, high = node.attributes.get("min"), node.attributes.get("max")
    if len(node.inputs) == 3:
        low, high = (_number(graph, name) for name in node.inputs[1:])
    return (low, high) == (0.0, highest)


def _orders(node: Node | None) -> tuple[tuple[str | None, str | None], ...]:
    """The two operands of `node`, the second one first, and the other way round; () for none."""
    if node is None or len(node.inputs) != 2:
        return ()
    first, second = node.inputs
    return (second, first), (first, second)


def _number(graph: Graph, name: str | None) -> float | None:
    value = graph.value(name)
    found = numbers(value)
    if value is None or found is None or len(found) != 1:
        return None
    stored = value.quantization
    if stored is None or len(stored.scale) != 1:
        return found[0]
    return (found[0] - (stored.zero_point[0] if stored.zero_point else 0)) * stored.scale[0]


def _is_number(graph: Graph, name: str | None, wanted: float) -> bool:
    found = _number(graph, name)
    return found is not None and abs(found - wanted) <= _CLOSE * abs(wanted)


def _producer(graph: Graph, name: str | None, op: str) -> Node | None:
    place = graph.producers.get(name) if name else None
    node = graph.nodes[place] if place is not None else None
    if node is None or node.op != op or node.domain not in _DOMAINS or node.activation is not None:
        return None
    return node


_ENDINGS: dict[str, Callable[[Graph, Node], Parts | None]] = {
    "Reciprocal": _reciprocal,
    "Div": _quotient,
    "Mul": _product,
    "Log": _logarithm,
    "Sub": _difference,
    "Add": _sum,
    "Clip": _clip,
    "Relu0To1": _clip,
}
"""The last operator of an activation in pieces to what looks for the rest of it."""
