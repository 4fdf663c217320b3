"""The arena against the real runtime: measured figures, and the Python package run on the spot."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgelint.analysis.figure import Basis
from edgelint.analysis.memory import Arena
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.errors import EdgelintError
from edgelint.examples import chain
from edgelint.loaders import load
from edgelint.targets import Target, find
from tests.analysis.tflm_models import MAKERS, Network, Op, T, quantized
from tests.analysis.tflm_runtime import Allocations, allocations
from tests.conftest import FIXTURES, SHARED_MODELS

PC = find("tflm-x86_64")
BUILDS: dict[str, Target] = {
    "wheel": PC,
    "x64_cpp": replace(PC, abi="x64-plain"),
    "cortex_m4": find("cortex-m4"),
    "cortex_m55": find("cortex-m55"),
}
"""The builds of the measured figures, by the names these go by."""


def measured() -> dict[str, Any]:
    """Figures measured by running the real runtime, by the model's path; {} when they are not there."""
    file = SHARED_MODELS.parent / "reference" / "tflm-truth.json"
    models: dict[str, Any] = json.loads(file.read_text())["models"] if file.is_file() else {}
    return models


def loaded(build: str) -> list[str]:
    """The measured models that this build loads and edgelint reads."""
    return [
        path
        for path, entry in measured().items()
        if (entry.get(build) or {}).get("ok")
        and (SHARED_MODELS / path).is_file()
        and not path.startswith("malformed")
    ]


@pytest.mark.parametrize(("build", "path"), [(build, path) for build in BUILDS for path in loaded(build)])
def test_the_arena_is_what_was_measured(build: str, path: str) -> None:
    truth = measured()[path][build]
    arena = plan_arena(load(SHARED_MODELS / path), BUILDS[build])
    assert arena.head == truth["head"]
    if arena.unmodelled:
        assert arena.basis is Basis.BOUND
        assert arena.tail is not None
        assert arena.tail <= truth["tail"]
        return
    assert (arena.basis, arena.tail, arena.value) == (Basis.EXACT, truth["tail"], truth["total"])
    if "min_arena" in truth:
        assert arena.minimum == truth["min_arena"]


def agrees(arena: Arena, real: Allocations) -> bool:
    """Whether a computed arena is the runtime's, byte for byte, and its smallest one in steps of 16."""
    return (arena.head, arena.tail, True) == (real.head, real.tail, real.smallest is not False)


def computed(paths: list[Path]) -> dict[Path, Arena]:
    return {path: plan_arena(load(path), PC) for path in paths}


def test_the_runtime_allocates_what_is_computed_for_every_fixture() -> None:
    paths = []
    for path in sorted((FIXTURES / "models").glob("*.tflite")):
        try:
            load(path)
        except EdgelintError:
            continue
        paths.append(path)
    arenas = {path: arena for path, arena in computed(paths).items() if not arena.unmodelled}
    real = allocations({path: arena.minimum for path, arena in arenas.items()})
    assert real
    assert [path.name for path, found in real.items() if not agrees(arenas[path], found)] == []


@pytest.mark.slow
@pytest.mark.parametrize("operator", MAKERS)
def test_the_runtime_allocates_what_is_computed_for_random_operators(operator: str, tmp_path: Path) -> None:
    chance = random.Random(operator)
    make, types = MAKERS[operator]
    paths = []
    for type in types:
        for turn in range(8):
            path = tmp_path / f"{operator}.{type}.{turn}.tflite"
            path.write_bytes(bytes(make(chance, type)))
            paths.append(path)
    arenas = computed(paths)
    assert {arena.basis for arena in arenas.values()} == {Basis.EXACT}
    real = allocations({path: arena.minimum for path, arena in arenas.items()})
    assert len(real) == len(paths)
    assert [path.name for path, found in real.items() if not agrees(arenas[path], found)] == []


def relus(count: int, metadata: dict[str, bytes] | None = None) -> Network:
    """A chain of RELU over tensors of 32, 64, 96 … bytes of float, ending in a variable nothing reads."""
    tensors = [T((1, 8)) for _ in range(count + 1)]
    ops = [Op("RELU", (place,), (place + 1,)) for place in range(count)]
    return Network(tensors, ops, (0,), (count,), metadata or {})


def offline(*offsets: int, count: int | None = None) -> dict[str, bytes]:
    """An offline memory plan."""
    words = (1, 0, len(offsets) if count is None else count, *offsets)
    return {"OfflineMemoryAllocation": struct.pack(f"<{len(words)}i", *words)}


@pytest.mark.parametrize(
    ("offsets", "head"),
    [((-1, -1, -1, -1), 64), ((0, 32, 64, 96), 128), ((0, 256, -1, -1), 288), ((0, 0, 0, 0), 32)],
)
def test_an_offline_plan_is_followed(tmp_path: Path, offsets: tuple[int, ...], head: int) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(bytes(relus(3, offline(*offsets))))
    arena = plan_arena(load(path), PC)
    assert (arena.head, arena.basis) == (head, Basis.EXACT)
    assert agrees(arena, allocations({path: arena.minimum})[path])


