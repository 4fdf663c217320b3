"""The operands of a node by the role they play in its operator ("input", "weights", "bias")."""

from __future__ import annotations

from collections.abc import Container, Iterator

from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Node, Value
from edgelint.printable import printable

NAME_LIMIT = 60
"""Characters after which a tensor's name is cut in a sentence."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value in its role. is_output: whether the node makes it."""

    role: str
    value: Value
    is_output: bool = False

    @property
    def label(self) -> str:
        """Its element type's name, "" where unknown."""
        return self.value.dtype.label if self.value.dtype else ""

    def __str__(self) -> str:
        """`int8 weights 'conv1/kernel'`."""
        return f"{self.label} {self.role.replace('_', ' ')} {named(self.value)}".lstrip()


@dataclass(frozen=True, slots=True)
class Operands:
    """All operands of one node that the file states, by position."""

    node: Node
    every: tuple[Operand, ...]

    def of(self, role: str) -> Iterator[Operand]:
        """The operands in `role`, by position."""
        return (operand for operand in self.every if operand.role == role)

    def first(self, role: str) -> Operand | None:
        """The first operand in `role`."""
        return next(self.of(role), None)


def operands(graph: Graph, node: Node, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Operands:
    """The operands of `node` with the roles that `inputs` and `outputs` give them by position.

    A last role that ends in "..." takes all that follow; operands beyond the roles are left out.
    """
    found = [
        Operand(role, value, is_output)
        for roles, values, is_output in (
            (inputs, graph.inputs_of(node), False),
            (outputs, graph.outputs_of(node), True),
        )
        for role, value in zip(_roles(roles, len(values)), values, strict=False)
        if value is not None
    ]
    return Operands(node, tuple(found))


def dealings(node: Node, names: Container[str | None]) -> Iterator[tuple[str, str]]:
    """What `node` does with its operands among `names`: "reads" or "makes", and the name."""
    for verb, given in (("reads", node.inputs), ("makes", node.outputs)):
        for name in given:
            if name is not None and name in names:
                yield verb, name


def named(value: Value) -> str:
    """A value's name as the file has it, safe to print and short."""
    return f"'{printable(value.label or value.name, NAME_LIMIT)}'"


def _roles(roles: tuple[str, ...], count: int) -> list[str]:
    if roles and roles[-1].endswith("..."):
        rest = roles[-1][:-3]
        return [*roles[:-1], *[rest] * (count - len(roles) + 1)]
    return list(roles)
