"""Redundant operators, in small real files: each fault is found at its node, and gone when corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from edgelint import targets
from edgelint.checker import Settings, check_file
from edgelint.rule import Finding, Severity, select
from tests.loaders.onnx import builder as onnx
from tests.loaders.tflite.builder import ModelBuilder
from tests.rules.small_networks import Call, Network, Operator, as_keras, as_onnx, as_tflite, functional

HYGIENE = select([f"EL5{number:02}" for number in range(1, 15)])


def found(path: Path, target: str = "") -> list[Finding]:
    """What the rules about redundant operators say of the file at `path`."""
    chosen = (targets.find(target),) if target else ()
    (report,) = check_file(path, Settings(targets=chosen, select=HYGIENE))
    assert report.error is None
    return list(report.findings)


def places(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Code and node of each."""
    return [(finding.code, finding.location.node) for finding in findings]


IMAGE, PLANES = [1, 8, 8, 4], [1, 4, 8, 8]
KERNEL = ([4, 3, 3, 4], [0.5] * 144)
BIAS = ([4], [0.0] * 4)
VALID = ("Conv2DOptions", {"padding": 1, "strideW": 2, "strideH": 2})
SAME = ("Conv2DOptions", {"padding": 0, "strideW": 1, "strideH": 1})
SAME_RELU = ("Conv2DOptions", {**SAME[1], "fusedActivationFunction": 1})
PAIRS = ([4, 2], [0, 0, 0, 1, 0, 1, 0, 0])
BOTH_SIDES = ([4, 2], [0, 0, 1, 1, 1, 1, 0, 0])
CHANNELS = ([1, 4, 1, 1], [2.0, 3.0, 4.0, 5.0])


def conv(*then: Operator, **shapes: Any) -> Network:
    """A TFLite convolution that makes `c`, and what follows."""
    return Network(
        [("CONV_2D", "x k b", "c", SAME), *then],
        {"x": IMAGE, "c": IMAGE, "y": IMAGE, **shapes},
        {"k": KERNEL, "b": BIAS, "s": ([4], [2.0, 3.0, 4.0, 5.0])},
    )


def padded(pairs: tuple[list[int], list[int]], size: int) -> Network:
    """A TFLite pad before a convolution with stride 2."""
    return Network(
        [("PAD", "x pairs", "p"), ("CONV_2D", "p k b", "y", VALID)],
        {"x": IMAGE, "p": [1, size, size, 4], "y": [1, 4, 4, 4]},
        {"pairs": pairs, "k": KERNEL, "b": BIAS},
    )


def flat(*operators: Operator, ends: tuple[str, str] = ("x", "y"), **more: Any) -> Network:
    """Operators on vectors of 512 numbers, all values from a to z alike."""
    names = {name for _, reads, makes, *_ in operators for name in (*reads.split(), *makes.split())}
    names |= set(ends[0].split())
    constants = more.pop("constants", {})
    shapes = {name: [1, 512] for name in sorted(names - set(constants))} | more.pop("shapes", {})
    return Network(operators, shapes, constants, ends, **more)


def planes(*operators: Operator, **more: Any) -> Network:
    """Operators on an image with channels first, for ONNX."""
    return Network(operators, {"x": PLANES}, {"k": KERNEL, "s": CHANNELS, **more})


TURN, BACK = {"perm": [0, 2, 3, 1]}, {"perm": [0, 3, 1, 2]}
TURNED = {"x": PLANES, "a": IMAGE, "b": IMAGE, "y": PLANES}
ORDERS = {"turn": ([4], [0, 2, 3, 1]), "back": ([4], [0, 3, 1, 2])}
SHAPES = {"s1": ([2], [2, 256]), "s2": ([2], [4, 128]), "same": ([2], [1, 512])}
ROW = ([512], [0.5] * 512)
SPLIT = ("SplitOptions", {"numSplits": 2})
STATISTICS = {name: ([4], [1.0] * 4) for name in ("scale", "bias", "mean", "variance")}
NORMALIZE = ("BatchNormalization", "x scale bias mean variance")
DROP: dict[str, Any] = {"rate": ([], [0.5]), "on": ([], [True]), "off": ([], [False])}

