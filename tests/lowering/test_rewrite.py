"""What the converter folds, fuses, merges and drops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgelint.lowering.draft import Draft, Edge
from edgelint.lowering.rewrite import settle
from tests.effort import growth

IMAGE = (1, 8, 8, 4)


class Chain:
    """A draft that grows by one operator at a time."""

    def __init__(self, shape: tuple[int, ...] = IMAGE) -> None:
        self.draft = Draft()
        self.edge = Edge(shape, label="x")
        self.draft.inputs = [self.edge]

    def conv(self, filters: int = 5, padding: str = "VALID", size: int = 3) -> Chain:
        draft, (batch, height, width, channels) = self.draft, self.edge.shape
        cut = size - 1 if padding == "VALID" else 0
        inputs = [self.edge, draft.weight((filters, size, size, channels), "kernel"), draft.zeros(filters)]
        shape = (batch, height - cut, width - cut, filters)
        self.edge = draft.emit("CONV_2D", inputs, shape, padding=padding, stride_h=1, stride_w=1)
        return self

    def with_constant(self, kind: str, *shape: int) -> Chain:
        self.edge = self.draft.binary(kind, self.edge, self.draft.weight(shape, "constant"))
        return self

    def unary(self, kind: str) -> Chain:
        self.edge = self.draft.unary(kind, self.edge)
        return self

    def reshape(self, *shape: int) -> Chain:
        self.edge = self.draft.reshape(self.edge, shape)
        return self

    def pad(self, before: int, after: int) -> Chain:
        batch, height, width, channels = self.edge.shape
        amounts = self.draft.known((0, 0, before, after, before, after, 0, 0), (4, 2))
        shape = (batch, height + before + after, width + before + after, channels)
        self.edge = self.draft.emit("PAD", [self.edge, amounts], shape)
        return self

    def settled(self) -> list[tuple[str, str]]:
        self.draft.outputs = [self.edge]
        settle(self.draft)
        return [(op.kind, op.activation) for op in self.draft.ops]


def test_batch_normalization_and_rectifier_go_into_the_convolution_before_them() -> None:
    chain = Chain().conv().with_constant("MUL", 5).with_constant("ADD", 5).unary("RELU6")
    assert chain.settled() == [("CONV_2D", "RELU6")]


def test_batch_normalization_after_a_rectifier_stays() -> None:
    chain = Chain().conv().unary("RELU").with_constant("MUL", 5).with_constant("ADD", 5)
    assert chain.settled() == [("CONV_2D", "RELU"), ("MUL", "NONE"), ("ADD", "NONE")]


def test_a_sigmoid_is_not_fused() -> None:
    assert Chain().conv().unary("LOGISTIC").settled() == [("CONV_2D", "NONE"), ("LOGISTIC", "NONE")]


def test_a_rectifier_stays_when_something_else_reads_what_is_before_it() -> None:
    chain = Chain().conv()
    made = chain.edge
    chain.unary("RELU")
    chain.edge = chain.draft.binary("ADD", chain.edge, made)
    assert chain.settled() == [("CONV_2D", "NONE"), ("RELU", "NONE"), ("ADD", "NONE")]


def test_a_factor_for_other_than_channels_stays() -> None:
    chain = Chain().conv().with_constant("MUL", 6, 6, 5)
    assert chain.settled() == [("CONV_2D", "NONE"), ("MUL", "NONE")]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [(1, 1, ["CONV_2D"]), (2, 0, ["PAD", "CONV_2D"]), (2, 2, ["PAD", "CONV_2D"])],
    ids=["as SAME pads", "one-sided", "more than SAME pads"],
)
def test_padding_merges_where_same_would_add_just_that(before: int, after: int, kinds: list[str]) -> None:
    assert [kind for kind, _ in Chain().pad(before, after).conv().settled()] == kinds


def test_padding_does_not_merge_into_a_convolution_that_pads_itself() -> None:
    assert [kind for kind, _ in Chain().pad(1, 1).conv(padding="SAME").settled()] == ["PAD", "CONV_2D"]


def test_of_two_reshapes_one_stays() -> None:
    assert Chain().reshape(1, 64, 4).reshape(1, 256).settled() == [("RESHAPE", "NONE")]


def test_a_reshape_to_the_same_shape_goes() -> None:
    assert Chain().reshape(*IMAGE).unary("TANH").settled() == [("TANH", "NONE")]


def test_work_per_channel_moves_before_a_reshape_and_into_the_convolution() -> None:
    chain = Chain((1, 1, 8, 4)).conv(5, "SAME", 1).reshape(1, 8, 5).with_constant("ADD", 5).unary("RELU")
    assert chain.settled() == [("CONV_2D", "RELU"), ("RESHAPE", "NONE")]


def test_a_transpose_that_moves_units_alone_is_a_reshape() -> None:
    chain = Chain((1, 8, 4))
    chain.edge = chain.draft.transpose(chain.edge, (1, 0, 2))
    assert chain.settled() == [("RESHAPE", "NONE")]


def test_what_is_computed_twice_is_computed_once() -> None:
    chain = Chain()
    one, two = (chain.draft.unary("TANH", chain.edge) for _ in range(2))
    chain.edge = chain.draft.binary("ADD", one, two)
    assert [kind for kind, _ in chain.settled()] == ["TANH", "ADD"]


def test_a_reshape_gives_a_mean_its_dims_back() -> None:
    chain = Chain()
    chain.edge = chain.draft.reduce("MEAN", chain.edge, (1, 2), False)
    chain.reshape(1, 1, 1, 4).unary("TANH")
    assert [kind for kind, _ in chain.settled()] == ["MEAN", "TANH"]
    assert chain.draft.ops[0].output.shape == (1, 1, 1, 4)


def test_x_times_hard_sigmoid_of_x_is_hard_swish() -> None:
    chain = Chain()
    shifted = chain.draft.binary("ADD", chain.edge, chain.draft.scalar(3.0))
    scaled = chain.draft.binary("MUL", chain.draft.unary("RELU6", shifted), chain.draft.scalar(1 / 6))
    chain.edge = chain.draft.binary("MUL", chain.edge, scaled)
    assert chain.settled() == [("HARD_SWISH", "NONE")]


def test_a_long_chain_takes_as_much_work_per_operator_as_a_short_one() -> None:
    def settling(count: int) -> Callable[[], list[tuple[str, str]]]:
        chain = Chain()
        for _ in range(count):
            chain.conv(4, "SAME").unary("RELU")
        return chain.settled

    assert len(settling(2000)()) == 2000
    assert growth(settling, 100, 400) < 1.1
