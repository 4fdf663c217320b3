"""What the TFLite loader makes of models built in memory."""

from __future__ import annotations

import struct
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Node
from edgelint.ir.tensor import ExternalFile, FileRange, Inline
from edgelint.loaders import Binding, load, tflite
from tests.loaders.tflite.builder import ModelBuilder, schema
from tests.loaders.tflite.models import conv, entry, loaded, sparse, unary


@pytest.fixture
def build() -> ModelBuilder:
    return ModelBuilder()


def only_node(build: ModelBuilder, folder: Path) -> Node:
    (node,) = loaded(build, folder).main.nodes
    return node


class TestOperators:
    def test_a_convolution_has_onnx_attributes(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build)
        node = only_node(build, tmp_path)

        assert (node.op, node.domain, node.source.op, node.source.version) == ("Conv", "", "CONV_2D", 3)
        assert node.activation == "Relu6"
        assert node.inputs == ("x", "w", "b")
        assert {
            name: node.attributes[name]
            for name in ("kernel_shape", "strides", "dilations", "group", "layout")
        } == {
            "kernel_shape": [3, 5],
            "strides": [2, 2],
            "dilations": [1, 1],
            "group": 1,
            "layout": "NHWC",
        }

    def test_same_padding_is_counted_out(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build)
        node = only_node(build, tmp_path)
        # Rows: (6-1)*2 + 3 - 11 = 2; columns: (8-1)*2 + 5 - 16 = 3, the odd one at the end.
        assert (node.attributes["auto_pad"], node.attributes["pads"]) == ("SAME_UPPER", [1, 1, 1, 2])

    def test_valid_padding_is_none(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build, same=False)
        node = only_node(build, tmp_path)
        assert (node.attributes["auto_pad"], node.attributes["pads"]) == ("VALID", [0, 0, 0, 0])

    def test_a_grouped_convolution_says_its_groups(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build, channels=6)
        assert only_node(build, tmp_path).attributes["group"] == 2

    def test_a_depthwise_convolution_is_a_conv_in_as_many_groups_as_channels(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        x, w, y = (
            build.tensor("x", [1, 8, 8, 4]),
            build.tensor("w", [1, 3, 3, 8], data=bytes(288)),
            build.tensor("y", [1, 8, 8, 8]),
        )
        build.ends([x], [y])
        options: Any = {"strideH": 1, "strideW": 1, "depthMultiplier": 2, "dilationHFactor": 2}
        build.operator("DEPTHWISE_CONV_2D", [x, w, -1], [y], "DepthwiseConv2DOptions", **options)
        node = only_node(build, tmp_path)

        assert (node.op, node.attributes["group"], node.attributes["kernel_shape"]) == ("Conv", 4, [3, 3])
        assert node.attributes["dilations"] == [2, 1]
        assert node.attributes["depth_multiplier"] == 2
        assert node.inputs == ("x", "w", None)

    def test_a_transposed_convolution_keeps_its_input_order(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        shape = build.ints("shape", [1, 8, 8, 2])
        w = build.tensor("w", [2, 3, 3, 4], data=bytes(288))
        x, y = build.tensor("x", [1, 4, 4, 4]), build.tensor("y", [1, 8, 8, 2])
        build.ends([x], [y])
        build.operator("TRANSPOSE_CONV", [shape, w, x], [y], "TransposeConvOptions", strideH=2, strideW=2)
        node = only_node(build, tmp_path)

        assert (node.op, node.inputs) == ("ConvTranspose", ("shape", "w", "x"))
        assert node.attributes["kernel_shape"] == [3, 3]
        assert node.attributes["pads"] == [0, 0, 1, 1]

    def test_constant_axes_become_attributes(self, build: ModelBuilder, tmp_path: Path) -> None:
        x, axes, y = build.tensor("x", [1, 4, 4, 2]), build.ints("axes", [1, 2]), build.tensor("y", [1, 2])
        build.ends([x], [y])
        build.operator("MEAN", [x, axes], [y], "ReducerOptions", keepDims=False)
        node = only_node(build, tmp_path)
        assert (node.op, node.attributes["axes"], node.attributes["keepdims"]) == ("ReduceMean", [1, 2], 0)

    def test_padding_begins_come_before_ends(self, build: ModelBuilder, tmp_path: Path) -> None:
        x, y = build.tensor("x", [2, 3]), build.tensor("y", [5, 10])
        pads = build.tensor("pads", [2, 2], "INT32", struct.pack("<4i", 1, 2, 3, 4))
        build.ends([x], [y])
        build.operator("PAD", [x, pads], [y])
        node = only_node(build, tmp_path)
        assert (node.op, node.attributes["mode"], node.attributes["pads"]) == (
            "Pad",
            "constant",
            [1, 3, 2, 4],
        )

    def test_a_slice_to_the_end_ends_at_the_dim(self, build: ModelBuilder, tmp_path: Path) -> None:
        x, begin, size = build.tensor("x", [4, 9]), build.ints("begin", [1, 2]), build.ints("size", [2, -1])
        y = build.tensor("y", [2, 7])
        build.ends([x], [y])
        build.operator("SLICE", [x, begin, size], [y])
        attributes = only_node(build, tmp_path).attributes
        assert (attributes["starts"], attributes["ends"]) == ([1, 2], [3, 9])

    def test_an_lstm_has_its_size_and_no_activation_after_it(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        x, y = build.tensor("x", [1, 7, 3]), build.tensor("y", [1, 7, 5])
        ins = [build.tensor(f"w{gate}", [5, 3], data=bytes(60)) for gate in range(4)]
        recurrent = [build.tensor(f"r{gate}", [5, 5], data=bytes(100)) for gate in range(4)]
        states = [build.tensor(f"s{place}", [1, 5], isVariable=True) for place in range(2)]
        build.ends([x], [y])
        inputs = [x, *ins, *recurrent, *[-1] * 9, *states]
        build.operator(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            inputs,
            [y],
            "UnidirectionalSequenceLSTMOptions",
            fusedActivationFunction=4,
            cellClip=10.0,
        ).intermediates = [x]
        node = only_node(build, tmp_path)

        assert (node.op, node.activation) == ("LSTM", None)
        assert (node.attributes["hidden_size"], node.attributes["direction"]) == (5, "forward")
        assert (node.attributes["cell_clip"], node.attributes["time_major"]) == (10.0, False)
        assert node.attributes["activations"] == ["Tanh"]
        assert node.attributes["intermediates"] == ("x",)

    @pytest.mark.parametrize(
        ("builtin", "op", "domain"),
        [
            ("RELU6", "Relu6", ""),
            ("LOGISTIC", "Sigmoid", ""),
            ("SQUARE", "SQUARE", "tflite"),
            ("RSQRT", "RSQRT", "tflite"),
        ],
    )
    def test_names_are_onnx_names_where_there_are_any(
        self, build: ModelBuilder, tmp_path: Path, builtin: str, op: str, domain: str
    ) -> None:
        unary(build, builtin)
        node = only_node(build, tmp_path)
        assert (node.op, node.domain, node.source.op) == (op, domain, builtin)

    @pytest.mark.parametrize(
        ("code", "domain"),
        [("EthosU", "tflite.custom"), ("FlexErf", "tflite.flex"), ("TFLite_Detection", "tflite.custom")],
    )
    def test_custom_and_flex_operators_are_told_apart(
        self, build: ModelBuilder, tmp_path: Path, code: str, domain: str
    ) -> None:
        unary(build, "CUSTOM", custom=code).customOptions = [1, 2, 3]
        node = only_node(build, tmp_path)
        assert (node.op, node.source.op, node.domain) == (code, code, domain)
        assert node.attributes["custom_options"].read() == b"\1\2\3"

    def test_an_operator_newer_than_the_schema_goes_by_its_code(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        build.model.operatorCodes[0].builtinCode = 217
        build.model.operatorCodes[0].deprecatedBuiltinCode = 127
        node = only_node(build, tmp_path)
        assert (node.op, node.source.op, node.domain) == ("BUILTIN_217", "BUILTIN_217", "tflite")

    def test_a_code_in_the_old_field_alone_counts(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.model.operatorCodes[0].builtinCode = 0
        node = only_node(build, tmp_path)
        assert node.source.op == "RELU"
        assert node.attributes["legacy_builtin_code"] is True

    def test_options_beyond_the_flatbuffer_are_found(self, build: ModelBuilder, tmp_path: Path) -> None:
        operator = unary(build, "CUSTOM", custom="Large")
        operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize = 2**20, 5
        path = build.write(tmp_path)
        path.write_bytes(path.read_bytes().ljust(2**20, b"\0") + b"abcde")
        (node,) = tflite.load(path, Binding()).main.nodes
        assert node.attributes["custom_options"].read() == b"abcde"

    def test_a_node_is_called_after_its_first_output(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        assert only_node(build, tmp_path).name == "y"


class TestValues:
    def test_values_keep_order_index_type_and_shape(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build)
        graph = loaded(build, tmp_path).main
        assert [(value.name, value.index) for value in graph.values.values()] == [
            ("x", 0),
            ("w", 1),
            ("b", 2),
            ("y", 3),
        ]
        assert (graph.values["x"].dtype, graph.values["x"].shape) == (DType.INT8, (1, 11, 16, 3))
        assert (graph.inputs, graph.outputs) == (("x",), ("y",))

    def test_names_that_repeat_or_are_missing_are_made_unique(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        for name in ("same", "same", "", "same#2"):
            build.tensor(name, [1])
        values = list(loaded(build, tmp_path).main.values.values())[2:]
        assert [value.name for value in values] == ["same#2'", "same#3", "tensor#4", "same#2"]
        assert [value.label for value in values] == ["same", "same", "", ""]

    def test_small_constants_are_in_memory_and_large_ones_stay_on_disk(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        build.tensor("small", [4], "INT32", struct.pack("<4i", 1, 2, 3, 4))
        build.tensor("large", [5000], "UINT8", bytes(range(250)) * 20)
        values = loaded(build, tmp_path).main.values
        small, large = values["small"].tensor, values["large"].tensor
        assert small is not None
        assert large is not None
        assert isinstance(small.storage, Inline)
        assert isinstance(large.storage, FileRange)
        assert small.numpy().tolist() == [1, 2, 3, 4]
        assert large.storage.read() == bytes(range(250)) * 20

    @pytest.mark.parametrize(
        ("kind", "data", "numbers"),
        [
            ("INT4", b"\x21\x0f", [1, 2, -1]),
            ("UINT4", b"\x21\x0f", [1, 2, 15]),
            ("INT2", b"\x31", [1, 0, -1]),
        ],
    )
    def test_narrow_types_are_packed(
        self, build: ModelBuilder, tmp_path: Path, kind: str, data: bytes, numbers: list[int]
    ) -> None:
        unary(build)
        build.tensor("narrow", [3], kind, data)
        tensor = loaded(build, tmp_path).main.values["narrow"].tensor
        assert tensor is not None
        assert (tensor.nbytes, tensor.numpy().tolist()) == (len(data), numbers)

    def test_the_signature_keeps_free_dims(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.graph.tensors[0].shapeSignature = [-1, 4]
        value = loaded(build, tmp_path).main.values["x"]
        assert (value.shape, value.signature) == ((1, 4), (None, 4))

    def test_a_dim_that_even_the_shape_leaves_open_is_unknown_until_bound(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        build.graph.tensors[0].shape = [-1, 4]
        assert loaded(build, tmp_path).main.values["x"].shape == (None, 4)
        assert loaded(build, tmp_path, Binding(batch=3)).main.values["x"].shape == (3, 4)

    def test_an_empty_shape_is_a_scalar(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.tensor("scalar", [], data=bytes(4))
        assert loaded(build, tmp_path).main.values["scalar"].shape == ()

    def test_an_empty_shape_without_rank_in_a_file_that_tells_ranks_is_unknown(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        build.graph.tensors[0].hasRank = True
        build.tensor("scalar", [], hasRank=True)
        build.tensor("unknown", [])
        values = loaded(build, tmp_path).main.values
        assert (values["scalar"].shape, values["unknown"].shape) == ((), None)

    def test_per_channel_quantization_has_an_axis(self, build: ModelBuilder, tmp_path: Path) -> None:
        conv(build)
        values = loaded(build, tmp_path).main.values
        x, w = values["x"].quantization, values["w"].quantization
        assert x is not None
        assert w is not None
        assert (x.scale, x.zero_point, x.axis) == ((0.5,), (-3,), None)
        assert (len(w.scale), w.axis, w.is_per_channel) == (8, 0, True)

    def test_blockwise_quantization_names_the_tensor_of_its_scales(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        scales = build.tensor("scales", [2, 2], "FLOAT16", bytes(8))
        weights = build.tensor("w", [2, 64], "INT4", bytes(64))
        s = schema()
        found = s.QuantizationParametersT()
        found.details, found.detailsType = (
            s.BlockwiseQuantizationT(),
            s.QuantizationDetails.BlockwiseQuantization,
        )
        found.details.scales, found.details.zeroPoints, found.details.blockSize = scales, -1, 32
        build.graph.tensors[weights].quantization = found
        quantization = loaded(build, tmp_path).main.values["w"].quantization
        assert quantization is not None
        assert (quantization.block_size, quantization.scale_value, quantization.axis) == (32, "scales", 0)

    def test_buffers_beyond_the_flatbuffer_are_found(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.tensor("far", [3], "UINT8", b"")
        buffer = build.model.buffers[-1]
        buffer.data, buffer.offset, buffer.size = None, 4096, 3
        path = build.write(tmp_path)
        path.write_bytes(path.read_bytes().ljust(4096, b"\0") + b"xyz")
        tensor = tflite.load(path, Binding()).main.values["far"].tensor
        assert tensor is not None
        assert tensor.storage.read() == b"xyz"

    def test_an_external_buffer_is_declared_and_not_opened(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.tensor("outside", [3], "UINT8", externalBuffer=7)
        s = schema()
        group, buffer = s.ExternalBufferGroupT(), s.ExternalBufferT()
        group.name = "../weights.bin"
        buffer.id, buffer.group, buffer.offset, buffer.length = 7, 0, 16, 3
        build.model.externalBufferGroups, build.model.externalBuffers = [group], [buffer]
        tensor = loaded(build, tmp_path).main.values["outside"].tensor
        assert tensor is not None
        assert tensor.storage == ExternalFile(tmp_path, "../weights.bin", 16, 3)
        assert tensor.storage.escapes

    def test_a_sparse_constant_takes_what_it_stores(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        sparse(build)
        tensor = loaded(build, tmp_path).main.values["sparse"].tensor
        assert tensor is not None
        assert (tensor.sparse, tensor.nbytes, tensor.shape) == (True, 12, (4, 4))

    def test_a_variable_is_marked(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        build.tensor("state", [2], isVariable=True)
        assert loaded(build, tmp_path).main.values["state"].is_variable


class TestModel:
    def test_control_flow_leads_to_subgraphs(self, build: ModelBuilder, tmp_path: Path) -> None:
        yes = build.tensor("yes", [], "BOOL")
        x, y = build.tensor("x", [1]), build.tensor("y", [1])
        build.ends([yes, x], [y])
        build.operator("IF", [yes, x], [y], "IfOptions", thenSubgraphIndex=1, elseSubgraphIndex=2)
        for name in ("then", "else"):
            build.subgraph(name)
            a, b = build.tensor("a", [1]), build.tensor("b", [1])
            build.ends([a], [b])
            build.operator("RELU", [a], [b])
        model = loaded(build, tmp_path)
        assert model.main.nodes[0].subgraphs == {"then_branch": 1, "else_branch": 2}
        assert [graph.name for graph in model.graphs] == ["main", "then", "else"]

    def test_a_composite_leads_to_its_decomposition(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(
            build,
            "STABLEHLO_COMPOSITE",
            "StableHLOCompositeOptions",
            name="odml.gelu",
            decompositionSubgraphIndex=1,
        )
        build.subgraph("decomposition")
        unary(build)
        node = loaded(build, tmp_path).main.nodes[0]
        assert (node.op, node.attributes["name"]) == ("STABLEHLO_COMPOSITE", "odml.gelu")
        assert node.subgraphs == {"decomposition": 1}

    def test_signatures_name_values(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        s = schema()
        signature, entry, leave = s.SignatureDefT(), s.TensorMapT(), s.TensorMapT()
        entry.name, entry.tensorIndex, leave.name, leave.tensorIndex = "in", 0, "out", 1
        signature.signatureKey, signature.inputs, signature.outputs = "serve", [entry], [leave]
        build.model.signatureDefs = [signature]
        (found,) = loaded(build, tmp_path).signatures
        assert (found.key, found.graph, found.inputs, found.outputs) == (
            "serve",
            0,
            {"in": "x"},
            {"out": "y"},
        )

    def test_metadata_is_text_where_it_is_text_and_bytes_always(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        entry(build, "min_runtime_version", b"2.14.0\0\0\0\0")
        entry(build, "OfflineMemoryAllocation", struct.pack("<5i", 1, 0, 2, -1, 128))
        model = loaded(build, tmp_path)
        assert model.metadata == {"description": "built for a test", "min_runtime_version": "2.14.0"}
        assert struct.unpack("<5i", model.metadata_buffers["OfflineMemoryAllocation"].read())[-1] == 128

    def test_labels_come_from_the_file_behind_the_model(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        path = build.write(tmp_path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("labels.txt", "cat\ndog\n\nhorse\n")
            archive.writestr("readme.txt", "no\nlabels\n")
        assert tflite.load(path, Binding()).labels == ("cat", "dog", "", "horse")

    def test_a_label_file_that_unpacks_to_too_much_is_left_alone(
        self, build: ModelBuilder, tmp_path: Path
    ) -> None:
        unary(build)
        path = build.write(tmp_path)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("labels.txt", "cat\n" * 2**20)
        assert tflite.load(path, Binding()).labels == ()

    def test_a_damaged_zip_has_no_labels(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        path = build.write(tmp_path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("labels.txt", "cat\ndog\n")
        data = path.read_bytes()
        path.write_bytes(data.replace(b"cat\ndog", b"cat\nDOG"))
        assert tflite.load(path, Binding()).labels == ()

    def test_the_format_is_told_by_content(self, build: ModelBuilder, tmp_path: Path) -> None:
        unary(build)
        model = load(build.write(tmp_path))
        assert (model.format, model.file_bytes) == ("tflite", (tmp_path / "model.tflite").stat().st_size)


def test_a_long_chain_is_read_in_time_linear_in_its_length(build: ModelBuilder, tmp_path: Path) -> None:
    length = 3000
    build.operator("RELU", [0], [1])
    tensors = [build.tensor(f"t{place}", [1, 4]) for place in range(length + 1)]
    build.graph.operators.clear()
    for before, after in pairwise(tensors):
        made = schema().OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = 0, [before], [after]
        build.graph.operators.append(made)
    build.ends([tensors[0]], [tensors[-1]])
    graph: Graph = loaded(build, tmp_path).main
    assert len(graph.nodes) == length
