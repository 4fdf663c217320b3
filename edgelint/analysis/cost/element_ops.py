"""Element operations of one operator: the arithmetic that is not multiply-accumulate.

One operation is one number worked out from one or two others, transcendental functions included:

- element-wise work, activations, (de)quantization, casts, random numbers: 1 per output element,
  n - 1 for n operands summed, multiplied, compared, n for their mean;
- softmax and its kin 5 per element: maximum, difference, exponential, sum, quotient;
- bias: 1 per output element of the layer; a fused activation as if it stood alone;
- pooling: the kernel's area per output element (padding included), global pooling and reductions
  1 per input element;
- normalization per element: batch 2 (scale and shift), layer, instance and group 7 (mean,
  difference, square, variance, quotient, scale, shift), RMS 4, to unit length 3, across channels
  (LRN) its window + 3;
- linear resizing 2 per dim that changes, to the power of these dims: the taps of each output
  element, cubic 4 instead of 2; nearest 0;
- recurrent cells and attention scores as `recurrent` and `attention` say;
- movement (reshape, transpose, slice, pad, gather …), variables, sequences, control flow: 0.

Requantization inside integer kernels is not counted, so that a network has the same figure as
float and as int8. Work that depends on the data (suppression, sorting, trees, text) is not known.
"""

from __future__ import annotations

from collections.abc import Callable

from edgelint.analysis.cost import attention, recurrent
from edgelint.analysis.cost.macs import operands
from edgelint.analysis.cost.site import Site, Uncounted, unmodelled
from edgelint.ir.operators import Family, describe
from edgelint.ir.symbolic import Count
from edgelint.printable import printable

PER_ELEMENT = {
    "Softmax": 5,
    "LogSoftmax": 5,
    "QLinearSoftmax": 5,
    "BiasSoftmax": 6,
    "Sparsemax": 5,
    "BiasGelu": 2,
    "FastGelu": 1,
    "SwiGLU": 2,
    "BatchNormalization": 2,
    "LayerNormalization": 7,
    "InstanceNormalization": 7,
    "GroupNormalization": 7,
    "GroupNorm": 7,
    "SkipGroupNorm": 8,
    "SkipLayerNormalization": 8,
    "EmbedLayerNormalization": 9,
    "MeanVarianceNormalization": 5,
    "RMSNormalization": 4,
    "SkipSimplifiedLayerNormalization": 5,
    "LpNormalization": 3,
    "Normalizer": 3,
    "RotaryEmbedding": 3,
    "DynamicQuantizeLinear": 3,
    "Normalization": 2,
    "Rescaling": 2,
}
"""Operations per output element, where it is not one."""

VARIADIC = frozenset({"Add", "Mul", "Sub", "Sum", "Max", "Min", "Mean"})
"""Element-wise operators of any number of operands."""

WINDOWS = frozenset({"BlackmanWindow", "HammingWindow", "HannWindow", "AffineGrid", "MelWeightMatrix"})
"""Operators of the family `other` that make each element by a formula."""

ONE_PASS = frozenset({"Compress", "NonZero", "WHERE"})
"""Operators of the family `other` that look at each input element once."""


def element_ops(site: Site) -> Count:
    """The element operations of the operator at `site`, its fused activation included.

    Raises Uncounted for operators without a model, and where a size is not known.
    """
    node = site.node
    if site.operator is None:
        raise unmodelled(site)
    count = _BY_FAMILY.get(site.operator.family, _nothing)(site)
    return count + _fused(site) if node.activation else count


def _fused(site: Site) -> Count:
    activation = site.node.activation or ""
    if activation == "Identity":
        return 0
    if not (describe(activation) or describe(activation, "keras")):
        raise Uncounted(f"no cost model for the activation {printable(activation)}")
    return site.made() * PER_ELEMENT.get(activation, 1)


def _nothing(site: Site) -> Count:
    return 0


def _bias(site: Site) -> Count:
    place = operands(site).bias
    return site.made() if place is not None and site.has(place) else 0


def _pooling(site: Site) -> Count:
    op = site.node.op
    if "Global" in op or op.startswith("Adaptive"):
        return site.elements(0)
    kernel = site.attributes.get("kernel_shape")
    if not isinstance(kernel, (list, tuple)) or not kernel:
        raise unmodelled(site)
    return site.made() * site.product(kernel)


def _elementwise(site: Site) -> Count:
    op, places = site.node.op, len(site.node.inputs)
    if op in VARIADIC and places > 1:
        return site.made() * (places - 1 + (op == "Mean"))
    return _per_element(site)


def _per_element(site: Site) -> Count:
    return site.made() * PER_ELEMENT.get(site.node.op, 1)


def _normalization(site: Site) -> Count:
    if site.node.op == "LRN":
        radius = site.attributes.get("radius")
        size = 2 * radius + 1 if isinstance(radius, int) and radius >= 0 else site.number("size")
        return site.made() * (size + 3)
    return _per_element(site)


def _reduction(site: Site) -> Count:
    return site.elements(0)


def _other(site: Site) -> Count:
    op = site.node.op
    if op in ("Resize", "Upsample"):
        return _resize(site)
    if op in WINDOWS:
        return site.made()
    if op in ONE_PASS:
        return site.elements(0)
    raise Uncounted(f"the work of {site.op} depends on its data")


def _resize(site: Site) -> Count:
    mode = site.attributes.get("mode", "nearest")
    taps = {"nearest": 0, "linear": 2, "bilinear": 2, "cubic": 4, "bicubic": 4}.get(str(mode).lower())
    if taps is None:
        raise Uncounted(f"no cost model for {site.op} with mode {printable(str(mode))!r}")
    if not taps:
        return 0
    given, made = site.shape(0), site.out()
    changed = sum(before != after for before, after in zip(given, made, strict=False))
    return site.product(made) * taps**changed if changed else 0


_BY_FAMILY: dict[Family, Callable[[Site], Count]] = {
    Family.CONVOLUTION: _bias,
    Family.MATMUL: _bias,
    Family.RECURRENT: recurrent.element_ops,
    Family.ATTENTION: attention.element_ops,
    Family.POOLING: _pooling,
    Family.ACTIVATION: _per_element,
    Family.ELEMENTWISE: _elementwise,
    Family.NORMALIZATION: _normalization,
    Family.REDUCTION: _reduction,
    Family.QUANTIZATION: _per_element,
    Family.RANDOM: _per_element,
    Family.OTHER: _other,
}
"""Families without an entry move data or run other graphs: nothing is calculated."""
