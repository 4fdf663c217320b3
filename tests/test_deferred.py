"""Classes of `edgelint.deferred` behave like those of `dataclasses`, whatever is asked of them first."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar

import pytest

from edgelint.deferred import FEW, dataclass, replace
from tests.test_rooms import MODULES


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """With slots."""

    x: int
    y: int = 2
    tags: Mapping[str, int] = dataclasses.field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Sheet:
    """With a dictionary of its own."""

    width: int
    marks: list[int] = dataclasses.field(default_factory=list)
    title: str = dataclasses.field(default="", repr=False)

    @cached_property
    def double(self) -> int:
        return 2 * self.width


def fresh(decorate: Callable[..., Any], **options: bool) -> Any:
    class Thing:
        """A thing."""

        name: str
        size: int = 3
        parts: list[str] = dataclasses.field(default_factory=list)
        hidden: int = dataclasses.field(default=0, repr=False)

    return decorate(**options)(Thing)


FORMS = [
    {},
    {"frozen": True},
    {"slots": True},
    {"frozen": True, "slots": True},
    {"eq": False},
    {"slots": True, "eq": False},
    {"frozen": True, "slots": True, "order": True},
]

ASKED: dict[str, Callable[[Any], object]] = {
    "repr": lambda kind: repr(kind("a", parts=["b"])).replace(kind.__qualname__, "Thing"),
    "equal": lambda kind: (kind("a") == kind("a"), kind("a") == kind("b"), kind("a") == 1),
    "hashable": lambda kind: kind.__hash__ is not None,
    "of the class": lambda kind: kind.size if isinstance(kind.size, int) else type(kind.size),
    "default of a field": lambda kind: "hidden" in vars(kind) and kind.hidden == 0,
    "instance": lambda kind: (kind("a", 4).size, kind(size=5, name="b").size, kind("a").parts),
    "fields": lambda kind: [(each.name, each.type, each.repr) for each in dataclasses.fields(kind)],
    "fields of one": lambda kind: [each.name for each in dataclasses.fields(kind("a"))],
    "is one": dataclasses.is_dataclass,
    "dictionary": lambda kind: dataclasses.asdict(kind("a")),
    "replaced": lambda kind: dataclasses.replace(kind("a"), size=9).size,
    "parameters": lambda kind: list(inspect.signature(many(kind)[-1].__init__).parameters),
    "many": lambda kind: [each.size for each in many(kind)],
    "matched": lambda kind: kind.__match_args__,
    "documented": lambda kind: kind.__doc__,
    "named": lambda kind: kind.__name__,
    "order": lambda kind: kind("a") < kind("b"),
    "missing": lambda kind: kind(),
    "unknown": lambda kind: kind("a", colour=1),
    "changed": lambda kind: setattr(kind("a"), "size", 1),
    "deleted": lambda kind: delattr(kind("a"), "size"),
}


def many(kind: Any) -> list[Any]:
    """More instances than are made without a compiled `__init__`."""
    return [kind("a", size) for size in range(FEW + 1)]


def outcome(ask: Callable[[Any], object], kind: Any) -> object:
    try:
        return ask(kind)
    except (TypeError, AttributeError) as error:
        return type(error)


@pytest.mark.parametrize("options", FORMS, ids=lambda options: " ".join(options) or "plain")
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_means_the_same_as_dataclasses(ask: Callable[[Any], object], options: dict[str, bool]) -> None:
    assert outcome(ask, fresh(dataclass, **options)) == outcome(ask, fresh(dataclasses.dataclass, **options))


@pytest.mark.parametrize("thing", [Point(1, tags={"a": 1}), Sheet(2, [3], "four")], ids=["slots", "no slots"])
def test_survives_pickle_and_copy(thing: object) -> None:
    assert pickle.loads(pickle.dumps(thing)) == copy.copy(thing) == copy.deepcopy(thing) == thing


def test_methods_of_the_class_are_kept() -> None:
    assert Sheet(4).double == 8


def test_comparisons_leave_out_what_they_shall() -> None:
    assert Point(1, tags={"a": 1}) == Point(1)
    assert hash(Point(1, tags={"a": 1})) == hash(Point(1))
    assert sorted([Point(2), Point(1, 3), Point(1)]) == [Point(1), Point(1, 3), Point(2)]


def test_replaced_is_another_of_its_kind() -> None:
    for kind in (fresh(dataclass, frozen=True, slots=True), fresh(dataclasses.dataclass, frozen=True)):
        one = kind("a", parts=["b"])
        assert replace(one, size=9) == kind("a", 9, ["b"]) != one
        with pytest.raises(TypeError):
            replace(one, colour=1)


def test_many_threads_may_be_the_first() -> None:
    for _ in range(20):
        kind = fresh(dataclass, frozen=True, slots=True, order=True)
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(lambda n: (kind("a", n).size, repr(kind("a"))), range(40)))  # noqa: B023
        assert [size for size, _ in seen] == list(range(40))


def test_slots_take_no_other_attribute() -> None:
    for frozen in (True, False):
        with pytest.raises(AttributeError):
            fresh(dataclass, frozen=frozen, slots=True)("a").colour = 1


def test_unusual_classes_are_left_to_dataclasses() -> None:
    @dataclass(frozen=True)
    class Counted:
        made: ClassVar[int] = 0
        size: int = 1

        def __post_init__(self) -> None:
            type(self).made += 1

        def __repr__(self) -> str:
            return "counted"

    assert (Counted(3).size, Counted.made, repr(Counted())) == (3, 1, "counted")

    @dataclass(frozen=True)
    class Later:
        size: int = dataclasses.field(init=False, default=4)

    assert Later().size == 4


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_class_can_be_completed(module: str) -> None:
    """What `dataclasses` refuses (a list as a default, say) would otherwise be said to a user only."""
    from importlib import import_module

    for kind in vars(import_module(module)).values():
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            assert dataclasses.fields(kind)
