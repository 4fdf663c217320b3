"""How the program behaves beside what it finds: completion, quiet and loud output, pipes, interrupts."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from edgelint.commands.completion import SHELLS, listed_rules
from edgelint.commands.standard_input import copy
from edgelint.errors import EdgelintError
from edgelint.rule import registry
from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES

MODELS = FIXTURES / "models"
GOOD = MODELS / "digits_cnn.int8.tflite"
WRONG = MODELS / "diabetes_softmax_one_unit.int8.tflite"
NOTED = MODELS / "digits_cnn.float32.tflite"
BROKEN = FIXTURES / "malformed" / "truncated.tflite"


# Completion


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_calls_the_program_back(shell: str) -> None:
    script = edgelint("--completion", shell).stdout
    assert "_EDGELINT_COMPLETE" in script
    assert f"{shell}_complete" in script


def completed(*words: str, cwd: Path | None = None) -> list[str]:
    """What bash is told to offer for the last of `words`."""
    done = edgelint(
        cwd=cwd,
        env={
            "_EDGELINT_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("edgelint", *words)),
            "COMP_CWORD": str(len(words)),
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("check", "--target", "cortex-m"), "cortex-m4"),
        (("check", "--target", "litert-cpu,cortex-m"), "litert-cpu,cortex-m4"),
        (("targets", "arduino-nano-33"), "arduino-nano-33-ble-sense"),
        (("check", "--select", "softmax-on"), "softmax-on-one-unit"),
        (("check", "--ignore", "EL101,el4"), "EL101,EL403"),
        (("rule", "EL40"), "EL403"),
        (("check", "--option", "better-op"), "better-operator-order.percent="),
        (("check", "--option", "EL205.b"), "EL205.bytes="),
        (("check", "--stat"), "--statistics"),
    ],
)
def test_names_are_completed(words: tuple[str, ...], offered: str) -> None:
    every = completed(*words)
    assert offered in every
    assert all(each.lower().startswith(words[-1].lower()) for each in every)


def test_targets_of_the_own_configuration_are_completed(tmp_path: Path) -> None:
    (tmp_path / "edgelint.toml").write_text('[board.acme-sensor]\ncore = "cortex-m4"\n')
    assert completed("check", "--target", "acme", cwd=tmp_path) == ["acme-sensor"]


def test_rules_are_listed_as_they_are_without_importing_them() -> None:
    listed = {rule.code: (rule.name, rule.summary) for rule in listed_rules()}
    own = {code: rule for code, rule in registry().items() if type(rule).__module__.startswith("edgelint.")}
    assert listed == {code: (rule.name, rule.summary().rstrip(".")) for code, rule in own.items()}


def test_completion_imports_no_rule() -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)))\n"
        "from edgelint.cli import run\n"
        "run()\n"
    )
    asked = {"_EDGELINT_COMPLETE": "bash_complete", "COMP_WORDS": "edgelint rule EL4", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | asked, check=True
    )
    loaded = set(done.stderr.split())
    assert "plain,EL403" in done.stdout
    assert not [name for name in loaded if name.startswith(("edgelint.rules.", "numpy", "rich", "onnx"))]


@pytest.mark.parametrize("place", ["before", "after"], ids="registered {} the program begins".format)
def test_what_others_want_done_at_exit_is_done(place: str) -> None:
    lines = ["from edgelint import cli", "import atexit", "wanted = lambda: print('done')"]
    register = "atexit.register(wanted)"
    if place == "after":
        register = (
            "prepare = cli._prepare_streams; cli._prepare_streams = lambda: (prepare(), " + register + ")"
        )
    program = "\n".join([*lines, register, "import sys; sys.argv = ['edgelint', '--version']", "cli.run()"])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\ndone\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script() -> None:
    asked = "COMP_WORDS=(edgelint targets arduino-nano-33-ble-s); COMP_CWORD=2; _edgelint_completion edgelint"
    done = subprocess.run(
        ["bash", "-c", f'eval "$(edgelint --completion bash)"; {asked}; echo "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        check=False,
    )
    assert (done.stdout, done.stderr) == ("arduino-nano-33-ble-sense\n", "")


# How much is told


def test_exit_zero_leaves_only_failures_in_the_exit_code() -> None:
    assert edgelint("check", WRONG, "--exit-zero").returncode == 0
    assert edgelint("check", WRONG, BROKEN, "--exit-zero").returncode == 2


def test_statistics_count_by_rule_with_the_worst_first() -> None:
    others = sorted(MODELS.glob("*softmax_one_unit*.tflite"))
    done = edgelint("check", *others, NOTED, BROKEN, "--target", "cortex-m4", "--statistics")
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{BROKEN}: EL901 error: ")
    head = next(place for place, line in enumerate(lines) if line.split()[:2] == ["findings", "models"])
    assert lines[head + 1].split()[2:] == ["error", "EL403", "softmax-on-one-unit"]
    severities = [line.split()[2] for line in lines[head + 1 : -1]]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert lines[-1].endswith("1 unreadable")


def test_statistics_as_json_add_up_to_the_findings() -> None:
    _, full = edgelint_json("check", WRONG, NOTED, "--target", "cortex-m4")
    _, counted = edgelint_json("check", WRONG, NOTED, "--target", "cortex-m4", "--statistics")
    found = [finding["code"] for report in full["reports"] for finding in report["findings"]]
    assert {each["code"]: each["findings"] for each in counted["statistics"]} == {
        code: found.count(code) for code in found
    }
    assert counted["summary"] == full["summary"]


def test_quiet_shows_warnings_errors_and_unreadable_files_only() -> None:
    assert edgelint("check", GOOD, NOTED, "--target", "cortex-m4", "-q").stdout == ""
    loud = edgelint("check", WRONG, BROKEN, "-q").stdout.splitlines()
    assert [line for line in loud if not line.startswith(" ")] == [
        line for line in loud if ": EL403 error: " in line or ": EL901 error: " in line
    ]
    assert edgelint("check", "gone.tflite", "-q").stdout != ""


def test_quiet_shows_the_notes_that_fail_the_check() -> None:
    done = edgelint("check", NOTED, "--target", "cortex-m4", "-q", "--fail-on", "note")
    assert done.returncode == 1
    assert " note: " in done.stdout


def test_verbose_shows_evidence_page_and_every_operator() -> None:
    shown = edgelint("check", WRONG, "-v", "--target", "cortex-m4").stdout
    assert "evidence: exact; see EL403-softmax-on-one-unit.md" in shown
    assert any(line.split() == ["SOFTMAX", "1", "supported"] for line in shown.splitlines())


def test_verbose_tells_every_finding_for_itself() -> None:
    models = MODELS, "--target", "onnxruntime-cpu"
    _, document = edgelint_json("check", *models)
    every = sum(len(report["findings"]) for report in document["reports"])
    shown = edgelint("check", *models, "-v").stdout
    assert "also at" not in shown
    assert shown.count("\n    evidence: ") == every


def test_version_with_verbose_names_python_and_libraries_without_loading_them() -> None:
    said = edgelint("--version", "-v").stdout
    assert said.startswith("edgelint, version ")
    assert f"Python {sys.version.split()[0]}" in said
    assert {"click", "numpy", "onnx", "rich"} <= {line.split()[0] for line in said.splitlines()}
    assert edgelint("-v", "--version").stdout == said
    assert len(edgelint("--version").stdout.splitlines()) == 1


def test_a_pinned_version_in_the_environment_is_no_option() -> None:
    pinned = {"EDGELINT_VERSION": "0.1.0", "EDGELINT_VERBOSE": "1", "EDGELINT_COMPLETION": "zsh"}
    assert edgelint("check", GOOD, env=pinned).returncode == 0


def test_nothing_to_check_is_a_failure_unless_allowed(tmp_path: Path) -> None:
    assert edgelint("check", tmp_path).returncode == 2
    assert edgelint("check", tmp_path / "*.onnx").returncode == 2
    assert edgelint("check").returncode == 2
    for empty in ((tmp_path,), (tmp_path / "*.onnx",), ()):
        done = edgelint("check", *empty, "--allow-empty")
        assert (done.returncode, done.stdout) == (0, "0 errors, 0 warnings, 0 notes in 0 models\n")
    assert edgelint("check", tmp_path / "gone.onnx", "--allow-empty").returncode == 2


@pytest.mark.parametrize(("arguments", "shown"), [((), True), (("--no-progress",), False), (("-q",), False)])
def test_only_a_terminal_that_wants_it_has_a_progress_bar(arguments: tuple[str, ...], shown: bool) -> None:
    terminal, other_end = pty.openpty()
    env = {name: text for name, text in os.environ.items() if name != "CI"} | {"TERM": "xterm"}
    subprocess.run(
        [sys.executable, "-m", "edgelint", "check", str(GOOD), str(WRONG), str(NOTED), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=other_end,
        env=env,
        check=False,
    )
    os.write(other_end, b"end")
    assert (b"checking" in os.read(terminal, 65536)) is shown
    os.close(other_end)
    os.close(terminal)


# Standard input


def piped(data: bytes, *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a run that reads `data`."""
    done = subprocess.run(
        [sys.executable, "-m", "edgelint", *map(str, arguments)],
        input=data,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("suffix", ["int8.tflite", "onnx", "keras", "h5"])
def test_a_model_from_standard_input_has_the_verdict_of_its_file(suffix: str) -> None:
    model = MODELS / f"digits_cnn.{suffix}"
    code, document = edgelint_json("check", model, "--target", "cortex-m4")
    said = piped(model.read_bytes(), "check", "-", "--target", "cortex-m4", "--format", "json")
    assert said[0] == code
    document["reports"][0]["path"] = "<stdin>"
    assert json.loads(said[1]) == document


def test_standard_input_has_the_name_it_is_given() -> None:
    said = piped(WRONG.read_bytes(), "check", "-", GOOD, "--stdin-filename", "new/head[1].tflite")
    assert said[0] == 1
    assert said[1].startswith("new/head[1].tflite:")
    assert str(GOOD) in said[1]
    assert piped(GOOD.read_bytes(), "inspect", "-")[1].count("<stdin> · tflite") == 1


@pytest.mark.parametrize("format", ["sarif", "html", "junit", "markdown", "github", "gitlab"])
def test_every_format_takes_standard_input(format: str) -> None:
    code, said, errors = piped(WRONG.read_bytes(), "check", "-", "--format", format)
    assert (code, errors) == (1, "")
    assert said


def test_what_is_no_model_on_standard_input_is_told_like_a_file() -> None:
    code, said, _ = piped(b"", "check", "-")
    assert code == 2
    assert said.startswith("<stdin>: EL903 error: is empty")


def test_standard_input_is_read_up_to_a_limit(tmp_path: Path) -> None:
    copy(io.BytesIO(b"x" * 100), tmp_path / "model", largest=100)
    assert (tmp_path / "model").stat().st_size == 100
    with pytest.raises(EdgelintError, match="more than 99 bytes"):
        copy(io.BytesIO(b"x" * 100), tmp_path / "model", largest=99)


# Interrupts and closed pipes


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_in_the_middle_of_a_long_check_is_quiet(jobs: str) -> None:
    program = [sys.executable, "-m", "edgelint", "check", *[str(MODELS), str(FIXTURES)], "--jobs", jobs]
    cores = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "esp32s3")
    with subprocess.Popen(
        [*program, *(word for core in cores for word in ("--target", core))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        time.sleep(1.2)
        assert process.poll() is None, "the check was over before it could be interrupted"
        begin = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, errors) == (b"", b"")
    assert time.monotonic() - begin < 10


def test_ctrl_c_while_a_model_is_awaited_is_quiet() -> None:
    program = [sys.executable, "-m", "edgelint", "check", "-"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"the first bytes")
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (130, b"", b"")


@pytest.mark.parametrize(
    "arguments", [("check", MODELS, "-q"), ("check", GOOD), ("--help",), ("rule",), ("--completion", "bash")]
)
def test_a_closed_pipe_is_no_finding(arguments: Iterable[str | Path]) -> None:
    program = [sys.executable, "-m", "edgelint", *map(str, arguments)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("check", GOOD), ("--help",)])
