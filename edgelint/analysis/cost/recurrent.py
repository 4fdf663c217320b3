"""Work of recurrent layers.

Per step and sample each weight of the input, recurrent and projection matrices is used once:
MACs = steps × batch × their elements (× positions, where the products are convolutions). Element
operations of a cell per step and sample: each gate sums its two products, adds its bias where there
is one, and is activated; CELL_OPS more combine them. Peepholes, clipping and normalization inside
the cell are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgelint.analysis.cost.site import Site, Uncounted, unmodelled
from edgelint.deferred import dataclass
from edgelint.ir import Dim
from edgelint.ir.symbolic import Count

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Gates of a cell, candidates included."""

CELL_OPS = {"LSTM": 5, "GRU": 5, "RNN": 0}
"""Element operations of a cell besides its gates.

LSTM: f∘c, i∘g, their sum, tanh, o∘. GRU: r∘h, 1 - z, two products, their sum.
"""


@dataclass(frozen=True, slots=True)
class Operands:
    """Places of a TFLite or ONNX layer's operands among its inputs.

    given: matrices that multiply the input, with a row per gate and cell. others: further matrices.
    per_gate: each of `given` is one gate's, not all gates' in one.
    """

    given: tuple[int, ...] = (1,)
    others: tuple[int, ...] = (2,)
    bias: tuple[int, ...] = (3,)
    per_gate: bool = False


_LSTM = Operands((1, 2, 3, 4), (5, 6, 7, 8, 16), (12, 13, 14, 15), per_gate=True)

_TFLITE = {
    "LSTM": _LSTM,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _LSTM,
    "BIDIRECTIONAL_SEQUENCE_LSTM": Operands(
        (1, 2, 3, 4, 18, 19, 20, 21),
        (5, 6, 7, 8, 16, 22, 23, 24, 25, 33, *range(40, 48)),
        (12, 13, 14, 15, 29, 30, 31, 32),
        per_gate=True,
    ),
    "BIDIRECTIONAL_SEQUENCE_RNN": Operands((1, 5), (2, 6, 10, 11), (3, 7)),
}
"""By the file's word; others take input, weights, recurrent weights, bias.

Source: the operand lists of the kernels in LiteRT's tflite/kernels.
"""

_BASIC_LSTM = Operands((2,), (), (3,))
"""TFLite's LSTM with five inputs: input, previous output, weights of both, bias, state."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a layer does.

    runs: how often each weight is used: steps × batch, × positions of a convolution.
    weights: elements of all matrices. cell_ops: element operations of one run.
    """

    runs: Count
    weights: Count
    cell_ops: Count


def macs(site: Site) -> Count:
    """The multiply-accumulates of a recurrent layer over all its steps.

    Raises Uncounted for layers without a model, and where a size is not known.
    """
    work = _work(site)
    return work.runs * work.weights


def element_ops(site: Site) -> Count:
    """The element operations of a recurrent layer over all its steps."""
    work = _work(site)
    return work.runs * work.cell_ops


def _work(site: Site) -> Work:
    op = site.node.op
    if op == "SVDF":
        # The weighted sum over time is in the MACs; a bias may be added to each output.
        outputs = site.size(site.dim(site.out(), -1)) if site.has(3) else 0
        return Work(site.size(site.dim(site.shape(0), 0)), site.elements(1) + site.elements(2), outputs)
    if op.startswith("ConvLSTM"):
        return _keras(site, ("LSTM",), _frames(site))
    rows = site.product(site.shape(0)[:-1])
    if site.format.startswith("keras") and (op == "StackedRNN" or op in GATES):
        cells = site.attributes.get("cells", (op,))
        return _keras(site, cells, rows)
    cell = "LSTM" if op == "DynamicQuantizeLSTM" else op
    if cell not in GATES:
        raise unmodelled(site)
    return _positional(site, cell, rows)


def _positional(site: Site, cell: str, rows: Count) -> Work:
    """A layer whose matrices are told by their places."""
    where = _operands(site)
    given = [place for place in where.given if site.has(place)]
    gates = sum(_gate_outputs(site, place) for place in given)
    per_cell = len(given) * 4 // len(where.given) if where.per_gate else GATES[cell]
    biased = any(site.has(place) for place in where.bias)
    ops = _cell_ops(cell, gates // max(per_cell, 1), per_cell, biased=biased)
    weights = sum(site.elements(place) for place in (*given, *where.others) if site.has(place))
    return Work(rows, weights, ops)


def _keras(site: Site, cells: Sequence[str], runs: Count) -> Work:
    """A layer whose matrices are told by their names, one set per cell or direction."""
    kernels, biased = site.weights("kernel"), bool(site.weights("bias"))
    if not kernels:
        raise Uncounted(f"{site.word} has no described weights", unsized=True)
    if len(cells) == 1:
        cells = [cells[0]] * len(kernels)
    ops: Count = 0
    for cell, place in zip(cells, kernels, strict=False):
        units = _whole(site, site.dim(site.shape(place), -1)) // GATES[cell]
        ops += _cell_ops(cell, units, GATES[cell], biased=biased)
    weights = sum(site.elements(place) for place in kernels + site.weights("recurrent_kernel"))
    return Work(runs, weights, ops)


def _cell_ops(cell: str, units: int, gates: int, *, biased: bool) -> int:
    return units * (gates * (3 if biased else 2) + CELL_OPS[cell])


def _operands(site: Site) -> Operands:
    if site.format != "tflite":
        return Operands()
    if site.node.source.op == "LSTM" and len(site.node.inputs) == 5:
        return _BASIC_LSTM
    return _TFLITE.get(site.node.source.op, Operands())


def _gate_outputs(site: Site, place: int) -> int:
    """Rows of a TFLite matrix; elsewhere the dims that are not the input's."""
    shape = site.shape(place)
    if site.format == "tflite":
        return _whole(site, shape[0] if shape else None)
    given = site.shape(0)
    width = _whole(site, given[-1] if given else None)
    return _whole(site, site.elements(place)) // width if width else 0


def _frames(site: Site) -> Count:
    """Batch × steps × positions of the state of a convolutional layer."""
    given, made, layout = site.shape(0), site.out(), site.attributes.get("layout")
    if not isinstance(layout, str) or "C" not in layout or not len(layout) < len(given):
        raise Uncounted(f"{site.word} does not say its layout")
    axis = layout.index("C") - len(layout) + len(made)
    frames = site.product(dim for place, dim in enumerate(made) if place != axis)
    return frames if len(made) == len(given) else frames * site.size(given[-len(layout)])


def _whole(site: Site, size: Dim | Count) -> int:
    if not isinstance(size, int):
        raise Uncounted(f"{site.word} has gates of unknown size", unsized=True)
    return size
