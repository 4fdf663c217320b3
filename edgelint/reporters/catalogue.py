"""What `edgelint rule` and `edgelint targets` print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from edgelint.quantity import show_bytes
from edgelint.reporters import Style
from edgelint.reporters.table import write_table
from edgelint.rule import FAMILIES, Rule
from edgelint.targets import Target
from edgelint.targets.describe import is_supported, limits
from edgelint.targets.table import read

_RULE_COLUMNS = (("code", "left"), ("severity", "left"), ("rule", "left"), ("what it finds", "left"))
_TARGET_COLUMNS = (
    ("target", "left"),
    ("runtime", "left"),
    ("core", "left"),
    ("RAM", "right"),
    ("flash", "right"),
)


def write_rules(rules: Sequence[Rule], out: TextIO, style: Style, format: str) -> None:
    """A line per rule, family by family."""
    if format == "json":
        _dump([_rule_data(rule) for rule in rules], out)
        return
    rows = [(rule.code, rule.severity.value, rule.name, rule.summary()) for rule in rules]
    write_table(out, style, _RULE_COLUMNS, rows)


def write_rule(rule: Rule, out: TextIO, format: str) -> None:
    """One rule's documentation, with its examples."""
    if format == "json":
        _dump(_rule_data(rule), out)
        return
    family = FAMILIES.get(rule.code[2], "")
    out.write(f"{rule.code} {rule.name} ({rule.severity.value}; {family})\n\n{rule.documentation()}\n")
    if rule.INVALID:
        out.write("\n## Found in\n")
        for example, message in rule.INVALID:
            out.write(f"- {example}\n  {message}\n")
    if rule.VALID:
        out.write("\n## Quiet about\n")
        out.writelines(f"- {example}\n" for example in rule.VALID)


def write_targets(targets: Sequence[Target], out: TextIO, style: Style, format: str) -> None:
    """A line per target."""
    if format == "json":
        _dump([_target_data(target) for target in targets], out)
        return
    rows = [
        (target.name, target.runtime.title, target.core, _budget(target.ram), _budget(target.flash))
        for target in targets
    ]
    write_table(out, style, _TARGET_COLUMNS, rows)


def write_target(target: Target, out: TextIO, style: Style, format: str) -> None:
    """One target's facts and the operators that its runtime has, with their limits."""
    table = read(target.runtime.operators)
    if format == "json":
        data = _target_data(target)
        data["operators"] = {
            name: {"supported": is_supported(rows), "limits": [list(limits(row)) for row in rows]}
            for name, rows in table.operators.items()
        }
        data["custom_operators"] = sorted(table.custom)
        _dump(data, out)
        return
    typical = " (typical for the core)" if target.typical else ""
    facts = {
        "runtime": f"{target.runtime.title}, takes {', '.join(target.runtime.formats)}",
        "core": target.core,
        "RAM": (_budget(target.ram) or "no limit") + (typical if target.ram else ""),
        "flash": (_budget(target.flash) or "no limit") + (typical if target.flash else ""),
        "operators": f"{table.name}, {table.version}",
        "from": table.source,
    }
    out.write(f"{target.name}: {target.title}\n")
    out.writelines(f"  {name:<10} {fact}\n" for name, fact in facts.items())
    out.write("\n")
    cells = [
        (name, "; ".join(limits(row)))
        for name, rows in table.operators.items()
        if is_supported(rows)
        for row in rows
    ]
    cells += [(name, "custom operator") for name in sorted(table.custom)]
    write_table(out, style, (("operator", "left"), ("limits", "left")), cells)


def _budget(limit: int | None) -> str:
    return "" if limit is None else show_bytes(limit)


def _rule_data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "family": FAMILIES.get(rule.code[2], ""),
        "summary": rule.summary(),
        "documentation": rule.documentation(),
    }


def _target_data(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "title": target.title,
        "runtime": target.runtime.name,
        "formats": list(target.runtime.formats),
        "core": target.core,
        "ram_bytes": target.ram,
        "flash_bytes": target.flash,
        "typical": target.typical,
    }


def _dump(data: object, out: TextIO) -> None:
    json.dump(data, out, indent=1)
    out.write("\n")
