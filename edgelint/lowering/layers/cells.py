"""One step of a recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgelint.deferred import dataclass
from edgelint.ir.dtype import DType
from edgelint.lowering.draft import Dims, Draft, Edge, Unpredictable
from edgelint.lowering.layers.activations import activate

STATES = {"lstm_cell": 2, "gru_cell": 1, "simple_rnn_cell": 1}


READERS = {
    "kernel": "MatMul",
    "recurrent_kernel": "MatMul_1",
    "bias": "BiasAdd",
    "recurrent_bias": "BiasAdd_1",
}
"""Weight to the operator of the first step that reads it, folded away or not."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shapes of a cell's weights as Keras has them; bias None where it has none."""

    kernel: Dims
    recurrent: Dims
    bias: Dims | None


class Cell(Protocol):
    """A cell in three parts, as the converter orders them."""

    name: str
    units: int

    def from_state(self, draft: Draft, state: Edge) -> Sequence[Edge]:
        """What is computed of the state alone."""

    def from_step(self, draft: Draft, step: Edge) -> Edge:
        """What is computed of the step's input alone."""

    def joined(
        self, draft: Draft, product: Edge, products: Sequence[Edge], states: Sequence[Edge]
    ) -> list[Edge]:
        """The new states of the two; the first is the output."""

    def step(self, draft: Draft, step: Edge, states: Sequence[Edge] | None) -> list[Edge]:
        """The new states where steps are written out; `states` None stands for zeros, folded away."""


class _Base:
    name = ""
    gates = 1

    def __init__(self, weights: Weights, activations: tuple[str, ...]) -> None:
        self.units = weights.recurrent[0]
        self.weights = weights
        self.activations = activations
        self._scope = ""
        self._made: dict[tuple[Draft, str], Edge] = {}

    def step(self, draft: Draft, step: Edge, states: Sequence[Edge] | None) -> list[Edge]:
        if states is None:
            return self._first(draft, step)
        product = self.from_step(draft, step)
        return self.joined(draft, product, self.from_state(draft, states[0]), states)

    def _first(self, draft: Draft, step: Edge) -> list[Edge]:
        raise NotImplementedError

    def from_state(self, draft: Draft, state: Edge) -> Sequence[Edge]:
        raise NotImplementedError

    def from_step(self, draft: Draft, step: Edge) -> Edge:
        """The input's product with the kernel, its bias added."""
        return self._dense(draft, step, "kernel", "bias")

    def joined(
        self, draft: Draft, product: Edge, products: Sequence[Edge], states: Sequence[Edge]
    ) -> list[Edge]:
        raise NotImplementedError

    def _weight(self, draft: Draft, role: str, shape: Dims) -> Edge:
        """A weight of the cell, the same edge in each step."""
        if (draft, role) not in self._made:
            self._scope = self._scope or draft.scope
            self._made[draft, role] = edge = draft.weight(shape, role)
            edge.reader = f"{self._scope}/{READERS[role]}" if role in READERS else ""
        return self._made[draft, role]

    def _dense(self, draft: Draft, edge: Edge, role: str, bias: str | None) -> Edge:
        columns = self.gates * self.units
        weights = self._weight(draft, role, (columns, edge.shape[-1]))
        term = self._weight(draft, bias, (columns,)) if bias and self.weights.bias else None
        shape = (*edge.shape[:-1], columns)
        return draft.emit("FULLY_CONNECTED", [edge, weights, term], shape)

    def _split(self, draft: Draft, edge: Edge, axis: int) -> list[Edge]:
        shapes = [((edge.shape[0], self.units), edge.dtype)] * self.gates
        return draft.emit_several(
            "SPLIT", [draft.scalar(axis, DType.INT32), edge], shapes, num_splits=self.gates
        )


