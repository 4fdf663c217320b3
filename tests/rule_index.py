"""Writes rules/index.py, by which rules are known before they are imported: `python -m tests.rule_index`."""

from __future__ import annotations

from pathlib import Path

from edgelint.rule import registry
from edgelint.rule_index import BUILT_IN
from tests.conftest import ROOT

PAGE = ROOT / "rules" / "index.py"

LONGEST = 110

HEAD = '''"""Code to file, `needs` and `operators` of each rule; written by `python -m tests.rule_index`."""

from __future__ import annotations

RULES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
'''


Row = tuple[str, tuple[str, ...], tuple[str, ...]]


def rows() -> dict[str, Row]:
    """What the classes of edgelint's own rules say, in code order."""
    found: dict[str, Row] = {}
    for code, rule in registry().items():
        package, _, module = type(rule).__module__.partition(f"{BUILT_IN}.")
        if not package and module:
            found[code] = (module, rule.needs, rule.operators)
    return found


def write(path: Path = PAGE) -> None:
    """Puts the table into `path`."""
    lines = [_line(code, row) for code, row in rows().items()]
    path.write_text("".join([HEAD, *lines, "}\n"]))


def _line(code: str, row: tuple[object, ...]) -> str:
    """A row as the formatter leaves it."""
    line = f'    "{code}": {row!r},\n'
    if len(line) > LONGEST:
        line = "\n".join([f'    "{code}": (', *(f"        {each!r}," for each in row), "    ),\n"])
    return line.replace("'", '"')


if __name__ == "__main__":
    write()
