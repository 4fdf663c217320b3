"""The ONNX loader's contract, one behaviour at a time."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgelint.errors import EdgelintError
from edgelint.ir import DType, ExternalFile, Quantization, Source
from edgelint.loaders import Binding, load
from tests.loaders.onnx.builder import graph, loaded, model, relu, saved, value

node = helper.make_node


def array(name: str, content: object, dtype: str = "float32") -> TensorProto:
    return numpy_helper.from_array(np.asarray(content, dtype), name)


def refused(proto: ModelProto, folder: Path) -> str:
    with pytest.raises(EdgelintError) as caught:
        loaded(proto, folder)
    assert "\n" not in str(caught.value)
    return caught.value.sentence


class TestGraph:
    def test_says_what_the_file_says_about_itself(self, tmp_path: Path) -> None:
        found = loaded(relu(producer_name="me", producer_version="1.2"), tmp_path)
        assert (found.format, found.producer, found.ir_version, found.opsets) == (
            "onnx",
            "me 1.2",
            8,
            {"": 17},
        )
        assert found.file_bytes == (tmp_path / "m.onnx").stat().st_size

    def test_nodes_keep_their_place_and_opset(self, tmp_path: Path) -> None:
        found = loaded(relu(), tmp_path).main.nodes[0]
        assert (found.name, found.op, found.domain, found.source) == (
            "act",
            "Relu",
            "",
            Source("Relu", 0, 17),
        )

    def test_a_nameless_node_is_called_after_its_output(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"])], [value("x", [1])], [value("y", None)])
        assert loaded(model(main), tmp_path).main.nodes[0].name == "y"

    def test_both_spellings_of_the_standard_domain_are_one(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"], domain="ai.onnx")], [value("x", [3])], [value("y", None)])
        found = loaded(model(main, opset_imports=[helper.make_opsetid("ai.onnx", 13)]), tmp_path)
        assert found.opsets == {"": 13}
        assert found.main.nodes[0].domain == ""
        assert found.main.values["y"].shape == (3,)

    def test_an_omitted_input_is_none(self, tmp_path: Path) -> None:
        main = graph(
            [node("Clip", ["x", "", "top"], ["y"])], [value("x", [3])], [value("y", None)], [array("top", 6)]
        )
        assert loaded(model(main), tmp_path).main.nodes[0].inputs == ("x", None, "top")

    def test_unordered_nodes_are_put_in_execution_order(self, tmp_path: Path) -> None:
        nodes = [node("Neg", ["a"], ["y"], "second"), node("Relu", ["x"], ["a"], "first")]
        found = loaded(model(graph(nodes, [value("x", [2])], [value("y", None)])), tmp_path).main
        assert [(entry.name, entry.source.index) for entry in found.nodes] == [("first", 1), ("second", 0)]
        assert found.values["y"].shape == (2,)

    def test_a_custom_operator_keeps_name_domain_and_stored_shape(self, tmp_path: Path) -> None:
        main = graph([node("Magic", ["x"], ["y"], domain="my.ops")], [value("x", [2])], [value("y", [7])])
        found = loaded(model(main, opset_imports=[helper.make_opsetid("my.ops", 3)]), tmp_path).main
        assert (found.nodes[0].op, found.nodes[0].domain, found.nodes[0].source.version) == (
            "Magic",
            "my.ops",
            3,
        )
        assert found.values["y"].shape == (7,)

    def test_sequences_have_a_type_but_no_shape(self, tmp_path: Path) -> None:
        main = graph(
            [node("SequenceConstruct", ["x"], ["s"]), node("ConcatFromSequence", ["s"], ["y"], axis=0)],
            [value("x", [2, 3])],
            [value("y", None)],
        )
        found = loaded(model(main), tmp_path).main.values
        assert (found["s"].dtype, found["s"].shape) == (DType.SEQUENCE, None)
        assert found["y"].shape == (None, 3)


class TestConstants:
    def test_an_old_files_initializer_is_no_input(self, tmp_path: Path) -> None:
        main = graph(
            [node("Add", ["x", "w"], ["y"])],
            [value("x", [2]), value("w", [2])],
            [value("y", [2])],
            [array("w", [1, 2])],
        )
        found = loaded(model(main, ir_version=3, opset=7), tmp_path).main
        assert found.inputs == ("x",)
        assert found.values["w"].is_constant

    def test_a_constant_node_becomes_a_constant(self, tmp_path: Path) -> None:
        nodes = [node("Constant", [], ["two"], value_floats=[1.0, 2.0]), node("Add", ["x", "two"], ["y"])]
        found = loaded(model(graph(nodes, [value("x", [2])], [value("y", None)])), tmp_path).main
        assert [entry.source for entry in found.nodes] == [Source("Add", 1, 17)]
        assert found.values["two"].tensor.numpy().tolist() == [1.0, 2.0]  # type: ignore[union-attr]

    def test_large_content_stays_in_the_file(self, tmp_path: Path) -> None:
        content = np.arange(3000, dtype=np.float32).reshape(30, 100)
        main = graph(
            [node("MatMul", ["x", "w"], ["y"])],
            [value("x", ["n", 30])],
            [value("y", None)],
            [array("w", content)],
        )
        found = loaded(model(main), tmp_path).main
        tensor = found.values["w"].tensor
        assert tensor is not None
        assert type(tensor.storage).__name__ == "FileRange"
        np.testing.assert_array_equal(tensor.numpy(), content)
        assert found.values["y"].shape == ("n", 100)

    @pytest.mark.parametrize(
        ("onnx_type", "numpy_type"),
        [("FLOAT", "f4"), ("DOUBLE", "f8"), ("INT64", "i8"), ("INT32", "i4"), ("INT16", "i2"), ("INT8", "i1"),
         ("UINT8", "u1"), ("UINT16", "u2"), ("UINT32", "u4"), ("UINT64", "u8"), ("BOOL", "?"),
         ("FLOAT16", "f2")],
    )  # fmt: skip
    @pytest.mark.parametrize("count", [5, 5000])
    def test_typed_fields_read_as_the_numbers_they_hold(
        self, tmp_path: Path, onnx_type: str, numpy_type: str, count: int
    ) -> None:
        content = (np.arange(count) % 251 - (0 if numpy_type[0] in "u?" else 120)).astype(numpy_type)
        tensor = helper.make_tensor("w", getattr(TensorProto, onnx_type), [count], content)
        assert not tensor.raw_data
        found = loaded(model(graph([], [], [], [tensor])), tmp_path).main.values["w"].tensor
        assert found is not None
        np.testing.assert_array_equal(found.numpy(), content)

    def test_external_data_is_told_and_not_opened(self, tmp_path: Path) -> None:
        tensor = TensorProto(name="w", data_type=1, dims=[1000], data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="../elsewhere.bin")
        tensor.external_data.add(key="offset", value="4096")
        found = loaded(model(graph([], [], [], [tensor])), tmp_path).main.values["w"].tensor
        assert found is not None
        assert found.nbytes == 4000
        assert found.storage == ExternalFile(tmp_path, "../elsewhere.bin", 4096, 4000)

    def test_a_sparse_constant_counts_what_it_stores(self, tmp_path: Path) -> None:
        values = helper.make_tensor("w", 1, [3], [1.0, 2.0, 3.0])
        indices = helper.make_tensor("i", 7, [3], [0, 5, 9])
        main = graph([], [], [])
        main.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [100, 100]))
        found = loaded(model(main), tmp_path).main.values["w"].tensor
        assert found is not None
        assert (found.sparse, found.shape, found.nbytes) == (True, (100, 100), 3 * 4 + 3 * 8)

    @pytest.mark.parametrize(
        ("onnx_type", "expected"), [("INT4", "int4"), ("UINT4", "uint4"), ("FLOAT4E2M1", "float4e2m1")]
    )
    def test_four_bit_types_are_counted_packed(self, tmp_path: Path, onnx_type: str, expected: str) -> None:
        tensor = TensorProto(
            name="w", data_type=getattr(TensorProto, onnx_type), dims=[5], raw_data=b"\x21\x43\x05"
        )
        found = loaded(model(graph([], [], [], [tensor]), opset=21, ir_version=10), tmp_path).main.values["w"]
        assert (str(found.dtype), found.nbytes) == (expected, 3)

    def test_a_compiled_engine_in_an_attribute_stays_in_the_file(self, tmp_path: Path) -> None:
        blob = bytes(range(256)) * 1000
        call = node("EPContext", ["x"], ["y"], domain="com.microsoft", ep_cache_context=blob)
        found = loaded(model(graph([call], [value("x", [1])], [value("y", [1])])), tmp_path).main.nodes[0]
        assert found.attributes["ep_cache_context"].storage.read() == blob


class TestShapes:
    def test_a_symbol_stays_until_it_is_bound(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"])], [value("x", ["n", "seq"])], [value("y", None)])
        assert loaded(model(main), tmp_path).main.values["y"].shape == ("n", "seq")
        bound = loaded(model(main), tmp_path, Binding({"seq": 64}, batch=1)).main
        assert bound.values["y"].shape == (1, 64)
        assert bound.values["x"].signature == ("n", "seq")

    def test_minus_one_is_unknown_and_a_free_batch(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"])], [value("x", [-1, 3])], [value("y", None)])
        assert loaded(model(main), tmp_path).main.values["y"].shape == (None, 3)
        assert loaded(model(main), tmp_path, Binding(batch=2)).main.values["y"].shape == (2, 3)

    def test_shapes_computed_from_small_constants_are_followed(self, tmp_path: Path) -> None:
        main = graph(
            [node("Reshape", ["x", "to"], ["y"])],
            [value("x", [4, 6])],
            [value("y", None)],
            [array("to", [3, -1], "int64")],
        )
        assert loaded(model(main), tmp_path).main.values["y"].shape == (3, 8)

    def test_symbols_that_inference_makes_up_are_unknown(self, tmp_path: Path) -> None:
        main = graph([node("NonZero", ["x"], ["y"])], [value("x", [4, 6])], [value("y", None, 7)])
        assert loaded(model(main), tmp_path).main.values["y"].shape == (2, None)

    def test_a_stored_shape_that_the_operators_contradict_is_said(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"])], [value("x", [4, 6])], [value("y", [4, 7])])
        found = loaded(model(main), tmp_path)
        assert found.main.values["y"].shape == (4, 6)
        assert "contradict" in found.unknowns[0]

    def test_a_stored_element_type_that_the_operators_contradict_is_refused(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"], "act")], [value("x", [4])], [value("y", [4], 7)])
        assert "elem type" in refused(model(main), tmp_path)

    def test_operators_of_onnx_runtime_that_follow_a_standard_one(self, tmp_path: Path) -> None:
        main = graph(
            [
                node(
                    "FusedConv",
                    ["x", "w"],
                    ["y"],
                    domain="com.microsoft",
                    activation="Relu",
                    pads=[1, 1, 1, 1],
                )
            ],
            [value("x", [1, 3, 8, 8])],
            [value("y", None)],
            [array("w", np.zeros((5, 3, 3, 3)))],
        )
        found = loaded(model(main), tmp_path).main
        assert found.values["y"].shape == (1, 5, 8, 8)
        assert (found.nodes[0].op, found.nodes[0].activation) == ("FusedConv", "Relu")

    def test_a_chain_of_small_operators_on_constants_is_followed(self, tmp_path: Path) -> None:
        """What PyTorch's exporter writes for F.pad(x, (1, 2, 3, 4))."""
        nodes = [
            node("ConstantOfShape", ["rest"], ["zeros"], value=helper.make_tensor("v", 7, [1], [0])),
            node("Concat", ["amounts", "zeros"], ["all"], axis=0),
            node("Reshape", ["all", "pairs"], ["paired"]),
            node("Slice", ["paired", "last", "first", "axis", "back"], ["turned"]),
            node("Transpose", ["turned"], ["across"], perm=[1, 0]),
            node("Reshape", ["across", "flat"], ["line"]),
            node("Cast", ["line"], ["pads"], to=7),
            node("Pad", ["x", "pads"], ["y"]),
        ]
        constants = {
            "rest": [4], "amounts": [1, 2, 3, 4], "pairs": [-1, 2], "last": [-1], "first": [-(2**63) + 1],
            "axis": [0], "back": [-1], "flat": [-1],
        }  # fmt: skip
        stored = [array(name, content, "int64") for name, content in constants.items()]
        main = graph(nodes, [value("x", [1, 3, 10, 20])], [value("y", None)], stored)
        assert loaded(model(main), tmp_path).main.values["y"].shape == (1, 3, 17, 23)

    def test_small_values_computed_from_known_shapes_are_followed(self, tmp_path: Path) -> None:
        nodes = [
            node("Shape", ["x"], ["dims"]),
            node("Gather", ["dims", "last"], ["width"]),
            node("Div", ["width", "two"], ["half"]),
            node("Range", ["zero", "half", "one"], ["steps"]),
            node("Gather", ["x", "steps"], ["y"], axis=1),
        ]
        stored = [
            array(name, number, "int64")
            for name, number in (("last", 1), ("two", 2), ("zero", 0), ("one", 1))
        ]
        main = graph(nodes, [value("x", [3, 11])], [value("y", None)], stored)
        assert loaded(model(main), tmp_path).main.values["y"].shape == (3, 5)

    def test_shapes_computed_one_from_the_other_are_followed_to_the_end(self, tmp_path: Path) -> None:
        nodes, last = [], "x"
        for layer in range(6):
            nodes += [
                node("Shape", [last], [f"dims{layer}"]),
                node("Gather", [f"dims{layer}", "zero"], [f"rows{layer}"]),
                node("Sub", [f"rows{layer}", "one"], [f"fewer{layer}"]),
                node("Mul", [f"rows{layer}", "zero"], [f"from{layer}"]),
                node("Unsqueeze", [f"fewer{layer}", "axis"], [f"end{layer}"]),
                node("Unsqueeze", [f"from{layer}", "axis"], [f"begin{layer}"]),
                node("Slice", [last, f"begin{layer}", f"end{layer}", "axis"], [f"y{layer}"]),
            ]
            last = f"y{layer}"
        stored = [array("zero", 0, "int64"), array("one", 1, "int64"), array("axis", [0], "int64")]
        found = loaded(model(graph(nodes, [value("x", ["n", 5])], [value(last, ["m", 5])], stored)), tmp_path)
        assert found.main.values[last].shape == ("m", 5)
        bound = load(tmp_path / "m.onnx", Binding({"n": 9}))
        assert bound.main.values[last].shape == (3, 5)


