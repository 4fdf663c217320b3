"""`python -m edgelint`."""

from edgelint.cli import run

if __name__ == "__main__":
    run()
