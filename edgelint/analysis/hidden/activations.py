"""Hidden activations: where they are, what feeds them, what reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from edgelint.analysis.constants import is_constant
from edgelint.analysis.heads.find import spoken
from edgelint.analysis.heads.tails import DOMAINS, STEPS, activation_at, is_linear, passes
from edgelint.analysis.scope import Scopes
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Model, Node
from edgelint.printable import printable, short

NORMALIZATIONS = frozenset({"BatchNormalization", "LayerNormalization", "InstanceNormalization"})
"""Operators that bring their input to mean 0 and variance 1 in training."""

POOLS = frozenset({"MaxPool", "GlobalMaxPool", "AveragePool", "GlobalAveragePool", "ReduceMax", "ReduceMean"})
"""Operators whose output lies in the range of their input."""


@dataclass(frozen=True, slots=True)
class Activated:
    """An activation at its place.

    node: the node that computes it, the last one where it is written out. kind: its canonical name.
    given: the value it is applied to; None where it is fused into the node.
    """

    graph: Graph
    node: Node
    kind: str
    given: str | None

    @property
    def output(self) -> str:
        """The value it makes."""
        return self.node.outputs[0] or ""


def activations(model: Model) -> Iterator[Activated]:
    """Every activation of the model, fused or not, in file order."""
    for graph in model.graphs:
        for node in graph.nodes:
            found = activation_of(graph, node)
            if found is not None:
                yield found


def activation_of(graph: Graph, node: Node) -> Activated | None:
    """The activation that `node` ends in; None for none."""
    if not node.outputs or not node.outputs[0]:
        return None
    parts = activation_at(graph, node)
    if parts is None:
        return None
    return Activated(graph, node, parts[0], None if node.activation is not None else parts[1])


class Paths:
    """The straight ways through a model: values that one node alone reads."""

    def __init__(self, model: Model) -> None:
        """The paths of `model`."""
        self.model = model
        scopes = Scopes(model)
        nested = any(graph.parent is not None for graph in model.graphs)
        self._captured = frozenset().union(*scopes.captured) if nested else frozenset()
        self._outputs = {id(graph): frozenset(graph.outputs) for graph in model.graphs}

    def only_reader(self, graph: Graph, name: str) -> Node | None:
        """The one node that reads the value `name`; None where it is an output, or others read it too."""
        readers = graph.readers.get(name, ())
        if len(readers) != 1 or name in self._outputs[id(graph)] or name in self._captured:
            return None
        return graph.nodes[readers[0]]

    def onward(self, graph: Graph, name: str, through: frozenset[str] = frozenset()) -> Iterator[Node]:
        """The nodes after the value `name` on its straight way: pass-through ones, `through`, and the first
        that is neither.

        A constant that is added counts as passed through, since that is how biases are written.
        """
        for _ in range(STEPS):
            node = self.only_reader(graph, name)
            if node is None:
                return
            yield node
            linked = passes(node) or node.op in through or self.adds_bias(graph, node)
            if not linked or node.activation or not node.outputs:
                return
            name = node.outputs[0] or ""

    def adds_bias(self, graph: Graph, node: Node) -> bool:
        """Whether `node` adds a constant, as MatMul exported with its bias apart does."""
        if node.op != "Add" or node.domain not in DOMAINS or len(node.inputs) != 2 or not node.outputs:
            return False
        return sum(is_constant(self.model, graph, name) for name in node.inputs) == 1

    def layer(self, graph: Graph, node: Node) -> bool:
        """Whether `node` is a weighted sum of its input."""
        return node.domain in DOMAINS and is_linear(self.model, graph, node)


def called(node: Node) -> str:
    """A node in a sentence: "Dense 'dense_1'", "CONV_2D" where it has no name."""
    word = printable(node.source.op)
    return f"{word} '{short(node.name)}'" if node.name else word


def worded(found: Activated) -> str:
    """An activation in a sentence: "Dense 'dense_1' with relu", "RELU 'act'"."""
    return called(found.node) + _kind_besides(found.node.source.op, found.kind)


@lru_cache(256)
def _kind_besides(word: str, kind: str) -> str:
    """What is to be said of an activation's kind behind its operator's word; "" where that says it."""
    return "" if word.replace("_", "").lower() == kind.lower() else f" with {spoken(kind)}"