class TestAttributes:
    def test_a_convolution_states_its_defaults(self, tmp_path: Path) -> None:
        main = graph(
            [node("Conv", ["x", "w"], ["y"])],
            [value("x", [1, 3, 8, 8])],
            [value("y", None)],
            [array("w", np.zeros((5, 3, 3, 2)))],
        )
        assert loaded(model(main), tmp_path).main.nodes[0].attributes == {
            "kernel_shape": [3, 2], "strides": [1, 1], "dilations": [1, 1], "group": 1, "pads": [0, 0, 0, 0],
            "layout": "NCHW",
        }  # fmt: skip

    def test_text_numbers_and_lists_are_plain_python(self, tmp_path: Path) -> None:
        call = node("Magic", ["x"], ["y"], domain="d", a=1, b=0.5, c="word", d=[1, 2], e=["p", "q"])
        found = loaded(model(graph([call], [value("x", [1])], [value("y", [1])])), tmp_path).main.nodes[0]
        assert found.attributes == {"a": 1, "b": 0.5, "c": "word", "d": [1, 2], "e": ["p", "q"]}

    def test_a_tensor_attribute_is_a_tensor(self, tmp_path: Path) -> None:
        call = node("ConstantOfShape", ["s"], ["y"], value=helper.make_tensor("v", 1, [1], [2.5]))
        found = loaded(
            model(graph([call], [], [value("y", None)], [array("s", [2, 3], "int64")])), tmp_path
        ).main
        assert found.nodes[0].attributes["value"].numpy().tolist() == [2.5]
        assert found.values["y"].shape == (2, 3)


