"""What a layer is given when it is called, and what its entry in the table answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from edgelint.deferred import dataclass
from edgelint.ir import DType, Shape, Value
from edgelint.loaders.keras.layers.settings import ConfigProblem, Settings

CUSTOM = "keras.custom"
"""Domain of what is somebody's own Python code."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A variable that a layer creates.

    path: where a v3 file keeps it, below the layer's own group.
    dtype: None stands for the variable type of the layer's policy.
    """

    name: str
    shape: Shape
    path: str
    trainable: bool = True
    dtype: DType | None = None


@dataclass(slots=True)
class Layer:
    """A layer's call in canonical words; see `Node` for the fields that share its names.

    shapes: of each output; None for an unknown rank.
    dtypes: of each output; empty stands for the compute type in all of them.
    operands: places of the weights among the node's inputs, None for an omitted one; () = as created.
    weights_first: weights stand before the activations (Gather reads its table first).
    open_weights: which variables exist is not known from the configuration.
    copies: where a v3 file keeps a weight a second time, paths as in `Weight`.
    """

    op: str
    shapes: tuple[Shape | None, ...]
    domain: str = ""
    dtypes: tuple[DType | None, ...] = ()
    weights: tuple[Weight, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    activation: str | None = None
    operands: tuple[int | None, ...] = ()
    weights_first: bool = False
    open_weights: bool = False
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer: its configuration and what flows in.

    args, kwargs: as called, nested as in the file, tensors as `Value`.
    compute, variable: the layer's dtype policy. keras: major version of the writer.
    module: where a v3 file says the layer's code lives, else "". wraps: how many layers are around it.
    """

    kind: str
    settings: Settings
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    compute: DType = DType.FLOAT32
    variable: DType = DType.FLOAT32
    keras: int = 3
    module: str = ""
    wraps: int = 0

    @property
    def tensors(self) -> tuple[Value, ...]:
        """Everything that flows in, positional arguments first."""
        return tuple(flatten([*self.args, *self.kwargs.values()]))

    @property
    def inputs(self) -> tuple[Value, ...]:
        """What flows in through the first argument (all positional ones, when there are several)."""
        return tuple(flatten(self.args)) or self.tensors

    @property
    def training_mode(self) -> dict[str, int]:
        """The attribute of a layer that was called with `training=True`; {} for all others.

        Keras 3 overrides that when it predicts or converts, Keras 2 does not.
        """
        return {"training_mode": 1} if self.kwargs.get("training") is True and self.keras < 3 else {}

    @property
    def shape(self) -> Shape | None:
        """Shape of the first input; None for an unknown rank."""
        inputs = self.inputs
        return inputs[0].shape if inputs else None

    @property
    def dtype(self) -> DType:
        """Type in which the first input passes through: floats are cast to the compute type."""
        inputs = self.inputs
        given = inputs[0].dtype if inputs else None
        return given if given is not None and not given.is_float else self.compute

    def ranked(self, rank: int) -> Shape:
        """Shape of the first input, which this layer accepts with `rank` dims only."""
        shape = self.shape
        if shape is None:
            return (None,) * rank
        if len(shape) != rank:
            raise ConfigProblem(f"takes an input of rank {rank}, and gets shape {shown(shape)}")
        return shape

    def axis(self, axis: int, shape: Shape) -> int:
        """`axis` counted from the front of `shape`."""
        if not -len(shape) <= axis < len(shape):
            raise ConfigProblem(f"axis {axis} is outside shape {shown(shape)}")
        return axis % len(shape)


LayerFunction = Callable[[Call], Layer]

LAYERS: dict[str, LayerFunction] = {}
"""Keras class name to the function that answers for it."""


def layer(*names: str) -> Callable[[LayerFunction], LayerFunction]:
    """A decorator that enters a function in `LAYERS` under each of `names`."""

    def enter(function: LayerFunction) -> LayerFunction:
        for name in names:
            LAYERS[name] = function
        return function

    return enter


def flatten(tree: Any) -> Iterator[Value]:
    """The tensors in nested arguments, in order."""
    if isinstance(tree, Value):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from flatten(item)
    elif isinstance(tree, Mapping):
        for item in tree.values():
            yield from flatten(item)


def shown(shape: Shape | None) -> str:
    """A shape in messages: (batch, 3, ?)."""
    if shape is None:
        return "(unknown rank)"
    return "(" + ", ".join("?" if dim is None else str(dim) for dim in shape) + ")"
