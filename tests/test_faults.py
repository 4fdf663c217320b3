"""What a user gets when something around edgelint breaks: disk, pipes, signals, processes, locale, clock."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FIXTURES

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")

MODELS = FIXTURES / "models"
WRONG = "wrong.tflite"
FORMATS = ("text", "json", "html", "sarif", "github", "gitlab", "junit", "markdown")

PROGRAM = (sys.executable, "-m", "edgelint")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model of each format, of which one has an error."""
    for name, model in {
        "m.tflite": "digits_cnn.int8.tflite",
        "m.onnx": "digits_cnn.onnx",
        "m.keras": "digits_cnn.keras",
        WRONG: "diabetes_softmax_one_unit.int8.tflite",
    }.items():
        shutil.copyfile(MODELS / model, tmp_path / name)
    return tmp_path


def run(
    folder: Path,
    *arguments: str | Path,
    env: Mapping[str, str | None] | None = None,
    before: Callable[[], None] | None = None,
    **streams: Any,
) -> subprocess.CompletedProcess[bytes]:
    """A run of the program in `folder`; `before` happens in its process, None in `env` takes a name out."""
    around = {name: text for name, text in os.environ.items() if not name.startswith("EDGELINT_")}
    around |= {name: text for name, text in (env or {}).items() if text is not None}
    for name in [name for name, text in (env or {}).items() if text is None]:
        around.pop(name, None)
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=folder,
        env=around,
        preexec_fn=before,
        timeout=120,
        check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


def one_line(said: bytes) -> str:
    """The line that was said; fails where it is none, several, or a traceback."""
    (line,) = said.decode().splitlines()
    assert "Traceback" not in line
    return line


def limited(kind: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (amount, amount))