def test_a_full_disk_is_told_in_one_line(arguments: Iterable[str | Path]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edgelint", *map(str, arguments)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "edgelint: the output cannot be written: No space left on device\n"


def test_a_closed_standard_output_leaves_the_exit_code() -> None:
    program = f"{sys.executable} -m edgelint check"
    for model, code in ((GOOD, 0), (WRONG, 1)):
        done = subprocess.run(["sh", "-c", f"{program} '{model}' >&-"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (code, b"")


# Wrong calls


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", GOOD, "--task", "clasification"], "did you mean 'classification'?"),
        (["check", GOOD, "--format", "sariff"], "did you mean 'sarif'?"),
        (["check", GOOD, "--quantize", "int4"], "did you mean 'int8'?"),
        (["check", GOOD, "--fail-on", "erorr"], "did you mean 'error'?"),
        (["check", GOOD, "--color", "yes"], "'auto', 'always', 'never'"),
        (["check", GOOD, "--exit-zer"], "--exit-zero"),
        (["check", GOOD, "--jobs", "0"], "x>=1"),
        (["check", GOOD, "--dim", "seq"], "such as seq=64"),
        (["check", GOOD, "--option", "EL205"], "such as EL205.percent=10"),
        (["check", GOOD, "--option", "EL205.shares=1"], "it has percent, bytes"),
        (["check", GOOD, "--report", "sarrif=out"], "such as sarif=FILE"),
        (["check", GOOD, "--ram", "3Q"], "write 262144, 256K or 1M"),
        (["check", GOOD, "--flash", "x"], "write 262144, 256K or 1M"),
        (["check", GOOD, "--reserve", "x"], "write 262144, 256K or 1M"),
        (["check", GOOD, "--macs", "-3"], "write 2500000, 2.5M or 1G"),
        (["check", GOOD, "--select", ""], "names no rule"),
        (["check", GOOD, "--ignore", " , "], "names no rule"),
        (["check", GOOD, "--target", ","], "names no target"),
        (["check", GOOD, "--target"], "requires an argument"),
        (["check", GOOD, "--config", "gone.toml"], "gone.toml: does not exist"),
        (["check", GOOD, "--output", FIXTURES], "is a directory"),
        (["check", GOOD, "--output", "gone/out.json"], "cannot be written"),
        (["check", GOOD, "--baseline", "gone.json"], "gone.json"),
        (["check", GOOD, "-q", "-v"], "exclude each other"),
        (["check", GOOD, "--statistics", "--format", "sarif"], "it has text and json"),
        (["check", GOOD, "--stdin-filename", "x.onnx"], "the path -, which is not given"),
        (["check", GOOD, "--watch", "--format", "json"], "--output file only"),
        (["check", "-", "--watch"], "nothing to watch"),
        (["inspect", GOOD, "--format", "html"], "'text', 'json'"),
        (["inspect", GOOD, "--resolvr"], "--resolver"),
        (["diff", GOOD], "Missing argument 'NEW'"),
        (["diff", GOOD, GOOD, "--fail-on", "kontract"], "did you mean 'contract'?"),
        (["diff", GOOD, GOOD, "--allow-growth", "x"], "is not a valid float"),
        (["graph", GOOD, "--format", "pdf"], "'svg'"),
        (["targets", "--operator", "Konv"], "no table has an operator"),
        (["-v", "check", GOOD], "edgelint check -v"),
        (["--completion", "tcsh"], "'bash', 'zsh', 'fish'"),
    ],
)
def test_a_wrong_flag_exits_with_2_and_says_what_would_be_right(
    arguments: list[str | Path], said: str
) -> None:
    done = edgelint(*arguments)
    assert done.returncode == 2
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert said in told
    assert done.stdout == ""
