"""Where inputs come from, and what is counted of them."""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.execution import KINDS, Broken, Execution
from tests.fuzz.formats import format_module
from tests.fuzz.minimise import minimised

LARGEST_INPUT = 256 * 1024
"""Bytes to which an input may grow."""

LARGEST_GUIDED = 8 * 1024
"""Bytes to which one may grow under atheris, which gains by speed and does not need large ones."""

MINIMISING = 20.0
"""Seconds that are spent on making the input of a new fault smaller."""

_COUNTS = struct.Struct(f"<{len(KINDS) + 1}Q")


class Tally:
    """Executions by kind and broken promises, in a file that outlives the process."""

    SIZE = _COUNTS.size

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(self.SIZE))
        with path.open("r+b") as file:
            self._data = mmap.mmap(file.fileno(), self.SIZE)
        self.start = self.read()

    def read(self) -> tuple[int, ...]:
        """Executions in the order of KINDS, then broken promises."""
        return _COUNTS.unpack_from(self._data)

    def write(self, execution: Execution, broken: int) -> None:
        """Adds what `execution` has done since this process began."""
        new = (*(execution.done[kind] for kind in KINDS), broken)
        _COUNTS.pack_into(self._data, 0, *(old + more for old, more in zip(self.start, new, strict=True)))


class Trial:
    """Puts inputs through, and keeps the smallest one found of each fault.

    folder: has `tally`, `faults/`, and the input that is being tried.
    """

    def __init__(self, format: str, folder: Path, faults: Path) -> None:
        self.execution = Execution(format, folder)
        self.tally = Tally(folder / "tally")
        self.faults = faults
        self.broken = 0

    def __call__(self, data: bytes) -> None:
        """Tries `data`; a broken promise is noted, not raised."""
        try:
            self.execution(data)
        except Broken as fault:
            self.broken += 1
            self._keep(fault, data)
        self.tally.write(self.execution, self.broken)

    def _keep(self, fault: Broken, data: bytes) -> None:
        path = self.faults / f"{fault.name}{self.execution.path.suffix}"
        if path.exists():
            return
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(fault.story)
        if fault.name.startswith(("slow", "memory")):
            return
        path.write_bytes(minimised(data, lambda smaller: self._breaks(smaller, fault.name), MINIMISING))

    def _breaks(self, data: bytes, name: str) -> bool:
        try:
            self.execution(data)
        except Broken as fault:
            return fault.name == name
        return False


def mutate(
    format: str,
    trial: Callable[[bytes], None],
    go_on: Callable[[], bool],
    seed: int = 0,
    corpus: Path | None = None,
) -> int:
    """Tries damaged seeds as long as `go_on` says; needs nothing but the format. Returns how many.

    corpus: more to start from, such as what atheris has kept.
    """
    module, chance = format_module(format), Random(seed)
    kept = sorted(corpus.iterdir()) if corpus else []
    seeds = sorted([*module.seeds(), *(path.read_bytes() for path in kept)], key=len)
    tried = 0
    while go_on():
        # Small ones come first, and are quick: they are taken more often.
        data = seeds[int(len(seeds) * chance.random() ** 2)]
        trial(module.mutated(data, chance.choice(seeds), chance)[:LARGEST_INPUT])
        tried += 1
    return tried


def guide(format: str, trial: Callable[[bytes], None], corpus: Path, arguments: list[str]) -> None:
    """Lets atheris choose inputs by the branches of edgelint that they reach. Never returns.

    Edgelint must have been imported under `atheris.instrument_imports`. corpus: where inputs that
    reach something new are kept, and read from next time.
    """
    import atheris

    module = format_module(format)
    seeds = [data for data in module.seeds() if len(data) <= LARGEST_GUIDED]
    if not any(corpus.iterdir()):
        for place, data in enumerate(seeds):
            (corpus / f"seed-{place:05}").write_bytes(data)

    def custom_mutator(data: bytes, limit: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() < 0.1:
            return bytes(atheris.Mutate(data, limit))
        return module.mutated(bytes(data), chance.choice(seeds), chance)[:limit]

    arguments = [f"-max_len={LARGEST_GUIDED}", *arguments]
    atheris.Setup([sys.argv[0], str(corpus), *arguments], trial, custom_mutator=custom_mutator)
    atheris.Fuzz()
    os._exit(0)


def until(seconds: float) -> Callable[[], bool]:
    """Whether it is still less than `seconds` from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end
