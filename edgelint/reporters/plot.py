"""A bar plot in characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def bars(heights: Sequence[int], columns: int, rows: int) -> Iterator[str]:
    """Lines of at most `columns` characters, tallest first: one bar per height.

    When there are more heights than columns a bar stands for several, as high as their highest,
    so that no peak is lost.
    """
    top = max(heights, default=0)
    if not top:
        return
    merged = _merged(heights, min(columns, len(heights)))
    levels = [-(-height * rows * 8 // top) for height in merged]
    for row in reversed(range(rows)):
        yield "".join(_EIGHTHS[min(max(level - row * 8, 0), 8)] for level in levels).rstrip()


def column_of(place: int, heights: int, columns: int) -> int:
    """The column in which the bar of height number `place` stands."""
    return place * min(columns, heights) // heights


def _merged(heights: Sequence[int], columns: int) -> list[int]:
    merged = [0] * columns
    for place, height in enumerate(heights):
        column = column_of(place, len(heights), columns)
        merged[column] = max(merged[column], height)
    return merged
