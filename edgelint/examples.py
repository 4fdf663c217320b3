"""Small graphs in one line, for the VALID and INVALID examples of rules.

    chain("int8[1,8,8,4]").op("Conv", "int8[1,8,8,8]", weight="int8[8,3,3,4]")

is a TFLite-like model of one Conv. `example_values` says how quantization and stored numbers are
written. Nothing is built before `.model` is asked, so examples cost nothing at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import partial
from inspect import isfunction
from pathlib import Path
from typing import Any, cast

from edgelint.analysis.own_limits import Limits
from edgelint.deferred import dataclass, replace
from edgelint.ir.attachment import Attachment
from edgelint.ir.model import Graph, Loss, Model, Node, Reference, Source, Training, Value
from edgelint.ir.tensor import Inline


@dataclass(frozen=True)
class Step:
    """One operator of a chain: reads the step before, or the values it names, and constants."""

    op: str
    output: str
    constants: Mapping[str, str]
    activation: str | None
    domain: str
    source: str
    attributes: Mapping[str, Any]
    version: int | None = None
    reads: tuple[str, ...] = ()
    name: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A chain of operators, and how it shall be checked.

    target: name of the target, "" for none. task: as for `--task`. external: where its constants
    lie, as the model declares it; "" for in the model itself. file: the file's name, where it matters.
    opset: the ONNX opset, 0 for none. offsets: the file's offline memory plan, None without one.
    outputs: values that are outputs besides the last one. unread: constants that no operator reads.
    options: thresholds of the rule, moved. limits: of the user's own.
    attachments, references: as in `Model`.
    """

    input: str
    steps: tuple[Step, ...] = ()
    format: str = "tflite"
    target: str = ""
    task: str = "auto"
    training: Training | None = None
    labels: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    external: str = ""
    file: str = ""
    opset: int = 0
    offsets: tuple[int, ...] | None = None
    outputs: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    attachments: tuple[Attachment, ...] = ()
    references: tuple[Reference, ...] = ()

    def op(
        self,
        op: str,
        output: str,
        *,
        activation: str | None = None,
        domain: str = "",
        source: str = "",
        attributes: Mapping[str, Any] | None = None,
        version: int | None = None,
        reads: tuple[str, ...] = (),
        name: str | None = None,
        also: tuple[str, ...] = (),
        **constants: str,
    ) -> Example:
        """This chain with one more operator; `constants` are weight="int8[8,3,3,4]" and the like.

        reads: values before it, in place of the last one: "input", "relu_0" for a Relu that came first.
        name: the node's own name in the file, may be ""; None calls it after its operator.
        also: its outputs after the first, called "split_0:1" and so on.
        """
        step = Step(
            op,
            output,
            constants,
            activation,
            domain,
            source or op,
            attributes or {},
            version,
            reads,
            name,
            also,
        )
        return self.but(steps=(*self.steps, step))

    def on(self, target: str, **overrides: Any) -> Example:
        """This chain, checked for `target` with some of its fields (ram, flash) overridden."""
        return self.but(target=target, overrides=overrides)

    def as_task(self, task: str) -> Example:
        """This chain, checked with `--task task`."""
        return self.but(task=task)

    def trained_with(self, loss: str, *, from_logits: bool = False, format: str = "keras") -> Example:
        """This chain as a Keras model that stores the loss it was trained with."""
        training = Training(losses=(Loss(loss, from_logits),), optimizer="Adam")
        return self.but(training=training, format=format)

    def with_training(self, training: Training, format: str = "keras") -> Example:
        """This chain as a Keras model that was saved with this training configuration."""
        return self.but(training=training, format=format)

    def with_output(self, *names: str) -> Example:
        """This chain with more outputs: "relu_0" is what a Relu that came first makes."""
        return self.but(outputs=(*self.outputs, *names))

    def with_metadata(self, **entries: str) -> Example:
        """This chain with entries in its file's metadata."""
        return self.but(metadata=entries)

    def with_attachment(self, place: str, head: bytes = b"", *, nbytes: int = 0, packed: int = 0) -> Example:
        """This chain with more in its file: bytes at `place` that begin with `head`."""
        size = nbytes or len(head)
        made = Attachment(place, size, packed or size, head)
        return self.but(attachments=(*self.attachments, made))

    def with_reference(self, module: str, name: str, place: str = "") -> Example:
        """This chain as a Keras model that names Python code by its module."""
        made = Reference(module, name, place)
        return self.but(references=(*self.references, made), format="keras")

    def with_unread(self, name: str, spec: str) -> Example:
        """This chain with a constant in its file that no operator reads."""
        return self.but(unread={**self.unread, name: spec})

    def with_options(self, **options: Any) -> Example:
        """This chain, checked with thresholds of the rule moved."""
        return self.but(options=options)

    def with_limits(self, **limits: Any) -> Example:
        """This chain, checked against limits of the user's own: the fields of `Limits`."""
        return self.but(limits=Limits(**limits))

    def labelled(self, *labels: str) -> Example:
        """This chain with class names in its metadata."""
        return self.but(labels=labels)

    def from_format(self, format: str) -> Example:
        """This chain as if read from a file of that format."""
        return self.but(format=format)

    def with_opset(self, opset: int) -> Example:
        """This chain as an ONNX model of that opset."""
        return self.but(opset=opset, format="onnx")

    def stored_in(self, location: str) -> Example:
        """This chain as an ONNX model that keeps its constants in another file."""
        return self.but(external=location, format="onnx")

    def planned(self, *offsets: int) -> Example:
        """This chain with an offline memory plan: an offset per value, -1 to leave it to the runtime."""
        return self.but(offsets=offsets)

    def named(self, file: str) -> Example:
        """This chain as if read from a file of that name."""
        return self.but(file=file)

    def but(self, **changes: Any) -> Example:
        """This chain with other fields."""
        return replace(self, **changes)

    def __str__(self) -> str:
        """The chain for a reader, with what matters of how it is checked."""
        parts = [" → ".join([self.input, *map(_shown, self.steps)])]
        if self.training is not None:
            parts += [
                f"trained with {loss.name}" + ("(from_logits=True)" if loss.from_logits else "")
                for loss in self.training.losses
            ]
        if self.labels:
            parts.append(f"labels {', '.join(self.labels)}")
        if self.opset:
            parts.append(f"opset {self.opset}")
        if self.offsets is not None:
            parts.append(f"planned at {', '.join(map(str, self.offsets))}")
        if self.external:
            parts.append(f"constants in {self.external}")
        if self.outputs:
            parts.append(f"outputs {', '.join(self.outputs)} too")
        parts += [f"{spec} {name} unread" for name, spec in self.unread.items()]
        parts += [f"metadata {key}: {entry}" for key, entry in self.metadata.items()]
        parts += [f"{each.place} of {each.nbytes} bytes" for each in self.attachments]
        parts += [f"reference to {each.module}.{each.name}" for each in self.references]
        if self.file:
            parts.append(f"{self.format} in a file called {self.file}")
        if self.task != "auto":
            parts.append(f"--task {self.task}")
        parts += [f"{name} = {option}" for name, option in self.options.items()]
        if self.target:
            limits = "".join(f" --{name} {value}" for name, value in self.overrides.items())
            parts.append(f"--target {self.target}{limits}")
        return "; ".join([*parts, *filter(None, [str(self.limits)])])

    @property
    def model(self) -> Model:
        """The model, built now."""
        from edgelint.example_values import activation, constant

        values: dict[str, Value] = {"input": activation("input", self.input)}
        nodes: list[Node] = []
        last = "input"
        for index, step in enumerate(self.steps):
            before, last = last, f"{step.op.lower()}_{index}"
            nodes.append(self._node(step, index, before, last, values))
        values |= {name: constant(name, spec, self.external) for name, spec in self.unread.items()}
        outputs = (*self.outputs, last)
        graph = Graph("main", tuple(nodes), values, ("input",), outputs)
        return Model(
            format=self.format,
            path=Path(self.file or f"example.{self.format}"),
            graphs=(graph,),
            training=self.training,
            labels=self.labels,
            metadata=self.metadata,
            attachments=self.attachments,
            references=self.references,
            opsets={"": self.opset} if self.opset else {},
            metadata_buffers={} if self.offsets is None else {"OfflineMemoryAllocation": _plan(self.offsets)},
        )

    def _node(self, step: Step, index: int, before: str, output: str, values: dict[str, Value]) -> Node:
        """The node of `step`, which reads `before`; its constants and output are put into `values`."""
        from edgelint.example_values import activation, constant

        inputs = list(step.reads or [before])
        for role, spec in step.constants.items():
            made = constant(f"{output}/{role}", spec, self.external)
            values[made.name] = made
            inputs.append(made.name)
        more = [activation(f"{output}:{place}", spec) for place, spec in enumerate(step.also, 1)]
        values |= {value.name: value for value in more}
        values[output] = activation(output, step.output)
        return Node(
            name=output if step.name is None else step.name,
            op=step.op,
            inputs=tuple(inputs),
            outputs=(output, *(value.name for value in more)),
            source=Source(step.source, index, step.version),
            domain=step.domain,
            attributes=step.attributes,
            activation=step.activation,
        )


