"""What has to keep its order."""

from __future__ import annotations

from edgelint.analysis.order.dependencies import dependencies
from edgelint.ir import Node
from tests.analysis.graphs import graph, node

S = "float32[1]"


def stateful(op: str, inputs: list[str], outputs: list[str], **attributes: str) -> Node:
    return node(op, inputs, outputs, domain="tflite", attributes=attributes)


def test_a_reader_waits_for_what_makes_its_input() -> None:
    made = graph(
        dict.fromkeys("xabc", S),
        [node("Relu", ["x"], ["a"]), node("Relu", ["x"], ["b"]), node("Add", ["a", "b"], ["c"])],
        ["x"],
        ["c"],
    )
    assert dependencies(made) == [(), (), (0, 1)]


def test_constants_tie_nobody() -> None:
    made = graph(
        {"x": S, "w": "=float32[1]", "a": S, "b": S},
        [node("Add", ["x", "w"], ["a"]), node("Add", ["x", "w"], ["b"])],
        ["x"],
        ["a", "b"],
    )
    assert dependencies(made) == [(), ()]


def test_users_of_one_state_tensor_keep_their_order() -> None:
    made = graph(
        {"x": S, "state": S, "other": S, "a": S, "b": S, "c": S},
        [
            stateful("SVDF", ["x", "state"], ["a"]),
            stateful("SVDF", ["x", "other"], ["b"]),
            stateful("SVDF", ["x", "state"], ["c"]),
        ],
        ["x"],
        ["a", "b", "c"],
        variables=["state", "other"],
    )
    assert dependencies(made) == [(), (), (0,)]


def test_a_tensor_written_twice_keeps_readers_between_its_writers() -> None:
    made = graph(
        dict.fromkeys("xabc", S),
        [
            node("Relu", ["x"], ["a"]),
            node("Relu", ["a"], ["b"]),
            node("Sigmoid", ["x"], ["a"]),
            node("Relu", ["a"], ["c"]),
        ],
        ["x"],
        ["c"],
    )
    assert dependencies(made) == [(), (0,), (0, 1), (2,)]


def resources(*nodes: Node) -> list[tuple[int, ...]]:
    values = {name: S for made in nodes for name in (*made.inputs, *made.outputs) if name}
    values |= {name: "resource[]" for name in values if name.startswith("h")}
    return dependencies(graph(values, nodes, ["x"], []))


def test_reads_and_writes_of_one_resource_keep_their_order_whatever_the_handle() -> None:
    assert resources(
        stateful("VAR_HANDLE", [], ["h1"], shared_name="v"),
        stateful("VAR_HANDLE", [], ["h2"], shared_name="v"),
        stateful("VAR_HANDLE", [], ["h3"], shared_name="w"),
        stateful("READ_VARIABLE", ["h1"], ["a"]),
        stateful("ASSIGN_VARIABLE", ["h2", "x"], []),
        stateful("ASSIGN_VARIABLE", ["h3", "x"], []),
        stateful("READ_VARIABLE", ["h2"], ["b"]),
    ) == [(), (), (), (0,), (1, 3), (2,), (1, 4)]


def test_a_handle_of_unknown_origin_may_be_any_resource() -> None:
    assert resources(
        stateful("VAR_HANDLE", [], ["h1"], shared_name="v"),
        stateful("READ_VARIABLE", ["h1"], ["a"]),
        stateful("ASSIGN_VARIABLE", ["h9", "x"], []),
        stateful("READ_VARIABLE", ["h1"], ["b"]),
    ) == [(), (0,), (1,), (0, 2)]


def test_what_the_graph_does_not_show_keeps_its_order() -> None:
    made = graph(
        dict.fromkeys("xabcd", S),
        [
            node("Mystery", ["x"], ["a"], domain="tflite.custom"),
            node("Relu", ["x"], ["b"]),
            node("RandomUniform", [], ["c"]),
            node("If", ["x"], ["d"]),
        ],
        ["x"],
        ["a", "b", "c", "d"],
    )
    assert dependencies(made) == [(), (), (0,), (2,)]


def test_a_graph_without_nodes_has_no_dependencies() -> None:
    assert dependencies(graph({"x": S}, [], ["x"], ["x"])) == []
