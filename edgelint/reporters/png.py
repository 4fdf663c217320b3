"""The SVG picture as a bitmap, for where SVG is not shown: drawn by resvg, in the extra "png"."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TextIO

from edgelint import bounds
from edgelint.child import Child, ChildTimeout
from edgelint.errors import EdgelintError
from edgelint.picture import Picture
from edgelint.reporters import Style
from edgelint.reporters.svg import lines, size_of

LARGEST = 16_000
"""Pixels of the longer side; a deeper graph is drawn smaller. resvg holds four bytes for each pixel."""

ZOOM = 2.0
"""Pixels of the bitmap per pixel of the drawing, where there is room, so that text stays sharp."""

LARGEST_FILE = 128 << 20
"""Bytes of a PNG file that are taken from the process that draws it."""


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The bytes of a PNG file.

    Raises EdgelintError where the renderer is not installed, and for a picture that it is not done with.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise EdgelintError(
            picture.path,
            "cannot be drawn as PNG without resvg-py",
            hint="pip install 'edgelint[png]', or write SVG",
        ) from error
    zoom = min(ZOOM, LARGEST / max(size_of(picture)))
    width, height = (max(1, int(side * zoom)) for side in size_of(picture))
    drawing = "\n".join(lines(picture))

    def draw() -> bytes:
        # Nothing outside is read: the drawing refers to no file, and fonts are those of the system.
        return bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=width, height=height))

    # resvg hears no tick, and ends its process where it gets no memory.
    found = _of_child(draw) if hasattr(os, "fork") else draw()
    if not found:
        hint = f"write SVG, or allow it more: {bounds.SECONDS_VARIABLE}=60 {bounds.MIB_VARIABLE}=4096"
        raise bounds.excess(picture.path, "is too large a graph to be drawn as PNG", hint=hint)
    out.buffer.write(found)


def _of_child(draw: Callable[[], bytes]) -> bytes:
    """What `draw` makes within the time and memory that are left; nothing where it makes nothing."""
    try:
        return Child(draw, bounds.seconds_left(), bounds.bytes_left()).reply(LARGEST_FILE)
    except ChildTimeout:
        return b""
