"""How much work something is, in a unit that no other process on the machine changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs; what happens within one line, in C, is not seen."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], small: int, large: int, least: int = 1) -> float:
    """Lines per piece of `work(large)` over those of `work(small)`: 1 where work grows with the pieces.

    `work` makes ready for so many pieces and gives what shall be counted. What it takes for `least` pieces
    is no work on any piece, and what is done at the first call only is done before.
    """
    work(least)()
    constant = lines(work(least))
    few, many = ((lines(work(count)) - constant) / (count - least) for count in (small, large))
    return many / few
