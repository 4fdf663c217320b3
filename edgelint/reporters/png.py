"""The SVG picture as a bitmap, for where SVG is not shown: drawn by resvg, in the extra "png"."""

from __future__ import annotations

from typing import TextIO

from edgelint.errors import EdgelintError
from edgelint.picture import Picture
from edgelint.reporters import Style
from edgelint.reporters.svg import lines, size_of

LARGEST = 16_000
"""Pixels of the longer side; a deeper graph is drawn smaller. resvg holds four bytes for each pixel."""

ZOOM = 2.0
"""Pixels of the bitmap per pixel of the drawing, where there is room, so that text stays sharp."""


def write(picture: Picture, out: TextIO, style: Style) -> None:
    """The bytes of a PNG file. Raises EdgelintError where the renderer is not installed."""
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
    # Nothing outside is read: the drawing refers to no file, and fonts are those of the system.
    out.buffer.write(
        bytes(resvg_py.svg_to_bytes(svg_string="\n".join(lines(picture)), width=width, height=height))
    )
