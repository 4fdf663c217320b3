"""Dead units against brute force: no input within its range ever brings one above 0."""

from __future__ import annotations

import itertools
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.analysis.hidden.dead_units import dead_units
from edgelint.analysis.hidden.ranges import Interval
from edgelint.examples import chain

NUMBERS = st.floats(-4, 4, width=32)


@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5),
    biases=st.lists(NUMBERS, min_size=5, max_size=5),
    ends=st.tuples(NUMBERS, NUMBERS).map(sorted),
    transposed=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_units_are_dead_where_no_corner_of_the_input_is_above_zero(
    rows: list[tuple[float, ...]], biases: list[float], ends: list[float], transposed: bool
) -> None:
    """A weighted sum is largest in a corner of the box of its inputs."""
    low, high = ends
    units = len(rows)
    stored = rows if transposed else list(zip(*rows, strict=True))
    weight = " ".join(repr(number) for row in stored for number in row)
    shape = f"{units},3" if transposed else f"3,{units}"
    bias = " ".join(map(repr, biases[:units]))
    example = chain("float32[1,3]").op(
        "Gemm",
        f"float32[1,{units}]",
        activation="Relu",
        weight=f"float32[{shape}] = {weight}",
        bias=f"float32[{units}] = {bias}",
        attributes={"transB": int(transposed)},
    )
    graph = example.model.main
    dead = 0
    for row, offset in zip(rows, biases, strict=False):
        largest = max(
            single(offset) + sum(single(w) * x for w, x in zip(row, corner, strict=True))
            for corner in itertools.product((low, high), repeat=3)
        )
        if abs(largest) < 1e-9 and largest != 0:
            return
        dead += any(row) and largest <= 0
    assert dead_units(graph, graph.nodes[0], {"input": Interval(low, high)}) == (dead, units)


def single(number: float) -> float:
    """`number` as float32 holds it."""
    (held,) = struct.unpack("<f", struct.pack("<f", number))
    return float(held)
