"""The order of operators, and TensorFlow's name scopes."""

from __future__ import annotations

from edgelint.lowering.draft import Draft, Edge
from edgelint.lowering.order import Scopes, arrange


def test_a_layer_gets_the_second_of_the_two_scopes_that_keras_opens() -> None:
    scopes = Scopes()
    assert scopes.enter("", "model") == "model_1"
    assert scopes.enter("model_1", "conv2d") == "model_1/conv2d_1"


def test_a_scope_that_is_taken_is_counted_on() -> None:
    scopes = Scopes()
    assert scopes.enter("m", "conv2d") == "m/conv2d_1"
    assert scopes.enter("m", "conv2d_1") == "m/conv2d_1_2"


def branches(first: str, second: str) -> list[str]:
    draft, given = Draft(), Edge((1, 4), label="x")
    made = []
    for name in (first, second):
        draft.within(name, f"m/{name}")
        made.append(draft.unary("TANH", given))
    draft.within("sum", "m/sum")
    draft.outputs = [draft.binary("ADD", made[0], made[1])]
    arrange(draft, {given: "x"})
    return [op.output.label for op in draft.ops]


def test_branches_come_by_name() -> None:
    assert branches("b", "a") == ["a", "b", "sum"]


def test_what_reads_no_weights_comes_before_what_does() -> None:
    draft, given = Draft(), Edge((1, 4), label="x")
    draft.within("dense", "m/dense")
    dense = draft.emit("FULLY_CONNECTED", [given, draft.weight((4, 4), "kernel"), None], (1, 4))
    draft.within("tanh", "m/tanh")
    tanh = draft.unary("TANH", given)
    draft.within("sum", "m/sum")
    draft.outputs = [draft.binary("ADD", dense, tanh)]
    arrange(draft, {given: "x"})
    # "m_dense…" is walked before "x", and what is walked first comes last.
    assert [op.kind for op in draft.ops] == ["FULLY_CONNECTED", "TANH", "ADD"]
    arrange(draft, {given: "a"})
    assert [op.kind for op in draft.ops] == ["TANH", "FULLY_CONNECTED", "ADD"]


def test_what_is_written_out_of_one_operator_keeps_together() -> None:
    draft, given = Draft(), Edge((1, 4), label="x")
    draft.within("m", "m")
    with draft.block():
        one = draft.unary("TANH", given)
        two = draft.unary("ABS", one)
    three = draft.unary("EXP", given)
    draft.outputs = [draft.binary("ADD", two, three)]
    arrange(draft, {given: "x"})
    kinds = [op.kind for op in draft.ops]
    assert kinds.index("ABS") == kinds.index("TANH") + 1
