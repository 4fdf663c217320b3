"""Datatypes: what the elements of a dataset or an attribute are (§IV.A.2.d)."""

from __future__ import annotations

from edgelint.deferred import dataclass
from edgelint.loaders.hdf5.errors import Damaged, Unreadable
from edgelint.loaders.hdf5.source import Fields

INTEGER, FLOAT, TIME, STRING, BITS, OPAQUE, COMPOUND, REFERENCE, ENUM, VARIABLE, ARRAY, COMPLEX = range(12)

_NAMES = (
    *("integer", "float", "time", "string", "bit field", "opaque", "compound", "reference"),
    *("enumeration", "variable-length", "array", "complex"),
)
_DEEPEST = 8
"""Types within types."""

_FLOATS = {
    (2, 10, 5, 0, 10, 15): "float16",
    (2, 7, 8, 0, 7, 127): "bfloat16",
    (4, 23, 8, 0, 23, 127): "float32",
    (8, 52, 11, 0, 52, 1023): "float64",
}
"""Size, place and width of exponent, place and width of mantissa, and bias; IEEE 754 and bfloat16."""


@dataclass(frozen=True, slots=True)
class Datatype:
    """An element type.

    kind: one of this module's constants. label: NumPy's name for a number of a standard format, "bool"
    for an enumeration of FALSE and TRUE, else "". size: bytes of an element, for variable ones of what
    stands for it. big_endian: whether numbers' first bytes weigh most. padding: of texts, 0 for zero
    after the end, 1 for zeros, 2 for spaces. text: whether variable ones are texts.
    """

    kind: int
    size: int
    label: str = ""
    big_endian: bool = False
    padding: int = 0
    text: bool = False

    @property
    def name(self) -> str:
        """The kind in a word."""
        return _NAMES[self.kind]


def datatype(fields: Fields, depth: int = 0) -> Datatype:
    """The datatype that comes next in `fields`."""
    first, bits = fields.number(1), fields.number(3)
    size = fields.number(4)
    version, kind = first >> 4, first & 0x0F
    if not 1 <= version <= 5 or kind > COMPLEX or size == 0:
        raise Damaged("a datatype has an unknown version or class, or no size", fields.offset)
    if depth > _DEEPEST:
        raise Unreadable("datatypes nested deeply", fields.offset)
    if kind == INTEGER:
        return _integer(fields, bits, size)
    if kind == FLOAT:
        return _float(fields, bits, size)
    if kind == STRING:
        return Datatype(kind, size, padding=bits & 0x0F)
    if kind == ENUM:
        return _enumeration(fields, bits, size, version, depth)
    if kind == VARIABLE:
        return Datatype(kind, size, padding=bits >> 4 & 0x0F, text=bits & 0x0F == 1)
    return Datatype(kind, size)


def _integer(fields: Fields, bits: int, size: int) -> Datatype:
    offset, precision = fields.number(2), fields.number(2)
    whole = offset == 0 and precision == 8 * size and size in (1, 2, 4, 8)
    label = f"{'' if bits & 8 else 'u'}int{8 * size}" if whole else ""
    return Datatype(INTEGER, size, label, bool(bits & 1))


def _float(fields: Fields, bits: int, size: int) -> Datatype:
    offset, precision = fields.number(2), fields.number(2)
    exponent, exponent_width, mantissa, mantissa_width = fields.take(4)
    key = (size, exponent, exponent_width, mantissa, mantissa_width, fields.number(4))
    # The sign is the last bit; the bit above the mantissa is implied; bytes are in the order of VAX or not.
    usual = offset == 0 and precision == 8 * size == (bits >> 8 & 0xFF) + 1 and bits >> 4 & 3 == 2
    label = _FLOATS.get(key, "") if usual and not bits & 0x40 else ""
    return Datatype(FLOAT, size, label, bool(bits & 1))


def _enumeration(fields: Fields, bits: int, size: int, version: int, depth: int) -> Datatype:
    base = datatype(fields, depth + 1)
    names = []
    for _ in range(min(bits & 0xFFFF, 3)):
        end = fields.data.find(b"\0", fields.at)
        if end < 0:
            raise Damaged("a name never ends", fields.place)
        name = fields.take(end - fields.at + 1)
        # Before version 3, names fill multiples of eight bytes.
        fields.skip(0 if version >= 3 else -len(name) % 8)
        names.append(name[:-1])
    label = base.label
    if size == 1 and names == [b"FALSE", b"TRUE"] and fields.take(2) == b"\0\1":
        label = "bool"
    return Datatype(ENUM, size, label, base.big_endian)
