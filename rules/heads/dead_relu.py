"""EL424."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import Activated, Paths, called, worded
from edgelint.analysis.hidden.dead_units import LAYERS, dead_units
from edgelint.analysis.hidden.ranges import ANY
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.ir.model import Node
from edgelint.rule import Finding, Option, Rule, Severity

_RECTIFIERS = frozenset({"Relu", "Relu6", "Relu0To1"})


class DeadRelu(Rule):
    """A ReLU that gives 0 for every input, or does so for some units of its layer.

    ## Why it matters
    Once the sums of a unit are below 0 for all data, its ReLU passes no gradient, and it stays dead
    for ever. A dead unit takes flash and time and adds nothing; a ReLU that is dead as a whole cuts
    off everything before it. A few dead units are usual in trained networks and only worth a note; a
    layer that has lost most of them is a warning. High learning rates and large negative biases are
    what kills units.

    The rule reports what it can prove from the file by interval arithmetic, and nothing else: the
    range of the input (that of the activation before it, or of its quantization), the stored weights
    and bias with batch normalisation folded in. Units that only happen to be dead on the data are
    not found. Layers of more than 262,144 weights are left out.

    ## What to do
    Train with a lower learning rate, He initialisation, or an activation that can't die:
    `LeakyReLU(negative_slope=0.01)`, PReLU, ELU, Maxout. In a finished model the units can be taken
    out, with the weights of the next layer that read them, and its output stays the same.
    """

    code = "EL424"
    name = "dead-relu"
    severity = Severity.WARNING
    yields_to = ("EL413",)
    hint = "take the dead units out, or train again with a lower learning rate or a leaky ReLU"
    options = {
        "share": Option(0.75, "share of a layer's units that are dead from which on it is more than a note"),
    }

    VALID = [
        chain("float32[1,8]").op("Relu", "float32[1,8]"),
        chain("float32[1,2]")
        .op("Relu", "float32[1,2]")
        .op(
            "Gemm",
            "float32[1,2]",
            activation="Relu",
            weight="float32[2,2] = -1 2 -3 4",
            bias="float32[2] = 0 0",
            attributes={"transB": 1},
        ),
        chain("float32[1,2]").op(
            "Gemm",
            "float32[1,2]",
            activation="Relu",
            weight="float32[2,2] = -1",
            bias="float32[2] = -1",
            attributes={"transB": 1},
        ),
    ]
    INVALID = [
        (
            chain("int8[1,8] @0.1:127").op("Relu", "int8[1,8] @0.1:-128", source="RELU", name="act"),
            "RELU 'act' is 0 for every input: what it reads is never above 0",
        ),
        (
            chain("float32[1,2]")
            .op("Sigmoid", "float32[1,2]")
            .op(
                "Gemm",
                "float32[1,4]",
                source="FULLY_CONNECTED",
                activation="Relu",
                weight="float32[4,2] = 1 1 1 1 1 1 -1 -1",
                bias="float32[4] = -3 -1 0 0",
                attributes={"transB": 1},
                name="hidden",
            ),
            "2 of the 4 units of FULLY_CONNECTED 'hidden' with relu are 0 for every input",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each ReLU that is provably 0, as a whole or in some units."""
        places = {id(graph): place for place, graph in enumerate(context.model.graphs)}
        for found in context.activations:
            if found.kind not in _RECTIFIERS:
                continue
            known = context.intervals[places[id(found.graph)]]
            if found.given is not None and known.get(found.given, ANY).high <= 0:
                yield self.at(
                    found.graph,
                    found.node,
                    f"{worded(found)} is 0 for every input: what it reads is never above 0",
                )
                continue
            layer = _layer(context.paths, found)
            counted = dead_units(found.graph, layer, known) if layer else None
            if layer is not None and counted is not None and counted[0]:
                yield self._of_units(context, found, layer, counted)

    def _of_units(self, context: Context, found: Activated, layer: Node, counted: tuple[int, int]) -> Finding:
        """The finding about single units of the layer that the ReLU is on."""
        dead, units = counted
        place = called(layer) if layer is not found.node else worded(found)
        few = dead / units < context.option(self, "share")
        return self.at(
            found.graph,
            layer,
            f"{dead} of the {units} units of {place} {'is' if dead == 1 else 'are'} 0 for every input",
            severity=Severity.NOTE if few else Severity.WARNING,
            dead=dead,
            units=units,
        )


def _layer(paths: Paths, found: Activated) -> Node | None:
    """The layer that a ReLU is fused into, or that it alone reads."""
    if found.given is None:
        return found.node
    place = found.graph.producers.get(found.given)
    layer = found.graph.nodes[place] if place is not None else None
    if layer is None or layer.op not in LAYERS or layer.activation is not None:
        return None
    return layer if paths.only_reader(found.graph, found.given) is not None else None
