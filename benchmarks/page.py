"""Pages of docs/ in parts, each of which is measured by itself: the others stay as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def parts(page: Path) -> dict[str, str]:
    """The parts of `page` by name, as they were last written; {} where there is no page yet."""
    text = page.read_text() if page.is_file() else ""
    pieces = re.split(r"^<!-- ([\w -]+) -->\n", text, flags=re.MULTILINE)[1:]
    return {name: part.strip() for name, part in zip(pieces[::2], pieces[1::2], strict=True)}


def write(page: Path, introduction: str, told: Mapping[str, str]) -> None:
    """Writes `page`: the introduction, then the parts in their order, those left out that say nothing."""
    marked = (f"<!-- {name} -->\n\n{part.strip()}" for name, part in told.items() if part.strip())
    page.write_text("\n\n".join([introduction.strip(), *marked]) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> str:
    """Rows as Markdown: the first `left` columns to the left, the others to the right; cells as they are."""
    sides = ["---"] * left + ["--:"] * (len(columns) - left)
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in (columns, sides, *rows))


def verdict(met: bool) -> str:
    """Whether a goal is met, for a table."""
    return "met" if met else "**missed**"


def mib(count: float) -> str:
    """Bytes in MiB."""
    return f"{count / 2**20:,.0f}"
