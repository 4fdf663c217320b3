"""Softmaxes that work along another axis than the one of the classes, and how we know."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.axes import carried
from edgelint.analysis.heads import losses
from edgelint.analysis.heads.find import Head
from edgelint.analysis.heads.stacked import Applied, applied_at
from edgelint.analysis.heads.tails import NORMALISING, activation_at, channels_of, flattens, way_back
from edgelint.analysis.heads.task import CLASS_TASKS, Clue, Task
from edgelint.deferred import dataclass
from edgelint.ir.model import Dim, Graph, Model, Node, Shape
from edgelint.printable import printable

_REGROUPING = frozenset({"Reshape", "Flatten"})
_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "QLinearConv", "FusedConv", "SeparableConv"})


@dataclass(frozen=True, slots=True)
class WrongAxis:
    """One softmax along a wrong axis.

    problem: what it does, as the end of a sentence. certain: whether the output must be wrong;
    otherwise it is likely. axis, size: what it works along. classes: how many there are, where known.
    """

    graph: Graph
    node: Node
    problem: str
    certain: bool
    axis: int
    size: int | None
    classes: int | None = None


@dataclass(frozen=True, slots=True)
class _Layer:
    """The layer that feeds a softmax.

    axis: where its channels are when they reach the softmax, None unknown; classes: how many.
    regrouped: whether dims were joined or split on the way.
    """

    node: Node
    axis: int | None
    classes: int | None
    regrouped: bool


def wrong_axes(model: Model, heads: tuple[Head, ...]) -> Iterator[WrongAxis]:
    """All softmaxes along the batch, and those of `heads` along what is not the classes."""
    if not model.graphs or not model.complete:
        return
    said = set()
    for found in _along_batch(model):
        said.add(id(found.node))
        yield found
    for head in heads:
        node = head.activation_node
        if node is not None and id(node) not in said and head.activation in NORMALISING:
            applied = applied_at(model, head.graph, node)
            shape = _shape_of(head.graph, node)
            if applied is not None and applied.axis is not None and shape is not None:
                wrong = _wrong(model, head, applied, shape)
                if wrong is not None:
                    problem, certain = wrong
                    classes = channels_of(head.graph, head.layer)[1] if head.layer else None
                    yield WrongAxis(head.graph, node, problem, certain, applied.axis, applied.size, classes)


def _along_batch(model: Model) -> Iterator[WrongAxis]:
    symbol = _batch_symbol(model)
    for node in model.main.nodes if symbol else ():
        applied = applied_at(model, model.main, node)
        if applied is None or applied.name not in NORMALISING or applied.axis is None:
            continue
        shape = _shape_of(model.main, node) or ()
        if len(shape) > 1 and shape.count(symbol) == 1 and shape[applied.axis] == symbol:
            problem = (
                f"works along axis {applied.axis}, the batch: each output depends on the other samples, "
                "and without any it is constant"
            )
            yield WrongAxis(model.main, node, problem, True, applied.axis, None)


def _batch_symbol(model: Model) -> str | None:
    """The free dim that all inputs and outputs begin with and that is called batch; None without one.

    Keras's first dim is read so. A free dim of another name may count steps, points or candidates,
    which softmax may well compare.
    """
    firsts: set[Dim] = set()
    for name in (*model.main.inputs, *model.main.outputs):
        value = model.main.value(name)
        firsts.add(value.shape[0] if value and value.shape else None)
    only = firsts.pop() if len(firsts) == 1 else None
    return only if isinstance(only, str) and "batch" in only.lower() else None


def _wrong(model: Model, head: Head, applied: Applied, shape: Shape) -> tuple[str, bool] | None:
    """What the softmax of a head does wrong and whether that is certain; None for nothing."""
    joint = applied.node.activation is None and flattens(model, applied.node)
    several = any(isinstance(dim, int) and dim > 1 for dim in shape[1:])
    if applied.axis == 0 and applied.size == 1 and several and not joint:
        return "works along axis 0, the batch of 1: every output is constant", True
    if head.layer is None:
        return None
    layer = _layer(model, head, head.layer)
    if layer.axis is None or layer.classes is None or layer.classes < 2:
        return None
    if joint and applied.axis != len(shape) - 1:
        return _shared(applied, layer)
    if joint or layer.axis == applied.axis or applied.size is None or applied.size < 2:
        return None
    ground, certain = _ground(model, head, applied, layer)
    if not ground:
        return None
    return (
        f"works along axis {applied.axis} (size {applied.size}), the classes are along axis {layer.axis} "
        f"(size {layer.classes}): {ground}"
    ), certain


def _shared(applied: Applied, layer: _Layer) -> tuple[str, bool] | None:
    """A softmax over all dims from its axis on that mixes classes with places."""
    mixed = applied.size is not None and layer.classes is not None and applied.size > layer.classes
    if not mixed or layer.axis != applied.axis:
        return None
    return (
        f"shares 1 between all {applied.size} numbers from axis {applied.axis} on, as ONNX has it before "
        f"opset 13, not between the {layer.classes} classes at each place"
    ), False


def _ground(model: Model, head: Head, applied: Applied, layer: _Layer) -> tuple[str, bool]:
    """How we know where the classes are, and whether that is certain; "" where we don't."""
    if head.loss is not None and head.loss.name in losses.EXCLUSIVE:
        at_end = carried(head.graph, way_back(model, head.graph, head.output)[::-1], applied.axis)
        value = head.graph.value(head.output)
        if at_end is not None and value is not None and value.shape and at_end != len(value.shape) - 1:
            return f"trained with {printable(head.loss.name)}", True
    labels = len(model.labels)
    sizes = (labels, labels + 1)  # some models have a background class without a label
    if labels > 1 and layer.classes in sizes and applied.size not in sizes:
        return f"metadata names {labels} classes", False
    classes = all(said.task in CLASS_TASKS | {Task.SEGMENTATION} for said in head.says(Clue.USER))
    if layer.node.op in _CONVOLUTIONS and not layer.regrouped and classes:
        return "the channels of a convolution", False
    return "", False


def _layer(model: Model, head: Head, layer: Node) -> _Layer:
    node = head.activation_node
    axis, classes = channels_of(head.graph, layer)
    if layer is node or node is None:
        return _Layer(layer, axis, classes, False)
    found = activation_at(head.graph, node)
    between = way_back(model, head.graph, found[1] if found else None)
    regrouped = any(each.op in _REGROUPING for each in between)
    return _Layer(layer, carried(head.graph, between[::-1], axis), classes, regrouped)


def _shape_of(graph: Graph, node: Node) -> Shape | None:
    value = graph.value(node.outputs[0]) if node.outputs else None
    return value.shape if value else None
