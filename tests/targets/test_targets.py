"""Targets by name, and what their files say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgelint.analysis.support import JUDGES
from edgelint.errors import EdgelintError
from edgelint.targets import find, names


def test_every_name_is_a_target_of_that_name_with_a_source() -> None:
    for name in names():
        target = find(name)
        assert target.name == name
        assert target.source
        assert target.runtime.source
        assert target.runtime.name in JUDGES


def test_the_cortex_m4_preset_has_a_typical_budget_and_says_so() -> None:
    target = find("cortex-m4")
    assert (target.ram, target.flash, target.typical) == (256 * 1024, 1024 * 1024, True)
    assert (target.runtime.name, target.kernels, target.simd, target.abi) == (
        "tflm",
        "cmsis-nn",
        "dsp",
        "arm32",
    )


@pytest.mark.parametrize("name", ["tflm-x86_64", "litert-cpu", "onnxruntime-cpu"])
def test_targets_on_a_pc_have_no_budget(name: str) -> None:
    assert (find(name).ram, find(name).flash, find(name).typical) == (None, None, False)


def test_a_name_is_found_in_any_case() -> None:
    assert find(" Cortex-M4 ") is find("cortex-m4")


def test_an_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(EdgelintError, match="no target 'cortexm4'") as caught:
        find("cortexm4")
    assert "cortex-m4" in caught.value.hint


@pytest.mark.parametrize("name", ["../runtimes/tflm", "", "/etc/passwd"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(EdgelintError, match="no target"):
        find(name)


def test_a_budget_can_be_replaced() -> None:
    assert replace(find("cortex-m4"), ram=64 * 1024).ram == 64 * 1024
