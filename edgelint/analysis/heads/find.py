"""The outputs of a model: what computes each, and which task it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from edgelint.analysis.heads.tails import Tail, trace
from edgelint.analysis.heads.task import Clue, Evidence, Task, gather, survey
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Loss, Model, Node, Shape
from edgelint.printable import printable
from edgelint.quantity import show_number


@dataclass(frozen=True, slots=True)
class Head:
    """One output.

    output: its name. shape: its own, None unknown. graph: where its activation and layer are.
    node: what computes it, behind reshapes and casts; None for a graph input.
    activation: canonical name of its activation; None where there is none or it is unknown, which
        `raw` tells apart: True for a weighted sum with nothing on it.
    activation_node: the node that computes the activation. layer: the weighted layer that feeds it.
    axis, units: the class axis, counted from the front, and the size along it; None unknown.
    loss: what this output was trained with, where the file says so.
    task: what the strongest evidence says. evidence: all of it, strongest first.
    """

    output: str
    shape: Shape | None
    graph: Graph
    node: Node | None
    activation: str | None
    activation_node: Node | None
    layer: Node | None
    raw: bool
    axis: int | None
    units: int | None
    loss: Loss | None
    task: Task
    evidence: tuple[Evidence, ...]

    @property
    def place(self) -> Node | None:
        """The node a finding about this head points at: its activation, else its layer."""
        return self.activation_node or self.layer or self.node

    @property
    def ending(self) -> str:
        """How it ends, in the file's words: "Dense with softmax", "SOFTMAX", "Dense without activation"."""
        node = self.place
        word = printable(node.source.op) if node else "the graph"
        if self.activation is None:
            return f"{word} without activation"
        same = word.replace("_", "").lower() == self.activation.lower()
        return word if same else f"{word} with {spoken(self.activation)}"

    @property
    def counted(self) -> str:
        """Its numbers: "1 output", "3 outputs"; "outputs" where their count is unknown."""
        return show_number(self.units, "output") if self.units else "outputs"

    @property
    def is_constant(self) -> bool:
        """Whether it is a softmax over one number, which is the same whatever that number is."""
        return self.activation in ("Softmax", "LogSoftmax") and self.units == 1 and self.axis != 0

    @property
    def is_picture(self) -> bool:
        """Whether it is a map of numbers, or like the input, rather than a row of answers."""
        dims = sum(dim != 1 for dim in self.shape[1:]) if self.shape else 0
        return dims > 1 or self.task is Task.AUTOENCODER

    def says(self, clue: Clue) -> tuple[Evidence, ...]:
        """The evidence of one kind."""
        return tuple(evidence for evidence in self.evidence if evidence.clue is clue)


@lru_cache(256)
def spoken(activation: str) -> str:
    """An activation as a sentence names it: "softmax", "log-softmax"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", printable(activation)).lower()


def find_heads(model: Model, task: str = "auto") -> tuple[Head, ...]:
    """The outputs in order: those of the main graph, then those of other graphs with a signature.

    () for a model whose computation is not in the file. task: what the user says the model is for,
    or "auto".
    """
    if not model.graphs or not model.complete:
        return ()
    called = (signature.graph for signature in model.signatures if 0 < signature.graph < len(model.graphs))
    graphs = (model.main, *(model.graphs[index] for index in dict.fromkeys(called)))
    return tuple(head for graph in graphs for head in _heads_of(model, graph, task))


def _heads_of(model: Model, graph: Graph, task: str) -> Iterator[Head]:
    tails = [trace(model, graph, output) for output in graph.outputs]
    scene = survey(model, graph, task)
    for place, (output, tail) in enumerate(zip(graph.outputs, tails, strict=True)):
        loss = _loss_of(model, output, place, tail) if graph is model.main else None
        evidence = gather(model, scene, graph, output, tail, loss)
        value = graph.value(output)
        yield Head(
            output=output,
            shape=value.shape if value else None,
            graph=tail.graph or graph,
            node=tail.node,
            activation=tail.activation,
            activation_node=tail.activation_node,
            layer=tail.layer,
            raw=tail.raw,
            axis=tail.axis,
            units=tail.units,
            loss=loss,
            task=evidence[0].task if evidence else Task.UNKNOWN,
            evidence=evidence,
        )


def _loss_of(model: Model, output: str, place: int, tail: Tail) -> Loss | None:
    """The loss of one output: the only one there is, else by its name, else by its place.

    Keras applies a single loss to every output.
    """
    stored = model.training.losses if model.training else ()
    if len(stored) == 1 and stored[0].output is None:
        return stored[0]
    value = model.main.value(output)
    names = {output, value.label if value else ""} | ({tail.node.name} if tail.node else set())
    named = [loss for loss in stored if loss.output in names]
    if named:
        return named[0] if len(named) == 1 else None
    if len(stored) != len(model.main.outputs):
        return None
    if all((loss.name, loss.from_logits) == (stored[0].name, stored[0].from_logits) for loss in stored):
        return stored[0]  # by names of its own, yet the same for every output
    return stored[place] if stored[place].output is None else None
