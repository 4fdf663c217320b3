"""Plain functions called on tensors."""

from __future__ import annotations

from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import Site, lowers

_UNARY = {
    "Abs": "ABS",
    "Ceil": "CEIL",
    "Cos": "COS",
    "Floor": "FLOOR",
    "Log": "LOG",
    "Neg": "NEG",
    "Rsqrt": "RSQRT",
    "Sin": "SIN",
    "Sqrt": "SQRT",
    "Square": "SQUARE",
}
_REDUCTIONS = {
    "ReduceMean": "MEAN",
    "ReduceSum": "SUM",
    "ReduceMax": "REDUCE_MAX",
    "ReduceMin": "REDUCE_MIN",
}


@lowers(*_UNARY)
def unary(site: Site) -> Edge:
    """A function of each element."""
    return site.draft.unary(_UNARY[site.node.op], site.input)


@lowers(*_REDUCTIONS)
def reduction(site: Site) -> Edge:
    """A mean, sum, maximum or minimum over some axes."""
    axes = tuple(site.attributes["axes"])
    keep = bool(site.attributes.get("keepdims"))
    return site.draft.reduce(_REDUCTIONS[site.node.op], site.input, axes, keep, scalar=len(axes) == 1)


@lowers("MatMul")
def product(site: Site) -> Edge:
    """A product of two batches of matrices."""
    if len(site.inputs) != 2:
        raise Unpredictable("multiplies with a constant that the source graph does not hold")
    left, right = site.inputs
    plain = (*left.shape[:-1], right.shape[-1])
    if len(left.shape) != len(right.shape) or len(left.shape) < 3 or plain != site.shape:
        raise Unpredictable("multiplies in a way whose conversion is not known here")
    if left.shape[-1] != right.shape[-2] or left.shape[:-2] != right.shape[:-2]:
        raise Unpredictable("multiplies transposed matrices, or ones that are broadcast")
    return site.draft.emit("BATCH_MATMUL", [left, right], plain)
