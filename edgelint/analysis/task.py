"""What a model is for, and how we know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum

from edgelint.analysis import losses
from edgelint.analysis.tails import Tail
from edgelint.ir.model import Loss, Model, Shape
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
    """What is known of the whole model: evidence for every output, the input's shape, how many outputs."""

    evidence: tuple[Evidence, ...]
    input_shape: Shape | None
    outputs: int


def survey(model: Model, task: str) -> Scene:
    """What the model as a whole says about its task; `task` is the user's word or "auto"."""
    graph = model.main
    first = graph.value(graph.inputs[0]) if len(graph.inputs) == 1 else None
    evidence = (*_from_user(task), *_from_metadata(model), *_from_metrics(model), *_from_operators(model))
    return Scene(evidence, first.shape if first else None, len(graph.outputs))


def gather(model: Model, scene: Scene, output: str, tail: Tail, loss: Loss | None) -> tuple[Evidence, ...]:
    """The evidence about one output, strongest first."""
    value = model.main.value(output)
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
        yield Evidence(Clue.LOSS, Task.SEGMENTATION if _is_map(shape) else Task.CLASSIFICATION, text)
    elif name in losses.BINARY | losses.HINGES:
        if _is_same(shape, given):
            task = Task.AUTOENCODER
        elif _is_map(shape):
            task = Task.SEGMENTATION
        else:
            task = Task.MULTILABEL if tail.units is not None and tail.units > 1 else Task.BINARY
        yield Evidence(Clue.LOSS, task, text)
    elif name in losses.NUMERIC or name == "poisson":
        yield Evidence(Clue.LOSS, Task.AUTOENCODER if _is_same(shape, given) else Task.REGRESSION, text)
    elif name in losses.OVERLAPS:
        yield Evidence(Clue.LOSS, Task.SEGMENTATION, text)


_METADATA_TASKS = {
    "classify": Task.CLASSIFICATION,
    "classification": Task.CLASSIFICATION,
    "image-classification": Task.CLASSIFICATION,
    "detect": Task.DETECTION,
    "object-detection": Task.DETECTION,
    "pose": Task.DETECTION,
    "obb": Task.DETECTION,
    "segment": Task.SEGMENTATION,
    "segmentation": Task.SEGMENTATION,
    "regression": Task.REGRESSION,
}
"""Values of a metadata key `task` (as Ultralytics and others write it) to the task."""


def _from_metadata(model: Model) -> Iterator[Evidence]:
    word = str(model.metadata.get("task", "")).strip().lower()
    if word in _METADATA_TASKS:
        yield Evidence(Clue.LABELS, _METADATA_TASKS[word], f"metadata says task = {word}")


def _from_labels(model: Model, tail: Tail, shape: Shape | None) -> Iterator[Evidence]:
    """Labels that are as many as the units; a model with one background class has one unit more."""
    count = len(model.labels)
    if count > 1 and tail.units is not None and tail.units - count in (0, 1) and _is_vector(shape):
        yield Evidence(Clue.LABELS, Task.CLASSIFICATION, f"metadata names {count} classes")


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


def _from_operators(model: Model) -> Iterator[Evidence]:
    said: set[Task] = set()
    for node in model.main.nodes:
        task = _SPEAKING_OPERATORS.get(node.op) or _SPEAKING_OPERATORS.get(node.source.op)
        if task is not None and task not in said:
            said.add(task)
            yield Evidence(Clue.OPERATOR, task, f"contains {node.source.op}")


def _from_activation(tail: Tail, shape: Shape | None) -> Iterator[Evidence]:
    if tail.activation in ("Softmax", "LogSoftmax"):
        task = Task.SEGMENTATION if _is_map(shape) else Task.CLASSIFICATION
    elif tail.activation in ("Sigmoid", "HardSigmoid") and not _is_map(shape) and tail.units is not None:
        task = Task.BINARY if tail.units == 1 else Task.MULTILABEL
    else:
        return
    yield Evidence(Clue.ACTIVATION, task, f"ends in {tail.activation}")


def _from_shape(tail: Tail, shape: Shape | None, scene: Scene) -> Iterator[Evidence]:
    if scene.outputs == 1 and _is_same(shape, scene.input_shape):
        yield Evidence(Clue.SHAPE, Task.AUTOENCODER, "the output has the shape of the input")
    elif tail.node is not None and tail.node.op == "ArgMax":
        task = Task.CLASSIFICATION if _is_vector(shape) else Task.SEGMENTATION
        yield Evidence(Clue.SHAPE, task, f"{tail.node.source.op} chooses one of several classes")
    elif tail.raw and tail.units == 1 and shape is not None and len(shape) <= 2:
        yield Evidence(Clue.SHAPE, Task.REGRESSION, "the output is one number without activation")


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


def _is_vector(shape: Shape | None) -> bool:
    """Whether at most one dim besides the batch's is above 1."""
    return shape is not None and sum(dim != 1 for dim in shape[1:]) <= 1


def _is_map(shape: Shape | None) -> bool:
    """Whether the output is an image or volume: two or more dims besides batch and channels above 1."""
    return shape is not None and len(shape) >= 4 and sum(dim != 1 for dim in shape[1:]) >= 2


def _is_same(shape: Shape | None, given: Shape | None) -> bool:
    """Whether output and input agree in all dims but the batch's, and hold more than one number."""
    if shape is None or given is None or len(shape) != len(given) or len(shape) < 2:
        return False
    known = all(isinstance(dim, int) for dim in shape[1:])
    return known and shape[1:] == given[1:] and any(dim != 1 for dim in shape[1:])
