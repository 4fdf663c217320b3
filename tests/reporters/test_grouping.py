"""Findings that are told together in text."""

from __future__ import annotations

import io

from edgelint.report import Report
from edgelint.reporters import Style, text
from edgelint.reporters.grouping import groups
from edgelint.rule import Finding, Location, Severity


def finding(node: str, message: str, code: str = "EL999") -> Finding:
    return Finding(code, "made-up", Severity.WARNING, message, location=Location(node=node, op="CONV_2D"))


def test_findings_that_differ_in_numbers_are_told_together_when_there_are_many() -> None:
    many = [finding(f"n{n}", f"'n{n}' has {n} of {n * 1.5:.1f} KiB, int8[1,{n}]") for n in range(1, 5)]
    (group,) = groups(many)
    assert group.varied
    assert group.findings == tuple(many)
    assert [len(each.findings) for each in groups(many[:3])] == [1, 1, 1]


def test_findings_that_differ_in_names_only_are_told_together_however_few() -> None:
    (group,) = groups([finding("a", "'a' is slow"), finding("b", "'b' is slow")])
    assert not group.varied


def test_a_group_is_its_first_finding_and_where_the_others_are() -> None:
    many = tuple(finding(f"n{n}", f"'n{n}' stores {n}00 B of zeros") for n in range(1, 8))
    out = io.StringIO()
    text.write([Report("m.tflite", profile=None, findings=many)], out, Style(quiet=True))
    assert out.getvalue().splitlines() == [
        "m.tflite:n1: EL999 warning: 'n1' stores 100 B of zeros",
        "    also at n2, n3, n4 and 3 more, with other numbers",
    ]
    assert len(Report("m.tflite", findings=many).to_dict()["findings"]) == 7


def test_words_with_digits_are_no_numbers() -> None:
    mixed = [finding(f"n{n}", f"computes in {word}") for n, word in enumerate(["int8", "int16"] * 3)]
    assert [len(each.findings) for each in groups(mixed)] == [3, 3]


def test_units_and_shapes_of_other_ranks_count_as_numbers() -> None:
    said = [
        "needs 900 B for 1×8",
        "needs 1.2 KiB for 1×8×8",
        "needs 3 MiB for 4",
        "needs 1,024 B for 1×1×1×1",
    ]
    (group,) = groups(finding(f"n{n}", message) for n, message in enumerate(said))
    assert group.varied


def test_groups_keep_the_order_of_their_first_findings() -> None:
    mixed = [finding("a", "one"), finding("b", "two"), finding("c", "one"), finding("d", "x", "EL998")]
    assert [[each.location.node for each in group.findings] for group in groups(mixed)] == [
        ["a", "c"],
        ["b"],
        ["d"],
    ]
