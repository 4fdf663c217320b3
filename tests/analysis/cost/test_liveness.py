"""Live bytes step by step."""

from __future__ import annotations

from edgelint.analysis.cost.liveness import Liveness, trace
from edgelint.analysis.figure import Basis, Figure
from edgelint.analysis.scope import Scopes
from edgelint.ir import Model
from tests.analysis.graphs import graph, model, node


def live(built: Model) -> Liveness:
    return trace(Scopes(built))


def test_inputs_and_outputs_of_an_operator_overlap() -> None:
    values = {"x": "int8[10]", "y": "int8[20]"}
    found = live(model(graph(values, [node("A", ["x"], ["y"])], ["x"], ["y"])))
    assert found.peak == Figure(30)


def test_a_value_dies_after_its_last_reader() -> None:
    values = {"x": "int8[10]", "a": "int8[20]", "b": "int8[40]", "y": "int8[1]"}
    nodes = [node("A", ["x"], ["a"]), node("B", ["a"], ["b"]), node("C", ["b"], ["y"])]
    found = live(model(graph(values, nodes, ["x"], ["y"])))
    assert [step.value for step in found.steps[0]] == [30, 60, 41]
    assert found.peak == Figure(60)


def test_a_skip_connection_stays_live() -> None:
    values = {"x": "int8[10]", "a": "int8[20]", "b": "int8[40]", "y": "int8[1]"}
    nodes = [node("A", ["x"], ["a"]), node("B", ["a"], ["b"]), node("Add", ["b", "x"], ["y"])]
    assert [s.value for s in live(model(graph(values, nodes, ["x"], ["y"]))).steps[0]] == [30, 70, 51]


def test_outputs_live_to_the_end_and_inputs_from_the_start() -> None:
    values = {"x": "int8[1]", "late": "int8[100]", "a": "int8[1]", "y": "int8[1]"}
    nodes = [node("A", ["x"], ["a"]), node("B", ["late"], ["y"])]
    assert [s.value for s in live(model(graph(values, nodes, ["x", "late"], ["a", "y"]))).steps[0]] == [
        102,
        102,
    ]


def test_what_nobody_reads_lives_during_its_own_step() -> None:
    values = {"x": "int8[1]", "unread": "int8[50]", "a": "int8[1]", "y": "int8[1]"}
    nodes = [node("A", ["x"], ["a", "unread"]), node("B", ["a"], ["y"])]
    assert [s.value for s in live(model(graph(values, nodes, ["x"], ["y"]))).steps[0]] == [52, 2]


def test_constants_are_not_counted() -> None:
    values = {"x": "int8[1]", "w": "=int8[1000]", "y": "int8[1]"}
    assert live(model(graph(values, [node("A", ["x", "w"], ["y"])], ["x"], ["y"]))).peak == Figure(2)


def test_narrow_types_are_packed() -> None:
    values = {"x": "int4[3]", "y": "int8[1]"}
    assert live(model(graph(values, [node("A", ["x"], ["y"])], ["x"], ["y"]))).peak == Figure(3)


def test_variables_are_counted_apart() -> None:
    values = {"x": "int8[1]", "state": "float32[4]", "y": "int8[1]"}
    built = graph(values, [node("LSTM", ["x", "state"], ["y"])], ["x"], ["y"], variables=["state"])
    found = live(model(built))
    assert found.peak == Figure(2)
    assert found.variables == Figure(16)


def test_a_resource_variable_is_as_large_as_what_is_assigned_to_it() -> None:
    values = {"x": "float32[8]", "h": "resource[1]", "h2": "resource[1]", "y": "float32[8]"}
    named = {"shared_name": "state", "container": ""}
    nodes = [
        node("VAR_HANDLE", [], ["h"], domain="tflite", attributes=named),
        node("VAR_HANDLE", [], ["h2"], domain="tflite", attributes=named),
        node("READ_VARIABLE", ["h"], ["y"], domain="tflite"),
        node("ASSIGN_VARIABLE", ["h2", "x"], [], domain="tflite"),
    ]
    assert live(model(graph(values, nodes, ["x"], ["y"]), format="tflite")).variables == Figure(32)


def test_free_dims_give_a_formula() -> None:
    values = {"x": "float32[batch,10]", "y": "float32[batch,5]"}
    peak = live(model(graph(values, [node("A", ["x"], ["y"])], ["x"], ["y"]))).peak
    assert peak == Figure(None, Basis.UNKNOWN, "60*batch", "depends on batch")


def test_the_largest_step_may_depend_on_the_free_dims() -> None:
    values = {"x": "int8[n]", "a": "int8[m]", "y": "int8[m]"}
    nodes = [node("A", ["x"], ["a"]), node("B", ["a"], ["y"])]
    assert live(model(graph(values, nodes, ["x"], ["y"]))).peak.formula == "max(2*m, m + n)"


def test_an_unknown_size_makes_a_lower_bound() -> None:
    values = {"x": "int8[7]", "y": "int8[?]"}
    peak = live(model(graph(values, [node("A", ["x"], ["y"])], ["x"], ["y"]))).peak
    assert peak == Figure(7, Basis.BOUND, reason="the size of 'y' is unknown")


def test_nothing_known_is_unknown() -> None:
    values = {"x": "int8[?]", "y": "string[1]"}
    peak = live(model(graph(values, [node("A", ["x"], ["y"])], ["x"], ["y"]))).peak
    assert (peak.value, peak.basis) == (None, Basis.UNKNOWN)


def test_a_body_comes_on_top_of_what_is_live_around_it() -> None:
    body = {"a": "int8[100]", "b": "int8[50]"}
    bodies = [
        graph(body, [node("A", [], ["a"]), node("B", ["a"], ["b"])], [], ["b"], parent=0),
        graph({"b": "int8[50]"}, [node("C", ["kept"], ["b"])], [], ["b"], parent=0),
    ]
    values = {"c": "bool[1]", "kept": "int8[1000]", "y": "int8[50]"}
    branch = node("If", ["c"], ["y"], subgraphs={"then_branch": 1, "else_branch": 2})
    found = live(model(graph(values, [branch], ["c", "kept"], ["y"]), *bodies))
    assert found.peak == Figure(1 + 1000 + 50 + 150)


def test_what_a_body_reads_from_around_it_lives_until_then() -> None:
    body = graph({"b": "int8[1]"}, [node("C", ["kept"], ["b"])], [], ["b"], parent=0)
    values = {"x": "int8[1]", "kept": "int8[1000]", "c": "bool[1]", "y": "int8[1]"}
    nodes = [
        node("A", ["x"], ["kept"]),
        node("B", ["x"], ["c"]),
        node("If", ["c"], ["y"], subgraphs={"then_branch": 1}),
    ]
    steps = live(model(graph(values, nodes, ["x"], ["y"]), body)).steps[0]
    assert [step.value for step in steps] == [1001, 1002, 1003]


def test_a_graph_that_runs_itself_has_no_exact_peak() -> None:
    values = {"x": "int8[1]", "y": "int8[1]"}
    loop = node("WHILE", ["x"], ["y"], domain="tflite", subgraphs={"body": 0})
    assert live(model(graph(values, [loop], ["x"], ["y"]))).peak.basis is Basis.BOUND


def test_a_graph_without_nodes_holds_its_inputs() -> None:
    assert live(model(graph({"x": "int8[5]"}, [], ["x"], ["x"]))).peak == Figure(5)