class TestBodies:
    def branches(self) -> ModelProto:
        other = graph([node("Neg", ["x"], ["e"])], [], [value("e", [2])], name="no")
        then = graph(
            [node("Constant", [], ["t"], value_floats=[1.0, 2.0])], [], [value("t", [2])], name="yes"
        )
        choose = node("If", ["flag"], ["y"], "choose", then_branch=then, else_branch=other)
        return model(graph([choose], [value("x", [2]), value("flag", [], 9)], [value("y", None)]))

    def test_bodies_are_graphs_that_know_their_parent(self, tmp_path: Path) -> None:
        found = loaded(self.branches(), tmp_path)
        assert found.main.nodes[0].subgraphs == {"else_branch": 1, "then_branch": 2}
        assert [(entry.name, entry.parent) for entry in found.graphs] == [
            ("main", None),
            ("no", 0),
            ("yes", 0),
        ]

    def test_an_outer_value_is_not_among_a_bodys(self, tmp_path: Path) -> None:
        found = loaded(self.branches(), tmp_path).graphs[1]
        assert found.nodes[0].inputs == ("x",)
        assert found.value("x") is None
        assert found.values["e"].shape == (2,)

    def test_a_node_waits_for_what_its_body_reads(self, tmp_path: Path) -> None:
        then = graph([node("Neg", ["a"], ["t"])], [], [value("t", [2])])
        other = graph([node("Relu", ["a"], ["e"])], [], [value("e", [2])])
        nodes = [
            node("If", ["flag"], ["y"], "choose", then_branch=then, else_branch=other),
            node("Relu", ["x"], ["a"], "early"),
        ]
        main = graph(nodes, [value("x", [2]), value("flag", [], 9)], [value("y", None)])
        found = loaded(model(main), tmp_path)
        assert [entry.name for entry in found.main.nodes] == ["early", "choose"]
        assert found.graphs[1].values["e"].shape == (2,)


