"""What the TFLite loader says about models that are wrong, each damaged in one place."""

from __future__ import annotations

import copy
import struct
from pathlib import Path
from typing import Any

import pytest

from edgelint.errors import EdgelintError
from edgelint.loaders import Binding, tflite
from tests.loaders.tflite.builder import ModelBuilder, schema
from tests.loaders.tflite.models import conv, entry, loaded, sparse, unary


@pytest.fixture
def build() -> ModelBuilder:
    return ModelBuilder()


def refused(build: ModelBuilder, folder: Path) -> EdgelintError:
    with pytest.raises(EdgelintError) as caught:
        loaded(build, folder)
    assert "\n" not in str(caught.value)
    return caught.value


def other(index: int, field: str, content: Any) -> Any:
    """A change to tensor `index` of the first subgraph."""
    return lambda build: setattr(build.graph.tensors[index], field, content)


def code(field: str, content: Any) -> Any:
    return lambda build: setattr(build.model.operatorCodes[0], field, content)


def operator(field: str, content: Any) -> Any:
    return lambda build: setattr(build.graph.operators[0], field, content)


def misplaced_entry(build: ModelBuilder) -> None:
    entry(build, "note", b"hi")
    build.model.metadata[0].buffer = 9


def read_early(build: ModelBuilder) -> None:
    second = copy.copy(build.graph.operators[0])
    second.inputs, second.outputs = [3, 1, 2], [build.tensor("z", [1, 4, 4, 8])]
    build.graph.operators.insert(0, second)


BROKEN: dict[str, tuple[Any, str]] = {
    "input": (operator("inputs", [0, 99]), "input 1 is tensor 99 of 4 (subgraph 0, operator 0 CONV_2D)"),
    "negative input": (
        operator("inputs", [-2]),
        "input 0 is tensor -2 of 4 (subgraph 0, operator 0 CONV_2D)",
    ),
    "output": (operator("outputs", [4]), "output 0 is tensor 4 of 4 (subgraph 0, operator 0 CONV_2D)"),
    "operator code": (operator("opcodeIndex", 3), "is operator code 3 of 1 (subgraph 0, operator 0)"),
    "wrong options": (
        lambda build: setattr(build.graph.operators[0], "builtinOptionsType", 5),
        "has Pool2DOptions where Conv2DOptions belong (subgraph 0, operator 0 CONV_2D)",
    ),
    "far code": (
        code("builtinCode", 70_000),
        "has builtin code 70000, far from any operator (operator code 0)",
    ),
    "two codes": (
        lambda build: (code("builtinCode", 9)(build), code("deprecatedBuiltinCode", 4)(build)),
        "has builtin code 4 in one field and 9 in another (operator code 0)",
    ),
    "graph input": (lambda build: build.ends([7], [3]), "input 0 is tensor 7 of 4 (subgraph 0)"),
    "graph output": (lambda build: build.ends([0], [-1]), "output 0 is tensor -1 of 4 (subgraph 0)"),
    "unmade output": (
        lambda build: (build.tensor("z", [1]), build.ends([0], [4])),
        "output 0, 'z', is made by no operator (subgraph 0)",
    ),
    "early read": (
        lambda build: read_early(build),
        "input 0, 'y', is read before anything makes it (subgraph 0, operator 0 CONV_2D)",
    ),
    "made twice": (
        lambda build: build.graph.operators.append(build.graph.operators[0]),
        "output 0, 'y', is made before (subgraph 0, operator 1 CONV_2D)",
    ),
    "dim": (other(0, "shape", [1, -5]), "has the dim -5 (subgraph 0, tensor 0 'x')"),
    "rank": (other(0, "shape", [2] * 100), "has 100 dims (subgraph 0, tensor 0 'x')"),
    "elements": (
        other(0, "shape", [2**20, 2**20]),
        "has 1048576×1048576 elements, more than 32 bits count (subgraph 0, tensor 0 'x')",
    ),
    "signature": (
        other(0, "shapeSignature", [-1]),
        "has 4 dims and a shape signature of 1 (subgraph 0, tensor 0 'x')",
    ),
    "constant size": (
        other(2, "shape", [9]),
        "is int32 of 9 elements, which takes 36 bytes, and its buffer 2 has 32 (subgraph 0, tensor 2 'b')",
    ),
    "buffer": (other(2, "buffer", 5), "buffer 5 of 3 is asked for (subgraph 0, tensor 2)"),
    "variable constant": (
        other(2, "isVariable", True),
        "is a variable and a constant at once (subgraph 0, tensor 2 'b')",
    ),
    "open constant": (
        other(2, "shape", [-1]),
        "is a constant whose dims are not all known (subgraph 0, tensor 2 'b')",
    ),
    "strings": (
        lambda build: build.tensor("s", [1], "STRING", struct.pack("<4i", 2, 16, 16, 99)),
        "holds strings that do not follow one another (subgraph 0, tensor 4 's')",
    ),
    "axis": (
        lambda build: setattr(build.graph.tensors[1].quantization, "quantizedDimension", 4),
        "is quantized along axis 4 of 4 (subgraph 0, tensor 1 'w')",
    ),
    "scales": (
        lambda build: setattr(build.graph.tensors[1].quantization, "quantizedDimension", 1),
        "has 8 scales along an axis of 3 (subgraph 0, tensor 1 'w')",
    ),
    "scale": (
        lambda build: setattr(build.graph.tensors[0].quantization, "scale", [float("nan")]),
        "has the scale nan (subgraph 0, tensor 0 'x')",
    ),
    "zero points": (
        lambda build: setattr(build.graph.tensors[1].quantization, "zeroPoint", [0, 0]),
        "has 8 scales and 2 zero points (subgraph 0, tensor 1 'w')",
    ),
    "zero point": (
        lambda build: setattr(build.graph.tensors[0].quantization, "zeroPoint", [300]),
        "has the zero point 300 for int8 (subgraph 0, tensor 0 'x')",
    ),
    "version": (lambda build: setattr(build.model, "version", 4), "has schema version 4, not 3 (version)"),
    "no subgraph": (
        lambda build: setattr(build.model, "subgraphs", []),
        "has no subgraph: there is nothing to run (subgraphs)",
    ),
    "empty": (
        lambda build: setattr(build.model, "subgraphs", [schema().SubGraphT()]),
        "is a model with nothing in it: no tensor, no operator (subgraph 0)",
    ),
    "no buffers": (
        lambda build: setattr(build.model, "buffers", []),
        "has no buffers, not even the empty one that tensors go by (buffers)",
    ),
    "metadata buffer": (
        misplaced_entry,
        "buffer 9 of 4 is asked for (metadata 0 'note')",
    ),
}


