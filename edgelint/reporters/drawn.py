"""What all pictures look like: colours of operator families and severities, the way of an edge."""

from __future__ import annotations

from collections.abc import Sequence

FAMILIES = {
    "convolution": "#2f5d9b",
    "matmul": "#2f5d9b",
    "attention": "#2f5d9b",
    "recurrent": "#6a4a9c",
    "activation": "#9b3d3d",
    "pooling": "#2d7353",
    "reduction": "#2d7353",
    "normalization": "#5a6b2a",
    "elementwise": "#6b5b2e",
    "quantization": "#80591f",
    "movement": "#5b5b66",
    "control-flow": "#8a3f77",
    "input": "#e4e7ee",
    "output": "#e4e7ee",
}
"""Fill of a box's title by operator family; white text is readable on all but inputs and outputs."""

OTHER = "#4a4a55"
"""Fill for families that have no colour of their own."""

SEVERITIES = {"error": "#d1242f", "warning": "#bf8700", "note": "#0969da"}


def path(points: Sequence[tuple[float, float]]) -> str:
    """SVG path data through `points`, from above to below: smooth, and vertical at both ends."""
    if not points:
        return ""
    (x, y), *rest = points
    parts = [f"M{_number(x)},{_number(y)}"]
    for next_x, next_y in rest:
        if abs(next_x - x) < 0.5:
            parts.append(f"L{_number(next_x)},{_number(next_y)}")
        else:
            middle = (y + next_y) / 2
            parts.append(
                f"C{_number(x)},{_number(middle)} {_number(next_x)},{_number(middle)} "
                f"{_number(next_x)},{_number(next_y)}"
            )
        x, y = next_x, next_y
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
