"""Lines of a recording's spectrum against the noise around them, for machines on journal bearings.

Everything is relative: the recording is scaled to unit variance, a line's height is a ratio to the local
floor, its level a share of the variance. A sensor's gain changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.signal.prewhitening import compute_running_median

FloatArray = NDArray[np.float64]

# Chance that noise alone makes one line count; a recording is asked about some twenty lines.
FALSE_ALARM = 1e-4
# The floor is a median of some 100 bins of 5 s, of which Hann leaves half independent: it scatters by 0.2
# (1.44 / √50), 0.9 dB; twice that is kept clear.
FLOOR_MARGIN_DB = 1.8
LONGEST_S = 20.0
_HIGHEST_HZ = 1500.0
_FLOOR_HZ, _FEWEST_FLOOR_BINS = 20.0, 31
_SLOW_FIT_HZ = (1.0, 12.0)
_SLOW_END_HZ = 10.0
_N_REWEIGHTED = 12
_LN2 = math.log(2.0)
_TINY = 1e-30
_LINE_REACH = 2
_EDGE_BINS = 1.25
# Hann: a line between two bins has 2.08 times the power of its higher bin, one on a bin 1.5 times.
_MOST_OF_TOP = 2.1
# One strong line does not outweigh three small ones; between equals the stronger wins.
_COMB_NOISE_DB, _COMB_CLIP_DB, _BEYOND_CLIP = 8.0, 17.0, 0.05


@dataclass(frozen=True, slots=True)
class LineReading:
    """The highest place of a stretch of the spectrum.

    Attributes
    ----------
    found_hz
        Where it stands, read between the bins.
    snr_db
        Over the local floor, dB.
    needed_db
        What noise alone exceeds once in ten thousand recordings.
    level
        Mean square of the line as a share of the recording's variance, the floor taken off; 0 or more.
    """

    found_hz: float
    snr_db: float
    needed_db: float
    level: float

    @property
    def is_found(self) -> bool:
        """Whether it counts."""
        return self.snr_db >= self.needed_db


def compute_needed_db(n_bins: int, false_alarm: float = FALSE_ALARM) -> float:
    """Compute the height that the highest of `n_bins` bins of noise exceeds with a given chance.

    The power of a bin of noise over its mean is exponentially distributed, so that the highest of n stays
    below t with (1 - exp(-t))^n. The margin for the floor's own scatter is added.

    >>> round(compute_needed_db(1), 1), round(compute_needed_db(31), 1)
    (11.4, 12.8)
    """
    height = -math.log(-math.expm1(math.log1p(-false_alarm) / max(n_bins, 1)))
    return 10.0 * math.log10(height) + FLOOR_MARGIN_DB


class LineSpectrum:
    """Hann power spectrum of the middle of a recording, at most 20 s, and its floor.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, finite, not constant.
    sample_rate_hz
        Samples per second.

    Attributes
    ----------
    duration_s
        Of the stretch that is read.
    resolution_hz
        Distance of two bins.
    highest_hz
        Up to where lines are read.
    """

    def __init__(self, samples: NDArray[np.floating], sample_rate_hz: float) -> None:
        wanted = min(samples.size, round(LONGEST_S * sample_rate_hz))
        first = (samples.size - wanted) // 2
        stretch = samples[first : first + wanted].astype(np.float64)
        stretch -= stretch.mean()
        window = np.hanning(wanted)
        self.duration_s = wanted / sample_rate_hz
        self.resolution_hz = sample_rate_hz / wanted
        self.highest_hz = min(_HIGHEST_HZ, 0.45 * sample_rate_hz)
        kept = int(self.highest_hz / self.resolution_hz) + 1
        transformed = scipy.fft.rfft(stretch * window)[:kept]
        scale = wanted * float((window**2).sum()) * max(float(stretch.var()), _TINY)
        # The bins of a line, or of noise, add up to its share of the variance.
        self._power = 2.0 * np.abs(transformed) ** 2 / scale
        self._frequencies_hz = np.arange(kept) * self.resolution_hz
        self._floor = np.maximum(self._find_floor(), _TINY)
        self._snr_db = 10.0 * np.log10(np.maximum(self._power, _TINY) / self._floor)

    def read(self, low_hz: float, high_hz: float) -> LineReading | None:
        """Read the highest place between two frequencies, widened to whole bins; None out of reach."""
        first = max(1, math.ceil(low_hz / self.resolution_hz - 0.5))
        last = math.floor(high_hz / self.resolution_hz + 0.5)
        if last > self._power.size - 2 or last < first:
            return None
        top = self._climb(first + int(np.argmax(self._snr_db[first : last + 1])))
        place_hz = self._read_between(top)
        height_db, level = float(self._snr_db[top]), 0.0
        beyond_hz = max(low_hz - place_hz, place_hz - high_hz)
        if beyond_hz > _EDGE_BINS * self.resolution_hz:
            # The flank of a line that stands outside.
            height_db = min(height_db, 0.0)
        else:
            level = self._measure_level(top)
        return LineReading(place_hz, height_db, compute_needed_db(last - first + 1), level)

    def _measure_level(self, top: int) -> float:
        """Measure a line's mean square; what a stronger neighbour adds beside its top is left out."""
        near = slice(max(1, top - _LINE_REACH), top + _LINE_REACH + 1)
        total = float((self._power[near] - self._floor[near]).sum())
        return max(min(total, _MOST_OF_TOP * float(self._power[top])), 0.0)

    def _climb(self, place: int) -> int:
        """Return the top of the hump on whose flank a bin may lie, at most three bins away."""
        for _ in range(3):
            around = self._power[place - 1 : place + 2]
            step = int(around.argmax()) - 1
            if step == 0 or not 2 <= place + step <= self._power.size - 2:
                break
            place += step
        return place

    def read_sides(self, at_hz: float, offset_hz: float) -> tuple[float, float]:
        """Read the lower of the two bins at one distance from a line.

        Returns
        -------
        snr_db, ratio
            Its height over the floor, and its amplitude over that of the line's own bin; 0, 0 out of reach.
        """
        places = [round((at_hz + sign * offset_hz) / self.resolution_hz) for sign in (-1, 1)]
        if places[0] < 1 or places[1] >= self._power.size:
            return 0.0, 0.0
        own = float(self._power[round(at_hz / self.resolution_hz)])
        lower = min(float(self._power[place]) for place in places)
        return min(float(self._snr_db[place]) for place in places), math.sqrt(lower / max(own, _TINY))

    def measure_power(self, low_hz: float, high_hz: float) -> float:
        """Measure the share of the variance between two frequencies, the floor included."""
        inside = (self._frequencies_hz >= low_hz) & (self._frequencies_hz <= high_hz)
        return float(self._power[inside].sum())

    def list_lines(self, low_hz: float, high_hz: float) -> list[LineReading]:
        """List all lines between two frequencies that count among so many bins, the strongest first."""
        first = max(2, math.ceil(low_hz / self.resolution_hz))
        last = min(self._power.size - 3, math.floor(high_hz / self.resolution_hz))
        if last <= first:
            return []
        needed_db = compute_needed_db(last - first + 1)
        bins = np.arange(first, last + 1)
        power = self._power
        tops = bins[
            (self._snr_db[bins] >= needed_db)
            & (power[bins] >= power[bins - 1])
            & (power[bins] > power[bins + 1])
            & (power[bins] >= power[bins - 2])
            & (power[bins] > power[bins + 2])
        ]
        lines = []
        for top in tops.tolist():
            level = self._measure_level(top)
            lines.append(LineReading(self._read_between(top), float(self._snr_db[top]), needed_db, level))
        return sorted(lines, key=lambda line: -line.level)

    def find_comb(self, low_hz: float, high_hz: float) -> float:
        """Find the frequency whose first three harmonics stand highest, each counted from 8 to 25 dB.

        The nearest bin counts twice and the best of its neighbours once, so that the middle of a line beats
        its flanks.
        """
        candidates_hz = np.arange(low_hz, high_hz, self.resolution_hz / 4.0)
        above = np.maximum(self._snr_db - _COMB_NOISE_DB, 0.0)
        clipped = np.minimum(above, _COMB_CLIP_DB) + _BEYOND_CLIP * np.maximum(above - _COMB_CLIP_DB, 0.0)
        wide = np.maximum(clipped, np.maximum(np.roll(clipped, 1), np.roll(clipped, -1)))
        score = np.zeros(candidates_hz.size)
        for order in (1, 2, 3):
            places = np.rint(order * candidates_hz / self.resolution_hz).astype(np.int64)
            inside = places < clipped.size
            score[inside] += 2.0 * clipped[places[inside]] + wide[places[inside]]
        best = candidates_hz[score >= score.max() - 1e-9]
        return float(best[best.size // 2])

    def _find_floor(self) -> FloatArray:
        width = max(_FEWEST_FLOOR_BINS, round(_FLOOR_HZ / self.resolution_hz) | 1)
        floor = compute_running_median(self._power, width) / _LN2
        slow = self._fit_slow_floor()
        if slow is not None:
            at = np.flatnonzero((self._frequencies_hz > 0.0) & (self._frequencies_hz < _SLOW_END_HZ))
            floor[at] = slow[at]
        return floor

    def _fit_slow_floor(self) -> FloatArray | None:
        """Fit a parabola through the logarithms of slow noise, which is steep, in the sense of the median.

        Least absolute deviations by reweighting: a tenth of the bins may be lines.
        """
        low_hz, high_hz = _SLOW_FIT_HZ
        chosen = (self._frequencies_hz >= low_hz) & (self._frequencies_hz <= high_hz)
        if np.count_nonzero(chosen) < _FEWEST_FLOOR_BINS:
            return None
        heights = np.log(np.maximum(self._power[chosen], _TINY))
        terms = np.vander(np.log(self._frequencies_hz[chosen]), 3)
        weights = np.ones(heights.size)
        found = np.zeros(3)
        for _ in range(_N_REWEIGHTED):
            root = np.sqrt(weights)
            found = np.linalg.lstsq(terms * root[:, None], heights * root, rcond=None)[0]
            weights = 1.0 / np.maximum(np.abs(heights - terms @ found), 0.05)
        places = np.log(np.maximum(self._frequencies_hz, low_hz))
        return np.asarray(np.exp(np.vander(places, 3) @ found) / _LN2)

    def _read_between(self, top: int) -> float:
        """Return the top of a parabola through the logarithms of three bins, in Hz."""
        left, middle, right = np.log(np.maximum(self._power[top - 1 : top + 2], _TINY))
        bend = left - 2.0 * middle + right
        offset = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
        return (top + float(np.clip(offset, -0.5, 0.5))) * self.resolution_hz
