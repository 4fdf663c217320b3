"""EL422."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.figure import Basis
from edgelint.analysis.heads.find import spoken
from edgelint.analysis.hidden.activations import activations, called
from edgelint.analysis.hidden.exponentials import exponentials
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.rule import Finding, Option, Rule, Severity
from edgelint.targets.replacement import instead_of


def _network(activation: str, op: str, dtype: str = "float32", channels: int = 8, side: int = 32) -> Example:
    made = f"{dtype}[1,{side},{side},8]"
    return (
        chain(f"{dtype}[1,{side},{side},{channels}]")
        .op(
            "Conv",
            made,
            source="CONV_2D",
            weight=f"{dtype}[8,3,3,{channels}]",
            attributes={"kernel_shape": [3, 3], "strides": [1, 1], "group": 1, "layout": "NHWC"},
        )
        .op(activation, made, source=op, name="act")
    )


class CostlyActivationOnTarget(Rule):
    """Activations whose exponentials take a good part of the time on a microcontroller.

    ## Why it matters
    Swish, sigmoid, tanh, ELU, GELU, mish and softmax take an exponential per number. A phone or PC
    hides that in vector units and tables; a microcontroller computes each in some twenty
    multiplications or more, in float32 as in TensorFlow Lite Micro's int8 kernels for LOGISTIC and
    TANH. (Its int8 ELU and its int16 LOGISTIC and TANH look the result up and are not counted.) Next
    to a small network's multiply-accumulates that is soon a tenth of the time; softmax over very many
    classes likewise. Inside attention softmax is right, and not counted.

    ## What to do
    Take the cheaper equivalent and train again: `hard_silu` (HARD_SWISH, piecewise quadratic) or
    `relu6` for swish, GELU and mish; `relu` for tanh, sigmoid and ELU in hidden layers;
    `hard_sigmoid` for gates. A classifier may leave softmax out: the largest score stays the largest.
    The finding adds up all uses of one activation and names the largest.

    ## Threshold
    An exponential is taken for 20 multiply-accumulates: the multiplications of the int8 kernels
    (gemmlowp's fixed-point `logistic`: 11 in the exponential, 7 in the quotient, one for the scale). Float
    libraries without double-precision hardware take more. Below 5,000 exponentials, about a
    millisecond at 100 MHz, nothing is said.
    """

    code = "EL422"
    name = "costly-activation-on-target"
    severity = Severity.NOTE
    needs = ("microcontroller",)
    options = {
        "share": Option(0.1, "share of the model's multiply-accumulates that the exponentials may come to"),
        "least": Option(5000, "exponentials below which nothing is said; about a millisecond at 100 MHz"),
        "macs": Option(
            20,
            "multiply-accumulates that an exponential is worth; gemmlowp's int8 kernel multiplies 19 times",
        ),
    }

    VALID = [
        _network("Sigmoid", "LOGISTIC"),
        _network("Relu", "RELU").on("cortex-m4"),
        _network("Elu", "ELU", dtype="int8").on("cortex-m4"),
        _network("Tanh", "TANH", channels=256).on("cortex-m4"),
        _network("Tanh", "TANH", side=4).on("cortex-m4"),
    ]
    INVALID = [
        (
            _network("Sigmoid", "LOGISTIC")
            .op("Mul", "float32[1,32,32,8]", source="MUL", reads=("conv_0", "sigmoid_1"))
            .on("cortex-m4"),
            "1 swish takes 8,192 exponentials, about as much work as 163,840 multiply-accumulates beside "
            "the model's 589,824; the largest is LOGISTIC 'act'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """One finding per kind of activation that costs a good part of the whole."""
        target, model = context.target, context.deployment
        if target is None or model is None or not target.microcontroller or target.accelerator is not None:
            return
        macs = context.cost.macs.value if model is context.network else None
        if not macs:
            return
        every = context.activations if model is context.model else activations(model)
        for found in exponentials(every, target.runtime.memory_model == "tflm"):
            work = round(found.elements * context.option(self, "macs"))
            if work < context.option(self, "share") * macs or found.elements < context.option(self, "least"):
                continue
            first, count = found.places[0], len(found.places)
            name = spoken(found.kind)
            yield self.at(
                first.graph,
                first.node,
                f"{count} {name} {'takes' if count == 1 else 'take'} {found.elements:,} exponentials, "
                f"about as much work as {work:,} multiply-accumulates beside the model's {macs:,}; "
                f"the largest is {called(first.node)}",
                hint=instead_of("any", "costly", found.kind),
                evidence=Basis.PREDICTED,
                activation=found.kind,
                count=count,
                elements=found.elements,
                equivalent_macs=work,
                macs=macs,
            )
