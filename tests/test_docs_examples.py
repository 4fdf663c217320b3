"""The examples in docs/targets.md and docs/configuration.md are real."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from edgelint.config.file import read_config
from edgelint.config.keys import READERS
from edgelint.targets.definitions import read_user_toml
from edgelint.targets.own import _BOARD_KEYS
from edgelint.targets.sections import parse_toml
from tests.cli import edgelint
from tests.conftest import FIXTURES, ROOT

PAGES = ("targets.md", "configuration.md")
_BLOCK = re.compile(r"<!-- (file|run): (.*?) -->\n```\w+\n(.*?)```", re.DOTALL)


def blocks(page: str, kind: str) -> list[tuple[str, str]]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [(what, block) for each, what, block in _BLOCK.findall(text) if each == kind]


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A page, and a folder with the files that it shows and a model."""
    name: str = request.param
    shutil.copy(FIXTURES / "models" / "digits_cnn.int8.tflite", tmp_path / "digits.tflite")
    for file, text in blocks(name, "file"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    return name, tmp_path


def test_each_command_prints_what_is_shown(page: tuple[str, Path]) -> None:
    name, folder = page
    for command, shown in blocks(name, "run"):
        done = edgelint(*shlex.split(command)[1:], cwd=folder)
        assert done.returncode in (0, 1), done.stderr
        missing = [line for line in shown.splitlines() if line.strip() not in done.stdout]
        assert not missing, done.stdout


def test_each_toml_block_is_toml(page: tuple[str, Path]) -> None:
    name, folder = page
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        parse_toml(block)
    for file in folder.glob("*.toml"):
        read_config(file).verify()
    for file in folder.glob("boards/*.toml"):
        read_user_toml(file)


def test_every_key_is_documented() -> None:
    targets, configuration = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in PAGES)
    assert [key for key in _BOARD_KEYS if f"`{key}`" not in targets] == []
    assert [key for key in READERS if not re.search(rf"`\[?{key}[\].`]", configuration)] == []
