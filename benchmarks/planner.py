"""What planning the arena of a very large model costs, in units of `import numpy` on the same machine.

    python -m benchmarks.planner [TENSORS]

Prints one line per shape of model: seconds of processor time, and how many imports of numpy that is.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from edgelint.analysis.tflm.greedy_plan import Buffer, plan

REPEATS = 3


def chain(count: int, size: Callable[[], int]) -> list[Buffer]:
    """Each tensor is read by the next operator alone, as in a plain stack of layers."""
    return [Buffer(size(), step, step + 1) for step in range(count)]


def skips(count: int, size: Callable[[], int]) -> list[Buffer]:
    """Most tensors die at once, some live 20 or 500 operators long, as across skip connections."""
    reach = random.Random(2)
    return [Buffer(size(), step, step + reach.choice((1, 1, 1, 2, 20, 500))) for step in range(count)]


def dense(count: int, size: Callable[[], int]) -> list[Buffer]:
    """Every tensor lives to the end, as when all are concatenated."""
    return [Buffer(size(), step, count) for step in range(count)]


def window(count: int, size: Callable[[], int]) -> list[Buffer]:
    """About 500 tensors are alive at any time, each for a random while."""
    reach = random.Random(3)
    return [Buffer(size(), step, step + reach.randint(0, 1000)) for step in range(count)]


def uniform(count: int, size: Callable[[], int]) -> list[Buffer]:
    """Lives begin and end anywhere: no network is like this, it is the planner's worst case."""
    clock = random.Random(4)
    lives = (sorted((clock.randint(0, count), clock.randint(0, count))) for _ in range(count))
    return [Buffer(size(), first, last) for first, last in lives]


SHAPES = (chain, skips, dense, window, uniform)


def main(count: int) -> None:
    """Times every shape with `count` tensors."""
    unit = median(_import_numpy() for _ in range(REPEATS))
    print(f"{count:,} tensors; import numpy takes {unit:.3f} s")
    for shape in SHAPES:
        chance = random.Random(1)
        buffers = shape(count, lambda chance=chance: 16 * chance.randint(1, 5000))  # type: ignore[misc]
        seconds = min(_planned(buffers) for _ in range(REPEATS))
        print(f"{shape.__name__:<8} {seconds:6.3f} s = {seconds / unit:5.1f} x import numpy")


def _planned(buffers: list[Buffer]) -> float:
    start = time.process_time()
    plan(buffers)
    return time.process_time() - start


def _import_numpy() -> float:
    """Seconds of processor time that a new process spends on importing numpy, its own start excluded."""
    program = "import time; a = time.process_time(); import numpy; print(time.process_time() - a)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
