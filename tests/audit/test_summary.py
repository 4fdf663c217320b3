"""What an audit tells people: what fits where."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from edgelint.audit.rows import Row
from edgelint.audit.sections import Section, headline, sections
from edgelint.audit.summary import LISTED, SMALL_ZOO, Summary
from tests.audit.zoo import MODELS, audit, zoo
from tests.cli import edgelint
from tests.reporters.chromium import browser

HOSTILE = "</td><script>alert(1)</script>|\x1b[2J"


def row(path: str, target: str = "cortex-m4", verdict: str = "fits", **more: object) -> Row:
    return {"source": "zoo", "path": path, "target": target, "verdict": verdict, "format": "onnx", **more}


def summary(*models: list[Row], findings: list[Row] | None = None) -> Summary:
    made = Summary(len(models))
    for rows in models:
        made.add(rows, findings or [])
    return made


def section(made: Summary, title: str) -> Section:
    return next(each for each in sections(made) if each.title == title)


def test_the_league_counts_verdicts_and_reasons_and_puts_the_best_target_first() -> None:
    made = summary(
        [row("a", "small", "does-not-fit", reasons=["ram", "operators"]), row("a", "large")],
        [row("b", "small", "does-not-fit", reasons=["ram"]), row("b", "large", "unknown")],
        [row("c", "small", "unknown", error_code="EL901", error="bad"), row("c", "large")],
    )
    league = section(made, "What fits where")
    assert [title for title, _ in league.columns] == [
        *("target", "fits", "does not fit", "unknown", "unreadable", "RAM", "flash", "operators")
    ]
    assert league.rows == [
        ["large", "2", "0", "1", "0", "0", "0", "0"],
        ["small", "0", "2", "0", "1", "2", "0", "1"],
    ]


def test_operators_are_counted_by_the_models_they_keep_away() -> None:
    made = summary(
        [row("a", verdict="does-not-fit", unsupported=["Loop", "If"])],
        [row("b", verdict="does-not-fit", unsupported=["Loop"])],
    )
    assert section(made, "Operators in the way").rows == [["cortex-m4", "Loop 2, If 1"]]


def test_the_smallest_target_of_a_model_has_the_least_ram_then_the_least_flash() -> None:
    limits = {"host": (None, None), "wide": (64, 900), "narrow": (64, 500), "tiny": (16, 100)}
    rows = [
        row("zoo/a", name, ram_limit_bytes=ram, flash_limit_bytes=flash)
        for name, (ram, flash) in limits.items()
    ]
    rows[-1]["verdict"] = "does-not-fit"
    made = summary(rows, [row("zoo/b", verdict="unknown"), row("zoo/b", "host", "unknown")])
    assert [
        [*cells[:2], cells[-1]] for cells in section(made, "The smallest target for each model").rows
    ] == [
        ["a", "narrow", "3 of 4"],
        ["b", "none", "0 of 2"],
    ]


def test_a_large_zoo_lists_its_largest_models_only() -> None:
    made = Summary(SMALL_ZOO + 1)
    for size in range(SMALL_ZOO + 1):
        made.add([row(f"zoo/{size}", bytes=size), row(f"zoo/{size}", "rp2040", bytes=size)], [])
    assert not made.homes
    names = [cells[0] for cells in section(made, "The largest models").rows]
    assert names == [str(SMALL_ZOO - place) for place in range(LISTED)]


def test_findings_are_counted_and_their_models_too() -> None:
    found = [
        {"severity": "note", "code": "EL302", "rule": "quiet"},
        {"severity": "error", "code": "EL201", "rule": "loud"},
        {"severity": "error", "code": "EL201", "rule": "loud"},
    ]
    made = summary([row("a")], [row("b")], findings=found)
    assert section(made, "Findings").rows == [
        ["2", "4", "error", "EL201", "loud"],
        ["2", "2", "note", "EL302", "quiet"],
    ]


def test_the_headline_names_formats_and_what_is_unreadable() -> None:
    made = summary([row("a", bytes=2048)], [row("b", error_code="EL901", error="bad")])
    assert headline(made) == "2 models × 1 target: 2 KiB; 1 onnx, 1 unreadable"


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_each_format_tells_the_same(tmp_path: Path, format: str) -> None:
    models = zoo(tmp_path / "zoo")
    told = audit(tmp_path, models, "--target", "cortex-m4,onnxruntime-cpu", "--format", format).stdout
    for word in ("5 models × 2 targets", "What fits where", "onnxruntime-cpu", "broken.tflite", "iris.keras"):
        assert word in told
    assert str(models) not in told


def test_a_summary_goes_to_a_file_when_asked(tmp_path: Path) -> None:
    done = audit(tmp_path, MODELS / "sine.int8.tflite", "--summary", tmp_path / "summary.txt")
    assert done.stdout == ""
    assert "What fits where" in (tmp_path / "summary.txt").read_text(encoding="utf-8")


def hostile(folder: Path) -> Path:
    """A model with a name that is no good in HTML, in Markdown and on a terminal."""
    name = HOSTILE.replace("/", "∕")
    folder.mkdir()
    (folder / f"{name}.tflite").write_bytes((MODELS / "sine.int8.tflite").read_bytes())
    return folder


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_names_do_nothing_in_a_summary(tmp_path: Path, format: str) -> None:
    told = audit(tmp_path, hostile(tmp_path / "zoo"), "--target", "cortex-m4,rp2040", "--format", format)
    assert "\x1b" not in told.stdout
    if format != "text":
        assert "<script" not in told.stdout


def test_the_page_is_whole_html_without_scripts_or_links(tmp_path: Path) -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.seen: set[str] = set()

        def handle_starttag(self, tag: str, attributes: object) -> None:
            self.seen.add(tag)
            if tag not in ("meta", "rect"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag != "rect":
                assert self.open.pop() == tag

    tags = Tags()
    tags.feed(audit(tmp_path, hostile(tmp_path / "zoo"), "--target", "rp2040", "--format", "html").stdout)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "a", "img", "iframe"}


def test_a_browser_shows_the_page_as_its_policy_allows(tmp_path: Path) -> None:
    page = tmp_path / "summary.html"
    models = zoo(tmp_path / "zoo")
    audit(tmp_path, models, "--target", "cortex-m4,rp2040", "--format", "html", "--summary", page)
    with browser() as running:
        tab = running.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(page.as_uri())
        assert tab.inner_text("h1").startswith("edgelint audit: 5 models × 2 targets")
        assert tab.locator("table").first.bounding_box()["width"] > 300
        assert tab.evaluate("getComputedStyle(document.querySelector('rect')).fill") == "rgb(26, 127, 55)"
        assert said == []


def test_no_progress_is_shown_where_nobody_sees_it(tmp_path: Path) -> None:
    done = edgelint("audit", MODELS / "sine.int8.tflite", "-o", tmp_path / "r.csv", "--no-cache")
    assert done.stderr == "edgelint: 1 model judged, 0 known from before\n"