class TestFunctions:
    def function(self, nodes: list[Any], name: str = "Twice", **more: Any) -> Any:
        return helper.make_function(
            "f", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)], **more
        )

    def using(self, *functions: Any) -> ModelProto:
        main = graph([node("Twice", ["x"], ["y"], "call", domain="f")], [value("x", [2])], [value("y", None)])
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
        return model(main, opset_imports=imports, functions=list(functions))

    def test_a_call_is_written_out_under_the_callers_name(self, tmp_path: Path) -> None:
        function = self.function([node("Neg", ["a"], ["t"], "n"), node("Relu", ["t"], ["b"], "r")])
        found = loaded(self.using(function), tmp_path).main
        assert [(entry.name, entry.op, entry.inputs, entry.outputs) for entry in found.nodes] == [
            ("call/n", "Neg", ("x",), ("call/t",)),
            ("call/r", "Relu", ("call/t",), ("y",)),
        ]
        assert {entry.source.index for entry in found.nodes} == {0}
        assert found.values["y"].shape == (2,)

    def test_an_attribute_reference_gets_the_callers_value_or_goes(self, tmp_path: Path) -> None:
        inner = node("LeakyRelu", ["a"], ["b"])
        inner.attribute.add(name="alpha", ref_attr_name="slope", type=1)
        proto = self.using(self.function([inner], attributes=["slope"]))
        assert loaded(proto, tmp_path).main.nodes[0].attributes == {}
        proto.graph.node[0].attribute.append(helper.make_attribute("slope", 0.25))
        assert loaded(proto, tmp_path).main.nodes[0].attributes == {"alpha": 0.25}

    def test_a_function_that_calls_itself_is_refused(self, tmp_path: Path) -> None:
        proto = self.using(self.function([node("Twice", ["a"], ["b"], domain="f")]))
        assert "call itself" in refused(proto, tmp_path)

    def test_an_explosion_of_calls_is_refused_before_it_happens(self, tmp_path: Path) -> None:
        names = ["Twice", *(f"F{level}" for level in range(30))]
        functions = [
            self.function(
                [node(callee, ["a"], ["t"], domain="f"), node(callee, ["t"], ["b"], domain="f")], name
            )
            for name, callee in pairwise(names)
        ]
        functions.append(self.function([node("Neg", ["a"], ["b"])], names[-1]))
        assert "has more than 250,000 nodes" in refused(self.using(*functions), tmp_path)


