"""How large a drawn graph and its tensors may become, however small a configuration asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from edgelint.ir import Shape
from edgelint.loaders.keras.config import MOST_DIMS, ModelSpec
from edgelint.loaders.keras.layers import Layer
from edgelint.loaders.keras.layers.settings import ConfigProblem
from edgelint.loaders.limits import MOST

MOST_ELEMENTS = 2**63 - 1
"""Elements of a tensor: their number is a 64-bit integer in every runtime."""

MOST_STEPS = 1_000_000
"""Layers and references that are looked at, again for each call of a nested model."""

STEPS_PER_CALL = 200
"""What a call of a nested model counts besides; real networks have a few hundred."""

MOST_LETTERS = 100_000_000
"""Characters of all names together: a layer's has those of all models around it in front."""


class Meter:
    """What has been drawn so far. All methods raise ConfigProblem where it becomes too much."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._steps = self._weights = self._values = self._letters = 0

    def model(self, spec: ModelSpec) -> None:
        """Counts a call of `spec`: nested models that are called several times multiply without end."""
        self._steps += STEPS_PER_CALL + len(spec.layers)
        self._steps += sum(1 for layer in spec.layers for call in layer.calls for _ in call.references())
        if self._steps > MOST_STEPS:
            raise ConfigProblem("calls nested models without end")

    def layer(self, layer: Layer) -> None:
        """Counts a layer's weights, and checks the shapes that its table entry answered with."""
        self._weights += len(layer.weights)
        if self._weights > MOST["weights"]:
            raise ConfigProblem(f"creates more than {MOST['weights']:,} weights")
        check_shapes(layer.shapes)
        check_shapes(weight.shape for weight in layer.weights)

    def name(self, name: str) -> None:
        """Counts the characters of a name that is put together from others."""
        self._letters += len(name)
        if self._letters > MOST_LETTERS:
            raise ConfigProblem("has names that are too long to be true")

    def values(self, count: int) -> None:
        """Counts a call's outputs."""
        self._values += count
        if self._values > MOST["tensors"]:
            raise ConfigProblem(f"has more than {MOST['tensors']:,} tensors")


def check_shapes(shapes: Iterable[Shape | None]) -> None:
    """Raises ConfigProblem for a shape that no tensor can have."""
    for shape in shapes:
        if not shape:
            continue
        if len(shape) > MOST_DIMS:
            raise ConfigProblem(f"has a tensor of {len(shape)} dims")
        elements = 1
        for dim in shape:
            if isinstance(dim, int):
                if type(dim) is bool or dim < 0:
                    raise ConfigProblem(f"has a tensor with a dim of {dim}")
                elements *= max(dim, 1)
                if elements > MOST_ELEMENTS:
                    raise ConfigProblem("has a tensor that is too large to be true")
            elif dim is not None and not isinstance(dim, str):
                raise ConfigProblem("has a tensor with a dim that is no number")
