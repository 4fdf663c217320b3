"""The quick reader of edgelint's own data files reads them as TOML is read."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

import edgelint
from edgelint.targets.plain_toml import parse
from edgelint.targets.sections import own_toml, sections

FOLDER = Path(edgelint.__file__).parent
FILES = sorted(FOLDER.rglob("*.toml"))
TOML = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

FOREIGN = {
    "literal string": "a = 'b'",
    "date": "a = 2026-11-22",
    "dotted key": "a.b = 1",
    "escape in a table": 'a = { b = "\\\\" }',
    "hexadecimal": "a = 0x10",
    "several lines": 'a = """\nb"""',
    "no value": "a",
    "rest": "a = 1 2",
    "open header": "[a",
    "table in a list": "[[a]]\n[[a.b]]\nc = 1",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_data_file_means_what_toml_says_it_means(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert parse(text) == TOML.loads(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_section_of_it_does_too(path: Path) -> None:
    file = sections(path)
    for section in file.every:
        assert file.parse([section]) == TOML.loads(file.text[section.start : section.end])


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|more|Expecting|Unterminated"):
        parse(text)


def test_what_is_refused_is_left_to_the_slow_reader() -> None:
    assert own_toml("a = 'b'\nc.d = 0x10") == {"a": "b", "c": {"d": 16}}
