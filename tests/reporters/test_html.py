"""The page with the graph: what is in the file, and what it does in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper, save

from edgelint.checker import Settings, judged
from edgelint.picture.draw import draw
from edgelint.reporters.html import embedded, page
from edgelint.targets import find
from tests.cli import edgelint
from tests.conftest import FIXTURES
from tests.reporters.chromium import Page, browser

MODELS = FIXTURES / "models"
KERAS, WRONG = MODELS / "digits_cnn.keras", MODELS / "cancer_softmax_one_unit.keras"
HOSTILE = "x</script><script>document.title='owned'</script><!--\u2028\u202e<img src=x onerror=alert(1)>"


def page_of(path: Path, target: str = "cortex-m4") -> str:
    return page([draw(*next(judged(path, Settings(targets=(find(target),)))), weights=True)])


def written(path: Path, folder: Path, target: str = "cortex-m4") -> Path:
    file = folder / f"{path.name}.html"
    file.write_text(page_of(path, target), encoding="utf-8")
    return file


def hostile_model(path: Path, name: str = HOSTILE) -> Path:
    nodes = [helper.make_node("Softmax", [name + "i"], [name + "o"], name=name, axis=-1, domain="")]
    ports = [helper.make_tensor_value_info(name + end, TensorProto.FLOAT, [1, 1]) for end in "io"]
    graph = helper.make_graph(nodes, name, ports[:1], ports[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def chain_model(path: Path, count: int) -> Path:
    nodes = [
        helper.make_node("Sin", [f"v{n}"], [f"v{n + 1}"], name=f"block{n // 50}/sin{n}") for n in range(count)
    ]
    ports = [helper.make_tensor_value_info(f"v{n}", TensorProto.FLOAT, [1, 16]) for n in (0, count)]
    graph = helper.make_graph(nodes, "main", ports[:1], ports[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def embedded_data(html: str) -> Any:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_policy_allows_exactly_the_pages_own_script_and_style() -> None:
    html = page_of(KERAS)
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert (len(script), len(style)) == (1, 1)
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (*script, *style)]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert re.findall(r"'sha256-([^']+)'", policy[1]) == hashes
    assert policy[1].startswith("default-src 'none';")


def test_nothing_in_the_page_points_outside() -> None:
    html = page_of(KERAS)
    assert not re.findall(r"(?:src|href)=\"?https?:|@import|url\(", html)


def test_names_cannot_leave_the_data(tmp_path: Path) -> None:
    html = page_of(hostile_model(tmp_path / "m.onnx"), "onnxruntime-cpu")
    assert html.count("<script") == 2
    assert "<img" not in html
    assert "\u2028" not in html
    assert any("<img" in text for text in embedded_data(html)["pictures"][0]["texts"])


def test_embedded_json_reads_back_as_it_was() -> None:
    data = {"a": HOSTILE, "b": ["</script>", "<!--", "\u2029"]}
    assert json.loads(embedded(json.dumps(data))) == data
    assert json.loads(embedded(json.dumps(data, ensure_ascii=False))) == data
    assert "<" not in embedded(json.dumps(data, ensure_ascii=False))


def test_a_name_of_a_megabyte_is_cut(tmp_path: Path) -> None:
    html = page_of(hostile_model(tmp_path / "m.onnx", "n" * 1_000_000), "onnxruntime-cpu")
    assert len(html) < 200_000


def test_a_node_costs_few_bytes(tmp_path: Path) -> None:
    models = (chain_model(tmp_path / f"{count}.onnx", count) for count in (10, 1010))
    small, large = (page_of(each, "onnxruntime-cpu") for each in models)
    assert (len(large) - len(small)) / 1000 < 400


def test_without_scripts_there_are_tables_of_figures_and_findings() -> None:
    html = page_of(WRONG)
    fallback = html.partition('<section id="fallback">')[2].partition("</section>")[0]
    assert "<td>EL403 softmax-on-one-unit</td>" in fallback
    assert "parameters" in fallback


def test_without_scripts_memory_over_time_is_plotted() -> None:
    fallback = page_of(KERAS).partition('<section id="fallback">')[2].partition("</section>")[0]
    assert 'aria-label="memory over 8 steps, peak 6 KiB at step 2"' in fallback


def test_the_script_makes_no_markup_of_text() -> None:
    script = re.findall(r"<script>(.*?)</script>", page_of(KERAS), re.DOTALL)[0]
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(", script
    )
    assert max(map(len, script.splitlines())) <= 120


def test_names_cannot_leave_the_data_of_a_comparison(tmp_path: Path) -> None:
    old, new = hostile_model(tmp_path / "a.onnx"), hostile_model(tmp_path / "b.onnx", HOSTILE + "2")
    done = edgelint("diff", old, new, "--format", "html")
    assert done.stdout.count("<script") == 2
    assert "<img" not in done.stdout
    assert not set(done.stdout) & {"\u2028", "\u202e"}


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    file = tmp_path / "g.html"
    assert edgelint("graph", KERAS, "--target", "cortex-m4", "--output", file).returncode == 0
    assert embedded_data(file.read_text())["pictures"][0]["target"] == "cortex-m4"


def test_check_writes_a_page_as_well(tmp_path: Path) -> None:
    file = tmp_path / "g.html"
    done = edgelint("check", WRONG, "--target", "cortex-m4", "--format", "html", "--output", file)
    assert done.returncode == 1
    assert "EL403" in file.read_text()


def test_one_page_may_hold_several_models_and_files_that_are_none(opened: Any, pages: Path) -> None:
    broken = pages / "broken.onnx"
    broken.write_bytes(b"")
    file = pages / "all.html"
    edgelint("check", KERAS, WRONG, broken, "--target", "cortex-m4", "--format", "html", "--output", file)
    shown = opened("all").ready()
    assert shown.text("#name") == KERAS.name
    shown.tab.select_option("#model", index=1)
    shown.settle()
    assert shown.text("#name") == WRONG.name
    assert "broken.onnx" in file.read_text()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for path in (KERAS, WRONG, MODELS / "digits_cnn.int8.tflite"):
        written(path, folder)
    written(hostile_model(folder / "hostile.onnx"), folder, "onnxruntime-cpu")
    written(chain_model(folder / "long.onnx", 10_000), folder, "onnxruntime-cpu")
    return folder


@pytest.fixture
def opened(chromium: Any, pages: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function from a model's file name to its page."""
    tabs: list[Page] = []

    def open_page(name: str, link: str = "", **options: Any) -> Page:
        tabs.append(Page(chromium, pages / f"{name}.html", link, **options))
        return tabs[-1]

    yield open_page
    for each in tabs:
        each.tab.close()


