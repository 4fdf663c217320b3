"""The program: `python -m edgelint`."""

from __future__ import annotations

import sys

from edgelint import cycles


def main() -> None:
    """Runs a command and exits with its code; Ctrl-C is heard from the first import on."""
    cycles.leave_to_edgelint()
    try:
        from edgelint.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
