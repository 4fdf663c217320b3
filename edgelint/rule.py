"""Rules, what they find, and the registry that knows them all."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from edgelint.analysis.figure import Basis
from edgelint.deferred import dataclass
from edgelint.entry_points import OWN, others
from edgelint.errors import EdgelintError
from edgelint.ir.model import Graph, Node
from edgelint.rule_index import Listed, are_installed, listed, unlisted

if TYPE_CHECKING:
    from edgelint.context import Context
    from edgelint.examples import Example

ENTRY_POINT_GROUP = "edgelint.rules"

FAMILIES = {
    "1": "operators",
    "2": "memory and compute",
    "3": "quantization",
    "4": "heads and activations",
    "5": "graph",
    "6": "weights",
    "7": "security",
    "8": "training configuration",
    "9": "the file itself",
}
"""First digit of a code to what its rules are about."""


class Severity(str, Enum):
    """How much a finding matters.

    error: the model will not run, or its output is wrong.
    warning: likely wrong or costly.
    note: worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    # The hash of Enum is of the name and in Python: ten times as slow.
    __hash__ = str.__hash__

    @property
    def rank(self) -> int:
        """0 for an error, 1 for a warning, 2 for a note."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the model a finding is; all empty for the model as a whole.

    op: the operator in the user's own word; index: its place in its graph's file order, or -1.
    """

    graph: str = ""
    node: str = ""
    op: str = ""
    index: int = -1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule has to say.

    message: what is wrong, in one sentence without a full stop, naming numbers and the user's words.
    hint: what to change upstream, in one sentence.
    evidence: how sure the rule is.
    data: the numbers behind the message, JSON-serialisable.
    """

    code: str
    rule: str
    severity: Severity
    message: str
    hint: str = ""
    evidence: Basis = Basis.EXACT
    location: Location = field(default_factory=Location)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """A threshold of a rule that a user may move.

    default: its usual value, whose type an override must have (an int passes for a float).
    about: what it limits, in which unit, and where the default comes from.
    """

    default: float | int | str | bool
    about: str

    def read(self, word: object) -> float | int | str | bool | None:
        """`word`, from a configuration or a command line, as this option's type; None if it is none."""
        kind = type(self.default)
        if kind is bool or isinstance(word, bool):
            said = _BOOLEANS.get(str(word).lower())
            return said if kind is bool else None
        if not isinstance(word, (int, float, str)):
            return None
        try:
            return kind(word)
        except ValueError:
            return None


_BOOLEANS = {"true": True, "false": False}


class Rule:
    """One thing edgelint looks for. A subclass is one file, named after the rule.

    Its docstring is its documentation: a first line, then `## Why it matters` and
    `## What to do`. `VALID` and `INVALID` are examples that are tested and shown in the docs.

    code: letters, "EL" for edgelint's own, and three digits, of which the first is the family. name: the
    bad pattern, in kebab case. severity: the usual one; a finding may carry another. hint: what to do,
    unless the finding says better. unreadable: whether a finding means that the file could not be judged
    (exit code 2). policy: whether it holds a model against what the user agreed to, which says nothing of
    whether it runs. options: thresholds by name, that `context.option` reads. yields_to: codes of rules
    that say the same more precisely; where one of them speaks of a node, this rule says nothing of it.
    needs: what must be there for it to find anything, all of it: keys of `edgelint.conditions.CONDITIONS`.
    operators: one of these a node of the source graph must be (`Node.op`), or end in as its activation; ()
    for no matter.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    hint: ClassVar[str] = ""
    unreadable: ClassVar[bool] = False
    policy: ClassVar[bool] = False
    options: ClassVar[Mapping[str, Option]] = {}
    yields_to: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    operators: ClassVar[tuple[str, ...]] = ()

    VALID: ClassVar[list[Example]] = []
    INVALID: ClassVar[list[tuple[Example, str]]] = []

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A class without a code is what several rules have in common.
        if hasattr(cls, "code"):
            _verify(cls)
            _CLASSES[cls.code] = cls

    def check(self, context: Context) -> Iterator[Finding]:
        """The findings of this rule in `context`; nothing where it can't know."""
        raise NotImplementedError

    def finding(
        self,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity | None = None,
        evidence: Basis = Basis.EXACT,
        location: Location | None = None,
        **data: Any,
    ) -> Finding:
        """A finding of this rule about the whole model, or about `location`."""
        own, said = severity or self.severity, self.hint if hint is None else hint
        return Finding(self.code, self.name, own, message, said, evidence, location or Location(), data)

    def at(
        self,
        graph: Graph,
        node: Node,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity | None = None,
        evidence: Basis = Basis.EXACT,
        **data: Any,
    ) -> Finding:
        """A finding of this rule about `node` of `graph`."""
        # Made here and by position: a model may have one for each of its nodes, and to hand the words on
        # to `finding` takes as long as all the rest.
        source = node.source
        location = Location(graph.name, node.name, source.op, source.index)
        own, said = severity or self.severity, self.hint if hint is None else hint
        return Finding(self.code, self.name, own, message, said, evidence, location, data)

    @classmethod
    def documentation(cls) -> str:
        """The docstring, unindented: Markdown."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def summary(cls) -> str:
        """The documentation's first line."""
        return cls.documentation().partition("\n")[0]


