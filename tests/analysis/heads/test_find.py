"""What an output is: its activation, class axis, units, task, and the evidence for it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgelint import loaders
from edgelint.analysis.heads.find import Head, find_heads, spoken
from edgelint.analysis.heads.task import Clue, Task
from edgelint.examples import Example, chain
from edgelint.ir import DType, Graph, Loss, Model, Node, Shape, Signature, Source, Tensor, Training, Value
from edgelint.ir.tensor import Inline
from tests.conftest import corpus
from tests.effort import growth


def head(example: Example) -> Head:
    (found,) = find_heads(example.model, example.task)
    return found


def dense(units: int = 4, **rest: Any) -> Example:
    return chain("float32[1,8]").op("Gemm", f"float32[1,{units}]", weight=f"float32[{units},8]", **rest)


def value(name: str, shape: Shape | None = None) -> Value:
    return Value(name, DType.FLOAT32, shape)


def number(name: str, *numbers: float) -> Value:
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    tensor = Tensor(DType.FLOAT32, (len(numbers),), len(data), Inline(data))
    return Value(name, DType.FLOAT32, (len(numbers),), tensor)


def node(op: str, inputs: str, outputs: str, domain: str = "", **attributes: Any) -> Node:
    return Node(
        outputs.split()[0],
        op,
        tuple(inputs.split()),
        tuple(outputs.split()),
        Source(op, 0, 17),
        domain,
        attributes,
    )


def model(
    nodes: list[Node],
    outputs: str,
    *,
    values: tuple[Value, ...] = (),
    shapes: Mapping[str, Shape] | None = None,
    graphs: tuple[Graph, ...] = (),
    training: Training | None = None,
    given: Shape = (1, 8),
) -> Model:
    """A model with one input `x` of `given`; values not given have no shape."""
    known = {"x": value("x", given)} | {each.name: each for each in values}
    for name in (name for each in nodes for name in each.outputs if name):
        known[name] = value(name, (shapes or {}).get(name))
    graph = Graph("main", tuple(nodes), known, ("x",), tuple(outputs.split()))
    return Model("onnx", Path("m.onnx"), (graph, *graphs), training=training)


def test_a_dim_of_0_is_no_number_of_outputs() -> None:
    assert head(dense(0).op("Softmax", "float32[1,0]")).units is None


def test_a_separate_activation_is_found_with_the_layer_before_it() -> None:
    found = head(dense().op("Softmax", "float32[1,4]"))
    assert (found.activation, found.axis, found.units) == ("Softmax", 1, 4)
    assert found.layer is not None
    assert found.layer.op == "Gemm"
    assert not found.raw


def test_a_fused_activation_is_on_its_layer() -> None:
    found = head(dense(activation="Sigmoid"))
    assert found.activation == "Sigmoid"
    assert found.activation_node is found.layer is found.node


def test_a_layer_without_activation_is_raw() -> None:
    found = head(dense())
    assert found.raw
    assert (found.activation, found.units) == (None, 4)


def test_the_walk_steps_over_what_changes_no_number() -> None:
    example = dense().op("Softmax", "int8[1,4]")
    for op in ("Reshape", "Squeeze", "Transpose", "Cast", "QuantizeLinear", "DequantizeLinear", "Dropout"):
        example = example.op(op, "float32[1,4]")
    assert head(example).activation == "Softmax"


def test_an_unknown_operator_ends_the_walk_and_is_not_raw() -> None:
    found = head(dense().op("MySoftmax", "float32[1,4]", domain="tflite.custom"))
    assert (found.activation, found.raw) == (None, False)


def test_a_custom_operator_with_a_known_name_is_not_trusted() -> None:
    found = head(dense().op("Softmax", "float32[1,4]", domain="keras.custom"))
    assert (found.activation, found.raw) == (None, False)


def test_the_channel_axis_follows_the_layout() -> None:
    first = chain("float32[1,8,5,5]")
    last = chain("float32[1,5,5,8]")
    nchw = first.op("Conv", "float32[1,10,5,5]", attributes={"layout": "NCHW"}, weight="float32[10,8,1,1]")
    nhwc = last.op("Conv", "float32[1,5,5,10]", attributes={"layout": "NHWC"}, weight="float32[10,1,1,8]")
    assert (head(nchw).axis, head(nchw).units) == (1, 10)
    assert (head(nhwc).axis, head(nhwc).units) == (3, 10)


def test_softmax_works_along_the_axis_it_names() -> None:
    found = head(chain("float32[1,3,7]").op("Softmax", "float32[1,3,7]", attributes={"axis": 1}))
    assert (found.axis, found.units) == (1, 3)


def test_softmax_before_opset_13_flattens_from_its_axis_on() -> None:
    old = replace(node("Softmax", "x", "y"), source=Source("Softmax", 0, 9))
    (found,) = find_heads(model([old], "y", shapes={"y": (1, 1000, 1, 1)}))
    assert (found.axis, found.units) == (1, 1000)
    (found,) = find_heads(model([node("Softmax", "x", "y")], "y", shapes={"y": (1, 1000, 1, 1)}))
    assert (found.axis, found.units) == (3, 1)


def test_units_along_a_free_dim_are_unknown() -> None:
    assert head(chain("float32[1,8]").op("Softmax", "float32[1,classes]")).units is None


def test_a_shape_is_known_from_behind_an_identity() -> None:
    nodes = [node("Softmax", "x", "y", axis=1), node("Identity", "y", "z")]
    (found,) = find_heads(model(nodes, "z", shapes={"z": (None, 2)}))
    assert found.units == 2


@pytest.mark.parametrize(("transposed", "units"), [(0, 1), (1, 8)])
def test_units_are_counted_in_the_weights_where_the_shape_is_unknown(transposed: int, units: int) -> None:
    layer = replace(node("Gemm", "x w", "y", transB=transposed), activation="Softmax")
    (found,) = find_heads(model([layer], "y", values=(replace(number("w", *range(8)), shape=(8, 1)),)))
    assert found.units == units


def test_a_bias_added_as_an_operator_belongs_to_the_layer() -> None:
    found = head(
        chain("float32[1,8]")
        .op("MatMul", "float32[1,4]", weight="float32[8,4]")
        .op("Add", "float32[1,4]", bias="float32[4]")
    )
    assert found.raw


def test_a_sum_of_two_activations_is_not_raw() -> None:
    nodes = [node("Gemm", "x w", "a"), node("Gemm", "x w", "b"), node("Add", "a b", "c")]
    (found,) = find_heads(model(nodes, "c", values=(number("w", 1.0),)))
    assert not found.raw


def test_a_product_of_two_activations_is_not_raw() -> None:
    (found,) = find_heads(model([node("MatMul", "x x", "y")], "y"))
    assert not found.raw


def test_a_scaled_activation_is_neither_activation_nor_raw() -> None:
    found = head(dense().op("Sigmoid", "float32[1,4]").op("Mul", "float32[1,4]", scale="float32[1]"))
    assert (found.activation, found.raw) == (None, False)


def test_an_average_of_probabilities_is_still_their_activation() -> None:
    found = head(dense().op("Sigmoid", "float32[1,4]").op("ReduceMean", "float32[1]"))
    assert found.activation == "Sigmoid"


@pytest.mark.parametrize("shifted", [False, True])
def test_a_softmax_in_pieces_is_one(shifted: bool) -> None:
    nodes = [node("Gemm", "x w", "s")]
    if shifted:
        nodes += [node("ReduceMax", "s", "m", axes=[1]), node("Sub", "s m", "d")]
    nodes += [node("Exp", "d" if shifted else "s", "e"), node("ReduceSum", "e", "t", axes=[1])]
    nodes.append(node("Div", "e t", "y"))
    (found,) = find_heads(model(nodes, "y", values=(number("w", 1.0),), shapes={"y": (1, 4)}))
    assert (found.activation, found.axis, found.units) == ("Softmax", 1, 4)
    assert found.layer is not None


PIECES: dict[str, tuple[str, str]] = {
    "1 / (1 + exp(-x))": ("Sigmoid", "Neg s n, Exp n e, Add e one p, Div one p y"),
    "reciprocal": ("Sigmoid", "Neg s n, Exp n e, Add one e p, Reciprocal p y"),
    "exp(x) / (1 + exp(x))": ("Sigmoid", "Exp s e, Add one e p, Div e p y"),
    "through tanh": ("Sigmoid", "Mul s half h, Tanh h t, Mul half t u, Add u half y"),
    "relu6(x + 3) / 6": ("HardSigmoid", "Add s three a, Relu6 a r, Div r six y"),
    "relu6(x + 3) times a sixth": ("HardSigmoid", "Add s three a, Relu6 a r, Mul sixth r y"),
    "the 3 in the layer's bias": ("HardSigmoid", "Relu6 s r, Mul r sixth y"),
    "clipped to 6": ("HardSigmoid", "Add s three a, Clip a zero six r, Mul r sixth y"),
    "clipped to 1": ("HardSigmoid", "Mul s fifth a, Add a half b, Clip b zero one y"),
    "log of a softmax": ("LogSoftmax", "Softmax s p, Log p y"),
    "log of a softmax in pieces": ("LogSoftmax", "Exp s e, ReduceSum e axis t, Div e t p, Log p y"),
    "less the log of the sum": ("LogSoftmax", "Exp s e, ReduceSum e axis t, Log t l, Sub s l y"),
    "less the log-sum-exp": ("LogSoftmax", "ReduceLogSumExp s axis l, Sub s l y"),
    "times the reciprocal": ("Softmax", "Exp s e, ReduceSum e axis t, Reciprocal t r, Mul e r y"),
    "exp twice": ("Softmax", "Exp s e, Exp s f, ReduceSum f axis t, Div e t y"),
    "log of a sigmoid": ("LogSigmoid", "Sigmoid s p, Log p y"),
    "log(1 + exp(x))": ("Softplus", "Exp s e, Add e one p, Log p y"),
}
"""Formula to the activation that it is, and its operators: name, inputs, output."""

NUMBERS = {"one": 1.0, "half": 0.5, "three": 3.0, "six": 6.0, "sixth": 1 / 6, "fifth": 0.2, "zero": 0.0}


def pieces(text: str) -> Model:
    """Operators behind a dense layer `s` of 4 units."""
    nodes = [node("Gemm", "x w", "s")]
    for piece in text.split(", "):
        op, *inputs, output = piece.split()
        nodes.append(node(op, " ".join(inputs), output))
    shapes = dict.fromkeys((each.outputs[0] for each in nodes if each.outputs[0]), (1, 4))
    constants = tuple(number(name, stored) for name, stored in NUMBERS.items())
    return model(nodes, "y", values=(number("w", 2.0), number("axis", 1.0), *constants), shapes=shapes)


@pytest.mark.parametrize("formula", PIECES)
def test_an_activation_in_pieces_is_one(formula: str) -> None:
    activation, text = PIECES[formula]
    (found,) = find_heads(pieces(text))
    assert (found.activation, found.units) == (activation, 4)
    assert found.layer is not None


@pytest.mark.parametrize(
    "text",
    [
        "Exp s e, ReduceSum s axis t, Div e t y",
        "Exp s e, Add e half p, Div one p y",
        "Add s three a, Relu6 a r, Div six r y",
        "Add s three a, Clip a zero three r, Mul r sixth y",
        "Mul s fifth a, Add a three b, Clip b zero one y",
        "Exp s e, ReduceSum e axis t, Log t l, Sub l s y",
        "Log s y",
    ],
)
def test_what_only_looks_like_an_activation_in_pieces_is_none(text: str) -> None:
    (found,) = find_heads(pieces(text))
    assert found.activation in (None, "Clip")
    assert not found.raw


def test_branches_of_a_concat_must_agree() -> None:
    nodes = [node("Gemm", "x w", "a"), node("Gemm", "x w", "b"), node("Sigmoid", "b", "c")]
    agreed = [*nodes, node("Sigmoid", "a", "d"), node("Concat", "c d", "y")]
    (found,) = find_heads(model(agreed, "y", values=(number("w", 1.0),)))
    assert found.activation == "Sigmoid"
    (found,) = find_heads(model([*nodes, node("Concat", "a c", "y")], "y", values=(number("w", 1.0),)))
    assert (found.activation, found.raw) == (None, False)


@pytest.mark.parametrize(("op", "domain"), [("Stack", "keras"), ("PACK", "tflite")])
def test_heads_that_are_stacked_must_agree(op: str, domain: str) -> None:
    nodes = [node("Gemm", "x w", "a"), node("Gemm", "x w", "b"), node("Sigmoid", "a", "c")]
    nodes += [node("Sigmoid", "b", "d"), node(op, "c d", "y", domain)]
    (found,) = find_heads(model(nodes, "y", values=(number("w", 1.0),)))
    assert found.activation == "Sigmoid"


def test_both_branches_of_an_if_are_followed_into_the_graph_around_them() -> None:
    outer = [node("Sigmoid", "x", "p"), replace(node("If", "x", "y"), subgraphs={"then": 1, "else": 2})]
    bodies = tuple(
        Graph(name, (node(op, "p", name),), {name: value(name)}, (), (name,), parent=0)
        for name, op in (("yes", "Identity"), ("no", "Squeeze"))
    )
    (found,) = find_heads(model(outer, "y", graphs=bodies))
    assert found.activation == "Sigmoid"
    assert found.graph.name == "main"


def test_the_label_of_a_classifier_is_a_decision_and_its_scores_are_not() -> None:
    nodes = [node("LinearClassifier", "x", "label scores", "ai.onnx.ml", post_transform="SOFTMAX")]
    label, scores = find_heads(model(nodes, "label scores", shapes={"scores": (1, 3)}))
    assert (label.activation, label.raw) == (None, False)
    assert (scores.activation, scores.units) == ("Softmax", 3)


def test_an_output_that_is_an_input_has_no_node() -> None:
    (found,) = find_heads(model([], "x"))
    assert found.node is None
    assert not found.raw


def test_outputs_of_other_entry_points_are_heads_too() -> None:
    other = Graph(
        "encode", (node("Sigmoid", "a", "b"),), {"a": value("a"), "b": value("b", (1, 3))}, ("a",), ("b",)
    )
    example = model([node("Gemm", "x w", "y")], "y", values=(number("w", 1.0),), graphs=(other,))
    signatures = tuple(
        Signature(key, graph, {}, {}) for key, graph in (("serve", 0), ("encode", 1), ("bad", 9))
    )
    heads = find_heads(replace(example, signatures=signatures))
    assert [(each.output, each.activation) for each in heads] == [("y", None), ("b", "Sigmoid")]
    assert heads[1].graph is other


def test_a_model_whose_computation_is_not_in_the_file_has_no_heads() -> None:
    assert find_heads(replace(dense().model, complete=False)) == ()


def test_a_cycle_ends() -> None:
    nodes = [node("Identity", "b", "a"), node("Identity", "a", "b")]
    (found,) = find_heads(model(nodes, "a"))
    assert found.node is None


def test_many_outputs_of_many_nodes_take_as_much_work_per_node_as_few() -> None:
    def finding(count: int) -> Callable[[], tuple[Head, ...]]:
        nodes = [node("Identity", f"v{i - 1}" if i else "x", f"v{i}") for i in range(count)]
        big = model(nodes, " ".join(f"v{i}" for i in range(0, count, 100)))
        return lambda: find_heads(big)

    assert len(finding(100_000)()) == 1_000
    assert growth(finding, 2_000, 10_000) < 1.1


def test_the_user_outranks_the_file() -> None:
    found = head(dense().trained_with("categorical_crossentropy").as_task("regression"))
    assert found.task is Task.REGRESSION
    assert [said.clue for said in found.evidence[:2]] == [Clue.USER, Clue.LOSS]


@pytest.mark.parametrize(
    ("loss", "units", "task"),
    [
        ("categorical_crossentropy", 4, Task.CLASSIFICATION),
        ("binary_crossentropy", 1, Task.BINARY),
        ("binary_crossentropy", 4, Task.MULTILABEL),
        ("hinge", 1, Task.BINARY),
        ("mean_squared_error", 4, Task.REGRESSION),
        ("mean_squared_error", 8, Task.AUTOENCODER),
        ("dice", 4, Task.SEGMENTATION),
        ("poisson", 1, Task.REGRESSION),
    ],
)
def test_a_stored_loss_says_the_task(loss: str, units: int, task: Task) -> None:
    found = head(dense(units).trained_with(loss))
    assert (found.task, found.evidence[0].clue) == (task, Clue.LOSS)


def test_a_custom_loss_says_nothing() -> None:
    assert head(dense().trained_with("my_loss")).evidence == ()


@pytest.mark.parametrize(("labels", "units"), [(4, 4), (3, 4)])
def test_labels_as_many_as_units_say_classification(labels: int, units: int) -> None:
    found = head(dense(units).labelled(*"abcdef"[:labels]))
    assert (found.task, found.evidence[0].clue) == (Task.CLASSIFICATION, Clue.LABELS)


def test_labels_of_another_number_say_nothing() -> None:
    assert head(dense(4).labelled("a", "b")).task is Task.UNKNOWN


@pytest.mark.parametrize(
    ("key", "entry", "task"),
    [
        ("task", "detect", Task.DETECTION),
        ("task", "Image Classification", Task.CLASSIFICATION),
        ("problem_type", "multi_label_classification", Task.MULTILABEL),
        ("pipeline_tag", "image-segmentation", Task.SEGMENTATION),
        ("task", "text-generation", Task.UNKNOWN),
        ("about", "detection", Task.UNKNOWN),
    ],
)
def test_metadata_may_name_the_task(key: str, entry: str, task: Task) -> None:
    (found,) = find_heads(replace(dense().model, metadata={key: entry}))
    assert found.task is task


SHAPES: dict[str, tuple[Shape, list[Shape], int, Task]] = {
    "boxes and scores": ((1, 96, 96, 3), [(1, 900, 4), (1, 900, 20)], 0, Task.DETECTION),
    "boxes, classes, scores, count": (
        (1, 96, 96, 3),
        [(1, 100, 4), (1, 100), (1, 100), (1,)],
        0,
        Task.DETECTION,
    ),
    "maps, each half the last": ((1, 96, 96, 3), [(1, 12, 12, 18), (1, 6, 6, 18)], 0, Task.DETECTION),
    "channels first": ((1, 3, 96, 96), [(1, 18, 3, 3), (1, 18, 6, 6)], 0, Task.DETECTION),
    "a box and a score per class": ((1, 3, 96, 96), [(1, 84, 189)], 80, Task.DETECTION),
    "with a score of its own": ((1, 3, 96, 96), [(1, 189, 85)], 80, Task.DETECTION),
    "a map with a channel per label": ((1, 3, 96, 96), [(1, 21, 48, 48)], 21, Task.SEGMENTATION),
    "as high and wide as the input": ((1, 96, 96, 3), [(1, 96, 96, 5)], 0, Task.SEGMENTATION),
    "a picture": ((1, 96, 96, 1), [(1, 96, 96, 3)], 0, Task.UNKNOWN),
    "numbers per step": ((1, 172, 40), [(1, 172, 88), (1, 172, 264)], 0, Task.UNKNOWN),
    "four numbers in few places": ((1, 10, 40), [(1, 10, 4), (1, 10, 2)], 0, Task.UNKNOWN),
}
"""Shapes of input and outputs, number of labels, and the task they speak for."""


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_of_outputs_are_weak_evidence(name: str) -> None:
    given, made, labels, task = SHAPES[name]
    names = [f"y{place}" for place in range(len(made))]
    nodes = [node("Conv", "x w", each) for each in names]
    shapes = dict(zip(names, made, strict=True))
    example = model(nodes, " ".join(names), values=(number("w", 1.0),), shapes=shapes, given=given)
    found = find_heads(replace(example, labels=tuple("abc" * 27)[:labels]))
    assert {each.task for each in found} == {task}


def test_metrics_are_evidence_for_a_single_output() -> None:
    training = Training(losses=(Loss("my_loss"),), metrics=("accuracy",))
    (found,) = find_heads(replace(dense().model, training=training))
    assert (found.task, found.evidence[0].clue) == (Task.CLASSIFICATION, Clue.METRIC)


def test_box_suppression_says_detection() -> None:
    example = chain("float32[1,8]").op("TFLite_Detection_PostProcess", "float32[1,4]", domain="tflite.custom")
    assert head(example).task is Task.DETECTION


def test_a_name_is_the_weakest_evidence() -> None:
    nodes = [node("Gemm", "x w", "logits")]
    (found,) = find_heads(model(nodes, "logits", values=(number("w", 1.0),)))
    assert [said.clue for said in found.evidence] == [Clue.NAME]


@pytest.mark.parametrize(
    ("losses", "wanted"),
    [
        ((Loss("hinge", output="b"), Loss("poisson", output="a")), ["poisson", "hinge"]),
        ((Loss("hinge"), Loss("poisson")), ["hinge", "poisson"]),
        ((Loss("hinge"),), ["hinge", "hinge"]),
        ((Loss("hinge", output="b"),), [None, "hinge"]),
        ((Loss("hinge", output="p"), Loss("poisson", output="q")), [None, None]),
        ((Loss("hinge", output="p"), Loss("hinge", output="q")), ["hinge", "hinge"]),
    ],
    ids=["by name", "by place", "one for all", "one of two", "names of something else", "the same for all"],
)
def test_losses_go_to_their_outputs(losses: tuple[Loss, ...], wanted: list[str | None]) -> None:
    nodes = [node("Gemm", "x w", "a"), node("Gemm", "x w", "b")]
    example = model(nodes, "a b", values=(number("w", 1.0),), training=Training(losses=losses))
    assert [each.loss.name if each.loss else None for each in find_heads(example)] == wanted


@pytest.mark.parametrize(
    ("activation", "source", "ending"),
    [
        ("Softmax", "Dense", "Dense with softmax"),
        ("LogSoftmax", "Dense", "Dense with log-softmax"),
        (None, "FULLY_CONNECTED", "FULLY_CONNECTED without activation"),
    ],
)
def test_an_ending_is_told_in_the_files_words(activation: str | None, source: str, ending: str) -> None:
    assert head(dense(activation=activation, source=source)).ending == ending


def test_an_activation_operator_is_not_named_twice() -> None:
    assert head(chain("float32[1,8]").op("Softmax", "float32[1,8]", source="SOFTMAX")).ending == "SOFTMAX"
    assert spoken("HardSigmoid") == "hard-sigmoid"


NAMED = {
    "SOFTMAX": "Softmax",
    "LOG_SOFTMAX": "LogSoftmax",
    "LOGISTIC": "Sigmoid",
    "Softmax": "Softmax",
    "LogSoftmax": "LogSoftmax",
    "Sigmoid": "Sigmoid",
    "FULLY_CONNECTED[none]": None,
    "CONV_2D[none]": None,
    "Gemm": None,
    "Conv": None,
}
"""Operator at the end of an output, as the corpus notes it, to the activation it means."""


@pytest.mark.parametrize(
    "entry",
    [entry for entry in corpus() if len(set((entry.get("observed") or {}).get("output_chains") or ())) == 1],
    ids=lambda entry: entry["path"],
)
def test_heads_of_real_models_end_as_noted(entry: dict[str, Any], shared_models: Path) -> None:
    real = loaders.load(shared_models / entry["path"])
    heads = {each.output: each for each in find_heads(real)}
    chains = entry["observed"]["output_chains"]
    classes = [
        int(word) for word in entry["task"].replace(",", " ").replace("-way", "").split() if word.isdigit()
    ]
    for output, noted in zip(real.main.outputs, chains, strict=False):
        last = noted.split(" <- ")[-1]
        if last not in NAMED:
            continue
        found = heads[output]
        assert found.activation == NAMED[last]
        assert found.raw is (NAMED[last] is None)
        if NAMED[last] == "Softmax" and len(chains) == 1 and "classes" in entry["task"]:
            assert found.units in classes
