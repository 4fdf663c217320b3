"""Rule packs for tests: one rule, which says a sentence of every model, and what pip would write about it."""

from __future__ import annotations

from pathlib import Path

GROUP = "edgelint.rules"
NAME = "acme_rules"


def rule(sentence: str) -> str:
    """The source of a rule that says `sentence` of every model."""
    return f'''
from edgelint.rule import Rule, Severity


class EveryModel(Rule):
    """Says something of every model."""

    code = "EL999"
    name = "every-model"
    severity = Severity.NOTE

    def check(self, context):
        """One finding."""
        yield self.finding("{sentence}")
'''


def announce(folder: Path, kind: str = "dist-info", points: str = "", name: str = NAME) -> None:
    """Writes to `folder` what tells of a pack there. kind: of the folder; points: other entry points."""
    about = folder / f"{name}-1.0.{kind}"
    about.mkdir(exist_ok=True)
    (about / ("METADATA" if kind == "dist-info" else "PKG-INFO")).write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(points or f"[{GROUP}]\nacme = {name}\n")


def package(
    folder: Path, sentence: str = "this is a model", kind: str = "dist-info", points: str = ""
) -> Path:
    """A pack in `folder`, which is to be on the path for it."""
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    (folder / NAME / "__init__.py").write_text("")
    (folder / NAME / "every_model.py").write_text(rule(sentence))
    announce(folder, kind, points)
    return folder
