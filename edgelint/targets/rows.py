"""Rows of the support tables as typed, verified data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgelint.deferred import dataclass
from edgelint.errors import EdgelintError
from edgelint.targets import FOLDER
from edgelint.targets.keys import only_known
from edgelint.targets.table import Row

OWN_ROWS = frozenset({"tflm", "litert-cpu", "onnxruntime-cpu"})
"""Tables whose rows are read here; those of all others follow `edgelint.targets.schema`."""

Dtypes = frozenset[str] | None
"""Labels of the element types that are taken; None for any."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One structured constraint: its kind ("rank", "zero_point", …), what it asks, and when it binds.

    of: roles it is about. when: by role, the element types for which it binds. kernels: the kernel
    library it belongs to, "" for all. tolerance: relative for scales.
    """

    kind: str
    value: Any
    of: tuple[str, ...] = ()
    when: Mapping[str, frozenset[str]] | None = None
    kernels: str = ""
    tolerance: float = 0.0
    equals: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TflmRow:
    """An operator of TFLite Micro.

    inputs, outputs: roles by position. dtype_sets: each a combination by role that the kernel takes.
    others: what index and shape operands may be, by role. checked_at: when a wrong type is noticed.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtype_sets: tuple[Mapping[str, Dtypes], ...]
    others: Mapping[str, Dtypes]
    limits: tuple[Limit, ...]
    checked_at: str

    @classmethod
    def read(cls, name: str, row: Row) -> TflmRow:
        """The row of `name`. Raises EdgelintError for a key or value that means nothing here."""
        only_known(_path("tflm"), f"operator {name}", row, _TFLM_KEYS)
        try:
            return cls(
                inputs=tuple(row.get("inputs", ("input", "other..."))),
                outputs=tuple(row.get("outputs", ("other...",))),
                dtype_sets=_dtype_sets(row),
                others={role: _dtypes(labels) for role, labels in row.get("other_inputs", {}).items()},
                limits=(*_plain_limits(row), *(_limit(name, limit) for limit in row.get("limits", ()))),
                checked_at=row.get("checked_at", ""),
            )
        except (TypeError, AttributeError) as error:
            raise _broken("tflm", name, f"is malformed: {error}") from error


@dataclass(frozen=True, slots=True)
class LitertRow:
    """An operator of LiteRT.

    inputs, outputs: the types that the converter emits or that were seen to run, by operand name.
    refused: combinations of types, by operand name, that the kernel was seen to refuse. limits: what
    else its kernel asks.
    """

    supported: bool
    min_version: int
    max_version: int
    inputs: Mapping[str, frozenset[str]]
    outputs: Mapping[str, frozenset[str]]
    refused: tuple[Mapping[str, frozenset[str]], ...]
    limits: tuple[Limit, ...] = ()

    @classmethod
    def read(cls, name: str, row: Row) -> LitertRow:
        """The row of `name`. Raises EdgelintError for a key or value that means nothing here."""
        only_known(_path("litert-cpu"), f"operator {name}", row, _LITERT_KEYS)
        if row["supported"] and not 1 <= row["min_version"] <= row["max_version"]:
            raise _broken("litert-cpu", name, "has no version range")
        also = frozenset(row.get("also_runs", ()))
        return cls(
            supported=row["supported"],
            min_version=row.get("min_version", 0),
            max_version=row.get("max_version", 0),
            inputs={role: _stored(labels) | also for role, labels in row.get("ir_input_dtypes", {}).items()},
            outputs={
                role: _stored(labels) | also for role, labels in row.get("ir_output_dtypes", {}).items()
            },
            refused=tuple(_types(each) for each in row.get("refused", ())),
            limits=tuple(_limit(name, limit) for limit in row.get("limits", ())),
        )


@dataclass(frozen=True, slots=True)
class OnnxRow:
    """Kernels of ONNX Runtime for one operator in one range of opsets, both ends included.

    types: element types by type parameter; combos: the combinations, where the product of `types`
    would overstate; attributes: attribute values that are the only ones taken.
    """

    domain: str
    since: int
    until: int | None
    types: Mapping[str, frozenset[str]]
    combos: tuple[Mapping[str, frozenset[str]], ...]
    attributes: Mapping[str, int]

    @classmethod
    def read(cls, name: str, row: Row) -> OnnxRow:
        """The row of `name`. Raises EdgelintError for a key or value that means nothing here."""
        only_known(_path("onnxruntime-cpu"), f"operator {name}", row, _ONNX_KEYS)
        return cls(
            domain=row["domain"],
            since=row["since"],
            until=row.get("until"),
            types=_types(row["types"]),
            combos=tuple(_types(combo) for combo in row.get("type_combos", ())),
            attributes={"layout": row["layout"]} if "layout" in row else {},
        )

    def covers(self, opset: int) -> bool:
        """Whether `opset` is in the range of this row."""
        return self.since <= opset and (self.until is None or opset <= self.until)


