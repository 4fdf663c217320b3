"""The intermediate representation: Model, Graph, Node, Value, Tensor."""

from edgelint.ir.dtype import DType
from edgelint.ir.model import (
    Dim,
    Graph,
    Loss,
    Metric,
    Model,
    Node,
    Shape,
    Signature,
    Source,
    Training,
    Value,
)
from edgelint.ir.quantization import Quantization
from edgelint.ir.tensor import ExternalFile, FileRange, Inline, Storage, Tensor

__all__ = [
    "DType",
    "Dim",
    "ExternalFile",
    "FileRange",
    "Graph",
    "Inline",
    "Loss",
    "Metric",
    "Model",
    "Node",
    "Quantization",
    "Shape",
    "Signature",
    "Source",
    "Storage",
    "Tensor",
    "Training",
    "Value",
]
