"""`python -m tests.fuzz`: a campaign against one format, or the page about all of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Parses the command line and runs what it asks for."""
    asked = _arguments()
    if asked.worker:
        _work(asked)
    from tests.fuzz.campaign import Campaign
    from tests.fuzz.page import write_page

    if asked.report:
        write_page()
        return
    place = Path(tempfile.gettempdir()) / "edgelint-fuzz" / asked.format
    run = Campaign(
        format=asked.format,
        engine=asked.engine,
        runs=asked.runs,
        seconds=asked.seconds,
        corpus=asked.corpus or place / "corpus",
        faults=asked.faults or place / "faults",
        seed=int(time.time()) if asked.seed is None else asked.seed,
        statistics=asked.statistics,
    ).run()
    print(run)
    sys.exit(1 if run.broken else 0)


def command_line() -> argparse.ArgumentParser:
    """What the program takes."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("format", nargs="?", choices=("tflite", "onnx", "keras", "keras-h5"))
    parser.add_argument("--runs", type=int, default=10**9, metavar="N", help="loads and checks together")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S")
    parser.add_argument("--engine", choices=("atheris", "mutator"), default="atheris")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="inputs that reach something new")
    parser.add_argument("--faults", type=Path, metavar="DIR", help="inputs that broke the promise")
    parser.add_argument("--seed", type=int, metavar="N", help="the same inputs again; default: the time")
    parser.add_argument("--statistics", type=Path, metavar="FILE", help="write the run's figures there")
    parser.add_argument("--report", action="store_true", help="write the figures in docs/fuzzing.md")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    return parser


def _arguments() -> argparse.Namespace:
    parser = command_line()
    asked = parser.parse_args()
    if not asked.format and not asked.report:
        parser.error("which format?")
    return asked


def _work(asked: argparse.Namespace) -> None:
    """A worker's life: it tries inputs until it is killed."""
    if asked.engine == "atheris":
        _import_instrumented(asked.format)
    from tests.fuzz.engines import Trial, guide, mutate

    trial = Trial(asked.format, asked.worker, asked.faults)
    if asked.engine == "mutator":
        mutate(asked.format, trial, lambda: True, asked.seed, asked.corpus)
    options = [f"-seed={asked.seed % 2**31 + 1}", "-timeout=3600", "-rss_limit_mb=6000", "-reload=0"]
    guide(asked.format, trial, asked.corpus, options)


_KERAS = {"keras", "hdf5"}
_FAMILIES = {"tflite": {"tflite"}, "onnx": {"onnx"}, "keras": _KERAS, "keras-h5": _KERAS}
"""Format to the packages of loaders that read it."""


def _import_instrumented(format: str) -> None:
    """Imports edgelint with counters at its branches: most of it would be imported only when needed."""
    import pkgutil
    from importlib import import_module

    import atheris

    with atheris.instrument_imports(include=["edgelint"]):
        import edgelint
        from edgelint.rule import registry

        # Asked for, each rule is imported.
        list(registry().values())
        for found in pkgutil.walk_packages(edgelint.__path__, "edgelint."):
            _, room, *inside = found.name.split(".")
            if room == "loaders" and inside and inside[0] not in _FAMILIES[format]:
                continue
            if room in ("analysis", "checker", "context", "ir", "loaders", "lowering"):
                import_module(found.name)


if __name__ == "__main__":
    main()
