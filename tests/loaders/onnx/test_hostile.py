"""Damaged ONNX files: an EdgelintError of one line, or a model, and nothing else."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgelint.errors import EdgelintError
from edgelint.loaders import Binding
from edgelint.loaders.onnx import load
from tests.loaders.onnx.builder import graph, model, relu, saved, value


def sample() -> ModelProto:
    """A model with a bit of everything: weights, a body, a function, quantization, text."""
    weight = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
    typed = helper.make_tensor("t", TensorProto.INT32, [400], range(400))
    then = graph([helper.make_node("Neg", ["c"], ["n"])], [], [value("n", None)])
    other = graph([helper.make_node("Constant", [], ["k"], value_float=1.0)], [], [value("k", [])])
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("If", ["flag"], ["i"], "if", then_branch=then, else_branch=other),
        helper.make_node("QuantizeLinear", ["c", "s", "z"], ["q"], "quantize"),
        helper.make_node("Twice", ["c"], ["f"], "call", domain="f"),
        helper.make_node("Reshape", ["f", "to"], ["y"], "reshape"),
    ]
    scalars = [
        numpy_helper.from_array(np.float32(0.5), "s"),
        numpy_helper.from_array(np.uint8(3), "z"),
        numpy_helper.from_array(np.array([1, -1], np.int64), "to"),
    ]
    main = graph(
        nodes, [value("x", ["n", 3, 8, 8]), value("flag", [], 9)], [value("y", None), value("i", None)],
        [weight, typed, *scalars],
    )  # fmt: skip
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    double = helper.make_function(
        "f", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], imports[:1]
    )
    return model(main, opset_imports=imports, functions=[double])


def survives(data: bytes, folder: Path) -> bool:
    """Whether `data` is a model; fails the test when it raises anything but EdgelintError."""
    path = folder / "m.onnx"
    path.write_bytes(data)
    try:
        found = load(path, Binding(batch=1))
    except EdgelintError as error:
        one_line(error)
        return False
    for constant in (entry.tensor for entry in found.main.values.values() if entry.tensor):
        try:
            constant.numpy()
        except EdgelintError as error:
            one_line(error)
    return True


def one_line(error: EdgelintError) -> None:
    assert "\n" not in str(error)


def test_the_sample_itself_is_sound(tmp_path: Path) -> None:
    assert survives(sample().SerializeToString(), tmp_path)


def test_every_truncation_is_told(tmp_path: Path) -> None:
    data = sample().SerializeToString()
    for length in range(1, len(data), 13):
        survives(data[:length], tmp_path)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_are_survived(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    data = sample().SerializeToString()
    for _ in range(40):
        damaged = bytearray(data)
        for _ in range(source.choice((1, 1, 2, 4))):
            damaged[source.randrange(len(damaged))] ^= 1 << source.randrange(8)
        survives(bytes(damaged), tmp_path)


@pytest.mark.slow
def test_damage_to_every_operator_test_is_survived(tmp_path: Path) -> None:
    from tests.loaders.onnx.test_inference import generated_models

    source = random.Random(0)
    for place, (_, proto) in enumerate(generated_models()):
        if place % 4:
            continue
        data = bytearray(proto.SerializeToString())
        for _ in range(3):
            data[source.randrange(len(data))] = source.choice((0, 1, 127, 128, 255))
        survives(bytes(data), tmp_path)


def test_a_shape_of_many_dims_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    """ONNX's inference computes such a shape in full, 8 bytes and more for each dim."""
    size = numpy_helper.from_array(np.array([400_000_000], np.int64), "size")
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["ones"], value=helper.make_tensor("v", 7, [1], [1])),
        helper.make_node("ConstantOfShape", ["ones"], ["y"]),
    ]
    assert survives(model(graph(nodes, [], [value("y", None)], [size])).SerializeToString(), tmp_path)


def test_an_external_constant_in_an_attribute_is_not_looked_for_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The onnx package would read it there, whatever file the model names."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "sizes").write_bytes(np.array([7], np.int64).tobytes())
    monkeypatch.chdir(elsewhere)
    outside = TensorProto(name="v", data_type=TensorProto.INT64, dims=[1], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="sizes")
    nodes = [
        helper.make_node("ConstantOfShape", ["one"], ["sizes"], value=outside),
        helper.make_node("Expand", ["x", "sizes"], ["y"]),
    ]
    one = numpy_helper.from_array(np.array([1], np.int64), "one")
    main = graph(nodes, [value("x", [1])], [value("y", None)], [one])
    found = load(saved(model(main), tmp_path), Binding()).main
    assert found.values["y"].shape in (None, (None,))


def test_an_attribute_that_no_operator_has_does_not_end_inference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a process of its own for inference, its complaint would have come through."""
    monkeypatch.delattr(os, "fork", raising=False)
    main = graph([helper.make_node("Log", ["x"], ["y"], axes=[1])], [value("x", None)], [value("y", None)])
    found = load(saved(model(main), tmp_path), Binding()).main
    assert found.values["y"].shape is None


def test_a_long_chain_takes_no_deep_stack(tmp_path: Path) -> None:
    count = 3000
    nodes = [helper.make_node("Relu", [f"v{place}"], [f"v{place + 1}"]) for place in reversed(range(count))]
    main = graph(nodes, [value("v0", [2])], [value(f"v{count}", None)])
    found = load(saved(model(main), tmp_path), Binding()).main
    assert found.values[f"v{count}"].shape == (2,)


@pytest.mark.slow
def test_a_gigabyte_of_weights_is_read_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large.onnx"
    weight = TensorProto(name="w", data_type=1, dims=[16384, 16384])
    main = graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", ["n", 16384])], [value("y", None)]
    )
    size = 1 << 30
    tensor = weight.SerializeToString() + bytes([9 << 3 | 2]) + varint(size)
    rest = main.SerializeToString() + bytes([5 << 3 | 2]) + varint(len(tensor) + size) + tensor
    outer = model(graph([], [], []))
    outer.ClearField("graph")
    head = outer.SerializeToString() + bytes([7 << 3 | 2]) + varint(len(rest) + size) + rest
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    load(saved(relu(), tmp_path, "warm.onnx"), Binding())
    tracemalloc.start()
    found = load(path, Binding()).main
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.values["y"].shape == ("n", 16384)
    assert peak < 4 << 20


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
