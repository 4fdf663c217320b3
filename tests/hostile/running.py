"""The real program on a hostile file: in a folder of its own, watched, its time and memory measured."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
"""What edgelint promises to take at most for a file of up to 64 MiB: on a machine that has nothing else to
do, so that what is measured is processor time, of the forked process too."""

BYTES = 1 << 30
"""The memory it promises to stay within, together with the process it forks."""

PATIENCE = 60.0
"""Seconds after which a run is ended: the figures of one that is too slow are told as well."""

_LOOK_EVERY = 0.05
_WATCH = Path(__file__).parent / "watch"
_CONTROL = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Run:
    """What came of it.

    seconds: of processor time. bytes: the most that all its processes held. deeds: files written and
    programs started.
    """

    code: int
    out: str
    err: str
    seconds: float
    bytes: int
    deeds: tuple[str, ...]

    @property
    def figures(self) -> str:
        """Time and memory in words."""
        return f"exit {self.code}, {self.seconds:.1f} s, {self.bytes >> 20} MiB"


def run(folder: Path, *arguments: str | Path, user: int | None = None) -> Run:
    """One run of `python -m edgelint` with `folder` as its working directory; `user`: as whom, if root."""
    reading, writing = os.pipe()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("EDGELINT_")}
    environment |= {"PYTHONPATH": str(_WATCH), "HOSTILE_WATCH": str(writing), "PYTHONDONTWRITEBYTECODE": "1"}
    begun = time.monotonic()
    program = subprocess.Popen(
        [sys.executable, "-m", "edgelint", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
        pass_fds=(writing,),
        start_new_session=True,
        user=user,
    )
    os.close(writing)
    try:
        streams, most = _follow(program, reading, begun)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = code = os.waitstatus_to_exitcode(status)
        os.close(reading)
        for stream in (program.stdout, program.stderr):
            if stream:
                stream.close()
    out, err, deeds = (content.decode("utf-8", "backslashreplace") for content in streams)
    return Run(code, out, err, used.ru_utime + used.ru_stime, most, tuple(deeds.splitlines()))


def _follow(program: subprocess.Popen[bytes], watch: int, begun: float) -> tuple[list[bytes], int]:
    """What comes by its pipes until it ends or patience does, and the most memory it was seen with."""
    assert program.stdout
    assert program.stderr
    pipes = [program.stdout.fileno(), program.stderr.fileno(), watch]
    contents = {pipe: bytearray() for pipe in pipes}
    waiting, most, looked = list(pipes), 0, 0.0
    while waiting and time.monotonic() < begun + PATIENCE:
        for pipe in select.select(waiting, [], [], _LOOK_EVERY)[0]:
            part = os.read(pipe, 1 << 20)
            contents[pipe] += part
            if not part:
                waiting.remove(pipe)
        if time.monotonic() > looked + _LOOK_EVERY:
            most = max(most, _memory(program.pid))
            looked = time.monotonic()
    return [bytes(contents[pipe]) for pipe in pipes], most


def _memory(process: int) -> int:
    """The bytes that a process and those it forked hold, pages that they share counted once; 0 off Linux."""
    with suppress(OSError, ValueError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        own = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
        return (int(own[1]) << 10 if own else 0) + sum(_memory(int(child)) for child in children)
    return 0


def broken_promises(done: Run, folder: Path, before: set[Path]) -> list[str]:
    """What in a run on a file of `folder` goes against what is promised for hostile files."""
    broken = []
    if done.code not in (0, 1, 2):
        broken.append("an exit code that is none of edgelint's")
    if done.seconds > SECONDS:
        broken.append(f"more than {SECONDS:g} s")
    if done.bytes > BYTES:
        broken.append(f"more than {BYTES >> 20} MiB")
    if "Traceback" in done.out + done.err or "internal error" in done.err or "EL900" in done.out + done.err:
        broken.append("a fault of edgelint itself")
    if _CONTROL.search(done.out + done.err):
        broken.append("control characters in the output")
    if done.code == 2 and not _is_told(done):
        broken.append("an error with neither a coded line nor a single one on standard error")
    if done.deeds or set(folder.iterdir()) != before:
        broken.append("files written or programs started")
    return broken


def _is_told(done: Run) -> bool:
    """Whether an error is said: in the report by its code, or in one line on standard error."""
    return re.search(r"\bEL\d{3}\b", done.out) is not None or len(done.err.splitlines()) == 1
