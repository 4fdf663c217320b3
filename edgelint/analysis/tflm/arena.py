"""The tensor arena of TensorFlow Lite Micro: the runtime's own allocations, replayed on the file.

The head (planned tensors and scratch) starts at the arena's beginning, the tail (what stays) at its
end. Source of the smallest arena: tensorflow/tflite-micro@90b983c2, micro/micro_allocator.cc.
"""

from __future__ import annotations

import math
from itertools import chain

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.analysis.tflm.head import offline_plan, plan_head
from edgelint.analysis.tflm.lifetimes import TooLong
from edgelint.analysis.tflm.prepare import Prepared, prepare
from edgelint.analysis.tflm.requests import UnknownDims
from edgelint.analysis.tflm.sizes import Sizes, round_up, sizes
from edgelint.analysis.tflm.tail import Tail
from edgelint.analysis.tflm.views import (
    dead_bytes,
    most_views,
    quantized_channels,
    view_bytes,
    widest_view,
)
from edgelint.deferred import replace
from edgelint.ir.model import Graph, Model, Value
from edgelint.printable import printable
from edgelint.targets import Target

MAX_SCRATCH_PER_OPERATOR = 12
"""Scratch requests the runtime keeps room for while it prepares an operator (kMaxScratchBuffersPerOp)."""


def plan_arena(model: Model, target: Target) -> Arena:
    """The arena that `model` needs on `target`: exact where the memory of every operator is known."""
    build = sizes(target.abi, target.kernels)
    if build is None:
        return Arena(reason=f"the sizes of the runtime's records for {target.abi} are not known")
    try:
        return _arena(model, target, build)
    except UnknownDims as unknown:
        return Arena(reason=f"the shape of {printable(str(unknown))} is not known")
    except TooLong:
        return Arena(reason="subgraphs call one another too often to follow")


def _arena(model: Model, target: Target, build: Sizes) -> Arena:
    prepared = prepare(model, target, build)
    model = _with_reshapes(model)
    offline = offline_plan(model)
    layout, refused = plan_head(model, prepared, offline)
    tail = Tail(model, build, prepared, offline)
    before_planning = tail.take_until_planned()
    used = layout.head + tail.take_inputs_and_outputs()
    planning = _while_planning(model, build, prepared, len(layout.placed)) + round_up(before_planning)
    reasons = [offline.problem] if offline.problem else []
    reasons += [f"the runtime has no tensors of type {dtype}" for dtype in refused]
    if prepared.unmodelled:
        names = ", ".join(map(printable, prepared.unmodelled))
        reasons.append(f"the memory of {names} is not known")
    basis = Basis.BOUND if reasons else Basis.EXACT if build.checked else Basis.PREDICTED
    if not build.checked:
        reasons.append("the records' sizes for this compiler were never held against a run")
    return Arena(
        value=used,
        basis=basis,
        head=layout.head,
        tail=tail.used,
        minimum=round_up(max(used, planning, _while_preparing(model, build, prepared, tail))),
        reason="; ".join(reasons),
        unmodelled=prepared.unmodelled,
        layout=layout,
    )


def _while_planning(model: Model, build: Sizes, prepared: Prepared, planned: int) -> int:
    """Bytes of the tables that exist only while the head is planned, for `planned` buffers.

    They lie where the head will be: the scratch requests, one size per subgraph, a record per
    tensor and request, and the planner's own lists.
    """
    requests = sum(len(asked.scratch) for graph in prepared.requests for asked in graph)
    tensors = sum(len(graph.values) for graph in model.graphs)
    size = round_up(_request_list(build, requests), build.pointer) + build.pointer * len(model.graphs)
    record, alignment = build.struct["temp_allocation_info"]
    size = round_up(size, alignment) + record * (tensors + requests)
    return round_up(size) + build.struct["planner_scratch_per_buffer"][0] * planned


def _while_preparing(model: Model, build: Sizes, prepared: Prepared, tail: Tail) -> int:
    """The most bytes needed while one operator is prepared: its views between scratch requests and tail."""
    most = 0
    values = chain.from_iterable(graph.values.values() for graph in model.graphs)
    channels = max((quantized_channels(value) for value in values if value.quantization), default=0)
    widest = widest_view(build, channels)
    requests = sum(len(found.scratch) for graph in prepared.requests for found in graph)
    # What stays only grows: from the last operator back, few views need to be looked at one by one.
    stays = reversed(tail.after_operator)
    for graph, asked in zip(reversed(model.graphs), reversed(prepared.requests), strict=True):
        for node, found, after in zip(reversed(graph.nodes), reversed(asked), stays, strict=False):
            requests -= len(found.scratch)
            taken = _request_list(build, requests) + after
            if taken + widest * most_views(node) <= most:
                continue
            views = view_bytes(graph, node, build)
            if views:
                dead = dead_bytes(graph, node, build) if found.persistent else 0
                most = max(most, taken + views - dead)
    return most


def _request_list(build: Sizes, requests: int) -> int:
    """Bytes of the list of scratch requests, with room for those of one more operator."""
    return build.struct["temp_scratch_request"][0] * (requests + MAX_SCRATCH_PER_OPERATOR)


def _with_reshapes(model: Model) -> Model:
    """`model` with the dim filled in that a RESHAPE's output leaves to the runtime."""
    graphs = tuple(_filled(graph) for graph in model.graphs)
    return model if graphs == model.graphs else replace(model, graphs=graphs)


def _filled(graph: Graph) -> Graph:
    changed: dict[str, Value] = {}
    for node in graph.nodes:
        if node.source.op != "RESHAPE" or not node.inputs or not node.outputs:
            continue
        output = graph.value(node.outputs[0])
        given = changed.get(node.inputs[0] or "") or graph.value(node.inputs[0])
        if output is None or output.shape is None or output.shape.count(None) != 1 or given is None:
            continue
        known = math.prod(dim for dim in output.shape if isinstance(dim, int))
        if given.elements is not None and known and given.elements % known == 0:
            shape = tuple(given.elements // known if dim is None else dim for dim in output.shape)
            changed[output.name] = replace(output, shape=shape)
    return replace(graph, values={**graph.values, **changed}) if changed else graph
