"""A check takes as much work for each node of a large graph as for each of a small one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.graphs import PATTERNS, WRITERS
from edgelint.checker import Settings, check_file
from edgelint.targets import find
from tests.effort import growth


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_work_is_linear_in_nodes(pattern: str, suffix: str, tmp_path: Path) -> None:
    def checking(count: int) -> Callable[[], object]:
        path = tmp_path / f"{count}.{suffix}"
        WRITERS[suffix](PATTERNS[pattern](count), path)
        return lambda: check_file(path, Settings(targets=(find("cortex-m4"),)))

    assert growth(checking, 60, 240, least=10) < 1.2
