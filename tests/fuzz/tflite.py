"""Damaged TFLite files: the flatbuffer is read into a tree, changed by its schema, and written again."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

from edgelint.loaders.tflite.flatbuffer import LETTERS, FlatBuffer, Malformed, Record, Span
from edgelint.loaders.tflite.operators import BUILTINS, PLACEHOLDER
from edgelint.loaders.tflite.schema import DTYPES, TFLITE
from tests.conftest import FIXTURES, SHARED_MODELS
from tests.fuzz.flatbuffer_writer import ENUMS, UNIONS, TooLarge, Word, words, written
from tests.fuzz.formats import LARGEST_SEED
from tests.fuzz.numbers import FLOATS, LENGTHS, changed_bytes, changed_text, integer

SUFFIX = ".tflite"

LARGEST_REPAIRED = 4096
"""Bytes up to which a constant's buffer is given the length that its changed shape asks for."""

Table = tuple[str, Record]
"""A table's name in the schema, and its fields."""


def seeds() -> Iterator[bytes]:
    """The fixtures, small real files, and one operator of each kind."""
    found = [*FIXTURES.glob("models/*.tflite"), *SHARED_MODELS.rglob("*.tflite")]
    for path in sorted(found, key=lambda path: path.stat().st_size):
        if path.stat().st_size <= LARGEST_SEED:
            yield path.read_bytes()
    for code in range(len(BUILTINS)):
        yield written(_one_operator(code))


def mutated(data: bytes, other: bytes, chance: Random) -> bytes:
    """`data` with one to eight changes to its tree, its bytes, or both."""
    tree = _tree(data)
    if tree is None or chance.random() < 0.1:
        return changed_bytes(data, chance)
    tables = list(_tables("Model", tree))
    foreign = _tree(other) if chance.random() < 0.15 else None
    spare = list(_tables("Model", foreign)) if foreign else tables
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        chance.choice(_CHANGES)(tables, spare, chance)
    if chance.random() < 0.6:
        _repair(tree)
    try:
        made = written(tree)
    except TooLarge:
        return changed_bytes(data, chance)
    return changed_bytes(made, chance, aligned=True) if chance.random() < 0.15 else made


def _tree(data: bytes) -> Record | None:
    """The file's content with byte vectors in place; None where the loader's own reader finds none."""
    try:
        buffer = FlatBuffer(data, TFLITE)
        tree = buffer.root("Model")
    except (Malformed, struct.error):
        return None
    for _, record in _tables("Model", tree):
        for field, content in record.items():
            if isinstance(content, Span):
                record[field] = data[content.offset : content.offset + content.length]
            elif type(content) is tuple:
                record[field] = list(content)
    return tree


def _tables(name: str, record: Record) -> Iterator[Table]:
    """`record` and every table below it."""
    waiting = [(name, record)]
    for name, record in waiting:
        yield name, record
        for field, kind in _nested(name):
            content = record.get(field)
            if not content:
                continue
            if kind in UNIONS:
                number = record[field + "_type"]
                if 0 < number <= len(UNIONS[kind]):
                    waiting.append((UNIONS[kind][number - 1], content))
            elif kind.startswith("["):
                waiting.extend((kind[1:-1], each) for each in content)
            else:
                waiting.append((kind, content))


@cache
def _nested(table: str) -> tuple[tuple[str, str], ...]:
    """The fields of a table that hold other tables, and their types."""
    kinds = {*TFLITE.tables, *UNIONS}
    return tuple((word.name, word.kind) for word in words(table) if word.kind.strip("[]") in kinds)


def _change_field(tables: list[Table], spare: list[Table], chance: Random) -> None:
    name, record = chance.choice(tables)
    fields = words(name)
    if fields:
        word = chance.choice(fields)
        if not word.deprecated:
            record[word.name] = _content(word, record, spare, chance)


def _content(word: Word, record: Record, spare: list[Table], chance: Random) -> Any:
    """New content for a field, made from what is there."""
    old, kind = record.get(word.name), word.kind
    if chance.random() < 0.08:
        return word.absent
    if kind == "bool":
        return chance.random() < 0.5
    if kind in ("float", "double"):
        return chance.choice(FLOATS)
    if kind in LETTERS:
        return integer(old or 0, LETTERS[kind], chance)
    if kind in ENUMS:
        return chance.choice(ENUMS[kind][1])
    if kind == "string":
        return changed_text(old or "", [text for text in _texts(spare, chance)], chance)
    if kind == "[ubyte]":
        return changed_bytes(old or b"", chance)
    if kind in UNIONS:
        number = record[word.name + "_type"] = chance.randrange(len(UNIONS[kind]) + 3)
        return _like(UNIONS[kind][number - 1], spare, chance) if 0 < number <= len(UNIONS[kind]) else {}
    if kind.startswith("["):
        return _vector(kind[1:-1], list(old or ()), spare, chance)
    return _like(kind, spare, chance)


def _texts(tables: list[Table], chance: Random) -> Iterator[str]:
    for _ in range(3):
        for content in chance.choice(tables)[1].values():
            if isinstance(content, str):
                yield content


def _vector(kind: str, items: list[Any], spare: list[Table], chance: Random) -> list[Any]:
    """`items` with one added, doubled, dropped, moved, changed, or made very many."""
    act = chance.randrange(7)
    if act == 0 or not items:
        items.insert(chance.randint(0, len(items)), _item(kind, 0, spare, chance))
    elif act == 1:
        items.append(chance.choice(items))
    elif act == 2:
        del items[chance.randrange(len(items))]
    elif act == 3:
        first, second = chance.randrange(len(items)), chance.randrange(len(items))
        items[first], items[second] = items[second], items[first]
    elif act == 4 and len(items) < 100:
        items *= chance.choice(LENGTHS[:3] if kind in TFLITE.tables else LENGTHS)
    elif act == 5:
        del items[chance.randrange(len(items)) :]
    else:
        place = chance.randrange(len(items))
        items[place] = _item(kind, items[place], spare, chance)
    return items


