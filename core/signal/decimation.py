"""Few points for a long trace, with every extreme kept: a single-sample spike is always drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.exceptions import InvalidInputError

PYRAMID_FACTOR = 256

_CHUNK_BINS = 4096

Trace = tuple[NDArray[np.int64], NDArray[np.floating[Any]]]


def min_max_decimate(values: ArrayLike, n_points: int, *, start_index: int = 0) -> Trace:
    """Reduce a trace to the smallest and the largest sample of each of equally wide bins.

    Parameters
    ----------
    values
        Samples, shape ``(n_samples,)``.
    n_points
        At most so many points come back, at least 2. A trace that is no longer comes back whole.
    start_index
        Index of the first sample within the recording.

    Returns
    -------
    indexes, values
        Both shape ``(n,)``: true sample indexes (`start_index` added), strictly rising, and the samples
        there.

    Raises
    ------
    InvalidInputError
        `n_points` is below 2.
    """
    samples = np.asarray(values)
    if n_points < 2:
        raise InvalidInputError("A trace needs at least two points.")
    if samples.size <= n_points:
        return np.arange(start_index, start_index + samples.size), samples
    width = math.ceil(samples.size / (n_points // 2))
    n_full = samples.size // width
    parts = [_pick_extremes(samples[: n_full * width].reshape(n_full, width), 0)]
    if n_full * width < samples.size:
        parts.append(_pick_extremes(samples[np.newaxis, n_full * width :], n_full * width))
    indexes = np.concatenate(parts)
    indexes = indexes[_mark_first_of_each(indexes)]
    return indexes + start_index, samples[indexes]


def build_pyramid(values: ArrayLike, factor: int = PYRAMID_FACTOR) -> NDArray[np.float32]:
    """Build the smallest and largest sample of every `factor` samples, for `decimate_view`.

    Parameters
    ----------
    values
        Samples, shape ``(n_samples,)``; read in stretches, so a memory-mapped signal is not loaded whole.
    factor
        Samples per bin, at least 2; the last bin may hold fewer.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(ceil(n_samples / factor), 2)``: columns smallest, largest.

    Raises
    ------
    InvalidInputError
        `factor` is below 2.
    """
    if factor < 2:
        raise InvalidInputError("A pyramid's bin holds at least two samples.")
    samples = np.asarray(values)
    n_full = samples.size // factor
    pyramid = np.empty((math.ceil(samples.size / factor), 2), dtype=np.float32)
    for first in range(0, n_full, _CHUNK_BINS):
        last = min(first + _CHUNK_BINS, n_full)
        rows = samples[first * factor : last * factor].reshape(last - first, factor)
        pyramid[first:last, 0] = rows.min(axis=1)
        pyramid[first:last, 1] = rows.max(axis=1)
    if n_full < len(pyramid):
        tail = samples[n_full * factor :]
        pyramid[n_full] = tail.min(), tail.max()
    return pyramid


def decimate_view(
    read: Callable[[int, int], NDArray[np.floating[Any]]],
    pyramid: NDArray[np.float32] | None,
    factor: int,
    start: int,
    stop: int,
    n_points: int,
) -> Trace:
    """Reduce the visible stretch of a long signal, from its pyramid where the stretch is long.

    Short stretches are read and give what `min_max_decimate` gives. Long ones touch only the pyramid and
    fewer than ``2 * factor`` samples at the ends; their values are exact, their indexes exact to within
    `factor` samples, less than half of what one point stands for.

    Parameters
    ----------
    read
        ``read(a, b)`` returns the samples from index a up to, not including, b.
    pyramid, factor
        What `build_pyramid` made of the whole signal; None where there is none.
    start, stop
        The visible stretch, as sample indexes: ``0 <= start < stop``.
    n_points
        At most so many points come back, at least 2.

    Returns
    -------
    indexes, values
        Both shape ``(n,)``; indexes strictly rising, within ``[start, stop)``.

    Raises
    ------
    InvalidInputError
        The stretch is empty or turned round, or `n_points` is below 2.
    """
    if not 0 <= start < stop:
        raise InvalidInputError("The visible stretch must end after it begins.")
    if pyramid is None or stop - start < factor * max(n_points, 4):
        return min_max_decimate(read(start, stop), n_points, start_index=start)
    if n_points < 2:
        raise InvalidInputError("A trace needs at least two points.")
    starts, lows, highs = _gather_rows(read, pyramid, factor, start, stop)
    return _thin_rows(np.append(starts, stop), lows, highs, n_points // 2)


def _pick_extremes(rows: NDArray[np.floating[Any]], offset: int) -> NDArray[np.int64]:
    """Index of the smallest and the largest sample of each row, in order of time, flattened."""
    both = np.sort(np.stack([rows.argmin(axis=1), rows.argmax(axis=1)], axis=1), axis=1)
    both += np.arange(len(rows))[:, np.newaxis] * rows.shape[1] + offset
    return both.ravel()


def _mark_first_of_each(indexes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A bin of equal samples names the same index twice; keep one."""
    return np.append(True, np.diff(indexes) > 0)


def _gather_rows(
    read: Callable[[int, int], NDArray[np.floating[Any]]],
    pyramid: NDArray[np.float32],
    factor: int,
    start: int,
    stop: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Rows of (first index, smallest, largest): the pyramid's whole bins; the cut ones at the ends read."""
    first, last = -(-start // factor), stop // factor
    starts = [np.arange(first, last) * factor]
    extremes = [pyramid[first:last]]
    for position, low, high in ((0, start, first * factor), (2, last * factor, stop)):
        if low < high:
            cut = read(low, high)
            starts.insert(position, np.array([low]))
            extremes.insert(position, np.array([[cut.min(), cut.max()]], dtype=np.float32))
    rows = np.concatenate(extremes)
    return np.concatenate(starts), rows[:, 0], rows[:, 1]


def _thin_rows(
    edges: NDArray[np.int64], lows: NDArray[np.float32], highs: NDArray[np.float32], n_bins: int
) -> Trace:
    """Keep the smallest and the largest row value of each of `n_bins` groups of rows.

    A value is placed in the middle of its row; where both come from one row, at its quarters.
    """
    groups = np.linspace(0, lows.size, min(n_bins, lows.size) + 1).round().astype(np.int64)
    # The groups' sizes differ by one at most: padded with their own last row they make one rectangle.
    members = groups[:-1, np.newaxis] + np.arange(np.diff(groups).max())
    members = np.minimum(members, groups[1:, np.newaxis] - 1)
    every = np.arange(len(members))
    low_rows = members[every, lows[members].argmin(axis=1)]
    high_rows = members[every, highs[members].argmax(axis=1)]
    row_starts, widths = edges[:-1], np.diff(edges)
    low_parts = np.where(low_rows == high_rows, 1, 2)  # quarters of the row
    low_at = row_starts[low_rows] + low_parts * widths[low_rows] // 4
    high_at = row_starts[high_rows] + (4 - low_parts) * widths[high_rows] // 4
    indexes = np.stack([low_at, high_at], axis=1)
    values = np.stack([lows[low_rows], highs[high_rows]], axis=1)
    order = np.argsort(indexes, axis=1, kind="stable")
    indexes = np.take_along_axis(indexes, order, axis=1).ravel()
    values = np.take_along_axis(values, order, axis=1).ravel()
    kept = _mark_first_of_each(indexes)
    return indexes[kept], values[kept]
