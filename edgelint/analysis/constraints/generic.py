"""Rules of a support table that hold for all operators but those it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgelint.analysis.constraints import CHECKS
from edgelint.analysis.constraints.quantization import unscaled
from edgelint.analysis.constraints.shapes import is_static
from edgelint.analysis.constraints.use import Check, Use, labels, one_of
from edgelint.analysis.operands import Operand


def broken_everywhere(
    use: Use, asked: Mapping[str, Any], row: Mapping[str, Any], exceptions: Mapping[str, Any]
) -> Iterator[str]:
    """Each rule in `asked` that the use breaks.

    row: the operator's own entry, whose word goes before the rule's. exceptions: the table's header
    and `[generic]`, which name the operators that a rule leaves out.
    """
    word = use.node.source.op
    for key in asked:
        if key not in GENERIC or OWN_WORD.get(key, key) in row:
            continue
        base = key.removesuffix("_except").removesuffix("_only")
        exempt = asked[key] if key != base else exceptions.get(f"{base}_except", ())
        if word in exempt:
            continue
        phrase = GENERIC[key](use, asked[key])
        if phrase:
            yield phrase


def _maps(use: Use) -> tuple[Operand, ...]:
    return (*use.maps, *use.results)


def _static(use: Use, asked: Any) -> str | None:
    """Vela binds a free batch; what else is open in a TFLite file stays open in its signature."""
    if not asked:
        return None
    for operand in _maps(use):
        if operand.value.shape is not None and not is_static(operand.value):
            return f"has {operand} of open shape; only shapes that the file fixes"
    return None


def _some(use: Use, asked: Any) -> str | None:
    return "reads nothing; operators with an input" if len(use.node.inputs) < asked else None


def _scalars(use: Use, allowed: Any) -> str | None:
    """Scalars that are computed; constant ones are broadcast."""
    for operand in _maps(use):
        if not allowed and operand.value.shape == () and not operand.value.is_constant:
            return f"has the scalar {operand}; tensors of at least one dim"
    return None


def _quantized(use: Use, exempt: Any) -> str | None:
    return unscaled(_maps(use))


def _one_scale(use: Use, exempt: Any) -> str | None:
    for operand in use.operands:
        found = operand.value.quantization
        if found is not None and found.is_per_channel:
            return f"has {operand} with {len(found.scale)} scales; only one scale for the whole tensor"
    return None


def _no_int64(use: Use, exempt: Any) -> str | None:
    operand = next((each for each in _maps(use) if each.label == "int64"), None)
    return f"has {operand}; no int64" if operand else None


def _plain_int32(use: Use, asked: Any) -> str | None:
    """A zero point of int32 data other than 0."""
    wanted = asked.get("int32") if isinstance(asked, Mapping) else None
    for operand in _maps(use):
        found = operand.value.quantization
        if wanted is None or operand.label != "int32" or found is None or not found.scale:
            continue
        if any(point != wanted for point in found.zero_point):
            return f"has {operand} with zero point {found.zero_point[0]}; exactly {wanted}"
    return None


def _dim_range(use: Use, asked: Any) -> str | None:
    for operand in _maps(use):
        wrong = [d for d in operand.value.shape or () if isinstance(d, int) and not asked[0] <= d <= asked[1]]
        if wrong:
            return f"has {operand} with a dim of {wrong[0]}; {asked[0]} to {asked[1]}"
    return None


def _no_bodies(use: Use, allowed: Any) -> str | None:
    return None if allowed or not use.node.subgraphs else "runs other graphs; no control flow"


def _opsets(use: Use, asked: Any) -> str | None:
    opset = use.model.opsets.get("")
    return f"is of opset {opset}; {one_of(asked)}" if opset is not None and opset not in asked else None


def _weights(use: Use, asked: Any) -> str | None:
    for operand in use.of("filter"):
        if operand.label and operand.label not in labels(tuple(asked)):
            return f"has {operand}; {one_of(asked)}"
    return None


GENERIC: dict[str, Check] = {
    "dtypes": CHECKS["dtypes"],
    "feature_map_dtypes": CHECKS["dtypes"],
    "activation_dtypes": CHECKS["dtypes"],
    "weights_dtypes": _weights,
    "weight_dtypes": _weights,
    "static_shapes_required": _static,
    "control_flow": _no_bodies,
    "max_rank": CHECKS["max_rank"],
    "max_nonunit_rank": CHECKS["max_nonunit_dims"],
    "dim_range": _dim_range,
    "min_ifm": _some,
    "scalar_maps": _scalars,
    "int64_feature_map_only": _no_int64,
    "quant_params_required_except": _quantized,
    "per_axis_quant_only": _one_scale,
    "zero_point": _plain_int32,
    "supported_opsets": _opsets,
}
"""Key of a table's header or `[generic]` section to its check."""

OWN_WORD = {
    "feature_map_dtypes": "dtypes",
    "activation_dtypes": "dtypes",
    "weights_dtypes": "weight_dtypes",
    "quant_params_required_except": "quant_params_required",
    "per_axis_quant_only": "per_axis_quant",
    "supported_opsets": "opsets",
}
"""Where an operator's entry says it under another name."""
