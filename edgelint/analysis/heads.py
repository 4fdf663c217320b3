"""The outputs of a model: what computes each, and which task it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgelint.analysis.tails import Tail, trace
from edgelint.analysis.task import Clue, Evidence, Task, gather, survey
from edgelint.ir.model import Graph, Loss, Model, Node
from edgelint.printable import printable


@dataclass(frozen=True, slots=True)
class Head:
    """One output.

    output: its name. graph: where its activation and layer are. node: what computes it, behind
        reshapes and casts; None for a graph input.
    activation: canonical name of its activation; None where there is none or it is unknown, which
        `raw` tells apart: True for a weighted sum with nothing on it.
    activation_node: the node that computes the activation. layer: the weighted layer that feeds it.
    axis, units: the class axis, counted from the front, and the size along it; None unknown.
    loss: what this output was trained with, where the file says so.
    task: what the strongest evidence says. evidence: all of it, strongest first.
    """

    output: str
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
    def is_constant(self) -> bool:
        """Whether it is a softmax over one number, which is the same whatever that number is."""
        return self.activation in ("Softmax", "LogSoftmax") and self.units == 1 and self.axis != 0

    def says(self, clue: Clue) -> tuple[Evidence, ...]:
        """The evidence of one kind."""
        return tuple(evidence for evidence in self.evidence if evidence.clue is clue)


def spoken(activation: str) -> str:
    """An activation as a sentence names it: "softmax", "log-softmax"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", printable(activation)).lower()


def find_heads(model: Model, task: str = "auto") -> tuple[Head, ...]:
    """The outputs of the main graph in order; () for a model whose computation is not in the file.

    task: what the user says the model is for, or "auto".
    """
    if not model.graphs or not model.complete:
        return ()
    scene = survey(model, task)
    heads = []
    for place, output in enumerate(model.main.outputs):
        tail = trace(model, model.main, output)
        loss = _loss_of(model, output, place, tail)
        evidence = gather(model, scene, output, tail, loss)
        heads.append(
            Head(
                output=output,
                graph=tail.graph or model.main,
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
        )
    return tuple(heads)


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
    placed = len(stored) == len(model.main.outputs) and stored[place].output is None
    return stored[place] if placed else None