class TestQuantization:
    def test_scales_belong_to_the_values_they_describe(self, tmp_path: Path) -> None:
        nodes = [
            node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            node("DequantizeLinear", ["q", "s", "z"], ["d"]),
            node("DequantizeLinear", ["w", "ws"], ["wd"], axis=-2),
            node("MatMul", ["d", "wd"], ["y"]),
        ]
        constants = [
            array("s", 0.5),
            array("z", 3, "uint8"),
            array("w", [[1, 2], [3, 4]], "int8"),
            array("ws", [0.25, 2]),
        ]
        found = loaded(
            model(graph(nodes, [value("x", [1, 2])], [value("y", None)], constants)), tmp_path
        ).main.values
        assert found["q"].quantization == Quantization((0.5,), (3,))
        assert found["w"].quantization == Quantization((0.25, 2.0), (0, 0), axis=0)

    def test_a_scale_that_a_body_computes_is_not_the_constant_of_that_name_around_it(
        self, tmp_path: Path
    ) -> None:
        scaled = [node("Neg", ["x"], ["s"]), node("QuantizeLinear", ["v", "s", "z"], ["t"])]
        stored = [node("QuantizeLinear", ["v", "s", "z"], ["e"])]
        then = graph(scaled, [], [value("t", [2], 3)], name="then")
        other = graph(stored, [], [value("e", [2], 3)], name="other")
        choose = node("If", ["flag"], ["y"], then_branch=then, else_branch=other)
        given = [value("v", [2]), value("x", []), value("flag", [], 9)]
        main = graph([choose], given, [value("y", [2], 3)], [array("s", 0.5), array("z", 0, "int8")])
        graphs = {each.name: each for each in loaded(model(main), tmp_path).graphs}
        assert graphs["other"].values["e"].quantization == Quantization((0.5,), (0,))
        assert graphs["then"].values["t"].quantization is None


