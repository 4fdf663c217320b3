"""Recurrent layers: a loop with subgraphs, the steps written out, or one fused operator."""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Draft, Edge, Unpredictable
from edgelint.lowering.layers.cells import CELLS, STATES, Cell, Weights
from edgelint.lowering.site import Site, known, lowers

LAYER_NAMES = {"LSTM": "lstm", "GRU": "gru", "RNN": "simple_rnn"}

FUSED = ("Sigmoid", "Tanh", "Tanh")
"""The activations with which the converter recognises Keras 2's LSTM."""

MOST_STEPS = 2000
"""Steps that are written out one by one before the prediction gives up."""


@lowers("LSTM", "GRU", "RNN")
def recurrent(site: Site) -> Edge | tuple[Edge, ...]:
    """Keras's LSTM, GRU and SimpleRNN, and Bidirectional around one of them."""
    _refuse(site)
    if site.attributes.get("direction") == "bidirectional":
        return _both_ways(site)
    backwards = site.attributes.get("direction") == "reverse"
    return _one_way(site, _weights(site, 0), backwards, site.shape)


def _refuse(site: Site) -> None:
    if site.node.source.op not in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
        raise Unpredictable("runs cells in a way whose conversion is not known here")
    if len(site.inputs) != 1 or site.masked:
        raise Unpredictable("is given a mask or a first state, whose conversion is not known here")
    if site.attributes.get("recurrent_dropout"):
        raise Unpredictable("drops out its state, with which it computes each gate on its own")
    if site.attributes.get("stateful"):
        raise Unpredictable("keeps its state between runs, in variables")
    if len(site.node.outputs) > 1:
        raise Unpredictable("gives its last state as well")
    if site.node.op == "GRU" and not site.attributes.get("linear_before_reset"):
        raise Unpredictable("resets before its product (reset_after=False)")
    if site.input.shape[0] != 1:
        raise Unpredictable("gets more than one sequence at a time")


def _weights(site: Site, way: int) -> Weights:
    """Shapes of the weights of the layer, or of one of the two layers within Bidirectional."""
    shapes = [known(value) for value in site.constants]
    if site.attributes.get("direction") == "bidirectional":
        half = len(shapes) // 2
        shapes = shapes[way * half : (way + 1) * half]
    if len(shapes) not in (2, 3):
        raise Unpredictable("has weights that the file does not tell")
    return Weights(shapes[0], shapes[1], shapes[2] if len(shapes) == 3 else None)


