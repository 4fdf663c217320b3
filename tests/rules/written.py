"""Small model files for tests of rules about files: Keras by hand, programs and archives by their headers."""

from __future__ import annotations

import gzip
import io
import json
import marshal
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

import pytest

from edgelint import targets
from edgelint.checker import Settings, check_file
from edgelint.rule import Finding, select

JSON = dict[str, Any]


def findings(path: Path, codes: str, target: str = "", **options: Mapping[str, object]) -> list[Finding]:
    """What the rules of `codes` ("EL52 EL7") say of the file; options by code: EL704={"least_bytes": 1}."""
    chosen = (targets.find(target),) if target else ()
    settings = Settings(targets=chosen, select=select(codes.split()), options=options)
    (report,) = check_file(path, settings)
    assert report.error is None, report.error
    return list(report.findings)


def layer(kind: str, name: str, module: str = "keras.layers", **config: Any) -> JSON:
    """A layer as Keras 3 stores it."""
    return {"module": module, "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def sequential(*layers: JSON, shape: tuple[int | None, ...] = (None, 4)) -> JSON:
    """A Sequential model of `layers` on one input."""
    first = layer("InputLayer", "x", batch_shape=list(shape), dtype="float32")
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "net", "layers": [first, *layers]},
    }


def keras_file(
    folder: Path, config: JSON, members: Mapping[str, bytes] | None = None, comment: bytes = b""
) -> Path:
    """A `.keras` archive without weights, with further members."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        file.writestr("config.json", json.dumps(config))
        for name, content in (members or {}).items():
            file.writestr(name, content)
        file.comment = comment
    return path


def h5_file(
    folder: Path, config: JSON, version: str = "2.8.0", before: bytes = b"", behind: bytes = b""
) -> Path:
    """An HDF5 file without weights, with bytes in its user block and behind its end."""
    h5py = pytest.importorskip("h5py")
    path = folder / "model.h5"
    with h5py.File(path, "w", userblock_size=512 if before else 0) as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config), version
    content = bytearray(path.read_bytes())
    content[: len(before)] = before
    path.write_bytes(bytes(content) + behind)
    return path


def elf() -> bytes:
    """The header of a 64-bit shared library, and some of what follows."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0) + bytes(64)


def windows_program() -> bytes:
    """A DOS header that leads to a PE header."""
    return (
        b"MZ"
        + bytes(58)
        + struct.pack("<I", 128)
        + bytes(64)
        + b"PE\0\0"
        + struct.pack("<H", 0x8664)
        + bytes(60)
    )


def mac_program() -> bytes:
    """A Mach-O header with two load commands."""
    return struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 2, 2, 144, 0, 0) + bytes(144)


def compiled_python() -> bytes:
    """What a .pyc file holds."""
    return MAGIC_NUMBER + bytes(12) + marshal.dumps(compile("print(1)", "m.py", "exec"))


def calling_pickle() -> bytes:
    """A pickle that imports a function; dumped, and never loaded."""
    return pickle.dumps({"call": print, "padding": "x" * 99})


def archive(kind: str) -> bytes:
    """An archive of one file."""
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("payload.py", "print(1)" * 20)
    elif kind == "tar":
        with tarfile.open(fileobj=out, mode="w") as tar:
            member = tarfile.TarInfo("payload.py")
            member.size = 8
            tar.addfile(member, io.BytesIO(b"print(1)"))
    else:
        out.write(gzip.compress(bytes(range(256)) * 20))
    return out.getvalue()
