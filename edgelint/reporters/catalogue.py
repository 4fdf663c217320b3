"""What `edgelint rule` and `edgelint targets` print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from edgelint.quantity import show_bytes
from edgelint.reporters import Style
from edgelint.reporters.table import write_table
from edgelint.rule import FAMILIES, Rule
from edgelint.targets import Target

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
    """One target's facts and the operators that its runtime runs."""
    from edgelint.targets.operators import OperatorEntry, operator_table

    table = operator_table(target.runtime.operators)
    entries: Mapping[str, OperatorEntry] = table.entries()
    if format == "json":
        data = _target_data(target)
        data["operators"] = {
            name: {"supported": entry.supported, "limits": list(entry.limits())}
            for name, entry in entries.items()
        }
        _dump(data, out)
        return
    typical = ", typical for the core" if target.typical else ""
    out.write(f"{target.name}: {target.title}\n")
    out.write(f"  runtime    {target.runtime.title} (takes {', '.join(target.runtime.formats)})\n")
    out.write(f"  RAM        {_budget(target.ram) or 'no limit'}{typical if target.ram else ''}\n")
    out.write(f"  flash      {_budget(target.flash) or 'no limit'}{typical if target.flash else ''}\n")
    out.write(f"  operators  {table.version}\n")
    out.write(f"  source     {table.source}\n\n")
    rows = [(name, "; ".join(entry.limits())) for name, entry in entries.items() if entry.supported]
    write_table(out, style, (("operator", "left"), ("limits", "left")), rows)


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
