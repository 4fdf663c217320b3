"""What to use instead of an operator, custom operator or element type that a runtime lacks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, read_toml
from edgelint.targets.table import OwnTable, TableName


@cache
def advice(runtime: str) -> Mapping[str, Mapping[str, str]]:
    """The advice for `runtime`, or an accelerator's table, by subject ("operator", "dtype") and name.

    What has no file of its own gets the advice that holds everywhere. Raises EdgelintError when the
    file holds anything but sentences.
    """
    path = FOLDER / "replacements" / f"{runtime}.toml"
    if not path.is_file():
        path = FOLDER / "replacements" / "any.toml"
    data: dict[str, Any] = read_toml(path)
    for subject, sentences in data.items():
        if not isinstance(sentences, dict) or not all(isinstance(text, str) for text in sentences.values()):
            raise EdgelintError(path, "holds something that is no sentence", where=f"[{subject}]")
    return data


def instead_of(runtime: str, subject: str, name: str, table: TableName = "") -> str:
    """What `runtime` offers instead of `name`; the subject's "default" where nothing special is known.

    table: the operator table that refuses it, whose own sentences go first where it is a user's.
    """
    layers = [advice(runtime).get(subject, {})]
    while isinstance(table, OwnTable):
        layers.insert(-1, table.changes.get("replacements", {}).get(subject, {}))
        table = table.inherits
    return next((layer[key] for key in (name, "default") for layer in layers if layer.get(key)), "")
