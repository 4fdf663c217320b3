"""Targets by name, and what their files say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgelint.analysis.support.judge import JUDGES
from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER, find, names, read_toml
from edgelint.targets.hardware import KIB, Core, Hardware
from tests.conftest import SHARED_MODELS

CORES = (
    *("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m4f", "cortex-m7", "cortex-m23"),
    *("cortex-m33", "cortex-m35p", "cortex-m52", "cortex-m55", "cortex-m85"),
    *("xtensa-lx6", "xtensa-lx7-s2", "xtensa-lx7-s3"),
    *("riscv-imc", "riscv-imac", "riscv-esp32-p4", "riscv-hazard3"),
)
OTHERS = (
    *("esp32", "esp32s3", "rp2040", "ethos-u55-32", "ethos-u55-64", "ethos-u55-128", "ethos-u55-256"),
    *("ethos-u65-256", "ethos-u65-512", "ethos-u85-128", "ethos-u85-256", "ethos-u85-512"),
    *("ethos-u85-1024", "ethos-u85-2048", "litert-cpu", "onnxruntime-cpu", "tflm-x86_64", "coral-edgetpu"),
    *("litert-gpu", "litert-nnapi", "litert-xnnpack", "litert-hexagon", "litert-coreml"),
    *("onnxruntime-mobile", "onnxruntime-nnapi", "onnxruntime-qnn", "onnxruntime-xnnpack"),
    *("onnxruntime-coreml-mlprogram", "onnxruntime-coreml-neuralnetwork", "onnxruntime-mobile-package"),
    *("ti-tidl-onnx", "ti-tidl-tflite", "tensorrt", "esp-dl", "st-edge-ai", "rknn", "mnn"),
)
BOARD: dict[str, Any] = {
    "name": "Some Board",
    "chip": "ABC1",
    "core": "cortex-m4f",
    "clock_mhz": 64,
    "ram_kib": 256,
    "ram_contiguous_kib": 192,
    "flash_kib": 1024,
    "source": "here",
    "confidence": "read",
}


def reference() -> dict[str, Any]:
    """The facts that the shipped data was copied from; {} when they are not there."""
    file = SHARED_MODELS.parent / "reference" / "targets.toml"
    return read_toml(file) if file.is_file() else {}


def board(**changes: Any) -> Hardware:
    return Hardware.read(FOLDER, "some-board", BOARD | changes)


def test_every_name_is_a_target_of_that_name_with_a_source() -> None:
    for name in names():
        target = find(name)
        assert target.name == name
        assert target.source
        assert target.runtime.source
        assert target.runtime.name in JUDGES or target.runtime.operators or not target.runtime.formats


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


def test_names_are_cores_then_chips_then_hosts_then_boards_by_name() -> None:
    presets = len(CORES) + len(OTHERS)
    assert names()[:presets] == CORES + OTHERS
    assert list(names()[presets:]) == sorted(names()[presets:])
    assert {find(name).kind for name in names()[presets:]} == {"board"}
    assert len(set(names())) == len(names())


@pytest.mark.parametrize(
    ("core", "build"),
    [
        ("cortex-m0", ("cmsis-nn", "base", "arm32")),
        ("cortex-m23", ("cmsis-nn", "base", "arm32")),
        ("cortex-m7", ("cmsis-nn", "dsp", "arm32")),
        ("cortex-m35p", ("cmsis-nn", "dsp", "arm32")),
        ("cortex-m52", ("cmsis-nn", "mve", "arm32")),
        ("cortex-m85", ("cmsis-nn", "mve", "arm32")),
        ("xtensa-lx6", ("esp-nn", "base", "ilp32")),
        ("riscv-imac", ("esp-nn", "base", "ilp32")),
        ("riscv-hazard3", ("portable", "base", "ilp32")),
    ],
)
def test_the_core_decides_the_kernels_and_the_records(core: str, build: tuple[str, str, str]) -> None:
    target = find(core)
    assert (target.kernels, target.simd, target.abi) == build


def test_a_board_has_the_build_of_its_core_and_its_own_budget() -> None:
    pico, core = find("raspberry-pi-pico"), find("cortex-m0plus")
    assert (pico.kernels, pico.simd, pico.abi) == (core.kernels, core.simd, core.abi)
    assert (pico.ram, pico.flash, pico.typical) == (256 * KIB, 2048 * KIB, False)


def test_the_arena_can_have_the_largest_stretch_of_ram_not_all_of_it() -> None:
    target = find("nucleo-h743zi")
    assert target.hardware is not None
    assert (target.ram, target.hardware.ram) == (512 * KIB, 1056 * KIB)
    assert sum(target.hardware.regions.values()) == target.hardware.ram


def test_flash_is_what_the_bootloader_leaves_or_what_is_beside_the_chip() -> None:
    assert find("arduino-nano-33-ble-sense").flash == 960 * KIB
    assert find("openmv-rt1062").flash == 16384 * KIB
    assert find("syntiant-ndp9120").flash is None


@pytest.mark.parametrize("name", ["raspberry-pi-4", "jetson-nano", "coral-dev-board", "rock-5b"])
def test_a_board_with_linux_runs_litert_and_sets_no_budget(name: str) -> None:
    target = find(name)
    assert (target.runtime.name, target.microcontroller) == ("litert", False)
    assert (target.ram, target.flash) == (None, None)


@pytest.mark.parametrize("name", ["syntiant-ndp9120", "gap9-evk", "sipeed-maix-bit"])
def test_a_board_whose_runtime_is_not_known_takes_no_format(name: str) -> None:
    assert find(name).runtime.formats == ()


def test_a_board_with_an_ethos_u_has_its_accelerator() -> None:
    board, preset = find("alif-ensemble-e7-hp"), find("ethos-u55-256")
    assert board.npu == preset.npu == "ethos-u55-256"
    assert board.accelerator is not None
    assert board.accelerator == preset.accelerator


def test_an_accelerator_without_a_table_is_only_named() -> None:
    target = find("max78000fthr")
    assert (target.npu, target.accelerator) == ("max78000-cnn", None)


@pytest.mark.parametrize(
    ("format", "table"),
    [("onnx", "st-edge-ai-onnx"), ("keras", "st-edge-ai-keras"), ("tflite", "st-edge-ai-tflite")],
)
def test_a_runtime_may_have_a_table_for_each_format(format: str, table: str) -> None:
    assert find("st-edge-ai").runtime.table_for(format) == table


@pytest.mark.parametrize("key", reference().get("board", {}))
def test_a_board_is_as_in_the_reference(key: str) -> None:
    given = reference()["board"][key]
    target = find(key)
    shipped = target.hardware
    assert shipped is not None
    assert (target.name, target.kind, target.source) == (key, "board", given["source"])
    words = ("chip", "core", "npu", "os", "note", "source", "confidence")
    assert {word: getattr(shipped, word) for word in words} == {word: given.get(word, "") for word in words}
    assert (shipped.title, shipped.clock_mhz) == (given["name"], given["clock_mhz"])
    assert shipped.cores == given.get("cores", 1)
    sizes = {
        "ram_kib": shipped.ram,
        "ram_contiguous_kib": shipped.arena,
        "ram_usable_kib": shipped.ram_usable,
        "ext_ram_kib": shipped.ext_ram,
        "flash_kib": shipped.flash,
        "flash_usable_kib": shipped.flash_usable,
        "ext_flash_kib": shipped.ext_flash,
    }
    assert {name: size for name, size in sizes.items() if size is not None} == {
        name: given[name] * KIB for name in sizes if name in given
    }
    assert shipped.regions == {bank: size * KIB for bank, size in given.get("ram_regions_kib", {}).items()}
    further = {"fpu": "FPU", "second_core": "second core", "dsp": "DSP", "alt_core": "other core"}
    for name, label in further.items():
        assert shipped.further.get(label) == given.get(name)


@pytest.mark.parametrize("key", reference().get("core", {}))
def test_a_core_is_as_in_the_reference(key: str) -> None:
    shipped = read_toml(FOLDER / "cores.toml")["core"][key]
    assert {name: shipped.get(name) for name in reference()["core"][key]} == reference()["core"][key]


def test_every_core_is_understood() -> None:
    for key, data in read_toml(FOLDER / "cores.toml")["core"].items():
        Core.read(FOLDER, key, data)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ram_kb": 1}, r"unknown key .ram_kb. \(\[board.some-board\]\)"),
        ({"confidence": "certain"}, "unknown confidence 'certain'"),
        ({"ram_kib": "256"}, "'256' for ram_kib, which is no size"),
        ({"flash_kib": -1}, "-1 for flash_kib"),
        ({"ram_regions_kib": {"tcm": True}}, "ram_regions_kib, which is no size"),
    ],
)
def test_a_board_that_says_something_meaningless_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(EdgelintError, match=problem):
        board(**changes)


def test_a_board_without_its_main_facts_is_refused() -> None:
    with pytest.raises(EdgelintError, match="lacks chip, confidence"):
        Hardware.read(FOLDER, "b", {key: BOARD[key] for key in BOARD if key not in ("chip", "confidence")})


def test_only_the_size_of_external_flash_counts_where_a_chip_has_none() -> None:
    assert board(flash_kib=0, ext_flash_kib=4096).flash_for_models == 4096 * KIB
    assert board(ext_flash_kib=4096).flash_for_models == 1024 * KIB
    assert board(flash_kib=0).flash_for_models is None
