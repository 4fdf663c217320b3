"""Which figures a model gets on which target."""

from __future__ import annotations

from dataclasses import replace

from edgelint.analysis.figure import Basis
from edgelint.context import Context
from edgelint.examples import chain
from edgelint.targets import find

MODEL = replace(chain("float32[1,64]").op("Relu", "float32[1,64]", source="RELU").model, file_bytes=1000)


def test_no_target_leaves_memory_unknown() -> None:
    memory = Context(MODEL).memory
    assert (memory.arena.basis, memory.flash.basis) == (Basis.UNKNOWN, Basis.UNKNOWN)


def test_a_runtime_without_a_memory_model_gets_the_peak_of_live_activations_as_a_bound() -> None:
    arena = Context(MODEL, find("litert-cpu")).memory.arena
    assert (arena.value, arena.minimum, arena.basis, arena.tail) == (512, 512, Basis.BOUND, None)


def test_a_free_dim_leaves_that_bound_unknown() -> None:
    model = chain("float32[?,64]").op("Relu", "float32[?,64]", source="RELU").model
    arena = Context(model, find("litert-cpu")).memory.arena
    assert (arena.value, arena.basis) == (None, Basis.UNKNOWN)


def test_a_format_that_the_runtime_does_not_take_is_unknown_with_a_reason() -> None:
    memory = Context(replace(MODEL, format="keras", complete=False), find("cortex-m4")).memory
    assert (memory.arena.value, memory.flash.value) == (None, None)
    assert memory.arena.reason == "what a converter makes of this keras file is not predicted"


def test_tflite_on_a_microcontroller_is_exact() -> None:
    memory = Context(MODEL, find("cortex-m4")).memory
    assert (memory.arena.basis, memory.flash.basis) == (Basis.EXACT, Basis.PREDICTED)
    assert memory.arena.value == (memory.arena.head or 0) + (memory.arena.tail or 0)


def test_flash_of_another_runtime_is_the_model_where_flash_is_limited() -> None:
    limited = replace(find("litert-cpu"), flash=1 << 20)
    flash = Context(MODEL, limited).memory.flash
    assert (flash.value, flash.basis) == (1000, Basis.BOUND)
    assert Context(MODEL, find("litert-cpu")).memory.flash.value is None


def test_an_arena_that_is_never_allocated_is_not_called_exact() -> None:
    model = chain("float64[1,64]").op("Relu", "float64[1,64]", source="RELU").model
    arena = Context(model, find("cortex-m4")).memory.arena
    assert (arena.basis, arena.reason) == (Basis.PREDICTED, "if TFLite Micro took RELU")
    assert arena.minimum is not None


def test_an_arena_that_is_a_bound_for_another_reason_stays_one() -> None:
    model = chain("float32[1,64]").op("Gelu", "float32[1,64]", source="GELU").model
    arena = Context(model, find("cortex-m4")).memory.arena
    assert arena.basis is Basis.BOUND
    assert "the memory of GELU is not known" in arena.reason


def test_refused_operators_are_named_once_and_counted_beyond_three() -> None:
    example = chain("float64[1,64]")
    for word in ("RELU", "ABS", "RELU", "NEG", "SIN", "COS"):
        example = example.op("Relu", "float64[1,64]", source=word)
    arena = Context(example.model, find("cortex-m4")).memory.arena
    assert arena.reason == "if TFLite Micro took RELU, ABS, NEG and 2 more"


def test_a_runtime_that_is_not_known_gets_no_figure_at_all() -> None:
    memory = Context(MODEL, find("gap9-evk")).memory
    assert (memory.arena.basis, memory.flash.basis) == (Basis.UNKNOWN, Basis.UNKNOWN)
    assert memory.arena.reason == "edgelint does not know GreenWaves NNTool"
