"""What a name means in a graph of an ONNX file: a value of its own, else of a graph around it."""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.ir import DType, Shape, Tensor
from edgelint.loaders.onnx.bodies import Body

Types = dict[str, tuple[DType | None, Shape | None]]
"""Value name to element type and shape."""


class Scopes:
    """The graphs of a file, and what is known of the values in each."""

    def __init__(self, bodies: list[Body], types: list[Types]) -> None:
        self.bodies = bodies
        self.types = types

    def around(self, number: int) -> Iterator[int]:
        """Body `number`, and those around it, the innermost first."""
        scope: int | None = number
        while scope is not None:
            yield scope
            scope = self.bodies[scope].parent

    def constant(self, number: int, name: str) -> Tensor | None:
        """The constant that `name` means in body `number`; None for any other value."""
        for scope in self.around(number):
            constant = self.bodies[scope].constants.get(name)
            if constant is not None or name in self.types[scope]:
                return constant
        return None

    def described(self, number: int, name: str) -> tuple[DType | None, Shape | None]:
        """The element type and shape of what `name` means in body `number`; None where not known."""
        for scope in self.around(number):
            constant = self.bodies[scope].constants.get(name)
            if constant is not None:
                return constant.dtype, constant.shape
            if name in self.types[scope]:
                return self.types[scope][name]
        return None, None
