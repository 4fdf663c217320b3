"""The arena over time, in `inspect`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli import edgelint, edgelint_json
from tests.conftest import FIXTURES

MODEL = FIXTURES / "models" / "digits_resnet.int8.tflite"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    _, document = edgelint_json("inspect", MODEL, "--target", "cortex-m4")
    found: dict[str, Any] = document["reports"][0]
    return found


def test_the_timeline_has_an_entry_for_every_operator(report: dict[str, Any]) -> None:
    assert [entry["index"] for entry in report["timeline"]] == [node["index"] for node in report["nodes"]]


def test_the_peak_is_the_fullest_entry_and_its_tensors_make_it_up(report: dict[str, Any]) -> None:
    peak = report["peak"]
    entry = report["timeline"][peak["timeline_index"]]
    assert entry["live_bytes"] == max(each["live_bytes"] for each in report["timeline"])
    assert sum(tensor["bytes"] for tensor in peak["tensors"]) == entry["live_bytes"]
    assert {tensor["name"] for tensor in peak["tensors"]} == set(entry["tensors"])


def test_the_head_is_never_below_the_bound(report: dict[str, Any]) -> None:
    assert report["peak"]["bound_bytes"] <= report["profile"]["arena_bytes"]["head"]


def test_the_plot_marks_the_peak_in_text(report: dict[str, Any]) -> None:
    text = edgelint("inspect", MODEL, "--target", "cortex-m4").stdout
    entry = report["timeline"][report["peak"]["timeline_index"]]
    assert f"at operator {entry['index']}, {entry['op']}" in text
    assert "█" in text


def test_without_a_plan_there_is_no_timeline() -> None:
    _, document = edgelint_json(
        "inspect", FIXTURES / "models" / "digits_lambda.keras", "--target", "cortex-m4"
    )
    assert document["reports"][0]["timeline"] is None
