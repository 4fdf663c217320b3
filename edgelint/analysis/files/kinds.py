"""What kind of file some bytes are the beginning of: programs and archives, by their whole header.

A magic number alone is a few bytes, which weights have by chance now and then. So every header is read
on: sizes, versions and machines have to be ones that exist. Random bytes pass none of these checks more
often than once in 2^48 tries.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from edgelint.deferred import dataclass


@dataclass(frozen=True, slots=True)
class FileKind:
    """word: what to call it, with its article. runs: whether it is a program, not an archive."""

    word: str
    runs: bool


def file_kind(head: bytes) -> FileKind | None:
    """The kind of file that begins with `head`, its first 4 KiB or all of it; None for no known one."""
    for magic, kind, is_one in _KINDS:
        if head.startswith(magic) and is_one(head):
            return kind
    return _TAR if _is_tar(head) else None


def _is_elf(head: bytes) -> bool:
    """System V ABI, chapter 4: class, byte order and version twice, and the header's own size."""
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2) or head[6] != 1:
        return False
    order = "<" if head[5] == 1 else ">"
    kind, machine, version = struct.unpack_from(order + "HHI", head, 16)
    size_at, size = (40, 52) if head[4] == 1 else (52, 64)
    if len(head) < size_at + 2:
        return False
    (stated,) = struct.unpack_from(order + "H", head, size_at)
    return bool(1 <= kind <= 4 and machine > 0 and version == 1 and stated == size)


_PE_MACHINES = frozenset({0x14C, 0x1C0, 0x1C2, 0x1C4, 0x200, 0x5032, 0x5064, 0x8664, 0xAA64})


def _is_pe(head: bytes) -> bool:
    """PE format, section 2: the DOS header leads to the signature and a machine."""
    if len(head) < 64:
        return False
    (at,) = struct.unpack_from("<I", head, 60)
    if at + 6 > len(head) or head[at : at + 4] != b"PE\0\0":
        return False
    return int.from_bytes(head[at + 4 : at + 6], "little") in _PE_MACHINES


_MACH_CPUS = frozenset({7, 12, 18, 0x01000007, 0x0100000C, 0x01000012, 0x0200000C})


def _is_mach(head: bytes) -> bool:
    """mach-o/loader.h: a processor and a kind of file that exist, and load commands that fit their size."""
    if len(head) < 28:
        return False
    order = "<" if head[0] in (0xCE, 0xCF) else ">"
    cpu, _, kind, commands, size = struct.unpack_from(order + "5I", head, 4)
    return cpu in _MACH_CPUS and 1 <= kind <= 12 and 0 < commands < 10_000 and commands * 8 <= size < 2**24


def _is_universal(head: bytes) -> bool:
    """mach-o/fat.h: up to 16 processors that exist. Java classes begin alike, with a version above 44."""
    if len(head) < 28:
        return False
    count, cpu = struct.unpack_from(">2I", head, 4)
    return 0 < count <= 16 and cpu in _MACH_CPUS


def _is_java(head: bytes) -> bool:
    """Java class file format: version 45 to 80, and a constant pool that begins with a known tag."""
    if len(head) < 16:
        return False
    minor, major, constants = struct.unpack_from(">3H", head, 4)
    return 45 <= major <= 80 and minor in (0, 3, 0xFFFF) and constants > 4 and head[10] in (1, 7, 9, 10)


def _is_python(head: bytes) -> bool:
    """A .pyc of Python 3: its version, its flags, and a code object with few arguments."""
    if len(head) < 32 or head[2:4] != b"\r\n" or not 3000 <= int.from_bytes(head[:2], "little") < 3800:
        return False
    flags, arguments = struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, 17)[0]
    return flags <= 3 and head[16] & 0x7F == 0x63 and arguments < 256


def _is_pickle(head: bytes) -> bool:
    """A pickle that imports something to call it: its operations, read one by one and never carried out."""
    if head[1] not in (2, 3, 4, 5):
        return False
    import io
    import pickletools
    import warnings

    words: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for code, argument, _ in pickletools.genops(io.BytesIO(head)):
                if code.name == "GLOBAL":
                    words += str(argument).split(" ")[:2]
                elif isinstance(argument, str):
                    words.append(argument)
                if code.name in ("GLOBAL", "STACK_GLOBAL") and _are_names(words[-2:]):
                    return True
    except Exception:  # pickletools raises whatever the bytes make it stumble over
        return False
    return False


