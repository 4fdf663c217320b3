"""What inputs take before anything else."""

from __future__ import annotations

from edgelint.analysis.input_size import InputSize, input_size
from edgelint.examples import chain
from edgelint.targets import find
from tests.analysis.graphs import graph, model, node

TARGET = find("cortex-m4")


def test_inputs_that_run_as_they_are_take_their_own_bytes() -> None:
    made = chain("float32[1,64]").op("Relu", "float32[1,64]").model
    assert input_size(made, made, TARGET) == InputSize(("input",), 256, exact=True)


def test_inputs_still_to_be_converted_take_at_least_a_byte_per_element() -> None:
    made = chain("float32[1,64]").op("Relu", "float32[1,64]").model
    assert input_size(made, None, TARGET) == InputSize(("input",), 64, exact=False)


def test_a_predicted_conversion_may_still_narrow_them() -> None:
    made = chain("float32[1,64]").op("Relu", "float32[1,64]").from_format("keras").model
    assert input_size(made, made, TARGET) == InputSize(("input",), 64, exact=False)


def test_narrow_inputs_stay_narrow() -> None:
    made = chain("int4[1,64]").op("Relu", "int4[1,64]").model
    assert input_size(made, None, TARGET).bytes == 32


def test_several_inputs_count_together_and_unread_ones_do_not() -> None:
    made = model(
        graph(
            {"a": "int8[10]", "b": "int8[20]", "unread": "int8[40]", "free": "int8[n]", "c": "int8[20]"},
            [node("Add", ["a", "b"], ["c"]), node("Relu", ["free"], ["c"])],
            ["a", "b", "unread", "free"],
            ["c"],
        ),
        format="tflite",
    )
    assert input_size(made, made, TARGET) == InputSize(("a", "b"), 30, exact=True)
