"""Layers around another layer."""

from __future__ import annotations

from edgelint.deferred import replace
from edgelint.lowering.draft import Edge, Unpredictable
from edgelint.lowering.site import LOWERINGS, Site

MOST_STEPS = 2000
"""Steps that are written out one by one before the prediction gives up."""


def each_step(site: Site) -> Edge:
    """Keras's TimeDistributed: the wrapped layer on each step, one after the other."""
    lowering = LOWERINGS.get(site.node.op)
    if site.node.source.op != "TimeDistributed" or len(site.inputs) != 1:
        raise Unpredictable("runs a model on each step of a sequence")
    if lowering is None or site.node.op in ("LSTM", "GRU", "RNN", "MultiHeadAttention"):
        raise Unpredictable("runs a layer on each step whose conversion is not known here")
    draft, given, count = site.draft, site.input, site.input.shape[1]
    if count > MOST_STEPS:
        raise Unpredictable(f"writes out {count} steps")
    rank = len(given.shape)
    order = (1, 0, *range(2, rank))
    steps = draft.transpose(given, order)
    mask, shape = (1 << rank) - 2, site.shape
    cuts = []
    for step in range(count):
        begin = draft.known((step, *[0] * (rank - 1)))
        end = draft.known((step + 1, *steps.shape[1:]))
        inputs = [steps, begin, end, draft.known([1] * rank)]
        masks = {"begin_mask": mask, "end_mask": mask, "shrink_axis_mask": 1}
        cuts.append(draft.emit("STRIDED_SLICE", inputs, steps.shape[1:], None, **masks))
    made = []
    for cut in cuts:
        found = lowering(replace(site, inputs=(cut,), output=(shape[0], *shape[2:])))
        if isinstance(found, tuple):
            raise Unpredictable("has several outputs on each step")
        made.append(found)
    packed = draft.emit("PACK", made, (count, shape[0], *shape[2:]), values_count=count, axis=0)
    return draft.transpose(packed, (1, 0, *range(2, len(shape))))
