"""Where axes go: transposes move them, reshapes keep or mix them."""

from __future__ import annotations

from typing import Any

import pytest

from edgelint.analysis.axes import carried
from edgelint.examples import Example, chain


def moved(example: Example, axis: int) -> int | None:
    graph = example.model.main
    return carried(graph, graph.nodes, axis)


def step(op: str, given: str, made: str, **attributes: Any) -> Example:
    return chain(f"float32[{given}]").op(op, f"float32[{made}]", attributes=attributes)


@pytest.mark.parametrize(
    ("example", "axis", "wanted"),
    [
        (step("Identity", "1,4,5", "1,4,5"), 2, 2),
        (step("Relu", "1,?", "1,?"), 1, 1),
        (step("Transpose", "1,4,5", "1,5,4", perm=(0, 2, 1)), 2, 1),
        (step("Transpose", "4,5", "5,4"), 0, 1),
        (chain("float32[1,4,5]").op("Transpose", "float32[1,5,4]", order="int32[3] = 0 2 1"), 1, 2),
        (chain("float32[1,4,5]").op("Transpose", "float32[1,5,4]", reads=("input", "input")), 1, None),
        (chain("float32[1,4,5]").op("Add", "float32[1,4,5]", bias="float32[5]"), 2, 2),
        (step("Reshape", "1,1,1,7", "1,7"), 3, 1),
        (step("Reshape", "batch,20,7", "batch,4,5,7"), 2, 3),
        (step("Reshape", "batch,20,7", "batch,140"), 2, None),
        (step("Reshape", "1,?,7", "1,?,7"), 2, None),
        (step("Reshape", "1,2,2,2", "1,2,4"), 3, None),
        (step("Squeeze", "1,7,1", "1,7"), 1, 1),
        (step("Squeeze", "1,7,1", "1,7"), 2, None),
        (step("ReduceMean", "1,8,7", "1,7"), 2, None),
        (step("GlobalAveragePool", "1,8,8,7", "1,1,1,7"), 3, 3),
        (step("Transpose", "1,4,5,6", "1,6,4,5", perm=(0, 3, 1, 2)).op("Reshape", "float32[6,20]"), 3, 0),
    ],
    ids=str,
)
def test_an_axis_is_followed_as_far_as_it_is_known(example: Example, axis: int, wanted: int | None) -> None:
    assert moved(example, axis) == wanted
