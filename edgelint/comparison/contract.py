"""Inputs and outputs: what an application that calls the model relies on."""

from __future__ import annotations

import re

from edgelint.deferred import dataclass
from edgelint.ir.model import Model, Value
from edgelint.ir.quantization import Quantization

_CONVERTED = re.compile(r"^(serving_default_)|(:\d+)$")
"""What TensorFlow's converter puts round the name of an input or output."""


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output as an application sees it. side: "input" or "output"; place counts from 0."""

    side: str
    place: int
    name: str
    type: str
    quantization: str


@dataclass(frozen=True, slots=True)
class PortChange:
    """What became of one port: `field` is "name", "type", "quantization", "added" or "removed"."""

    side: str
    place: int
    name: str
    field: str
    old: str
    new: str


def contract(old: Model, new: Model) -> tuple[tuple[PortChange, ...], tuple[Port, ...]]:
    """The changes by position, inputs first, and all ports of `new`.

    Names are compared within one format only: every converter gives its own.
    """
    before, after = ports(old), ports(new)
    by_place = {(port.side, port.place): port for port in before}
    changes = []
    for port in after:
        changes += _changes(by_place.pop((port.side, port.place), None), port, old.format == new.format)
    removed = [_whole(port, "removed") for port in by_place.values()]
    return (*changes, *removed), after


def ports(model: Model) -> tuple[Port, ...]:
    """The inputs, then the outputs of the graph that runs first."""
    graph = model.main
    sides = (("input", graph.inputs), ("output", graph.outputs))
    return tuple(
        _port(side, place, name, graph.value(name))
        for side, names in sides
        for place, name in enumerate(names)
    )


def _port(side: str, place: int, name: str, value: Value | None) -> Port:
    shape = (value.signature or value.shape) if value else None
    dims = "rank unknown" if shape is None else ",".join("?" if dim is None else str(dim) for dim in shape)
    dtype = value.dtype.label if value and value.dtype else "?"
    said = _quantization(value.quantization) if value and value.quantization else ""
    return Port(side, place, _CONVERTED.sub("", name), f"{dtype}[{dims}]", said)


def _quantization(quantization: Quantization) -> str:
    if not quantization.scale:
        return ""
    if quantization.is_per_channel:
        return f"{len(quantization.scale)} scales along axis {quantization.axis}"
    zero_point = quantization.zero_point[0] if quantization.zero_point else 0
    return f"scale {quantization.scale[0]:.6g}, zero point {zero_point}"


def _changes(old: Port | None, new: Port, names: bool) -> list[PortChange]:
    if old is None:
        return [_whole(new, "added")]
    fields = ("name", "type", "quantization") if names else ("type", "quantization")
    return [
        PortChange(new.side, new.place, new.name, field, getattr(old, field), getattr(new, field))
        for field in fields
        if getattr(old, field) != getattr(new, field)
    ]


def _whole(port: Port, field: str) -> PortChange:
    old, new = (port.type, "") if field == "removed" else ("", port.type)
    return PortChange(port.side, port.place, port.name, field, old, new)
