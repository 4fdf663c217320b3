"""What campaigns have done, in a file per run of one; and the sum of them as a page."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.fuzz.formats import MODULES, REGRESSIONS

FOLDER = Path(__file__).parent / "statistics"
"""The committed figures, one file per campaign."""


@dataclass
class Run:
    """One campaign.

    began: seconds since 1970. seconds: how long. executions: by kind. broken: how many broke the
    promise; faults: their different names. corpus: inputs that atheris kept; edges, features: what
    they reach of edgelint, as libFuzzer counts.
    """

    format: str
    engine: str
    seed: int
    began: int
    seconds: float
    executions: dict[str, int]
    broken: int
    faults: list[str] = field(default_factory=list)
    corpus: int = 0
    edges: int = 0
    features: int = 0

    def write(self, path: Path) -> None:
        """Writes the file whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1) + "\n")
        os.replace(new, path)

    @classmethod
    def read(cls, path: Path) -> Run:
        """The run that was written there."""
        return cls(**json.loads(path.read_text()))


def table(runs: Iterable[Run]) -> str:
    """The figures of all runs by format, as a Markdown table."""
    lines = [
        "| Format | Executions | Loaded | Checked whole | Constants decoded | Real shape inference | Hours "
        "| Per second | Corpus | Edges | Features | Broke the promise | Different faults "
        "| Minimised and fixed |",
        "|---" + "|--:" * 13 + "|",
    ]
    every = list(runs)
    for format in MODULES:
        own = [run for run in every if run.format == format]
        if own:
            lines.append(_line(format, own))
    return "\n".join(lines)


def _line(format: str, runs: list[Run]) -> str:
    done = Counter[str]()
    for run in runs:
        done.update(run.executions)
    executions, seconds = done["load"] + done["check"], sum(run.seconds for run in runs)
    faults = {fault for run in runs for fault in run.faults}
    last = max(runs, key=lambda run: (run.edges > 0, run.began))
    fixed = sum(1 for path in (REGRESSIONS / format).glob("*") if path.is_file())
    inference = f"{done['inference']:,}" if format == "onnx" else "–"
    figures = (
        *(f"{executions:,}", f"{done['load']:,}", f"{done['check']:,}", f"{done['decode']:,}", inference),
        *(f"{seconds / 3600:.1f}", f"{executions / max(seconds, 1):.0f}"),
        *(f"{last.corpus:,}", f"{last.edges:,}", f"{last.features:,}"),
        *(f"{sum(run.broken for run in runs):,}", str(len(faults)), str(fixed)),
    )
    return f"| {format} | " + " | ".join(figures) + " |"
