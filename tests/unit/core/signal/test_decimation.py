"""Whatever is drawn, no extreme is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signal.decimation import build_pyramid, decimate_view, min_max_decimate
from utils.exceptions import InvalidInputError


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


def reader(values: np.ndarray) -> Callable[[int, int], np.ndarray]:
    return lambda first, last: values[first:last]


@settings(max_examples=200, deadline=None)
@given(n_samples=st.integers(1, 5000), n_points=st.integers(2, 400), seed=st.integers(0, 9), data=st.data())
def test_a_single_sample_spike_survives_anywhere(
    n_samples: int, n_points: int, seed: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, n_samples - 1))
    sign = data.draw(st.sampled_from([-1.0, 1.0]))
    values = noise(n_samples, seed)
    values[at] = sign * 99.0
    indexes, decimated = min_max_decimate(values, n_points, start_index=1000)
    assert 1 <= len(indexes) <= n_points or n_samples <= n_points
    assert (np.diff(indexes) > 0).all()
    np.testing.assert_array_equal(decimated, values[indexes - 1000])
    assert decimated[indexes == at + 1000].tolist() == [sign * 99.0]


def test_each_bin_gives_its_smallest_and_largest_sample_in_order_of_time() -> None:
    values = np.array([0.0, 3.0, -1.0, 0.0, 5.0, 4.0, 6.0, 7.0])
    indexes, decimated = min_max_decimate(values, 4)
    assert indexes.tolist() == [1, 2, 5, 7]
    assert decimated.tolist() == [3.0, -1.0, 4.0, 7.0]


def test_a_short_trace_comes_back_whole() -> None:
    indexes, decimated = min_max_decimate([1.0, 2.0, 3.0], 3, start_index=7)
    assert indexes.tolist() == [7, 8, 9]
    assert decimated.tolist() == [1.0, 2.0, 3.0]


def test_a_constant_trace_gives_one_point_per_bin() -> None:
    indexes, decimated = min_max_decimate(np.full(1000, 2.5), 20)
    assert len(indexes) == 10
    assert set(decimated.tolist()) == {2.5}


def test_one_point_is_not_a_trace() -> None:
    with pytest.raises(InvalidInputError):
        min_max_decimate(noise(10), 1)
    with pytest.raises(InvalidInputError):
        decimate_view(reader(noise(3000)), build_pyramid(noise(3000), 4), 4, 0, 3000, 1)


@pytest.mark.parametrize("n_samples", [1, 255, 256, 257, 100_000, 256 * 4096 + 3])
def test_a_pyramid_holds_the_extremes_of_every_bin(n_samples: int) -> None:
    values = noise(n_samples)
    pyramid = build_pyramid(values)
    starts = np.arange(0, n_samples, 256)
    assert pyramid.dtype == np.float32
    np.testing.assert_array_equal(pyramid[:, 0], np.minimum.reduceat(values, starts))
    np.testing.assert_array_equal(pyramid[:, 1], np.maximum.reduceat(values, starts))


def test_a_pyramid_bin_holds_at_least_two_samples() -> None:
    with pytest.raises(InvalidInputError):
        build_pyramid(noise(10), 1)


@settings(max_examples=200, deadline=None)
@given(
    n_samples=st.integers(100, 20_000),
    n_points=st.integers(2, 64),
    factor=st.sampled_from([2, 16, 100]),
    data=st.data(),
)
def test_a_spike_survives_the_pyramid_too(
    n_samples: int, n_points: int, factor: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, n_samples - 2))
    stop = data.draw(st.integers(start + 1, n_samples))
    at = data.draw(st.integers(start, stop - 1))
    values = noise(n_samples)
    values[at] = -99.0
    indexes, decimated = decimate_view(
        reader(values), build_pyramid(values, factor), factor, start, stop, n_points
    )
    assert len(indexes) <= max(n_points, 1)
    assert (np.diff(indexes) > 0).all()
    assert start <= indexes[0]
    assert indexes[-1] < stop
    assert decimated.min() == -99.0
    assert decimated.max() == max(values[start:stop].max(), -99.0)
    assert abs(int(indexes[decimated.argmin()]) - at) <= factor


def test_what_lies_outside_the_visible_stretch_is_not_drawn() -> None:
    values = noise(50_000)
    values[[999, 40_001]] = 99.0
    _, decimated = decimate_view(reader(values), build_pyramid(values, 64), 64, 1000, 40_001, 100)
    assert decimated.max() == values[1000:40_001].max() < 99.0


def test_a_long_stretch_reads_only_its_ends() -> None:
    values = noise(1_000_000)
    read_lengths: list[int] = []

    def read(first: int, last: int) -> np.ndarray:
        read_lengths.append(last - first)
        return values[first:last]

    decimate_view(read, build_pyramid(values), 256, 100, 999_999, 1000)
    assert read_lengths
    assert max(read_lengths) < 256


def test_a_short_stretch_is_read_and_exact() -> None:
    values = noise(1_000_000)
    pyramid = build_pyramid(values)
    indexes, decimated = decimate_view(reader(values), pyramid, 256, 5000, 105_000, 1000)
    expected_indexes, expected = min_max_decimate(values[5000:105_000], 1000, start_index=5000)
    np.testing.assert_array_equal(indexes, expected_indexes)
    np.testing.assert_array_equal(decimated, expected)


def test_without_a_pyramid_the_stretch_is_read() -> None:
    values = noise(20_000)
    indexes, decimated = decimate_view(reader(values), None, 256, 0, 20_000, 10)
    np.testing.assert_array_equal(decimated, values[indexes])


@pytest.mark.parametrize(("start", "stop"), [(5, 5), (7, 3), (-1, 5)])
def test_a_stretch_turned_round_is_refused(start: int, stop: int) -> None:
    with pytest.raises(InvalidInputError):
        decimate_view(reader(noise(10)), None, 256, start, stop, 100)
