"""Element types, as tables limit them by role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edgelint.analysis.constraints.use import STORED, Check, Use, labels, one_of
from edgelint.analysis.operands import Operand

FLOAT8 = "float8"
"""A family of types, where a table does not tell them apart."""


def _data(use: Use, taken: Any) -> str | None:
    """`dtypes`: what the operator works on, read and made."""
    return _wrong((*use.maps, *_like_data(use)), taken)


def _data_excluded(use: Use, refused: Any) -> str | None:
    return _refused((*use.maps, *use.results), refused)


def _input(use: Use, taken: Any) -> str | None:
    return _wrong(use.maps, taken)


def _input_excluded(use: Use, refused: Any) -> str | None:
    return _refused(use.maps, refused)


def _output(use: Use, taken: Any) -> str | None:
    return _wrong(use.results, taken)


def _output_excluded(use: Use, refused: Any) -> str | None:
    return _refused(use.results, refused)


def _role(*roles: str) -> Check:
    """The check of the types that any of these roles may have: a list of labels, or one."""

    def check(use: Use, taken: Any) -> str | None:
        chosen = [operand for role in roles for operand in use.of(role)]
        return _wrong(chosen, [taken] if isinstance(taken, str) else taken)

    return check


def _same_in_out(use: Use, asked: Any) -> str | None:
    if not use.maps or not use.results:
        return None
    one, other = use.maps[0], use.results[0]
    if one.label and other.label and one.label != other.label:
        return f"makes {other.label} of {one.label}; only one type for both"
    return None


def _same_inputs(use: Use, asked: Any) -> str | None:
    found = {operand.label for operand in use.maps if operand.label}
    return f"mixes {' and '.join(sorted(found))} inputs; only one type for all" if len(found) > 1 else None


def _pairs(use: Use, taken: Any) -> str | None:
    """`cast_pairs`: from which type to which."""
    if not use.maps or not use.results or not use.maps[0].label or not use.results[0].label:
        return None
    pair = [use.maps[0].label, use.results[0].label]
    listed = one_of([f"{one} to {other}" for one, other in taken])
    return None if pair in taken else f"turns {pair[0]} into {pair[1]}; {listed}"


CHECKS: dict[str, Check] = {
    "dtypes": _data,
    "dtypes_excluded": _data_excluded,
    "dtypes_unsupported": _data_excluded,
    "input_dtypes": _input,
    "input_dtypes_excluded": _input_excluded,
    "output_dtypes": _output,
    "output_dtypes_excluded": _output_excluded,
    "weight_dtypes": _role("filter"),
    "bias_dtypes": _role("bias"),
    "params_dtypes": _role("params"),
    "axes_dtype": _role("axes"),
    "indices_dtype": _role("indices"),
    "start_indices_dtype": _role("start_indices"),
    "value_dtype": _role("on_value", "off_value"),
    "values_dtypes": _role("values"),
    "cond_dtypes": _role("cond", "condition"),
    "branch_dtypes": _role("x", "y"),
    "rhs_dtypes": _role("rhs"),
    "handle_dtype": _role("handle"),
    "variable_dtypes": lambda use, taken: _wrong((*use.maps, *use.results), taken),
    "same_in_out_dtype": _same_in_out,
    "same_dtype_inputs": _same_inputs,
    "cast_pairs": _pairs,
}


def takes(taken: Iterable[str], label: str) -> bool:
    """Whether `label` is among `taken`; an unknown type ("") is not held against anything."""
    known = labels(tuple(taken))
    return not label or label in known or (FLOAT8 in known and label.startswith(FLOAT8))


def _like_data(use: Use) -> Iterable[Operand]:
    """The results whose type follows the data's: all in TFLite; in ONNX those of the first input's type."""
    if use.model.format != "onnx":
        return use.results
    own = {operand.label for operand in use.maps}
    return [operand for operand in use.results if operand.label in own]


def _wrong(operands: Iterable[Operand], taken: Sequence[str]) -> str | None:
    for operand in operands:
        if not takes(taken, operand.label):
            return f"has {operand}; {one_of([STORED.get(each, each) for each in taken])}"
    return None


def _refused(operands: Iterable[Operand], refused: Sequence[str]) -> str | None:
    for operand in operands:
        if operand.label and operand.label in labels(tuple(refused)):
            return f"has {operand}; anything but {one_of(list(refused))}"
    return None