def without_privileges() -> None:
    """Makes permissions count for root, too, once the program is started."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


# A full disk

EVERY_WRITER = {
    "check": ("check", "m.onnx", "--format", "json"),
    "check html": ("check", "m.onnx", "--format", "html"),
    "inspect": ("inspect", "m.onnx"),
    "graph": ("graph", "m.onnx"),
    "graph png": ("graph", "m.onnx", "--format", "png"),
    "diff": ("diff", "m.onnx", "m.tflite"),
    "baseline": ("baseline", "m.onnx", WRONG),
    "record": ("record", "m.onnx", WRONG),
}


@pytest.mark.parametrize("command", EVERY_WRITER.values(), ids=EVERY_WRITER)
def test_a_full_disk_leaves_the_old_report_and_nothing_else(command: Sequence[str], folder: Path) -> None:
    (folder / "report").write_text("the old one")
    there = sorted(folder.iterdir())
    done = run(folder, *command, "--output", "report", before=limited(resource.RLIMIT_FSIZE, 40))
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr) == "Error: report: cannot be written: File too large"
    assert (folder / "report").read_text() == "the old one"
    assert sorted(folder.iterdir()) == there


@pytest.mark.parametrize(
    "command",
    [("check", "m.tflite"), ("graph", "m.tflite"), ("baseline", "m.tflite"), ("targets",), ("--version",)],
    ids=lambda command: command[0],
)
def test_standard_output_on_a_full_disk_is_told(command: Sequence[str], folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(folder, *command, stdout=full)
    assert done.returncode == 2
    assert one_line(done.stderr) == "edgelint: the output cannot be written: No space left on device"


def test_standard_error_on_a_full_disk_costs_nothing_but_its_words(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        assert run(folder, "check", WRONG, stderr=full).returncode == 1
        assert run(folder, "check", "--output", "gone/x", WRONG, stderr=full).returncode == 2
        assert run(folder, "check", "--no-such-option", stderr=full).returncode == 2


# Where a report goes


def test_a_report_is_written_to_what_is_no_file(folder: Path) -> None:
    (folder / "null").symlink_to("/dev/null")
    assert run(folder, "check", "m.onnx", "--output", "null").returncode == 0
    assert Path("/dev/null").is_char_device()
    assert b"1 model" in run(folder, "check", "m.onnx", "--output", "/dev/stdout").stdout
    done = run(folder, "check", "m.onnx", "--output", "/dev/full")
    assert one_line(done.stderr) == "Error: /dev/full: cannot be written: No space left on device"


def test_a_link_to_a_report_stays_one(folder: Path) -> None:
    (folder / "reports").mkdir()
    (folder / "report.json").symlink_to("reports/today.json")
    for _ in range(2):
        assert run(folder, "check", "m.onnx", "--format", "json", "--output", "report.json").returncode == 0
        assert (folder / "report.json").is_symlink()
        assert json.loads((folder / "reports" / "today.json").read_text())["summary"]["models"] == 1
    assert [path.name for path in (folder / "reports").iterdir()] == ["today.json"]


def masked() -> None:
    os.umask(0o027)


def test_a_report_has_the_permissions_of_the_old_one_or_those_of_any_new_file(folder: Path) -> None:
    report = folder / "report"
    report.touch()
    report.chmod(0o664)
    run(folder, "check", "m.tflite", "--output", "report", before=masked)
    assert report.stat().st_mode & 0o777 == 0o664
    report.unlink()
    run(folder, "check", "m.tflite", "--output", "report", before=masked)
    assert report.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("check", WRONG, "--output", WRONG), "is read here, and is no place for a report"),
        (("check", WRONG, "--output", "m.onnx"), "is a model, not a place for a report"),
        (("check", WRONG, "--output", "new.keras"), "is a model, not a place for a report"),
        (("check", WRONG, "--report", "sarif=model.bin"), "is a model, not a place for a report"),
        (("graph", "m.tflite", "--output", "link"), "is a model, not a place for a report"),
        (("baseline", WRONG, "--output", "m.keras"), "is a model, not a place for a report"),
        (("check", "notes.txt", "--output", "notes.txt"), "is read here, and is no place for a report"),
        (("check", WRONG, "--config", "c.toml", "--output", "c.toml"), "is read here"),
        (("check", WRONG, "--output", "gone/report"), "cannot be written: No such file or directory"),
        (("check", WRONG, "--output", "notes.txt/report"), "cannot be written: Not a directory"),
        (("check", WRONG, "--output", "x" * 300), "cannot be written: File name too long"),
    ],
)
def test_nothing_is_written_over_what_is_no_report(command: Sequence[str], said: str, folder: Path) -> None:
    shutil.copyfile(folder / "m.onnx", folder / "model.bin")
    (folder / "link").symlink_to("model.bin")
    (folder / "notes.txt").write_text("no model")
    (folder / "c.toml").write_text("target = 'cortex-m4'")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run(folder, *command)
    assert done.returncode == 2
    assert said in one_line(done.stderr)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_report_that_cannot_be_written_is_told_before_models_are_judged(folder: Path) -> None:
    env = {**pack(folder, SLOW_RULE), "READY": str(folder)}
    assert run(folder, "check", "m.onnx", "--report", "json=gone/report", env=env).returncode == 2
    assert not (folder / "ready").exists()


def test_a_folder_that_takes_no_file_is_told(folder: Path) -> None:
    (folder / "kept").write_text("old")
    (folder / "kept").chmod(0o444)
    folder.chmod(0o555)
    try:
        for command in (
            ("check", "m.onnx", "--output", "report"),
            ("baseline", "m.onnx"),
            ("record", "m.onnx"),
        ):
            done = run(folder, *command, before=without_privileges)
            assert done.returncode == 2
            assert one_line(done.stderr).endswith("cannot be written: Permission denied")
        assert run(folder, "check", WRONG, before=without_privileges).returncode == 1
        folder.chmod(0o755)
        done = run(folder, "check", "m.onnx", "--output", "kept", before=without_privileges)
        assert one_line(done.stderr) == "Error: kept: cannot be written: Permission denied"
    finally:
        folder.chmod(0o755)
    assert (folder / "kept").read_text() == "old"


def test_what_may_not_be_read_is_told_and_the_rest_is_checked(folder: Path) -> None:
    (folder / "closed" / "deep").mkdir(parents=True)
    (folder / "closed").chmod(0)
    (folder / "m.keras").chmod(0)
    try:
        done = run(folder, "check", ".", "closed/m.onnx", "--format", "json", before=without_privileges)
    finally:
        (folder / "closed").chmod(0o755)
    reports = json.loads(done.stdout)["reports"]
    refused = {each["path"]: each["error"]["problem"] for each in reports if each["error"]}
    assert refused == dict.fromkeys(
        ("m.keras", "closed", "closed/m.onnx"), "cannot be read: Permission denied"
    )
    assert len(reports) == 6
    assert (done.returncode, done.stderr) == (2, b"")


# Pipes and streams


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_leave_the_exit_code(closed: str, folder: Path) -> None:
    for command, code in ((f"check {WRONG} --jobs 2 m.tflite", 1), ("check gone", 2)):
        line = f"exec {sys.executable} -m edgelint {command} {closed}"
        done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, timeout=60, check=False)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


def test_who_reads_one_line_gets_it_and_no_complaint(folder: Path) -> None:
    line = f"{sys.executable} -m edgelint check . . --verbose | head -n 1"
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


# Interrupts

SLOW_WRITE = """
import os, time
def replace(source, target, real=os.replace):
    open("ready", "w").close()
    time.sleep(60)
