"""A node's attributes as plain Python, windows completed the way ONNX defines their defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgelint.ir import Shape
from edgelint.loaders.onnx.bodies import Placed
from edgelint.loaders.onnx.repeats import Repeats
from edgelint.loaders.onnx.tensors import TensorReader

_CONVOLUTIONS = {"Conv": 1, "ConvTranspose": 1, "ConvInteger": 1, "FusedConv": 1, "QLinearConv": 3}
"""Operators that slide a weight: the input that is the weight."""

_POOLS = frozenset({"MaxPool", "AveragePool", "LpPool", "MaxUnpool", "QLinearAveragePool"})
_GLOBAL_POOLS = frozenset({"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "QLinearGlobalAveragePool"})
WINDOWED = _CONVOLUTIONS.keys() | _POOLS | _GLOBAL_POOLS
"""Operators that slide a window."""

_NONE: Mapping[str, Any] = {}

_FUSED = frozenset({"FusedConv", "FusedGemm", "FusedMatMulActivation"})
"""com.microsoft operators whose `activation` names what they end in."""


class AttributeReader:
    """Reads the attributes of nodes; what is the same for many is made once, and theirs together."""

    def __init__(self, reader: TensorReader) -> None:
        self.reader = reader
        self.known: Repeats[tuple[object, ...], Mapping[str, Any]] = Repeats()

    def read(self, placed: Placed, weight: Shape | None) -> Mapping[str, Any]:
        """The attributes by name: numbers, text (bytes where it is none), lists, Tensors. No graphs.

        What convolutions and pools leave to its default is among them; `layout` is "NCHW" for channels
        first, whatever the number of spatial dims. weight: the shape of a convolution's.
        Raises EdgelintError for a broken tensor.
        """
        windowed = placed.op in WINDOWED
        if not (placed.has_attributes or windowed):
            return _NONE
        kernel = weight[2:] if weight else None
        if placed.subgraphs:
            return self._made(placed, kernel)
        content = [attribute.SerializeToString() for attribute in placed.proto.attribute[:]]
        key = (placed.op if windowed else "", kernel, *content)
        found = self.known.get(key)
        if found is None:
            found = self._made(placed, kernel)
            self.known.keep(key, found, sum(map(len, content)))
        return found

    def _made(self, placed: Placed, kernel: Shape | None) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for attribute in placed.proto.attribute[:]:
            read = _READERS.get(attribute.type) or _READERS.get(_guessed(attribute))
            if read is not None:
                found[attribute.name] = read(attribute, self.reader, placed)
        if placed.op in WINDOWED:
            _complete(placed.op, found, kernel)
        return found


def weight_of(op: str, inputs: tuple[str, ...]) -> str:
    """The name of a convolution's weight; "" for any other operator."""
    place = _CONVOLUTIONS.get(op)
    return inputs[place] if place is not None and place < len(inputs) else ""


def _complete(op: str, attributes: dict[str, Any], kernel: Shape | None) -> None:
    """Writes into `attributes` what a convolution or pool (one of WINDOWED) leaves to its defaults.

    kernel: the spatial dims of a convolution's weight.
    """
    attributes.setdefault("layout", "NHWC" if attributes.get("channels_last") else "NCHW")
    if op in _CONVOLUTIONS:
        if "kernel_shape" not in attributes and kernel is not None and None not in kernel:
            attributes["kernel_shape"] = list(kernel)
        attributes.setdefault("group", 1)
    window = attributes.get("kernel_shape")
    if not isinstance(window, list) or op in _GLOBAL_POOLS:
        return
    attributes.setdefault("strides", [1] * len(window))
    attributes.setdefault("dilations", [1] * len(window))
    if attributes.get("auto_pad", "NOTSET") == "NOTSET":
        attributes.setdefault("pads", [0] * 2 * len(window))


def activation_of(op: str, attributes: Mapping[str, Any]) -> str | None:
    """The activation a fused operator ends in, by its canonical name; None for none."""
    name = attributes.get("activation") if op in _FUSED else None
    return name if isinstance(name, str) and name else None


def text(content: bytes) -> str | bytes:
    """`content` as text where it is UTF-8, else as it is."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content


def _string(attribute: Any, reader: TensorReader, placed: Placed) -> Any:
    return reader.blob(attribute.s) or text(attribute.s)


_READERS: dict[int, Callable[[Any, TensorReader, Placed], Any]] = {
    1: lambda attribute, reader, placed: attribute.f,
    2: lambda attribute, reader, placed: attribute.i,
    3: _string,
    4: lambda attribute, reader, placed: reader.read(attribute.t, placed.where),
    6: lambda attribute, reader, placed: attribute.floats[:],
    7: lambda attribute, reader, placed: attribute.ints[:],
    8: lambda attribute, reader, placed: [text(entry) for entry in attribute.strings[:]],
    9: lambda attribute, reader, placed: [reader.read(entry, placed.where) for entry in attribute.tensors],
    11: lambda attribute, reader, placed: reader.sparse(attribute.sparse_tensor, placed.where),
    12: lambda attribute, reader, placed: [
        reader.sparse(entry, placed.where) for entry in attribute.sparse_tensors
    ],
}
"""AttributeProto.AttributeType to its reader; graphs (5, 10) become subgraphs, types (13, 14) go."""

_MEMBERS = (("f", 1), ("i", 2), ("s", 3), ("t", 4))
_LISTS = (("floats", 6), ("ints", 7), ("strings", 8), ("tensors", 9))


def _guessed(attribute: Any) -> int:
    """The type of an attribute of the first IR version, which does not state it."""
    for name, number in _MEMBERS:
        if attribute.HasField(name):
            return number
    return next((number for name, number in _LISTS if len(getattr(attribute, name))), 0)
