"""What every operator of a model asks the arena for: the runtime's prepare stage, replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgelint.analysis.tflm.cmsis_nn import CMSIS_NN
from edgelint.analysis.tflm.requests import NOTHING, PORTABLE, Call, Formula, Requests, Unmodelled, Variables
from edgelint.analysis.tflm.sizes import Sizes, part
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Model, Node
from edgelint.targets import Target

_FORMULAS: Mapping[str, Mapping[str, Formula]] = {
    "portable": PORTABLE,
    "cmsis-nn": {**PORTABLE, **CMSIS_NN},
    "esp-nn": PORTABLE,
}
"""Kernel library to what its operators ask for."""

CUSTOM_DOMAINS = frozenset({"tflite.custom", "tflite.flex"})
"""Domains of operators that go by a name of their own, which may be that of a builtin."""

_ESP_NN = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "SOFTMAX"})
"""Operators whose int8 ESP-NN kernels ask for scratch of a size that depends on the chip; all have formulas.

Source: espressif/esp-tflite-micro@99f49e14, kernels/esp_nn.
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The requests of every operator by graph and place, resource variables, and what is not known.

    unmodelled: operators, by the file's names, whose requests are not all known.
    """

    requests: Sequence[Sequence[Requests]]
    variables: Variables
    unmodelled: tuple[str, ...]


def prepare(model: Model, target: Target, build: Sizes) -> Prepared:
    """What `model` asks for on `target`. Raises UnknownDims where a size depends on a free dim."""
    formulas = _FORMULAS.get(target.kernels)
    variables = Variables()
    unmodelled: dict[str, None] = {}
    requests: list[list[Requests]] = []
    for place, graph in enumerate(model.graphs):
        asked = []
        for node in graph.nodes:
            name = record_name(node)
            formula = (formulas or PORTABLE).get(name)
            found: Requests | None = NOTHING if name in build.modelled else None
            by_chip = False
            if formula is not None:
                call = Call(place, graph, node, build, target.simd, variables)
                found = _answer(formula, call)
                by_chip = target.kernels == "esp-nn" and _by_chip(call)
            if found is None or formulas is None or by_chip:
                unmodelled[node.source.op] = None
            asked.append(found or NOTHING)
        requests.append(asked)
    return Prepared(requests, variables, tuple(unmodelled))


def record_name(node: Node) -> str:
    """The key of an operator in the tables; "" for a custom operator that only shares a builtin's name."""
    op = node.source.op
    return op if node.domain not in CUSTOM_DOMAINS or op in part("operators")["custom"] else ""


def _answer(formula: Formula, call: Call) -> Requests | None:
    """What an operator asks for; None when that is not known."""
    try:
        return formula(call)
    except (Unmodelled, IndexError):
        return None


def _by_chip(call: Call) -> bool:
    if call.node.source.op not in _ESP_NN:
        return False
    try:
        return call.dtype is DType.INT8
    except Unmodelled:
        return True
