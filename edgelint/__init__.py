"""edgelint: will this neural network really run on that device?

report = edgelint.check("model.tflite", target="cortex-m4")
print(report.verdict, [finding.message for finding in report.findings])
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgelint.errors import EdgelintError as EdgelintError
    from edgelint.ir.model import Model as Model
    from edgelint.report import Report as Report
    from edgelint.rule import Finding as Finding
    from edgelint.rule import Severity as Severity

__version__ = "0.1.0"

__all__ = ["EdgelintError", "Finding", "Model", "Report", "Severity", "check", "load"]

_HOMES = {
    "EdgelintError": "edgelint.errors",
    "Finding": "edgelint.rule",
    "Model": "edgelint.ir.model",
    "Report": "edgelint.report",
    "Severity": "edgelint.rule",
}
"""Names offered here and where they live: imported when asked for, so that `--help` stays quick."""


def load(path: Path | str, *, dims: Mapping[str, int] | None = None, batch: int | None = None) -> Model:
    """The model in `path`, weights left on disk.

    dims: sizes for symbolic dims; batch: size of a free first dim of the inputs.
    Raises EdgelintError when it is not a readable model.
    """
    from edgelint.loaders import Binding
    from edgelint.loaders import load as load_file

    return load_file(path, Binding(dims or {}, batch))


def check(
    path: Path | str,
    target: str | None = None,
    *,
    task: str = "auto",
    dims: Mapping[str, int] | None = None,
    ram: int | None = None,
    flash: int | None = None,
    reserve: int = 0,
    quantize: str | None = None,
) -> Report:
    """The verdict on the model in `path` for one target, or without one.

    ram, flash: bytes that replace the target's own budgets. reserve: bytes of RAM to leave for the
    application. quantize: "int8", "dynamic"…: what a float model would be after that. A file that
    cannot be read is a report with `error` set. Raises EdgelintError for an unknown target.
    """
    from edgelint.checker import Settings, check_file
    from edgelint.targets import find

    targets = (find(target),) if target else ()
    settings = Settings(
        targets, task=task, dims=dims or {}, ram=ram, flash=flash, reserve=reserve, quantize=quantize
    )
    (report,) = check_file(Path(path), settings)
    return report


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
