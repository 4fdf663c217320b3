"""Small TFLite models that several tests start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgelint.ir.model import Model
from edgelint.loaders import Binding, tflite
from tests.loaders.tflite.builder import ModelBuilder, schema


def loaded(build: ModelBuilder, folder: Path, binding: Binding | None = None) -> Model:
    """The model that edgelint reads from what was built."""
    return tflite.load(build.write(folder), binding or Binding())


def unary(build: ModelBuilder, builtin: str = "RELU", table: str = "", **options: Any) -> Any:
    """A model of one operator from x to y."""
    x, y = build.tensor("x", [1, 4]), build.tensor("y", [1, 4])
    build.ends([x], [y])
    return build.operator(builtin, [x], [y], table, **options)


def conv(
    build: ModelBuilder,
    same: bool = True,
    stride: int = 2,
    channels: int = 3,
    weights: tuple[int, ...] = (8, 3, 5, 3),
) -> Any:
    """A CONV_2D over 11×16 of `channels`; `weights` are output channels, height, width, input channels."""
    count = weights[0] * weights[1] * weights[2] * weights[3]
    x = build.tensor("x", [1, 11, 16, channels], "INT8", scale=[0.5], zero_point=[-3])
    w = build.tensor("w", weights, "INT8", bytes(count), [0.1] * weights[0], [0] * weights[0])
    b = build.tensor("b", [weights[0]], "INT32", bytes(4 * weights[0]))
    y = build.tensor("y", [1, 6, 8, weights[0]], "INT8")
    build.ends([x], [y])
    return build.operator(
        "CONV_2D",
        [x, w, b],
        [y],
        "Conv2DOptions",
        version=3,
        padding=0 if same else 1,
        strideH=stride,
        strideW=stride,
        fusedActivationFunction=3,
    )


def sparse(build: ModelBuilder) -> Any:
    """A 4×4 float constant with three elements, rows dense and columns compressed."""
    s = schema()
    sparsity = s.SparsityParametersT()
    sparsity.traversalOrder = [0, 1]
    rows, columns = s.DimensionMetadataT(), s.DimensionMetadataT()
    rows.denseSize = 4
    columns.format = s.DimensionType.SPARSE_CSR
    columns.arraySegments, columns.arraySegmentsType = s.Uint8VectorT(), s.SparseIndexVector.Uint8Vector
    columns.arraySegments.values = [0, 1, 1, 3, 3]
    columns.arrayIndices, columns.arrayIndicesType = s.Int32VectorT(), s.SparseIndexVector.Int32Vector
    columns.arrayIndices.values = [2, 0, 3]
    sparsity.dimMetadata = [rows, columns]
    build.tensor("sparse", [4, 4], data=bytes(12), sparsity=sparsity)
    return sparsity


def entry(build: ModelBuilder, name: str, data: bytes) -> None:
    """A metadata entry."""
    made = schema().MetadataT()
    made.name, made.buffer = name, build.buffer(data)
    build.model.metadata.append(made)
