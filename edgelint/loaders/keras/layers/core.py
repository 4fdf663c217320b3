"""Dense, embedding, identity-like layers, Lambda."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgelint.ir import Dim, Shape
from edgelint.loaders.keras.layers import dims
from edgelint.loaders.keras.layers.activations import fused
from edgelint.loaders.keras.layers.call import CUSTOM, Call, Layer, Weight, layer
from edgelint.loaders.keras.layers.settings import ConfigProblem

LONGEST_EQUATION = 256
"""Characters of an Einstein sum; 52 letters are all there are."""

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


@layer("Dense", "DenseFeatures")
def dense(call: Call) -> Layer:
    """A fully connected layer over the last dim."""
    units = call.settings.positive("units")
    shape = call.shape
    weights = [Weight("kernel", (shape[-1] if shape else None, units), "vars/0")]
    if call.settings.flag("use_bias", True):
        weights.append(Weight("bias", (units,), "vars/1"))
    return Layer(
        "Gemm",
        ((*shape[:-1], units) if shape else None,),
        weights=tuple(weights),
        attributes={"transB": 0, "weight_layout": "IO"},
        activation=fused(call.settings.get("activation")),
    )


@layer("EinsumDense")
def einsum_dense(call: Call) -> Layer:
    """A product with a kernel along the axes an Einstein sum names."""
    equation = call.settings.text("equation")
    if len(equation) > LONGEST_EQUATION:
        raise ConfigProblem(f"equation has {len(equation)} characters")
    match = _EQUATION.fullmatch(equation.replace(" ", ""))
    if not match:
        raise ConfigProblem("equation is not of the form ab,bc->ac")
    left, read, right, kernel, _, made, _ = match.groups()
    shape = call.shape
    given = call.settings.get("output_shape")
    partial = [given] if isinstance(given, int) else list(given) if isinstance(given, list) else []
    output: list[Dim] | None = None
    if shape is not None:
        elided = len(shape) - len(read)
        if elided < 0 or (elided and not left and not right):
            raise ConfigProblem(f"equation reads {len(read)} dims of an input of {len(shape)}")
        front, back = (list(shape[1:elided]) if left else []), (list(shape[-elided:]) if right else [])
        output = [shape[0], *front, *(d if isinstance(d, int) else None for d in partial), *back]
    sizes = _letters(shape, read, bool(left), output, made)
    if output is not None:
        start = len(output) - len(made) if left else 0
        for place, letter in enumerate(made):
            if 0 <= start + place < len(output) and output[start + place] is None:
                output[start + place] = sizes.get(letter)
    weights = [Weight("kernel", tuple(sizes.get(letter) for letter in kernel), "vars/0")]
    bias = call.settings.get("bias_axes")
    if isinstance(bias, str) and bias and shape is not None:
        first = min(made.find(letter) for letter in set(bias))
        stored: list[Dim] = [sizes.get(letter) if letter in bias else 1 for letter in made[max(first, 0) :]]
        stored += [1] * (len(shape) - len(read) if not left else 0)
        weights.append(Weight("bias", tuple(stored), "vars/1"))
    return Layer(
        "Einsum",
        (tuple(output) if output is not None else None,),
        weights=tuple(weights),
        attributes={"equation": equation},
        activation=fused(call.settings.get("activation")),
        open_weights=shape is None,
    )


@layer("Embedding", "ReversibleEmbedding")
def embedding(call: Call) -> Layer:
    """A table of vectors, looked up by index (or, reversed, multiplied with)."""
    rows, width = call.settings.positive("input_dim"), call.settings.positive("output_dim")
    shape = call.shape
    weights = [Weight("embeddings", (rows, width), "vars/0")]
    if call.kind == "ReversibleEmbedding" and not call.settings.flag("tie_weights", True):
        weights.append(Weight("reverse_embeddings", (width, rows), "vars/1"))
    if call.kwargs.get("reverse") is True or True in call.args:
        return Layer(
            "Gemm",
            ((*shape[:-1], rows) if shape else None,),
            weights=tuple(weights),
            attributes={"transB": int(len(weights) == 1)},
            operands=(len(weights) - 1,),
        )
    return Layer(
        "Gather",
        ((*shape, width) if shape is not None else None,),
        weights=tuple(weights),
        attributes={"axis": 0, "mask_zero": call.settings.flag("mask_zero", False)},
        operands=(0,),
        weights_first=True,
    )


@layer("Identity", "Masking", "ActivityRegularization", "Pipeline")
def identity(call: Call) -> Layer:
    """A layer that changes no number, or only marks steps as masked."""
    if call.kind == "Masking":
        attributes = {"mask_value": call.settings.number("mask_value", 0.0)}
        return Layer("Masking", (call.shape,), "keras", (call.dtype,), attributes=attributes)
    return Layer("Identity", (call.shape,), dtypes=(call.dtype,))


@layer(
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
)
def dropout(call: Call) -> Layer:
    """Noise for training; nothing at inference, unless the call insists on it."""
    ratio = call.settings.number("rate", call.settings.number("stddev", 0.0))
    attributes = {"ratio": ratio} | call.training_mode
    return Layer("Dropout", (call.shape,), dtypes=(call.dtype,), attributes=attributes)


@layer("Lambda")
def python_code(call: Call) -> Layer:
    """A layer that is Python code: never looked into, its output shape known only if stored."""
    stored = call.settings.get("function")
    settings = call.settings
    if isinstance(stored, Mapping):
        code = "Python function reference" if stored.get("class_name") == "function" else "Python bytecode"
    else:
        bytecode = isinstance(stored, (list, tuple)) or settings.get("function_type") == "lambda"
        code = "Python bytecode" if bytecode else "Python function reference"
    attributes: dict[str, Any] = {"code": code}
    if code == "Python function reference" and isinstance(name := _reference(stored), str):
        attributes["function"] = name
    return Layer("Lambda", (_declared(call),), "keras", (None,), attributes=attributes)


def custom(call: Call) -> Layer:
    """A layer whose code is not in Keras: never run, its output shape and weights as the file has them."""
    return Layer(call.kind, (None,), CUSTOM, (None,), open_weights=True)


def _letters(
    shape: Shape | None, read: str, left: bool, output: list[Dim] | None, made: str
) -> dict[str, Dim]:
    sizes: dict[str, Dim] = {}
    if output is not None:
        values = output[len(output) - len(made) :] if left else output[: len(made)]
        sizes.update(zip(made, values, strict=False))
    if shape is not None:
        values_in = shape[len(shape) - len(read) :] if left else shape[: len(read)]
        for letter, dim in zip(read, values_in, strict=False):
            sizes[letter] = dims.agree((sizes.get(letter), dim))
    return sizes


def _reference(stored: Any) -> Any:
    return stored.get("config") if isinstance(stored, Mapping) else stored


def _declared(call: Call) -> Shape | None:
    """Keras appends the batch to a stored output_shape."""
    stored = call.settings.get("output_shape")
    if isinstance(stored, Mapping) or call.settings.get("output_shape_type", "raw") == "lambda":
        return None
    if not isinstance(stored, (list, tuple)) or not stored:
        return None
    if not all(dim is None or (isinstance(dim, int) and not isinstance(dim, bool)) for dim in stored):
        return None
    batch = call.shape[0] if call.shape else None
    return (batch, *(dim if dim is not None and dim >= 0 else None for dim in stored))