os.replace = replace
"""
"""A disk that takes a minute to finish a file."""

SLOW_RULE = '''
import os, time
from edgelint.rule import Rule, Severity


class Slow(Rule):
    """Takes a minute."""

    code, name, severity = "ACME101", "slow", Severity.NOTE

    def check(self, context):
        open(f"{os.environ['READY']}/ready", "w").close()
        time.sleep(60)
        return ()
'''

SLOW_INFERENCE = """
import onnx.shape_inference, os, time
def infer_shapes(*arguments, **options):
    open("ready", "w").close()
    while True:
        pass
onnx.shape_inference.infer_shapes = infer_shapes
"""


def pack(folder: Path, text: str, name: str = "acme_rules") -> dict[str, str]:
    """A rule pack with one module, and the environment in which it is installed."""
    package, about = folder / "site" / name, folder / "site" / f"{name}-1.0.dist-info"
    package.mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").write_text("")
    (package / "rule.py").write_text(text)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[edgelint.rules]\n{name} = {name}\n")
    return {"PYTHONPATH": str(folder / "site")}


def at_start(folder: Path, text: str) -> dict[str, str]:
    """An environment in which Python runs `text` first."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": str(folder / "site")}


def processes_of(session: int) -> list[str]:
    """The command lines of what is alive in a session."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append((entry / "cmdline").read_text())
        except (OSError, ValueError):
            continue
    return found


def stopped(
    folder: Path, number: signal.Signals, env: Mapping[str, str], *command: str, whole_group: bool = False
) -> tuple[int, bytes, bytes]:
    """Exit code and output of a run that gets a signal as soon as there is a file `ready`.

    Fails where it takes long to end, or leaves a process behind.
    """
    with subprocess.Popen(
        [*PROGRAM, *command],
        cwd=folder,
        env={**os.environ, "READY": str(folder), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not (folder / "ready").exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            os.killpg(process.pid, number) if whole_group else process.send_signal(number)
            out, errors = process.communicate(timeout=20)
            deadline = time.monotonic() + 5
            while left := processes_of(process.pid):
                assert time.monotonic() < deadline, left
                time.sleep(0.02)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, out, errors


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize(
    ("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 2), (signal.SIGTERM, 2)]
)
def test_a_signal_ends_a_check_quietly_with_all_its_processes(
    number: signal.Signals, jobs: int, folder: Path
) -> None:
    env = pack(folder, SLOW_RULE)
    command = ("check", "m.onnx", "m.tflite", WRONG, "--jobs", str(jobs))
    assert stopped(folder, number, env, *command) == (SIGNALS[number], b"", b"")


def test_ctrl_c_goes_to_all_processes_and_is_quiet(folder: Path) -> None:
    env = pack(folder, SLOW_RULE)
    command = ("check", "m.onnx", "m.tflite", WRONG, "--jobs", "2")
    assert stopped(folder, signal.SIGINT, env, *command, whole_group=True) == (130, b"", b"")


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_a_signal_ends_shape_inference_in_its_process(
    number: signal.Signals, jobs: int, folder: Path
) -> None:
    env = at_start(folder, SLOW_INFERENCE)
    shutil.copyfile(folder / "m.onnx", folder / "n.onnx")
    command = ("check", "m.onnx", "n.onnx", "--jobs", str(jobs))
    assert stopped(folder, number, env, *command) == (SIGNALS[number], b"", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_while_a_report_is_written_leaves_the_old_one(number: signal.Signals, folder: Path) -> None:
    env = at_start(folder, SLOW_WRITE)
    (folder / "report").write_text("the old one")
    there = {*folder.iterdir(), folder / "ready"}
    command = ("check", "m.tflite", "--output", "report")
    assert stopped(folder, number, env, *command) == (SIGNALS[number], b"", b"")
    assert (folder / "report").read_text() == "the old one"
    assert set(folder.iterdir()) == there


def test_ctrl_c_does_not_wait_for_who_reads_the_report(folder: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "rule", "--format", "json"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        time.sleep(2)
        assert process.poll() is None, "the pipe takes the whole report"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_signal_at_an_unhandy_moment_is_not_lost(folder: Path) -> None:
    """Python forgets what is raised while it calls back at the end of an object."""
    unhandy = """
