"""What a model is for, and how we know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, IntEnum

from edgelint.analysis.heads import losses
from edgelint.analysis.heads.output_shapes import (
    are_boxes,
    are_pyramid,
    is_map,
    is_mask,
    is_same,
    is_vector,
    places_of_boxes,
)
from edgelint.analysis.heads.tails import Tail
from edgelint.deferred import dataclass
from edgelint.ir.model import Graph, Loss, Model, Shape
from edgelint.printable import printable


class Task(str, Enum):
    """What an output is for, in the words of `--task`."""

    CLASSIFICATION = "classification"
    BINARY = "binary"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"
    DETECTION = "detection"
    SEGMENTATION = "segmentation"
    AUTOENCODER = "autoencoder"
    UNKNOWN = "unknown"


CLASS_TASKS = frozenset({Task.CLASSIFICATION, Task.BINARY, Task.MULTILABEL})
"""Tasks whose outputs are read as probabilities of classes."""


class Clue(IntEnum):
    """A kind of evidence, the strongest first."""

    USER = 0
    LOSS = 1
    LABELS = 2
    METRIC = 3
    OPERATOR = 4
    ACTIVATION = 5
    SHAPE = 6
    NAME = 7


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe in a task; `text` says it in a phrase."""

    clue: Clue
    task: Task
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of a graph as a whole: evidence for every output, the input's shape, how many outputs."""

    evidence: tuple[Evidence, ...]
    input_shape: Shape | None
    outputs: int


def survey(model: Model, graph: Graph, task: str) -> Scene:
    """What `graph` as a whole says about its task; `task` is the user's word or "auto"."""
    first = graph.value(graph.inputs[0]) if len(graph.inputs) == 1 else None
    evidence = (
        *_from_user(task),
        *_from_metadata(model),
        *_from_metrics(model),
        *_from_operators(graph),
        *_from_outputs(graph),
    )
    return Scene(evidence, first.shape if first else None, len(graph.outputs))


def gather(
    model: Model, scene: Scene, graph: Graph, output: str, tail: Tail, loss: Loss | None
) -> tuple[Evidence, ...]:
    """The evidence about one output of `graph`, strongest first."""
    value = graph.value(output)
    shape = value.shape if value else None
    found = [
        *scene.evidence,
        *_from_loss(loss, tail, shape, scene.input_shape),
        *_from_labels(model, tail, shape),
        *_from_activation(tail, shape),
        *_from_shape(tail, shape, scene),
        *_from_names(output, tail),
    ]
    return tuple(sorted(found, key=lambda evidence: evidence.clue))


def _from_user(task: str) -> Iterator[Evidence]:
    if task in {each.value for each in Task} - {Task.UNKNOWN.value}:
        yield Evidence(Clue.USER, Task(task), f"--task {task}")


def _from_loss(loss: Loss | None, tail: Tail, shape: Shape | None, given: Shape | None) -> Iterator[Evidence]:
    if loss is None:
        return
    name = loss.name
    text = f"trained with {printable(loss.name)}"
    if name in losses.EXCLUSIVE or name == "categorical_hinge":
        yield Evidence(Clue.LOSS, Task.SEGMENTATION if is_map(shape) else Task.CLASSIFICATION, text)
    elif name in losses.BINARY | losses.HINGES:
        if is_same(shape, given):
            task = Task.AUTOENCODER
        elif is_map(shape):
            task = Task.SEGMENTATION
        else:
            task = Task.MULTILABEL if tail.units is not None and tail.units > 1 else Task.BINARY
        yield Evidence(Clue.LOSS, task, text)
    elif name in losses.NUMERIC or name == "poisson":
        yield Evidence(Clue.LOSS, Task.AUTOENCODER if is_same(shape, given) else Task.REGRESSION, text)
    elif name in losses.OVERLAPS:
        yield Evidence(Clue.LOSS, Task.SEGMENTATION, text)


_METADATA_KEYS = ("task", "task_type", "problem_type", "pipeline_tag")
"""Metadata keys that name a task, as Ultralytics, Hugging Face and others write them."""

_METADATA_TASKS = {
    "multilabelclassification": Task.MULTILABEL,
    "binaryclassification": Task.BINARY,
    "classify": Task.CLASSIFICATION,
    "classification": Task.CLASSIFICATION,
    "detect": Task.DETECTION,
    "detection": Task.DETECTION,
    "pose": Task.DETECTION,
    "obb": Task.DETECTION,
    "segment": Task.SEGMENTATION,
    "segmentation": Task.SEGMENTATION,
    "regression": Task.REGRESSION,
    "autoencoder": Task.AUTOENCODER,
}
"""Ends of such an entry, letters only, to the task: "image-classification" ends in one. Longer ones first."""


def _from_metadata(model: Model) -> Iterator[Evidence]:
    for key in _METADATA_KEYS:
        word = str(model.metadata.get(key, "")).strip().lower()[:40]
        letters = "".join(letter for letter in word if letter.isalpha())
        task = next((task for end, task in _METADATA_TASKS.items() if letters.endswith(end)), None)
        if task is not None:
            yield Evidence(Clue.LABELS, task, f"metadata says {key} = {printable(word)}")


