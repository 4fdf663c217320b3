"""Values and their shapes."""

from __future__ import annotations

import pytest

from edgelint.ir import DType, Shape, Value
from edgelint.ir.model import elements_of


@pytest.mark.parametrize(
    ("shape", "elements"),
    [((), 1), ((2, 3), 6), ((2, 0, 3), 0), ((2, "n"), None), ((2, None), None), ((2, -1), None)],
)
def test_a_shape_has_as_many_elements_as_its_dims_multiplied(shape: Shape, elements: int | None) -> None:
    assert elements_of(shape) == elements
    assert Value("x", DType.INT8, shape).elements == elements


def test_a_value_of_unknown_rank_has_an_unknown_number_of_elements() -> None:
    assert Value("x", DType.INT8).elements is None
