"""What an accelerator runs of small chains, what falls back, and how often sides change."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edgelint.analysis.figure import Basis
from edgelint.analysis.support.partition import Partition
from edgelint.context import Context
from edgelint.examples import Example, chain
from edgelint.ir.model import Graph, Model, Node, Source, Value
from edgelint.ir.quantization import Quantization
from edgelint.targets import find
from tests.conftest import FIXTURES
from tests.effort import growth


def cut(example: Example | Model, target: str) -> Partition:
    model = example if isinstance(example, Model) else example.model
    values = {
        name: replace(value, quantization=value.quantization or Quantization((0.5,), (0,)))
        for name, value in model.main.values.items()
    }
    model = replace(model, graphs=(replace(model.main, values=values), *model.graphs[1:]))
    found = Context(model, find(target)).partition
    assert found is not None
    return found


def steps(*sources: str, spec: str = "int8[1,8]", **fields: Any) -> Example:
    """A chain of one-input operators by TFLite's names."""
    example = chain(spec)
    for source in sources:
        example = example.op(source.title(), spec, source=source, **fields)
    return example


def sides(partition: Partition) -> str:
    """A letter per node: A for the accelerator, c for the CPU, ? for unknown."""
    letters = {True: "A", False: "c", None: "?"}
    return "".join(letters[place.accelerated] for place in partition.placements)


@pytest.mark.parametrize(
    ("operators", "target", "expected", "regions", "crossings"),
    [
        (("RELU", "TANH"), "ethos-u55-128", "AA", 1, 0),
        (("RELU", "COS", "TANH"), "ethos-u55-128", "AcA", 2, 2),
        (("COS", "RELU"), "ethos-u85-256", "cA", 1, 1),
        (("COS", "COS"), "ethos-u65-512", "cc", 0, 0),
        (("RELU", "COS", "TANH", "RELU"), "coral-edgetpu", "Accc", 1, 1),
        (("RELU", "WHERE", "TANH", "WHERE", "RELU"), "litert-gpu", "AcAcA", 3, 4),
    ],
)
def test_each_operator_has_its_side(
    operators: tuple[str, ...], target: str, expected: str, regions: int, crossings: int
) -> None:
    found = cut(steps(*operators), target)
    assert (sides(found), found.regions, found.crossings) == (expected, regions, crossings)


def test_a_target_without_accelerator_is_not_cut() -> None:
    assert Context(steps("RELU").model, find("cortex-m4")).partition is None
    assert Context(steps("RELU").model).partition is None


def test_what_follows_the_first_miss_of_the_edge_tpu_says_which_that_was() -> None:
    found = cut(steps("RELU", "COS", "TANH"), "coral-edgetpu")
    reasons = [place.reason.sentence for place in found.fallen_back if place.reason]
    assert reasons == ["the Edge TPU has no COS", "TANH comes after COS, which ends what the Edge TPU runs"]


def test_quantizing_the_input_does_not_end_what_the_edge_tpu_runs() -> None:
    example = (
        chain("float32[1,8]")
        .op("QuantizeLinear", "int8[1,8]", source="QUANTIZE")
        .op("Relu", "int8[1,8]", source="RELU")
        .op("DequantizeLinear", "float32[1,8]", source="DEQUANTIZE")
    )
    assert sides(cut(example, "coral-edgetpu")) == "cAc"


def test_branches_that_do_not_depend_on_the_cpu_run_together() -> None:
    example = (
        chain("int8[1,8]")
        .op("Relu", "int8[1,8]", source="RELU")
        .op("Cos", "int8[1,8]", source="COS")
        .op("Tanh", "int8[1,8]", source="TANH", reads=("relu_0",))
        .op("Add", "int8[1,8]", source="ADD", reads=("cos_1", "tanh_2"))
    )
    found = cut(example, "ethos-u55-128")
    assert (sides(found), found.regions, found.crossings) == ("AcAA", 2, 2)


def test_the_share_of_macs_off_the_accelerator() -> None:
    example = (
        chain("int8[1,64]")
        .op("Gemm", "int8[1,8]", source="FULLY_CONNECTED", weight="int8[8,64]", bias="int32[8]")
        .op("Gemm", "float32[1,8]", source="FULLY_CONNECTED", weight="float32[8,8]")
    )
    found = cut(example, "ethos-u55-128")
    assert (found.macs, found.fallback_macs) == (576, 64)
    assert found.fallback_share == pytest.approx(64 / 576)


