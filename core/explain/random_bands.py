"""Bands of given widths at random places of an axis: what a real band is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.signal.band_pass import Band

# A random band lies within two octaves of the one it is compared with: colour is no evidence.
_REACH: Final = 4.0

Array = NDArray[np.float64]


def sum_ranges(values: Array, frequencies_hz: Array, ranges_hz: Sequence[Band]) -> float:
    """Sum ``(n_bins,)`` over the parts of a band; one that cuts a bin takes its part."""
    reached = run_to(values, frequencies_hz, np.asarray(ranges_hz, dtype=np.float64))
    return float((reached[:, 1] - reached[:, 0]).sum())


def run_to(values: Array, frequencies_hz: Array, edges_hz: Array) -> Array:
    """Sum of everything below each edge; bins are cells of one resolution's width."""
    running = np.append(0.0, np.cumsum(values))
    reached: Array = np.interp(edges_hz, _list_borders(frequencies_hz), running)
    return reached


def _list_borders(frequencies_hz: Array) -> Array:
    resolution_hz = frequencies_hz[1] - frequencies_hz[0]
    return np.append(frequencies_hz - 0.5 * resolution_hz, frequencies_hz[-1] + 0.5 * resolution_hz)


@dataclass(frozen=True, slots=True, eq=False)
class RandomBands:
    """Bands on what is left of an axis when the bands they are compared with are cut out of it.

    Attributes
    ----------
    frequencies_hz
        Of the bins.
    knots_hz, is_free
        Borders of bins and of what is cut out, rising; whether the stretch from each to the next is left.
    edges
        ``(n_draws, n_parts, 2)``, in hertz of what is left, counted from the axis' beginning.
    """

    frequencies_hz: Array
    knots_hz: Array
    is_free: NDArray[np.bool_]
    edges: Array

    def sum(self, values: Array) -> Array:
        """Sum over each set of bands, ``(n_draws,)``."""
        steps = np.diff(run_to(values, self.frequencies_hz, self.knots_hz)) * self.is_free
        places = _count_free(self.knots_hz, self.is_free)
        reached = np.interp(self.edges, places, np.append(0.0, np.cumsum(steps)))
        summed: Array = (reached[..., 1] - reached[..., 0]).sum(axis=-1)
        return summed


def draw_bands(ranges_hz: Sequence[Band], frequencies_hz: Array, n_draws: int, seed: int) -> RandomBands:
    """Draw bands of the same widths elsewhere on the axis.

    Each part starts anywhere within two octaves of its place; then parts that overlap are pushed up, and what
    would leave the axis is pushed down again. Where the bands take more than half of the axis there is no
    elsewhere, and nothing is cut out.
    """
    borders, ranges = _list_borders(frequencies_hz), np.asarray(ranges_hz, dtype=np.float64)
    widths = np.minimum(ranges[:, 1] - ranges[:, 0], borders[-1])
    knots = np.unique(np.clip(np.concatenate([borders, ranges.ravel()]), borders[0], borders[-1]))
    middles_hz = 0.5 * (knots[1:] + knots[:-1])
    is_own = ((middles_hz[:, None] > ranges[:, 0]) & (middles_hz[:, None] < ranges[:, 1])).any(axis=1)
    is_free = ~is_own if widths.sum() < 0.5 * borders[-1] else np.ones_like(is_own)
    places = _count_free(knots, is_free)
    rng = np.random.default_rng(seed)
    # The mean is no place for a band.
    first = float(np.interp(borders[1], knots, places))
    centres = ranges.mean(axis=1)
    lowest = np.maximum(np.interp(centres / _REACH, knots, places) - 0.5 * widths, first)
    highest = np.interp(np.minimum(centres * _REACH, borders[-1]), knots, places) - 0.5 * widths
    highest = np.minimum(highest, places[-1] - widths)
    lowest = np.minimum(lowest, np.maximum(highest, 0.0))
    starts = lowest + rng.random((n_draws, len(ranges))) * np.maximum(highest - lowest, 0.0)
    return RandomBands(frequencies_hz, knots, is_free, _keep_apart(starts, widths, float(places[-1])))


def _keep_apart(starts: Array, widths: Array, end: float) -> Array:
    """Push parts that overlap apart, ``(n_draws, n_parts, 2)``; all of them stay below the end."""
    order = np.argsort(starts, axis=1)
    starts, widths = np.take_along_axis(starts, order, axis=1), widths[order]
    for part in range(1, starts.shape[1]):
        starts[:, part] = np.maximum(starts[:, part], starts[:, part - 1] + widths[:, part - 1])
    limit = np.full(len(starts), end)
    for part in reversed(range(starts.shape[1])):
        starts[:, part] = np.minimum(starts[:, part], limit - widths[:, part])
        limit = starts[:, part]
    return np.stack([starts, starts + widths], axis=-1)


def _count_free(knots_hz: Array, is_free: NDArray[np.bool_]) -> Array:
    """How much of the axis is left below each knot."""
    return np.append(0.0, np.cumsum(np.diff(knots_hz) * is_free))
