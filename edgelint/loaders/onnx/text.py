"""Whether the names in an ONNX file are text: protobuf hands out those that are not UTF-8 as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgelint.loaders.onnx.functions import Listed, graphs_within
from edgelint.loaders.onnx.repeats import Repeats
from edgelint.loaders.onnx.types import shapes_within

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, TensorProto


def is_text(model: ModelProto, graphs: list[Listed]) -> bool:
    """Whether all names are UTF-8. graphs: those of `model`, its functions left out."""
    words = [model.producer_name, model.producer_version]
    words += [entry.domain for entry in model.opset_import]
    words += [word for entry in model.metadata_props for word in (entry.key, entry.value)]
    for function in model.functions:
        words += [function.domain, function.name, function.overload, *function.input, *function.output]
        words += [entry.domain for entry in function.opset_import]
        words += [attribute.name for attribute in function.attribute_proto]
    kinds = {*map(type, words), *_kinds(graphs)}
    if model.functions:
        from onnx import GraphProto

        for function in model.functions:
            kinds |= _kinds(graphs_within(GraphProto(node=function.node)))
    return kinds <= {str}


def _kinds(graphs: list[Listed]) -> set[type]:
    """The types of all names in `graphs`, which are one graph and those within."""
    kinds: set[type] = set()
    # Bodies would be serialized again for each node around them.
    nested = len(graphs) > 1
    seen: Repeats[bytes, None] = Repeats()
    for graph, nodes in graphs:
        kinds.update(map(type, _words(graph)))
        for node in nodes:
            # Most nodes without attributes, whose types are not, are ASCII from end to end: told at once.
            if not nested and node.SerializeToString().isascii():
                continue
            kinds.update(map(type, (node.name, node.op_type, node.domain, node.overload)))
            kinds.update(map(type, node.input[:]), map(type, node.output[:]))
            for attribute in node.attribute[:]:
                content = b"" if nested else attribute.SerializeToString()
                if content not in seen:
                    kinds.update(map(type, _words_of(attribute)))
                    if content:
                        seen.keep(content, None, len(content))
    return kinds


def _words(graph: GraphProto) -> Iterator[str]:
    """The names in a graph, those of its nodes left out."""
    yield graph.name
    for tensor in graph.initializer[:]:
        yield tensor.name
        if tensor.external_data:
            yield from _words_of_place(tensor)
    for sparse in graph.sparse_initializer:
        yield sparse.values.name
        yield from _words_of_place(sparse.values)
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        for shape in shapes_within(value.type):
            yield from (dim.dim_param for dim in shape.dim)


def _words_of(attribute: AttributeProto) -> Iterator[str]:
    """The names in an attribute, those of bodies left out."""
    yield attribute.name
    yield attribute.ref_attr_name
    tensors = attribute.tensors[:]
    tensors += [sparse.values for sparse in attribute.sparse_tensors[:]]
    if attribute.HasField("t"):
        tensors.append(attribute.t)
    elif attribute.HasField("sparse_tensor"):
        tensors.append(attribute.sparse_tensor.values)
    for tensor in tensors:
        yield tensor.name
        yield from _words_of_place(tensor)


def _words_of_place(tensor: TensorProto) -> Iterator[str]:
    """The words that say where the content is, if it is not in the file."""
    yield from (word for entry in tensor.external_data for word in (entry.key, entry.value))
