"""Work on several processes: in order, each piece once, whatever becomes of the processes."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from edgelint.workers import WINDOW, in_order

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="speaks of POSIX systems")


def work_on(shared: str, own: str) -> str:
    """What a piece says it wants done."""
    match own.split():
        case ["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["die-once", met]:
            if not os.path.exists(met):
                Path(met).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case ["die-in-company", folder]:
            if len(os.listdir(folder)) > 1:
                os.kill(os.getpid(), signal.SIGKILL)
        case ["exit"]:
            os._exit(3)
        case ["raise"]:
            raise ValueError("so be it")
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["busy", folder]:
            mark = Path(folder, str(os.getpid()))
            mark.touch()
            time.sleep(0.3)
            mark.unlink()
        case ["many", count]:
            return "x" * int(count)
        case ["collect"]:
            gc.collect()
            return str(len(put_away))
        case ["odd"]:
            return lambda: None  # type: ignore[return-value]
    return f"{shared}:{own}"


class Circle:
    """What only the garbage collector puts away."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        put_away.append(os.getpid())


put_away: list[int] = []


def lost(own: str, reason: str) -> str:
    return f"{own} {reason}"


def done(*pieces: str, jobs: int = 2, time_limit: float = 60.0) -> list[str]:
    return list(in_order(work_on, (("s", piece) for piece in pieces), jobs, lost, time_limit))


def test_what_a_process_has_from_the_one_that_began_it_is_not_its_own_to_put_away() -> None:
    gc.disable()
    try:
        Circle()
        assert done("collect", "collect") == ["0", "0"]
    finally:
        gc.enable()


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_order_whoever_is_done_first(jobs: int) -> None:
    pieces = ["sleep 0.2", "a", "b", "sleep 0.1", *map(str, range(50))]
    assert done(*pieces, jobs=jobs) == [f"s:{piece}" for piece in pieces]
    assert done(jobs=jobs) == []
    assert active_children() == []


def test_a_piece_that_kills_its_process_twice_is_lost_and_no_other() -> None:
    assert done("a", "die", "b", "exit", "c") == [
        "s:a",
        "die ends the process that reads it (SIGKILL)",
        "s:b",
        "exit ends the process that reads it (exit code 3)",
        "s:c",
    ]


def test_a_piece_that_kills_its_process_once_has_a_result(tmp_path: Path) -> None:
    piece = f"die-once {tmp_path / 'mark'}"
    assert done("a", piece, "b") == ["s:a", f"s:{piece}", "s:b"]


def test_a_piece_is_tried_again_while_nothing_else_runs(tmp_path: Path) -> None:
    """As one that needs more memory than is left beside the others."""
    (tmp_path / "other").touch()
    busy = [f"busy {tmp_path}"] * 6
    alone = f"die-in-company {tmp_path}"
    assert done(*busy[:3], alone, *busy[3:])[3] == f"s:{alone}"


def test_what_raises_or_cannot_be_passed_on_is_lost_with_the_reason() -> None:
    raised, odd, fine = done("raise", "odd", "a")
    assert raised == "raise makes edgelint fail: ValueError: so be it"
    assert odd.startswith("odd gives what cannot be passed on: ")
    assert fine == "s:a"


def test_a_piece_that_takes_too_long_is_lost() -> None:
    begin = time.monotonic()
    assert done("a", "sleep 60", "b", time_limit=0.5) == [
        "s:a",
        "sleep 60 takes longer than 0.5 seconds",
        "s:b",
    ]
    assert time.monotonic() - begin < 30


def test_large_pieces_and_results_pass() -> None:
    (result, piece) = done("many 3000000", "y" * 3_000_000)
    assert (len(result), len(piece)) == (3_000_000, 3_000_002)


def test_work_is_drawn_a_window_ahead_and_no_further() -> None:
    drawn = 0

    def pieces() -> Iterator[tuple[str, str]]:
        nonlocal drawn
        for drawn in range(1, 10_001):
            yield "s", str(drawn)

    for number, _ in enumerate(in_order(work_on, pieces(), 2, lost), start=1):
        assert drawn - number <= 2 * WINDOW
        if number == 500:
            break


def test_all_processes_end_with_the_iterator() -> None:
    results = in_order(work_on, (("s", piece) for piece in ["a", "sleep 60", "sleep 60"]), 3, lost)
    assert next(results) == "s:a"
    assert len(active_children()) > 0
    results.close()  # type: ignore[attr-defined]
    assert active_children() == []
