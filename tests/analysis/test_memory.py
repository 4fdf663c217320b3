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
    memory = Context(replace(MODEL, format="keras"), find("cortex-m4")).memory
    assert (memory.arena.value, memory.flash.value) == (None, None)
    assert memory.arena.reason == "what TFLite Micro makes of a keras file is not predicted yet"


def test_tflite_on_a_microcontroller_is_exact() -> None:
    memory = Context(MODEL, find("cortex-m4")).memory
    assert (memory.arena.basis, memory.flash.basis) == (Basis.EXACT, Basis.PREDICTED)
    assert memory.arena.value == (memory.arena.head or 0) + (memory.arena.tail or 0)


def test_flash_of_another_runtime_is_the_model_where_flash_is_limited() -> None:
    limited = replace(find("litert-cpu"), flash=1 << 20)
    flash = Context(MODEL, limited).memory.flash
    assert (flash.value, flash.basis) == (1000, Basis.BOUND)
    assert Context(MODEL, find("litert-cpu")).memory.flash.value is None
