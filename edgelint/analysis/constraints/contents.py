"""Limits on the numbers in small constants, on single attributes, and on an operator's place in its graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgelint.analysis.constants import numbers
from edgelint.analysis.constraints.quantization import scale_of
from edgelint.analysis.constraints.resizing import factors
from edgelint.analysis.constraints.use import Check, Use, one_of, whole
from edgelint.analysis.operands import Operand, named

POWER_OF_TWO = "power of two"


def _stored(use: Use, *roles: str) -> tuple[float, ...] | None:
    """The numbers of the first operand in one of `roles`; None where they are many or not stored."""
    operand = next((each for role in roles for each in use.of(role)), None)
    return numbers(operand.value) if operand else None


def _zero_constant(use: Use, asked: Any) -> str | None:
    """`const_value`: what all numbers of a constant among its data are."""
    for operand in use.maps:
        found = numbers(operand.value)
        if found is not None and any(number != asked for number in found):
            return f"has the constant {operand} with {_first_other(found, asked):g}; only {asked}"
    return None


def _zero_data(use: Use, asked: Any) -> str | None:
    """`data_const_zero` of a ScatterND: what it scatters into."""
    operand = next(use.of("data"), None)
    if not asked or operand is None:
        return None
    if not use.is_constant(operand.value):
        return f"scatters into {named(operand.value)} that is computed at run time; a constant of zeros"
    found = numbers(operand.value)
    if found is None or not any(found):
        return None
    return f"scatters into a constant with {_first_other(found, 0):g}; a constant of zeros"


def _first_other(found: tuple[float, ...], usual: float) -> float:
    return next(number for number in found if number != usual)


def _crops(use: Use, asked: Any) -> str | None:
    """`crops`: "all zero, 2x2"; the third input of BATCH_TO_SPACE_ND."""
    found = _stored(use, "paddings")
    if found is None:
        return None
    if len(found) != 4:
        return f"crops {len(found) // 2} axes; 2"
    return f"crops {list(map(int, found))}; nothing" if any(found) else None


def _least_index(use: Use, asked: Any) -> str | None:
    found = _stored(use, "indices")
    return f"has the index {min(found):g}; at least {asked}" if found and min(found) < asked else None


def _different_indices(use: Use, asked: Any) -> str | None:
    operand, found = next(use.of("indices"), None), _stored(use, "indices")
    if not asked or operand is None or not found or len(set(found)) == len(found):
        return None
    if not operand.value.shape or operand.value.shape[-1] != 1:
        return None
    return "writes one place twice; different indices"


def _wide_bias(use: Use, asked: Any) -> str | None:
    """`int64_bias_abs_max`, of biases short enough to be read."""
    operand = next((each for each in use.of("bias") if each.label == "int64"), None)
    found = numbers(operand.value) if operand else None
    if not found or max(map(abs, found)) <= asked:
        return None
    return f"has {operand} of up to {max(map(abs, found)):g}; at most {asked:g}"


def _equal_directions(use: Use, asked: Any) -> str | None:
    """`bidirectional_activations_equal`: one half of the list for each direction."""
    words = use.attributes.get("activations")
    if not asked or use.attributes.get("direction") != "bidirectional" or not isinstance(words, list):
        return None
    half = len(words) // 2
    if len(words) % 2 or words[:half] == words[half:]:
        return None
    return f"has activations {one_of(words)}; equal ones in both directions"


def _variants(use: Use, asked: Any) -> str | None:
    """`variants` of the GPU delegate's LSTM: by how many operands it has."""
    given, made = len(use.node.inputs), len(use.node.outputs)
    taken = []
    for variant in asked.values() if isinstance(asked, Mapping) else ():
        counts = variant.get("inputs") or [variant.get("runtime_inputs", 0) + variant.get("const_inputs", 0)]
        if given in counts and made == variant.get("outputs", made):
            return None
        taken += [f"{count} with {variant.get('outputs', made)}" for count in counts]
    return f"has {given} inputs with {made} outputs; {one_of(taken)}" if taken else None


def _clip(name: str, role: str, passes: Any, listed: str) -> Check:
    def check(use: Use, asked: Any) -> str | None:
        found = use.attributes.get(name)
        if not isinstance(found, (int, float)):
            stored = _stored(use, role)
            found = stored[0] if stored and len(stored) == 1 else None
        if found is None or passes(found, asked):
            return None
        return f"has {name} {found:g}; {listed} {asked}"

    return check


def _alpha(use: Use, asked: Any) -> str | None:
    alpha = use.attributes.get("alpha")
    return "has alpha 0; any other" if asked and alpha == 0 else None


def _negative_scale(use: Use) -> float | None:
    """By what a quantized LEAKY_RELU multiplies negative numbers (XNNPACK's negative input scale)."""
    alpha = use.attributes.get("alpha")
    scales = [scale_of(operand) for operand in (*use.maps[:1], *use.results[:1])]
    if not isinstance(alpha, (int, float)) or len(scales) < 2 or scales[0] is None or scales[1] is None:
        return None
    return alpha * scales[0] / scales[1]


def _negative_scale_range(use: Use, asked: Any) -> str | None:
    found = _negative_scale(use)
    if found is None or asked[0] <= found <= asked[1]:
        return None
    return f"multiplies negative numbers by {found:.4g}; {asked[0]:g} to {asked[1]:g}"


