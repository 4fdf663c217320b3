"""Tables of any length."""

from __future__ import annotations

import io

import pytest

from edgelint.reporters import Style, table

COLUMNS = [("operator", "left"), ("MACs", "right"), ("output", "left")]
ROWS = [
    ("Conv", "1,234,567", "float32 1×8×8×16"),
    ("a name that is rather long", "", ""),
    ("", "7", "int8 1×4"),
]


def drawn(width: int | None) -> list[str]:
    out = io.StringIO()
    table.write_table(out, Style(False, width), COLUMNS, ROWS)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [None, 40, 10])
def test_a_long_table_looks_as_a_short_one_does(width: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    short = drawn(width)
    monkeypatch.setattr(table, "MOST_FOR_RICH", 0)
    assert drawn(width) == short
