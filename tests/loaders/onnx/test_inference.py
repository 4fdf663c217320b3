"""Shapes, types and constants against the onnx package's own, over its backend tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, numpy_helper, shape_inference

from edgelint.errors import EdgelintError
from edgelint.ir import DType, Shape, Value
from edgelint.loaders import Binding, load
from edgelint.loaders.onnx.inference import infer_shapes
from edgelint.loaders.onnx.types import describe
from tests.conftest import corpus

CORPUS = [entry["path"] for entry in corpus() if entry["format"] == "onnx" and not entry.get("malformed")]
DECLARED_WRONG = {"tensorrt_tools/residual_block.onnx"}
"""Declares its output a scalar; the onnx package keeps that, edgelint takes what the operators say."""


def stored_models() -> list[Path]:
    """The models that the onnx package ships as files."""
    import onnx.backend.test

    return sorted((Path(onnx.backend.test.__file__).parent / "data").rglob("*.onnx"))


def generated_models() -> Iterator[tuple[str, ModelProto]]:
    """The models of the package's operator tests, as its tests make them."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases(None):
            if case.model is not None:
                yield case.name, case.model


def agree(path: Path) -> int:
    """How many values have the type and shape that onnx infers, or one that says more; asserts all have."""
    ours = load(path, Binding()).main
    proto = ModelProto.FromString(path.read_bytes())
    symbols = {
        dim for _, shape in map(declared, values_of(proto)) for dim in shape or () if isinstance(dim, str)
    }
    try:
        inferred = shape_inference.infer_shapes(proto, data_prop=True)
    except shape_inference.InferenceError:
        inferred = proto
    made = {name for node in proto.graph.node for name in node.output} | {
        tensor.name for tensor in proto.graph.initializer
    }
    checked = [value for value in (*inferred.graph.value_info, *inferred.graph.output) if value.name in made]
    for value in checked:
        dtype, shape = declared(value)
        if shape is not None:
            shape = tuple(None if isinstance(dim, str) and dim not in symbols else dim for dim in shape)
        found = ours.values[value.name]
        assert found.dtype is dtype
        assert says_at_least(found, shape), f"{path.name}: {value.name} is {found.shape}, not {shape}"
    compare_constants(proto, ours.values)
    return len(checked)


def values_of(proto: ModelProto) -> list[object]:
    return [*proto.graph.input, *proto.graph.output, *proto.graph.value_info]


def declared(value: object) -> tuple[DType | None, Shape | None]:
    return describe(value.type)  # type: ignore[attr-defined]


def says_at_least(found: Value, shape: Shape | None) -> bool:
    """More is known where onnx takes an initializer that is an input as well for unknown."""
    if shape is None:
        return True
    if found.shape is None or len(found.shape) != len(shape):
        return False
    return all(theirs in (None, ours) for ours, theirs in zip(found.shape, shape, strict=True))


def compare_constants(proto: ModelProto, values: object) -> None:
    for tensor in proto.graph.initializer:
        if tensor.external_data:
            continue
        stored = values[tensor.name].tensor  # type: ignore[index]
        expected = numpy_helper.to_array(tensor)
        try:
            found = stored.numpy()
        except EdgelintError as error:
            assert "cannot be read as numbers" in str(error)  # noqa: PT017
            continue
        np.testing.assert_array_equal(found, expected.astype(found.dtype))


@pytest.mark.parametrize("path", [path for path in CORPUS if path not in DECLARED_WRONG])
def test_the_corpus_agrees(path: str, shared_models: Path) -> None:
    proto = ModelProto.FromString((shared_models / path).read_bytes())
    if proto.functions:
        pytest.skip("functions are written out here, not there")
    agree(shared_models / path)


def test_shipped_models_agree() -> None:
    paths = stored_models()
    assert len(paths) > 100
    assert sum(agree(path) for path in paths[::4]) > 500


@pytest.mark.slow
def test_all_shipped_models_agree() -> None:
    assert sum(map(agree, stored_models())) > 1000


@pytest.mark.slow
def test_every_operator_test_agrees(tmp_path: Path) -> None:
    checked = 0
    for name, proto in generated_models():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(proto.SerializeToString())
        if proto.functions:
            load(path)
        else:
            checked += agree(path)
        path.unlink()
    assert checked > 2000


def test_a_crash_of_native_inference_is_survived(tmp_path: Path) -> None:
    """TreeEnsemble's inference follows a null pointer when its input has no type (onnx 1.23)."""
    from onnx import helper

    from tests.loaders.onnx.builder import graph, model, saved, value

    trees = helper.make_node(
        "TreeEnsemble", ["t"], ["y"], domain="ai.onnx.ml", aggregate_function=1, leaf_targetids=[0],
        n_targets=4,
        leaf_weights=helper.make_tensor("l", 1, [1], [1.0]), nodes_falseleafs=[1], nodes_falsenodeids=[0],
        nodes_featureids=[0], nodes_modes=helper.make_tensor("m", 2, [1], [0]), nodes_trueleafs=[1],
        nodes_splits=helper.make_tensor("s", 1, [1], [0.0]), nodes_truenodeids=[0], tree_roots=[0],
    )  # fmt: skip
    nodes = [
        helper.make_node("Magic", ["x"], ["t"], domain="my.ops"),
        helper.make_node("Relu", ["x"], ["z"]),
        trees,
    ]
    main = graph(nodes, [value("x", [2, 3])], [value("z", None), value("y", None)])
    imports = [
        helper.make_opsetid(domain, version)
        for domain, version in (("", 17), ("ai.onnx.ml", 5), ("my.ops", 1))
    ]
    found = load(saved(model(main, opset_imports=imports), tmp_path))
    assert found.main.values["z"].shape == (2, 3)


def test_what_inference_says_comes_back_whole() -> None:
    from tests.loaders.onnx.builder import relu

    found, complaint = infer_shapes(relu().SerializeToString())
    assert complaint is None
    assert found is not None
    assert declared(found.graph.output[0])[1] == (1, 4)
