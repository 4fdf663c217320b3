"""What quantizing a float model makes of it, against models that TensorFlow quantized."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgelint.analysis.figure import Basis
from edgelint.analysis.quantization.requantize import (
    SCHEMES,
    AlreadyQuantized,
    attempt,
    requantize,
)
from edgelint.analysis.quantization.rewritten import NotPredicted
from edgelint.analysis.support.judge import judge
from edgelint.analysis.tflm.arena import plan_arena
from edgelint.commands.options import QUANTIZE
from edgelint.context import Context
from edgelint.errors import EdgelintError
from edgelint.examples import chain
from edgelint.ir import DType, Graph, Inline, Model, Node, Source, Tensor, Value
from edgelint.loaders import Binding, load
from edgelint.targets import find
from tests.conftest import FIXTURES
from tests.effort import growth

SUFFIXES = {
    "dynamic": "dynamic",
    "int8": "int8",
    "int8_float_io": "int8-float-io",
    "int16x8": "int16x8",
}
"""What ends the names of the fixtures, and the scheme they were converted with."""

FLOATS = sorted((FIXTURES / "models").glob("*.float32.tflite"))
PAIRS = [
    (path, quantized, scheme)
    for path in FLOATS
    for suffix, scheme in SUFFIXES.items()
    if (quantized := path.with_name(path.name.replace("float32", suffix))).is_file()
]
TARGETS = ("tflm-x86_64", "cortex-m4", "cortex-m55")


def words(model: Model) -> list[str]:
    return [node.source.op for node in model.main.nodes]


def dtypes(model: Model) -> dict[str, str]:
    return {name: str(value.dtype) for name, value in model.main.values.items()}


def float_chain(*operators: str) -> Model:
    example = chain("float32[1,8,8,4]")
    for word in operators:
        example = example.op(word.title(), "float32[1,8,8,4]", source=word)
    return example.model


@pytest.mark.parametrize(("path", "real", "scheme"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_the_arena_is_that_of_the_model_the_converter_made(path: Path, real: Path, scheme: str) -> None:
    predicted, converted = requantize(load(path), scheme), load(real)
    assert words(predicted) == words(converted)
    for name in TARGETS:
        ours, theirs = plan_arena(predicted, find(name)), plan_arena(converted, find(name))
        assert (ours.head, ours.tail, ours.minimum) == (theirs.head, theirs.tail, theirs.minimum)


@pytest.mark.parametrize(("path", "real", "scheme"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_the_file_has_about_the_size_of_the_one_the_converter_wrote(
    path: Path, real: Path, scheme: str
) -> None:
    size = real.stat().st_size
    assert abs(requantize(load(path), scheme).file_bytes - size) <= 0.08 * size


@pytest.mark.parametrize(
    ("path", "real", "tolerance"),
    [
        # Converted years ago: biases of a kind that newer converters share.
        ("mlperf_tiny/vww_96_float.tflite", "mlperf_tiny/vww_96_int8.tflite", 0.001),
        # FULLY_CONNECTED had one scale for all of its weights then.
        ("tflm/hello_world_float.tflite", "tflm/hello_world_int8.tflite", 0.25),
    ],
)
def test_the_arena_of_public_models_is_close(
    shared_models: Path, path: str, real: str, tolerance: float
) -> None:
    predicted, converted = requantize(load(shared_models / path), "int8"), load(shared_models / real)
    for name in TARGETS:
        ours, theirs = plan_arena(predicted, find(name)), plan_arena(converted, find(name))
        assert ours.head == theirs.head
        assert ours.minimum is not None
        assert theirs.minimum is not None
        assert abs(ours.minimum - theirs.minimum) <= tolerance * theirs.minimum


@pytest.mark.parametrize("path", FLOATS, ids=lambda path: path.name)
def test_whatever_a_quantized_graph_reads_was_made_before(path: Path) -> None:
    for scheme in SCHEMES:
        model = attempt(load(path), scheme).model
        graph = model.main
        known = set(graph.inputs) | {
            name for name, value in graph.values.items() if value.is_constant or value.is_variable
        }
        for node in graph.nodes if len(model.graphs) == 1 else ():
            assert set(filter(None, node.inputs)) <= known
            known |= set(filter(None, node.outputs))
        assert [value.index for value in graph.values.values()] == list(range(len(graph.values)))


def test_an_operator_without_integer_kernel_stays_float_between_two_conversions() -> None:
    model = requantize(float_chain("ABS", "NEG", "ABS"), "int8")
    assert words(model) == ["ABS", "DEQUANTIZE", "NEG", "QUANTIZE", "ABS"]
    assert all(support.supported for support in judge(model, find("cortex-m4")))


def test_a_float_interface_is_converted_at_both_ends() -> None:
    model = requantize(float_chain("ABS"), "int8-float-io")
    assert words(model) == ["QUANTIZE", "ABS", "DEQUANTIZE"]
    ends = (model.main.inputs[0], model.main.outputs[0])
    assert [dtypes(model)[name] for name in ends] == ["float32", "float32"]


def test_sixteen_bits_make_activations_int16_and_biases_int64() -> None:
    model = requantize(load(FIXTURES / "models" / "digits_cnn.float32.tflite"), "int16x8")
    assert set(dtypes(model).values()) == {"int16", "int8", "int64", "int32"}


def test_scales_are_counted_but_not_known_where_only_calibration_tells_them() -> None:
    model = requantize(load(FIXTURES / "models" / "digits_cnn.float32.tflite"), "int8")
    softmax = model.main.values[model.main.outputs[0]].quantization
    first = model.main.values[model.main.inputs[0]].quantization
    weights = model.main.values[model.main.nodes[0].inputs[1] or ""].quantization
    assert softmax is not None
    assert (softmax.scale, softmax.zero_point, softmax.calibrated) == ((1 / 256,), (-128,), True)
    assert first is not None
    assert not first.calibrated
    assert weights is not None
    assert (len(weights.scale), weights.axis, weights.calibrated) == (12, 0, False)


def test_a_constant_that_is_read_as_bias_and_as_data_is_stored_twice() -> None:
    model = requantize(load(FIXTURES / "models" / "digits_lstm_unrolled.float32.tflite"), "int8")
    forms = [value for name, value in model.main.values.items() if name.startswith("arith.constant4")]
    assert {value.dtype for value in forms} >= {DType.INT32, DType.INT8}


def test_a_bias_that_every_operator_shares_takes_as_much_work_for_each() -> None:
    def requantizing(count: int) -> Callable[[], Model]:
        model = _sharing_a_bias(count)
        return lambda: requantize(model, "int8")

    assert len(requantizing(20_000)().main.values) == 2 * 20_000 + 2
    assert growth(requantizing, 200, 800) < 1.1


def _sharing_a_bias(count: int) -> Model:
    values = {f"v{place}": Value(f"v{place}", DType.FLOAT32, (1, 4)) for place in range(count + 1)}
    weights, bias = (
        Tensor(DType.FLOAT32, (4, 4), 64, Inline(b"w")),
        Tensor(DType.FLOAT32, (4,), 16, Inline(b"b")),
    )
    values["w"] = Value("w", DType.FLOAT32, (4, 4), tensor=weights)
    values["b"] = Value("b", DType.FLOAT32, (4,), tensor=bias)
    nodes = tuple(
        Node(
            f"n{place}", "Gemm", (f"v{place}", "w", "b"), (f"v{place + 1}",), Source("FULLY_CONNECTED", place)
        )
        for place in range(count)
    )
    graph = Graph("main", nodes, values, ("v0",), (f"v{count}",))
    return Model("tflite", FIXTURES, (graph,))


def test_a_strange_graph_is_rewritten_all_the_same() -> None:
    empty = Tensor(DType.FLOAT32, (2**31 - 1, 0), 0, Inline(b""))
    values = {
        "x": Value("x", DType.FLOAT32, (1, 4)),
        "w": Value("w", DType.FLOAT32, (2**31 - 1, 0), tensor=empty),
        "b": Value("b", DType.FLOAT32, (0,), tensor=Tensor(DType.FLOAT32, (0,), 0, Inline(b""))),
        "never made": Value("never made", DType.FLOAT32, None),
    }
    nodes = (
        Node("no outputs", "Gemm", ("x", "w", "b"), (), Source("FULLY_CONNECTED", 0)),
        Node("reads itself", "Abs", ("x", "never made"), ("x",), Source("ABS", 1)),
        Node("no inputs", "DequantizeLinear", (), ("x",), Source("DEQUANTIZE", 2)),
    )
    model = Model("tflite", FIXTURES, (Graph("main", nodes, values, ("x",), ("x", "never made")),))
    for scheme in SCHEMES:
        assert attempt(model, scheme).certain


def test_weights_stored_as_float16_are_taken_for_float32() -> None:
    halves = requantize(load(FIXTURES / "models" / "digits_cnn.float16.tflite"), "int8")
    whole = requantize(load(FIXTURES / "models" / "digits_cnn.float32.tflite"), "int8")
    assert words(halves) == words(whole)
    assert plan_arena(halves, find("cortex-m4")).minimum == plan_arena(whole, find("cortex-m4")).minimum


def test_quantized_weights_have_a_size_and_no_content() -> None:
    model = requantize(load(FIXTURES / "models" / "digits_cnn.float32.tflite"), "int8")
    tensor = model.main.values[model.main.nodes[0].inputs[1] or ""].tensor
    assert tensor is not None
    assert tensor.nbytes == 12 * 3 * 3
    with pytest.raises(EdgelintError, match="predicted by size only"):
        tensor.numpy()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_quantized_model_is_taken_as_it_is(scheme: str) -> None:
    model = load(FIXTURES / "models" / "digits_cnn.int8.tflite")
    with pytest.raises(AlreadyQuantized):
        requantize(model, scheme)
    outcome = attempt(model, scheme)
    assert (outcome.model, outcome.assumed, outcome.certain) == (model, "", True)
    assert outcome.remark == f"quantized already, so as in the file, whatever {scheme} asks for"


@pytest.mark.parametrize("name", ["digits_cnn.keras", "digits_cnn.onnx", "digits_lstm.float32.tflite"])
def test_only_a_float_tflite_graph_is_requantized(name: str) -> None:
    with pytest.raises(NotPredicted):
        requantize(load(FIXTURES / "models" / name), "int8")


def test_what_cannot_be_predicted_says_why() -> None:
    model = load(FIXTURES / "models" / "digits_lstm.float32.tflite")
    context = Context(model, find("cortex-m4"), quantize="int8")
    assert context.deployment is None
    assert context.memory.arena.basis is Basis.UNKNOWN
    assert "not predicted yet" in context.memory.arena.reason


@pytest.mark.parametrize("name", ["digits_cnn.keras", "digits_cnn.onnx"])
def test_other_formats_are_quantized_as_they_are_converted(name: str) -> None:
    model = load(FIXTURES / "models" / name, Binding(batch=1))
    context = Context(model, find("cortex-m4"), quantize="int8")
    assert context.deployment is not None
    inputs = [context.deployment.main.values[name] for name in context.deployment.main.inputs]
    assert {value.dtype for value in inputs} == {DType.INT8}
    assert context.memory.arena.basis is Basis.PREDICTED


def test_float32_changes_nothing() -> None:
    model = float_chain("ABS")
    assert attempt(model, "float32").model is model


def test_the_command_line_offers_every_scheme() -> None:
    assert QUANTIZE == SCHEMES


def tensorflow_operators() -> dict[str, Any]:
    """Functions of a float tensor, each one operator or few."""
    import tensorflow as tf

    def turned(x: Any) -> Any:
        return tf.transpose(x, [0, 2, 1, 3])

    return {
        "abs": tf.abs,
        "neg": tf.negative,
        "exp": tf.exp,
        "elu": tf.nn.elu,
        "gelu": tf.nn.gelu,
        "leaky": tf.nn.leaky_relu,
        "log_softmax": tf.nn.log_softmax,
        "div": lambda x: x / (tf.abs(turned(x)) + 1.0),
        "squared": lambda x: tf.math.squared_difference(x, turned(x)),
        "maximum": lambda x: tf.maximum(x, 0.3),
        "pow": lambda x: tf.pow(x, 3.0),
        "floor": tf.floor,
        "cast": lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) + x,
        "arg_max": lambda x: tf.argmax(x, -1),
        "concatenation": lambda x: tf.concat([x, tf.nn.relu(x)], -1),
        "pad_value": lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=-1.0),
        "resize": lambda x: tf.image.resize(x, (16, 16)),
        "gather": lambda x: tf.gather(x, [0, 2], axis=1),
        "reduce_max": lambda x: tf.reduce_max(x, [1, 2]),
        "sum": lambda x: tf.reduce_sum(x, [1, 2]),
        "cumsum": lambda x: tf.cumsum(x, 1),
        "reverse_sequence": lambda x: tf.reverse_sequence(x, [3], 1, 0),
        "where": lambda x: tf.where(x > 0.0, x, turned(x)),
        "add_n": lambda x: tf.add_n([x, tf.tanh(x), tf.nn.relu(x)]),
        "pack": lambda x: tf.stack([x, tf.nn.relu(x)], 1),
        "expand_dims": lambda x: tf.expand_dims(x, 1) * 2.0,
        "batch_matmul": lambda x: tf.matmul(x, x, transpose_b=True),
        "softplus": tf.nn.softplus,
    }


@pytest.mark.slow
def test_operators_are_quantized_as_tensorflow_does(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    import numpy as np

    shape = (1, 8, 8, 4)

    def converted(function: Any, name: str, quantize: bool) -> Model:
        graph = tf.function(lambda x: function(x), input_signature=[tf.TensorSpec(shape, tf.float32)])
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()])
        if quantize:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [np.random.rand(*shape).astype("float32")] for _ in range(3)
            )
            builtins = tf.lite.OpsSet
            converter.target_spec.supported_ops = [builtins.TFLITE_BUILTINS_INT8, builtins.TFLITE_BUILTINS]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        path = tmp_path / f"{name}.{quantize}.tflite"
        path.write_bytes(converter.convert())
        return load(path)

    for name, function in tensorflow_operators().items():
        predicted = requantize(converted(function, name, False), "int8")
        real = converted(function, name, True)
        assert words(predicted) == words(real), name
        one, other = plan_arena(predicted, find("tflm-x86_64")), plan_arena(real, find("tflm-x86_64"))
        assert (one.head, one.minimum) == (other.head, other.minimum), name
