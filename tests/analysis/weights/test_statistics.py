"""Statistics of constants: both backends against NumPy's own, whole and in blocks."""

from __future__ import annotations

import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgelint.analysis.weights import counts_numpy as weight_counts_numpy
from edgelint.analysis.weights import counts_plain as weight_counts_plain
from edgelint.analysis.weights import statistics as weight_statistics
from edgelint.analysis.weights.statistics import Backend, Split, Statistics, blocks, measure
from edgelint.errors import EdgelintError
from edgelint.ir import DType, FileRange, Inline, Tensor
from tests.effort import lines

BACKENDS = {"plain": weight_counts_plain, "numpy": weight_counts_numpy}

FLOATS = (DType.FLOAT64, DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)
INTEGERS = tuple(dtype for dtype in DType if dtype.is_integer)


def tensor(dtype: DType, data: bytes, *shape: int) -> Tensor:
    return Tensor(dtype, shape, len(data), Inline(data))


def floats(*numbers: float) -> Tensor:
    return tensor(DType.FLOAT32, np.array(numbers, "<f4").tobytes(), len(numbers))


def found(subject: Tensor, split: Split | None = None, backend: Backend | None = None) -> Statistics:
    statistics = measure(subject, split, backend)
    assert statistics is not None
    return statistics


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)
class TestCounting:
    def test_it_tells_nan_and_infinities_from_numbers(self, backend: Backend) -> None:
        statistics = found(floats(1, math.nan, -math.inf, math.inf, -2, 3e38), backend=backend)
        assert (statistics.nans, statistics.infinities) == (1, 2)
        assert (statistics.minimum, statistics.maximum) == (-2, np.float32(3e38))

    def test_a_constant_of_nothing_but_nan_has_no_range(self, backend: Backend) -> None:
        statistics = found(floats(math.nan, math.nan), backend=backend)
        assert statistics.magnitude == 0
        assert not statistics.is_constant

    def test_negative_zero_is_zero_and_no_denormal(self, backend: Backend) -> None:
        statistics = found(floats(0.0, -0.0, 1e-40, -1e-45, 2.0**-126), backend=backend)
        assert (statistics.zeros, statistics.denormals) == (2, 2)

    def test_zero_is_what_the_zero_point_says(self, backend: Backend) -> None:
        codes = tensor(DType.UINT8, bytes([128, 128, 0, 255, 255]), 5)
        statistics = found(codes, Split.whole(5, zero_point=128), backend)
        assert (statistics.zeros, statistics.minimum, statistics.maximum) == (2, 0, 255)

    def test_packed_codes_are_read_low_bits_first(self, backend: Backend) -> None:
        statistics = found(tensor(DType.INT4, bytes([0x78, 0x0F]), 3), backend=backend)
        assert (statistics.count, statistics.minimum, statistics.maximum) == (3, -8, 7)

    @pytest.mark.parametrize(
        ("split", "lows"),
        [
            (Split.along((2, 3, 2), 0), (0, 6)),
            (Split.along((2, 3, 2), 1), (0, 2, 4)),
            (Split.along((2, 3, 2), 2), (0, 1)),
            (Split.along((2, 3, 2), 1, through=2), (0, 1, 2, 3, 4, 5)),
            (Split.whole(12), (0,)),
        ],
    )
    @pytest.mark.parametrize("block_bytes", [2**20, 32, 20, 8, 4])
    def test_channels_come_out_the_same_in_blocks_of_any_size(
        self,
        backend: Backend,
        split: Split,
        lows: tuple[float, ...],
        block_bytes: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(weight_statistics, "BLOCK_BYTES", block_bytes)
        statistics = found(floats(*range(12)), split, backend)
        assert statistics.lows == lows
        assert (statistics.minimum, statistics.maximum) == (0, 11)


@st.composite
def constants(draw: st.DrawFn) -> tuple[Tensor, Split]:
    """Any stored bytes at all, as any type, split in any way."""
    dtype = draw(st.sampled_from((*FLOATS, *INTEGERS)))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    size = dtype.nbytes(math.prod(shape))
    data = bytearray(draw(st.binary(min_size=size, max_size=size)))
    # The highest byte makes a float 0, denormal, infinite or no number: chance alone seldom hits on it.
    highest = range(max(dtype.bits // 8, 1) - 1, size, max(dtype.bits // 8, 1))
    for place in draw(st.sets(st.sampled_from(highest), max_size=4)):
        data[place] = draw(st.sampled_from(b"\x00\x80\x7f\xff\x7c\xfc"))
    axis = draw(st.integers(0, len(shape) - 1))
    return tensor(dtype, bytes(data), *shape), Split.along(
        shape, axis, zero_point=draw(st.integers(-300, 300))
    )


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(constants(), st.sampled_from([2**20, 16, 8]))
def test_the_backends_agree(constant: tuple[Tensor, Split], block_bytes: int) -> None:
    before, weight_statistics.BLOCK_BYTES = weight_statistics.BLOCK_BYTES, block_bytes
    try:
        assert found(*constant, weight_counts_plain) == found(*constant, weight_counts_numpy)
    finally:
        weight_statistics.BLOCK_BYTES = before


@given(constants())
def test_the_statistics_are_those_of_the_whole_array(constant: tuple[Tensor, Split]) -> None:
    subject, split = constant
    statistics, whole = found(subject, split, weight_counts_plain), subject.numpy()
    finite = whole[np.isfinite(whole)]
    shaped = whole.reshape(split.outer, split.channels, split.inner)
    assert statistics.nans == np.count_nonzero(np.isnan(whole))
    assert statistics.minimum == (finite.min() if finite.size else math.inf)
    assert statistics.zeros == np.count_nonzero(
        whole == (split.zero_point if whole.dtype.kind in "iu" else 0)
    )
    for channel in range(split.channels):
        there = shaped[:, channel].ravel().tolist()
        assert statistics.highs[channel] == max(filter(math.isfinite, there), default=-math.inf)


@given(st.builds(Split, *[st.integers(1, 40)] * 3), st.integers(1, 100))
def test_blocks_cover_a_constant_once_and_are_bounded(split: Split, most: int) -> None:
    made = list(blocks(split, most))
    assert sum(block.elements for block in made) == split.outer * split.channels * split.inner
    assert max(block.elements for block in made) <= most
    assert all(block.first + block.channels <= split.channels for block in made)


@pytest.mark.parametrize("dtype", [DType.STRING, DType.BOOL, DType.COMPLEX64, DType.FLOAT8E4M3FN])
def test_what_is_no_real_number_has_no_statistics(dtype: DType) -> None:
    assert measure(tensor(dtype, bytes(8), 1)) is None


def test_a_constant_without_elements_has_no_statistics() -> None:
    assert measure(tensor(DType.FLOAT32, b"", 0, 3)) is None


def test_a_declared_size_is_not_allocated_before_the_file_has_it(tmp_path: Path) -> None:
    path = tmp_path / "short.bin"
    path.write_bytes(bytes(100))
    length = 2**50
    with pytest.raises(EdgelintError, match="ends before byte"):
        measure(Tensor(DType.FLOAT32, (length // 4,), length, FileRange(path, 0, length)))


def test_too_few_bytes_are_an_error() -> None:
    with pytest.raises(EdgelintError, match="fewer bytes"):
        measure(Tensor(DType.FLOAT32, (4,), 16, Inline(bytes(12))))


def test_small_constants_are_counted_without_importing_numpy() -> None:
    program = (
        "import sys\n"
        "from edgelint.analysis.weights.statistics import measure\n"
        "from edgelint.ir import DType, Inline, Tensor\n"
        "assert measure(Tensor(DType.FLOAT32, (4,), 16, Inline(bytes(16)))).zeros == 4\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_further_constant_is_not_one_more_look_at_all_octets() -> None:
    tensor = Tensor(DType.INT8, (4,), 4, Inline(bytes(4)))
    work = partial(measure, tensor, Split.whole(4), weight_counts_plain)
    work()
    assert lines(work) < 256