def test_an_offline_plan_for_another_model_is_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(bytes(relus(3, offline(0, 32))))
    arena = plan_arena(load(path), PC)
    assert arena.basis is Basis.BOUND
    assert arena.reason == "the file's offline memory plan is for 2 tensors of 4"


def test_a_variable_is_kept_in_the_tail_unless_planned_offline(tmp_path: Path) -> None:
    state = T((1, 100), "INT8", scales=1, variable=True)
    network = relus(2)
    kept, planned = tmp_path / "kept.tflite", tmp_path / "planned.tflite"
    kept.write_bytes(bytes(replace(network, tensors=[*network.tensors, state])))
    planned.write_bytes(
        bytes(replace(network, tensors=[*network.tensors, state], metadata=offline(-1, -1, -1, 512)))
    )
    arenas = computed([kept, planned])
    assert arenas[kept].head == 64
    assert arenas[planned].head == 512 + 112
    real = allocations({path: arena.minimum for path, arena in arenas.items()})
    assert all(agrees(arenas[path], found) for path, found in real.items())


def test_views_of_weights_with_many_scales_can_need_more_than_the_finished_arena(tmp_path: Path) -> None:
    tensors = [
        quantized((1, 4)),
        T((200, 4), "INT8", True, scales=200),
        T((200,), "INT32", True, scales=200, scale=0.25),
        quantized((1, 200)),
    ]
    op = Op("FULLY_CONNECTED", (0, 1, 2), (3,), ("FullyConnectedOptions", {}))
    path = tmp_path / "m.tflite"
    path.write_bytes(bytes(Network(tensors, [op], (0,), (3,))))
    arena = plan_arena(load(path), PC)
    assert arena.minimum is not None
    assert arena.value is not None
    assert arena.minimum > arena.value
    assert agrees(arena, allocations({path: arena.minimum})[path])


def test_an_unknown_dim_leaves_the_arena_unknown() -> None:
    model = chain("float32[?,8]").op("Relu", "float32[?,8]", source="RELU").model
    arena = plan_arena(model, PC)
    assert (arena.value, arena.basis) == (None, Basis.UNKNOWN)
    assert arena.reason == "the shape of input is not known"


def test_an_operator_without_known_memory_makes_a_bound_and_is_named() -> None:
    model = chain("float32[1,8]").op("Foo", "float32[1,8]", domain="tflite.custom", source="Foo").model
    arena = plan_arena(model, PC)
    assert (arena.basis, arena.unmodelled, arena.head) == (Basis.BOUND, ("Foo",), 64)
    assert arena.reason == "the memory of Foo is not known"


def test_a_custom_operator_does_not_pass_for_the_builtin_of_its_name() -> None:
    model = chain("float32[1,8]").op("ADD", "float32[1,8]", domain="tflite.custom", source="ADD").model
    assert plan_arena(model, PC).unmodelled == ("ADD",)


def test_strings_make_a_bound() -> None:
    model = chain("string[1,8]").op("Reshape", "string[8]", source="RESHAPE").model
    assert plan_arena(model, PC).reason == "the runtime has no tensors of type string"


def test_a_dim_left_to_reshape_is_worked_out() -> None:
    model = chain("float32[2,3,4]").op("Reshape", "float32[?,4]", source="RESHAPE").model
    whole = chain("float32[2,3,4]").op("Reshape", "float32[6,4]", source="RESHAPE").model
    arena, known = plan_arena(model, PC), plan_arena(whole, PC)
    assert arena.head == known.head == 2 * 96
    # The runtime keeps a copy of dims it has to change: 4 + 2 x 4 bytes, rounded to 16.
    assert arena.tail is not None
    assert known.tail is not None
    assert arena.tail - known.tail == 16


def test_records_that_were_never_run_make_a_prediction() -> None:
    model = chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").model
    assert plan_arena(model, find("esp32")).basis is Basis.PREDICTED


def test_a_build_without_known_sizes_has_no_figure() -> None:
    model = chain("float32[1,8]").op("Relu", "float32[1,8]", source="RELU").model
    assert plan_arena(model, replace(PC, abi="ilp64")).basis is Basis.UNKNOWN


def test_the_layout_tells_the_peak_and_who_is_alive_then() -> None:
    model = (
        chain("float32[1,8]")
        .op("Relu", "float32[1,8]", source="RELU")
        .op("Concat", "float32[1,64]", source="CONCATENATION")
        .op("Relu", "float32[1,8]", source="RELU")
        .model
    )
    layout = plan_arena(model, PC).layout
    assert layout is not None
    assert layout.peak is not None
    assert [moment.live for moment in layout.timeline] == [64, 288, 288]
    assert model.main.nodes[layout.peak.node].source.op == "CONCATENATION"
    assert [(buffer.name, buffer.size) for buffer in layout.alive(layout.peak.clock)] == [
        ("concat_1", 256),
        ("relu_0", 32),
    ]
    assert layout.bound == 288
