"""Attributions summed over bands, beside random bands of the same width.

Three questions: how much each band contributes, whether that is more than bands of the same width would get
wherever they lay, and how far the bands of the diagnosed fault stand out (physics agreement).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.explain.fault_bands import BandAxis, FaultBand, choose_class_bands, merge_ranges
from core.explain.random_bands import draw_bands, run_to, sum_ranges
from core.signal.band_pass import Band
from utils.exceptions import InvalidInputError

N_DRAWS: Final = 500
_FEWEST_NETWORKS: Final = 2
_LEAST_ABOVE: Final = 0.01
_COVERED: Final = 0.95
_RANGE_PERCENT: Final = (2.5, 97.5)
# Sums over the same bins in another order.
_ROUNDING: Final = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AxisAttribution:
    """What was attributed to the bins of an axis.

    Attributes
    ----------
    axis
        Frequency of the signal, or of its envelope.
    frequencies_hz
        Of the bins, rising evenly, ``(n_bins,)``.
    contributions
        Mean over the windows, in the unit of the attribution (log-probability), ``(n_bins,)``.
    density
        Share of each bin in what was attributed, signs left out: each window's shares, then their mean. Adds
        up to 1, or is 0 throughout. The envelope's bin 0, its mean level, is left out.
    spread
        Of each window, ``(n_windows, n_bins)``.
    """

    axis: BandAxis
    frequencies_hz: Array
    contributions: Array
    density: Array
    spread: Array

    @property
    def n_windows(self) -> int:
        """How many windows there were."""
        return len(self.spread)

    @property
    def resolution_hz(self) -> float:
        """Distance of two bins."""
        return float(self.frequencies_hz[1] - self.frequencies_hz[0])


@dataclass(frozen=True, slots=True)
class BandShare:
    """What a band has of an attribution.

    Attributes
    ----------
    band
        The band.
    contribution
        Sum over it, in log-probability, mean over the windows; its sign says for or against the class.
    share
        Of all that was attributed on its axis, signs left out, 0 to 1.
    control_share
        Mean share of bands of the same width at random places around.
    control_low, control_high
        95 % of those bands lie between.
    """

    band: FaultBand
    contribution: float
    share: float
    control_share: float
    control_low: float
    control_high: float

    @property
    def is_above_control(self) -> bool:
        """Whether fewer than 2.5 % of random bands get as much."""
        return self.share > self.control_high + _ROUNDING


@dataclass(frozen=True, slots=True)
class PhysicsAgreement:
    """How far the bands of a fault stand out in an attribution.

    Attributes
    ----------
    fault_class
        Whose bands.
    band_names
        Which.
    score
        ``(share - control_share) / (1 - control_share)``: 0 like random bands, 1 all in the fault's bands.
    share, control_share
        Of the fault's bands together, and of random bands of the same widths.
    score_low, score_high
        The score of 95 % of the random bands lies between.
    random_weights
        Scores of the same network with weights that learned nothing; empty where none was asked.
    """

    fault_class: str
    band_names: tuple[str, ...]
    score: float
    share: float
    control_share: float
    score_low: float
    score_high: float
    random_weights: tuple[float, ...] = ()

    @property
    def random_bound(self) -> float | None:
        """What a further network with random weights would score less than, in 95 % of cases.

        Prediction bound of a normal distribution, at most 1; None with fewer than two networks.
        """
        n = len(self.random_weights)
        if n < _FEWEST_NETWORKS:
            return None
        spread = float(np.std(self.random_weights, ddof=1)) * math.sqrt(1.0 + 1.0 / n)
        bound = float(np.mean(self.random_weights)) + float(stats.t.ppf(_COVERED, n - 1)) * spread
        return min(bound, 1.0)

    @property
    def passes(self) -> bool:
        """Whether it exceeds 97.5 % of random bands, and random weights where they were asked."""
        bound = self.random_bound
        return self.score > self.score_high + _ROUNDING and (bound is None or self.score > bound)

    @property
    def reason(self) -> str:
        """What was compared, in a sentence."""
        names = ", ".join(self.band_names)
        said = f"{names}: {self.share:.0%} of the attribution"
        if self.score <= self.score_high + _ROUNDING:
            reached = self.control_share + self.score_high * (1.0 - self.control_share)
            return (
                f"{said}; random bands of the same width reach {reached:.0%}, so this says nothing for them."
            )
        bound = self.random_bound
        if bound is not None and self.score <= bound:
            return (
                f"{said}, a score of {self.score:.2f}; random weights may score up to {bound:.2f}, "
                "so the signal's own lines explain it as well as what was learned."
            )
        beside = f", networks with random weights less than {bound:.2f}" if bound is not None else ""
        return (
            f"{said}, random bands of the same width {self.control_share:.0%}: a score of "
            f"{self.score:.2f}{beside}."
        )


def summarise_axis(
    spread: NDArray[np.floating[Any]], frequencies_hz: NDArray[np.floating[Any]], axis: BandAxis
) -> AxisAttribution:
    """Bring the bins of several windows together.

    Parameters
    ----------
    spread
        ``(n_windows, n_bins)``, as `core.explain.views.spread_over_frequency` returns it.
    frequencies_hz
        ``(n_bins,)``, rising evenly from 0.
    axis
        Which.

    Raises
    ------
    InvalidInputError
        The shapes do not fit, or there are fewer than two bins.
    """
    values = np.asarray(spread, dtype=np.float64)
    frequencies = np.asarray(frequencies_hz, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != frequencies.size or frequencies.size < 2:
        raise InvalidInputError("An attribution over frequency needs a value for each bin of each window.")
    absolute = np.abs(values)
    if axis is BandAxis.ENVELOPE:
        absolute[:, 0] = 0.0
    totals = absolute.sum(axis=1, keepdims=True)
    shares = np.divide(absolute, totals, out=np.zeros_like(absolute), where=totals > 0.0)
    judged = totals[:, 0] > 0.0
    density = shares[judged].mean(axis=0) if judged.any() else np.zeros(frequencies.size)
    return AxisAttribution(axis, frequencies, values.mean(axis=0), density, values)


def sum_over_bands(
    attribution: AxisAttribution, bands: Sequence[FaultBand], *, n_draws: int = N_DRAWS, seed: int = 0
) -> tuple[BandShare, ...]:
    """Sum an attribution over each band of its axis, beside random bands of the same width.

    A bin reaches half a resolution to either side; a band that cuts it takes its part. The parts of a random
    band have the widths of the real one's and lie, without overlapping, elsewhere within two octaves of them:
    not in the band itself.

    Parameters
    ----------
    attribution
        Of one axis.
    bands
        Those of other axes are left out.
    n_draws, seed
        Of the control; the same seed draws the same bands.
    """
    return tuple(
        _sum_band(attribution, band, n_draws, seed) for band in bands if band.axis is attribution.axis
    )


def measure_agreement(
    attribution: AxisAttribution,
    bands: Sequence[FaultBand],
    fault_class: str,
    *,
    random_weights: Sequence[AxisAttribution] = (),
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> PhysicsAgreement | None:
    """Measure how far the bands of a fault stand out.

    Parameters
    ----------
    attribution
        Of the axis on which the fault shows.
    bands
        All that are known; those of the class are taken.
    fault_class
        The class that was explained.
    random_weights
        Attributions of the same windows by networks whose weights learned nothing.
    n_draws, seed
        Of the random bands.

    Returns
    -------
    PhysicsAgreement or None
        None where the class has no bands on this axis, as a healthy machine has none.
    """
    chosen = [band for band in choose_class_bands(bands, fault_class) if band.axis is attribution.axis]
    ranges = merge_ranges(part for band in chosen for part in band.ranges_hz)
    if not ranges:
        return None
    control_bands = draw_bands(ranges, attribution.frequencies_hz, n_draws, seed)
    share = sum_ranges(attribution.density, attribution.frequencies_hz, ranges)
    drawn = control_bands.sum(attribution.density)
    control = float(drawn.mean())
    low, high = np.percentile([_score(float(one), control) for one in drawn], _RANGE_PERCENT)
    others = [
        _score(
            sum_ranges(other.density, other.frequencies_hz, ranges),
            float(control_bands.sum(other.density).mean()),
        )
        for other in random_weights
    ]
    return PhysicsAgreement(
        fault_class,
        tuple(band.label for band in chosen),
        _score(share, control),
        share,
        control,
        float(low),
        float(high),
        tuple(others),
    )


def find_attributed_band(
    attribution: AxisAttribution, lowest_hz: float, least_width_hz: float
) -> Band | None:
    """Return the band above `lowest_hz` in which the middle 80 % of an attribution lies.

    Parameters
    ----------
    attribution
        Over the frequencies of the signal.
    lowest_hz
        What lies below is left out: there are lines there, no resonances.
    least_width_hz
        A narrower band is widened to this, as far as the axis goes.

    Returns
    -------
    tuple or None
        ``(low, high)``; None where hardly anything (1 %) lies there.
    """
    frequencies_hz = attribution.frequencies_hz
    above = np.where(frequencies_hz >= lowest_hz, attribution.density, 0.0)
    if above.sum() < _LEAST_ABOVE:
        return None
    running = np.cumsum(above) / above.sum()
    low_hz, high_hz = (float(frequencies_hz[np.searchsorted(running, part)]) for part in (0.1, 0.9))
    end_hz = float(frequencies_hz[-1])
    missing_hz = max(0.0, least_width_hz - (high_hz - low_hz))
    low_hz = max(lowest_hz, min(low_hz - 0.5 * missing_hz, end_hz - least_width_hz))
    return low_hz, min(end_hz, max(high_hz + 0.5 * missing_hz, low_hz + least_width_hz))


def lay_on_edges(
    values: NDArray[np.floating[Any]],
    frequencies_hz: NDArray[np.floating[Any]],
    edges_hz: NDArray[np.floating[Any]],
) -> Array:
    """Sum what lies on even bins between other edges; what lies between the first and the last is kept.

    For an order axis, give orders times the shaft frequency.

    Parameters
    ----------
    values, frequencies_hz
        ``(n_bins,)``; a bin reaches half a resolution to either side.
    edges_hz
        Rising, ``(n_cells + 1,)``.

    Returns
    -------
    ndarray
        ``(n_cells,)``.
    """
    frequencies = np.asarray(frequencies_hz, dtype=np.float64)
    return np.diff(run_to(np.asarray(values, np.float64), frequencies, np.asarray(edges_hz, np.float64)))


def _sum_band(attribution: AxisAttribution, band: FaultBand, n_draws: int, seed: int) -> BandShare:
    drawn = draw_bands(band.ranges_hz, attribution.frequencies_hz, n_draws, seed).sum(attribution.density)
    low, high = np.percentile(drawn, _RANGE_PERCENT)
    return BandShare(
        band,
        sum_ranges(attribution.contributions, attribution.frequencies_hz, band.ranges_hz),
        sum_ranges(attribution.density, attribution.frequencies_hz, band.ranges_hz),
        float(drawn.mean()),
        float(low),
        float(high),
    )


def _score(share: float, control: float) -> float:
    return (share - control) / (1.0 - control) if control < 1.0 else 0.0