class TestMetadata:
    @pytest.mark.parametrize(
        ("key", "content"),
        [
            ("names", "{0: 'cat', 1: \"dog\"}"),
            ("names", '["cat", "dog"]'),
            ("labels", '{"1": "dog", "0": "cat"}'),
        ],
    )
    def test_class_names_are_read_as_text(self, tmp_path: Path, key: str, content: str) -> None:
        proto = relu()
        proto.metadata_props.add(key=key, value=content)
        assert loaded(proto, tmp_path).labels == ("cat", "dog")

    @pytest.mark.parametrize("content", ["__import__('os')", f"{{{'9' * 5000}: 'cat'}}"])
    def test_what_is_no_list_of_names_gives_none(self, tmp_path: Path, content: str) -> None:
        proto = relu()
        proto.metadata_props.add(key="names", value=content)
        assert loaded(proto, tmp_path).labels == ()

    def test_training_graphs_are_said_not_to_be_followed(self, tmp_path: Path) -> None:
        proto = relu()
        proto.training_info.add().algorithm.node.append(node("Neg", ["y"], ["z"]))
        assert "training" in loaded(proto, tmp_path).unknowns[0]


class TestBroken:
    def test_no_graph(self, tmp_path: Path) -> None:
        proto = relu()
        proto.ClearField("graph")
        assert refused(proto, tmp_path) == "holds no graph (ModelProto.graph)"

    def test_no_ir_version(self, tmp_path: Path) -> None:
        proto = relu()
        proto.ClearField("ir_version")
        assert "states no IR version" in refused(proto, tmp_path)

    def test_no_opset(self, tmp_path: Path) -> None:
        assert "imports no opset" in refused(relu(opset_imports=[]), tmp_path)

    def test_the_first_ir_versions_mean_opset_1(self, tmp_path: Path) -> None:
        assert loaded(relu(opset_imports=[], ir_version=2), tmp_path).main.nodes[0].source.version == 1

    def test_a_standard_operator_without_its_opset(self, tmp_path: Path) -> None:
        assert "(node 'act' (Relu))" in refused(relu(opset_imports=[helper.make_opsetid("x", 1)]), tmp_path)

    @pytest.mark.parametrize(
        ("nodes", "problem"),
        [
            ([node("Relu", ["x"], ["y"], "n"), node("Neg", ["y"], ["z"], "n")], "two nodes named 'n'"),
            (
                [node("Relu", ["x"], ["y"], "n"), node("Neg", ["x"], ["y"])],
                "defines 'y' a second time (node 'y' (Neg))",
            ),
            ([node("Relu", ["nowhere"], ["y"], "n")], "reads 'nowhere'"),
            ([node("Relu", ["x"], ["a"], "n")], "has the graph output 'y', which nothing produces"),
            ([node("Add", ["x", "b"], ["y"], "n"), node("Neg", ["y"], ["b"], "m")], "has a cycle"),
            (
                [node("Relu", ["x", "x"], ["y"], "n")],
                "has 2 inputs where the operator has 1 (node 'n' (Relu))",
            ),
            ([node("Cast", ["x"], ["y"], "n")], "lacks the attribute 'to' (node 'n' (Cast))"),
            ([node("Concat", ["x"], ["y"], "n", axis="one")], "has the attribute 'axis' of the wrong type"),
            ([node("MatMul", ["x", "x"], ["y"], "n")], "contradicts itself: Incompatible dimensions"),
        ],
    )
    def test_a_graph_that_cannot_run(self, tmp_path: Path, nodes: list[Any], problem: str) -> None:
        assert problem in refused(model(graph(nodes, [value("x", [2, 3])], [value("y", None)])), tmp_path)

    @pytest.mark.parametrize(
        ("tensor", "problem"),
        [
            (
                TensorProto(name="w", data_type=1, dims=[3], raw_data=b"1234"),
                "has 4 bytes of content where its shape needs 12",
            ),
            (TensorProto(name="w", data_type=99, dims=[3]), "has the unknown element type 99"),
            (TensorProto(name="w", data_type=1, dims=[-3]), "has a negative dim: [-3]"),
            (
                TensorProto(name="w", data_type=1, dims=[1 << 40, 1 << 40]),
                "more elements than a file can hold",
            ),
            (TensorProto(name="w", data_type=1, dims=[1000], float_data=[0.0] * 999), "has 3996 bytes"),
            (
                TensorProto(name="w", data_type=1, dims=[1], data_location=1),
                "external data without a location",
            ),
        ],
    )
    def test_a_constant_that_contradicts_itself(
        self, tmp_path: Path, tensor: TensorProto, problem: str
    ) -> None:
        said = refused(model(graph([], [], [], [tensor])), tmp_path)
        assert problem in said
        assert said.endswith("(initializer 'w')")

    def test_an_unknown_element_type_of_a_value(self, tmp_path: Path) -> None:
        main = graph([node("Relu", ["x"], ["y"])], [value("x", [1], 77)], [value("y", None)])
        assert refused(model(main), tmp_path) == "has the unknown element type 77 (value 'x')"

    def test_session_options_that_are_no_json(self, tmp_path: Path) -> None:
        proto = relu()
        proto.metadata_props.add(key="ort_config", value=json.dumps({"session_options": {}}) + "}")
        assert "session options that are no JSON" in refused(proto, tmp_path)

    def test_a_name_that_is_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "m.onnx"
        path.write_bytes(relu().SerializeToString().replace(b"act", b"\xff\xfe\xfd"))
        with pytest.raises(EdgelintError, match=r"ModelProto.graph.node.name is not UTF-8 text \(offset 0x"):
            load(path)

    def test_a_symbol_for_dims_that_the_graph_keeps_apart(self, tmp_path: Path) -> None:
        body = graph(
            [node("Identity", ["state"], ["next"]), node("Identity", ["row"], ["out"])],
            [value("state", None), value("row", None)],
            [value("next", ["n", "n"]), value("out", ["n"])],
            name="body",
        )
        scan = node("Scan", ["x", "x"], ["y", "z"], body=body, num_scan_inputs=1)
        main = graph([scan], [value("x", ["n", "n"])], [value("y", None), value("z", None)])
        assert "symbol 'n' to dims that need not be equal" in refused(model(main), tmp_path)
        assert loaded(model(main), tmp_path, Binding({"n": 4})).main.values["y"].shape == (4, 4)

    def test_a_symbol_whose_dims_the_operators_make_equal(self, tmp_path: Path) -> None:
        body = graph(
            [node("MatMul", ["state", "state"], ["next"]), node("Identity", ["row"], ["out"])],
            [value("state", None), value("row", None)],
            [value("next", ["n", "n"]), value("out", ["n"])],
        )
        scan = node("Scan", ["x", "x"], ["y", "z"], body=body, num_scan_inputs=1)
        main = graph([scan], [value("x", ["n", "n"])], [value("y", None), value("z", None)])
        assert loaded(model(main), tmp_path).main.values["y"].shape == ("n", "n")


class TestSniffing:
    def test_a_model_is_known_without_its_suffix(self, tmp_path: Path) -> None:
        assert load(saved(relu(), tmp_path, "model.bin")).format == "onnx"

    def test_a_large_model_is_known_without_its_suffix(self, tmp_path: Path) -> None:
        main = graph([], [], [], [array("w", np.zeros(5000))])
        assert load(saved(model(main), tmp_path, "model")).format == "onnx"

    def test_truncation_names_field_and_offset(self, tmp_path: Path) -> None:
        path = saved(relu(), tmp_path)
        data = path.read_bytes()
        path.write_bytes(data[:-20])
        with pytest.raises(
            EdgelintError, match=r"ModelProto.graph has \d+ bytes, where the file has \d+ left"
        ):
            load(path)
