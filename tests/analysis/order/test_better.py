"""Better orders of real operators: planned for every claim, and run by the real runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgelint.analysis.order.better import BetterOrder, as_problem, find_better_order, reordered
from edgelint.analysis.order.search import search
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.examples import Example, chain
from edgelint.ir import Model
from edgelint.loaders import load
from edgelint.targets import find
from tests.analysis.tflm_models import Network, Op, T
from tests.analysis.tflm_reordered import reordered_file, results
from tests.analysis.tflm_runtime import allocations
from tests.conftest import SHARED_MODELS, corpus

PC = find("tflm-x86_64")


def better(model: Model) -> BetterOrder | None:
    return find_better_order(model, PC, plan_arena(model, PC))


def in_turns() -> Example:
    """Two branches that widen and narrow, run in turns."""
    return (
        chain("float32[1,16]")
        .op("Relu", "float32[1,1024]", source="RELU")
        .op("Relu", "float32[1,1024]", source="RELU", reads=("input",))
        .op("Relu", "float32[1,16]", source="RELU", reads=("relu_0",))
        .op("Relu", "float32[1,16]", source="RELU", reads=("relu_1",))
        .op("Concat", "float32[1,32]", source="CONCATENATION", reads=("relu_2", "relu_3"))
    )


def test_branches_in_turns_are_put_one_after_the_other() -> None:
    found = better(in_turns().model)
    assert found is not None
    assert found.order == (0, 2, 1, 3, 4)
    assert found.proven
    assert found.saved == 4096 - 64
    assert found.after == plan_arena(reordered(in_turns().model, found.order), PC)


def test_an_offline_plan_is_left_alone() -> None:
    model = in_turns().model
    planned = in_turns().planned(*range(0, 4096 * len(model.main.values), 4096)).model
    assert better(planned) is None
    assert better(in_turns().planned(*[-1] * len(model.main.values)).model) is not None


def test_a_chain_has_no_better_order() -> None:
    assert better(chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").model) is None


def test_an_arena_that_is_not_planned_has_no_better_order() -> None:
    assert better(chain("float32[?,64]").op("Relu", "float32[?,64]", source="RELU").model) is None


def test_a_bound_is_compared_with_nothing() -> None:
    model = in_turns().model
    custom = replace(
        model.main.nodes[4], domain="tflite.custom", source=replace(model.main.nodes[4].source, op="X")
    )
    main = replace(model.main, nodes=(*model.main.nodes[:4], custom))
    assert better(replace(model, graphs=(main,))) is None


@st.composite
def networks(draw: st.DrawFn, most: int = 6) -> Network:
    """Additions and negations of tensors of random width, by broadcasting a last dim of 1 or that width."""
    sizes = [draw(st.sampled_from((4, 64, 256))) for _ in range(draw(st.integers(2, most)) + 1)]
    tensors = [T((1, size)) for size in sizes]
    ops = []
    for made in range(1, len(tensors)):
        reads = draw(st.lists(st.integers(0, made - 1), min_size=1, max_size=3))
        ops.append(Op("PACK", tuple(reads), (made,), ("PackOptions", {"valuesCount": len(reads)})))
    read = {place for op in ops for place in op.inputs}
    return Network(tensors, ops, (0,), tuple(place for place in range(1, len(tensors)) if place not in read))


@settings(max_examples=60, deadline=None)
@given(network=networks())
def test_the_problem_has_the_peaks_that_the_planner_sees(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("order") / "m.tflite"
    path.write_bytes(bytes(network))
    model = load(path)
    layout = plan_arena(model, PC).layout
    assert layout is not None
    assert as_problem(model.main, layout).peak(range(len(model.main.nodes))) == layout.bound
    found = better(model)
    if found is not None:
        assert found.after.layout is not None
        assert as_problem(model.main, layout).peak(found.order) == found.after.layout.bound
        assert found.saved > 0


def test_called_graphs_count_for_the_operator_that_calls_them() -> None:
    body = replace(
        chain("float32[1,512]").op("Relu", "float32[1,512]", source="RELU").model.main, name="body"
    )
    model = in_turns().model
    caller = replace(
        model.main.nodes[4], source=replace(model.main.nodes[4].source, op="IF"), subgraphs={"then_branch": 1}
    )
    main = replace(model.main, nodes=(*model.main.nodes[:4], caller))
    whole = replace(model, graphs=(main, body))
    layout = plan_arena(whole, PC).layout
    assert layout is not None
    assert list(as_problem(main, layout).extra) == [0, 0, 0, 0, 4096]


FILES = [
    entry["path"]
    for entry in corpus()
    if entry["path"].endswith(".tflite") and not entry["path"].startswith("malformed")
]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES)
def test_the_runtime_needs_what_was_planned_and_computes_the_same(path: str, tmp_path: Path) -> None:
    model = load(SHARED_MODELS / path)
    layout = plan_arena(model, PC).layout
    assert layout is not None
    claimed = better(model)
    order = claimed.order if claimed else search(as_problem(model.main, layout)).order
    if order == tuple(range(len(order))):
        pytest.skip("has no better order")
    planned = plan_arena(reordered(model, order), PC)
    copy = reordered_file(SHARED_MODELS / path, order, tmp_path / "reordered.tflite")
    real = allocations({copy: planned.minimum}).get(copy)
    if real is None:
        pytest.skip("the runtime does not load it")
    assert (real.head, real.smallest) == (planned.head, True)
    main = model.main
    before = results(SHARED_MODELS / path, len(main.inputs), len(main.outputs))
    assert results(copy, len(main.inputs), len(main.outputs)) == before != ""
