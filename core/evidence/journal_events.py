"""What comes and goes in a recording: bursts between 1.4 and 2.6 kHz, and noise that swells slowly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import special

from core.signal.prewhitening import compute_running_median

BURST_BAND_HZ: Final = (1400.0, 2600.0)
FEWEST_BURSTS: Final = 2
SWELLING_HZ: Final = (0.45, 2.2)
# Chance that noise alone makes one frame of a recording count.
_FALSE_ALARM = 1e-3
_FRAME_S = 0.008
_BESIDE_HZ = ((500.0, 1200.0), (3000.0, 7000.0))
_HIGHEST_SHARE = 0.42
_LEVEL_FRAMES = 63
# The power of neighbouring Hann bins is correlated by 4/9, of the next by 1/36: the mean of K bins varies
# like that of K / 1.94 independent ones.
_BINS_PER_INDEPENDENT = 1.94
# A burst stands out in its band, 6 dB more than beside it; a knock stands out everywhere.
_IN_OVER_BESIDE = 4.0
_APART_S = 0.02
_MOST_EVENTS = 200
_LONGEST_S = 60.0
_LN2 = math.log(2.0)
_TINY = 1e-30
_CAP = 3.0
_NOISE_HZ = (3.0, 25.0)
_SHORTEST_SWELLING_S = 4.0


@dataclass(frozen=True, slots=True)
class Bursts:
    """Events that stand out in their band alone.

    Attributes
    ----------
    n_events
        How many, each at least 20 ms from the next.
    second_db
        Height of the second highest frame group over the usual frame, dB: one event may be a knock.
    needed_db
        What a frame of noise exceeds once in a thousand recordings.
    """

    n_events: int
    second_db: float
    needed_db: float

    @property
    def is_found(self) -> bool:
        """Whether there are two or more."""
        return self.n_events >= FEWEST_BURSTS


@dataclass(frozen=True, slots=True)
class Swelling:
    """Slow rise and fall of the broadband noise.

    Attributes
    ----------
    found_hz
        How often.
    snr_db, needed_db
        Of its line in the spectrum of the noise's power, and what counts.
    depth
        Amplitude of the swing of the noise's power over its mean: twice that of its amplitude.
    """

    found_hz: float
    snr_db: float
    needed_db: float
    depth: float


class EventFrames:
    """Short-time powers of a recording, each frequency over its own median in time.

    Steady tones and coloured noise so count as floor.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, finite; a minute of the middle is read.
    sample_rate_hz
        Samples per second.
    """

    def __init__(self, samples: NDArray[np.floating], sample_rate_hz: float) -> None:
        wanted = min(samples.size, round(_LONGEST_S * sample_rate_hz))
        first = (samples.size - wanted) // 2
        centred = samples[first : first + wanted] - samples[first : first + wanted].mean(dtype=np.float64)
        centred = (centred / max(float(np.abs(centred).max()), _TINY)).astype(np.float32)
        length = max(16, round(_FRAME_S * sample_rate_hz))
        cut = np.lib.stride_tricks.sliding_window_view(centred, length)[:: length // 2]
        transformed = scipy.fft.rfft(cut * np.hanning(length).astype(np.float32), axis=1)
        power = transformed.real**2 + transformed.imag**2
        floor = np.median(power, axis=0) / _LN2
        self._over = power / np.maximum(floor, _TINY)
        self._bins_hz = np.arange(power.shape[1]) * (sample_rate_hz / length)
        self._rate_hz = sample_rate_hz / (length // 2)
        self._sample_rate_hz = sample_rate_hz

    @property
    def reaches_bursts(self) -> bool:
        """Whether the sample rate holds the band of the bursts."""
        return BURST_BAND_HZ[1] <= _HIGHEST_SHARE * self._sample_rate_hz and len(self._over) >= _LEVEL_FRAMES

    def find_bursts(self) -> Bursts:
        """Find frames that are louder inside the band than noise is, and than they are beside it."""
        chosen = self._choose(BURST_BAND_HZ)
        inside, beside = self._over[:, chosen].mean(axis=1), self._over[:, self._choose(*_BESIDE_HZ)].mean(1)
        # Noise that swells as a whole raises every frame for a while.
        usual = np.maximum(compute_running_median(inside, _LEVEL_FRAMES), _TINY)
        inside, beside = inside / usual, beside / np.maximum(np.median(beside), _TINY)
        shape = float(np.count_nonzero(chosen)) / _BINS_PER_INDEPENDENT
        needed = float(special.gammainccinv(shape, _FALSE_ALARM / len(inside))) / shape
        louder = (inside - 1.0) > _IN_OVER_BESIDE * np.maximum(beside - 1.0, 0.0)
        heights = self._separate(np.where(louder, inside, 0.0), needed)
        n_events = int(np.count_nonzero(heights >= needed))
        second = heights[1] if heights.size > 1 else 0.0
        return Bursts(n_events, 10.0 * math.log10(max(second, 0.1)), 10.0 * math.log10(needed))

    def find_swelling(self) -> Swelling | None:
        """Find a line between 0.45 and 2.2 Hz in the power of the noise; None in less than 4 s."""
        n_frames = len(self._over)
        beside = self._choose(*_BESIDE_HZ)
        if n_frames < _SHORTEST_SWELLING_S * self._rate_hz or not beside.any():
            return None
        energy = np.minimum(self._over[:, beside].mean(axis=1), _CAP)
        swing = energy / max(float(energy.mean()), _TINY) - 1.0
        window = np.hanning(n_frames)
        amplitude = 2.0 * np.abs(scipy.fft.rfft((swing - swing.mean()) * window)) / window.sum()
        bins_hz = np.arange(amplitude.size) * (self._rate_hz / n_frames)
        chosen = np.flatnonzero((bins_hz >= SWELLING_HZ[0]) & (bins_hz <= SWELLING_HZ[1]))
        noise = amplitude[(bins_hz >= _NOISE_HZ[0]) & (bins_hz <= _NOISE_HZ[1])] ** 2
        floor = float(np.median(noise)) / _LN2
        top = int(chosen[np.argmax(amplitude[chosen])])
        snr_db = 10.0 * math.log10(max(float(amplitude[top] ** 2), _TINY) / max(floor, _TINY))
        height = -math.log(-math.expm1(math.log1p(-_FALSE_ALARM) / chosen.size))
        return Swelling(float(bins_hz[top]), snr_db, 10.0 * math.log10(height) + 1.5, float(amplitude[top]))

    def _choose(self, *bands_hz: tuple[float, float]) -> NDArray[np.bool_]:
        highest_hz = _HIGHEST_SHARE * self._sample_rate_hz
        chosen = np.zeros(self._bins_hz.size, dtype=bool)
        for low_hz, high_hz in bands_hz:
            chosen |= (self._bins_hz >= low_hz) & (self._bins_hz <= min(high_hz, highest_hz))
        return chosen

    def _separate(self, heights: NDArray[np.floating], needed: float) -> NDArray[np.float64]:
        """Return the highest frame of each event, the highest first; a loud stretch is one, however long."""
        apart = max(1, round(_APART_S * self._rate_hz))
        left, found = heights.astype(np.float64), []
        for _ in range(_MOST_EVENTS):
            top = int(left.argmax())
            if left[top] <= 1.0:
                break
            found.append(float(left[top]))
            quiet = np.flatnonzero(left < needed)
            first = quiet[quiet < top].max(initial=0)
            last = quiet[quiet > top].min(initial=left.size - 1)
            left[max(0, min(first, top - apart)) : max(last, top + apart) + 1] = 0.0
        return np.asarray(found)