def _from_labels(model: Model, tail: Tail, shape: Shape | None) -> Iterator[Evidence]:
    """Labels that are as many as the units; a model with one background class has one unit more."""
    count = len(model.labels)
    if count < 2:
        return
    text = f"metadata names {count} classes"
    if tail.units is not None and tail.units - count in (0, 1):
        if is_vector(shape):
            yield Evidence(Clue.LABELS, Task.CLASSIFICATION, text)
        elif is_map(shape):
            yield Evidence(Clue.LABELS, Task.SEGMENTATION, text)
    elif tail.units is None and is_map(shape) and shape is not None and count in (shape[1], shape[-1]):
        yield Evidence(Clue.LABELS, Task.SEGMENTATION, text)
    elif places_of_boxes(shape, count):
        yield Evidence(Clue.LABELS, Task.DETECTION, f"{text}, and the output has as many and a box per place")


def _from_metrics(model: Model) -> Iterator[Evidence]:
    if model.training is None or len(model.main.outputs) != 1:
        return
    for metric in model.training.metrics:
        name = metric
        for names, task in (
            (losses.CLASS_METRICS, Task.CLASSIFICATION),
            (losses.NUMBER_METRICS, Task.REGRESSION),
            (losses.MASK_METRICS, Task.SEGMENTATION),
        ):
            if name in names:
                yield Evidence(Clue.METRIC, task, f"judged by {printable(metric)}")


_SPEAKING_OPERATORS = {
    "NonMaxSuppression": Task.DETECTION,
    "TFLite_Detection_PostProcess": Task.DETECTION,
    "EfficientNMS_TRT": Task.DETECTION,
    "BatchedNMS_TRT": Task.DETECTION,
    "LinearClassifier": Task.CLASSIFICATION,
    "SVMClassifier": Task.CLASSIFICATION,
    "TreeEnsembleClassifier": Task.CLASSIFICATION,
    "LinearRegressor": Task.REGRESSION,
    "SVMRegressor": Task.REGRESSION,
    "TreeEnsembleRegressor": Task.REGRESSION,
}
"""Operators (canonical, or the file's own word) that are used for one task only."""


def _from_operators(graph: Graph) -> Iterator[Evidence]:
    said: set[Task] = set()
    for node in graph.nodes:
        task = _SPEAKING_OPERATORS.get(node.op) or _SPEAKING_OPERATORS.get(node.source.op)
        if task is not None and task not in said:
            said.add(task)
            yield Evidence(Clue.OPERATOR, task, f"contains {node.source.op}")


def _from_outputs(graph: Graph) -> Iterator[Evidence]:
    values = [graph.value(name) for name in graph.outputs]
    shapes = [value.shape if value else None for value in values]
    if are_boxes(shapes):
        yield Evidence(Clue.SHAPE, Task.DETECTION, "the outputs are boxes and scores of the same places")
    elif are_pyramid(shapes):
        yield Evidence(Clue.SHAPE, Task.DETECTION, "the outputs are maps of one depth, each half the last")


def _from_activation(tail: Tail, shape: Shape | None) -> Iterator[Evidence]:
    if tail.activation in ("Softmax", "LogSoftmax"):
        task = Task.SEGMENTATION if is_map(shape) else Task.CLASSIFICATION
    elif tail.activation in ("Sigmoid", "HardSigmoid") and not is_map(shape) and tail.units is not None:
        task = Task.BINARY if tail.units == 1 else Task.MULTILABEL
    else:
        return
    yield Evidence(Clue.ACTIVATION, task, f"ends in {tail.activation}")


def _from_shape(tail: Tail, shape: Shape | None, scene: Scene) -> Iterator[Evidence]:
    if scene.outputs == 1 and is_same(shape, scene.input_shape):
        yield Evidence(Clue.SHAPE, Task.AUTOENCODER, "the output has the shape of the input")
    elif tail.node is not None and tail.node.op == "ArgMax":
        task = Task.CLASSIFICATION if is_vector(shape) else Task.SEGMENTATION
        yield Evidence(Clue.SHAPE, task, f"{tail.node.source.op} chooses one of several classes")
    elif tail.raw and tail.units == 1 and shape is not None and len(shape) <= 2:
        yield Evidence(Clue.SHAPE, Task.REGRESSION, "the output is one number without activation")
    elif tail.node is not None and is_mask(shape, scene.input_shape):
        yield Evidence(Clue.SHAPE, Task.SEGMENTATION, "the output has the height and width of the input")


_WORDS: dict[Task, str] = {
    Task.CLASSIFICATION: "logits probs probabilities class classes label labels",
    Task.DETECTION: "boxes bbox bboxes detections",
    Task.SEGMENTATION: "mask masks segmentation",
    Task.REGRESSION: "regression regressor",
    Task.AUTOENCODER: "reconstruction decoded",
}
_NAMES = {word: task for task, words in _WORDS.items() for word in words.split()}
"""Words in the names of outputs and their nodes to the task they hint at."""

_WORD = re.compile(r"[A-Za-z]+")


def _from_names(output: str, tail: Tail) -> Iterator[Evidence]:
    said: set[Task] = set()
    for name in (output, tail.node.name if tail.node else ""):
        for word in _WORD.findall(name[-120:].rpartition("/")[2]):
            task = _NAMES.get(word.lower())
            if task is not None and task not in said:
                said.add(task)
                yield Evidence(Clue.NAME, task, f"is called {printable(name.rpartition('/')[2])}")
