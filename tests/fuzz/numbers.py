"""Numbers, texts and byte strings that programs trip over."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 1e-6, 127.0),
    *(float("nan"), float("inf"), float("-inf"), 1e-45, 1e-39, -1e-39, 3.4e38, -3.4e38),
)
LENGTHS = (2, 3, 9, 65, 300)
"""By how much a short list is repeated."""

INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 64, 65, 127, 128, 255, 256, 1000, 32767, 65535, 65536)
LARGE = tuple(sign * (2**bits + off) for bits in (31, 32, 62, 63) for off in (-1, 0, 1) for sign in (1, -1))

TEXTS = (
    *("", " ", "a", "\0", "a\0b", "\x1b[31mred", "\x1b]0;title\x07", "\r\n", "\t", "a\nb", "\u202e"),
    *(
        "\u2028",
        "\ufeff",
        "\ud800",
        "\U000e0001",
        "🔥",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "%s%n",
        "{0}",
        "$x",
    ),
    *("::error::x", "<script>alert(1)</script>", "]]>", "'\"", "a" * 3000, "é" * 130, "nan", "-1", "1e999"),
)


def integer(old: int, letter: str, chance: Random) -> int:
    """A number that fits the struct letter: near `old`, small, or at an edge."""
    bits: int = 8 * struct.calcsize("<" + letter)
    lowest, highest = (0, 2**bits - 1) if letter.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    act = chance.random()
    if act < 0.25:
        new = old + chance.choice((-2, -1, 1, 2))
    elif act < 0.75:
        new = chance.choice(INTEGERS)
    elif act < 0.9:
        new = chance.choice((lowest, highest, highest // 2, highest // 4 + 1, *LARGE))
    else:
        new = chance.randint(lowest, highest)
    return int(min(max(new, lowest), highest))


def changed_text(old: str, others: Sequence[str], chance: Random) -> str:
    """A hostile text, one of `others`, or `old` with a hostile one in it."""
    act = chance.random()
    if others and act < 0.4:
        return chance.choice(others)
    if act < 0.8:
        return chance.choice(TEXTS)
    place = chance.randint(0, len(old))
    return old[:place] + chance.choice(TEXTS) + old[place:]


def changed_bytes(data: bytes, chance: Random, *, aligned: bool = False) -> bytes:
    """`data` with a few bytes flipped, 32-bit words replaced, pieces cut, doubled or moved."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        act = 1 if aligned and chance.random() < 0.7 else chance.randrange(6)
        place = chance.randrange(len(made) or 1)
        if act == 0 and made:
            made[place] ^= 1 << chance.randrange(8)
        elif act == 1 and len(made) >= 8:
            place = place // 4 * 4 if len(made) - place >= 4 else 0
            number = integer(int.from_bytes(made[place : place + 4], "little"), "I", chance)
            made[place : place + 4] = number.to_bytes(4, "little")
        elif act == 2 and made:
            made[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif act == 3:
            del made[place : place + chance.choice((1, 2, 4, 16, len(made)))]
        elif act == 4:
            made[place:place] = chance.randbytes(chance.choice((1, 4, 16)))
        elif made:
            piece = made[place : place + chance.choice((1, 4, 16, 64))]
            into = chance.randrange(len(made))
            made[into : into + (len(piece) if chance.random() < 0.5 else 0)] = piece
    return bytes(made)
