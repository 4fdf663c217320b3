"""Attribute values, fused activations and operator versions."""

from __future__ import annotations

from typing import Any

from edgelint.analysis.constraints.use import Check, Use, one_of

FUSED = {
    "NONE": None,
    "RELU": "Relu",
    "RELU_N1_TO_1": "ReluN1To1",
    "RELU6": "Relu6",
    "TANH": "Tanh",
    "SIGMOID": "Sigmoid",
}
"""Tables' words for fused activations to the canonical ones."""

LAST = ("last", "last (depth)", "width")
"""Words for the innermost axis."""

_VALUES = {
    **dict.fromkeys(
        [
            *("align_corners", "half_pixel_centers", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"),
            *("allowzero", "alpha", "antialias", "batch_dims", "beta", "coordinate_transformation_mode"),
            *("depth_multiplier", "exclude_outside", "fmod", "input_forget", "keep_aspect_ratio_policy"),
            *("keepdims", "layout", "mode", "nearest_mode", "p", "reduction", "select_last_index", "sorted"),
            *("storage_order", "training_mode", "transA", "transB", "weights_format", "start"),
        ],
        "",
    ),
    "modes": "mode",
    "reductions": "reduction",
    "strides": "steps",
    "step": "steps",
}
"""Keys that name an attribute; where its name differs, to it."""


def _value(name: str) -> Check:
    """The check that attribute `name`, where stated, has the value or one of the values asked for."""

    def check(use: Use, asked: Any) -> str | None:
        given = use.attributes.get(name)
        wanted = asked if isinstance(asked, list) else [asked]
        given = given if not isinstance(given, list) else next((x for x in given if x not in wanted), None)
        if given is None or not any(_comparable(given, each) for each in wanted):
            return None
        if any(_same(given, each) for each in wanted):
            return None
        return f"has {name} = {given}; {one_of(wanted)}"

    return check


def _excluded(name: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        given = use.attributes.get(name)
        if given is None or not any(_same(given, each) for each in asked):
            return None
        return f"has {name} = {given}; any but {one_of(asked)}"

    return check


def _at_least(name: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        given = use.attributes.get(name)
        if not isinstance(given, (int, float)) or given >= asked:
            return None
        return f"has {name} = {given}; at least {asked}"

    return check


def _below(name: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        given = use.attributes.get(name)
        if not isinstance(given, (int, float)) or given < asked:
            return None
        return f"has {name} = {given}; less than {asked}"

    return check


def _axis(use: Use, asked: Any) -> str | None:
    """`axis`: numbers, or a word for the innermost axis; other words say nothing that can be checked."""
    given = use.attributes.get("axis")
    rank = len(use.input.shape) if use.input and use.input.shape is not None else None
    if not isinstance(given, int) or rank is None:
        return None
    wanted = [-1 if each in LAST else each for each in (asked if isinstance(asked, list) else [asked])]
    if not all(isinstance(each, int) for each in wanted):
        return None
    places = {each % rank if rank else each for each in wanted}
    if (given % rank if rank else given) in places:
        return None
    return f"has axis = {given}; {one_of([*dict.fromkeys(wanted)])}"


def _axis_not_last(use: Use, asked: Any) -> str | None:
    given = use.attributes.get("axis")
    rank = len(use.output.shape) if use.output and use.output.shape is not None else None
    if not isinstance(given, int) or rank is None or given not in (-1, rank - 1):
        return None
    return f"has axis = {given}; any but the last"


def _axis_after_batch(use: Use, asked: Any) -> str | None:
    """`axis_equals_batch_dims` of a GATHER."""
    axis, batch = use.attributes.get("axis"), use.attributes.get("batch_dims")
    if not isinstance(axis, int) or not isinstance(batch, int) or axis == batch:
        return None
    return f"gathers along axis {axis} with {batch} batch dims; as many batch dims as axes before it"


def _exclusive(use: Use, names: Any) -> str | None:
    if not all(use.attributes.get(name) for name in names):
        return None
    return f"has both {' and '.join(names)}; one of them"


def _fused(use: Use, taken: Any) -> str | None:
    activation = use.node.activation
    if activation is None or activation in {FUSED.get(each, each) for each in taken}:
        return None
    rest = [FUSED.get(each) or "none" for each in taken]
    return f"has {activation} fused into it; {one_of(rest)}"


def _newest(use: Use, asked: Any) -> str | None:
    version = use.node.source.version
    return f"is of version {version}; at most {asked}" if version is not None and version > asked else None


def _version(use: Use, asked: Any) -> str | None:
    version = use.node.source.version
    return f"is of version {version}; exactly {asked}" if version is not None and version != asked else None


def _opsets(use: Use, asked: Any) -> str | None:
    opset = use.model.opsets.get(use.node.domain)
    return f"is of opset {opset}; {one_of(asked)}" if opset is not None and opset not in asked else None


def _no_features(use: Use, refused: Any) -> str | None:
    """`unsupported_features` of an LSTM: by the optional operands that mean them.

    Places in the operator's inputs: LiteRT kernels/lstm_shared.h.
    """
    inputs = use.node.inputs
    if len(inputs) < 20:
        return None
    places = {"peephole": (9, 10, 11), "projection": (16, 17), "layer_normalization": (20, 21, 22, 23)}
    for feature in refused:
        here = any(place < len(inputs) and inputs[place] for place in places.get(feature, ()))
        if here or (feature == "cifg" and not inputs[1]):
            return f"uses {feature.replace('_', ' ')}; an LSTM without"
    return None


def _bidirectional(use: Use, allowed: Any) -> str | None:
    if allowed or use.attributes.get("direction") != "bidirectional":
        return None
    return "runs in both directions; one direction"


def _same(given: object, wanted: object) -> bool:
    if isinstance(given, str) and isinstance(wanted, str):
        return given.lower() == wanted.lower()
    return given == wanted


def _comparable(given: object, wanted: object) -> bool:
    number = (int, float)
    return isinstance(given, str) == isinstance(wanted, str) and (
        not isinstance(given, number) or isinstance(wanted, number)
    )


CHECKS: dict[str, Check] = {
    **{key: _value(name or key) for key, name in _VALUES.items()},
    "mode_excluded": _excluded("mode"),
    "reduction_excluded": _excluded("reduction"),
    "auto_pad_excluded": _excluded("auto_pad"),
    "attributes_excluded": lambda use, names: next(
        (f"has {name}; none" for name in names if use.attributes.get(name) is not None), None
    ),
    "block_size_min": _at_least("blocksize"),
    "k_lt": _below("k"),
    "axis": _axis,
    "axis_in": _axis,
    "axis_not_last": _axis_not_last,
    "axis_equals_batch_dims": _axis_after_batch,
    "mutually_exclusive": _exclusive,
    "fused_activations": _fused,
    "max_version": _newest,
    "exact_version": _version,
    "opsets": _opsets,
    "unsupported_features": _no_features,
    "bidirectional": _bidirectional,
}
