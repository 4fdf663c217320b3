"""The program as a user runs it where something around it is broken."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.conftest import FIXTURES
from tests.packs import GROUP, announce

MODELS = FIXTURES / "models"
WRONG = "wrong.tflite"
FORMATS = ("text", "json", "html", "sarif", "github", "gitlab", "junit", "markdown")

PROGRAM = (sys.executable, "-m", "edgelint")


def run(
    folder: Path,
    *arguments: str | Path,
    env: Mapping[str, str | None] | None = None,
    before: Callable[[], None] | None = None,
    **streams: Any,
) -> subprocess.CompletedProcess[bytes]:
    """A run of the program in `folder`; `before` happens in its process, None in `env` takes a name out."""
    around = {name: text for name, text in os.environ.items() if not name.startswith("EDGELINT_")}
    around |= {name: text for name, text in (env or {}).items() if text is not None}
    for name in [name for name, text in (env or {}).items() if text is None]:
        around.pop(name, None)
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=folder,
        env=around,
        preexec_fn=before,
        timeout=120,
        check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


def one_line(said: bytes) -> str:
    """The line that was said; fails where it is none, several, or a traceback."""
    (line,) = said.decode().splitlines()
    assert "Traceback" not in line
    return line


def limited(kind: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (amount, amount))


def without_privileges() -> None:
    """Makes permissions count for root, too, once the program is started."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


def pack(folder: Path, text: str, name: str = "acme_rules") -> dict[str, str]:
    """A rule pack with one module, and the environment in which it is installed."""
    package = folder / "site" / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "rule.py").write_text(text)
    announce(folder / "site", points=f"[{GROUP}]\n{name} = {name}\n", name=name)
    return {"PYTHONPATH": str(folder / "site")}


def at_start(folder: Path, text: str) -> dict[str, str]:
    """An environment in which Python runs `text` first."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": str(folder / "site")}


SLOW_RULE = '''
import os, time
from edgelint.rule import Rule, Severity


class Slow(Rule):
    """Takes a minute."""

    code, name, severity = "ACME101", "slow", Severity.NOTE

    def check(self, context):
        open(f"{os.environ['READY']}/ready", "w").close()
        time.sleep(60)
        return ()
'''