def _both_ways(site: Site) -> Edge:
    mode = site.attributes.get("merge_mode")
    if mode not in ("concat", "sum", "mul"):
        raise Unpredictable(f"runs both ways with merge_mode {mode}")
    *front, width = site.shape
    half = (*front, width // 2 if mode == "concat" else width)
    name = LAYER_NAMES[site.node.op]
    with site.draft.inner(f"forward_{name}_1"):
        forward = _one_way(site, _weights(site, 0), False, half)
    with site.draft.inner(f"backward_{name}_1"):
        backward = _one_way(site, _weights(site, 1), True, half)
    if site.attributes.get("return_sequences"):
        backward = site.draft.emit("REVERSE_V2", [backward, site.draft.known((1,))], backward.shape)
    if mode != "concat":
        return site.draft.binary("ADD" if mode == "sum" else "MUL", forward, backward)
    return site.draft.emit("CONCATENATION", [forward, backward], site.shape, axis=-1)


def _one_way(site: Site, weights: Weights, backwards: bool, shape: tuple[int, ...]) -> Edge:
    draft, activations = site.draft, site.attributes["activations"]
    if site.keras < 3:
        if site.node.source.op != "LSTM" or backwards or activations != FUSED or not weights.bias:
            raise Unpredictable("is a recurrent layer of Keras 2, whose conversion is not known here")
        if not site.attributes.get("unroll"):
            return _fused(site, weights)
    steps = draft.transpose(site.input, (1, 0, 2))
    if backwards:
        steps = draft.emit("REVERSE_V2", [steps, draft.known((0,))], steps.shape)
    cell = CELLS[site.node.op](weights, tuple(activations))
    whole = bool(site.attributes.get("return_sequences"))
    drops = bool(site.attributes.get("dropout"))
    if not site.attributes.get("unroll"):
        return _loop(draft, steps, cell, whole, shape, seeds=int(drops))
    if drops:
        raise Unpredictable("drops out in steps written out, whose conversion is not known here")
    return _written_out(draft, steps, cell, whole)


def _written_out(draft: Draft, steps: Edge, cell: Cell, whole: bool) -> Edge:
    count, batch, width = steps.shape
    if count > MOST_STEPS:
        raise Unpredictable(f"writes out {count} steps")
    each = draft.emit_several("UNPACK", [steps], [((batch, width), steps.dtype)] * count, num=count)
    states: Sequence[Edge] | None = None
    outputs = []
    for number, step in enumerate(each):
        with draft.inner(f"{cell.name}_{2 * number + 1}"):
            states = cell.step(draft, step, states)
        outputs.append(states[0])
    if not whole:
        return outputs[-1]
    stacked = (count, *outputs[0].shape)
    packed = draft.emit("PACK", outputs, stacked, values_count=count, axis=0)
    return draft.transpose(packed, (1, 0, 2))


def _loop(draft: Draft, steps: Edge, cell: Cell, whole: bool, shape: tuple[int, ...], *, seeds: int) -> Edge:
    count, batch, _ = steps.shape
    units = cell.units
    state = draft.known((0.0,), (batch, units), DType.FLOAT32)
    gathered = draft.known((0.0,), (count if whole else 1, batch, units), DType.FLOAT32)
    zero = draft.scalar(0, DType.INT32)
    carried = [zero, zero, gathered, *[state] * STATES[cell.name], steps]
    draft.leftovers.append(draft.scalar(count, DType.INT32))
    condition, body = Draft(), Draft()
    condition.within(draft.label, "while_cond")
    body.within(draft.label, "while_body")
    _fill_condition(condition, carried, count)
    _fill_body(body, carried, cell, whole)
    made = draft.loop(carried, condition, body)[2]
    draft.ops[-1].seeds = seeds
    if whole:
        return draft.transpose(made, (1, 0, 2))
    inputs = [made, draft.known((-1, 0, 0)), draft.known((0, batch, units)), draft.known((1, 1, 1))]
    return draft.emit("STRIDED_SLICE", inputs, shape, begin_mask=6, end_mask=6, shrink_axis_mask=1)


def _parameters(draft: Draft, carried: Sequence[Edge]) -> list[Edge]:
    draft.inputs = [Edge(edge.shape, edge.dtype, label="carried") for edge in carried]
    return draft.inputs


def _fill_condition(draft: Draft, carried: Sequence[Edge], count: int) -> None:
    given = _parameters(draft, carried)
    limit = draft.scalar(count, DType.INT32)
    counted, passed = (draft.binary("LESS", edge, limit, DType.BOOL) for edge in given[:2])
    draft.outputs = [draft.binary("LOGICAL_AND", counted, passed)]


def _fill_body(draft: Draft, carried: Sequence[Edge], cell: Cell, whole: bool) -> None:
    counter, time, gathered, *states, steps = _parameters(draft, carried)
    one = draft.scalar(1, DType.INT32)
    counted, passed = draft.binary("ADD", counter, one), draft.binary("ADD", time, one)
    products = cell.from_state(draft, states[0])
    step = draft.emit("GATHER", [steps, time], steps.shape[1:], axis=0, batch_dims=0)
    made = cell.joined(draft, cell.from_step(draft, step), products, states)
    if whole:
        kept = _inserted(draft, gathered, time, passed, made[0])
    else:
        kept = draft.reshape(made[0], (1, *made[0].shape))
    draft.outputs = [counted, passed, kept, *made, steps]


def _inserted(draft: Draft, gathered: Edge, time: Edge, passed: Edge, made: Edge) -> Edge:
    """`gathered` with `made` in place `time`: what is before it, itself, what is after it."""
    _, batch, units = gathered.shape
    size = draft.emit("CONCATENATION", [draft.reshape(time, (1,)), draft.known((-1, -1))], (3,), axis=0)
    before = draft.emit("SLICE", [gathered, draft.known((0, 0, 0)), size], (1, 1, 1))
    start = draft.emit("CONCATENATION", [draft.reshape(passed, (1,)), draft.known((0, 0))], (3,), axis=0)
    after = draft.emit("SLICE", [gathered, start, draft.known((-1, -1, -1))], (1, batch, units))
    new = draft.reshape(made, (1, batch, units))
    return draft.emit("CONCATENATION", [before, new, after], gathered.shape, axis=0)


def _fused(site: Site, weights: Weights) -> Edge:
    """The one operator that the converter knows Keras 2's LSTM by."""
    draft, units = site.draft, weights.recurrent[0]
    batch, count, width = site.input.shape
    inward = [draft.weight((units, width), f"input_{place}") for place in range(4)]
    around = [draft.weight((units, units), f"recurrent_{place}") for place in range(4)]
    biases = [draft.weight((units,), f"bias_{place}") for place in range(4)]
    states = [Edge((batch, units), label=f"{draft.label}/state", variable=True) for _ in range(2)]
    none: list[Edge | None] = [None]
    inputs = [site.input, *inward, *around, *none * 3, *biases, *none * 2, *states, *none * 4]
    made = draft.emit(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (batch, count, units), cell_clip=10.0, time_major=False
    )
    draft.ops[-1].activation = "TANH"
    if site.attributes.get("return_sequences"):
        return made
    ends = [draft.known((0, -1, 0)), draft.known((0, 0, 0)), draft.known((1, 1, 1))]
    return draft.emit(
        "STRIDED_SLICE", [made, *ends], site.shape, begin_mask=5, end_mask=5, shrink_axis_mask=2
    )
