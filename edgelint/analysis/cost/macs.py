"""Multiply-accumulates of one operator.

Counted: convolutions of every kind, matrix products, Einstein sums, attention, recurrent steps. In
most of them each weight meets each position exactly once, so that MACs = positions × weights, which
holds in every layout of input and weights:

- convolution: positions of the output (batch × spatial) × elements of the kernel, grouped and
  depthwise ones too. Positions over padding count as well, as is customary;
- transposed convolution: positions of the input × elements of the kernel, before any cropping;
- dense layer: rows × elements of the matrix;
- matrix product: elements of the output × the length of the dim that is summed over;
- Einstein sum of two operands: the product of the sizes of all its letters.

A constant's zeros count, also where it is stored sparsely. Bias, activation, pooling,
normalization and element-wise work are not MACs: see `element_ops`.
"""

from __future__ import annotations

from collections.abc import Callable

from edgelint.analysis.cost import attention, recurrent
from edgelint.analysis.cost.einsum import einsum
from edgelint.analysis.cost.site import Site, Uncounted, unmodelled
from edgelint.deferred import dataclass
from edgelint.ir.operators import Family
from edgelint.ir.symbolic import Count

WORKERS = frozenset({Family.CONVOLUTION, Family.MATMUL, Family.RECURRENT, Family.ATTENTION})
"""The families that multiply and accumulate."""

INNER_PRODUCTS = frozenset(
    {
        ("ai.onnx.ml", "SVMClassifier"),
        ("ai.onnx.ml", "SVMRegressor"),
        ("ai.onnx.preview.training", "Gradient"),
        ("com.microsoft", "CDist"),
        ("com.microsoft", "WordConvEmbedding"),
        ("keras", "MelSpectrogram"),
        ("keras", "STFTSpectrogram"),
        ("tflite", "LSH_PROJECTION"),
        ("tflite.custom", "Mfcc"),
    }
)
"""Operators of other families that multiply and accumulate too, in amounts not modelled."""


@dataclass(frozen=True, slots=True)
class Operands:
    """Places of an operator's operands among its inputs.

    bias: None where the operator takes none.
    """

    data: int = 0
    weights: tuple[int, ...] = (1,)
    bias: int | None = 2


def macs(site: Site) -> Count:
    """The multiply-accumulates of the operator at `site`, bodies not included.

    Raises Uncounted for operators without a model, and where a size is not known.
    """
    node = site.node
    operator = site.operator
    if operator is None or (node.domain and (node.domain, node.op) in INNER_PRODUCTS):
        raise unmodelled(site)
    if operator.family not in WORKERS:
        return 0
    if operator.family is Family.RECURRENT:
        return recurrent.macs(site)
    if operator.family is Family.ATTENTION:
        return attention.macs(site)
    if operator.family is Family.CONVOLUTION:
        return _CONVOLUTIONS.get(node.op, _convolution)(site)
    model = _PRODUCTS.get((node.domain, node.op))
    if model is None:
        raise unmodelled(site)
    return model(site)


def operands(site: Site) -> Operands:
    """Where the operator at `site` takes data, weights and bias."""
    own = _BY_FORMAT.get(site.format)
    found = own.get(site.node.source.op) if own else None
    return found or _OPERANDS.get(site.node.op, _USUAL)


def channel_axis(site: Site, rank: int) -> int:
    """Place of the channels in a tensor of `rank`, counted from its end.

    Where the loader states no layout: in front in ONNX, last in TFLite and Keras, their defaults.
    """
    layout = site.attributes.get("layout")
    if isinstance(layout, str) and layout.startswith("NC"):
        # Loaders write "NCHW" for channels in front at any rank.
        axis = 1 - rank
    elif isinstance(layout, str) and "C" in layout:
        axis = layout.index("C") - len(layout)
    elif site.format == "onnx" and "nhwc" not in (site.node.domain + site.node.op).lower():
        axis = 1 - rank
    else:
        axis = -1
    if not -rank <= axis < 0:
        raise Uncounted(f"{site.word} has a tensor of rank {rank} where its channels have no place")
    return axis


