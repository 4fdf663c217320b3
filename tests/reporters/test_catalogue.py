"""What `edgelint targets` prints."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from edgelint.reporters import Style
from edgelint.reporters.catalogue import write_target, write_targets
from edgelint.targets import find, names

PLAIN = Style(False, None)


def described(name: str, format: str = "text") -> str:
    out = io.StringIO()
    write_target(find(name), out, PLAIN, format)
    return out.getvalue()


def listed(format: str = "text") -> str:
    out = io.StringIO()
    write_targets([find(name) for name in names()], out, PLAIN, format)
    return out.getvalue()


def test_presets_come_first_and_a_gap_before_the_boards() -> None:
    lines = [line.split()[0] if line else "" for line in listed().splitlines()]
    assert lines.index("cortex-m4") < lines.index("esp32") < lines.index("litert-cpu")
    assert lines[lines.index("adafruit-feather-m4") - 1] == ""
    assert lines.count("") == 3
    assert set(names()) < set(lines)


@pytest.mark.parametrize(
    "said",
    [
        "core           cortex-m7 (cmsis-nn kernels, dsp variant)",
        "RAM budget     512 KiB",
        "chip           STM32H743ZI, 480 MHz",
        "RAM banks      axi_sram 512 KiB, dtcm 128 KiB, itcm 64 KiB, sram1_2_3 288 KiB, sram4 64 KiB",
        "confidence     main sizes read in the source, regions or clock recalled",
        "source         platformio/platform-ststm32@",
    ],
)
def test_a_board_shows_its_memory_clock_and_where_that_is_from(said: str) -> None:
    assert said in described("nucleo-h743zi")


def test_an_accelerator_is_said_not_to_be_judged() -> None:
    assert "accelerator    max78000-cnn (not judged)" in described("max78000fthr")


def test_a_board_of_an_unknown_runtime_lists_no_operators() -> None:
    text = described("gap9-evk")
    assert "edgelint does not know this runtime" in text
    assert "CONV_2D" not in text


def test_a_preset_says_that_its_budget_is_typical() -> None:
    assert "RAM budget     256 KiB (typical for the core)" in described("cortex-m4")
    assert "RAM budget     no limit" in described("cortex-m23")


def test_json_has_the_board() -> None:
    data: dict[str, Any] = json.loads(described("raspberry-pi-pico", "json"))
    assert data["board"]["regions"] == {"striped": 256 * 1024, "scratch": 8 * 1024}
    assert (data["ram_bytes"], data["kind"], data["npu"]) == (256 * 1024, "board", "")
    rows = {row["name"]: row for row in json.loads(listed("json"))}
    assert rows["cortex-m4"]["board"] is None
    assert rows["cortex-m4"]["typical"]
