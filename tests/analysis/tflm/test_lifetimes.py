"""When tensors and scratch are needed, subgraphs included."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.analysis.tflm import lifetimes as tflm_lifetimes
from edgelint.analysis.tflm.lifetimes import Span, TooLong, lifetimes
from edgelint.ir import DType, Graph, Model, Node, Source, Value


def graph(nodes: list[Node], inputs: str, outputs: str) -> Graph:
    names = {*inputs.split(), *outputs.split()}
    names |= {name for node in nodes for name in (*node.inputs, *node.outputs) if name}
    values = {name: Value(name, DType.INT8, (16,)) for name in sorted(names)}
    return Graph("g", tuple(nodes), values, tuple(inputs.split()), tuple(outputs.split()))


def node(op: str, inputs: str, outputs: str, **rest: object) -> Node:
    return Node(outputs or op, op, tuple(inputs.split()), tuple(outputs.split()), Source(op, 0), **rest)  # type: ignore[arg-type]


def model(*graphs: Graph) -> Model:
    return Model("tflite", Path("m.tflite"), graphs)


def test_an_input_lives_from_the_start_and_an_output_to_the_end() -> None:
    found = lifetimes(model(graph([node("ABS", "a", "b"), node("ABS", "b", "c")], "a", "c"))).values[0]
    assert found == {"a": Span(0, 1), "b": Span(1, 2), "c": Span(2, 2)}


def test_an_unread_input_lives_at_the_start_only() -> None:
    found = lifetimes(model(graph([node("ABS", "a", "b")], "a unread", "b"))).values[0]
    assert found["unread"] == Span(0, 0)


def test_an_unread_result_lives_while_its_operator_runs() -> None:
    found = lifetimes(model(graph([node("SPLIT", "a", "b c"), node("ABS", "b", "d")], "a", "d"))).values[0]
    assert found["c"] == Span(1, 1)


def test_a_branch_runs_inside_its_operator() -> None:
    main = graph([node("IF", "c a", "b", subgraphs={"then_branch": 1, "else_branch": 2})], "c a", "b")
    branch = graph([node("ABS", "x", "y")], "x", "y")
    found = lifetimes(model(main, branch, branch))
    # Clock 1: IF; 2: into then; 3: its ABS; 4: into else; 5: its ABS.
    assert found.values[1] == {"x": Span(2, 3), "y": Span(3, 3)}
    assert found.values[2] == {"x": Span(4, 5), "y": Span(5, 5)}
    assert found.values[0] == {"c": Span(0, 5), "a": Span(0, 5), "b": Span(1, 5)}
    assert found.scratch[0, 0] == Span(1, 5)


def test_a_subgraph_that_runs_twice_keeps_its_first_creation_and_last_use() -> None:
    calls = [node("CALL_ONCE", "", "", subgraphs={"init": 1}) for _ in range(2)]
    found = lifetimes(
        model(graph([*calls, node("ABS", "a", "b")], "a", "b"), graph([node("ABS", "x", "y")], "x", "y"))
    )
    assert found.values[1]["x"] == Span(2, 6)


def test_a_subgraph_that_nothing_runs_is_never_alive() -> None:
    found = lifetimes(
        model(graph([node("ABS", "a", "b")], "a", "b"), graph([node("ABS", "x", "y")], "x", "y"))
    )
    assert found.values[1] == {}


def test_control_flow_is_overlooked_in_a_file_with_the_old_operator_code_alone() -> None:
    old = node("CALL_ONCE", "", "", subgraphs={"init": 1}, attributes={"legacy_builtin_code": True})
    found = lifetimes(model(graph([old], "", ""), graph([node("ABS", "x", "y")], "x", "y")))
    assert found.values[1] == {}


def test_steps_name_operators_in_the_order_they_end() -> None:
    main = graph([node("CALL_ONCE", "", "", subgraphs={"init": 1}), node("ABS", "a", "b")], "a", "b")
    found = lifetimes(model(main, graph([node("ABS", "x", "y")], "x", "y")))
    assert [(step.graph, step.node) for step in found.steps] == [(1, 0), (0, 0), (0, 1)]


def test_subgraphs_that_multiply_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflm_lifetimes, "MAX_STEPS", 1000)
    depth = 30
    graphs = [
        graph([node("WHILE", "a", "b", subgraphs={"cond": place + 1, "body": place + 1})], "a", "b")
        for place in range(depth)
    ]
    with pytest.raises(TooLong):
        lifetimes(model(*graphs, graph([node("ABS", "a", "b")], "a", "b")))


def test_deep_nesting_needs_no_recursion() -> None:
    depth = 5000
    graphs = [
        graph([node("CALL_ONCE", "", "", subgraphs={"init": place + 1})], "", "") for place in range(depth)
    ]
    assert len(lifetimes(model(*graphs, graph([], "", ""))).steps) == depth