class Refusal:
    """What a rule is besides, whose problem a loader raises as an error: no model is left to check.

    Such a rule documents its code; it has no examples.
    """

    unreadable: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("nothing",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Nothing: the loader has said it already."""
        return iter(())


_CLASSES: dict[str, type[Rule]] = {}

_CODE = re.compile(r"[A-Z]{2,16}[1-9][0-9]{2}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _verify(cls: type[Rule]) -> None:
    """Raises TypeError for a class that is no rule, or whose code another one has."""
    owner, own = _CLASSES.get(cls.code), listed().get(cls.code)
    taken = owner.__module__ if owner else own.module if own else ""
    kinds = {
        "code": isinstance(cls.code, str) and _CODE.fullmatch(cls.code),
        "name": isinstance(getattr(cls, "name", None), str) and _NAME.fullmatch(cls.name),
        "severity": isinstance(getattr(cls, "severity", None), Severity),
        "check": cls.check is not Rule.check,
        "options": all(isinstance(option, Option) for option in cls.options.values()),
    }
    for attribute, right in kinds.items():
        if not right:
            raise TypeError(f"{cls.__qualname__} has no {attribute} as a rule has")
    if cls.__init__ is not object.__init__:
        raise TypeError(f"{cls.__qualname__} has an __init__, as no rule has")
    if taken and taken != cls.__module__:
        raise TypeError(f"code {cls.code} of {cls.__module__} is taken by {taken}")


def family(code: str) -> str:
    """The digit that says what a rule is about, a key of `FAMILIES`."""
    return code[-3]


class Registry(Mapping[str, Rule]):
    """Every installed rule by code, in code order; edgelint's own are imported when they are asked for."""

    def __init__(self) -> None:
        self._rules = {code: rule() for code, rule in _CLASSES.items() if code not in listed()}
        self._codes = dict.fromkeys(sorted({*listed(), *self._rules}))

    def __getitem__(self, code: str) -> Rule:
        """The rule. Raises EdgelintError where edgelint lacks one of its own."""
        if code not in self._rules:
            self._rules[code] = _imported(code)
        return self._rules[code]

    def __contains__(self, code: object) -> bool:
        return code in self._codes

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def name(self, code: str) -> str:
        """The name of the rule `code`, which need not be imported for it."""
        return listed()[code].name if code in listed() else self._rules[code].name


def _imported(code: str) -> Rule:
    from edgelint.rule_packs import load_modules

    module = listed()[code].module
    fault = load_modules([module])
    if not fault and code not in _CLASSES:
        fault = f"has no {code} in {module}"
    if fault:
        raise EdgelintError(Path(), f"edgelint {fault}", hint="install it again")
    return _CLASSES[code]()


def registry() -> Registry:
    """Every installed rule: edgelint's own and those of rule packs.

    Raises EdgelintError when edgelint itself is not installed (its rules lie beside it in a checkout).
    """
    return _installed()[0]


def broken_packs() -> Mapping[str, str]:
    """The rule packs of which not every rule is in the registry, and why: a phrase that follows the name."""
    return _installed()[1]


def requirements(code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`needs` and `operators` of the rule `code`, which need not be imported for it; nothing if unknown."""
    rule: Listed | type[Rule] | None = listed().get(code) or _CLASSES.get(code)
    return (rule.needs, rule.operators) if rule else ((), ())


@cache
def _installed() -> tuple[Registry, Mapping[str, str]]:
    if not are_installed():
        raise EdgelintError(Path(), "edgelint is not installed here", hint="pip install -e .")
    faults = {}
    if new := unlisted():
        from edgelint.rule_packs import load_modules

        faults[OWN] = load_modules(new)
    for point in others(ENTRY_POINT_GROUP):
        from edgelint.rule_packs import load_pack

        faults[point.name] = load_pack(point.load)
    return Registry(), {name: fault for name, fault in faults.items() if fault}


def find(word: str) -> Rule:
    """The rule with this code or name.

    Raises EdgelintError, naming the nearest ones, when there is none.
    """
    known = registry()
    for code in known:
        if word.upper() == code or word.lower() == known.name(code):
            return known[code]
    raise unknown_rule(word)


def select(words: Iterable[str]) -> frozenset[str]:
    """The codes that `words` mean: codes, names, or prefixes of codes such as EL3.

    Raises EdgelintError, naming the nearest ones, for a word that means none.
    """
    known = registry()
    codes: set[str] = set()
    for word in words:
        prefix = word.upper()
        hits = {
            code
            for code in known
            if (code.startswith(prefix) and prefix.startswith(code[:-3])) or known.name(code) == word.lower()
        }
        if not hits:
            raise unknown_rule(word)
        codes |= hits
    return frozenset(codes)


def unknown_rule(word: str) -> EdgelintError:
    """The error for a word that names no rule, with the nearest ones as its hint."""
    from difflib import get_close_matches

    rules = registry()
    known = [*map(rules.name, rules), *rules]
    near = get_close_matches(word.lower(), known, 3) or get_close_matches(word.upper(), known, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`edgelint rule` lists them all"
    for name, fault in broken_packs().items():
        hint += f"; the rule pack {name!r} {fault}"
    return EdgelintError(Path(), f"there is no rule {word!r}", hint=hint)
