"""The documentation of rules in Markdown: a page per rule and an index by family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from edgelint.rule import FAMILIES, Refusal, Rule, family

INDEX = "index.md"
"""The file name of the index."""


def pages(rules: Sequence[Rule]) -> dict[str, str]:
    """File name to Markdown: a page for each rule, and the index that links them."""
    ordered = sorted(rules, key=lambda rule: rule.code)
    return {INDEX: index(ordered), **{file_name(rule): page(rule) for rule in ordered}}


def file_name(rule: Rule) -> str:
    """What the page of `rule` is called."""
    return f"{rule.code}-{rule.name}.md"


def index(rules: Sequence[Rule]) -> str:
    """The rules in code order, a table per family."""
    lines = [
        "# Rules",
        "",
        "`edgelint rule CODE` shows the same pages at a prompt; `--select` and `--ignore` take codes, names",
        "and prefixes such as `EL3`.",
    ]
    for digit, alike in groupby(rules, key=lambda rule: family(rule.code)):
        lines += ["", f"## {FAMILIES[digit].capitalize()} (EL{digit})", ""]
        lines += ["| code | rule | severity | what it finds |", "|---|---|---|---|"]
        lines += [_row(rule) for rule in alike]
    return "\n".join(lines) + "\n"


def page(rule: Rule) -> str:
    """Everything about one rule."""
    return "\n".join(_page(rule)) + "\n"


def _row(rule: Rule) -> str:
    return f"| [{rule.code}]({file_name(rule)}) | {rule.name} | {rule.severity.value} | {rule.summary()} |"


def _page(rule: Rule) -> Iterator[str]:
    yield f"# {rule.code} {rule.name}"
    yield ""
    yield f"*{rule.severity.value} · {FAMILIES[family(rule.code)]}*"
    yield ""
    yield rule.documentation()
    if rule.options:
        yield from ("", "## Options", "", "| option | default | what it is |", "|---|---|---|")
        yield from (
            f"| `{name}` | `{_shown(each.default)}` | {each.about} |" for name, each in rule.options.items()
        )
        name, option = next(iter(rule.options.items()))
        yield from ("", f"`edgelint check … --option {rule.code}.{name}={_shown(option.default) or 'VALUE'}`")
    if rule.yields_to:
        yield from ("", f"Says nothing of a node that {' or '.join(rule.yields_to)} speaks of.")
    if isinstance(rule, Refusal):
        return
    yield from ("", "## Found in", "")
    yield from (f"- `{example}`<br>{_escaped(message)}" for example, message in rule.INVALID)
    yield from ("", "## Quiet about", "")
    yield from (f"- `{example}`" for example in rule.VALID)


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _escaped(message: str) -> str:
    for sign in "\\`*_<>[]|":
        message = message.replace(sign, "\\" + sign)
    return message
