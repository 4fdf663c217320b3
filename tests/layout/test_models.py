"""Drawings of real models keep the same promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.checker import Settings, judged
from edgelint.errors import EdgelintError
from edgelint.layout.grid import LONGEST
from edgelint.picture import Picture, Sheet
from edgelint.picture.draw import draw
from tests.conftest import FIXTURES, corpus
from tests.layout.test_layout import overlaps

MODELS = sorted(
    path for path in (FIXTURES / "models").iterdir() if path.suffix in (".keras", ".tflite", ".onnx")
)
REAL = [entry["path"] for entry in corpus() if not entry.get("malformed")]

WIDEST = 3.0
"""How much wider than its fullest row a drawing may be; the rest of the room is for branches beside it."""

ASIDE = 600.0
"""Pixels more that the drawing of a small graph may take for its branches."""


def picture_of(path: Path) -> Picture:
    context, report = next(judged(path, Settings(rules=False, weights=False)))
    return draw(context, report)


def keeps_its_promises(sheet: Sheet) -> None:
    drawing, boxes = sheet.layout, [(box.width, box.height) for box in sheet.boxes]
    assert overlaps(drawing, boxes) == 0
    for edge, line in zip(sheet.edges, drawing.lines, strict=True):
        if line:
            assert drawing.ranks[edge.source] < drawing.ranks[edge.reader]
            assert [y for _, y in line] == sorted(y for _, y in line)
    assert drawing.width <= WIDEST * fullest_row(sheet) + ASIDE


def fullest_row(sheet: Sheet) -> float:
    """Pixels that boxes and passing edges of the fullest row take."""
    drawing = sheet.layout
    widths = [0.0] * (1 + max(drawing.ranks, default=0))
    for box, rank in zip(sheet.boxes, drawing.ranks, strict=True):
        widths[rank] += box.width + 20
    for edge in sheet.edges:
        first, last = drawing.ranks[edge.source], drawing.ranks[edge.reader]
        for rank in range(first + 1, last if last - first <= LONGEST else first):
            widths[rank] += 12
    return max(widths) + 8 * drawing.lanes


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    for view in picture_of(path).views:
        for sheet in view.sheets:
            keeps_its_promises(sheet)


@pytest.mark.parametrize("name", REAL)
def test_real_model(name: str, shared_models: Path) -> None:
    try:
        picture = picture_of(shared_models / name)
    except EdgelintError as error:
        pytest.skip(str(error))
    for view in picture.views:
        for sheet in view.sheets:
            keeps_its_promises(sheet)
