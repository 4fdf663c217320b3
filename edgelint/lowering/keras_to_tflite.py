"""What TensorFlow's converter makes of a Keras model, foretold from its configuration.

The path foretold is `model.export(...)` with batch 1, then `TFLiteConverter.from_saved_model`, as
TensorFlow 2.21 with Keras 3.15 goes it: the one that gives microcontrollers a plain graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgelint.ir.dtype import DType
from edgelint.ir.model import Graph, Model, Node, unnumbered
from edgelint.lowering import layers as layers  # enters the lowerings
from edgelint.lowering.draft import Draft, Edge, Unpredictable
from edgelint.lowering.finish import finished
from edgelint.lowering.layers.wrappers import each_step
from edgelint.lowering.order import Scopes, arrange
from edgelint.lowering.result import Lowered, Unconvertible
from edgelint.lowering.rewrite import settle
from edgelint.lowering.seeds import with_seeds
from edgelint.lowering.site import LOWERINGS, Site, element_type, known

ANY_TYPE = frozenset(
    ("Gather", "Flatten", "Reshape", "Unsqueeze", "Squeeze", "Transpose", "Identity", "Dropout", "Concat")
) | {"Rescaling"}
"""Layers that take integers as they are."""

CONVERTER = "TensorFlow 2.21"

WITH_INNER_LAYERS = ("MultiHeadAttention",)
"""Layers whose weights belong to layers of their own."""

PATHS = {2: "tf_keras", 3: "Keras 3"}

OTHERWISE_IN_TF_KERAS = frozenset(
    ("Gather", "Resize", "LayerNormalization", "GroupNormalization", "RMSNormalization", "LpNormalization")
) | {"MultiHeadAttention", "Attention", "Dot", "HardSigmoid", "Tile", "Einsum", "GRU", "RNN", "Clip"}
"""What tf_keras gives the converter in another way than Keras 3, which alone is known here."""

SUBCLASSED = "what the model computes is Python code and not in the file"


def lower_keras(model: Model, quantize: str | None = None) -> Lowered:
    """The deployment graph of a Keras `model`, whose batch should be bound to 1.

    quantize: None or "float32" for floats; "dynamic", "int8", "int8-float-io", "int16x8".
    """
    if not model.complete:
        return Lowered(None, (Unconvertible(None, SUBCLASSED),))
    draft, unconvertible = Draft(), []
    edges: dict[str, Edge] = {}
    graph = model.main
    try:
        names = _enter_inputs(draft, graph, edges)
    except Unpredictable as problem:
        return Lowered(None, (Unconvertible(None, f"an input {problem}"),))
    scopes, keras = _LayerScopes(graph), _path(model)
    for node in graph.nodes:
        if not all(name in edges for name in _flowing(graph, node)):
            continue
        try:
            _emit(draft, graph, node, edges, scopes.of(node), keras)
        except Unpredictable as problem:
            unconvertible.append(Unconvertible(node, str(problem)))
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as problem:
            reason = f"has settings that are not understood here ({problem})"
            unconvertible.append(Unconvertible(node, reason))
    if unconvertible:
        return Lowered(None, tuple(unconvertible))
    draft.outputs = [edges[name] for name in graph.outputs]
    arrange(draft, names)
    settle(draft)
    for body in (body for op in draft.ops for body in op.bodies):
        settle(body)
    with_seeds(draft)
    floats = finished(draft, model)
    assumption = f"converted with {CONVERTER} and {PATHS[keras]}, batch 1"
    if quantize in (None, "float32"):
        return Lowered(floats, (), (f"{assumption}, float32",))
    from edgelint.analysis.quantization.requantize import requantize
    from edgelint.analysis.quantization.rewritten import NotPredicted

    try:
        result = requantize(floats, quantize or "float32")
    except NotPredicted as why:
        return Lowered(None, (Unconvertible(None, f"cannot be foretold quantized to {quantize}: {why}"),))
    return Lowered(result, (), (f"{assumption}, {quantize}",))


def _enter_inputs(draft: Draft, graph: Graph, edges: dict[str, Edge]) -> dict[Edge, str]:
    names = {}
    for name in graph.inputs:
        value = graph.values[name]
        edge = Edge(known(value), element_type(value), label=name)
        edges[name] = edge
        names[edge] = name
    # A SavedModel's signature knows its inputs by name, in order of the names.
    draft.inputs = [edges[name] for name in sorted(graph.inputs)]
    return names


def _flowing(graph: Graph, node: Node) -> Iterator[str]:
    for name in node.inputs:
        if name and not graph.values[name].is_constant:
            yield name


def _emit(draft: Draft, graph: Graph, node: Node, edges: dict[str, Edge], scope: str, keras: int) -> None:
    if node.domain == "keras.custom" or node.op == "Lambda":
        raise Unpredictable("is Python code that is not in the file")
    lowering = each_step if node.attributes.get("time_distributed") else LOWERINGS.get(node.op)
    if keras < 3 and not OTHERWISE_IN_TF_KERAS.isdisjoint((node.op, node.activation)):
        raise Unpredictable("is given to the converter by tf_keras in a way that is not known here")
    if lowering is None:
        raise Unpredictable("is a layer whose conversion is not known here")
    _refuse_types(graph, node)
    values = [graph.values[name] for name in node.inputs if name]
    weights = {_role(node, value.name): value for value in values if value.is_constant}
    if any("lora" in role or role.endswith("_scale") for role in weights):
        raise Unpredictable("has weights that Keras quantized or adapted (LoRA)")
    owner = next((value.name.rpartition("/")[0] for value in values if value.is_constant), "")
    draft.within(node.name, scope, owner)
    inputs = tuple(edges[name] for name in _flowing(graph, node))
    made = lowering(Site(graph, node, draft, inputs, weights, keras))
    outputs = made if isinstance(made, tuple) else (made,)
    for name, edge in zip((name for name in node.outputs if name), outputs, strict=True):
        edges[name] = edge


def _refuse_types(graph: Graph, node: Node) -> None:
    """Raises Unpredictable where the converter would put casts between types."""
    for value in (*graph.inputs_of(node), *graph.outputs_of(node)):
        dtype = value.dtype if value is not None and not value.is_constant else None
        if dtype is None or dtype is DType.FLOAT32:
            continue
        if dtype.is_float:
            raise Unpredictable(f"computes in {dtype.label}")
        if node.op not in ANY_TYPE:
            raise Unpredictable(f"gets {dtype.label}, and casts it in a way that is not known here")


def _path(model: Model) -> int:
    """Major version of the Keras that exports the model for the converter.

    TensorFlow's own Keras is Keras 3 since 2.16; a file that says it is of Keras 2.16 or later comes
    from tf_keras, with which it will be converted.
    """
    major, _, rest = model.producer.removeprefix("keras ").partition(".")
    minor = rest.partition(".")[0]
    # The file may say anything for it.
    known = minor.isascii() and minor.isdigit() and len(minor) < 4
    return 2 if major == "2" and known and int(minor) >= 16 else 3


def _role(node: Node, name: str) -> str:
    """A weight's path below its layer: `kernel`, `query_dense/kernel`."""
    parts = unnumbered(name).split("/")
    return "/".join(parts[-2:] if node.op in WITH_INNER_LAYERS else parts[-1:])


class _LayerScopes:
    """TensorFlow's name scope of each layer, the models around it included."""

    def __init__(self, graph: Graph) -> None:
        self._scopes = Scopes()
        self._outer = {"": self._scopes.enter("", graph.name)}

    def of(self, node: Node) -> str:
        """The scope of `node`'s operators."""
        outer, *rest = ["", *node.name.split("/")]
        path = ""
        for part in rest[:-1]:
            path = f"{path}{part}/"
            if path not in self._outer:
                self._outer[path] = self._scopes.enter(self._outer[outer], part.partition(":")[0])
            outer = path
        return self._scopes.enter(self._outer[outer], rest[-1].partition(":")[0])
