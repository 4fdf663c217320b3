"""What a picture tells of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgelint.checker import Settings, judged
from edgelint.comparison.layers import match
from edgelint.context import Context
from edgelint.ir.model import Graph
from edgelint.loaders import load
from edgelint.picture import INPUT, NODE, OUTPUT, Box, Picture
from edgelint.picture.change import changes, pairs
from edgelint.picture.draw import MOST_PLACES, draw
from edgelint.rule import Finding, Location, Severity
from edgelint.targets import find
from tests.conftest import FIXTURES
from tests.effort import growth
from tests.hostile import tflite_files as tflite
from tests.loaders.tflite.builder import ModelBuilder

MODELS = FIXTURES / "models"
SETTINGS = Settings(targets=(find("cortex-m4"),))


def picture_of(name: str | Path, settings: Settings = SETTINGS) -> Picture:
    return draw(*next(judged(MODELS / name, settings)))


def titled(picture: Picture, view: int = 0) -> dict[str, Box]:
    return {box.name: box for box in picture.views[view].sheets[0].boxes if box.kind == NODE}


def test_inputs_and_outputs_are_boxes_of_their_own() -> None:
    boxes = picture_of("digits_cnn.int8.tflite").views[0].sheets[0].boxes
    assert [box.kind for box in boxes].count(INPUT) == 1
    assert [box.kind for box in boxes].count(OUTPUT) == 1
    assert [box.place for box in boxes if box.kind == NODE] == list(range(len(boxes) - 2))


def test_a_box_lists_weights_by_role_shape_and_type() -> None:
    lines = {box.title: box.lines for box in titled(picture_of("digits_cnn.int8.tflite")).values()}
    assert lines["FULLY_CONNECTED"][1:] == ("weights int8[10,64]", "bias int32[10]")


def test_a_tflite_file_is_one_view_and_a_keras_file_two() -> None:
    assert [view.name for view in picture_of("digits_cnn.int8.tflite").views] == ["source"]
    assert [view.name for view in picture_of("digits_cnn.keras").views] == ["source", "deployment"]


def test_memory_peaks_where_the_report_says() -> None:
    picture = picture_of("digits_cnn.int8.tflite")
    totals = {title: amount for title, amount, _ in picture.totals}
    assert totals["peak activation"] == "1.5 KiB"
    assert max(live or 0 for live in picture.views[0].sheets[0].memory) == 1536


def test_findings_are_at_their_nodes_with_their_rules_explained() -> None:
    picture = picture_of("cancer_softmax_one_unit.keras")
    mark = next(each for each in picture.findings if each.code == "EL403")
    view, sheet, place = mark.places[0]
    box = picture.views[view].sheets[sheet].boxes[place]
    assert box.worst == "error"
    assert picture.findings[box.findings[0]] is mark
    assert "## Why it matters" in picture.rules["EL403"]


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("conv2d", "conv2d"),
        ("batch_normalization", "conv2d"),
        ("re_lu", "conv2d"),
        ("batch_normalization_1", "depthwise_conv2d"),
        ("max_pooling2d", "max_pooling2d"),
        ("dense", "dense"),
    ],
)
def test_each_layer_leads_to_the_operator_it_became_or_was_fused_into(source: str, made: str) -> None:
    picture = picture_of("digits_cnn.keras")
    place = titled(picture)[source].place
    names = [picture.views[1].sheets[sheet].boxes[box].name for sheet, box in picture.links[0, place]]
    assert names[0] == made


def test_every_operator_on_the_target_is_led_to() -> None:
    picture = picture_of("digits_cnn.keras")
    reached = {place for places in picture.links.values() for place in places}
    nodes = [box for box in picture.views[1].sheets[0].boxes if box.kind == NODE]
    assert reached == {(0, box.place) for box in nodes}


def test_subgraphs_are_sheets_of_their_own(tmp_path: Path) -> None:
    builder = ModelBuilder()
    builder.subgraph("body")
    path = tmp_path / "m.tflite"
    path.write_bytes(builder.bytes())
    sheets = picture_of(path).views[0].sheets
    assert [(sheet.name, sheet.boxes) for sheet in sheets] == [("main", ()), ("body", ())]


def test_changes_are_marked_on_both_models() -> None:
    names = "diabetes.onnx", "diabetes_softmax.onnx"
    old, new = (next(judged(MODELS / name, Settings())) for name in names)
    layers = match(old[0].model, new[0].model)
    before, after = changes(layers)
    marks = [
        {box.change for box in draw(*side, change).views[0].sheets[0].boxes} - {""}
        for side, change in ((old, before), (new, after))
    ]
    assert marks == [{"removed", "changed"}, {"added", "changed"}]


def test_matched_nodes_are_pairs_of_places() -> None:
    model = load(MODELS / "digits_cnn.int8.tflite")
    count = len(model.main.nodes)
    assert pairs(match(model, model), model, model) == [(0, node, 0, node) for node in range(count)]


def test_a_judgement_without_target_is_drawn_as_well() -> None:
    picture = picture_of("digits_cnn.keras", replace(SETTINGS, targets=()))
    assert (picture.target, picture.verdict) == ("", "")


@pytest.mark.parametrize(
    ("wanted", "allowed", "read"), [(True, None, True), (True, False, False), (False, None, False)]
)
def test_numbers_are_read_where_that_is_wanted_and_allowed(
    wanted: bool, allowed: bool | None, read: bool
) -> None:
    settings = replace(SETTINGS, weights=allowed)
    picture = draw(*next(judged(MODELS / "digits_cnn.keras", settings)), weights=wanted)
    assert bool(picture.views[0].sheets[0].constants) == read
    assert picture.views[1].sheets[0].constants == ()


def odd(graph: Graph) -> Finding:
    at = Location(graph.name, graph.nodes[0].name, "RELU", 0)
    return Finding("EL101", "some-rule", Severity.NOTE, "is odd", location=at)


def test_a_graph_takes_no_more_work_where_there_are_many(tmp_path: Path) -> None:
    def drawing(count: int) -> Callable[[], object]:
        path = tmp_path / f"{count}.tflite"
        path.write_bytes(tflite.repeated("subgraphs", count))
        context, report = next(judged(path, Settings()))
        findings = tuple(map(odd, context.model.graphs))
        return lambda: draw(context, replace(report, findings=findings))

    assert growth(drawing, 100, 1200) < 1.2


def test_a_finding_on_nodes_of_one_name_is_at_some_of_them() -> None:
    context, report = next(judged(MODELS / "sine.int8.tflite", Settings()))
    graph = context.model.main
    many = Context(replace(context.model, graphs=(graph,) * 200), None)
    picture = draw(many, replace(report, findings=(odd(graph),)))
    assert len(picture.findings[0].places) == MOST_PLACES
