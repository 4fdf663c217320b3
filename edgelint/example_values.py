"""Values and constants in one word, for the examples of rules.

float32[1,8]                    a value; "?" and names are free dims
int8[1,8] @0.5:-128             quantized: scale and zero point
int8[2,8] @0.5,0.25:0,0/0       per channel along axis 0
float32[2,4] = 0.5 -1 nan       a constant's numbers, repeated until it is full; 0 without them
"""

from __future__ import annotations

import re
import struct
from itertools import cycle, islice
from pathlib import Path

from edgelint.deferred import replace
from edgelint.ir.dtype import BY_LABEL, STRUCT_CODES, DType
from edgelint.ir.model import Shape, Value
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import ExternalFile, Inline, Tensor

_SPEC = re.compile(
    r"(?P<dtype>\w+)\[(?P<dims>[^\]]*)\]"
    r"(\s*@(?P<scales>[^:/=\s]+)(:(?P<zero_points>[^/=\s]+))?(/(?P<axis>\d+))?)?"
    r"(\s*=\s*(?P<numbers>.+))?"
)

_LAYOUTS = STRUCT_CODES | {DType.BOOL: "?"}
"""How `struct` writes a number of each type that examples may store."""


def activation(name: str, spec: str) -> Value:
    """The value that `spec` describes."""
    match = _parse(spec)
    return Value(name, BY_LABEL[match["dtype"]], _shape(match), quantization=_quantization(match))


def constant(name: str, spec: str, external: str = "") -> Value:
    """The constant that `spec` describes; in the file `external`, where that is not ""."""
    match = _parse(spec)
    dims = _shape(match)
    shape = tuple(dim for dim in dims if isinstance(dim, int))
    if len(shape) < len(dims):
        raise ValueError(f"a constant has no free dims: {spec!r}")
    tensor = Tensor(BY_LABEL[match["dtype"]], shape, 0, Inline(b""))
    tensor = replace(tensor, nbytes=tensor.dtype.nbytes(tensor.elements))
    data = _packed(tensor, match["numbers"].split()) if match["numbers"] else bytes(tensor.nbytes)
    storage = ExternalFile(Path(), external, 0, tensor.nbytes) if external else Inline(data)
    return Value(name, tensor.dtype, shape, replace(tensor, storage=storage), _quantization(match))


def _parse(spec: str) -> re.Match[str]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"not a dtype[dims]: {spec!r}")
    return match


def _shape(match: re.Match[str]) -> Shape:
    dims = [dim.strip() for dim in match["dims"].split(",") if dim.strip()]
    return tuple(int(dim) if dim.isdigit() else None if dim == "?" else dim for dim in dims)


def _quantization(match: re.Match[str]) -> Quantization | None:
    if match["scales"] is None:
        return None
    scale = tuple(float(word) for word in match["scales"].split(","))
    zero_point = tuple(int(word) for word in (match["zero_points"] or "0").split(","))
    return Quantization(scale, zero_point, int(match["axis"]) if match["axis"] else None)


def _packed(tensor: Tensor, words: list[str]) -> bytes:
    kind = float if tensor.dtype.is_float else int
    numbers = islice(cycle(map(kind, words)), tensor.elements)
    return struct.pack(f"<{tensor.elements}{_LAYOUTS[tensor.dtype]}", *numbers)
