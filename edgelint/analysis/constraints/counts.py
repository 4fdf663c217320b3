"""How many operands there are, and which of them must be constants."""

from __future__ import annotations

from typing import Any

from edgelint.analysis.constraints.use import Check, Use
from edgelint.analysis.operands import named


def _constant(use: Use, roles: Any) -> str | None:
    """`const_inputs`: a list of roles, or how many constants there are."""
    if isinstance(roles, int):
        return _constants(use, roles)
    for role in roles:
        for operand in use.of(role):
            if not use.is_constant(operand.value):
                word = operand.role.replace("_", " ")
                return f"computes its {word} {named(operand.value)} at run time; only a constant {word}"
    return None


def _constants(use: Use, count: Any) -> str | None:
    found = sum(use.is_constant(value) for value in _inputs(use))
    return None if found == count else f"has {found} constant inputs; exactly {count}"


def _never_constant(use: Use, allowed: Any) -> str | None:
    if allowed or not use.maps or not use.is_constant(use.maps[0].value):
        return None
    return f"has the constant {use.maps[0]}; only one computed at run time"


def _runtime(use: Use) -> int:
    return sum(not use.is_constant(value) for value in _inputs(use))


def _inputs(use: Use) -> list[Any]:
    return [value for value in use.graph.inputs_of(use.node) if value is not None]


def _given(use: Use) -> int:
    """Inputs by position, those of an outer graph counted too."""
    names = list(use.node.inputs)
    while names and names[-1] is None:
        names.pop()
    return len(names)


def _bias_required(use: Use, asked: Any) -> str | None:
    if asked and not any(True for _ in use.of("bias")):
        return "has no bias; only with one"
    return None


def _outputs(use: Use) -> int:
    return len([name for name in use.node.outputs if name])


def _within(count: Any, word: str, low: bool, high: bool) -> Check:
    """The check that `count` of a use is at least and/or at most what a table asks."""

    def check(use: Use, asked: Any) -> str | None:
        if not isinstance(asked, int):
            return None
        found = count(use)
        if (low and found < asked) or (high and found > asked):
            bound = "exactly" if low and high else "at least" if low else "at most"
            return f"has {found} {word}{'' if found == 1 else 's'}; {bound} {asked}"
        return None

    return check


def _inputs_in(use: Use, counts: Any) -> str | None:
    found = _given(use)
    return None if found in counts else f"has {found} inputs; {' or '.join(map(str, counts))}"


CHECKS: dict[str, Check] = {
    "const_inputs": _constant,
    "const_input_count": _constants,
    "activation_input_const": _never_constant,
    "data_const": _never_constant,
    "input_const": _never_constant,
    "bias_required": _bias_required,
    "inputs": _within(_given, "input", True, True),
    "inputs_in": _inputs_in,
    "inputs_min": _within(_given, "input", True, False),
    "inputs_max": _within(_given, "input", False, True),
    "outputs": _within(_outputs, "output", True, True),
    "outputs_min": _within(_outputs, "output", True, False),
    "outputs_max": _within(_outputs, "output", False, True),
    "runtime_inputs": _within(_runtime, "non-constant input", True, True),
    "runtime_inputs_min": _within(_runtime, "non-constant input", True, False),
    "runtime_inputs_max": _within(_runtime, "non-constant input", False, True),
    "max_runtime_inputs": _within(_runtime, "non-constant input", False, True),
    "variable_inputs": _within(_runtime, "non-constant input", False, True),
    "sub_variable_inputs_max": _within(_runtime, "non-constant input", False, True),
}
