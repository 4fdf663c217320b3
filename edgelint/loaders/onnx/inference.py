"""ONNX's shape inference, in a process of its own where the system can fork.

It is native code that has followed null pointers on models with missing types; a crash or an endless
loop there must not take edgelint with it. Without fork (Windows) it runs in this process.
"""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import struct
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

TIME_LIMIT = 10.0
"""Seconds after which inference is given up; 100,000 nodes take about one."""

MEMORY_LIMIT = 2 << 30
"""Bytes that inference may take: a shape of 200 million dims is computed in full otherwise."""

_HEADER = struct.Struct("<?QQ")
"""Whether there is a result, the bytes of the complaint, the bytes of the result."""

_CHUNK = 1 << 20


class InferenceCrash(Exception):
    """The process that ran inference died."""


class InferenceTimeout(InferenceCrash):
    """It took longer than `TIME_LIMIT`."""


def infer_shapes(data: bytes) -> tuple[ModelProto | None, str | None]:
    """The serialized model with inferred types (None: not possible), and the complaint about it (None: none).

    Raises InferenceCrash.
    """
    from onnx import ModelProto

    reply = in_child(lambda: _reply(data))
    if len(reply) < _HEADER.size:
        raise InferenceCrash
    found, complaint_size, size = _HEADER.unpack_from(reply)
    complaint = reply[_HEADER.size : _HEADER.size + complaint_size].decode("utf-8", "replace")
    if not found:
        return None, complaint
    result = reply[_HEADER.size + complaint_size :]
    if len(result) != size:
        raise InferenceCrash
    return ModelProto.FromString(result), complaint or None


def _reply(data: bytes) -> bytes:
    """Complaint and result of inference, strict first for its complaint."""
    from onnx import shape_inference

    complaint = b""
    result = None
    for strict in (True, False):
        try:
            result = shape_inference.infer_shapes(
                data, strict_mode=strict, data_prop=True
            ).SerializeToString()
            break
        except Exception as error:  # native code: whatever it raises, the declared shapes remain
            complaint = complaint or str(error).encode("utf-8", "replace") or b"failed"
    return _HEADER.pack(result is not None, len(complaint), len(result or b"")) + complaint + (result or b"")


def in_child(work: Callable[[], bytes]) -> bytes:
    """What `work` returns in a forked process, as far as it came; in this one where there is no fork.

    Raises InferenceTimeout when the time is up.
    """
    if not hasattr(os, "fork"):
        return work()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The child only runs native inference and writes: it takes no lock another thread may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _answer(work, reading, writing)
    os.close(writing)
    try:
        return _read_all(reading, time.monotonic() + TIME_LIMIT)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _answer(work: Callable[[], bytes], reading: int, writing: int) -> None:
    """The child's life: it never returns, and runs none of the parent's clean-up."""
    try:
        os.close(reading)
        faulthandler.disable()
        _limit_memory()
        # What a crash prints is of no use to the user, who is told what could not be inferred.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        reply = memoryview(work())
        while reply:
            reply = reply[os.write(writing, reply) :]
    finally:
        os._exit(0)


def _limit_memory() -> None:
    """Bounds what this process allocates from here on, and writes no core file when it dies of it."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for kind, limit in ((resource.RLIMIT_DATA, MEMORY_LIMIT + used), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _read_all(pipe: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise InferenceTimeout
        part = os.read(pipe, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
