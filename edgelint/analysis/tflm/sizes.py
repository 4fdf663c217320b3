"""Sizes of TensorFlow Lite Micro's own records, which depend on compiler and kernel library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from edgelint.deferred import dataclass
from edgelint.targets import FOLDER
from edgelint.targets.sections import sections

ALIGNMENT = 16
"""Bytes to which buffers and most persistent requests are rounded (micro_arena_constants.h)."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The records of one build: bytes, or (bytes, alignment).

    struct: the runtime's own, by the names of targets/tflm_sizes.toml. options: parsed options by
    operator; op_data: what an operator keeps when it is initialised, by operator.
    requested: what some operators keep for themselves while they are prepared, by operator.
    checked: whether these sizes were compared with runs of the real runtime.
    """

    pointer: int
    checked: bool
    struct: Mapping[str, tuple[int, int]]
    options: Mapping[str, tuple[int, int]]
    op_data: Mapping[str, int]
    requested: Mapping[str, int]
    modelled: frozenset[str]


@cache
def sizes(abi: str, kernels: str) -> Sizes | None:
    """The sizes for `abi` with the kernel library `kernels`; None where they were not measured."""
    builds = part("abi")
    if abi not in builds:
        return None
    build = builds[abi]
    base = build.get("base", abi)
    options = _layered(part("options", abi, base), build, abi)
    op_data = _layered(part("op_data", abi, base), build, abi)
    if kernels == "cmsis-nn" and build["pointer"] == 4:
        op_data |= part("op_data", "arm32_cmsis_nn")["arm32_cmsis_nn"]
    bits = 8 * build["pointer"]
    struct = _layered(part("struct", abi, base), build, abi)
    operators = part("operators")
    return Sizes(
        pointer=build["pointer"],
        checked=build["checked"],
        struct={name: (size, align) for name, (size, align) in struct.items()},
        options={op: (size, align) for op, (size, align) in options.items()},
        op_data=op_data,
        requested={op: entry[f"bytes{bits}"] for op, entry in part("op_data_in_prepare").items()},
        modelled=frozenset((*operators["plain"], *operators["custom"])),
    )


@cache
def part(kind: str, *names: str) -> Mapping[str, Any]:
    """What targets/tflm_sizes.toml has under `kind`; of its sections only `names`, where any are given."""
    file = sections(FOLDER / "tflm_sizes.toml")
    wanted = [each for each in file.every if each.kind == kind and (not names or each.name in names)]
    found: Mapping[str, Any] = file.parse(wanted).get(kind, {})
    return found


def _layered(group: Mapping[str, Any], build: Mapping[str, Any], abi: str) -> dict[str, Any]:
    """The entries of `abi` over those of the build it differs from."""
    return {**group.get(build.get("base", ""), {}), **group.get(abi, {})}


def round_up(size: int, alignment: int = ALIGNMENT) -> int:
    """`size` rounded up to a multiple of `alignment`."""
    return -(-size // alignment) * alignment
