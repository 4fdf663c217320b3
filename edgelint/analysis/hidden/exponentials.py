"""Activations that a runtime computes with an exponential per number, and how many numbers that is."""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.analysis.heads.tails import STEPS, passes
from edgelint.analysis.hidden.activations import Activated
from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node

TRANSCENDENTAL = frozenset(
    {
        *("Sigmoid", "Tanh", "Elu", "Selu", "Celu", "Gelu", "Swish", "Mish", "Exp"),
        *("Softplus", "Softmax", "LogSoftmax", "LogSigmoid"),
    }
)
"""Activations that need an exponential, a logarithm or an error function."""

_TABLED = frozenset({("Elu", DType.INT8), ("Sigmoid", DType.INT16), ("Tanh", DType.INT16)})
"""What TensorFlow Lite Micro looks up in a table instead (kernels elu.cc, logistic.cc, tanh.cc of
tflite-micro@0cc6f983266d); its int8 logistic and tanh compute a fixed-point exponential per number."""


@dataclass(frozen=True, slots=True)
class Exponentials:
    """All activations of one kind in a model that take exponentials.

    kind: canonical name, "Swish" for a sigmoid that its own input is multiplied with.
    places: where, the largest first. elements: numbers in all of them.
    """

    kind: str
    places: tuple[Activated, ...]
    elements: int


def exponentials(activations: Iterable[Activated], tables: bool) -> tuple[Exponentials, ...]:
    """Those of a model's activations that take exponentials, by kind; those of unknown size left out.

    tables: whether the runtime is TensorFlow Lite Micro, which looks some of them up.
    """
    found: dict[str, list[tuple[int, Activated]]] = {}
    for each in activations:
        if each.kind not in TRANSCENDENTAL:
            continue
        value = each.graph.value(each.output)
        elements = value.elements if value else None
        if value is None or elements is None:
            continue
        if (tables and (each.kind, value.dtype) in _TABLED) or _is_attention(each):
            continue
        found.setdefault(_kind(each), []).append((elements, each))
    return tuple(
        Exponentials(
            kind,
            tuple(each for _, each in sorted(sized, key=lambda item: -item[0])),
            sum(elements for elements, _ in sized),
        )
        for kind, sized in found.items()
    )


def _kind(found: Activated) -> str:
    gated = found.kind == "Sigmoid" and any(
        node.op == "Mul" and found.given in node.inputs for node in _readers(found.graph, found.output)
    )
    return "Swish" if gated else found.kind


def _is_attention(found: Activated) -> bool:
    """Whether it is a softmax that weighs values, where nothing else would do."""
    if found.kind != "Softmax":
        return False
    waiting = [found.output]
    for _ in range(STEPS):
        if not waiting:
            break
        for node in _readers(found.graph, waiting.pop()):
            if node.op in ("MatMul", "Einsum"):
                return True
            if passes(node) and node.outputs[0]:
                waiting.append(node.outputs[0])
    return False


def _readers(graph: Graph, name: str) -> list[Node]:
    return [graph.nodes[place] for place in graph.readers.get(name, ())]
