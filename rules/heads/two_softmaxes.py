"""EL405."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edgelint.analysis.heads.find import spoken
from edgelint.analysis.heads.grounds import of_classes
from edgelint.analysis.heads.stacked import Pair, largest_share
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable, short
from edgelint.rule import Finding, Rule, Severity

_SOFTMAXES = frozenset({"Softmax", "LogSoftmax"})


class TwoSoftmaxes(Rule):
    """A softmax of a softmax, which flattens the probabilities.

    ## Why it matters
    The first softmax gives numbers from 0 to 1. The second one takes the exponentials of those,
    from 1 to e = 2.718, so that no class can get more than e / (e + n - 1) of n classes: 0.23 of 10,
    however sure the network is. The largest class stays the largest, so accuracy looks as before,
    but no threshold on the score works, and a network trained that way learns slowly. It comes of
    `Softmax()` put on a model that already ends in one, or of a loss or an exporter that adds its
    own (PyTorch's `CrossEntropyLoss` does, so does `log_softmax` after `softmax`).

    A softmax of a log-softmax gives the same numbers again, and costs time for nothing: a note.

    ## What to do
    Take one of them away: `activation="softmax"` in the last layer, or `keras.layers.Softmax()`
    behind a last layer without activation, not both. In PyTorch train on the raw scores, and add
    the softmax once, for the export.
    """

    code = "EL405"
    name = "two-softmaxes"
    severity = Severity.WARNING
    needs = ("stacked",)
    hint = "take one of the two softmaxes away"

    VALID = [
        chain("float32[1,8]")
        .op("Gemm", "float32[1,10]", weight="float32[10,8]")
        .op("Softmax", "float32[1,10]"),
        chain("float32[1,8]")
        .op("Gemm", "float32[1,8]", activation="Softmax", source="Dense", weight="float32[8,8]")
        .op("Gemm", "float32[1,10]", activation="Softmax", source="Dense", weight="float32[8,10]")
        .from_format("keras"),
        chain("float32[6,6]")
        .op("Softmax", "float32[6,6]", attributes={"axis": 0})
        .op("Softmax", "float32[6,6]", attributes={"axis": 1}),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,10]", activation="Softmax", source="Dense", weight="float32[8,10]")
            .op("Softmax", "float32[1,10]", source="Softmax")
            .from_format("keras"),
            "Softmax takes the softmax of 'gemm_0', which is a softmax already: none of its 10 "
            "outputs can exceed 0.232",
        ),
        (
            chain("int8[1,4]")
            .op("Softmax", "int8[1,4]", source="SOFTMAX", attributes={"axis": -1})
            .op("QuantizeLinear", "int8[1,4]", source="QUANTIZE")
            .op("LogSoftmax", "int8[1,4]", source="LOG_SOFTMAX", attributes={"axis": -1}),
            "LOG_SOFTMAX takes the log-softmax of 'softmax_0', which is a softmax already: none of its "
            "4 outputs can exceed -0.744",
        ),
        (
            chain("float32[1,10]").op("LogSoftmax", "float32[1,10]").op("Softmax", "float32[1,10]"),
            "Softmax takes the softmax of 'logsoftmax_0', which is a log-softmax: it gives the same "
            "numbers as a softmax alone",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each softmax that reads another one along the same axis."""
        for pair in context.stacked:
            names = (pair.first.name, pair.second.name)
            if _SOFTMAXES.issuperset(names) and pair.same_axis:
                harmless = pair.first.name == "LogSoftmax"
                yield self.at(
                    pair.second.graph,
                    pair.second.node,
                    f"{printable(pair.second.node.source.op)} takes the {spoken(pair.second.name)} of "
                    f"'{short(pair.first.node.name)}', {_consequence(pair)}",
                    severity=Severity.NOTE if harmless else _severity(pair, context),
                    units=pair.second.size,
                    first=pair.first.node.name,
                )


def _consequence(pair: Pair) -> str:
    units = pair.second.size
    if pair.first.name == "LogSoftmax":
        return f"which is a log-softmax: it gives the same numbers as a {spoken(pair.second.name)} alone"
    if not units:
        return "which is a softmax already: no output can come near the probability 1"
    most = largest_share(units)
    most = most if pair.second.name == "Softmax" else math.log(most)
    return f"which is a softmax already: none of its {units} outputs can exceed {most:.3f}"


def _severity(pair: Pair, context: Context) -> Severity:
    """Error where somebody is known to read the result as the probabilities of classes."""
    read = any(head.activation_node is pair.second.node and of_classes(head) for head in context.heads)
    return Severity.ERROR if read else Severity.WARNING