def _are_names(words: list[str]) -> bool:
    """Whether these are a module and something in it."""
    return len(words) == 2 and all(_DOTTED.fullmatch(word) for word in words)


_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_SCRIPT = re.compile(rb"#! ?/[\w./-]{3,100}( [\w./ =-]{1,100})?\r?\n")


def _is_zip(head: bytes) -> bool:
    """APPNOTE.TXT 4.3.7: a version and a method that exist, and a readable name."""
    if len(head) < 31:
        return False
    version, flags, method = struct.unpack_from("<3H", head, 4)
    (length,) = struct.unpack_from("<H", head, 26)
    name = head[30 : 30 + min(length, 64)]
    return version & 0xFF <= 63 and flags < 0x4000 and method < 100 and 0 < length < 1024 and _is_name(name)


def _is_name(name: bytes) -> bool:
    return bool(name) and all(byte >= 32 and byte != 127 for byte in name)


def _is_gzip(head: bytes) -> bool:
    """RFC 1952: no reserved flag, a system that exists, and content that unpacks."""
    import zlib

    if len(head) < 18 or head[3] > 31 or head[8] not in (0, 2, 4) or 13 < head[9] < 255:
        return False
    try:
        return len(zlib.decompressobj(31).decompress(head, 2**20)) > 0
    except zlib.error:
        return False


def _is_tar(head: bytes) -> bool:
    """POSIX ustar: the header's sum of bytes, its own field counted as blanks."""
    if len(head) < 512 or head[257:262] != b"ustar" or not head[148:154].strip(b" \0").isdigit():
        return False
    stated = head[148:156].strip(b" \0")
    octal = not stated.strip(b"01234567")
    return octal and int(stated, 8) == sum(head[:148]) + 8 * 32 + sum(head[156:512])


def _always(head: bytes) -> bool:
    return True


_ELF = FileKind("an ELF program or library", True)
_PE = FileKind("a Windows program or library", True)
_MACH = FileKind("a macOS program or library", True)
_JAVA = FileKind("a Java class", True)
_PYTHON = FileKind("compiled Python", True)
_PICKLE = FileKind("a pickle that imports Python code", True)
_TAR = FileKind("a tar archive", False)

_KINDS: tuple[tuple[bytes, FileKind, Callable[[bytes], bool]], ...] = (
    (b"\x7fELF", _ELF, _is_elf),
    (b"MZ", _PE, _is_pe),
    (b"\xfe\xed\xfa\xce", _MACH, _is_mach),
    (b"\xfe\xed\xfa\xcf", _MACH, _is_mach),
    (b"\xce\xfa\xed\xfe", _MACH, _is_mach),
    (b"\xcf\xfa\xed\xfe", _MACH, _is_mach),
    (b"\xca\xfe\xba\xbe", _MACH, _is_universal),
    (b"\xca\xfe\xba\xbe", _JAVA, _is_java),
    (
        b"dex\n03",
        FileKind("Android bytecode", True),
        lambda head: head[6:8] in (b"5\0", b"7\0", b"8\0", b"9\0"),
    ),
    (b"\0asm\x01\0\0\0", FileKind("a WebAssembly program", True), _always),
    (b"\x80", _PICKLE, lambda head: len(head) > 8 and _is_pickle(head)),
    (b"#!", FileKind("a script", True), lambda head: _SCRIPT.match(head) is not None),
    (b"PK\x03\x04", FileKind("a zip archive", False), _is_zip),
    (b"\x1f\x8b\x08", FileKind("a gzip archive", False), _is_gzip),
    (b"7z\xbc\xaf\x27\x1c\0", FileKind("a 7-Zip archive", False), _always),
    (b"Rar!\x1a\x07", FileKind("a RAR archive", False), lambda head: head[6:7] in (b"\0", b"\1")),
    (b"\xfd7zXZ\0", FileKind("an xz archive", False), _always),
    (b"", _PYTHON, _is_python),
)
"""Magic number, kind, and the check of what follows it."""
