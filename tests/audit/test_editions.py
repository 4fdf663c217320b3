"""What edgelint and its rule packs are is part of every result that is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.audit.zoo import MODELS, rows
from tests.cli import edgelint
from tests.packs import NAME, announce, package, rule


def module(folder: Path, sentence: str) -> Path:
    """A pack that is a single module; what is to be on the path for it."""
    folder.mkdir(exist_ok=True)
    announce(folder)
    (folder / f"{NAME}.py").write_text(rule(sentence))
    return folder


def archive(folder: Path, sentence: str) -> Path:
    """A pack in an archive."""
    package(folder, sentence)
    return Path(shutil.make_archive(str(folder), "zip", folder))


def told(folder: Path, pack: Path | None) -> list[str]:
    """What an audit with this pack says of a model that audits before may have seen."""
    given = ("--target", "cortex-m4", "-o", folder / "report.jsonl", "--cache", folder / "cache", "-q")
    env = {"PYTHONPATH": str(pack)} if pack else None
    done = edgelint("audit", MODELS / "digits_cnn.int8.tflite", *given, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    found = rows(folder / "report.findings.jsonl")
    return [row["message"] for row in found if row["code"] in ("EL900", "EL999")]


@pytest.mark.parametrize("make", [module, package, archive])
def test_a_rule_that_says_something_else_is_another_result(tmp_path: Path, make: type) -> None:
    assert told(tmp_path, make(tmp_path / "pack", "one")) == ["one"]
    assert told(tmp_path, make(tmp_path / "pack", "other")) == ["other"]
    assert told(tmp_path, None) == []


def test_a_pack_that_is_broken_is_told_though_the_model_is_known(tmp_path: Path) -> None:
    assert told(tmp_path, None) == []
    pack = package(tmp_path / "pack", "one")
    (pack / NAME / "every_model.py").write_text("raise ValueError\n")
    (message,) = told(tmp_path, pack)
    assert message.startswith("the rule pack 'acme' lacks")
    assert told(tmp_path, None) == []
