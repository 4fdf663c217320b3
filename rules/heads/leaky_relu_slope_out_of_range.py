"""EL426."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.hidden.activations import called
from edgelint.analysis.hidden.ranges import real
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity


def _leaky(slope: float) -> Example:
    step = chain("float32[1,8]")
    return step.op("LeakyRelu", "float32[1,8]", source="LEAKY_RELU", attributes={"alpha": slope}, name="act")


class LeakyReluSlopeOutOfRange(Rule):
    """A leaky ReLU whose slope for negative inputs is not a small positive number.

    ## Why it matters
    Leaky ReLU passes negative inputs on with a small slope, so that no unit dies. The slope that was
    first published is 0.01, Keras's layer takes 0.3, its function 0.2. With a slope of 1 it is no
    activation at all, and the layers around it collapse into one; above 1 it is turned around and
    lets large negative numbers grow; below 0 two inputs share each output, and a gradient that
    should push up pushes down. With exactly 0 it is a ReLU that costs a multiplication more.

    ## What to do
    Set the slope to 0.01 up to 0.3 (`LeakyReLU(negative_slope=0.1)`) and train again. For a slope of
    0 use `ReLU()`: nothing needs new training.

    Sources: Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013);
    Xu et al., "Empirical Evaluation of Rectified Activations in Convolutional Network" (2015), whose
    best fixed slope is 1/5.5.
    """

    code = "EL426"
    name = "leaky-relu-slope-out-of-range"
    severity = Severity.WARNING
    operators = ("LeakyRelu",)
    options = {
        "highest": Option(
            0.5, "slope above which it is remarked; Xu et al. 2015 tried up to 1/3, Keras's is 0.3"
        )
    }

    VALID = [_leaky(0.01), _leaky(0.3), chain("float32[1,8]").op("LeakyRelu", "float32[1,8]")]
    INVALID = [
        (_leaky(1.0), "LEAKY_RELU 'act' has a slope of 1, which leaves every input as it is"),
        (_leaky(2.5), "LEAKY_RELU 'act' has a slope of 2.5, which makes negative inputs larger"),
        (_leaky(-0.1), "LEAKY_RELU 'act' has a slope of -0.1, which turns negative inputs positive"),
        (_leaky(0.0), "LEAKY_RELU 'act' has a slope of 0, which makes it a plain ReLU"),
        (_leaky(0.7), "LEAKY_RELU 'act' has a slope of 0.7, which bends hardly at all"),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each leaky ReLU with a stored slope outside the range."""
        highest = context.option(self, "highest")
        for graph, node in context.model.nodes():
            slope = real(node.attributes.get("alpha")) if node.op == "LeakyRelu" else None
            if slope is None or 0 < slope <= highest:
                continue
            effect, severity = _effect(slope)
            yield self.at(
                graph,
                node,
                f"{called(node)} has a slope of {slope:g}, which {effect}",
                hint="use ReLU" if slope == 0 else "set the slope to 0.01 up to 0.3 and train again",
                severity=severity,
                slope=slope,
            )


def _effect(slope: float) -> tuple[str, Severity]:
    """What such a slope does, and how much it matters."""
    if slope < 0:
        return "turns negative inputs positive", Severity.WARNING
    if slope == 0:
        return "makes it a plain ReLU", Severity.NOTE
    if slope == 1:
        return "leaves every input as it is", Severity.WARNING
    if slope > 1:
        return "makes negative inputs larger", Severity.WARNING
    return "bends hardly at all", Severity.NOTE