def positions(site: Site, shape: tuple[int | str | None, ...]) -> Count:
    """Elements of one channel of `shape`: batch × spatial dims."""
    axis = channel_axis(site, len(shape)) % len(shape)
    return site.size_of(shape[:axis] + shape[axis + 1 :])


def _convolution(site: Site) -> Count:
    where = operands(site)
    try:
        weights = sum([site.elements(place) for place in where.weights])
    except Uncounted:
        # The kernel is not described: its size follows from the settings.
        return site.made() * _taps(site) * _channels_in(site, where.data)
    return positions(site, site.out()) * weights


def _transposed(site: Site) -> Count:
    where = operands(site)
    return positions(site, site.shape(where.data)) * site.elements(where.weights[0])


def _locally_connected(site: Site) -> Count:
    return site.made() * _taps(site) * _channels_in(site, 0)


def _taps(site: Site) -> Count:
    kernel = site.attributes.get("kernel_shape")
    if not isinstance(kernel, (list, tuple)) or not kernel:
        raise Uncounted(f"{site.word} does not say the size of its kernel", unsized=True)
    return site.product(kernel)


def _channels_in(site: Site, place: int) -> Count:
    shape, groups = site.shape(place), site.number("group", 1)
    channels = site.size(shape[channel_axis(site, len(shape))])
    try:
        return channels // groups
    except ValueError as error:
        raise Uncounted(f"{site.word} has {channels} channels in {groups} groups") from error


def _stablehlo_convolution(site: Site) -> Count:
    shape, axis = site.out(), site.attributes.get("output_feature_dimension")
    if not isinstance(axis, int) or not 0 <= axis < len(shape):
        raise Uncounted(f"{site.word} does not say which dim holds its channels")
    return site.product(dim for place, dim in enumerate(shape) if place != axis) * site.elements(1)


def _dense(site: Site) -> Count:
    return site.product(site.out()[:-1]) * site.elements(operands(site).weights[0])


def _matmul(site: Site) -> Count:
    """The dim summed over is the last of the first operand, the one before if that is transposed."""
    left, made = site.shape(0), site.out()
    if not left or site.attributes.get("transBatchA"):
        raise Uncounted(f"{site.word} sums over a dim that cannot be told")
    swapped = any(site.attributes.get(name) for name in ("transA", "adj_x"))
    if not swapped and len(left) > 1 and len(made) > 1:
        swapped = left[-1] == made[-2] != left[-2]
    if swapped and len(left) < 2:
        raise Uncounted(f"{site.word} transposes a vector")
    return site.made() * site.size(left[-2 if swapped else -1])


def _blockwise_matmul(site: Site) -> Count:
    return site.product(site.out()[:-1]) * site.number("K") * site.number("N")


def _linear_model(site: Site) -> Count:
    coefficients = site.attributes.get("coefficients")
    if not isinstance(coefficients, (list, tuple)):
        raise unmodelled(site)
    return site.product(site.shape(0)[:-1]) * len(coefficients)


def _dot(site: Site) -> Count:
    axes, shape = site.attributes.get("axes"), site.shape(0)
    axis = axes[0] if isinstance(axes, (list, tuple)) and axes else axes
    if not isinstance(axis, int) or site.attributes.get("time_distributed"):
        axis = len(shape)
    if not -len(shape) <= axis < len(shape):
        raise Uncounted(f"{site.word} sums over a dim that cannot be told")
    return site.made() * site.size(shape[axis])


def _dot_general(site: Site) -> Count:
    axes, shape = site.attributes.get("lhs_contracting_dimensions"), site.shape(0)
    if not isinstance(axes, (list, tuple)) or not all(
        isinstance(axis, int) and 0 <= axis < len(shape) for axis in axes
    ):
        raise Uncounted(f"{site.word} sums over dims that cannot be told")
    return site.made() * site.product(shape[axis] for axis in axes)