def test_a_model_without_macs_has_none_off_the_accelerator() -> None:
    assert cut(steps("COS"), "ethos-u55-128").fallback_share == 0.0


@pytest.mark.parametrize(
    ("word", "target"), [("ethos-u", "ethos-u55-128"), ("edgetpu-custom-op", "coral-edgetpu")]
)
def test_a_compiled_file_runs_as_its_compiler_left_it(word: str, target: str) -> None:
    example = (
        chain("int8[1,8]")
        .op(word, "int8[1,8]", domain="tflite.custom")
        .op("Relu", "int8[1,8]", source="RELU")
    )
    found = cut(example, target)
    assert found.compiled
    assert sides(found) == "Ac"
    assert found.fallback_share is None
    assert [use.supported for use in Context(example.model, find(target)).support] == [True, True]


def test_a_file_compiled_for_another_accelerator_is_refused() -> None:
    example = chain("int8[1,8]").op("edgetpu-custom-op", "int8[1,8]", domain="tflite.custom")
    (support,) = Context(example.model, find("ethos-u55-128")).support
    assert support.supported is False


def test_what_the_accelerator_runs_the_cpu_need_not_have() -> None:
    example = steps("TILE")
    assert [use.supported for use in Context(example.model, find("cortex-m55")).support] == [False]
    partition = cut(example, "ethos-u55-128")
    assert sides(partition) == "A"


def test_what_falls_back_the_cpu_must_have() -> None:
    example = steps("RELU", "GELU", spec="int16[1,8]")
    (_, gelu) = Context(example.model, find("ethos-u55-128")).support
    assert gelu.supported is False
    assert gelu.problems[0].sentence == "TFLite Micro has no GELU"


def test_a_board_with_an_accelerator_is_cut_like_it() -> None:
    assert sides(cut(steps("RELU", "COS"), "alif-ensemble-e7-hp")) == "Ac"


def test_many_nodes_are_cut_with_as_much_work_each_as_few() -> None:
    def cutting(count: int) -> Callable[[], Partition | None]:
        model = _in_turn(count)
        return lambda: Context(model, find("litert-gpu")).partition

    found = cutting(100_000)()
    assert found is not None
    assert found.regions == 1
    assert growth(cutting, 500, 2_000) < 1.1


def _in_turn(count: int) -> Model:
    values = {f"v{place}": Value(f"v{place}", None, (1, 8)) for place in range(count + 1)}
    nodes = tuple(
        Node(
            f"n{place}", "Relu", (f"v{place}",), (f"v{place + 1}",), Source(("RELU", "COS")[place % 2], place)
        )
        for place in range(count)
    )
    graph = Graph("main", nodes, values, ("v0",), (f"v{count}",))
    return replace(steps("RELU").model, graphs=(graph,))


def test_an_order_that_waits_for_itself_comes_to_an_end() -> None:
    model = steps("RELU", "COS").model
    first = replace(model.main.nodes[0], inputs=("cos_1",))
    model = replace(model, graphs=(replace(model.main, nodes=(first, model.main.nodes[1])),))
    assert len(cut(model, "litert-gpu").placements) == 2


def test_the_arena_of_the_file_as_it_is_is_not_that_of_the_compiled_one() -> None:
    target = find("ethos-u55-128")
    moved = Context(steps("RELU", spec="int32[1,8]").model, target)
    assert moved.partition is not None
    assert moved.memory.arena.basis is not Basis.EXACT


def test_the_arena_of_a_model_that_stays_on_the_cpu_is_exact() -> None:
    model = steps("RELU", spec="float32[1,8]").model
    alone = Context(model, find("cortex-m55")).memory.arena
    assert alone.basis is Basis.EXACT
    assert Context(model, find("ethos-u55-128")).memory.arena == alone


def test_a_check_for_a_plain_core_loads_no_table_checks() -> None:
    program = (
        "import sys; from edgelint.cli import main; "
        "main(['check', sys.argv[1], '--target', 'cortex-m4'], standalone_mode=False); "
        "unused = {'edgelint.analysis.constraints', 'edgelint.analysis.support.partition'}; "
        "assert not unused & set(sys.modules)"
    )
    path = FIXTURES / "models" / "digits_cnn.int8.tflite"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