def _negative_scale_min(use: Use, asked: Any) -> str | None:
    found = _negative_scale(use)
    if found is None or abs(found) >= asked:
        return None
    return f"multiplies negative numbers by {found:.4g}; at least {asked:g} without its sign"


def _absent(name: str) -> Check:
    return lambda use, asked: (
        f"states {name}; none" if asked == "absent" and use.attributes.get(name) is not None else None
    )


def _output_padding(use: Use, asked: Any) -> str | None:
    found = whole(use.attributes.get("output_padding"))
    if asked != "default only" or not found or not any(found):
        return None
    return f"has output padding {list(found)}; none"


def _combination(use: Use, refused: Any) -> str | None:
    """`excluded_combo`: attributes that must not all have these values."""
    if not isinstance(refused, Mapping):
        return None
    given = {name: use.attributes.get(name) for name in refused}
    if given != dict(refused):
        return None
    return f"has {', '.join(f'{name} = {value}' for name, value in given.items())}; any other combination"


def _activation_word(use: Use, taken: Any) -> str | None:
    """`activations` of ONNX Runtime's FusedConv."""
    found = use.attributes.get("activation")
    if not isinstance(found, str) or found in taken:
        return None
    return f"has activation = {found}; {one_of(taken)}"


def _padding_mode(use: Use, asked: Any) -> str | None:
    found = use.attributes.get("padding_mode")
    return f"has padding_mode = {found}; {asked}" if isinstance(found, str) and found != asked else None


def _integer_weights(use: Use, allowed: Any) -> str | None:
    """`hybrid`: integer weights under float activations."""
    data, weights = (use.maps[0] if use.maps else None), next(_weights(use), None)
    if allowed or data is None or weights is None or not data.label.startswith("float"):
        return None
    return f"has {weights} with {data}; weights of the activations' type" if _is_integer(weights) else None


def _weights(use: Use) -> Any:
    return (each for role in ("filter", "weights") for each in use.of(role) if use.is_constant(each.value))


def _is_integer(operand: Operand) -> bool:
    return operand.value.dtype is not None and operand.value.dtype.is_integer


def _indices_type(use: Use, asked: Any) -> str | None:
    """`indices`: "int32, or constant"."""
    operand = next(use.of("indices"), None)
    if operand is None or operand.label in ("", "int32") or use.is_constant(operand.value):
        return None
    return f"computes {operand} at run time; int32, or a constant"


def _at_the_edge(use: Use, asked: Any) -> str | None:
    """`only_at`: "graph input or output"."""
    ends = {*use.graph.inputs, *use.graph.outputs}
    if ends & {name for name in (*use.node.inputs, *use.node.outputs) if name}:
        return None
    return "stands inside the graph; only at its inputs and outputs"


def _no_region(use: Use, allowed: Any) -> str | None:
    """`roi` of a Resize."""
    operand = next(use.of("roi"), None)
    if allowed or operand is None or operand.value.elements == 0:
        return None
    return f"has the region {named(operand.value)}; none"


def _padded_with(use: Use, asked: Any) -> str | None:
    """`pad_value`."""
    found = _stored(use, "constant", "constant_value")
    return f"pads with {found[0]:g}; {asked}" if found and found[0] != asked else None


def _scale_power(use: Use, asked: Any) -> str | None:
    """`scale`: "power of two"; a table of another meaning says true or false there."""
    scales = factors(use)
    if asked != POWER_OF_TWO or scales is None:
        return None
    if all(scale >= 1 and scale == int(scale) and not int(scale) & (int(scale) - 1) for scale in scales):
        return None
    return f"scales by {scales[0]:g}×{scales[1]:g}; powers of two"


def _least_scale(use: Use, asked: Any) -> str | None:
    scales = factors(use)
    return f"scales by {min(scales):g}; at least {asked}" if scales and min(scales) < asked else None


def _same_type(use: Use, asked: Any) -> str | None:
    """`update_dtype_equals_operand`."""
    labels = [next((each.label for each in use.of(role)), "") for role in ("operand", "update")]
    if not asked or "" in labels or labels[0] == labels[1]:
        return None
    return f"updates {labels[0]} with {labels[1]}; one type for both"


CHECKS: dict[str, Check] = {
    "const_value": _zero_constant,
    "data_const_zero": _zero_data,
    "crops": _crops,
    "indices_min": _least_index,
    "indices_unique": _different_indices,
    "int64_bias_abs_max": _wide_bias,
    "bidirectional_activations_equal": _equal_directions,
    "variants": _variants,
    "min_le": _clip("min", "min", lambda found, asked: found <= asked, "at most"),
    "max_gt": _clip("max", "max", lambda found, asked: found > asked, "more than"),
    "alpha_nonzero": _alpha,
    "alpha_times_scale": _negative_scale_range,
    "alpha_times_scale_abs_min": _negative_scale_min,
    "end": _absent("end"),
    "output_shape": _absent("output_shape"),
    "output_padding": _output_padding,
    "excluded_combo": _combination,
    "activations": _activation_word,
    "padding_mode": _padding_mode,
    "hybrid": _integer_weights,
    "indices": _indices_type,
    "only_at": _at_the_edge,
    "roi": _no_region,
    "pad_value": _padded_with,
    "scale": _scale_power,
    "scale_min": _least_scale,
    "update_dtype_equals_operand": _same_type,
}
