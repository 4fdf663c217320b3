"""Flash against images that were linked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgelint.analysis.figure import Basis
from edgelint.analysis.tflm.flash import link_flash
from edgelint.examples import Example, chain
from edgelint.ir import Model
from edgelint.targets import find

KEYWORD_SPOTTING = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "AVERAGE_POOL_2D",
    "RESHAPE",
    "FULLY_CONNECTED",
    "SOFTMAX",
)


def using(*operators: str) -> Model:
    """A model that uses each operator once, of 1000 bytes."""
    example: Example = chain("int8[1,8]")
    for operator in operators:
        example = example.op(operator, "int8[1,8]", source=operator)
    return replace(example.model, file_bytes=1000)


@pytest.mark.parametrize(
    ("target", "linked"), [("cortex-m0plus", 86_840), ("cortex-m4", 85_084), ("cortex-m55", 73_484)]
)
def test_keyword_spotting_is_at_most_eight_percent_above_the_linked_image(target: str, linked: int) -> None:
    flash = link_flash(using(*KEYWORD_SPOTTING), find(target))
    assert flash.value is not None
    assert flash.model == 1008
    assert linked <= flash.value - flash.model <= 1.08 * linked


def test_an_operator_counts_once() -> None:
    target = find("cortex-m4")
    assert link_flash(using("RELU", "RELU"), target) == link_flash(using("RELU"), target)


def test_the_only_operator_counts_what_it_links_alone() -> None:
    flash = link_flash(using("RELU"), find("cortex-m4"))
    assert (flash.runtime, flash.kernels, flash.basis) == (11_688, 5_732, Basis.PREDICTED)


def test_the_known_error_is_said() -> None:
    assert "3 to 7 %" in link_flash(using("RELU"), find("cortex-m4")).reason


def test_an_operator_without_a_figure_makes_a_bound_and_is_named() -> None:
    flash = link_flash(using("RELU", "Foo"), find("cortex-m4"))
    assert (flash.basis, flash.unmodelled) == (Basis.BOUND, ("Foo",))


def test_a_custom_operator_does_not_pass_for_the_builtin_of_its_name() -> None:
    example = chain("int8[1,8]").op("ADD", "int8[1,8]", domain="tflite.custom", source="ADD")
    assert link_flash(example.model, find("cortex-m4")).unmodelled == ("ADD",)


def test_a_core_that_was_not_measured_has_the_model_alone() -> None:
    flash = link_flash(using("RELU"), find("esp32"))
    assert (flash.value, flash.basis, flash.runtime) == (1008, Basis.BOUND, None)


def test_a_target_without_flash_has_no_figure() -> None:
    assert link_flash(using("RELU"), find("tflm-x86_64")).basis is Basis.UNKNOWN
