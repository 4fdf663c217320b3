"""EL601."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.analysis.operands import named
from edgelint.analysis.weights.places import Role, Use
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.printable import printable
from edgelint.rule import Finding, Rule, Severity

_CALCULATED_WITH = frozenset({"Add", "Sub", "Mul", "Div"})
"""Element-wise operators that carry NaN from a constant into every result; Where and Max may mean it."""

_NEVER_INFINITE = frozenset({Role.KERNEL, Role.RECURRENT, Role.BIAS, Role.NORMALIZATION})


class NanOrInfWeights(Rule):
    """Weights that are no numbers (NaN) or infinite.

    ## Why it matters
    One NaN in a kernel makes each output that it touches NaN, and every layer after it spreads that
    to all of its own outputs: the model answers nothing for any input. An infinite weight gives
    infinity, and NaN as soon as it meets a 0. Such weights come from a training that diverged, or
    from numbers above 65,504 that were stored as float16.

    Infinite constants of element-wise operators and of attention are left alone: masks are made of them.
    An infinite bias is a warning, as it may shut out a class on purpose.

    ## What to do
    Train again from the last sound checkpoint with a lower learning rate or with
    `clipnorm=1.0` in the optimizer; `tf.debugging.enable_check_numerics()` or
    `tf.keras.callbacks.TerminateOnNaN()` stops at the first one. For float16 keep the layer in
    float32, or scale its weights down.
    """

    code = "EL601"
    name = "nan-or-inf-weights"
    severity = Severity.ERROR
    hint = "train again from the last sound checkpoint, with a lower learning rate or clipped gradients"

    VALID = [
        chain("float32[1,4]").op("Gemm", "float32[1,2]", weight="float32[2,4] = 0.5 -1", bias="float32[2]"),
        chain("float32[1,4]").op("Add", "float32[1,4]", mask="float32[1,4] = 0 -inf"),
        chain("float32[1,4]").op("Max", "float32[1,4]", bound="float32[1] = nan"),
    ]
    INVALID = [
        (
            chain("float32[1,4]").op(
                "Gemm", "float32[1,2]", source="FULLY_CONNECTED", weight="float32[2,4] = 0.5 nan -1 inf"
            ),
            "FULLY_CONNECTED reads 2 NaN and 2 infinite among the 8 numbers of its kernel 'gemm_0/weight'",
        ),
        (
            chain("float32[1,4]").op(
                "Gemm", "float32[1,2]", source="Dense", weight="float32[2,4] = 1", bias="float32[2] = 0 -inf"
            ),
            "Dense reads 1 infinite among the 2 numbers of its bias 'gemm_0/bias'",
        ),
        (
            chain("float32[1,4]").op("Add", "float32[1,4]", scale="float32[4] = 1 1 1 nan"),
            "Add reads 1 NaN among the 4 numbers of its operand 'add_0/scale'",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each constant that a layer calculates with and that is not all finite."""
        for use, found in context.weights.judged():
            infinite = found.infinities if use.role in _NEVER_INFINITE else 0
            if use.reader is None or not _matters(use) or not (found.nans or infinite):
                continue
            kinds = [(found.nans, "NaN"), (infinite, "infinite")]
            said = " and ".join(f"{count:,} {kind}" for count, kind in kinds if count)
            yield self.at(
                use.graph,
                use.reader,
                f"{printable(use.reader.source.op)} reads {said} among the {found.count:,} numbers of its "
                f"{use.role.value} {named(use.value)}",
                severity=Severity.WARNING if use.role is Role.BIAS and not found.nans else None,
                tensor=use.value.name,
                nan=found.nans,
                infinite=infinite,
                count=found.count,
            )


def _matters(use: Use) -> bool:
    """Whether what is no number reaches the results."""
    if use.role is Role.OPERAND:
        return use.reader is not None and use.reader.op in _CALCULATED_WITH
    return use.role not in (Role.OTHER, Role.UNREAD)
