"""What the pages in docs/ say is true: commands print what is shown, code runs, links lead somewhere.

A page is played from its top in a folder with the project's `models/`. Its blocks:

- `console`: each line after `$ ` is run and must print what follows; `...` stands for any lines, or for a
  part of one; `$ echo $?` shows the exit code before it.
- any block after `<!-- file: NAME -->` is written to that file.
- `python`: is run; a `text` block right behind it is what it prints.
- `sh`: not run; what it says to edgelint must be understood. `toml`, `yaml`, `json` must be that.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import click
import pytest

import edgelint as edgelint_library
from edgelint.cli import main
from edgelint.commands.options import GROUPS
from edgelint.loaders import SUFFIXES
from edgelint.rule import registry
from edgelint.targets import FOLDER, find
from edgelint.targets.hardware import Hardware
from edgelint.targets.sections import parse_toml
from edgelint.testing import assert_deployable
from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES, ROOT
from tests.fuzz.__main__ import command_line as fuzzing
from tests.test_docs_examples import PAGES as PLAYED_ELSEWHERE

DOCS = ROOT / "docs"
GENERATED = ("accuracy.md", "speed.md", "verdicts.md")
PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name not in (*PLAYED_ELSEWHERE, *GENERATED))
FRONT = ("README.md", "CONTRIBUTING.md")

_BLOCK = re.compile(r"^(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page. shown: the `text` block right behind it, None without one."""

    kind: str
    text: str
    file: str = ""
    shown: str | None = None


