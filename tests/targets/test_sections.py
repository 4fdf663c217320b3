"""TOML cut at its headers says the same as TOML read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, read_toml
from edgelint.targets.sections import sections

FILES = [
    *(FOLDER / "cores.toml", FOLDER / "presets.toml"),
    *sorted((FOLDER / "boards").iterdir()),
    *sorted((FOLDER / "operators").glob("*.toml")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_sections_together_are_the_file(path: Path) -> None:
    file = sections(path)
    assert file.parse(file.every) == read_toml(path)


def test_a_section_is_its_lines_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('# top\n[board.a]\nx = 1\n\n[board."b.c"]   # why\nx = 2\n[table]\ny = "[no.header]"\n')
    file = sections(path)
    assert [(section.kind, section.name) for section in file.every] == [
        ("board", "a"),
        ("board", "b.c"),
        ("table", ""),
    ]
    assert file.parse([file.every[1]]) == {"board": {"b.c": {"x": 2}}}


def test_a_file_without_headers_has_no_sections(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text("x = 1\n")
    assert sections(path).every == ()


def test_what_is_not_toml_is_said_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text("[a.b]\nx = = 1\n")
    with pytest.raises(EdgelintError, match="cannot be read"):
        sections(path).parse(sections(path).every)
    with pytest.raises(EdgelintError, match="cannot be read"):
        sections(tmp_path / "gone.toml")
