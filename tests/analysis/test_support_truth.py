"""Verdicts held against the real runtimes, and the page that says how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import verdicts
from benchmarks.page import parts
from benchmarks.verdicts_compare import Judged
from tests.analysis import real_runtimes
from tests.analysis.real_runtimes import Runtime
from tests.conftest import FIXTURES, SHARED_MODELS

RUNTIMES = {
    "tflm": real_runtimes.TFLM,
    "litert": real_runtimes.LITERT,
    "onnxruntime": real_runtimes.ONNXRUNTIME,
}
FALSELY_REFUSED = 0.01
"""The largest share of what runs that edgelint may refuse."""


def asked(name: str, collection: str, folder: Path) -> list[Judged]:
    """The models of that collection, as edgelint and the runtime see them."""
    runtime: Runtime | None = {**RUNTIMES, "xnnpack": real_runtimes.XNNPACK}.get(name)
    if runtime is not None and runtime.package is None:
        pytest.skip(f"none of {', '.join(runtime.packages)} is installed")
    if runtime is None and real_runtimes.VELA is None:
        pytest.skip("Vela is not here: pip install ethos-u-vela, or EDGELINT_VELA")
    subject = verdicts.SUBJECTS[name]
    paths = verdicts.collections(subject, SHARED_MODELS, folder)[collection]
    if not paths:
        pytest.skip("these models are not beside the repository")
    return list(subject.compare(paths))


def not_explained(name: str, judged: Sequence[Judged]) -> list[Judged]:
    """Where they differ for no reason that is known."""
    return [
        each
        for each in judged
        if (each.is_false_supported or each.is_false_refused)
        and verdicts.explanation(name, each) is verdicts.NOT_EXPLAINED
    ]


@pytest.mark.parametrize("name", ["tflm", "onnxruntime"])
def test_fixtures_run_exactly_where_they_are_said_to_run(name: str, tmp_path: Path) -> None:
    assert not_explained(name, asked(name, "fixtures", tmp_path)) == []


def test_tflite_micro_runs_exactly_the_public_models_that_are_said_to_run(tmp_path: Path) -> None:
    assert not_explained("tflm", asked("tflm", "public", tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("collection", ["public", "fixtures", "generated"])
@pytest.mark.parametrize("name", verdicts.SUBJECTS)
def test_every_difference_from_a_runtime_is_explained(name: str, collection: str, tmp_path: Path) -> None:
    judged = asked(name, collection, tmp_path)
    assert not_explained(name, judged) == []
    runs = sum(each.theirs in ("runs", "delegated") for each in judged)
    refused = [
        each for each in judged if each.is_false_refused and verdicts.explanation(name, each).is_support
    ]
    assert len(refused) <= max(1, FALSELY_REFUSED * runs)


@pytest.mark.parametrize("name", verdicts.SUBJECTS)
def test_the_page_has_a_table_for_every_runtime(name: str) -> None:
    text = parts(verdicts.PAGE)[name]
    subject = verdicts.SUBJECTS[name]
    assert f"## {subject.heading}\n" in text
    assert f"| models | edgelint says | {' | '.join(subject.outcomes)} |" in text
    assert {"public", "fixtures", "generated"} == {row.split(" | ")[0][2:] for row in rows(text)}
    assert "not explained" not in text


@pytest.mark.parametrize("name", verdicts.SUBJECTS)
def test_no_model_on_the_page_is_falsely_said_to_be_supported(name: str) -> None:
    wrong = next(
        line for line in parts(verdicts.PAGE)[name].splitlines() if line.startswith("False *supported*")
    )
    supported, refused = wrong.split(" False *refused*: ")
    count, _, rest = supported.removeprefix("False *supported*: ").partition(" of ")
    elsewhere = int(rest.split("%), ")[1].split()[0]) if "reason" in rest else 0
    allowed = ACCEPTED.get(name, 0)
    assert int(count) - elsewhere <= allowed
    assert float(refused.split("(")[1].split(" %")[0]) <= 100 * FALSELY_REFUSED


ACCEPTED = {"xnnpack": 1, "vela-u55": 12, "vela-u65": 12, "vela-u85": 16}
"""False "supported" that the page explains, nearly all of generated operators."""


def test_the_page_counts_the_fixtures_that_are_here() -> None:
    counted = sum(
        int(number) for row in rows(parts(verdicts.PAGE)["tflm"]) for number in cells(row, "fixtures")
    )
    present = [path for path in FIXTURES.rglob("*.tflite") if "malformed" not in path.parts]
    assert counted == len(present)


def rows(text: str) -> list[str]:
    """The rows of the part's table."""
    return [line for line in text.splitlines() if line.startswith(("| public", "| fixtures", "| generated"))]


def cells(row: str, collection: str) -> list[str]:
    """The counts in a row about that collection, none in one about another."""
    parts = row.strip("| ").split(" | ")
    return parts[2:] if parts[0] == collection else []