import signal, sys, weakref
class Object: pass
def install():
    import edgelint.checker
    kept = Object()
    weakref.ref(kept)
    reference = weakref.ref(kept, lambda gone: signal.raise_signal(signal.SIG{number}))
    del kept
    import time
    time.sleep(60)
"""
    for name, code in (("INT", 130), ("TERM", 143)):
        program = unhandy.format(number=name) + (
            "import edgelint.cli\nedgelint.cli._command = install\nedgelint.cli.run()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, timeout=30, check=False
        )
        assert (done.returncode, done.stderr) == (code, b"")


def test_a_signal_in_an_audit_leaves_the_old_table(folder: Path) -> None:
    env = {**pack(folder, SLOW_RULE), "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "table.jsonl").write_text("the old one")
    command = (
        "audit",
        "m.onnx",
        "m.tflite",
        WRONG,
        "--target",
        "cortex-m4",
        "-o",
        "table.jsonl",
        "--jobs",
        "2",
    )
    assert stopped(folder, signal.SIGTERM, env, *command)[:2] == (143, b"")
    assert (folder / "table.jsonl").read_text() == "the old one"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_what_nohup_starts_does_not_hear_the_terminal_go(folder: Path) -> None:
    env = pack(folder, SLOW_RULE.replace("sleep(60)", "sleep(1)"))
    with subprocess.Popen(
        [*PROGRAM, "check", "m.tflite"],
        cwd=folder,
        env={**os.environ, "READY": str(folder), **env},
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN) and None,
    ) as process:
        while not (folder / "ready").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0


# Workers that die

DEADLY_RULE = '''
import os, signal
from edgelint.rule import Rule, Severity


class Deadly(Rule):
    """Ends its process at some models."""

    code, name, severity = "ACME101", "deadly", Severity.NOTE

    def check(self, context):
        name = context.model.path.stem
        if name.startswith("once") and not os.path.exists(f"met-{name}"):
            open(f"met-{name}", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith("always"):
            os.kill(os.getpid(), signal.SIGKILL)
        return ()
'''


def test_a_worker_that_dies_costs_its_own_model_at_most(folder: Path) -> None:
    env = pack(folder, DEADLY_RULE)
    names = [
        *(f"m{place}" for place in range(6)),
        "once",
        "m6",
        "always",
        "once2",
        *(f"n{place}" for place in range(6)),
    ]
    for name in names:
        shutil.copyfile(folder / WRONG, folder / f"{name}.tflite")
    paths = [f"{name}.tflite" for name in names]
    done = run(folder, "check", *paths, "--jobs", "2", "--format", "json", env=env)
    reports = json.loads(done.stdout)["reports"]
    assert [each["path"] for each in reports] == paths
    (failed,) = [each for each in reports if each["error"]]
    assert failed["path"] == "always.tflite"
    assert failed["error"]["code"] == "EL900"
    assert failed["error"]["problem"] == "ends the process that reads it (SIGKILL)"
    assert all(each["findings"] for each in reports if each is not failed)
    assert (done.returncode, done.stderr) == (2, b"")


def test_no_process_to_be_had_is_told(folder: Path) -> None:
    done = run(
        folder, "check", "m.onnx", "m.tflite", "--jobs", "2", before=limited(resource.RLIMIT_NOFILE, 7)
    )
    assert done.returncode == 2
    assert one_line(done.stderr).startswith("Error: edgelint: cannot start a process: Too many open files; ")


# Rule packs

SOUND = '''
from edgelint.rule import Rule, Severity


class Sound(Rule):
    """Says something of every model."""

    code, name, severity = "ACME{number}", "sound", Severity.NOTE

    def check(self, context):
        for graph, node in context.model.nodes():
            {body}
'''

PACKS = (
    ("import nowhere", "lacks {pack}.rule: ModuleNotFoundError: No module named 'nowhere'"),
    ("class :", "lacks {pack}.rule: SyntaxError: "),
    ("1 / 0", "lacks {pack}.rule: ZeroDivisionError: division by zero"),
    ("raise SystemExit(0)", "lacks {pack}.rule: SystemExit: 0"),
    (SOUND.replace("ACME{number}", "EL101"), "code EL101 of {pack}.rule is taken by edgelint.rules."),
    (SOUND.replace('"ACME{number}"', "101"), "Sound has no code as a rule has"),
    (SOUND.replace('"sound"', "None"), "Sound has no name as a rule has"),
    (SOUND.replace("Severity.NOTE", "'note'"), "Sound has no severity as a rule has"),
    (SOUND.replace("def check", "def chekc"), "Sound has no check as a rule has"),
    (SOUND + "\n    options = {'most': 3}\n", "Sound has no options as a rule has"),
    (SOUND + "\n    def __init__(self, x):\n        pass\n", "Sound has an __init__, as no rule has"),
)
"""A module of a rule pack, and what is told of it."""


def test_what_is_wrong_with_rule_packs_is_told_and_the_other_rules_run(folder: Path) -> None:
    env = {}
    for place, (text, _) in enumerate(PACKS):
        body = "yield self.at(graph, node, 'hi')"
        code = text.replace("{number}", str(101 + place)).replace("{body}", body)
        env = pack(folder, code, f"acme{place}")
    done = run(folder, "check", WRONG, "--format", "json", env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    (report,) = json.loads(done.stdout)["reports"]
    told = [finding["message"] for finding in report["findings"] if finding["code"] == "EL900"]
    for place, (_, said) in enumerate(PACKS):
        (message,) = [each for each in told if each.startswith(f"the rule pack 'acme{place}' ")]
        assert said.format(pack=f"acme{place}") in message
    assert len(told) == len(PACKS)
    assert "EL403" in [finding["code"] for finding in report["findings"]]


def test_a_rule_pack_that_is_not_asked_for_may_be_broken(folder: Path) -> None:
    env = pack(folder, "1 / 0")
    assert run(folder, "check", "m.tflite", "--select", "EL4", env=env).returncode == 0
    assert run(folder, "inspect", "m.tflite", env=env).returncode == 0
    assert run(folder, "rule", "EL403", env=env).returncode == 0
    done = run(folder, "rule", env=env)
    assert done.returncode == 2
    assert b"EL403" in done.stdout
    assert "'acme_rules' lacks acme_rules.rule: ZeroDivisionError" in one_line(done.stderr)
    done = run(folder, "check", "m.tflite", "--select", "ACME101", env=env)
    assert done.returncode == 2
    assert b"the rule pack 'acme_rules' lacks" in done.stderr


def test_a_module_of_a_pack_that_is_broken_leaves_the_others(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="yield self.at(graph, node, 'hi')"))
    (folder / "site" / "acme_rules" / "broken.py").write_text("1 / 0")
    done = run(folder, "check", WRONG, "--format", "json", env=env)
    codes = {each["code"] for each in json.loads(done.stdout)["reports"][0]["findings"]}
    assert {"ACME101", "EL900", "EL403"} <= codes


@pytest.mark.parametrize(
    "points",
    ["[edgelint.rules]\nacme\n", "[edgelint.rules]\nacme = a b c\n", "[edgelint.rules]\nacme = json:dumps\n"],
)
def test_an_entry_point_that_means_nothing_is_told(points: str, folder: Path) -> None:
    env = pack(folder, "")
    (folder / "site" / "acme_rules-1.0.dist-info" / "entry_points.txt").write_text(points)
    done = run(folder, "check", WRONG, env=env)
    assert done.returncode == 2
    assert done.stdout.splitlines()[0].startswith(b"wrong.tflite: EL900 error: the rule pack 'acme")
    assert b"EL403 error" in done.stdout


AT_A_NODE = {
    "1 / 0": "ZeroDivisionError: division by zero",
    "raise SystemExit(0)": "SystemExit: 0",
    "raise MemoryError": "MemoryError",
    "(lambda deep: deep(deep))(lambda deep: deep(deep))": "RecursionError: maximum recursion depth exceeded",
    "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})": "Odd",
}
RUBBISH = {
    "yield 'wrong'": "TypeError: str is no Finding",
    "yield None": "TypeError: NoneType is no Finding",
    "yield self.at(graph, node, 5)": "TypeError: message of its finding is 5",
    "yield self.at(graph, node, 'x', severity='bad')": "TypeError: severity of its finding is 'bad'",
    "yield self.at(graph, node, 'x', odd=object())": "TypeError: 'odd' in the data of its finding is <object",
    "yield self.at(graph, node, 'x', odd=float('nan'))": "TypeError: 'odd' in the data of its finding is nan",
}


def test_rules_that_fail_are_findings_beside_the_others(folder: Path) -> None:
    env = {}
    faults = {**AT_A_NODE, **RUBBISH}
    for number, body in enumerate(faults, start=101):
        env = pack(folder, SOUND.format(number=number, body=body), f"acme{number}")
    done = run(folder, "check", WRONG, "--format", "json", env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    (report,) = json.loads(done.stdout)["reports"]
    failed = {each["data"]["rule"]: each for each in report["findings"] if each["code"] == "EL900"}
    for number, (body, said) in enumerate(faults.items(), start=101):
        finding = failed.pop(f"ACME{number}")
        assert finding["message"].startswith(f"rule ACME{number} sound fails: {said}")
        if body in AT_A_NODE:
            assert finding["location"]["op"] == "FULLY_CONNECTED"
            assert finding["data"]["line"].startswith("rule.py:")
    assert failed == {}
    assert "EL403" in [finding["code"] for finding in report["findings"]]


def test_every_format_shows_a_rule_that_fails(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="1 / 0"))
    reports = [word for format in FORMATS for word in ("--report", f"{format}=report.{format}")]
    done = run(folder, "check", WRONG, *reports, env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    for format in FORMATS:
        assert "ACME101 sound fails" in (folder / f"report.{format}").read_text()


def test_no_model_fits_by_rules_that_fail(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="1 / 0"))
    command = ("check", "m.tflite", "--target", "cortex-m7", "--format", "json")
    assert json.loads(run(folder, *command).stdout)["reports"][0]["verdict"] == "fits"
    (report,) = json.loads(run(folder, *command, env=env).stdout)["reports"]
    assert report["verdict"] == "unknown"
    done = run(folder, *command, "--ignore", "ACME101", env=env)
    assert done.returncode == 0
    assert json.loads(done.stdout)["reports"][0]["verdict"] == "fits"


# Configuration and other files that people write


def test_a_configuration_that_never_ends_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for option in ("--config", "--baseline"):
        for path in ("pipe", "/dev/zero"):
            done = run(folder, "check", "m.tflite", option, path)
            assert done.returncode == 2
            assert one_line(done.stderr) == f"Error: {path}: is no regular file"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x = = 1", "is not TOML: "),
        ("target = 'cortex-m4'".encode("utf-16"), "is not TOML: "),
        (b"target = 'caf\xe9'", "is not TOML: "),
        (b"x = " + b"[" * 5000 + b"]" * 5000, "is not TOML: "),
        (b"# " + b"x" * (5 << 20), "has more than 4 MiB"),
        (b"target = 5", "has 5 for target"),
        (b'target = "\\u001b[31m"', "has control characters"),
        (b"baseline = 'm.onnx'", "m.onnx: is no JSON"),
    ],
)
def test_a_broken_configuration_is_told_in_one_line(content: bytes, said: str, folder: Path) -> None:
    (folder / "edgelint.toml").write_bytes(content)
    done = run(folder, "check", "m.tflite")
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in one_line(done.stderr)


# Clock


@pytest.mark.parametrize("seconds", [-(10**9), 0, 2**36])
def test_files_of_any_age_are_read_and_drawn(seconds: int, folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (seconds, seconds))
    done = run(folder, "check", ".", "--format", "html", "--output", "page.html")
    assert (done.returncode, done.stderr) == (1, b"")
    os.utime(folder / "page.html", (seconds, seconds))
    assert run(folder, "check", ".", "--format", "html", "--output", "page.html").returncode == 1


@pytest.mark.parametrize("seconds", [0, 2**32 + 10**8])
def test_a_clock_that_is_wrong_changes_nothing(seconds: int, folder: Path) -> None:
    env = at_start(
        folder, f"import time\ntime.time = lambda: {seconds}.0\ntime.time_ns = lambda: {seconds}\n"
    )
    command = ("check", "m.onnx", WRONG, "--format", "html", "--jobs", "2")
    right, wrong = run(folder, *command), run(folder, *command, env={**env, "TZ": "nonsense+99"})
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (right.returncode, right.stdout, b"")


# Locale

LOCALES: dict[str, dict[str, str | None]] = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
ODD = os.fsdecode(b"caf\xc3\xa9 \xff\xe2\x98\x83.tflite")


@pytest.mark.parametrize("env", LOCALES.values(), ids=LOCALES)
def test_any_locale_shows_any_file_name(env: Mapping[str, str | None], folder: Path) -> None:
    (folder / WRONG).rename(folder / ODD)
    encoding = env.get("PYTHONIOENCODING") or "ascii"
    for command in (("check",), ("config",), ("diff", "m.tflite")):
        done = run(folder, *command, ODD, env=env)
        assert done.stderr == b""
        assert done.stdout.decode(encoding)


@pytest.mark.parametrize("format", ["html", "junit", "markdown"])
def test_what_programs_read_is_utf_8_whatever_the_locale(format: str, folder: Path) -> None:
    (folder / WRONG).rename(folder / ODD)
    reports = [word for each in FORMATS for word in ("--report", f"{each}=report.{each}")]
    done = run(folder, "check", ODD, "--format", format, *reports, env=LOCALES["cp1252"])
    assert (done.returncode, done.stderr) == (1, b"")
    for each in FORMATS:
        assert "\udcff" not in (folder / f"report.{each}").read_text(encoding="utf-8")
    assert done.stdout == (folder / f"report.{format}").read_bytes()


def test_json_has_no_half_characters(folder: Path) -> None:
    (folder / WRONG).rename(folder / ODD)
    document = json.loads(run(folder, "check", ODD, "--format", "json").stdout)
    assert document["reports"][0]["path"] == "café \\udcff☃.tflite"


# What else may be missing


def test_the_current_folder_may_be_gone(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    line = f'cd {gone} && rmdir {gone} && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *PROGRAM, "check", folder / "m.onnx"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr) == "edgelint: the current folder is gone"


def test_neither_home_nor_a_place_for_temporary_files_is_needed(folder: Path) -> None:
    env = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "PATH": None, "LANG": None}
    done = run(folder, "check", ".", "--jobs", "2", env=env)
    assert (done.returncode, done.stderr) == (1, b"")


def test_few_files_may_be_open(folder: Path) -> None:
    done = run(folder, "check", ".", before=limited(resource.RLIMIT_NOFILE, 8))
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.slow
@pytest.mark.parametrize("mebibytes", [120, 160, 240])
def test_little_memory_is_told_in_one_line_or_enough(mebibytes: int, folder: Path) -> None:
    done = run(folder, "check", ".", before=limited(resource.RLIMIT_AS, mebibytes << 20))
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.fixture(autouse=True)
def _writable(tmp_path: Path) -> Iterator[None]:
    """Lets pytest put away folders that a test that failed left closed."""
    yield
    tmp_path.chmod(0o755)
