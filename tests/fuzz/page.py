"""docs/fuzzing.md: how inputs are made, what is promised of them, and what has been run."""

from __future__ import annotations

from tests.conftest import ROOT
from tests.fuzz.statistics import FOLDER, Run, table

PAGE = ROOT / "docs" / "fuzzing.md"
MARK = "<!-- figures: written by python -m tests.fuzz --report -->"


def write_page() -> None:
    """Replaces the figures at the end of the page by those of all committed runs."""
    text = PAGE.read_text()
    head = text[: text.index(MARK)]
    runs = [Run.read(path) for path in sorted(FOLDER.glob("*.json"))]
    PAGE.write_text(f"{head}{MARK}\n\n{table(runs)}\n")
