"""What is alike in many nodes, looked at once."""

from __future__ import annotations

from typing import TypeVar

MOST, LONGEST = 1000, 1024
"""Different things that are remembered, and the bytes of one: graphs repeat themselves, and what a hostile
file has instead must not fill the memory."""

Key = TypeVar("Key")
Made = TypeVar("Made")


class Repeats(dict[Key, Made]):
    """What was made of the first `MOST` things, to be looked up by them as in any dict."""

    def keep(self, thing: Key, made: Made, nbytes: int = 0) -> None:
        """Remembers what was made of `thing`, of `nbytes` bytes, where there is room for it."""
        if len(self) < MOST and nbytes <= LONGEST:
            self[thing] = made
