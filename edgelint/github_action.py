"""What the GitHub Action runs: `edgelint check` with annotations, a job summary, SARIF and outputs.

Reads its inputs from the environment (action.yml), never from a script that they were written into.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgelint.loaders import is_model_name

_NO_COMMIT = "0" * 40
"""What GitHub calls the commit before the first one."""

_NOT_HERE = "the commit to compare with is not here (fetch-depth of actions/checkout): all models are checked"


def run(environment: Mapping[str, str] = os.environ) -> int:
    """The exit code of the check, which is also in the step's outputs; this step itself does not fail.

    So the reports are uploaded before the last step of the action ends with that code.
    """
    inputs = {key: text.strip() for key, text in environment.items() if key.startswith("EDGELINT_ACTION_")}
    paths = _words(inputs.get("EDGELINT_ACTION_PATHS", "")) or ["."]
    if inputs.get("EDGELINT_ACTION_CHANGED_ONLY", "").lower() == "true":
        changed = changed_models(inputs.get("EDGELINT_ACTION_BASE", ""), paths)
        if changed == []:
            sys.stdout.write("no model file was changed\n")
            _outputs(
                environment,
                {"exit-code": "0", "errors": "0", "warnings": "0", "sarif-file": "", "html-file": ""},
            )
            return 0
        paths = paths if changed is None else changed
    folder = Path(environment.get("RUNNER_TEMP") or tempfile.gettempdir())
    kinds = ["json", "github", "markdown", "sarif"]
    if inputs.get("EDGELINT_ACTION_HTML", "").lower() == "true":
        kinds.append("html")
    files = {kind: folder / f"edgelint.{kind}" for kind in kinds}
    for file in files.values():
        file.unlink(missing_ok=True)
    code = _check(_arguments(inputs, files), paths)
    _publish(environment, files)
    summary = _summary(files["json"])
    _outputs(
        environment,
        {
            "exit-code": str(code),
            "errors": str(summary.get("errors", 0)),
            "warnings": str(summary.get("warnings", 0)),
            **{f"{kind}-file": _written(files.get(kind)) for kind in ("sarif", "html")},
        },
    )
    return code


def changed_models(base: str, paths: Sequence[str]) -> list[str] | None:
    """The model files below `paths` that differ from commit `base`; None where that cannot be told."""
    if not base or base == _NO_COMMIT:
        return None
    command = ["git", "diff", "--name-only", "-z", "--relative", "--diff-filter=d", base, "--", *paths]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.stdout.write(f"::notice::{_NOT_HERE}\n")
        return None
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return [name for name in names if is_model_name(name)]


def _arguments(inputs: Mapping[str, str], files: Mapping[str, Path]) -> list[str]:
    words = [
        word
        for target in shlex.split(inputs.get("EDGELINT_ACTION_TARGET", ""))
        for word in ("--target", target)
    ]
    words += ["--fail-on", inputs.get("EDGELINT_ACTION_FAIL_ON") or "error", "--color", "always"]
    words += [line.strip() for line in inputs.get("EDGELINT_ACTION_ARGS", "").splitlines() if line.strip()]
    for kind, file in files.items():
        words += ["--report", f"{kind}={file}"]
    return words


def _words(text: str) -> list[str]:
    """The words of an input, quoted as in a shell where they hold spaces."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _check(arguments: Sequence[str], paths: Sequence[str]) -> int:
    """A process of its own, whose output is the log. Paths come last: none of them is taken for a flag."""
    command = [sys.executable, "-m", "edgelint", "check", *arguments, "--", *paths]
    return subprocess.run(command, check=False).returncode


def _publish(environment: Mapping[str, str], files: Mapping[str, Path]) -> None:
    """Annotations to the log, Markdown to the job summary."""
    if files["github"].is_file():
        sys.stdout.write(files["github"].read_text(encoding="utf-8"))
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if summary and files["markdown"].is_file():
        with Path(summary).open("a", encoding="utf-8") as out:
            out.write(files["markdown"].read_text(encoding="utf-8"))


def _written(file: Path | None) -> str:
    return str(file) if file is not None and file.is_file() else ""


def _summary(file: Path) -> dict[str, int]:
    if not file.is_file():
        return {}
    found: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))["summary"]
    return found


def _outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    path = environment.get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as out:
            out.writelines(f"{name}={text}\n" for name, text in outputs.items())


if __name__ == "__main__":
    run()
