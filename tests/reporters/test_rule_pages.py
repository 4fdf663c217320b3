"""The pages of docs/rules are what the rules' classes say."""

from __future__ import annotations

import re

from edgelint.reporters.rule_pages import INDEX, file_name, index, page, pages
from edgelint.rule import registry
from tests.conftest import ROOT

DOCS = ROOT / "docs" / "rules"
RULES = list(registry().values())


def test_the_committed_pages_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert committed == pages(RULES), "run `edgelint rule --format markdown --output docs/rules`"


def test_the_index_links_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", index(RULES)))
    assert linked == set(pages(RULES)) - {INDEX}


def test_a_page_gives_each_option_with_its_default() -> None:
    for rule in RULES:
        for name, option in rule.options.items():
            default = str(option.default).lower() if isinstance(option.default, bool) else str(option.default)
            assert f"| `{name}` | `{default}` | {option.about} |" in page(rule)


def test_a_page_is_called_after_its_rule() -> None:
    assert {file_name(rule)[:5] for rule in RULES} == set(registry())
