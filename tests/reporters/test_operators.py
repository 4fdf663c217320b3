"""What `edgelint targets --operator` prints."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.reporters import Style
from edgelint.reporters.catalogue import write_target
from edgelint.reporters.operators import find_operator, write_operator
from edgelint.targets import find
from tests.cli import edgelint


def spelt(word: str) -> dict[str, set[str]]:
    """By table, the operators that `word` stands for there."""
    found: dict[str, set[str]] = {}
    for entry in find_operator(word):
        found.setdefault(entry.table, set()).add(entry.operator)
    return found


def test_a_tflite_name_finds_the_onnx_and_keras_ones() -> None:
    found = spelt("CONV_2D")
    assert found["tflm"] == {"CONV_2D"}
    assert found["tensorrt"] == {"Conv"}
    assert found["st-edge-ai-keras"] == {"Conv2D"}


def test_an_onnx_name_finds_all_tflite_operators_of_its_kind() -> None:
    assert spelt("Conv")["litert-gpu"] == {"CONV_2D", "DEPTHWISE_CONV_2D"}


@pytest.mark.parametrize("word", ["Conv2D", "conv_2d", "CONV_2D"])
def test_a_name_is_found_in_any_spelling(word: str) -> None:
    assert spelt(word) == spelt("CONV_2D")


@pytest.mark.parametrize("word", ["Dense", "FULLY_CONNECTED"])
def test_a_dense_layer_is_a_fully_connected_operator(word: str) -> None:
    assert spelt(word)["ethos-u55-u65"] == {"FULLY_CONNECTED"}


def test_a_complete_table_says_no_and_an_incomplete_one_that_it_does_not_know() -> None:
    answers = {entry.table: entry.supported for entry in find_operator("ATAN2")}
    assert answers["coral-edgetpu"] is False
    assert answers["st-edge-ai-tflite"] is None


def test_limits_of_the_new_tables_are_told_in_words() -> None:
    (entry,) = (entry for entry in find_operator("AVERAGE_POOL_2D") if entry.table == "ethos-u55-u65")
    assert "dtypes int8, uint8, int16" in entry.limits
    assert "if padding SAME: kernel w max 8, kernel h max 8" in entry.limits


def test_json_has_a_row_per_table() -> None:
    out = io.StringIO()
    write_operator("SOFTMAX", out, Style(False, None), "json")
    rows: list[dict[str, Any]] = json.loads(out.getvalue())
    assert {"table": "litert-gpu", "operator": "SOFTMAX", "supported": True, "limits": ["beta 1.0"]} in rows


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(EdgelintError, match="no table has an operator 'CONVOLVE'"):
        write_operator("CONVOLVE", io.StringIO(), Style(False, None), "text")


def test_the_command_line_has_it() -> None:
    done = edgelint("targets", "--operator", "Gelu")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == ["table", "takes", "it", "as", "limits"]
    assert edgelint("targets", "--operator", "CONVOLVE").returncode == 2


def test_a_target_lists_the_operators_of_its_accelerator_too() -> None:
    out = io.StringIO()
    write_target(find("ethos-u55-128"), out, Style(False, None), "text")
    runtime, _, accelerator = out.getvalue().partition("\nethos-u55-u65\n")
    assert "core           cortex-m55" in runtime
    assert "BATCH_MATMUL" in accelerator
    assert "accelerator    ethos-u55-128, compiled for or delegated to by Vela" in runtime


def test_a_target_s_json_has_both_tables() -> None:
    out = io.StringIO()
    write_target(find("coral-edgetpu"), out, Style(False, None), "json")
    data = json.loads(out.getvalue())
    assert data["operators"]["CONV_2D"]["supported"]
    assert data["tables"]["coral-edgetpu"]["CONV_2D"]["limits"] == [["dilation w equals h"]]


def test_a_table_in_another_vocabulary_is_not_said_to_lack_the_operator() -> None:
    found = {entry.table: entry.supported for entry in find_operator("Conv2D")}
    assert found["executorch-ethos-u55"] is None
    assert found["tflm"] is True
