"""What a user gets where a report cannot be written, or is not read."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.program import (
    SLOW_RULE,
    WRONG,
    limited,
    one_line,
    pack,
    run,
    without_privileges,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")

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


TARGETS = [f"--target={name}" for name in ("cortex-m4", "cortex-m7", "cortex-m55", "onnxruntime-cpu")]


def test_a_full_disk_leaves_both_tables_of_an_audit(folder: Path) -> None:
    command = ("audit", "m.tflite", *TARGETS, "-q")
    for name in ("t.jsonl", "t.findings.jsonl"):
        (folder / name).write_text("the old one")
    there = sorted(folder.iterdir())
    # Enough for its few findings, and for what is held in between, which is compressed.
    few = limited(resource.RLIMIT_FSIZE, 3000)
    done = run(folder, *command, "--no-cache", "--output", "t.jsonl", before=few)
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr) == "Error: t.jsonl: cannot be written: File too large"
    assert (folder / "t.jsonl").read_text() == (folder / "t.findings.jsonl").read_text() == "the old one"
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
    with (folder / "log").open("a") as log:
        log.write("first\n")
        log.flush()
        run(folder, "check", "m.onnx", "--output", "/dev/stdout", stdout=log)
    assert (folder / "log").read_text().startswith("first\n")
    assert "1 model" in (folder / "log").read_text()
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
