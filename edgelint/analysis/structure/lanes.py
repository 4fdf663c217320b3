"""How many multiply-accumulates a target's hardware does for nothing, as sizes don't fill its lanes.

Ethos-U computes output channels in blocks: `ofm_ublock` of Vela 5.2.0, architecture_features.py, by
which its performance model rounds up (npu_performance.py, _estimate_conv_cycles). The vector unit of
Armv8.1-M (MVE) takes 16 bytes at a time, and CMSIS-NN runs it along the numbers that are summed up: one
row of a kernel (arm_nn_mat_mult_nt_t_s8, wlstp.8 with a predicated tail). The DSP instructions of older
Cortex-M take four; what they waste is less than the loop round them. Of other hardware nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.cost.macs import channel_axis, operands
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.analysis.scope import Scopes
from edgelint.context import Context
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node
from edgelint.ir.operators import Family, describe

OUTPUT_BLOCKS = {
    "ethos-u55-32": 4,
    "ethos-u55-64": 8,
    "ethos-u55-128": 8,
    "ethos-u55-256": 8,
    "ethos-u65-256": 8,
    "ethos-u65-512": 8,
}
"""Output channels that are computed together."""

MVE_BYTES = 16
"""Bytes of a vector: int8 numbers that are multiplied together."""

_STEPS = 4


@dataclass(frozen=True, slots=True)
class Waste:
    """One layer that leaves lanes empty.

    size: output channels or summed numbers. width: lanes of the hardware. macs: those that count;
    padded: those that are done.
    """

    graph: int
    node: Node
    size: int
    width: int
    macs: int
    padded: int
    along_output: bool


def wasted(context: Context) -> Iterator[Waste]:
    """Convolutions and matrix products of the deployment graph with known sizes, full ones too.

    Not those whose size the task sets: the first layer's inputs, the last one's outputs.
    """
    target, model = context.target, context.deployment
    if target is None or model is None or context.network is not model:
        return
    block = OUTPUT_BLOCKS.get(target.npu)
    vector = not target.npu and target.kernels == "cmsis-nn" and target.simd == "mve"
    if block is None and not vector:
        return
    placed = context.partition.placements if context.partition else ()
    aside = {id(place.node) for place in placed if place.accelerated is not True}
    scopes = Scopes(model)
    for cost in context.cost.nodes:
        node, macs = cost.node, cost.macs.value
        if not macs or node.op not in ("Conv", "Gemm") or (block is not None and id(node) in aside):
            continue
        sizes = _sizes(Site(scopes, cost.graph, node))
        graph = model.graphs[cost.graph]
        if sizes is None or (_is_last(graph, node) if block is not None else _is_first(graph, node)):
            continue
        size, width = (sizes[0], block) if block is not None else (sizes[1], MVE_BYTES)
        full = -(-size // width) * width
        yield Waste(cost.graph, node, size, width, macs, macs * full // size, block is not None)


def _sizes(site: Site) -> tuple[int, int] | None:
    """Output channels, and numbers that are summed for each; None of depthwise and of float layers."""
    group = site.attributes.get("group", 1)
    weights = site.value(operands(site).weights[0])
    if weights is None or weights.dtype is not DType.INT8 or (site.node.op == "Conv" and group != 1):
        return None
    try:
        shape = site.out()
        made = shape[channel_axis(site, len(shape))] if site.node.op == "Conv" else shape[-1]
    except (Uncounted, IndexError):
        return None
    count = weights.elements
    if not isinstance(made, int) or made < 1 or count is None or count % made or count < made:
        return None
    return made, count // made


def _is_first(graph: Graph, node: Node) -> bool:
    """Whether it reads an input of the graph, quantized, padded or reshaped at most."""
    name = node.inputs[0] if node.inputs else None
    for _ in range(_STEPS):
        before = graph.producers.get(name or "")
        if before is None:
            return True
        if not _passes(graph.nodes[before]):
            return False
        name = next(iter(graph.nodes[before].inputs), None)
    return False


def _is_last(graph: Graph, node: Node) -> bool:
    """Whether only activations, reshapes and the like follow it."""
    for _ in range(_STEPS):
        name = node.outputs[0] if node.outputs else None
        readers = graph.readers.get(name or "", ())
        if not readers:
            return True
        node = graph.nodes[readers[0]]
        known = describe(node.op, node.domain)
        if not _passes(node) and not (known and known.is_activation):
            return False
    return False


def _passes(node: Node) -> bool:
    known = describe(node.op, node.domain)
    return known is not None and known.family in (Family.MOVEMENT, Family.QUANTIZATION)