FAULTS: dict[str, tuple[Callable[[Network, Path], Path], Network, str, str, Network]] = {
    "a scale behind a convolution": (
        as_tflite,
        conv(("MUL", "c s", "y", ("MulOptions", {}))),
        *("EL501", "y"),
        conv(("MUL", "c x", "y", ("MulOptions", {}))),
    ),
    "a batch normalization behind a Conv": (
        as_onnx,
        planes(
            ("Conv", "x k4", "c", {"pads": [1, 1, 1, 1]}),
            ("BatchNormalization", "c scale bias mean variance", "y"),
            k4=([4, 4, 3, 3], [0.5] * 144),
            **STATISTICS,
        ),
        *("EL501", "y"),
        planes(
            ("Conv", "x k4", "c", {"pads": [1, 1, 1, 1]}),
            ("Relu", "c", "r"),
            ("BatchNormalization", "r scale bias mean variance", "y"),
            k4=([4, 4, 3, 3], [0.5] * 144),
            **STATISTICS,
        ),
    ),
    "a mask of random numbers": (
        as_tflite,
        flat(
            ("RANDOM_UNIFORM", "shape", "r", ("RandomOptions", {})),
            ("GREATER_EQUAL", "r rate", "is_kept", ("GreaterEqualOptions", {})),
            ("SELECT_V2", "is_kept x zero", "y"),
            constants={"shape": ([2], [1, 512]), "rate": ([], [0.5]), "zero": ([], [0.0])},
        ),
        *("EL502", "r"),
        flat(
            ("GREATER_EQUAL", "x rate", "is_kept", ("GreaterEqualOptions", {})),
            ("SELECT_V2", "is_kept x zero", "y"),
            constants={"rate": ([], [0.5]), "zero": ([], [0.0])},
        ),
    ),
    "a Dropout that drops": (
        as_onnx,
        flat(("Dropout", "x rate on", "d"), ("Relu", "d", "y"), constants=DROP),
        *("EL502", "d"),
        flat(("Relu", "x", "y")),
    ),
    "a Dropout that was left": (
        as_onnx,
        flat(("Dropout", "x rate off", "d"), ("Relu", "d", "y"), constants=DROP),
        *("EL502", "d"),
        flat(("Relu", "x", "y")),
    ),
    "a RESHAPE to the same shape": (
        as_tflite,
        flat(("TANH", "x", "t"), ("RESHAPE", "t same", "y"), constants=SHAPES),
        *("EL503", "y"),
        flat(("TANH", "x", "t"), ("RESHAPE", "t s1", "y"), constants=SHAPES, shapes={"y": [2, 256]}),
    ),
    "an Add of zero": (
        as_onnx,
        flat(("Tanh", "x", "t"), ("Add", "t n", "y"), constants={"n": ([1], [0.0])}),
        *("EL503", "y"),
        flat(("Tanh", "x", "t"), ("Add", "t n", "y"), constants={"n": ([1], [0.5])}),
    ),
    "two TRANSPOSEs round a RELU": (
        as_tflite,
        Network(
            [("TRANSPOSE", "x turn", "a"), ("TANH", "a", "b"), ("TRANSPOSE", "b back", "y")], TURNED, ORDERS
        ),
        *("EL504", "y"),
        Network([("TRANSPOSE", "x turn", "a"), ("TANH", "a", "y")], {**TURNED, "y": IMAGE}, ORDERS),
    ),
    "two Transposes": (
        as_onnx,
        Network([("Transpose", "x", "a", TURN), ("Transpose", "a", "y", TURN)], {"x": PLANES}),
        *("EL504", "y"),
        Network(
            [("Transpose", "x", "a", TURN), ("Softmax", "a", "b"), ("Transpose", "b", "y", BACK)],
            {"x": PLANES},
        ),
    ),
    "two RESHAPEs": (
        as_tflite,
        flat(
            ("RESHAPE", "x s1", "a"),
            ("RESHAPE", "a s2", "y"),
            constants=SHAPES,
            shapes={"a": [2, 256], "y": [4, 128]},
        ),
        *("EL505", "y"),
        flat(("RESHAPE", "x s2", "y"), constants=SHAPES, shapes={"y": [4, 128]}),
    ),
    "a Flatten of a Reshape": (
        as_onnx,
        flat(("Reshape", "x s", "a"), ("Flatten", "a", "y"), constants={"s": ([3], [2, 16, 16])}),
        *("EL505", "y"),
        flat(
            ("Reshape", "x s", "a"),
            ("Relu", "a", "r"),
            ("Flatten", "r", "y"),
            constants={"s": ([3], [2, 16, 16])},
        ),
    ),
    "a constant that is reshaped": (
        as_tflite,
        flat(
            ("RESHAPE", "row same", "k"),
            ("ADD", "x k", "y", ("AddOptions", {})),
            constants={**SHAPES, "row": ROW},
        ),
        *("EL506", "k"),
        flat(("ADD", "x row", "y", ("AddOptions", {})), constants={"row": ROW}),
    ),
    "the shape of what is fixed": (
        as_onnx,
        flat(("Shape", "x", "s"), ("Cast", "s", "y", {"to": TensorProto.FLOAT})),
        *("EL506", "y"),
        flat(("Shape", "x", "s"), ("Cast", "s", "y", {"to": TensorProto.FLOAT}), shapes={"x": ["n", 512]}),
    ),
    "the same TANH twice": (
        as_tflite,
        flat(("TANH", "x", "a"), ("TANH", "x", "b"), ("SUB", "a b", "y", ("SubOptions", {}))),
        *("EL507", "b"),
        flat(("TANH", "x", "a"), ("ABS", "x", "b"), ("SUB", "a b", "y", ("SubOptions", {}))),
    ),
    "the same Tanh twice": (
        as_onnx,
        flat(("Tanh", "x", "a"), ("Tanh", "x", "b"), ("Sub", "a b", "y")),
        *("EL507", "b"),
        flat(("Tanh", "x", "a"), ("Abs", "x", "b"), ("Sub", "a b", "y")),
    ),
    "an input nobody reads": (
        as_tflite,
        flat(("TANH", "x", "y"), ends=("x z", "y")),
        *("EL508", "z"),
        flat(("ADD", "x z", "y", ("AddOptions", {})), ends=("x z", "y")),
    ),
    "an input in vain": (
        as_onnx,
        flat(("Tanh", "x", "y"), ends=("x z", "y")),
        *("EL508", "z"),
        flat(("Add", "x z", "y"), ends=("x z", "y")),
    ),
    "operators in vain": (
        as_tflite,
        flat(("TANH", "x", "y"), ("ABS", "x", "a"), ("NEG", "a", "b")),
        *("EL509", "b"),
        flat(("TANH", "x", "y"), ("ABS", "x", "a"), ("NEG", "a", "b"), ends=("x", "y b")),
    ),
    "a node in vain": (
        as_onnx,
        flat(("Tanh", "x", "y"), ("Abs", "x", "a")),
        *("EL509", "a"),
        flat(("Tanh", "x", "y"), ("Abs", "x", "a"), ends=("x", "y a")),
    ),
    "half of a SPLIT": (
        as_tflite,
        flat(
            ("SPLIT", "axis x", "a b", SPLIT),
            ("TANH", "a", "y"),
            constants={"axis": ([], [1])},
            shapes={"a": [1, 256], "b": [1, 256], "y": [1, 256]},
        ),
        *("EL510", "a"),
        flat(
            ("SPLIT", "axis x", "a b", SPLIT),
            ("SUB", "a b", "y", ("SubOptions", {})),
            constants={"axis": ([], [1])},
            shapes={"a": [1, 256], "b": [1, 256], "y": [1, 256]},
        ),
    ),
    "half of a Split": (
        as_onnx,
        flat(
            ("Split", "x", "a b", {"axis": 1}),
            ("Tanh", "a", "y"),
            opset=13,
        ),
        *("EL510", "a"),
        flat(("Split", "x", "a b", {"axis": 1}), ("Sub", "a b", "y"), opset=13),
    ),
    "a PAD as SAME would": (as_tflite, padded(PAIRS, 9), "EL511", "p", padded(BOTH_SIDES, 10)),
    "a Pad before a Conv": (
        as_onnx,
        planes(
            ("Pad", "x pads", "p"),
            ("Conv", "p k4", "y"),
            pads=([8], [0, 0, 1, 1, 0, 0, 1, 1]),
            k4=([4, 4, 3, 3], [0.5] * 144),
        ),
        *("EL511", "p"),
        planes(
            ("Pad", "x pads one", "p"),
            ("Conv", "p k4", "y"),
            pads=([8], [0, 0, 1, 1, 0, 0, 1, 1]),
            one=([], [1.0]),
            k4=([4, 4, 3, 3], [0.5] * 144),
        ),
    ),
    "a RELU behind its CONV_2D": (
        as_tflite,
        conv(("RELU", "c", "y")),
        *("EL512", "y"),
        Network([("CONV_2D", "x k b", "y", SAME_RELU)], {"x": IMAGE, "y": IMAGE}, {"k": KERNEL, "b": BIAS}),
    ),
    "one head twice": (
        as_tflite,
        flat(("TANH", "x", "y"), ends=("x", "y y")),
        *("EL513", "y"),
        flat(("TANH", "x", "y"), ("ABS", "x", "z"), ends=("x", "y z")),
    ),
    "a head that copies the other": (
        as_onnx,
        flat(("Tanh", "x", "y"), ("Identity", "y", "z"), ends=("x", "y z")),
        *("EL513", "z"),
        flat(("Tanh", "x", "y"), ("Neg", "y", "z"), ends=("x", "y z")),
    ),
    "a normalization that learns on": (
        as_onnx,
        planes((*NORMALIZE, "y m v", {"training_mode": 1}), **STATISTICS),
        *("EL514", "y"),
        planes((*NORMALIZE, "y"), **STATISTICS),
    ),
}
"""What is wrong, how the file is written, the network, the finding and its node, the network corrected."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_at_its_node_and_nothing_else_is(fault: str, tmp_path: Path) -> None:
    write, wrong, code, node, right = FAULTS[fault]
    assert [(finding.code, finding.location.node) for finding in found(write(wrong, tmp_path))] == [
        (code, node)
    ]
    assert [finding.message for finding in found(write(right, tmp_path))] == []


X: Call = ("InputLayer", "x", "", {})
TRAINING = {"training": True}


@pytest.mark.parametrize(
    ("layers", "outputs", "expected"),
    [
        ([X, ("Dropout", "d", "x", TRAINING)], ["d"], [("EL502", "d")]),
        ([X, ("Dropout", "d", "x", {})], ["d"], []),
        ([X, ("GaussianNoise", "d", "x", TRAINING)], ["d"], [("EL502", "d")]),
        ([X, ("BatchNormalization", "b", "x", TRAINING)], ["b"], [("EL514", "b")]),
        ([X, ("BatchNormalization", "b", "x", {})], ["b"], []),
        ([X, ("InputLayer", "z", "", {}), ("ReLU", "r", "x", {})], ["r"], [("EL508", "z")]),
        ([X, ("ReLU", "r", "x", {})], ["r", "r"], [("EL513", "r")]),
        ([X, ("Flatten", "f", "x", {}), ("Flatten", "g", "f", {})], ["g"], []),
    ],
)
def test_keras_files_are_judged_by_what_the_converter_leaves(
    layers: list[Any], outputs: list[str], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    path = as_keras(functional(layers, outputs), tmp_path)
    assert places(found(path)) == expected


def test_keras_3_itself_ends_the_training_mode(tmp_path: Path) -> None:
    config = functional([X, ("Dropout", "d", "x", TRAINING)], ["d"])
    assert found(as_keras(config, tmp_path, "3.8.0")) == []


class TestSeverity:
    """A warning is for what takes a good part of each run on a microcontroller."""

    PAD = padded(PAIRS, 9)

    def test_a_large_share_is_a_warning(self, tmp_path: Path) -> None:
        (finding,) = found(as_tflite(self.PAD, tmp_path), "cortex-m4")
        assert (finding.severity, finding.data["moved"]) == (Severity.WARNING, 4 * (256 + 324) + 32)

    @pytest.mark.parametrize("target", ["", "litert-cpu", "ethos-u55-128"])
    def test_elsewhere_it_is_a_note(self, target: str, tmp_path: Path) -> None:
        (finding,) = found(as_tflite(self.PAD, tmp_path), target)
        assert finding.severity is Severity.NOTE

    def test_a_small_share_is_a_note(self, tmp_path: Path) -> None:
        path = as_tflite(self.PAD, tmp_path)
        settings = Settings(
            targets=(targets.find("cortex-m4"),), select=HYGIENE, options={"EL511": {"percent": 60}}
        )
        (report,) = check_file(path, settings)
        assert [finding.severity for finding in report.findings] == [Severity.NOTE]

    @pytest.mark.parametrize("target", ["onnxruntime-cpu", "tensorrt", "cortex-m4"])
    def test_what_a_runtime_or_converter_tidies_is_not_named(self, target: str, tmp_path: Path) -> None:
        network = flat(("Tanh", "x", "t"), ("Identity", "t", "i"), ("Abs", "i", "y"))
        path = as_onnx(network, tmp_path)
        assert [finding.code for finding in found(path)] == ["EL503"]
        assert found(path, target) == []


class TestWhatIsNeeded:
    """Nothing is called useless that a body, a variable or a name needs."""

    def test_a_value_that_only_a_branch_reads(self, tmp_path: Path) -> None:
        branches = {
            word: onnx.graph(
                [helper.make_node(kind, ["t"], [word])], [], [onnx.value(word, [1, 512])], name=word
            )
            for word, kind in (("then", "Neg"), ("else", "Abs"))
        }
        choice = helper.make_node(
            "If", ["c"], ["y"], "y", then_branch=branches["then"], else_branch=branches["else"]
        )
        graph = onnx.graph(
            [helper.make_node("Tanh", ["x"], ["t"], "t"), choice],
            [onnx.value("x", [1, 512]), onnx.value("c", [], TensorProto.BOOL)],
            [onnx.value("y", [1, 512])],
        )
        assert found(onnx.saved(onnx.model(graph), tmp_path)) == []

    def test_an_operator_that_writes_a_variable(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x, y = builder.tensor("x", [1, 8]), builder.tensor("y", [1, 8])
        handle = builder.tensor("v", [], "RESOURCE")
        builder.operator("VAR_HANDLE", [], [handle], "VarHandleOptions", sharedName="v")
        builder.operator("ASSIGN_VARIABLE", [handle, x], [], "AssignVariableOptions")
        builder.operator("TANH", [x], [y])
        builder.ends([x], [y])
        assert found(builder.write(tmp_path), "cortex-m4") == []

    def test_an_identity_that_makes_an_output_of_an_input(self, tmp_path: Path) -> None:
        network = flat(("Identity", "x", "y"), ("Tanh", "x", "z"), ends=("x", "y z"))
        assert found(as_onnx(network, tmp_path)) == []

    def test_weights_that_are_stored_small(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x, y, w = (builder.tensor(name, [1, 16]) for name in "xyw")
        half = builder.tensor("half", [1, 16], "FLOAT16", bytes(32))
        builder.operator("DEQUANTIZE", [half], [w])
        builder.operator("ADD", [x, w], [y], "AddOptions")
        builder.ends([x], [y])
        assert found(builder.write(tmp_path)) == []

    def test_a_requantizing_reshape(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x = builder.tensor("x", [1, 16], "INT8", scale=[0.5], zero_point=[0])
        y = builder.tensor("y", [1, 16], "INT8", scale=[0.25], zero_point=[0])
        builder.operator("RESHAPE", [x, builder.ints("shape", [1, 16])], [y])
        builder.ends([x], [y])
        assert found(builder.write(tmp_path)) == []


def test_operators_without_end_are_read_in_linear_time(tmp_path: Path) -> None:
    count = 3000
    nodes = [("Identity", f"v{place}", f"v{place + 1}") for place in range(count)]
    network = Network(nodes, {"v0": [1, 512]}, ends=("v0", f"v{count}"))
    codes = {finding.code for finding in found(as_onnx(network, tmp_path))}
    assert codes == {"EL503"}