class LstmCell(_Base):
    """Keras's LSTMCell."""

    name, gates = "lstm_cell", 4

    def from_state(self, draft: Draft, state: Edge) -> Sequence[Edge]:
        """The state's product with the recurrent kernel, as a vector."""
        made = self._dense(draft, state, "recurrent_kernel", None)
        return [draft.reshape(made, made.shape[1:])]

    def from_step(self, draft: Draft, step: Edge) -> Edge:
        """The input's product with the kernel; the bias comes later."""
        return self._dense(draft, step, "kernel", None)

    def joined(
        self, draft: Draft, product: Edge, products: Sequence[Edge], states: Sequence[Edge]
    ) -> list[Edge]:
        """Output and carry."""
        made = draft.binary("ADD", product, products[0])
        if self.weights.bias:
            made = draft.binary("ADD", made, self._weight(draft, "bias", (4 * self.units,)))
        enter, forget, candidate, leave = self._split(draft, made, 1)
        gate, inner, outer = self.activations
        enter = activate(draft, enter, gate)
        kept = draft.binary("MUL", activate(draft, forget, gate), states[1])
        leave = activate(draft, leave, gate)
        new = draft.binary("MUL", enter, activate(draft, candidate, inner))
        carry = draft.binary("ADD", kept, new)
        return [draft.binary("MUL", leave, activate(draft, carry, outer)), carry]

    def _first(self, draft: Draft, step: Edge) -> list[Edge]:
        made = self._dense(draft, step, "kernel", "bias")
        enter, _, candidate, leave = self._split(draft, made, 1)
        gate, inner, outer = self.activations
        enter, leave = activate(draft, enter, gate), activate(draft, leave, gate)
        carry = draft.binary("MUL", enter, activate(draft, candidate, inner))
        return [draft.binary("MUL", leave, activate(draft, carry, outer)), carry]


class GruCell(_Base):
    """Keras's GRUCell with reset_after."""

    name, gates = "gru_cell", 3

    def from_state(self, draft: Draft, state: Edge) -> Sequence[Edge]:
        """The state's product with the recurrent kernel, cut into its three parts."""
        made = self._dense(draft, state, "recurrent_kernel", "recurrent_bias")
        units, parts = self.units, []
        for place, (begin_mask, end_mask) in enumerate(((3, 1), (1, 1), (1, 3))):
            begin = draft.known((0, place * units))
            end = draft.known((0, (place + 1) * units if place < 2 else 0))
            inputs = [made, begin, end, draft.known((1, 1))]
            shape = (made.shape[0], units)
            parts.append(draft.emit("STRIDED_SLICE", inputs, shape, begin_mask=begin_mask, end_mask=end_mask))
        return parts

    def joined(
        self, draft: Draft, product: Edge, products: Sequence[Edge], states: Sequence[Edge]
    ) -> list[Edge]:
        """The new state."""
        update, reset, candidate = self._split(draft, product, -1)
        gate, inner = self.activations
        update = activate(draft, draft.binary("ADD", update, products[0]), gate)
        kept = draft.binary("MUL", update, states[0])
        rest = draft.binary("SUB", draft.scalar(1.0), update)
        reset = activate(draft, draft.binary("ADD", reset, products[1]), gate)
        candidate = draft.binary("ADD", candidate, draft.binary("MUL", reset, products[2]))
        new = draft.binary("MUL", rest, activate(draft, candidate, inner))
        return [draft.binary("ADD", kept, new)]

    def _first(self, draft: Draft, step: Edge) -> list[Edge]:
        if not self.weights.bias:
            raise Unpredictable("has no bias and its steps written out")
        update, reset, candidate = self._split(draft, self.from_step(draft, step), -1)
        gate, inner = self.activations
        terms = [self._weight(draft, f"first_{place}", (1, self.units)) for place in range(3)]
        update = activate(draft, draft.binary("ADD", update, terms[0]), gate)
        rest = draft.binary("SUB", draft.scalar(1.0), update)
        reset = activate(draft, draft.binary("ADD", reset, terms[1]), gate)
        candidate = draft.binary("ADD", candidate, draft.binary("MUL", reset, terms[2]))
        return [draft.binary("MUL", rest, activate(draft, candidate, inner))]


class SimpleCell(_Base):
    """Keras's SimpleRNNCell."""

    name, gates = "simple_rnn_cell", 1

    def from_state(self, draft: Draft, state: Edge) -> Sequence[Edge]:
        """The state's product with the recurrent kernel."""
        return [self._dense(draft, state, "recurrent_kernel", None)]

    def joined(
        self, draft: Draft, product: Edge, products: Sequence[Edge], states: Sequence[Edge]
    ) -> list[Edge]:
        """The new state."""
        made = draft.binary("ADD", product, products[0])
        return [activate(draft, made, self.activations[0])]

    def _first(self, draft: Draft, step: Edge) -> list[Edge]:
        return [activate(draft, self.from_step(draft, step), self.activations[0])]


CELLS = {"LSTM": LstmCell, "GRU": GruCell, "RNN": SimpleCell}
"""Canonical operator to its cell."""
