"""What the stored constants of a model are for: kernels with their output channels, biases, tables …"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from edgelint.analysis.cost.macs import operands
from edgelint.analysis.cost.site import USUAL_RANK, Site
from edgelint.analysis.scope import Scopes
from edgelint.analysis.weights.statistics import Split
from edgelint.ir.model import Graph, Model, Node, Value
from edgelint.ir.operators import OPERATORS, Family, describe

STEPS = 8
"""Nodes between a stored constant and its reader (dequantize, cast, reshape …) that are looked through."""

_SAME_ELEMENTS = frozenset({"BitCast", "Cast", "CastLike", "DequantizeLinear", "Identity", "QuantizeLinear"})
"""Of the operators that pass numbers on, those that leave their order and shape alone."""

_PASSING = frozenset(op for (_, op), operator in OPERATORS.items() if operator.is_pass_through)
"""What operators that pass numbers on are called in some domain: a word is sooner looked up than both."""


class Role(Enum):
    """What a constant is for, in order of precedence where several nodes read it.

    kernel: multiplied with what flows through a convolution or a matrix product. recurrent: any weight
    of a recurrent layer, attention: of an attention layer. bias: added by one of these. normalization:
    scale, shift, mean or variance. operand: of element-wise work. table: rows are taken from it.
    other: shapes, axes, paddings, bounds, and whatever unknown operators read. unread: nothing reads it.
    """

    KERNEL = "kernel"
    RECURRENT = "recurrent weights"
    ATTENTION = "attention weights"
    BIAS = "bias"
    NORMALIZATION = "normalization constant"
    OPERAND = "operand"
    TABLE = "table"
    OTHER = "constant"
    UNREAD = "unread constant"

    # There is one object for each: the hash of Enum, of the name and in Python, is ten times as slow.
    __hash__ = object.__hash__


_PRECEDENCE = {role: place for place, role in enumerate(Role)}

_BY_FAMILY = {
    Family.RECURRENT: Role.RECURRENT,
    Family.ATTENTION: Role.ATTENTION,
    Family.NORMALIZATION: Role.NORMALIZATION,
    Family.ELEMENTWISE: Role.OPERAND,
}

_TABLES = frozenset({"Gather", "GatherElements", "GatherND", "TorchEmbedding", "GatherBlockQuantized"})


class Use(NamedTuple):
    """A constant in the hands of a node. split: how its elements fall into output channels.

    graph: where the node is. home: number of the graph that declares the constant.
    reader: None for a constant that nothing reads.
    """

    home: int
    value: Value
    role: Role
    split: Split
    graph: Graph
    reader: Node | None = None


def uses(model: Model) -> tuple[Use, ...]:
    """Each stored constant of `model` once, with its most telling use, in the file's order."""
    scopes = Scopes(model)
    found: _Found = tuple({} for _ in model.graphs)
    for number, graph in enumerate(model.graphs):
        passed_on = {name for node in graph.nodes if node.op in _PASSING for name in node.outputs}
        for node in graph.nodes:
            _enter_uses(scopes, number, node, passed_on, found)
    return tuple(
        known.get(name) or _unread(number, graph, value)
        for number, (graph, known) in enumerate(zip(model.graphs, found, strict=True))
        for name, value in graph.values.items()
        if value.tensor is not None
    )


_Found = tuple[dict[str, Use], ...]
"""For each graph, its constants by name with the most telling use so far."""


def _unread(number: int, graph: Graph, value: Value) -> Use:
    elements = value.tensor.elements if value.tensor else 0
    return Use(number, value, _unread_role(graph, value.name), Split.whole(elements), graph)


def _unread_role(graph: Graph, name: str) -> Role:
    return Role.OTHER if name in graph.readers or name in graph.outputs else Role.UNREAD


def _enter_uses(scopes: Scopes, number: int, node: Node, passed_on: set[str | None], found: _Found) -> None:
    """Puts what `node` does with the constants that it reads in place of less telling uses, or of none.

    passed_on: what nodes of its graph make that may be constants passed on.
    """
    site: Site | None = None
    graph = scopes.model.graphs[number]
    values = graph.values
    for place, name in enumerate(node.inputs):
        if not name:
            continue
        value, home, same = values.get(name), number, True
        if value is None or value.tensor is None:
            traced = _trace(scopes, number, name) if value is None or name in passed_on else None
            if traced is None:
                continue
            home, value, same = traced
        site = site or Site(scopes, number, node)
        role = _role(site, place, value)
        known = found[home].get(value.name)
        # Whether others read it matters only to the least telling of uses.
        if known is None and role is Role.OTHER:
            before = _unread_role(scopes.model.graphs[home], value.name)
        else:
            before = known.role if known else Role.UNREAD
        if _PRECEDENCE[role] < _PRECEDENCE[before]:
            split = _split(site, place, value) if role is Role.KERNEL and same else None
            found[home][value.name] = Use(home, value, role, split or _whole(value), graph, node)


