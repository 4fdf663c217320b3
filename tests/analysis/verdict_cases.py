"""TFLite models of one operator, each of which tries one limit: ranks, windows, constants, scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from tests.analysis.tflm_models import (
    FLOAT,
    INT4,
    INT8,
    INT16,
    INT32,
    INT64,
    Network,
    T,
    ints,
    quantized,
    single,
)

NONE, RELU, RELU_N1, RELU6, TANH = range(5)
"""Fused activations by their number in the schema."""

TYPES = (FLOAT, INT8, INT16)
SHAPES = {1: (8,), 2: (2, 8), 3: (2, 3, 8), 4: (1, 3, 4, 8), 5: (1, 2, 3, 4, 8), 6: (1, 2, 2, 2, 2, 8)}
"""A shape of each rank."""

Cases = Iterator[tuple[str, Network]]


Options = dict[str, Any]
CONVOLUTIONS: list[Options] = [
    *({"kernel": kernel} for kernel in ((1, 1), (5, 5), (1, 9), (9, 1), (65, 1), (1, 70))),
    *({"stride": stride} for stride in ((2, 2), (3, 3), (4, 4), (1, 2), (5, 1))),
    *({"dilation": dilation} for dilation in ((2, 2), (3, 1), (4, 4))),
    *({"act": act} for act in (RELU, RELU_N1, RELU6, TANH)),
    *({"batch": 2}, {"valid": True}, {"bias": False}, {"constant": False}, {"per_axis": True}),
    *({"groups": 2}, {"multiplier": 2}, {"weights": INT4}),
]
POOLS: list[Options] = [
    *({"kernel": kernel} for kernel in ((1, 1), (3, 3), (8, 8), (1, 72), (72, 1), (66, 66))),
    *({"stride": stride} for stride in ((1, 1), (3, 3), (4, 4), (5, 5))),
    *({"act": act} for act in (RELU, RELU6)),
    *({"batch": 2}, {"valid": True}),
]
DENSE: list[tuple[str, Options]] = [
    *((type, {name: told}) for type in TYPES for name, told in (("constant", False), ("act", RELU6))),
    *((type, {"bias": False}) for type in TYPES),
    *((INT8, {"weights": INT4}), (INT8, {"per_axis": True}), (FLOAT, {"weights": INT8})),
]


def windows() -> Cases:
    """Convolutions and pools of unusual kernels, strides, dilations and activations."""
    for op, type, options in product(("CONV_2D", "DEPTHWISE_CONV_2D"), TYPES, CONVOLUTIONS):
        if (op == "CONV_2D" and "multiplier" in options) or (op != "CONV_2D" and "groups" in options):
            continue
        if type == FLOAT and options.keys() & {"weights", "per_axis"}:
            continue
        yield _named(op, type, options), _convolution(op, type, **options)
    for op, type, options in product(("AVERAGE_POOL_2D", "MAX_POOL_2D"), TYPES, POOLS):
        yield _named(op, type, options), _pool(op, type, **options)


def ranks() -> Cases:
    """Operators that work on any shape, on each rank, and with two shapes that are broadcast."""
    for (op, options), type, (rank, shape) in product(POINTWISE.items(), TYPES, SHAPES.items()):
        yield f"{op}-{type}-rank{rank}", single(op, [_map(shape, type)], [_made(op, shape, type)], **options)
    for (op, options), type, (rank, shape) in product(PAIRED.items(), TYPES, SHAPES.items()):
        both = [_map(shape, type), _map(shape, type)]
        yield f"{op}-{type}-rank{rank}", single(op, both, [_map(shape, type)], **options)
        for name, other in {
            "last": (1,) * (rank - 1) + shape[-1:],
            "first": (*shape[:-1], 1),
            "scalar": (),
            "constant": shape,
        }.items():
            second = _map(other, type)
            if name == "constant":
                second = replace(second, data=replace(second, data=True).bytes.replace(b"\0", b"\1"))
            given = [_map(shape, type), second]
            yield f"{op}-{type}-rank{rank}-{name}", single(op, given, [_map(shape, type)], **options)
    for op, type, act in product(("ADD", "SUB", "MUL", "DIV"), TYPES, (RELU, RELU_N1, RELU6, TANH)):
        shape = SHAPES[4]
        options = {**PAIRED[op], "fusedActivationFunction": act}
        given = [_map(shape, type), _map(shape, type)]
        yield f"{op}-{type}-act{act}", single(op, given, [_map(shape, type)], **options)
    for rank, type in product((2, 3, 4), TYPES):
        yield f"FULLY_CONNECTED-{type}-rank{rank}", _dense(SHAPES[rank], type)
    for type, options in DENSE:
        yield _named("FULLY_CONNECTED", type, options), _dense(SHAPES[2], type, **options)


def movements() -> Cases:
    """Operators that move or cut data, along each axis and with parameters that are not constant."""
    for type, (rank, shape) in product(TYPES, SHAPES.items()):
        yield from _moved(type, rank, shape)
    for op, type, (height, width) in product(RESIZES, TYPES, ((6, 8), (5, 9), (1, 1))):
        for aligned, half in ((False, False), (True, False), (False, True)):
            name = f"{op}-{type}-{height}x{width}-{int(aligned)}{int(half)}"
            given, made = [_map((1, 3, 4, 8), type), ints(height, width)], [_map((1, height, width, 8), type)]
            yield name, single(op, given, made, RESIZES[op], alignCorners=aligned, halfPixelCenters=half)
    for op, type in product(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), TYPES):
        for axes, keep in product(((1, 2), (3,), (0,), (1, 3), (-1,), (1, 2, 3)), (True, False)):
            shape = (1, 3, 4, 8)
            gone = {axis % 4 for axis in axes}
            out = tuple(
                1 if axis in gone else dim for axis, dim in enumerate(shape) if keep or axis not in gone
            )
            name = f"{op}-{type}-{'_'.join(map(str, axes))}-keep{int(keep)}"
            given = [_map(shape, type), ints(*axes)]
            yield name, single(op, given, [_map(out, type)], "ReducerOptions", keepDims=keep)
    for op, type, axis in product(("ARG_MAX", "ARG_MIN"), TYPES, (3, 1, 0)):
        table = "ArgMaxOptions" if op == "ARG_MAX" else "ArgMinOptions"
        places = T(tuple(dim for place, dim in enumerate((1, 3, 4, 8)) if place != axis), INT32)
        found = single(op, [_map((1, 3, 4, 8), type), ints(axis)], [places], table, outputType=2)
        yield f"{op}-{type}-{axis}", found


def scales() -> Cases:
    """Quantized operators whose scales are not those that their kernels want."""
    for type, scale in product((INT8, INT16), (1e-4, 1 / 256, 0.5, 100.0)):
        shape = (1, 3, 4, 8)
        near, far = quantized(shape, type), quantized(shape, type, scale=scale)
        for op, options in POINTWISE.items():
            yield f"{op}-{type}-scale{scale:g}", single(op, [near], [far], **options)
        for op, options in PAIRED.items():
            yield f"{op}-{type}-scale{scale:g}", single(op, [near, near], [far], **options)
        for op, table in (("MAX_POOL_2D", "Pool2DOptions"), ("AVERAGE_POOL_2D", "Pool2DOptions")):
            sizes: Options = {"strideW": 1, "strideH": 1, "filterWidth": 1, "filterHeight": 1}
            yield f"{op}-{type}-scale{scale:g}", single(op, [near], [far], table, **sizes)
        joined = replace(far, shape=(1, 3, 4, 16))
        yield (
            f"CONCATENATION-{type}-scale{scale:g}",
            single("CONCATENATION", [near, near], [joined], "ConcatenationOptions", axis=3),
        )
        yield (
            f"RESHAPE-{type}-scale{scale:g}",
            single("RESHAPE", [near, ints(1, 96)], [replace(far, shape=(1, 96))]),
        )
    for type, other in product((FLOAT, INT8, INT16, INT32, INT64, "UINT8"), repeat=2):
        yield (
            f"CAST-{type}-{other}-plain",
            single("CAST", [T((1, 8), type)], [T((1, 8), other)], "CastOptions"),
        )


POINTWISE: dict[str, Options] = {
    **{op: {} for op in ("RELU", "RELU6", "LOGISTIC", "TANH", "ELU", "LOG", "RSQRT")},
    **{op: {"table": f"{op.title().replace('_', '')}Options"} for op in ("HARD_SWISH", "ABS", "NEG", "EXP")},
    "SOFTMAX": {"table": "SoftmaxOptions", "beta": 1.0},
    "LEAKY_RELU": {"table": "LeakyReluOptions", "alpha": 0.1},
    "L2_NORMALIZATION": {"table": "L2NormOptions"},
}
PAIRED: dict[str, Options] = {
    **{op: {"table": f"{op.title()}Options", "potScaleInt16": False} for op in ("ADD", "SUB")},
    **{op: {"table": f"{op.title()}Options"} for op in ("MUL", "DIV")},
    **{op: {"table": "MaximumMinimumOptions"} for op in ("MAXIMUM", "MINIMUM")},
    "SQUARED_DIFFERENCE": {"table": "SquaredDifferenceOptions"},
    "PRELU": {},
}


RESIZES = {
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
}


def _moved(type: str, rank: int, shape: tuple[int, ...]) -> Cases:
    data, size = _map(shape, type), ints(*shape)
    flat = _map((1, _product(shape)), type)
    yield f"RESHAPE-{type}-rank{rank}", single("RESHAPE", [data, ints(*flat.shape)], [flat])
    yield f"RESHAPE-{type}-rank{rank}-computed", single("RESHAPE", [data, T((2,), INT32)], [flat])
    turned = _map(shape[::-1], type)
    yield f"TRANSPOSE-{type}-rank{rank}", single("TRANSPOSE", [data, ints(*reversed(range(rank)))], [turned])
    if rank > 2:
        swapped = [0, 2, 1, *range(3, rank)]
        turned = _map(tuple(shape[axis] for axis in swapped), type)
        yield f"TRANSPOSE-{type}-rank{rank}-inner", single("TRANSPOSE", [data, ints(*swapped)], [turned])
    wide = _map(tuple(dim + 2 for dim in shape), type)
    yield (
        f"PAD-{type}-rank{rank}",
        single("PAD", [data, replace(ints(*[1] * 2 * rank), shape=(rank, 2))], [wide]),
    )
    yield f"SLICE-{type}-rank{rank}", single("SLICE", [data, ints(*[0] * rank), size], [data])
    for name, steps, masks in (
        ("plain", [1] * rank, {}),
        ("steps", [*[1] * (rank - 1), 2], {}),
        ("shrunk", [1] * rank, {"shrinkAxisMask": 1}),
    ):
        out = (*shape[:-1], 4) if name == "steps" else shape[1:] if name == "shrunk" else shape
        given = [data, ints(*[0] * rank), size, ints(*steps)]
        cut = single("STRIDED_SLICE", given, [_map(out, type)], "StridedSliceOptions", **masks)
        yield f"STRIDED_SLICE-{type}-rank{rank}-{name}", cut
    for axis in {0, rank - 1, -1}:
        doubled = tuple(2 * dim if place == axis % rank else dim for place, dim in enumerate(shape))
        joined = single(
            "CONCATENATION", [data, data], [_map(doubled, type)], "ConcatenationOptions", axis=axis
        )
        yield f"CONCATENATION-{type}-rank{rank}-{axis}", joined
    half = _map((*shape[:-1], 4), type)
    last, first = replace(ints(rank - 1), shape=()), replace(ints(0), shape=())
    halved = single("SPLIT", [last, data], [half, half], "SplitOptions", numSplits=2)
    yield f"SPLIT-{type}-rank{rank}", halved
    packed = _map((2, *shape), type)
    yield (
        f"PACK-{type}-rank{rank}",
        single("PACK", [data, data], [packed], "PackOptions", valuesCount=2, axis=0),
    )
    parts = [_map(shape[:-1], type)] * 8
    yield f"UNPACK-{type}-rank{rank}", single("UNPACK", [data], parts, "UnpackOptions", num=8, axis=rank - 1)
    yield f"EXPAND_DIMS-{type}-rank{rank}", single("EXPAND_DIMS", [data, first], [_map((1, *shape), type)])


def _convolution(op: str, type: str, **options: Any) -> Network:
    kernel = options.get("kernel", (3, 3))
    deep = op == "DEPTHWISE_CONV_2D"
    multiplier, groups = options.get("multiplier", 1), options.get("groups", 1)
    channels, filters = 8, 8 * multiplier
    weights = (1, *kernel, filters) if deep else (filters, *kernel, channels // groups)
    stride, dilation = options.get("stride", (1, 1)), options.get("dilation", (1, 1))
    spatial = _spatial((80, 80), kernel, stride, dilation, valid=options.get("valid", False))
    batch = options.get("batch", 1)
    table = {"depthMultiplier": multiplier} if deep else {}
    return single(
        op,
        [
            _map((batch, 80, 80, channels), type),
            *_constants(weights, filters, type, 3 if deep else 0, options),
        ],
        [_map((batch, *spatial, filters), type)],
        "DepthwiseConv2DOptions" if deep else "Conv2DOptions",
        padding=int(options.get("valid", False)),
        strideH=stride[0],
        strideW=stride[1],
        dilationHFactor=dilation[0],
        dilationWFactor=dilation[1],
        fusedActivationFunction=options.get("act", NONE),
        **table,
    )


def _dense(shape: tuple[int, ...], type: str, **options: Any) -> Network:
    constants = _constants((5, shape[-1]), 5, type, 0, options)
    keep = len(shape) > 2
    table = {"keepNumDims": keep, "fusedActivationFunction": options.get("act", NONE)}
    out = _map((*shape[:-1], 5), type)
    return single("FULLY_CONNECTED", [_map(shape, type), *constants], [out], "FullyConnectedOptions", **table)


def _constants(shape: tuple[int, ...], filters: int, type: str, axis: int, options: Options) -> list[T]:
    scales = filters if options.get("per_axis") else 1
    kind = options.get("weights", FLOAT if type == FLOAT else INT8)
    weights = T(
        shape, kind, options.get("constant", True), scales=None if kind == FLOAT else scales, axis=axis
    )
    if not options.get("bias", True):
        return [weights]
    if type == FLOAT:
        return [weights, T((filters,), FLOAT, True)]
    return [weights, T((filters,), INT64 if type == INT16 else INT32, True, scales=scales, scale=0.25)]


def _pool(op: str, type: str, **options: Any) -> Network:
    kernel, stride = options.get("kernel", (2, 2)), options.get("stride", (2, 2))
    spatial = _spatial((80, 80), kernel, stride, (1, 1), valid=options.get("valid", False))
    batch = options.get("batch", 1)
    return single(
        op,
        [_map((batch, 80, 80, 8), type)],
        [_map((batch, *spatial, 8), type)],
        "Pool2DOptions",
        padding=int(options.get("valid", False)),
        strideH=stride[0],
        strideW=stride[1],
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=options.get("act", NONE),
    )


def _spatial(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    *,
    valid: bool,
) -> tuple[int, ...]:
    """The size of what a window makes, under padding SAME or VALID."""
    covered = [(each - 1) * wide + 1 if valid else 1 for each, wide in zip(kernel, dilation, strict=True)]
    return tuple(
        -(-(each - taken + 1) // step) for each, taken, step in zip(size, covered, stride, strict=True)
    )


def _map(shape: tuple[int, ...], type: str) -> T:
    return T(shape, type, scales=1 if type in (INT8, INT16) else None)


def _made(op: str, shape: tuple[int, ...], type: str) -> T:
    """The result with the scale that the operator's kernels fix."""
    fixed = {
        ("SOFTMAX", INT8): (1 / 256, -128),
        ("LOGISTIC", INT8): (1 / 256, -128),
        ("TANH", INT8): (1 / 128, 0),
        ("L2_NORMALIZATION", INT8): (1 / 128, 0),
        ("SOFTMAX", INT16): (1 / 32768, 0),
        ("LOGISTIC", INT16): (1 / 32768, 0),
        ("TANH", INT16): (1 / 32768, 0),
    }.get((op, type))
    return replace(_map(shape, type), scale=fixed[0], zero_point=fixed[1]) if fixed else _map(shape, type)


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total


def _named(op: str, type: str, options: Options) -> str:
    told = "-".join(f"{key}{value}" for key, value in options.items())
    return f"{op}-{type}-{told}".replace("(", "").replace(")", "").replace(", ", "x")


CASES: dict[str, Network] = {
    name: network for part in (windows, ranks, movements, scales) for name, network in part()
}
