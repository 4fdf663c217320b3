"""A hook for mkdocs: the pages of the rules, by family, under "Rules" of the navigation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgelint.rule import FAMILIES


def on_config(config: Any) -> Any:
    """The configuration with a section per family of rules, of the pages that `edgelint rule` has written."""
    pages = sorted(path.name for path in Path(config["docs_dir"], "rules").glob("EL*.md"))
    (section,) = [entry["Rules"] for entry in config["nav"] if "Rules" in entry]
    for digit, family in FAMILIES.items():
        found = [{name[:-3].replace("-", " ", 1): f"rules/{name}"} for name in pages if name[2] == digit]
        if found:
            section.append({family.capitalize(): found})
    return config
