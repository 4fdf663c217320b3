"""Pictures without a page: SVG, PNG, DOT, Mermaid and Model Explorer's node data."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from edgelint import bounds
from edgelint.checker import Settings, judged
from edgelint.errors import EdgelintError
from edgelint.loaders import load
from edgelint.picture import Picture
from edgelint.picture.draw import draw
from edgelint.reporters import Style
from edgelint.targets import find
from tests.cli import edgelint
from tests.conftest import FIXTURES
from tests.loaders.tflite.builder import ModelBuilder
from tests.reporters.test_html import HOSTILE, chain_model, hostile_model

MODELS = FIXTURES / "models"
TEXTS = ("svg", "dot", "mermaid", "model_explorer")
EVIL = (
    HOSTILE,
    '"];x[label="',
    '"]\nclick n0 call alert()',
    "\u202egnp.exe",
    "]]>&amp;<!ENTITY",
    "n" * 1_000_000,
)


def picture_of(path: Path, target: str = "onnxruntime-cpu") -> Picture:
    return draw(*next(judged(path, Settings(targets=(find(target),)))))


def written(picture: Picture, format: str) -> str:
    out = io.StringIO()
    import_module(f"edgelint.reporters.{format}").write(picture, out, Style())
    return out.getvalue()


@pytest.fixture(params=EVIL, ids=["script", "dot", "mermaid", "bidi", "xml", "megabyte"])
def evil(request: pytest.FixtureRequest, tmp_path: Path) -> Picture:
    return picture_of(hostile_model(tmp_path / "m.onnx", request.param))


@pytest.fixture(scope="module")
def cnn() -> Picture:
    return picture_of(MODELS / "digits_cnn.int8.tflite", "cortex-m4")


@pytest.mark.parametrize("format", TEXTS)
def test_a_hostile_name_stays_text(evil: Picture, format: str) -> None:
    shown = written(evil, format)
    assert len(shown) < 20_000
    assert not set(shown) & {"\u2028", "\u202e", "\x1b", "\r"}


def test_svg_is_xml_with_nothing_but_shapes_and_texts(evil: Picture) -> None:
    root = ElementTree.fromstring(written(evil, "svg"))
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "g", "rect", "path", "text", "title"}
    assert not [
        name for each in root.iter() for name in each.attrib if name.startswith("on") or "href" in name
    ]


def test_svg_draws_a_box_for_each_node_and_an_arrow_for_each_edge(cnn: Picture) -> None:
    shown, sheet = written(cnn, "svg"), cnn.views[-1].sheets[0]
    assert shown.count("<g><title>") == len(sheet.boxes)
    assert shown.count('fill="none"') == len(sheet.edges)


def test_dot_is_one_statement_a_line_with_closed_quotes(evil: Picture) -> None:
    for line in written(evil, "dot").splitlines():
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0, line


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_it(evil: Picture) -> None:
    done = subprocess.run(
        ["dot", "-Tsvg"], input=written(evil, "dot"), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


_MERMAID = (
    r"flowchart TD",
    r"  classDef \w+ stroke:#\w+,stroke-width:3px",
    r'  n\d+(\["[^"]*"\]|\(\["[^"]*"\]\))(:::\w+)?',
    r"  n\d+ --> n\d+",
    r"  %% .*",
)


def test_mermaid_has_only_the_statements_it_should(evil: Picture) -> None:
    for line in written(evil, "mermaid").splitlines():
        assert any(re.fullmatch(pattern, line) for pattern in _MERMAID), line


def test_mermaid_says_what_it_leaves_out(tmp_path: Path) -> None:
    shown = written(picture_of(chain_model(tmp_path / "m.onnx", 600)), "mermaid")
    assert shown.count("-->") == 500
    assert "101 more edges" in shown


@pytest.mark.parametrize("overlay", ["live-bytes", "macs", "weight-bytes"])
def test_model_explorer_gets_a_number_for_the_output_tensors_of_nodes(cnn: Picture, overlay: str) -> None:
    data: dict[str, Any] = json.loads(written(replace(cnn, overlay=overlay), "model_explorer"))
    graph = load(MODELS / "digits_cnn.int8.tflite").main
    made = [value for node in graph.nodes for value in graph.outputs_of(node) if value is not None]
    tensors = {value.label or value.name for value in made}
    results = data["results"]
    assert results
    assert results.keys() <= tensors
    assert all(isinstance(each["value"], int) for each in results.values())
    assert [each["stop"] for each in data["gradient"]] == [0, 1]


def test_model_explorer_gets_several_graphs_by_name(tmp_path: Path) -> None:
    builder = ModelBuilder()
    builder.subgraph("body")
    data = json.loads(written(picture_of(builder.write(tmp_path)), "model_explorer"))
    assert {name: each["results"] for name, each in data.items()} == {"main": {}, "body": {}}


def test_png_is_a_bitmap_of_the_svg(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    file = tmp_path / "m.png"
    done = edgelint("graph", MODELS / "digits_cnn.int8.tflite", "--target", "cortex-m4", "--output", file)
    assert (done.returncode, done.stderr) == (0, "")
    data = file.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") > 400


def test_a_deep_png_stays_within_bounds(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    from edgelint.reporters.png import LARGEST, write

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    write(picture_of(chain_model(tmp_path / "m.onnx", 500)), out, Style())
    assert int.from_bytes(out.buffer.getvalue()[20:24], "big") <= LARGEST


def test_without_the_renderer_it_is_said_what_to_install(
    cnn: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(EdgelintError, match="cannot be drawn as PNG without resvg-py") as raised:
        written(cnn, "png")
    assert raised.value.hint == "pip install 'edgelint[png]', or write SVG"


def abort(**drawing: object) -> bytes:
    """What resvg does where it gets no memory."""
    os.abort()


def go_on(**drawing: object) -> bytes:
    """What it does with thousands of texts, for as long as it is let."""
    while True:
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process of its own needs fork")
@pytest.mark.parametrize("render", [abort, go_on])
def test_a_renderer_that_ends_or_never_ends_takes_nothing_with_it(
    render: Callable[..., bytes], cnn: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", SimpleNamespace(svg_to_bytes=render))
    monkeypatch.setattr(bounds, "seconds_left", lambda: 0.2)
    with pytest.raises(EdgelintError, match="is too large a graph to be drawn as PNG") as raised:
        written(cnn, "png")
    assert raised.value.code == "EL912"


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("svg", "<svg "),
        ("dot", "digraph "),
        ("mmd", "flowchart "),
        ("json", "{"),
        ("html", "<!doctype html>"),
    ],
)
def test_the_suffix_of_the_output_says_what_to_draw(suffix: str, start: str, tmp_path: Path) -> None:
    file = tmp_path / f"m.{suffix}"
    assert edgelint("graph", MODELS / "diabetes.int8.tflite", "--output", file).returncode == 0
    assert file.read_text(encoding="utf-8").startswith(start)
