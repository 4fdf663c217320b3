"""action.yml, and what it runs, under a runner's environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import FIXTURES, ROOT

GOOD = FIXTURES / "models" / "digits_cnn.int8.tflite"
WRONG = FIXTURES / "models" / "cancer_softmax_one_unit.keras"
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")


class Runner:
    """A checkout with models in it, and the files that a runner hands to a step."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        self.output, self.summary = folder / "output", folder / "summary"
        self.temp = folder / "temp"
        self.temp.mkdir()

    def add(self, source: Path, name: str = "") -> Path:
        return Path(shutil.copy(source, self.checkout / (name or source.name)))

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.checkout, check=True, capture_output=True, text=True).stdout

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "models")
        return self.git("rev-parse", "HEAD").strip()

    def run(self, **inputs: str) -> tuple[str, dict[str, str]]:
        """The log and the outputs of the step with these inputs."""
        environment = {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.temp),
            **{f"EDGELINT_ACTION_{name.upper()}": text for name, text in inputs.items()},
        }
        done = subprocess.run(
            [sys.executable, "-m", "edgelint.github_action"],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        lines = self.output.read_text().splitlines()
        return done.stdout, dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_findings_become_annotations_a_summary_and_outputs(runner: Runner) -> None:
    runner.add(WRONG)
    log, outputs = runner.run(target="cortex-m4")
    assert [
        line for line in log.splitlines() if line.startswith("::error file=cancer_softmax_one_unit.keras")
    ]
    assert "| cancer&#95;softmax&#95;one&#95;unit.keras | cortex-m4 |" in runner.summary.read_text()
    assert outputs["exit-code"] == "1"
    assert int(outputs["errors"]) >= 1
    assert Path(outputs["sarif-file"]).is_file()


def test_the_page_is_kept_when_asked_for(runner: Runner) -> None:
    runner.add(WRONG)
    assert runner.run()[1]["html-file"] == ""
    page = Path(runner.run(html="true", target="cortex-m4")[1]["html-file"])
    assert "EL403" in page.read_text(encoding="utf-8")


def test_a_clean_folder_is_exit_code_0(runner: Runner) -> None:
    runner.add(GOOD)
    log, outputs = runner.run(target="cortex-m4")
    assert outputs["exit-code"] == "0"
    assert not [line for line in log.splitlines() if line.startswith("::error")]


def test_the_threshold_and_more_arguments_are_handed_on(runner: Runner) -> None:
    runner.add(WRONG)
    assert runner.run(fail_on="never")[1]["exit-code"] == "0"
    assert runner.run(args="--select\nEL7\n")[1]["exit-code"] == "0"


def test_an_input_is_data_not_code(runner: Runner) -> None:
    runner.add(GOOD)
    _, outputs = runner.run(paths="'$(touch owned)' '; touch owned' --output=owned", args="`touch owned`")
    assert outputs["exit-code"] == "2"
    assert not (runner.checkout / "owned").exists()


def test_only_changed_models_are_checked_when_asked(runner: Runner) -> None:
    runner.git("init", "-q")
    runner.add(WRONG)
    base = runner.commit()
    runner.add(GOOD, "new model.tflite")
    runner.commit()
    log, outputs = runner.run(changed_only="true", base=base)
    assert outputs["exit-code"] == "0"
    assert "new model.tflite" in log
    assert WRONG.name not in log


def test_no_changed_model_is_nothing_to_do(runner: Runner) -> None:
    runner.git("init", "-q")
    runner.add(WRONG)
    base = runner.commit()
    log, outputs = runner.run(changed_only="true", base=base)
    assert log == "no model file was changed\n"
    assert outputs["exit-code"] == "0"


def test_without_the_base_commit_everything_is_checked(runner: Runner) -> None:
    runner.git("init", "-q")
    runner.add(WRONG)
    runner.commit()
    log, outputs = runner.run(changed_only="true", base="f" * 40)
    assert "::notice::the commit to compare with is not here" in log
    assert outputs["exit-code"] == "1"


def test_no_input_is_written_into_a_script() -> None:
    scripts = re.findall(r"^\s+run:(.*?)(?=^\s+- |\Z)", ACTION, re.MULTILINE | re.DOTALL)
    assert len(scripts) == 3
    assert not [script for script in scripts if "${{" in script]


def test_actions_of_others_are_pinned_to_a_commit() -> None:
    used = re.findall(r"uses: (\S+)", ACTION)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)


def test_the_action_satisfies_githubs_schema() -> None:
    pytest.importorskip("check_jsonschema")
    command = ["check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
