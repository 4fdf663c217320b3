"""Real ONNX files: every valid one reads as its manifest says, every broken one gets its sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from onnx import load as parse

from edgelint.errors import EdgelintError
from edgelint.ir import Model
from edgelint.loaders import Binding, load
from edgelint.loaders.onnx.types import ELEMENT_TYPES
from tests.conftest import SHARED_MODELS, corpus

ENTRIES = [entry for entry in corpus() if entry["format"] == "onnx"]
VALID = [entry for entry in ENTRIES if not entry.get("malformed")]
BROKEN = {
    "truncated_13227_mnist": "ModelProto.graph has 26418 bytes, where the file has",
    "truncated_100_ch_ppocr_mobile_v2.0_cls_infer": "ModelProto.graph has 585506 bytes, where the file has",
    "bitflip_s5_mnist": "is no whole ONNX model: ModelProto.graph.",
    "bitflip_s6_gpt2_past": "is no whole ONNX model: ModelProto.graph",
    "bad_graph": "has 1 inputs where the operator has 2 (node 'MatMul_2' (MatMul))",
    "bad_graph_with_no_import_domains": "imports no opset",
    "bad_graph_with_duplicate_node_names": "has two nodes named 'identical'",
    "invalid_dim_param_value_repetition": "gives the one symbol 'Symbolic' to dims that need not be equal",
    "model_with_invalid_ort_config_json": "has session options that are no JSON",
    "empty": "is empty (0 bytes)",
}
NAMES = {dtype: number for number, dtype in ELEMENT_TYPES.items()}


def name(entry: dict[str, Any]) -> str:
    return str(entry["path"])


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {entry["path"]: load(SHARED_MODELS / entry["path"], Binding()) for entry in VALID}


def operators(model: Model) -> Counter[str]:
    return Counter(f"{node.domain}.{node.op}" if node.domain else node.op for _, node in model.nodes())


@pytest.mark.parametrize("entry", VALID, ids=name)
def test_reads_as_the_manifest_says(entry: dict[str, Any], models: dict[str, Model]) -> None:
    model, seen = models[entry["path"]], entry["observed"]
    assert model.ir_version == seen["ir"]
    assert model.producer == seen["producer"]
    assert {domain or "ai.onnx": version for domain, version in model.opsets.items()} == seen["opset"]
    if not seen["functions"]:
        expected = Counter(seen["ops"])
        del expected["Constant"]
        assert operators(model) == expected
    wanted = [spec for spec in seen["inputs"] if spec != ["map_type"]]
    found = [
        value for value in map(model.main.values.get, model.main.inputs) if value and value.shape is not None
    ]
    for value, (dtype, dims) in zip(found, wanted, strict=True):
        assert onnx_name(value.dtype) == dtype
        assert list(value.shape or ()) == [None if dim in ("?", -1) else dim for dim in dims]


@pytest.mark.parametrize("entry", VALID, ids=name)
def test_initializers_are_counted_by_type(entry: dict[str, Any], models: dict[str, Model]) -> None:
    proto = parse(SHARED_MODELS / entry["path"], load_external_data=False)
    stored = [models[entry["path"]].main.values[tensor.name] for tensor in proto.graph.initializer]
    assert Counter(onnx_name(value.dtype) for value in stored) == Counter(
        entry["observed"]["initializer_types"]
    )
    assert all(value.is_constant for value in stored)


@pytest.mark.parametrize(("stem", "problem"), BROKEN.items(), ids=list(BROKEN))
def test_a_broken_file_gets_its_sentence(stem: str, problem: str, shared_models: Path) -> None:
    with pytest.raises(EdgelintError) as caught:
        load(shared_models / "malformed" / f"{stem}.onnx")
    assert problem in caught.value.sentence


def onnx_name(dtype: Any) -> str:
    from onnx import TensorProto

    return str(TensorProto.DataType.Name(NAMES[dtype]))