LIMIT_KINDS = [
    "absent",
    "activation",
    "broadcast_rank_max",
    "constant",
    "count",
    "elements",
    "grouped",
    "last_dim_max",
    "one_scale",
    "quantized",
    "quotient",
    "rank",
    "same_elements",
    "same_quantization",
    "same_shape",
    "scale",
    "scale_ratio_below",
    "scales_along",
    "squeezes",
    "unquantized",
    "variable",
    "zero_point",
]

_TFLM_KEYS = frozenset(
    [
        "builtin_code",
        "supported",
        "inputs",
        "outputs",
        "limits",
        "dtypes",
        "dtype_sets",
        "other_inputs",
        "const_inputs",
        "rank",
        "rank_min",
        "rank_max",
        "rank_min_value",
        "rank_max_cmsis_nn",
        "inputs_max",
        "index_depth_max",
        "constraints",
        "checked_at",
        "kernel",
        "cmsis_nn",
        "esp_nn",
        "cmsis_nn_note",
        "esp_nn_note",
        "verified",
    ]
)
_LITERT_KEYS = frozenset(
    [
        "builtin_code",
        "supported",
        "min_version",
        "max_version",
        "ir_input_dtypes",
        "ir_output_dtypes",
        "input_rank",
        "input_max_rank",
        "broadcast_max_rank",
        "also_runs",
        "refused",
        "limits",
        "note",
    ]
)
_ONNX_KEYS = frozenset(["domain", "since", "until", "until_reason", "types", "type_combos", "layout", "note"])


def _any(value: object) -> bool:
    return True


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bounds(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 2 and all(map(_whole, value))


_LIMIT_VALUES: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("broadcast_rank_max", "elements", "last_dim_max", "scales_along", "zero_point"), _whole),
    **dict.fromkeys(("rank", "count"), _bounds),
    "scale": lambda value: isinstance(value, (int, float)) and value > 0,
    "activation": lambda value: isinstance(value, list),
    "quotient": lambda value: isinstance(value, Mapping) and {"of", "by", "axis"} <= set(value),
    "squeezes": lambda value: isinstance(value, str),
}
"""Kind of limit to what its value must be, where it is not the roles that it is about."""

_LIMIT_KEYS = frozenset((*LIMIT_KINDS, "of", "when", "kernels", "tolerance", "equals"))


def _dtypes(labels: Any) -> Dtypes:
    return None if labels == "any" else frozenset(labels)


def _dtype_sets(row: Row) -> tuple[Mapping[str, Dtypes], ...]:
    if "dtype_sets" in row:
        return tuple({role: _dtypes(labels) for role, labels in each.items()} for each in row["dtype_sets"])
    labels = row.get("dtypes", "any")
    if labels == "any":
        return ()
    return tuple({"input": frozenset((label,)), "output": frozenset((label,))} for label in labels)


def _plain_limits(row: Row) -> tuple[Limit, ...]:
    """The constraints that the shared keys of all tables state: rank, inputs_max, const_inputs."""
    found = []
    if "rank" in row:
        found.append(Limit("rank", (row["rank"], row["rank"]), ("input",)))
    elif "rank_min" in row or "rank_max" in row:
        found.append(Limit("rank", (row.get("rank_min", 0), row.get("rank_max")), ("input",)))
    if "inputs_max" in row:
        found.append(Limit("count", (0, row["inputs_max"])))
    found += [Limit("constant", (role,), (role,)) for role in row.get("const_inputs", ())]
    return tuple(found)


def _limit(name: str, data: Mapping[str, Any]) -> Limit:
    kinds = [key for key in data if key in LIMIT_KINDS]
    only_known(_path("tflm"), f"limit of {name}", data, _LIMIT_KEYS)
    if len(kinds) != 1:
        raise _broken("tflm", name, f"has a limit of {len(kinds)} kinds, not one")
    value = data[kinds[0]]
    if not _LIMIT_VALUES.get(kinds[0], _any)(value):
        raise _broken("tflm", name, f"has a limit {kinds[0]} = {value!r}, which is of no kind it can be")
    if kinds[0] in ("rank", "count"):
        value = (value[0], value[1] if len(value) > 1 else None)
    named = data.get("of", value if isinstance(value, list) else ())
    when = data.get("when")
    return Limit(
        kind=kinds[0],
        value=value,
        of=(named,) if isinstance(named, str) else tuple(named),
        when={role: frozenset(labels) for role, labels in when.items()} if when else None,
        kernels=data.get("kernels", ""),
        tolerance=float(data.get("tolerance", 0.0)),
        equals=data.get("equals"),
    )


def _stored(labels: list[str]) -> frozenset[str]:
    """Element types as a file stores them: quantized or not is one storage type."""
    return frozenset(
        label.removesuffix("_quant")
        .removesuffix("_tf")
        .replace("float8_e4m3", "float8e4m3fn")
        .replace("_", "")
        for label in labels
    )


def _types(types: Mapping[str, list[str]]) -> Mapping[str, frozenset[str]]:
    return {parameter: frozenset(labels) for parameter, labels in types.items()}


def _broken(table: str, name: str, problem: str) -> EdgelintError:
    return EdgelintError(_path(table), problem, where=f"operator {name}")


def _path(table: str) -> Path:
    return FOLDER / "operators" / f"{table}.toml"
