"""Users' own operator tables: a packaged table, or another of theirs, with changes.

    [operators.acme]
    inherits = "tflm"
    remove = ["SVDF"]                      # operators that it has not
    [operators.acme.op.CONV_2D]            # these keys go before the inherited row's
    rank = 4
    remove = ["limits"]                    # keys of the row that do not hold
    add.limits = [{ absent = "bias" }]     # what is added to the row's lists
    [operators.acme.generic]               # rules for all operators, likewise
    [operators.acme.custom.MyOp]           # custom operators that the firmware registers
    [operators.acme.replacements.operator] # what to use instead
    GELU = "use our own fast GELU"

All is verified when a target that uses the table is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from edgelint.errors import EdgelintError
from edgelint.ir.dtype import BY_LABEL
from edgelint.targets import FOLDER, schema
from edgelint.targets.keys import a_table, nearest, only_known, words_of
from edgelint.targets.rows import LitertRow, OnnxRow, TflmRow
from edgelint.targets.sections import sections
from edgelint.targets.table import OwnTable, Row, Table, TableName, read, root, rows_of

PARTS = ("inherits", "remove", "op", "custom", "replacements")
"""Keys of a table beside those of a header and its sections."""

SUBJECTS = ("operator", "dtype", "custom", "flex", "version", "constraint", "opset")
"""What replacements are about."""

ROW_TYPES: Mapping[str, type[TflmRow] | type[LitertRow] | type[OnnxRow]] = {
    "tflm": TflmRow,
    "litert-cpu": LitertRow,
    "onnxruntime-cpu": OnnxRow,
}
"""Packaged tables with rows of a form of their own."""

NEW_ROWS: Mapping[str, Row] = {
    "tflm": {"inputs": ["input..."], "outputs": ["output..."]},
    "litert-cpu": {"supported": True, "min_version": 1},
}
"""By form of a table, what the row of an operator that it had not yet starts from."""

PLAIN_KINDS = {
    **dict.fromkeys(
        ("rank", "rank_min", "rank_max", "inputs_max", "min_version", "max_version", "since", "until"),
        "integer",
    ),
    **dict.fromkeys(("inputs", "outputs"), "strings"),
    "supported": "flag",
}
"""Keys of rows of a form of their own to the kind of their values."""

TYPE_WORDS = frozenset({"any", "float", "double", "float8", "hybrid", *BY_LABEL})
"""What may stand for an element type."""


def changed(own: OwnTable, operators: Iterable[str] | None) -> Table:
    """The table that `own` comes to, with the rows of `operators` only; all rows when None."""
    wanted = None if operators is None else frozenset(operators)
    base = read(own.inherits, wanted) if own.inherits else _nothing(own)
    removed = frozenset(own.changes.get("remove", ()))
    rows = {word: found for word, found in base.operators.items() if word not in removed}
    for word, change in own.changes.get("op", {}).items():
        if wanted is None or word in wanted:
            made = _changed_rows(rows.get(word, ()), change, base.form)
            rows[word] = made
            if not made:
                del rows[word]
    parts = {name: {**section, **own.changes.get(name, {})} for name, section in base.sections.items()}
    parts |= {name: own.changes[name] for name in _sections(own) & set(own.changes) - set(parts)}
    header = {key: said for key, said in own.changes.items() if key not in (*PARTS, *parts)}
    parts["table"] = {**base.header, "name": own.name, "source": str(own.path), **header}
    return Table(
        name=own.name,
        version=parts["table"]["version"],
        source=parts["table"]["source"],
        unlisted=parts["table"]["unlisted"],
        operators=rows,
        custom={**base.custom, **own.changes.get("custom", {})},
        sections=parts,
        path=own.path,
        form=base.form,
    )


def verify(own: OwnTable) -> OwnTable:
    """`own` itself. Raises EdgelintError, with the nearest right one, for whatever means nothing."""
    form, known = root(own.inherits), operator_names(own.inherits)
    parts = _sections(own)
    header = schema.words("general", "facts") | set(read(own.inherits, ()).header if own.inherits else ())
    only_known(own.path, own.where, own.changes, {*PARTS, *parts, *header})
    for name in words_of(own.path, own.where, own.changes.get("remove", [])):
        if name not in known:
            raise _wrong(own, f"removes {name!r}, which {own.inherits or 'no table'} has not", name, known)
    for part in (*parts, "op", "custom", "replacements"):
        a_table(own.path, f"{own.where} {part}", own.changes.get(part, {}))
    if own.changes.get("custom") and form != "tflm":
        hint = 'name custom operators in op.CUSTOM.custom_names, or in the option "allow" of rule EL103'
        raise EdgelintError(own.path, "has custom operators, as only tflm has", where=own.where, hint=hint)
    if form not in ROW_TYPES:
        schema.verify_values(
            own.path, own.where, {key: own.changes[key] for key in header & set(own.changes)}
        )
        schema.verify_values(own.path, f"{own.where} generic", own.changes.get("generic", {}))
    for subject, sentences in own.changes.get("replacements", {}).items():
        only_known(own.path, f"{own.where} replacements", {subject: sentences}, SUBJECTS)
        if not all(isinstance(text, str) for text in a_table(own.path, own.where, sentences).values()):
            raise EdgelintError(
                own.path, "holds something that is no sentence", where=f"{own.where} {subject}"
            )
    words = own.changes.get("op", {})
    for word, change in words.items():
        _verify_change(own, word, change, form)
    table = changed(own, words)
    _verify_rows(own, table, words)
    return own


def operator_names(name: TableName) -> frozenset[str]:
    """The operators that a table lists."""
    if not isinstance(name, OwnTable):
        path = FOLDER / "operators" / f"{name}.toml"
        return (
            frozenset(each.name for each in sections(path).every if each.kind == "op")
            if name
            else frozenset()
        )
    removed = frozenset(name.changes.get("remove", ()))
    return (operator_names(name.inherits) - removed) | frozenset(name.changes.get("op", {}))


def _verify_change(own: OwnTable, word: str, change: object, form: str) -> None:
    """What can be told of a changed row before it is joined to what it changes."""
    where = f"{own.where} op.{word}"
    builtins = operator_names("litert-cpu")
    if _is_tflite(own) and word not in builtins | {"CUSTOM"}:
        raise _wrong(own, f"has the operator {word!r}, which TFLite has not", word, builtins)
    for row in rows_of(change):
        row = a_table(own.path, where, row)
        words_of(own.path, f"{where} remove", row.get("remove", []))
        for key, more in a_table(own.path, f"{where} add", row.get("add", {})).items():
            if not isinstance(more, list):
                raise EdgelintError(own.path, f"adds {more!r} to {key}, which is no list", where=where)
        _verify_types(own, where, {key: said for key, said in row.items() if key not in ("remove", "add")})
        _verify_types(own, where, row.get("add", {}))
        if form in ROW_TYPES:
            _verify_kinds(own, where, row)
        else:
            schema.verify_values(own.path, where, {**row, "conditions": _conditions(own, where, row)})


def _verify_kinds(own: OwnTable, where: str, row: Row) -> None:
    """The keys of rows of a form of their own, whose values are of one kind."""
    for key in PLAIN_KINDS.keys() & row.keys():
        if not schema.KINDS[PLAIN_KINDS[key]](row[key]):
            problem = f"has {row[key]!r} for {key}, which wants {schema.WORDS[PLAIN_KINDS[key]]}"
            raise EdgelintError(own.path, problem, where=where)


def _conditions(own: OwnTable, where: str, row: Row) -> list[Row]:
    """The conditions of a changed row, each a table with the case in which it binds."""
    every = row.get("conditions", []), row.get("add", {}).get("conditions", [])
    found = []
    for condition in (each for conditions in every for each in conditions):
        a_table(own.path, f"{where} conditions", condition)
        a_table(own.path, f"{where} conditions.when", condition.get("when"))
        found.append(condition)
    return found


def _verify_types(own: OwnTable, where: str, row: Row) -> None:
    for key, said in row.items():
        if key not in ("dtype_sets", "other_inputs", "types") and not key.endswith(("dtype", "dtypes")):
            continue
        for word in _leaves(said):
            plain = word.removesuffix("_quant").removesuffix("_tf")
            if plain not in TYPE_WORDS and not word.startswith(("seq(", "optional(", "tensor(")):
                raise EdgelintError(
                    own.path,
                    f"has the unknown element type {word!r} in {key}",
                    where=where,
                    hint=nearest(word, BY_LABEL),
                )


def _leaves(said: object) -> list[str]:
    if isinstance(said, Mapping):
        return [word for part in said.values() for word in _leaves(part)]
    if isinstance(said, list):
        return [word for part in said for word in _leaves(part)]
    return [said] if isinstance(said, str) else []


def _verify_rows(own: OwnTable, table: Table, words: Iterable[str]) -> None:
    """The rows that came of the changes, by the same schema as those of packaged tables."""
    kind = ROW_TYPES.get(table.form)
    try:
        if kind is None:
            schema.verify(table)
            return
        read_rows = [(word, kind.read(word, row)) for word in words for row in table.operators.get(word, ())]
        read_rows += [(word, kind.read(word, table.custom[word])) for word in own.changes.get("custom", {})]
    except EdgelintError as error:
        where = f"{own.where}: {error.where}" if error.where else own.where
        raise EdgelintError(own.path, error.problem, where=where, hint=error.hint) from error
    except KeyError as error:
        raise EdgelintError(own.path, f"has a row that lacks {error}", where=own.where) from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise EdgelintError(own.path, f"has a row that cannot be read: {error}", where=own.where) from error
    for word, row in read_rows:
        _verify_roles(own, word, row)


def _verify_roles(own: OwnTable, word: str, row: TflmRow | LitertRow | OnnxRow) -> None:
    """That types and limits are about operands that the row names: others would bind nothing."""
    if not isinstance(row, TflmRow):
        return
    roles = {role.removesuffix("...") for role in (*row.inputs, *row.outputs)}
    named = {role for limit in row.limits for role in (*limit.of, *(limit.when or {}))}
    named |= set(row.others) | {role for each in row.dtype_sets for role in each}
    for role in sorted(named - roles):
        raise _wrong(own, f"speaks of {role!r} in op.{word}, which has no such operand", role, roles)


def _changed_rows(rows: tuple[Row, ...], change: object, form: str) -> tuple[Row, ...]:
    if isinstance(change, list):
        return tuple(change)
    made = (_changed_row(row, a_table(FOLDER, "", change)) for row in rows or (NEW_ROWS.get(form, {}),))
    # Tables with rows of the general form say themselves what they refuse.
    return tuple(row for row in made if form != "tflm" or row.get("supported", True))


def _changed_row(row: Row, change: Row) -> Row:
    gone = frozenset(change.get("remove", ()))
    made: dict[str, Any] = {key: said for key, said in row.items() if key not in gone}
    made |= {key: said for key, said in change.items() if key not in ("remove", "add")}
    for key, more in change.get("add", {}).items():
        made[key] = [*made.get(key, ()), *more]
    return made


def _nothing(own: OwnTable) -> Table:
    """What a table that inherits none starts from: nothing listed, so that a miss is an error."""
    header = {"name": own.name, "version": "own", "source": str(own.path), "unlisted": "error"}
    return Table(own.name, "own", str(own.path), "error", {}, {}, {"table": header}, own.path, "")


def _sections(own: OwnTable) -> frozenset[str]:
    base = read(own.inherits, ()).sections if own.inherits else {}
    return frozenset(set(base) | schema.words("sections")) - {"table"}


@cache
def _namespace(name: str) -> str:
    return str(read(name, ()).header.get("namespace", "")) if name else ""


def _is_tflite(own: OwnTable) -> bool:
    return _namespace(root(own)) == "tflite_builtin"


def _wrong(own: OwnTable, problem: str, word: str, known: Iterable[str]) -> EdgelintError:
    return EdgelintError(own.path, problem, where=own.where, hint=nearest(word, known))
