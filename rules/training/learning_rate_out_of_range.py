"""EL804."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Training
from edgelint.printable import printable
from edgelint.rule import Finding, Option, Rule, Severity

_HIGHEST = {
    "Adam": Option(
        0.05, "learning rate from which Adam is unstable in Edge Impulse's comparison; default 0.001"
    ),
    "AdamW": Option(0.05, "learning rate; steps like Adam's (Loshchilov and Hutter 2019); default 0.001"),
    "Nadam": Option(0.05, "learning rate; steps like Adam's (Dozat 2016); default 0.001"),
    "Adamax": Option(0.1, "learning rate; 50 times the 0.002 of Kingma and Ba 2015, as with Adam"),
    "RMSprop": Option(0.05, "learning rate; steps of Adam's size without its correction; default 0.001"),
    "Lion": Option(0.01, "learning rate; Chen et al. 2023 take a third to a tenth of Adam's"),
    "SGD": Option(5.0, "learning rate; Goyal et al. 2017 go up to 3.2 for batches of 8192; default 0.01"),
    "Adagrad": Option(1.0, "learning rate, the size of its first step; default 0.001"),
    "Ftrl": Option(1.0, "learning rate, the size of its first step; default 0.001"),
    "Adadelta": Option(10.0, "learning rate; Zeiler 2012 takes 1.0"),
}
_ADADELTA = "Adadelta"


def _trained(optimizer: str, *rates: float, schedule: str = "") -> Example:
    training = Training(optimizer=optimizer, learning_rates=rates, schedule=schedule)
    return chain("float32[1,8]").op("Relu", "float32[1,8]").with_training(training)


class LearningRateOutOfRange(Rule):
    """A learning rate at which the optimizer is known to diverge, or to stand still.

    ## Why it matters
    The learning rate is what matters most to a training run. Too high, and the weights jump over every
    minimum, ReLUs die, the loss ends in a constant or not-a-number; at 0 nothing is learned. Such a
    model converts and runs, and its answers are worth nothing.

    A small rate in the file is no fault: callbacks and schedules lower it as training goes on, and the
    last one is stored. (In Edge Impulse's comparison Adam was too slow with 0.0001 from the start.)
    One exception: Keras's default for Adadelta, 0.001, is a thousandth of what its author takes.
    Adam is the usual choice, SGD with momentum, RMSprop and Adagrad the others that are met; optimizers
    without a known range are not judged, nor schedules of your own, nor VeLO, a learned optimizer that
    sets its own steps (and wants batches as large as fit).

    ## What to do
    Start from the optimizer's default in Keras, 0.001 for Adam and most others, 0.01 for SGD, 1.0 for
    Adadelta; halve or double from there. Large batches bear more: with SGD, in proportion.

    Sources: Edge Impulse's documentation on optimizers (Adam: 0.05 unstable); Keras's defaults; Goyal
    et al., "Accurate, Large Minibatch SGD" (2017); Zeiler, "ADADELTA" (2012); Chen et al., "Symbolic
    Discovery of Optimization Algorithms" (2023).
    """

    code = "EL804"
    name = "learning-rate-out-of-range"
    severity = Severity.WARNING
    needs = ("training",)
    options = {name.lower(): option for name, option in _HIGHEST.items()} | {
        "adadelta_lowest": Option(
            0.01, "learning rate of Adadelta up to which it is remarked; Zeiler 2012 takes 1.0"
        )
    }

    VALID = [
        _trained("Adam", 0.001),
        _trained("Adam", 1e-6),
        _trained("SGD", 0.1),
        _trained("Adadelta", 1.0),
        _trained("MyOptimizer", 7.0),
        _trained("Adam", 0.001, 0.0, schedule="PolynomialDecay"),
    ]
    INVALID = [
        (_trained("Adam", 0.1), "Adam was trained with a learning rate of 0.1; it is unstable from 0.05 on"),
        (
            _trained("RMSprop", 0.001, 0.5, schedule="CosineDecay"),
            "RMSprop was trained with a learning rate of up to 0.5 (CosineDecay); it is unstable "
            "from 0.05 on",
        ),
        (_trained("SGD", 0.0), "SGD was trained with a learning rate of 0: nothing is learned"),
        (
            _trained("Adadelta", 0.001),
            "Adadelta was trained with a learning rate of 0.001, where 1.0 is usual: it hardly moves",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding about the stored rate, or the highest of a schedule."""
        training = context.model.training
        if training is None or not training.learning_rates:
            return
        optimizer, rate = training.optimizer, max(training.learning_rates)
        said = _judged(optimizer, rate, self, context)
        if said is None:
            return
        problem, severity = said
        shown = f"up to {rate:g} ({printable(training.schedule)})" if training.schedule else f"{rate:g}"
        yield self.finding(
            f"{printable(optimizer)} was trained with a learning rate of {shown}{problem}",
            hint=f"train again with {_usual(optimizer)}",
            severity=severity,
            optimizer=optimizer,
            learning_rate=rate,
            schedule=training.schedule,
        )


def _judged(
    optimizer: str, rate: float, rule: LearningRateOutOfRange, context: Context
) -> tuple[str, Severity] | None:
    """What is wrong with the rate and how much it matters; None for nothing."""
    if rate < 0:
        return ", which climbs the loss", Severity.WARNING
    if rate == 0:
        return ": nothing is learned", Severity.NOTE
    if optimizer not in _HIGHEST:
        return None
    highest = context.option(rule, optimizer.lower())
    if rate >= highest:
        return f"; it is unstable from {highest:g} on", Severity.WARNING
    if optimizer == _ADADELTA and rate <= context.option(rule, "adadelta_lowest"):
        return ", where 1.0 is usual: it hardly moves", Severity.NOTE
    return None


def _usual(optimizer: str) -> str:
    return {"SGD": "0.01", _ADADELTA: "1.0"}.get(optimizer, "0.001")
