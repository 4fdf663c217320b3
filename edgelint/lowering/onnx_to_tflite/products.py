"""Matrix products: FULLY_CONNECTED where one side is stored, else BATCH_MATMUL."""

from __future__ import annotations

import math

from edgelint.ir.dtype import DType
from edgelint.ir.model import Node
from edgelint.lowering.onnx_to_tflite.conversion import Conversion, Unlowerable, plain
from edgelint.lowering.onnx_to_tflite.draft import Operand


def gemm(low: Conversion, node: Node) -> None:
    """FULLY_CONNECTED; factors other than 1 go into its constants."""
    left, right = low.input(node, 0), low.input(node, 1)
    if len(low.shape(left)) != 2 or len(low.shape(right)) != 2:
        raise Unlowerable("multiplies what are no matrices")
    if low.dtype(left) is not DType.FLOAT32:
        raise Unlowerable(f"multiplies {low.dtype(left)} matrices")
    given = low.read(left, (1, 0) if node.attributes.get("transA", 0) else (0, 1))
    transposed = bool(node.attributes.get("transB", 0))
    made_shape = low.shape(node.outputs[0])
    weights = _units_first(low, right, transposed)
    name = node.inputs[2] if len(node.inputs) > 2 else None
    bias, added = _bias(low, name, made_shape[-1])
    if float(node.attributes.get("alpha", 1.0)) != 1.0 and low.constant(right) is None:
        raise Unlowerable("scales a product of two activations, which is not modelled")
    inputs = [given.name, weights.name, bias.name if bias else None]
    made = low.produce(node, "FULLY_CONNECTED", inputs, plain(2), keep_num_dims=False)
    if added is not None:
        total = low.emit("ADD", [made.name, added.name], made_shape, made.dtype, made.name)
        low.store(node.outputs[0], total, plain(2))


def matmul(low: Conversion, node: Node) -> None:
    """FULLY_CONNECTED for a stored matrix on the right, BATCH_MATMUL for the rest."""
    left, right = low.input(node, 0), low.input(node, 1)
    ranks = len(low.shape(left)), len(low.shape(right))
    if low.dtype(left) is not DType.FLOAT32 or low.dtype(right) is not DType.FLOAT32:
        raise Unlowerable(f"multiplies {low.dtype(left)} matrices")
    if min(ranks) < 2:
        raise Unlowerable("multiplies a vector, which is not modelled")
    rank = len(low.shape(node.outputs[0]))
    given = low.read(left, plain(ranks[0]))
    if ranks[1] == 2 and (low.constant(right) is not None or ranks[0] == 2):
        weights = _units_first(low, right, False)
        low.produce(
            node, "FULLY_CONNECTED", [given.name, weights.name, None], plain(rank), keep_num_dims=ranks[0] > 2
        )
        return
    other = low.read(right, plain(ranks[1]))
    low.produce(node, "BATCH_MATMUL", [given.name, other.name], plain(rank), adj_x=False, adj_y=False)


def _units_first(low: Conversion, name: str, transposed: bool) -> Operand:
    """The weights as FULLY_CONNECTED wants them: one row per unit."""
    order = (0, 1) if transposed else (1, 0)
    return low.weight(name, order) if low.constant(name) is not None else low.read(name, order)


def _bias(low: Conversion, name: str | None, units: int) -> tuple[Operand | None, Operand | None]:
    """What FULLY_CONNECTED takes as its bias, and what is added after it."""
    if name is None:
        return None, None
    constant = low.constant(name)
    if constant is None:
        return None, low.read(name, plain(len(low.shape(name))))
    elements = math.prod(constant.shape)
    if elements == units and constant.shape[-1:] == (units,):
        return low.weight(name, plain(len(constant.shape)), (units,)), None
    if elements == 1:
        # One number for all units is written out.
        key = ("spread", constant.content.key, units)
        return low.draft.constant(name, DType.FLOAT32, (units,), key), None
    return None, low.weight(name, plain(len(constant.shape)))
