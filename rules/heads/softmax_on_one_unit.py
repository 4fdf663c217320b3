"""EL403."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.context import Context
from edgelint.examples import chain
from edgelint.rule import Finding, Rule, Severity


class SoftmaxOnOneUnit(Rule):
    """A softmax over a single number, which is always 1.

    ## Why it matters
    Softmax divides each number's exponential by the sum of all of them. Over one number that is
    the number divided by itself: the output is 1 for every input, whatever was learned, and no
    gradient reaches the layers before it. A log-softmax over one number is always 0.

    ## What to do
    - Yes or no: `Dense(1, activation="sigmoid")` with `loss="binary_crossentropy"`.
    - A number: `Dense(1)`, no activation, with `loss="mse"` or another regression loss.
    - Two exclusive classes: `Dense(2, activation="softmax")` with a categorical cross-entropy.
    - Several numbers, but the wrong axis: give softmax the axis of the classes.
    """

    code = "EL403"
    name = "softmax-on-one-unit"
    severity = Severity.ERROR
    operators = ("Softmax", "LogSoftmax")
    hint = "use a sigmoid for yes or no, no activation for a number, or softmax over two units or more"

    VALID = [
        chain("float32[1,8]").op("Gemm", "float32[1,2]", weight="float32[2,8]").op("Softmax", "float32[1,2]"),
        chain("float32[1,8]").op("Gemm", "float32[1,1]", weight="float32[1,8]").op("Sigmoid", "float32[1,1]"),
        chain("float32[1,8]").op("Softmax", "float32[1,?]", attributes={"axis": -1}),
    ]
    INVALID = [
        (
            chain("float32[1,8]")
            .op("Gemm", "float32[1,1]", source="Dense", activation="Softmax", weight="float32[8,1]")
            .trained_with("mean_squared_error"),
            "Dense with softmax works over 1 unit: the output is the constant 1",
        ),
        (
            chain("int8[1,8]")
            .op("Gemm", "int8[1,1]", source="FULLY_CONNECTED", weight="int8[1,8]")
            .op("Softmax", "int8[1,1]", source="SOFTMAX", attributes={"axis": -1}),
            "SOFTMAX works over 1 unit: the output is the constant 1",
        ),
        (
            chain("float32[1,10,1]").op("LogSoftmax", "float32[1,10,1]", attributes={"axis": 2}),
            "LogSoftmax works over 1 unit: the output is the constant 0",
        ),
    ]

    def check(self, context: Context) -> Iterator[Finding]:
        """Each output that is a softmax along an axis of size 1."""
        for head in context.heads:
            if head.is_constant and head.place is not None:
                value = 1 if head.activation == "Softmax" else 0
                message = f"{head.ending} works over 1 unit: the output is the constant {value}"
                yield self.at(head.graph, head.place, message, output=head.output, axis=head.axis)