def _item(kind: str, old: Any, spare: list[Table], chance: Random) -> Any:
    if kind in ("float", "double"):
        return chance.choice(FLOATS)
    if kind == "bool":
        return chance.random() < 0.5
    if kind in LETTERS:
        return integer(old, LETTERS[kind], chance)
    if kind in ENUMS:
        return chance.choice(ENUMS[kind][1])
    return _like(kind, spare, chance)


def _like(kind: str, spare: list[Table], chance: Random) -> Record:
    """A table of this kind: one there is somewhere, else an empty one."""
    found = [record for name, record in spare if name == kind]
    return dict(chance.choice(found)) if found and chance.random() < 0.8 else _empty(kind)


def _empty(kind: str) -> Record:
    record = {word.name: word.absent for word in words(kind)}
    return record | {word.name + "_type": 0 for word in words(kind) if word.kind in UNIONS}


def _change_operator(tables: list[Table], spare: list[Table], chance: Random) -> None:
    """Another builtin in place of one, with or without the options that belong to it."""
    codes = [record for name, record in tables if name == "OperatorCode"]
    operators = [record for name, record in tables if name == "Operator"]
    if not codes or not operators:
        return
    place, code = chance.randrange(len(codes)), chance.randrange(len(BUILTINS))
    codes[place]["builtin_code"] = code
    codes[place]["deprecated_builtin_code"] = min(code, PLACEHOLDER)
    operator = chance.choice(operators)
    operator["opcode_index"] = place
    if chance.random() < 0.8:
        _give_options(operator, BUILTINS[code][2], spare, chance)


def _give_options(operator: Record, options: str, spare: list[Table], chance: Random) -> None:
    for union, field in (("BuiltinOptions", "builtin_options"), ("BuiltinOptions2", "builtin_options_2")):
        known = options in UNIONS[union]
        operator[field + "_type"] = UNIONS[union].index(options) + 1 if known else 0
        operator[field] = _like(options, spare, chance) if known else None


def _rewire(tables: list[Table], spare: list[Table], chance: Random) -> None:
    """Another tensor among what an operator or a subgraph reads or writes."""
    ends = [record for name, record in tables if name in ("Operator", "SubGraph")]
    if not ends:
        return
    record, side = chance.choice(ends), chance.choice(("inputs", "outputs"))
    places = record[side] = list(record[side])
    new = chance.choice((-1, chance.randrange(1 + sum(name == "Tensor" for name, _ in tables))))
    if places and chance.random() < 0.6:
        places[chance.randrange(len(places))] = new
    else:
        places.append(new)


def _reshape(tables: list[Table], spare: list[Table], chance: Random) -> None:
    """Another shape or type of a tensor, small enough for its buffer to be given the length."""
    tensors = [record for name, record in tables if name == "Tensor"]
    if not tensors:
        return
    tensor = chance.choice(tensors)
    if chance.random() < 0.7:
        tensor["shape"] = [chance.choice((0, 1, 1, 2, 3, 4, 7, 8, 16)) for _ in range(chance.randrange(7))]
        tensor["shape_signature"] = chance.choice(((), tensor["shape"], [-1, *tensor["shape"][1:]]))
    if chance.random() < 0.5:
        tensor["type"] = chance.choice(tuple(DTYPES))


def _repair(tree: Record) -> None:
    """Gives buffers the length that their tensors ask for, so that more than the first check is reached."""
    buffers = tree["buffers"]
    for subgraph in tree["subgraphs"]:
        for tensor in subgraph["tensors"]:
            number, elements = tensor["buffer"], math.prod(tensor["shape"])
            if not 0 < number < len(buffers) or not buffers[number]["data"] or tensor["sparsity"]:
                continue
            wanted = DTYPES[tensor["type"]].nbytes(elements) if 0 <= elements <= LARGEST_REPAIRED else -1
            data = buffers[number]["data"]
            if wanted != len(data) and 0 <= wanted <= LARGEST_REPAIRED:
                buffers[number]["data"] = (data * (wanted // len(data) + 1))[:wanted]


_CHANGES = (_change_field, _change_field, _change_field, _change_field, _change_operator, _rewire, _reshape)


def _one_operator(code: int) -> Record:
    """A model of one operator with two inputs, one of them a constant."""
    tree = _empty("Model") | {"version": 3, "description": "one operator"}
    name, _, options = BUILTINS[code]
    tree["operator_codes"] = [
        _empty("OperatorCode")
        | {"builtin_code": code, "deprecated_builtin_code": min(code, PLACEHOLDER), "version": 1}
        | ({"custom_code": "Own"} if name == "CUSTOM" else {})
    ]
    tree["buffers"] = [_empty("Buffer"), _empty("Buffer") | {"data": bytes(4 * 4)}]
    tensors = [
        _empty("Tensor") | {"name": text, "shape": shape, "buffer": buffer}
        for text, shape, buffer in (("x", [1, 4, 4, 4], 0), ("w", [4], 1), ("y", [1, 4, 4, 4], 0))
    ]
    operator = _empty("Operator") | {"inputs": [0, 1], "outputs": [2]}
    _give_options(operator, options, [], Random(code))
    graph = {"tensors": tensors, "operators": [operator], "inputs": [0], "outputs": [2], "name": "main"}
    tree["subgraphs"] = [_empty("SubGraph") | graph]
    return tree
