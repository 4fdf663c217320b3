"""What a user gets where a rule pack is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.program import (
    FORMATS,
    WRONG,
    one_line,
    pack,
    run,
)
from tests.packs import announce

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")

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
    announce(folder / "site", points=points)
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


def test_nothing_is_accepted_of_a_model_at_which_a_rule_fails(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="1 / 0"))
    done = run(folder, "baseline", WRONG, env=env)
    assert done.returncode == 2
    assert one_line(done.stderr) == (
        "edgelint: wrong.tflite: EL900: rule ACME101 sound fails: ZeroDivisionError: division by zero; "
        "nothing of it is accepted"
    )
    assert done.stdout == b"0 findings accepted in .edgelint-baseline.json\n"


OUTSIDE = {
    "raise type('Halt', (BaseException,), {})('at \\x1b[31m')": r"Halt: at \x1b[31m",
    "raise GeneratorExit": "GeneratorExit",
    "raise type('Odd', (Exception,), {'__str__': lambda self: exit()})": "Odd",
}
"""What a rule does that no `except Exception` meets, and what is told of it."""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_whatever_a_rule_raises_is_a_finding(jobs: str, folder: Path) -> None:
    env = {}
    for number, body in enumerate(OUTSIDE, start=101):
        env = pack(folder, SOUND.format(number=number, body=body), f"acme{number}")
    done = run(folder, "check", WRONG, "m.onnx", "--jobs", jobs, "--format", "json", env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    for report in json.loads(done.stdout)["reports"]:
        told = [each["message"] for each in report["findings"] if each["code"] == "EL900"]
        said = enumerate(OUTSIDE.values(), start=101)
        assert told == [f"rule ACME{number} sound fails: {failure}" for number, failure in said]


def test_findings_before_a_rule_fails_stay(folder: Path) -> None:
    body = "yield self.at(graph, node, 'hi')\n            raise GeneratorExit"
    env = pack(folder, SOUND.format(number=101, body=body))
    done = run(folder, "check", WRONG, "--format", "json", env=env)
    codes = {each["code"] for each in json.loads(done.stdout)["reports"][0]["findings"]}
    assert {"ACME101", "EL900", "EL403"} <= codes


def test_a_module_of_a_pack_may_raise_anything_and_leaves_the_others(folder: Path) -> None:
    env = pack(folder, "")
    site = folder / "site" / "acme_rules"
    sound = SOUND.format(number=101, body="yield self.at(graph, node, 'hi')")
    for name, text in {"a": "raise GeneratorExit('a')", "b": sound}.items():
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(text)
    (site / "c.py").write_text("class Halt(BaseException): pass\nraise Halt('c')")
    done = run(folder, "check", WRONG, "m.onnx", "--jobs", "2", "--format", "json", env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    for report in json.loads(done.stdout)["reports"]:
        told = {each["code"]: each["message"] for each in report["findings"]}
        assert told["EL900"] == "the rule pack 'acme_rules' lacks acme_rules.a: GeneratorExit: a (and 1 more)"
        assert "ACME101" in told


def test_a_rule_that_plays_ctrl_c_ends_no_worker_with_a_traceback(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="raise KeyboardInterrupt"))
    done = run(folder, "check", WRONG, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
    done = run(folder, "check", WRONG, "m.onnx", "--jobs", "2", "--format", "json", env=env)
    assert (done.returncode, done.stderr) == (2, b"")
    for report in json.loads(done.stdout)["reports"]:
        assert report["error"]["code"] == "EL900"
        assert report["error"]["problem"] == "makes edgelint fail: KeyboardInterrupt"


def test_a_rule_without_an_end_ends_with_the_allowance(folder: Path) -> None:
    env = pack(folder, SOUND.format(number=101, body="while True: pass"))
    done = run(folder, "check", WRONG, "--format", "json", env={**env, "EDGELINT_MAX_SECONDS": "2"})
    (report,) = json.loads(done.stdout)["reports"]
    assert (done.returncode, report["error"]["code"]) == (2, "EL912")


# What rule packs print

CHATTY = "import sys\nprint('imported \\x1b[31m')\nsys.stdout.writelines(['two\\n', 'lines\\n'])\n" + SOUND
SAID = "print('at a', 'node\\x9b', flush=True); yield self.at(graph, node, 'hi')"


@pytest.mark.parametrize(
    "command",
    [
        ("check", WRONG, "--format", "json"),
        ("check", WRONG, "m.onnx", "--jobs", "2", "--format", "json"),
        ("check", WRONG, "--select", "ACME101", "--format", "json"),
        ("inspect", WRONG, "--format", "json"),
        ("graph", WRONG, "--format", "model-explorer"),
        ("diff", WRONG, "m.tflite", "--format", "json"),
        ("rule", "--format", "json"),
    ],
    ids=lambda command: " ".join(command),
)
def test_what_a_rule_pack_prints_is_kept_from_the_report(command: tuple[str, ...], folder: Path) -> None:
    env = pack(folder, CHATTY.format(number=101, body=SAID))
    done = run(folder, *command, env=env)
    assert json.loads(done.stdout)
    said = set(done.stderr.decode().splitlines())
    judges = command[0] in ("check", "graph", "diff")
    assert said - {r"at a node\x9b"} <= {r"imported \x1b[31m", "two", "lines"}
    assert (r"at a node\x9b" in said) == judges


def test_a_page_has_nothing_that_a_rule_pack_prints(folder: Path) -> None:
    env = pack(folder, CHATTY.format(number=101, body=SAID))
    done = run(folder, "diff", WRONG, "m.tflite", "--format", "html", env=env)
    assert done.stdout.startswith(b"<!")
    assert rb"at a node\x9b" in done.stderr


def test_a_rule_may_print_where_nobody_can_write(folder: Path) -> None:
    env = pack(folder, CHATTY.format(number=101, body=SAID))
    with open("/dev/full", "w") as full:
        done = run(folder, "check", "m.tflite", "--format", "json", env=env, stderr=full)
    assert (done.returncode, json.loads(done.stdout)["summary"]["errors"]) == (0, 0)


def test_the_library_leaves_standard_output_alone(folder: Path) -> None:
    env = pack(folder, CHATTY.format(number=101, body=SAID))
    program = f"import edgelint; edgelint.check({WRONG!r})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([env["PYTHONPATH"], *sys.path])},
        capture_output=True,
        check=True,
    )
    assert b"imported \x1b[31m\ntwo\nlines\nat a node" in done.stdout
    assert done.stderr == b""


NO_PACKAGE = "the target pack 'acme_rules' names 'acme_rules.boards', which is no package"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("print('imported')", 0, "imported"),
        ("1 / 0", 2, "Error: " + NO_PACKAGE),
        ("raise GeneratorExit", 2, "Error: " + NO_PACKAGE),
    ],
)
def test_the_package_around_a_target_pack_may_do_anything(
    text: str, code: int, said: str, folder: Path
) -> None:
    env = pack(folder, "")
    site = folder / "site"
    (site / "acme_rules" / "__init__.py").write_text(text)
    (site / "acme_rules" / "boards").mkdir()
    announce(site, points="[edgelint.targets]\nacme_rules = acme_rules.boards\n")
    done = run(folder, "targets", "--format", "json", env=env)
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (code, said)
    assert not done.stdout or json.loads(done.stdout)
