"""The ONNX graph as its lowering reads it: constants computed, dead nodes gone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from edgelint.deferred import dataclass, replace
from edgelint.errors import EdgelintError
from edgelint.ir.dtype import STRUCT_CODES, DType
from edgelint.ir.model import Graph, Node
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import Inline, Tensor
from edgelint.loaders.onnx.array_operators import OPERATORS
from edgelint.lowering.onnx_to_tflite.content import Content

if TYPE_CHECKING:
    import numpy as np

COUNT_LIMIT = 4096
"""Elements of a constant whose content is followed."""

_RANDOM = frozenset({"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
                     "Multinomial"})  # fmt: skip


_OF_SHAPES = ("Shape", "Size")
"""What knows its result without what it is given, by the shape of that."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A stored constant, or one that follows from stored ones alone.

    quantization: set where the elements stand for real numbers, and count as float32.
    """

    dtype: DType
    shape: tuple[int, ...]
    content: Content
    quantization: Quantization | None = None


class Source:
    """A graph's constants by name, and the nodes that remain to be lowered, in order."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.constants: dict[str, Constant] = {}
        self._numbers: dict[Hashable, int] = {}
        for value in graph.values.values():
            if value.tensor is not None:
                self.constants[value.name] = self._stored(value.name, value.tensor, value.quantization)
        live = [node for node in graph.nodes if not self._computes(node)]
        self.nodes = _read_by_anything(live, graph.outputs)

    def _stored(self, name: str, tensor: Tensor, quantization: Quantization | None) -> Constant:
        elements, key = _followed(tensor)
        content = Content(self._numbered(key or ("stored", name)), elements)
        return Constant(tensor.dtype, tensor.shape, content, quantization)

    def _numbered(self, key: Hashable) -> int:
        """A number that stands for `key`: other keys are made of it, again and again."""
        return self._numbers.setdefault(key, len(self._numbers))

    def _computes(self, node: Node) -> bool:
        """Whether the node's outputs are constants, which are noted then."""
        first = node.inputs[0] if node.inputs else None
        if first and first not in self.constants and node.op not in _OF_SHAPES:
            # As most nodes do, it reads what is computed.
            return False
        if node.subgraphs or node.op in _RANDOM or node.domain:
            return False
        if node.op == "DequantizeLinear" and self._is_stored_quantized(node):
            return True
        if node.op in _OF_SHAPES:
            shape = self._dims(node.inputs[0]) if node.inputs else None
            if shape is None:
                return False
            import numpy as np

            return self._note(node, [np.array(shape, np.int64)])
        names = [name for name in node.inputs if name]
        if not names and node.op != "Constant":
            return False
        if any(name not in self.constants for name in names):
            return False
        arrays = [self.constants[name].content.array if name else None for name in node.inputs]
        known = all(array is not None or not name for array, name in zip(arrays, node.inputs, strict=True))
        return self._note(node, arrays if known else None)

    def _is_stored_quantized(self, node: Node) -> bool:
        """Whether the node unpacks a constant whose scales are known; that constant is its output then."""
        stored = self.constants.get(node.inputs[0] or "")
        if (
            stored is None
            or stored.quantization is None
            or not stored.quantization.scale
            or not node.outputs[0]
        ):
            return False
        self.constants[node.outputs[0]] = replace(stored, content=Content(stored.content.key))
        return True

    def _note(self, node: Node, arrays: list[Any] | None) -> bool:
        array = _evaluated(node, arrays) if arrays is not None else None
        if array is not None:
            dtype = _DTYPES.get(array.dtype.name)
            if dtype is not None and node.outputs[0]:
                key = (array.dtype.name, array.shape, array.tobytes())
                content = Content(self._numbered(key), array)
                self.constants[node.outputs[0]] = Constant(dtype, array.shape, content)
                return True
        found: dict[str, Constant] = {}
        for place, name in enumerate(node.outputs):
            if name is None:
                continue
            dims, value = self._dims(name), self.graph.value(name)
            if dims is None or value is None or value.dtype is None:
                return False
            found[name] = Constant(value.dtype, dims, Content(self._numbered(self._key(node, place))))
        self.constants.update(found)
        return True

    def _key(self, node: Node, place: int) -> Hashable:
        """Equal for nodes that do the same to equal constants."""
        if node.op == "ConstantOfShape":
            tensor = node.attributes.get("value")
            fill = tensor.storage if isinstance(tensor, Tensor) else 0.0
            return ("fill", fill)
        return ("made", node.name, node.outputs[0], place)

    def _dims(self, name: str | None) -> tuple[int, ...] | None:
        value = self.graph.value(name)
        if value is None or value.shape is None:
            return None
        dims = tuple(dim for dim in value.shape if isinstance(dim, int))
        return dims if len(dims) == len(value.shape) else None


def _followed(tensor: Tensor) -> tuple[np.ndarray | Tensor | None, Hashable]:
    """What is told of the elements, and what is equal for equal ones; None for those not followed."""
    storage, elements = tensor.storage, tensor.elements
    if not isinstance(storage, Inline) or tensor.sparse or elements > COUNT_LIMIT:
        return None, None
    if tensor.dtype in STRUCT_CODES and len(storage.data) == tensor.dtype.nbytes(elements):
        return tensor, (tensor.dtype.label, tensor.shape, storage.data)
    try:
        array = tensor.numpy()
    except EdgelintError:
        return None, None
    return array, (array.dtype.name, array.shape, array.tobytes())


def _evaluated(node: Node, arrays: list[Any]) -> np.ndarray | None:
    """What the node's only output holds; None where that is not followed."""
    import numpy as np

    operator: Callable[..., Any] | None = OPERATORS.get(node.op)
    if operator is None or len(node.outputs) != 1:
        return None
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(operator(_plain(node.attributes), *arrays))
    except (ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError, EdgelintError):
        return None
    return result if result.size <= COUNT_LIMIT else None


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes, small tensors as arrays."""
    return {
        name: value.numpy() if isinstance(value, Tensor) and value.elements <= COUNT_LIMIT else value
        for name, value in attributes.items()
    }


_DTYPES = {dtype.label: dtype for dtype in DType if dtype.label.startswith(("float", "int", "uint", "bool"))}


def _read_by_anything(nodes: list[Node], outputs: tuple[str, ...]) -> list[Node]:
    """The nodes that an output of the graph depends on, without the further outputs that nothing reads."""
    wanted = set(outputs)
    kept = []
    for node in reversed(nodes):
        made = node.outputs
        if node.subgraphs or not wanted.isdisjoint(made):
            if len(made) > 1 and not wanted.issuperset(made[1:]):
                read = tuple(name if name in wanted else None for name in made[1:])
                node = replace(node, outputs=(*made[:1], *read))
            kept.append(node)
            wanted.update(filter(None, node.inputs))
    return kept[::-1]
