"""edgelint: will this neural network really run on that device?

report = edgelint.check("model.tflite", target="cortex-m4")
print(report.verdict, [finding.message for finding in report.findings])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgelint.errors import EdgelintError as EdgelintError
    from edgelint.in_memory import Source
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


def load(model: Source, *, dims: Mapping[str, int] | None = None, batch: int | None = None) -> Model:
    """The graphs of `model`; its weights stay on disk until they are asked for.

    model: a path; or the bytes of a file, an `onnx.ModelProto` or a Keras model, which are written to a
    temporary file that lives as long as the result. dims: sizes for symbolic dims; batch: size of a free
    first dim of the inputs. Raises EdgelintError when it is not a readable model.
    """
    import weakref

    from edgelint.in_memory import spooled
    from edgelint.loaders import Binding
    from edgelint.loaders import load as load_file

    path, folder = spooled(model)
    loaded = load_file(path, Binding(dims or {}, batch))
    if folder is not None:
        weakref.finalize(loaded, folder.cleanup)
    return loaded


def check(
    model: Source,
    target: str | None = None,
    *,
    task: str = "auto",
    dims: Mapping[str, int] | None = None,
    ram: int | None = None,
    flash: int | None = None,
    reserve: int = 0,
    quantize: str | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    options: Mapping[str, object] | None = None,
    weights: bool | None = None,
) -> Report:
    """The verdict on `model` for one target, or without one.

    model: a path, or what is no file yet: bytes, an `onnx.ModelProto`, a Keras model; the verdict is that
    on its file. ram, flash: bytes that replace the target's own budgets. reserve: bytes of RAM to leave
    for the application. quantize: "int8", "dynamic"…: what a float model would be after that. select,
    ignore: rules by code, name or prefix. options: thresholds of rules, such as {"EL203.headroom": 15}.
    weights: whether to read the numbers of weights; None reads those of small models.
    What cannot be read is a report with `error` set. Raises EdgelintError for an unknown target, rule or
    option.
    """
    from dataclasses import replace

    from edgelint.checker import Settings, check_file
    from edgelint.in_memory import is_path, on_disk
    from edgelint.rule import select as codes_of
    from edgelint.targets import find
    from edgelint.thresholds import gather

    settings = Settings(
        (find(target),) if target else (),
        task=task,
        select=None if select is None else codes_of(select),
        ignore=codes_of(ignore),
        dims=dims or {},
        ram=ram,
        flash=flash,
        reserve=reserve,
        quantize=quantize,
        options=gather((*key.partition(".")[::2], value) for key, value in (options or {}).items()),
        weights=weights,
    )
    with on_disk(model) as path:
        (report,) = check_file(path, settings)
    return report if is_path(model) else replace(report, path=f"<{type(model).__name__}>")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
