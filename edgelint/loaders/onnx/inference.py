"""ONNX's shape inference, in a process of its own where the system can fork.

It is native code that has followed null pointers on models with missing types; a crash or an endless
loop there must not take edgelint with it. Without fork (Windows) it runs in this process.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from edgelint import bounds
from edgelint.child import Child, ChildTimeout

if TYPE_CHECKING:
    from onnx import ModelProto

TIME_LIMIT = 10.0
"""Processor seconds after which inference is given up; 100,000 nodes take about one."""

SHARE = 0.5
"""Of the time that is left for the model at hand, what inference may take of it: rules come after it."""

MEMORY_LIMIT, BOUNDED_MEMORY_LIMIT = 2 << 30, 256 << 20
"""Bytes that inference may take: a shape of 200 million dims is computed in full otherwise. The second
where a model's allowance counts."""

LARGEST_PARENT = 384 << 20
"""Bytes that this process may then hold for another to be forked from it, whose pages count as well."""

LARGEST_REPLY = 128 << 20
"""Bytes of what inference found that are taken back."""

_HEADER = struct.Struct("<?QQ")
"""Whether there is a result, the bytes of the complaint, the bytes of the result."""


class InferenceCrash(Exception):
    """The process that ran inference died."""


class InferenceTimeout(InferenceCrash):
    """It took longer than it may, or there was no room for it."""


def infer_shapes(data: bytes, *, with_nodes: bool = True) -> tuple[ModelProto | None, str | None]:
    """The serialized model with inferred types (None: not possible), and the complaint about it (None: none).

    with_nodes: whether its nodes are in it, too, as who looks for the bodies of some wants it. Raises
    InferenceCrash.
    """
    # Here, or each child would load it again.
    from onnx import ModelProto, shape_inference  # noqa: F401

    reply = in_child(lambda: _reply(data, with_nodes))
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


def _reply(data: bytes, with_nodes: bool) -> bytes:
    """Complaint and result of inference, strict first for its complaint."""
    from onnx import shape_inference

    complaint = b""
    result = None
    for strict in (True, False):
        try:
            found = shape_inference.infer_shapes(data, strict_mode=strict, data_prop=True)
            if not with_nodes:
                del found.graph.node[:]
            result = found.SerializeToString()
            break
        except Exception as error:  # native code: whatever it raises, the declared shapes remain
            complaint = complaint or str(error).encode("utf-8", "replace") or b"failed"
    return _HEADER.pack(result is not None, len(complaint), len(result or b"")) + complaint + (result or b"")


def in_child(work: Callable[[], bytes]) -> bytes:
    """What `work` returns in a forked process, as far as it came; in this one where there is no fork.

    Raises InferenceTimeout when the time is up, and when this process has grown too large to be doubled.
    """
    if not hasattr(os, "fork"):
        return work()
    seconds = min(TIME_LIMIT, bounds.seconds_left() * SHARE)
    if bounds.counts() and bounds.taken() > LARGEST_PARENT:
        raise InferenceTimeout
    try:
        more = BOUNDED_MEMORY_LIMIT if bounds.counts() else MEMORY_LIMIT
        return Child(work, seconds, more).reply(LARGEST_REPLY)
    except ChildTimeout as error:
        raise InferenceTimeout from error