def _shown(step: Step) -> str:
    constants = "".join(f", {role} {spec}" for role, spec in step.constants.items())
    fused = f" with {step.activation}" if step.activation else ""
    reads = f" of {', '.join(step.reads)}" if step.reads else ""
    outputs = ", ".join((step.output, *step.also))
    return f"{step.source}({outputs}{constants}){fused}{reads}"


class _Told:
    """An example that has been told and not made: what was called on it, in order.

    Rules have a thousand examples, and are imported whenever a model is checked.
    """

    __slots__ = ("_calls", "_made")

    def __init__(self, *calls: tuple[str, tuple[Any, ...], dict[str, Any]]) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        if name in _TOLD:
            return partial(self._more, name)
        if name == "_made":
            (_, start, _), *rest = self._calls
            made = Example(*start)
            for word, arguments, named in rest:
                made = getattr(made, word)(*arguments, **named)
            self._made = made
            return made
        return getattr(self._made, name)

    def __str__(self) -> str:
        return str(self._made)

    def _more(self, word: str, *arguments: Any, **named: Any) -> _Told:
        return _Told(*self._calls, (word, arguments, named))


_TOLD = frozenset(
    name for name, method in vars(Example).items() if isfunction(method) and not name.startswith("_")
)
"""The methods that make another example."""


def chain(input: str) -> Example:
    """An example that starts with one input, such as "float32[1,8,8,3]"; "?" and names are free dims."""
    return cast(Example, _Told(("", (input,), {})))


def _plan(offsets: tuple[int, ...]) -> Inline:
    words = (1, 0, len(offsets), *offsets)
    return Inline(b"".join(word.to_bytes(4, "little", signed=True) for word in words))
