"""The program: `python -m edgelint`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs a command and exits with its code; Ctrl-C is heard from the first import on."""
    try:
        from edgelint.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
