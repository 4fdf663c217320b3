"""Shapes against what ONNX Runtime really computes, for every value of real models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto

from edgelint.ir import DType, Model
from edgelint.loaders import Binding, load

MODELS = {
    "basic_pitch/nmp": {},
    "onnxruntime/attention_past_state.u8s8": {"seq_len": 4, "past_sequence_length": 3},
    "onnxruntime/bert_toy_optimized": {"max_seq_len_in_batch": 16},
    "onnxruntime/gpt2_past": {"seq_len": 4},
    "onnxruntime_ext/FastestDet": {},
    "silero_vad/silero_vad_16k_op15": {"sequence": 576},
    "silero_vad/silero_vad_op18_ifless": {"sequence": 576},
    "tract/qlstm_3-2-3_T3_S1": {},
    "stm32/mobilenet_v2_128_0.5": {},
    "tensorrt_tools/residual_block": {},
}
"""Model to the sizes of its free dims; the batch is 1."""


@pytest.mark.parametrize("name", MODELS)
def test_every_known_shape_is_the_one_at_run_time(name: str, shared_models: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    path = shared_models / f"{name}.onnx"
    found = load(path, Binding(MODELS[name], batch=1))
    proto = ModelProto.FromString(path.read_bytes())
    named = [value for value in known(found) if value not in found.main.inputs]
    del proto.graph.output[:]
    for value in named:
        proto.graph.output.add(name=value)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = runtime.InferenceSession(proto.SerializeToString(), options)
    results = session.run(named, {feed: feed_for(found, feed) for feed in found.main.inputs})
    different = {
        value: (found.main.values[value].shape, result.shape)
        for value, result in zip(named, results, strict=True)
        if found.main.values[value].shape != result.shape
    }
    assert not different


def known(model: Model) -> list[str]:
    """What the nodes of the main graph make, with a fully known shape."""
    main = model.main
    made = [name for node in main.nodes for name in node.outputs if name]
    return [name for name in made if main.values[name].elements is not None]


def feed_for(model: Model, name: str) -> Any:
    value = model.main.values[name]
    assert value.elements is not None
    assert value.dtype is not None
    content = 16000 if value.dtype is DType.INT64 and value.shape == () else 0
    return np.full(value.shape, content, value.dtype.label)