@pytest.mark.parametrize("name", ["digits_cnn.keras", "hostile.onnx", "long.onnx"])
def test_it_loads_without_a_word_on_the_console_or_a_request(opened: Any, name: str) -> None:
    shown = opened(name).ready()
    shown.settle()
    assert shown.said == []
    assert len(shown.requests) == 1
    assert shown.tab.title() == f"{name} - edgelint"


@pytest.mark.parametrize("tab", ["Node", "Findings", "Outline", "Alive", "Weights"])
def test_hostile_names_are_shown_as_text(opened: Any, tab: str) -> None:
    shown = opened("hostile.onnx").ready()
    shown.press("ArrowDown", "ArrowDown")
    shown.tab.click(f"#tab-{tab}")
    shown.settle()
    assert shown.tab.title() == "hostile.onnx - edgelint"
    assert shown.count("img") == 0
    assert shown.said == []


def test_only_what_is_in_the_window_is_drawn(opened: Any) -> None:
    shown = opened("long.onnx").ready()
    assert shown.tab.evaluate("document.body.dataset.nodes") == "10002"
    assert 0 < shown.count(".box") < 100


def test_every_node_of_a_small_model_is_drawn(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    assert shown.count(".box") == int(shown.tab.evaluate("document.body.dataset.nodes"))


def test_search_goes_to_a_node(opened: Any) -> None:
    shown = opened("long.onnx").ready()
    shown.press("/")
    shown.tab.keyboard.type("sin7777")
    shown.press("Enter")
    assert "sin7777" in shown.text(".box.selected")
    assert "sin7777" in shown.text("#panel")


def test_a_click_selects_and_the_address_remembers(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.tab.locator(".box", has_text="conv2d").first.click()
    shown.settle()
    assert "#n=conv2d" in shown.tab.url
    assert shown.count(".wire.near") > 0


def test_a_link_opens_at_its_node(opened: Any) -> None:
    shown = opened("digits_cnn.keras", "#n=dense").ready()
    shown.settle()
    assert shown.text("#panel h2") == "Dense + Softmax"


def test_keys_walk_the_graph_and_its_findings(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    shown.press("ArrowDown", "ArrowDown")
    first = shown.text(".box.selected")
    shown.press("ArrowDown")
    assert shown.text(".box.selected") != first
    shown.press("Escape", "n")
    assert "EL403" in shown.text("#panel")


def test_severities_can_be_hidden(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    before = shown.count(".box.error")
    shown.tab.click("[data-severity=error]")
    shown.settle()
    assert (before > 0, shown.count(".box.error")) == (True, 0)


def test_the_strip_leads_to_a_step(opened: Any) -> None:
    shown = opened("long.onnx").ready()
    area = shown.tab.locator("#strip").bounding_box()
    shown.tab.mouse.click(area["x"] + 30, area["y"] + area["height"] / 2)
    shown.settle()
    assert 4900 < int(shown.tab.get_attribute("#strip", "aria-valuenow")) < 5100


def test_the_peak_lists_what_is_alive(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.press("p")
    assert "This is the peak." in shown.text("#panel")
    assert "float32[1,8,8,12]" in shown.text("#panel")


def test_what_runs_on_the_target_is_another_graph_with_the_selection_carried_over(opened: Any) -> None:
    shown = opened("digits_cnn.keras", "#n=max_pooling2d").ready()
    shown.press("g")
    assert "MAX_POOL_2D" in shown.text(".box.selected")
    shown.press("g")
    assert "MaxPooling2D" in shown.text(".box.selected")


def test_zoomed_out_the_graph_is_a_few_shapes(opened: Any) -> None:
    shown = opened("long.onnx").ready()
    shown.press(*["-"] * 10)
    assert shown.count("#boxes path") <= 10
    assert shown.count(".box") == 0


def test_dark_follows_the_system_and_the_button(opened: Any) -> None:
    shown = opened("digits_cnn.keras", color_scheme="dark").ready()
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = shown.tab.evaluate(paper)
    shown.tab.click("#theme")
    assert shown.tab.evaluate(paper) != dark == "rgb(13, 17, 23)"


def test_it_reads_without_scripts(chromium: Any, pages: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((pages / "cancer_softmax_one_unit.keras.html").as_uri())
    assert tab.locator("#fallback").is_visible()
    assert not tab.locator("header").is_visible()
    context.close()


def test_a_narrow_window_keeps_graph_and_findings(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.tab.set_viewport_size({"width": 420, "height": 800})
    shown.settle()
    assert shown.tab.evaluate("document.documentElement.scrollWidth") <= 420
    assert shown.tab.locator("#graph").bounding_box()["height"] > 150
    assert shown.tab.locator("#panel").is_visible()


def test_a_zoomed_window_never_loses_the_graph(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.tab.mouse.move(300, 400)
    for way in (100_000, -100_000):
        shown.tab.mouse.wheel(way, way)
        shown.settle()
        assert shown.count(".box") + shown.count(".wire") > 0


def test_weights_show_how_numbers_are_spread(opened: Any) -> None:
    shown = opened("digits_cnn.keras", "#n=conv2d_1").ready()
    shown.tab.click("#tab-Weights")
    assert "conv2d_1/kernel" in shown.text("#panel")
    assert shown.count("#panel .bars") > 5
    assert re.search(r"-0\.\d+ to 0\.\d+, mean", shown.text("#panel"))


def test_findings_explain_their_rule(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    assert "Why it matters" in shown.text("#panel details")
    assert not shown.tab.locator("#panel details p").first.is_visible()
    shown.tab.click("#panel summary >> nth=0")
    assert shown.tab.locator("#panel details p").first.is_visible()


def test_findings_can_be_filtered(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    shown.tab.locator("#filter").type("no such finding")
    assert "None of these." in shown.text("#panel")
    assert shown.tab.evaluate("document.activeElement.id") == "filter"


def test_scopes_are_outlined_behind_their_boxes(opened: Any) -> None:
    shown = opened("digits_cnn.int8.tflite").ready()
    assert shown.text(".scope text") == "digits_cnn_1"


def test_a_layer_that_was_fused_leads_to_what_it_was_fused_into(opened: Any) -> None:
    shown = opened("digits_cnn.keras", "#n=batch_normalization").ready()
    shown.press("g")
    assert "conv2d" in shown.text(".box.selected")


def test_the_sidebar_can_be_widened_by_pointer_and_keys(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    before = shown.tab.locator("#side").bounding_box()["width"]
    area = shown.tab.locator("#grip").bounding_box()
    shown.tab.mouse.move(area["x"] + 2, 400)
    shown.tab.mouse.down()
    shown.tab.mouse.move(area["x"] - 150, 400)
    shown.tab.mouse.up()
    shown.settle()
    dragged = shown.tab.locator("#side").bounding_box()["width"]
    assert dragged > before + 100
    shown.tab.focus("#grip")
    shown.press("ArrowRight")
    assert shown.tab.locator("#side").bounding_box()["width"] < dragged
    assert shown.count("#stage .box.selected") == 0


def test_arrows_go_from_tab_to_tab_and_from_link_to_link(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    shown.tab.focus("#tab-Findings")
    shown.press("ArrowRight")
    assert shown.tab.get_attribute("#tab-Outline", "aria-selected") == "true"
    assert shown.count('#tabs [tabindex="0"]') == 1
    shown.press("Escape", "Enter", "ArrowDown")
    assert shown.tab.evaluate("document.activeElement.closest('#panel') !== null")


def test_a_screen_reader_hears_what_is_selected(opened: Any) -> None:
    shown = opened("cancer_softmax_one_unit.keras").ready()
    shown.press("n")
    active = shown.tab.get_attribute("#graph", "aria-activedescendant")
    label = shown.tab.get_attribute(f"#{active}", "aria-label")
    assert shown.text("#said") == label
    assert re.search(r", \d findings?$", label)


def test_a_search_without_a_hit_says_so(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.press("/")
    shown.tab.keyboard.type("nowhere")
    shown.press("Enter")
    assert shown.tab.get_attribute("#search", "aria-invalid") == "true"
    assert shown.text("#said") == "nothing is called nowhere"


def test_what_is_printed_is_the_whole_graph_with_all_findings(opened: Any) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.tab.emulate_media(media="print")
    shown.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    shown.settle()
    assert shown.count(".box") == int(shown.tab.evaluate("document.body.dataset.nodes"))
    view = shown.tab.locator("#graph").bounding_box()
    boxes = shown.tab.evaluate(
        "[...document.querySelectorAll('.box')].map(box => box.getBoundingClientRect().bottom)"
    )
    assert max(boxes) <= view["y"] + view["height"]
    assert shown.tab.locator("#fallback").is_visible()
    assert not shown.tab.locator("#side").is_visible()
    shown.tab.emulate_media(media="screen")
    shown.tab.evaluate("dispatchEvent(new Event('afterprint'))")
    shown.settle()
    assert shown.tab.get_attribute("#graph", "viewBox") is None
    assert shown.count(".box") > 0


@pytest.mark.parametrize("color", ["severity", "MACs", "live bytes", "weight bytes", "dtype", "runs on"])
def test_colours_have_a_legend(opened: Any, color: str) -> None:
    shown = opened("digits_cnn.keras").ready()
    shown.tab.select_option("#view", "1")
    shown.tab.select_option("#color", color)
    shown.settle()
    assert shown.count("#legend span") > 0
    assert shown.said == []


def test_two_models_are_told_apart_by_colour(opened: Any, pages: Path) -> None:
    file = pages / "diff.html"
    old, new = MODELS / "diabetes.onnx", MODELS / "diabetes_softmax.onnx"
    assert edgelint("diff", old, new, "--format", "html", "--output", file).returncode == 0
    shown = opened("diff").ready()
    assert (shown.count(".box.added"), shown.count(".box.changed")) == (1, 1)
    assert "1 layer added" in shown.text("#panel")
    assert "parameters 321 -> 210" in re.sub(r" +", " ", shown.text("#panel"))
    shown.tab.select_option("#model", "0")
    shown.settle()
    assert shown.count(".box.removed") == 2
    assert shown.said == []


def test_a_node_is_followed_from_one_model_to_the_other(opened: Any, pages: Path) -> None:
    file = pages / "diff2.html"
    old, new = MODELS / "digits_cnn.keras", MODELS / "digits_cnn.int8.tflite"
    done = edgelint("diff", old, new, "--target", "cortex-m4", "--format", "html", "--output", file)
    assert done.returncode == 0
    shown = opened("diff2").ready()
    shown.press("ArrowDown", "ArrowDown")
    assert "digits_cnn_1/re_lu_1/Relu" in shown.text(".box.selected")
    shown.press("g")
    assert "conv2d" in shown.text(".box.selected")
    assert shown.text("#name") == "digits_cnn.keras"
    shown.press("g")
    assert "digits_cnn_1/re_lu_1/Relu" in shown.text(".box.selected")
