"""Cores and boards as the data files have them, verified.

Sizes are in KiB in the files and in bytes here. Of a board, only the core, the runtime, the
accelerator and two sizes decide a figure: the largest stretch of RAM at one address
(`ram_contiguous_kib`), which is what a tensor arena can have, and the flash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets.keys import only_known

KIB = 1024

CONFIDENCE = ("read", "mixed", "recalled")
"""How sure the facts about a board are: all main figures read in the source; regions or clock
recalled; recalled from the datasheet, to be verified before relying on them."""


@dataclass(frozen=True, slots=True)
class Core:
    """A processor core, and the build of the runtime that is usual on it.

    runtime: "tflm", "litert", or "" where edgelint has none. kernels: "cmsis-nn", "esp-nn",
    "arc-mli" or "portable". kernel_class: which variant of them, "base", "dsp" or "mve".
    abi: as the TFLM size tables are keyed. simd: its vector instructions, in words.
    peak_int8_macs_per_cycle: the architecture's ceiling, not an achieved rate.
    """

    title: str
    vendor: str
    isa: str
    fpu: str
    simd: str
    peak_int8_macs_per_cycle: float | None = None
    runtime: str = ""
    kernels: str = "portable"
    kernel_class: str = "base"
    abi: str = ""
    dsp: bool = False
    caches: bool = False
    issue_width: int = 1
    note: str = ""

    @classmethod
    def read(cls, path: Path, name: str, data: Mapping[str, Any]) -> Core:
        """The core in `data`. Raises EdgelintError for a key that means nothing or is missing."""
        _verify(path, f"[core.{name}]", data, set(cls.__match_args__), _CORE_NEEDS)
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a board has; bytes, MHz.

    core: key of its main core. runtime: "" where the core's usual one runs there, else another's name.
    ram: all on-chip SRAM. arena: the largest stretch of it at one address. ram_usable: what the
    vendor's software leaves of it. flash: on chip, or in the module; flash_usable: without a
    bootloader; 0 where the chip has none. regions: RAM by its banks. ext_ram, ext_flash: on the
    board, outside the chip. further: other facts by name, in words.
    confidence: one of CONFIDENCE.
    """

    title: str
    chip: str
    core: str
    clock_mhz: float
    ram: int
    arena: int
    flash: int | None
    source: str
    confidence: str
    runtime: str = ""
    cores: int = 1
    ram_usable: int | None = None
    flash_usable: int | None = None
    ext_ram: int | None = None
    ext_flash: int | None = None
    npu: str = ""
    os: str = ""
    note: str = ""
    regions: Mapping[str, int] = field(default_factory=dict)
    further: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, name: str, data: Mapping[str, Any]) -> Hardware:
        """The board in `data`. Raises EdgelintError for a key or value that means nothing here."""
        where = f"[board.{name}]"
        _verify(path, where, data, {*_BOARD_WORDS, *_BOARD_SIZES, *_FURTHER, *_OTHERS}, _BOARD_NEEDS)
        sizes = {field: data[key] * KIB for key, field in _BOARD_SIZES.items() if key in data}
        if data["confidence"] not in CONFIDENCE:
            raise EdgelintError(path, f"has the unknown confidence {data['confidence']!r}", where=where)
        return cls(
            title=data["name"],
            clock_mhz=data["clock_mhz"],
            flash=sizes.pop("flash", None),
            cores=data.get("cores", 1),
            regions={bank: size * KIB for bank, size in data.get("ram_regions_kib", {}).items()},
            further={
                name: _in_words(data[key]) + unit for key, (name, unit) in _FURTHER.items() if key in data
            },
            **{key: data[key] for key in _BOARD_WORDS if key in data},
            **sizes,
        )

    @property
    def flash_for_models(self) -> int | None:
        """Bytes of flash that a model, its runtime and the application share; None where unknown.

        On a chip without flash of its own that is what the board has beside it.
        """
        return self.flash_usable or self.flash or self.ext_flash


_CORE_NEEDS = ("title", "vendor", "isa", "fpu", "simd")
_BOARD_NEEDS = ("name", "chip", "core", "clock_mhz", "ram_kib", "ram_contiguous_kib", "source", "confidence")
_BOARD_WORDS = ("chip", "core", "runtime", "npu", "os", "note", "source", "confidence")
_OTHERS = ("name", "clock_mhz", "cores", "ram_regions_kib")
_BOARD_SIZES = {
    "ram_kib": "ram",
    "ram_contiguous_kib": "arena",
    "ram_usable_kib": "ram_usable",
    "ext_ram_kib": "ext_ram",
    "flash_kib": "flash",
    "flash_usable_kib": "flash_usable",
    "ext_flash_kib": "ext_flash",
}
_FURTHER = {
    "fpu": ("FPU", ""),
    "turbo_mhz": ("turbo", " MHz"),
    "ram_options_gib": ("sold with", " GiB RAM"),
    "second_core": ("second core", ""),
    "alt_core": ("other core", ""),
    "app_cores": ("Linux cores", ""),
    "little_cores": ("little cores", ""),
    "dsp": ("DSP", ""),
    "second_npu": ("second NPU", ""),
}
"""Facts that only a reader wants: their name and unit."""


def _verify(
    path: Path, where: str, data: Mapping[str, Any], known: set[str], needed: tuple[str, ...]
) -> None:
    only_known(path, where, data, known)
    missing = [key for key in needed if key not in data]
    if missing:
        raise EdgelintError(path, f"lacks {', '.join(missing)}", where=where)
    for key, value in data.items():
        if key.endswith(("_kib", "_mhz")) and not _is_size(value):
            raise EdgelintError(path, f"has {value!r} for {key}, which is no size", where=where)


def _is_size(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_size, value.values()))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
