"""The command line: what a user, a pipe and a CI job see."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES

GOOD = FIXTURES / "models" / "digits_cnn.int8.tflite"
WRONG = FIXTURES / "models" / "diabetes_softmax_one_unit.int8.tflite"
BROKEN = FIXTURES / "malformed" / "truncated.tflite"


def test_a_clean_model_exits_with_0_and_a_line_of_totals() -> None:
    done = edgelint("check", GOOD, "--target", "cortex-m4")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "0 errors, 0 warnings, 0 notes in 1 model"
    assert done.stderr == ""


def test_findings_at_or_above_fail_on_exit_with_1() -> None:
    assert edgelint("check", WRONG).returncode == 1
    assert edgelint("check", WRONG, "--fail-on", "never").returncode == 0


def test_the_first_line_of_a_finding_is_path_node_code_severity_message() -> None:
    first = edgelint("check", WRONG).stdout.splitlines()[0]
    assert re.fullmatch(re.escape(str(WRONG)) + r":\S.*: EL403 error: \S.*", first)


def test_an_unreadable_file_is_one_line_and_exit_2_and_the_others_are_still_checked() -> None:
    done = edgelint("check", BROKEN, WRONG)
    assert done.returncode == 2
    assert done.stdout.startswith(f"{BROKEN}: EL901 error: ")
    assert "EL403" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("in 2 models, 1 unreadable")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_file_exits_with_2() -> None:
    done = edgelint("check", "gone.tflite")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "gone.tflite: EL901 error: does not exist"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", str(GOOD), "--target", "cortex-m5"], "cortex-m55"),
        (["check", str(GOOD), "--select", "EL999"], "there is no rule 'EL999'"),
        (["check", str(GOOD), "--ignore", "softmax-on-one-units"], "softmax-on-one-unit"),
        (["check", str(GOOD), "--ram", "lots"], "is no number of bytes"),
        (["check", str(GOOD), "--macs", "many"], "is no count"),
        (["check", str(GOOD), "--dim", "seq"], "is not NAME=N"),
        (["check", str(GOOD), "--dim", "seq=" + "9" * 5000], "is not NAME=N"),
        (["check", str(GOOD), "--format", "yaml"], "'yaml' is not one of"),
        (["check", str(GOOD), "--taget", "cortex-m4"], "--target"),
        (["check"], "Missing argument"),
        (["chek", str(GOOD)], "No such command"),
        (["rule", "EL4O2"], "did you mean"),
        (["targets", "cortex-m44"], "cortex-m4"),
    ],
)
def test_a_wrong_call_exits_with_2_and_says_what_would_be_right(arguments: list[str], said: str) -> None:
    done = edgelint(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_several_targets_give_a_report_each() -> None:
    _, document = edgelint_json("check", GOOD, "--target", "cortex-m4", "--target", "litert-cpu")
    assert [report["target"] for report in document["reports"]] == ["cortex-m4", "litert-cpu"]
    assert document["summary"]["models"] == 1


def test_json_keeps_its_contract() -> None:
    code, document = edgelint_json("check", WRONG, "--target", "cortex-m4")
    assert code == 1
    assert document["schema"] == 1
    (report,) = document["reports"]
    assert set(report) >= {
        "path", "format", "target", "runtime", "verdict", "profile", "operators", "findings", "suppressed",
        "error",
    }  # fmt: skip
    assert set(report["profile"]) == {
        "parameters", "model_bytes", "weights_bytes", "macs", "element_ops", "peak_activation_bytes",
        "arena_bytes", "flash_bytes",
    }  # fmt: skip
    assert set(report["profile"]["arena_bytes"]) >= {"value", "basis", "head", "tail", "minimum"}
    assert set(report["profile"]["flash_bytes"]) >= {"value", "basis", "model", "runtime", "kernels"}
    finding = next(finding for finding in report["findings"] if finding["code"] == "EL403")
    assert set(finding) == {"code", "rule", "severity", "message", "hint", "evidence", "location", "data"}
    assert set(finding["location"]) == {"graph", "node", "op", "index"}
    assert set(document["summary"]) == {"models", "errors", "warnings", "notes", "unreadable"}


def test_json_of_an_unreadable_file_has_an_error_and_no_profile() -> None:
    code, document = edgelint_json("check", BROKEN)
    assert code == 2
    (report,) = document["reports"]
    assert report["profile"] is None
    assert report["error"]["code"] == "EL901"
    assert report["error"]["problem"]
    assert document["summary"]["unreadable"] == 1


def test_inspect_gives_a_record_per_operator() -> None:
    code, document = edgelint_json("inspect", GOOD)
    assert code == 0
    (report,) = document["reports"]
    assert "findings" not in report
    assert set(report["nodes"][0]) >= {
        "index", "name", "op", "source_op", "inputs", "outputs", "output_shapes", "dtype", "parameters",
        "macs", "live_bytes",
    }  # fmt: skip
    assert sum(node["macs"] for node in report["nodes"]) == report["profile"]["macs"]["value"]


def test_ram_and_flash_replace_the_budget_of_the_target() -> None:
    _, document = edgelint_json("check", GOOD, "--target", "cortex-m4", "--ram", "1K", "--flash", "2K")
    (report,) = document["reports"]
    assert report["verdict"] == "does-not-fit"
    assert {finding["rule"] for finding in report["findings"]} == {"exceeds-ram", "exceeds-flash"}


def test_a_budget_of_macs_is_only_held_where_one_is_given() -> None:
    assert edgelint("check", GOOD, "--target", "cortex-m4").returncode == 0
    _, document = edgelint_json("check", GOOD, "--target", "cortex-m4", "--macs", "0.01K")
    (report,) = document["reports"]
    assert [finding["rule"] for finding in report["findings"]] == ["macs-over-budget"]
    assert report["verdict"] == "does-not-fit"


def test_a_reserve_counts_as_room_beside_the_arena() -> None:
    _, document = edgelint_json("inspect", GOOD, "--target", "cortex-m4")
    needed = document["reports"][0]["profile"]["arena_bytes"]["minimum"]
    tight = ("check", GOOD, "--target", "cortex-m4", "--select", "EL203", "--fail-on", "warning")
    assert edgelint(*tight, "--ram", str(needed + 16)).returncode == 1
    assert edgelint(*tight, "--ram", str(2 * needed), "--reserve", str(needed - 16)).returncode == 0


def test_ram_is_reserved_for_the_application_and_the_report_says_so() -> None:
    done = edgelint("check", GOOD, "--target", "cortex-m4", "--reserve", "16K")
    assert "16 KiB of 256 KiB RAM reserved for the application" in done.stdout
    assert "of 240 KiB" in done.stdout


def test_a_float_model_is_judged_as_if_quantized() -> None:
    model = FIXTURES / "models" / "digits_cnn.float32.tflite"
    _, document = edgelint_json("check", model, "--target", "cortex-m4", "--quantize", "int8")
    (report,) = document["reports"]
    assert report["profile"]["arena_bytes"]["basis"] == "predicted"
    assert report["assumptions"] == ["quantized to int8 as the TFLite converter would"]
    shown = edgelint("inspect", model, "--quantize", "int8-float-io").stdout
    assert "QUANTIZE" in shown


def test_select_and_ignore_take_prefixes_names_and_lists() -> None:
    assert edgelint("check", WRONG, "--select", "EL1,EL2").returncode == 0
    assert edgelint("check", WRONG, "--ignore", "softmax-on-one-unit").returncode == 0


@pytest.mark.parametrize("option", ["-o", "--output"])
def test_output_is_written_whole_to_a_file(option: str, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    done = edgelint("check", GOOD, "--format", "json", option, target)
    assert done.stdout == ""
    assert json.loads(target.read_text())["summary"]["models"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_an_output_that_cannot_be_written_exits_with_2(tmp_path: Path) -> None:
    done = edgelint("check", GOOD, "--output", tmp_path / "gone" / "report.txt")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_jobs_change_nothing_but_the_time() -> None:
    models = [*sorted((FIXTURES / "models").glob("digits_cnn*")), BROKEN, FIXTURES / "gone.onnx"]
    one, two = (edgelint("check", *models, "--target", "cortex-m4", "--jobs", jobs) for jobs in ("1", "2"))
    assert one.stdout == two.stdout
    assert one.returncode == two.returncode


def test_a_closed_pipe_is_quiet() -> None:
    program = [sys.executable, "-m", "edgelint", "inspect", str(FIXTURES / "models")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_pipe_gets_no_colour_and_no_cut_lines() -> None:
    done = edgelint("inspect", GOOD)
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) > 100


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        (["--color", "always"], {}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_goes_by_flag_then_no_color_then_force_color(
    arguments: list[str], env: dict[str, str], colored: bool
) -> None:
    done = edgelint("check", WRONG, *arguments, env=env)
    assert ("\x1b[" in done.stdout) is colored


def test_a_narrow_terminal_cuts_names_but_no_numbers() -> None:
    output = _in_terminal(["inspect", str(GOOD)], columns=60)
    table = output.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 60
    assert any("…" in line for line in table)
    _, document = edgelint_json("inspect", GOOD)
    for node in document["reports"][0]["nodes"]:
        assert f"{node['live_bytes']:,}" in output


def test_names_from_the_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "x\x1b]0;owned\x07\n::error::y.tflite"
    shutil.copy(BROKEN, hostile)
    done = edgelint("check", hostile)
    assert "\x1b" not in done.stdout
    assert "\n::error" not in done.stdout


def test_an_ascii_locale_is_no_obstacle() -> None:
    done = edgelint("check", GOOD, "--target", "cortex-m4", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_every_rule_is_listed_and_explained() -> None:
    listed = edgelint("rule").stdout.splitlines()
    assert any("EL403" in line and "softmax-on-one-unit" in line for line in listed)
    by_code, by_name = edgelint("rule", "EL403"), edgelint("rule", "softmax-on-one-unit")
    assert by_code.stdout == by_name.stdout
    assert "## Why it matters" in by_code.stdout


def test_every_target_is_listed_and_described() -> None:
    assert "cortex-m4" in edgelint("targets").stdout
    described = edgelint("targets", "cortex-m4").stdout
    assert "CONV_2D" in described
    assert "typical" in described


def test_version_is_printed() -> None:
    assert edgelint("--version").stdout.startswith("edgelint, version 0.1.0")


def _in_terminal(arguments: list[str], columns: int) -> str:
    """What the program prints to a terminal of that width, colours off."""
    primary, secondary = pty.openpty()
    env = os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", "edgelint", *arguments], stdout=secondary, stderr=subprocess.DEVNULL, env=env
    ) as process:
        os.close(secondary)
        chunks = []
        while True:
            try:
                chunk = os.read(primary, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        process.wait()
    os.close(primary)
    return b"".join(chunks).decode().replace("\r\n", "\n")
