"""What a user gets where configuration, clock, locale, folders or memory are not as usual."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.program import (
    FORMATS,
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


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("EDGELINT_MAX_SECONDS", "-1"),
        ("EDGELINT_MAX_SECONDS", "nan"),
        ("EDGELINT_MAX_SECONDS", "abc"),
        ("EDGELINT_MAX_MIB", "0"),
        ("EDGELINT_MAX_MIB", "x\x1b"),
    ],
)
def test_a_limit_that_is_no_figure_is_told(name: str, figure: str, folder: Path) -> None:
    done = run(folder, "check", "m.tflite", env={name: figure})
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr) == (
        f"Error: the environment variable {name} is {figure!r}; a number above 0, or inf for no limit"
    )


@pytest.mark.parametrize("figure", ["inf", "60", "1e3", ""])
def test_a_limit_may_be_any_figure_above_zero(figure: str, folder: Path) -> None:
    env = {"EDGELINT_MAX_SECONDS": figure, "EDGELINT_MAX_MIB": figure and "4096"}
    assert run(folder, "check", "m.tflite", env=env).returncode == 0


def test_an_empty_limit_is_none_that_was_set(folder: Path) -> None:
    env = pack(folder, SLOW_RULE.replace("time.sleep(60)", "print(os.environ['EDGELINT_MAX_SECONDS'])"))
    done = run(folder, "check", "m.tflite", env={**env, "READY": str(folder), "EDGELINT_MAX_SECONDS": ""})
    assert one_line(done.stderr) == "8"


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