def _trace(scopes: Scopes, number: int, name: str | None) -> tuple[int, Value, bool] | None:
    """The constant that `name` is or passes on, its graph, and whether its elements stay in order."""
    graph = scopes.model.graphs[number]
    value = graph.value(name)
    same = True
    for _ in range(STEPS):
        if value is None:
            home = _home(scopes, number, name)
            if home is None or name is None:
                return None
            number, graph = home, scopes.model.graphs[home]
            value = graph.values[name]
        if value.tensor is not None:
            return number, value, same
        place = graph.producers.get(value.name)
        node = graph.nodes[place] if place is not None else None
        operator = describe(node.op, node.domain) if node else None
        if node is None or operator is None or not operator.is_pass_through or not node.inputs:
            return None
        same = same and node.op in _SAME_ELEMENTS
        name = node.inputs[0]
        value = graph.value(name)
    return None


def _home(scopes: Scopes, number: int, name: str | None) -> int | None:
    """The graph that `name` belongs to: this one, or one around it."""
    graphs = scopes.model.graphs
    for _ in graphs:
        if name in graphs[number].values:
            return number
        parent = graphs[number].parent
        if parent is None or not 0 <= parent < len(graphs):
            return None
        number = parent
    return None


def _role(site: Site, place: int, value: Value) -> Role:
    operator, node = site.operator, site.node
    if operator is None:
        return Role.OTHER
    if operator.family in (Family.CONVOLUTION, Family.MATMUL):
        where = operands(site)
        rank = len(value.tensor.shape) if value.tensor else 0
        if place in where.weights or (operator.family is Family.MATMUL and place == where.data):
            return Role.KERNEL if rank > 1 else Role.OTHER
        return Role.BIAS if place == where.bias else Role.OTHER
    if node.op in _TABLES:
        return Role.TABLE if place == 0 else Role.OTHER
    return _BY_FAMILY.get(operator.family, Role.OTHER)


def _split(site: Site, place: int, value: Value) -> Split | None:
    """How a kernel falls into output channels; None where that is not known."""
    shape = value.tensor.shape if value.tensor else ()
    rank = len(shape)
    axes = _channel_axes(site, place, rank)
    if axes is None or not (-rank <= axes[0] < rank and -rank <= axes[1] < rank):
        return None
    first, last = axes[0] % rank, axes[1] % rank
    if first > last:
        return None
    along = _along if rank <= USUAL_RANK else Split.along
    return along(shape, first, last, _zero_point(value))


@lru_cache(1024)
def _along(shape: tuple[int, ...], first: int, last: int, zero_point: int) -> Split:
    """The same object for kernels that are alike, as graphs repeat themselves."""
    return Split.along(shape, first, last, zero_point)


def _whole(value: Value) -> Split:
    return Split.whole(value.tensor.elements if value.tensor else 0, _zero_point(value))


def _channel_axes(site: Site, place: int, rank: int) -> tuple[int, int] | None:
    """First and last axis of the output channels; the same one but for depthwise kernels."""
    layout = site.attributes.get("weight_layout")
    if isinstance(layout, str) and len(layout) == rank and "O" in layout:
        axis = layout.index("O")
        return axis, axis + layout[axis + 1 :].startswith("M")
    if site.format == "tflite" and site.node.op in ("Conv", "ConvTranspose", "Gemm"):
        axis = _TFLITE.get(site.node.source.op, 0)
        return axis, axis
    operator = site.operator
    if operator is not None and operator.family is Family.CONVOLUTION:
        return _convolution_axes(site, place)
    if site.node.op not in _PRODUCTS or place not in operands(site).weights:
        return None
    axis = -2 if site.attributes.get("transB") else -1
    return axis, axis


def _convolution_axes(site: Site, place: int) -> tuple[int, int] | None:
    op = site.node.op
    if op == "SeparableConv":
        return (-2, -1) if place == operands(site).weights[0] else (-1, -1)
    if op in ("ConvTranspose", "QLinearConvTranspose", "ConvTransposeWithDynamicPads"):
        shape = site.value(place)
        group = site.attributes.get("group", 1)
        if group == 1:
            return 1, 1
        deep = shape is not None and shape.shape is not None and shape.shape[0] == group
        return (0, 1) if deep else None
    return (0, 0) if op in _ONNX_CONVOLUTIONS else None


_TFLITE = {"DEPTHWISE_CONV_2D": 3, "CONV_3D": 4, "CONV_3D_TRANSPOSE": 3}
"""Axis of the output channels by TFLite's word, where it is not the first."""

_ONNX_CONVOLUTIONS = frozenset(
    {"Conv", "ConvInteger", "DeformConv", "FusedConv", "NhwcConv", "NhwcFusedConv", "QLinearConv"}
)

_PRODUCTS = frozenset(
    {
        *("DynamicQuantizeMatMul", "FusedGemm", "FusedMatMul", "Gemm", "GemmFastGelu", "MatMul"),
        *("MatMulInteger", "MatMulInteger16", "MatMulIntegerToFloat", "QGemm", "QLinearMatMul"),
    }
)
"""Matrix products whose second factor has its output channels last, or before that if transposed."""


def _zero_point(value: Value) -> int:
    """The stored number that stands for 0, where it is the same for all channels; 0 else."""
    if value.quantization is None:
        return 0
    stated: Sequence[int] = value.quantization.zero_point
    return stated[0] if len(set(stated)) == 1 else 0