class TestBroken:
    @pytest.mark.parametrize("case", BROKEN)
    def test_what_is_wrong_is_said_with_its_place(
        self, build: ModelBuilder, tmp_path: Path, case: str
    ) -> None:
        conv(build)
        damage, sentence = BROKEN[case]
        damage(build)
        assert refused(build, tmp_path).sentence == sentence

    def test_a_custom_operator_may_read_scratch_that_nothing_fills(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        operator = unary(build, "CUSTOM", custom="ethos-u")
        operator.inputs = [0, build.tensor("scratch", [64], "UINT8")]
        assert len(loaded(build, tmp_path).main.nodes) == 1

    def test_a_value_without_elements_may_come_from_nowhere(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build, "RESHAPE").inputs = [0, build.tensor("nothing", [0], "INT32")]
        assert len(loaded(build, tmp_path).main.nodes) == 1

    @pytest.mark.parametrize("change", ["segments", "index", "order"])
    def test_sparsity_that_does_not_add_up_is_refused(
        self, build: ModelBuilder, tmp_path: Path, change: str
    ) -> None:
        unary(build)
        sparsity = sparse(build)
        if change == "segments":
            sparsity.dimMetadata[1].arraySegments.values = [0, 2, 1, 3, 3]
        elif change == "index":
            sparsity.dimMetadata[1].arrayIndices.values = [2, 0, 4]
        else:
            sparsity.traversalOrder = [0, 0]
        assert refused(build, tmp_path).problem.startswith("has sparsity that does not add up: ")

    def test_subgraphs_that_call_one_another_in_a_circle_are_refused(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build, "CALL", "CallOptions", subgraph=1)
        build.subgraph("other")
        unary(build, "CALL", "CallOptions", subgraph=1)
        assert refused(build, tmp_path).sentence == "calls itself, directly or through others (subgraph 1)"

    def test_a_subgraph_that_is_not_there_is_refused(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build, "CALL_ONCE", "CallOnceOptions", initSubgraphIndex=6)
        assert (
            refused(build, tmp_path).sentence
            == "has subgraph 6 of 1 as its init (subgraph 0, operator 0 CALL_ONCE)"
        )

    def test_control_flow_without_options_is_refused(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build, "WHILE")
        assert refused(build, tmp_path).sentence == "names no subgraph to run (subgraph 0, operator 0 WHILE)"

    def test_a_truncated_file_names_the_field_where_it_ends(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        conv(build)
        path = build.write(tmp_path)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(EdgelintError, match=r"is cut short or damaged: .*offset 0x") as caught:
            tflite.load(path, Binding())
        assert caught.value.hint == "export or download it again"
