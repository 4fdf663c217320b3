"""What a user gets where the program, or one of its processes, is ended."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.program import (
    PROGRAM,
    SLOW_RULE,
    WRONG,
    at_start,
    limited,
    one_line,
    pack,
    run,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")

SLOW_WRITE = """
import os, time
def replace(source, target, real=os.replace):
    open("ready", "w").close()
    time.sleep(60)
os.replace = replace
"""
"""A disk that takes a minute to finish a file."""

SLOW_INFERENCE = """
import onnx.shape_inference, os, time
def infer_shapes(*arguments, **options):
    open("ready", "w").close()
    while True:
        pass
onnx.shape_inference.infer_shapes = infer_shapes
"""


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


EARLY = """
import signal, sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "click":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder)
"""


def test_ctrl_c_before_anything_has_begun_is_quiet(folder: Path) -> None:
    done = run(folder, "check", "m.tflite", env=at_start(folder, EARLY))
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


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