def blocks(page: str) -> Iterator[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    for match, after in zip_longest(found, found[1:]):
        near = after is not None and after[2] == "text" and not text[match.end() : after.start()].strip()
        yield Block(match[2], match[3], match[1] or "", after[3] if after is not None and near else None)


def is_like(shown: str, printed: str) -> bool:
    """Whether `printed` is what is shown: `...` stands for any lines, or for a part of one."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.rstrip().split("..."))) + " *\n"
        for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed.rstrip("\n") + "\n" if printed else "") is not None


def run(command: str, folder: Path) -> tuple[int, str]:
    """Exit code of a command of a console block, and what it says."""
    program, *arguments = shlex.split(command)
    if program == "edgelint":
        done = edgelint(*arguments, cwd=folder)
    else:
        assert command.startswith("python -m pytest "), f"a page may not run {program}"
        done = python("-m", "pytest", "-p", "no:cacheprovider", *arguments[2:], folder=folder)
    return done.returncode, done.stdout + done.stderr


def python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | _QUIET,
        timeout=300,
        check=False,
    )


def play_console(text: str, folder: Path) -> None:
    code = 0
    for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = entry.partition("\n")
        if command == "echo $?":
            assert shown.strip() == str(code)
            continue
        code, printed = run(command, folder)
        assert is_like(shown, printed), f"$ {command}\n{printed}"


def play_python(block: Block, folder: Path) -> None:
    if re.search(r"^import keras", block.text, re.MULTILINE):
        pytest.importorskip("keras")
    (folder / "example.py").write_text(block.text, encoding="utf-8")
    done = python("example.py", folder=folder)
    assert done.returncode == 0, done.stderr
    assert block.shown is None or is_like(block.shown, done.stdout), done.stdout


def understand(text: str) -> None:
    """Each edgelint command of an `sh` block parses; nothing is run."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["edgelint"] and len(words) > 1 and words[1] in main.commands:
            assert main.commands[words[1]].make_context(words[1], words[2:])


def parse_yaml(text: str) -> None:
    assert pytest.importorskip("yaml").safe_load(text)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models that pages speak of."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(FIXTURES / "models", folder / "models")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_happens(page: str, models: Path, tmp_path: Path) -> None:
    shutil.copytree(models, tmp_path, copy_function=os.link, dirs_exist_ok=True)
    parsers: dict[str, Callable[[str], object]] = {
        "sh": understand,
        "toml": parse_toml,
        "yaml": parse_yaml,
        "json": json.loads,
    }
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.kind == "console":
            play_console(block.text, tmp_path)
        elif block.kind == "python":
            play_python(block, tmp_path)
        if block.kind in parsers:
            parsers[block.kind](block.text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_rules_targets_and_flags_that_exist(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    own = {_code(block.text) for block in blocks(page) if block.file and "(Rule)" in block.text}
    assert set(re.findall(r"\bEL\d{3}\b", text)) - own <= set(registry())
    for name in re.findall(r"--target ([a-z][\w.-]+)(?=[ `\n])", text):
        if not name.endswith(".toml") and name not in GROUPS:
            find(name)
    known = {word for command in main.commands.values() for each in command.params for word in _words(each)}
    known |= {word for each in main.params for word in _words(each)}
    known |= {word for each in fuzzing()._actions for word in each.option_strings}
    assert set(re.findall(r"(?<![\w-])(--[a-z][\w-]*)", text)) <= known | _OTHERS_FLAGS


_OTHERS_FLAGS = {"--maxkb", "--strict"}
"""Flags of other programs that pages speak of."""


def _code(rule: str) -> str:
    found = re.search(r'code = "(EL\d{3})"', rule)
    assert found is not None
    return found[1]


def _words(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


def test_the_rule_that_the_page_writes_keeps_its_own_examples(tmp_path: Path) -> None:
    (rule,) = [block for block in blocks("adding-a-rule.md") if "(Rule)" in block.text]
    (tmp_path / "shown.py").write_text(rule.text, encoding="utf-8")
    code = _code(rule.text)
    assert code not in registry()
    done = python("-c", _TRY_EXAMPLES.format(code=code), folder=tmp_path)
    assert done.returncode == 0, done.stderr


_TRY_EXAMPLES = """
import shown
from edgelint.context import Context
from edgelint.rule import registry
rule = registry()["{code}"]
said = lambda example: [
    each.message for each in rule.check(Context(example.model, options={{rule.code: example.options}}))
]
assert rule.VALID and rule.INVALID
assert all(said(example) == [] for example in rule.VALID)
for example, message in rule.INVALID:
    assert said(example)[:1] == [message], said(example)
"""


def test_boards_that_a_page_shows_are_boards() -> None:
    shown = [block.text for block in blocks("adding-a-target.md") if "ram_contiguous_kib" in block.text]
    assert shown
    for text in shown:
        for name, data in parse_toml(text)["board"].items():
            assert Hardware.read(FOLDER, name, data).title


def test_the_action_takes_what_the_page_gives_it() -> None:
    yaml = pytest.importorskip("yaml")
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    hooks = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    shown = [yaml.safe_load(block.text) for block in blocks("ci.md") if block.kind == "yaml"]
    steps = [step for each in shown for job in each.get("jobs", {}).values() for step in job["steps"]]
    own = [step for step in steps if step.get("uses", "").startswith("OWNER/edgelint@")]
    assert own
    assert {key for step in own for key in step.get("with", {})} <= set(action["inputs"])
    named = {hook["id"] for each in shown for repo in each.get("repos", []) for hook in repo["hooks"]}
    assert "edgelint" in named & hooks
    text = (DOCS / "ci.md").read_text(encoding="utf-8")
    assert [key for key in action["outputs"] if f"`{key}`" not in text] == []
    for key, said in action["inputs"].items():
        default = f"`{said['default']}`" if said["default"] else "none"
        assert f"| `{key}` | {default} |" in text


def test_every_key_of_the_json_is_documented() -> None:
    model = FIXTURES / "models" / "diabetes_softmax.keras"
    code, document = edgelint_json("check", model, "--target", "cortex-m4")
    assert code == 1
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    assert {key for key in _keys(document) if not re.search(rf'[`"]{key}[`"]', text)} == set()


def _keys(data: object) -> Iterator[str]:
    """The keys of objects at any depth; those of a finding's `data` are its rule's own."""
    for key, value in data.items() if isinstance(data, dict) else ():
        yield key
        yield from () if key == "data" else _keys(value)
    for value in data if isinstance(data, list) else ():
        yield from _keys(value)


def test_every_parameter_of_the_library_is_documented() -> None:
    text = (DOCS / "library.md").read_text(encoding="utf-8")
    for function in (edgelint_library.check, edgelint_library.load, assert_deployable):
        (shown,) = re.findall(rf"`[\w.]*\b{function.__name__}\((model, [^`]*)\)`", text)
        names = re.findall(r"(\w+)(?==|,|$)", re.sub(r"=(\(\)|[^,]*)", "", " ".join(shown.split())))
        assert names == list(inspect.signature(function).parameters)


def test_every_option_is_documented() -> None:
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    options = [
        word
        for command in (main, *main.commands.values())
        for each in command.params
        if isinstance(each, click.Option)
        for word in (*each.opts, *each.secondary_opts)
    ]
    assert sorted({word for word in options if not re.search(rf"{word}(?![\w-])", text)}) == []


def test_every_suffix_and_every_format_is_documented() -> None:
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    formats = [each.type for each in main.commands["check"].params if each.name == "format"]
    graphs = [each.type for each in main.commands["graph"].params if each.name == "format"]
    choices = [
        word for kind in (*formats, *graphs) if isinstance(kind, click.Choice) for word in kind.choices
    ]
    assert [word for word in (*SUFFIXES, *choices) if f"`{word}`" not in text] == []


@pytest.mark.parametrize("name", FRONT)
def test_links_of_the_front_pages_lead_to_files(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / name).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_picture_of_the_page_is_current(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "models", tmp_path / "models", copy_function=os.link)
    (command,) = re.findall(
        r"\$ (edgelint graph .* --output diabetes_softmax\.svg)", (DOCS / "graph.md").read_text()
    )
    assert run(command, tmp_path)[0] == 0
    drawn = (tmp_path / "diabetes_softmax.svg").read_text(encoding="utf-8")
    assert drawn == (DOCS / "diabetes_softmax.svg").read_text(encoding="utf-8")


def test_the_site_builds_and_no_link_in_it_is_broken(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    if not (tmp_path / "docs" / "rules" / "index.md").is_file():
        assert (
            edgelint("rule", "--format", "markdown", "--output", tmp_path / "docs" / "rules").returncode == 0
        )
    done = python("-m", "mkdocs", "build", "--strict", "--quiet", folder=tmp_path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert (tmp_path / "site" / "rules" / "index.html").is_file()
