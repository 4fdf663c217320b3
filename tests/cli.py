"""The `edgelint` program as a user runs it, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def edgelint(
    *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One run of the program: exit code, standard output and standard error."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("EDGELINT_")}
    return subprocess.run(
        [sys.executable, "-m", "edgelint", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=clean | (env or {}),
        timeout=120,
        check=False,
    )


def edgelint_json(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and document of a run with `--format json`."""
    done = edgelint(*arguments, "--format", "json")
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)