_CONVOLUTIONS: dict[str, Callable[[Site], Count]] = {
    "ConvTranspose": _transposed,
    "QLinearConvTranspose": _transposed,
    "ConvTransposeWithDynamicPads": _transposed,
    "Convolution2DTransposeBias": _transposed,
    "LocallyConnected": _locally_connected,
    "STABLEHLO_CONVOLUTION": _stablehlo_convolution,
}

_PRODUCTS: dict[tuple[str, str], Callable[[Site], Count]] = {
    ("", "Gemm"): _dense,
    ("", "MatMul"): _matmul,
    ("", "MatMulInteger"): _matmul,
    ("", "QLinearMatMul"): _matmul,
    ("", "Einsum"): einsum,
    ("ai.onnx.ml", "LinearClassifier"): _linear_model,
    ("ai.onnx.ml", "LinearRegressor"): _linear_model,
    ("com.microsoft", "DynamicQuantizeMatMul"): _matmul,
    ("com.microsoft", "FusedGemm"): _dense,
    ("com.microsoft", "FusedMatMul"): _matmul,
    ("com.microsoft", "FusedMatMulActivation"): _matmul,
    ("com.microsoft", "GemmFastGelu"): _matmul,
    ("com.microsoft", "GemmFloat8"): _dense,
    ("com.microsoft", "MatMulBnb4"): _blockwise_matmul,
    ("com.microsoft", "MatMulInteger16"): _matmul,
    ("com.microsoft", "MatMulIntegerToFloat"): _matmul,
    ("com.microsoft", "MatMulNBits"): _blockwise_matmul,
    ("com.microsoft", "QGemm"): _dense,
    ("com.microsoft", "QOrderedMatMul"): _matmul,
    ("com.microsoft", "TransposeMatMul"): _matmul,
    ("keras", "Dot"): _dot,
    ("tflite", "STABLEHLO_DOT_GENERAL"): _dot_general,
}

_USUAL = Operands()

_OPERANDS = {
    "ConvInteger": Operands(bias=None),
    "ConvTransposeWithDynamicPads": Operands(bias=3),
    "DeformConv": Operands(bias=3),
    "DynamicQuantizeMatMul": Operands(bias=4),
    "MatMul": Operands(bias=None),
    "MatMulBnb4": Operands(bias=None),
    "MatMulInteger": Operands(bias=None),
    "MatMulInteger16": Operands(bias=None),
    "MatMulIntegerToFloat": Operands(bias=6),
    "MatMulNBits": Operands(bias=5),
    "Einsum": Operands(bias=None),
    "FusedMatMul": Operands(bias=None),
    "QGemm": Operands(weights=(3,), bias=6),
    "QLinearConv": Operands(weights=(3,), bias=8),
    "QLinearConvTranspose": Operands(weights=(3,), bias=8),
    "QLinearMatMul": Operands(weights=(3,), bias=None),
    "QOrderedMatMul": Operands(weights=(2,), bias=5),
    "SeparableConv": Operands(weights=(1, 2), bias=3),
    "STABLEHLO_CONVOLUTION": Operands(bias=None),
    "STABLEHLO_DOT_GENERAL": Operands(bias=None),
    "TransposeMatMul": Operands(bias=None),
    "Dot": Operands(bias=None),
}
"""By canonical name; others take data, weights, bias in this order."""

_KERAS = {"EinsumDense": Operands()}

_TFLITE = {
    "TRANSPOSE_CONV": Operands(data=2, bias=3),
    "CONV_3D_TRANSPOSE": Operands(data=2, bias=3),
}
"""Output shape, weights, input, bias."""

_BY_FORMAT = {"tflite": _TFLITE, "keras": _KERAS, "keras-h5": _KERAS}
"""By the file's word for the operator, where the canonical name does not decide."""
