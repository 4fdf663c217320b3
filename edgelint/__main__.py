"""The program: `python -m edgelint`."""

from __future__ import annotations

import gc
import sys

NEW_OBJECTS, TIMES = 100_000, 100
"""After so many Python looks for cycles of unused objects among the new ones, and after so many times that
among those that were left. Its own 700 and 10 take a tenth of the time to start up, and of that for a large
graph; edgelint makes hardly any cycles."""


def main() -> None:
    """Runs a command and exits with its code; Ctrl-C is heard from the first import on."""
    gc.set_threshold(NEW_OBJECTS, TIMES)
    try:
        from edgelint.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
