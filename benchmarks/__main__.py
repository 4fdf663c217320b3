"""Writes docs/speed.md: what edgelint takes, beside what libraries and other tools take.

    python -m benchmarks [--only PART]… [--cache FOLDER] [--runs N]

Run it with nothing else on the machine. It makes the environments and models that it needs (6 GB) in the
cache, and uses them again. With `--only`, the other parts of the page stay as they are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import big, folder, linear, page, peers, startup
from benchmarks.settings import ROOT, Settings

PAGE = ROOT / "docs" / "speed.md"

PARTS: dict[str, Callable[[Settings], str]] = {
    "startup": startup.measure,
    "big": big.measure,
    "linear": linear.measure,
    "folder": folder.measure,
    "peers": peers.measure,
}

INTRODUCTION = """# How long a check takes

Written by `python -m benchmarks`; no figure here is typed by hand, and goals that are missed are said to be.
Each row is a process of its own, started cold and ended, with edgelint installed into an environment that has
nothing else.

"""

FACTS = """
import os, sys
from importlib.metadata import distributions, version
from edgelint.rule import registry
names = ("edgelint", "click", "numpy", "onnx")
libraries = ", ".join(f"{name} {version(name)}" for name in names)
count = len({each.name for each in distributions()})
print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]} on {sys.platform}, {libraries};")
print(f"{count} packages installed; {len(registry())} rules.")
"""
"""What the measured Python is asked about itself."""


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description="Writes docs/speed.md.")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; repeatable")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "edgelint-benchmarks"))
    parser.add_argument("--runs", type=int, default=21, help="of the short processes")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    given = parser.parse_args()
    settings = Settings(given.cache.resolve(), given.runs)
    parts = page.parts(given.page)
    # Not from the checkout, whose edgelint would come before the installed one.
    facts = subprocess.run(
        [settings.python, "-c", FACTS], check=True, capture_output=True, text=True, cwd=settings.cache
    ).stdout
    for name, measure in PARTS.items():
        if not given.only or name in given.only:
            print(f"measuring {name}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            parts[name] = measure(settings)
            # After each part: the ones before stay, should the next one fail.
            page.write(given.page, INTRODUCTION + facts, {name: parts.get(name, "") for name in PARTS})


if __name__ == "__main__":
    main()
