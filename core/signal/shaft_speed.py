"""The shaft's speed from the vibration itself, where it was not measured.

A comb of harmonics is laid over the spectrum and over the envelope spectrum. What counts at each tooth is the
clipped logarithm of power over the local floor: one strong line does not outweigh a row of small ones, and a
sensor's gain makes no difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import median_filter

from core.signal.slow_sources import SlowSources, reduce_sources
from core.signal.spectral_windows import build_window
from utils.exceptions import InvalidInputError

MAINS_HZ = (50.0, 60.0)
N_HARMONICS = 8
SEARCH_SHARE = 0.10
ENVELOPE_WEIGHT = 0.7
# Where not even a nominal speed is known: 300 to 7200 rpm.
WIDE_RANGE_HZ = (5.0, 120.0)
MIN_TURNS = 12.0

# Natural logarithm of a power ratio: where a line counts in full (30 dB), and from where one helps to refine.
_CLIP = math.log(1000.0)
_BEYOND_CLIP = 0.05
_STRONG, _CLEAR = math.log(30.0), math.log(12.0)
_MAINS_TOLERANCE_HZ = 0.15
# A mains line's skirts reach so far; what lies in them speaks for a shaft only together with something else.
_MAINS_TOLERANCE_BINS, _MAINS_SKIRT_BINS = 2.0, 4.0
_MAINS_CLIP = math.log(10.0)
_FLOOR_SHARE = 0.5
_MIN_FLOOR_BINS, _MAX_FLOOR_BINS = 9, 2001
_BETWEEN_WEIGHT = 0.5
# A second candidate this close to the first is the same one: within 1 %, or the width of a line up to 4 %.
_SAME_SHARE, _SAME_BINS, _MOST_SAME_SHARE = 0.01, 4.0, 0.04
_N_CANDIDATES = 5
# Both must hold, and lines of its own. Of 960 stretches of white, pink, brown and resonant noise none passed.
_MIN_LEAD = 0.30
_MIN_EXCESS = 4.0
_ANALYTIC_MEDIAN = math.log(2.0)
# One line alone may be anything's, unless it is the better part of what the signal holds.
_MIN_OWN_LINES = 2
LEAST_SHARE_ALONE = 0.2
_TOO_FEW_LINES = (
    "The lines that stand out are too few, or may be the mains'. The best candidate may be right; "
    "give the speed, or record a tacho."
)
_NEEDS_NOMINAL = (
    "Give the nominal speed to search around: without it a bearing's line can't be told from the shaft's."
)


@dataclass(frozen=True, slots=True)
class SpeedCandidate:
    """A speed that the comb fits, and how well: 0 like noise, 1 like the best."""

    shaft_frequency_hz: float
    score: float


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """What the vibration tells of the shaft's speed.

    Attributes
    ----------
    shaft_frequency_hz
        Mean over the signal; None where no speed leads clearly.
    confidence
        From 0 to 1: the lead over the next other candidate, as a share of the leader's own score; 0 where no
        speed is given.
    candidates
        The best first.
    reason
        Why there is no speed, or None.
    """

    shaft_frequency_hz: float | None
    confidence: float
    candidates: tuple[SpeedCandidate, ...] = field(default=())
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Clipped and plain log ratios of power over the local floor, per bin; see `build_evidence`."""

    resolution_hz: float
    log_ratios: NDArray[np.float64]
    plain: NDArray[np.float64]

    def read(self, frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read between the bins; 0 beyond the last."""
        bins = np.arange(self.log_ratios.size) * self.resolution_hz
        return np.interp(frequencies_hz, bins, self.log_ratios, right=0.0)


def estimate_shaft_speed(
    signal: ArrayLike,
    sample_rate_hz: float,
    nominal_hz: float | None = None,
    *,
    search_share: float = SEARCH_SHARE,
) -> SpeedEstimate:
    """Estimate the mean shaft frequency of a signal whose speed hardly changes.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 12 turns of them.
    sample_rate_hz
        Samples per second.
    nominal_hz
        Shaft frequency to search around. Without it, the best combs between 5 and 120 Hz come back as
        candidates, but no speed: a bearing's line is as good a comb as the shaft's.
    search_share
        Width of the search on either side of `nominal_hz`, as a share of it.

    Returns
    -------
    SpeedEstimate
        Without a speed where none leads clearly (noise, a mains line alone, too short): never a guess.

    Raises
    ------
    SignalError
        Empty, not finite, or an impossible sample rate.
    InvalidInputError
        An impossible nominal speed or search width.
    """
    _, high_hz = choose_range(nominal_hz, search_share)
    return estimate_from(reduce_sources(signal, sample_rate_hz, high_hz), nominal_hz, search_share)


def estimate_from(sources: SlowSources, nominal_hz: float | None, search_share: float) -> SpeedEstimate:
    """Estimate as `estimate_shaft_speed` does, from sources that are there already."""
    low_hz, high_hz = choose_range(nominal_hz, search_share)
    n_turns = sources.duration_s * low_hz
    if n_turns < MIN_TURNS:
        reason = f"The signal holds {n_turns:.1f} turns of the shaft; at least {MIN_TURNS:g} are needed."
        return SpeedEstimate(None, 0.0, reason=reason)
    if high_hz > 0.4 * sources.rate_hz:
        return SpeedEstimate(None, 0.0, reason="The sample rate is too low for this speed.")
    max_hz = (N_HARMONICS + 0.5) * high_hz
    raw = build_evidence(sources.raw, sources.rate_hz, low_hz, max_hz)
    envelope = build_evidence(sources.envelope, sources.rate_hz, low_hz, max_hz)
    step_hz = 1.0 / sources.duration_s / (2.0 * N_HARMONICS)
    grid = np.arange(low_hz, high_hz + step_hz, step_hz)
    wide = nominal_hz is None
    scores = score_comb(raw, grid, wide=wide) + ENVELOPE_WEIGHT * score_comb(envelope, grid, wide=wide)
    judged = _judge(grid, scores, [raw, envelope], sources)
    return judged if nominal_hz is not None else SpeedEstimate(None, 0.0, judged.candidates, _NEEDS_NOMINAL)


def choose_range(nominal_hz: float | None, search_share: float) -> tuple[float, float]:
    """Return the lowest and the highest shaft frequency of a search."""
    if nominal_hz is None:
        return WIDE_RANGE_HZ
    if not (math.isfinite(nominal_hz) and nominal_hz > 0.0):
        raise InvalidInputError("The nominal speed must be a number above 0.")
    if not 0.0 < search_share < 0.5:
        raise InvalidInputError(
            "The search must reach between 0 and 50 % to either side of the nominal speed."
        )
    return nominal_hz * (1.0 - search_share), nominal_hz * (1.0 + search_share)


def build_evidence(samples: NDArray[np.float64], rate: float, shaft_hz: float, max_hz: float) -> Evidence:
    """Compute how far each bin of a Blackman spectrum stands above the running median of its surroundings.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``.
    rate
        Samples per second.
    shaft_hz
        Lowest shaft frequency in question: the floor is taken over half of it on either side.
    max_hz
        Bins above are left out.

    Returns
    -------
    Evidence
        ln(power / floor) from 0 on, growing slowly above ln 1000; at multiples of 50 and 60 Hz at most
        ln 10.
    """
    n_samples = samples.size
    # Low side lobes: the skirts of a strong line must not look like lines of their own.
    transform = scipy.fft.rfft((samples - samples.mean()) * build_window("blackman", n_samples))
    resolution_hz = rate / n_samples
    power = np.abs(transform[: int(max_hz / resolution_hz) + 2]) ** 2
    n_floor = min(max(_MIN_FLOOR_BINS, 2 * int(_FLOOR_SHARE * shaft_hz / resolution_hz) + 1), _MAX_FLOOR_BINS)
    floor = median_filter(power, size=n_floor, mode="nearest") / _ANALYTIC_MEDIAN
    floor = np.maximum(floor, np.finfo(float).tiny)
    plain = np.log(np.maximum(power, np.finfo(float).tiny) / floor)
    ratios = np.maximum(plain, 0.0)
    # A hard clip would make the top of a strong line a plateau without a middle.
    ratios = np.minimum(ratios, _CLIP) + _BEYOND_CLIP * np.maximum(ratios - _CLIP, 0.0)
    return Evidence(resolution_hz, _hold_down_mains(ratios, resolution_hz), plain)


def _hold_down_mains(ratios: NDArray[np.float64], resolution_hz: float) -> NDArray[np.float64]:
    frequencies_hz = np.arange(ratios.size) * resolution_hz
    reach_hz = max(_MAINS_TOLERANCE_HZ, _MAINS_TOLERANCE_BINS * resolution_hz)
    for mains_hz in MAINS_HZ:
        if reach_hz > 0.04 * mains_hz:
            continue  # too coarse to tell mains from the shaft
        on_mains = _measure_distance(frequencies_hz, mains_hz) <= reach_hz
        ratios = np.where(on_mains, np.minimum(ratios, _MAINS_CLIP), ratios)
    return ratios


def _measure_distance(frequencies_hz: NDArray[np.floating[Any]], mains_hz: float) -> NDArray[np.float64]:
    """Distance to the nearest multiple of a mains frequency, itself the lowest."""
    multiples = np.maximum(np.round(frequencies_hz / mains_hz), 1.0)
    return np.asarray(np.abs(frequencies_hz - mains_hz * multiples), dtype=np.float64)


def _list_clear_lines(shaft_hz: float, evidence: list[Evidence]) -> set[int]:
    """Harmonics with a clear line that can't be the mains'; none counts where none is strong."""
    strong = set().union(*(_list_own_lines(shaft_hz, each, _STRONG) for each in evidence))
    return set().union(*(_list_own_lines(shaft_hz, each, _CLEAR) for each in evidence)) if strong else set()


def _list_own_lines(shaft_hz: float, evidence: Evidence, least: float) -> set[int]:
    """Harmonics with evidence of at least so much, clear of the mains."""
    harmonics = np.arange(1, N_HARMONICS + 1)
    places = shaft_hz * harmonics
    skirt_hz = max(_MAINS_TOLERANCE_HZ, _MAINS_SKIRT_BINS * evidence.resolution_hz)
    own = np.ones(places.size, dtype=bool)
    for mains_hz in MAINS_HZ:
        own &= _measure_distance(places, mains_hz) > skirt_hz
    around = np.array([-1.0, 0.0, 1.0]) * evidence.resolution_hz
    heights = evidence.read(places[:, None] + around).max(axis=1)
    return set(harmonics[own & (heights >= least)].tolist())


def score_comb(evidence: Evidence, shaft_hz: NDArray[np.float64], *, wide: bool) -> NDArray[np.float64]:
    """Score shaft frequencies by the evidence at their harmonics 1 to 8, the lower ones weighing more.

    In a wide search, where half and double of the speed are candidates too, evidence half-way between the
    harmonics counts against a candidate.
    """
    harmonics = np.arange(1, N_HARMONICS + 1)
    weights = 1.0 / np.sqrt(harmonics)
    scores = evidence.read(shaft_hz[:, None] * harmonics) @ weights
    if wide:
        scores -= _BETWEEN_WEIGHT * (evidence.read(shaft_hz[:, None] * (harmonics - 0.5)) @ weights)
    return np.asarray(scores)


def _judge(
    grid: NDArray[np.float64], scores: NDArray[np.float64], evidence: list[Evidence], sources: SlowSources
) -> SpeedEstimate:
    usual = float(np.median(scores))
    scatter = 1.4826 * float(np.median(np.abs(scores - usual)))
    leaders = _list_leaders(grid, scores, evidence[0].resolution_hz)
    best = scores[leaders[0]] - usual
    if best <= 0.0 or scatter <= 0.0:
        return SpeedEstimate(None, 0.0, reason="The spectrum has no lines to go by.")
    heights = [float(scores[i] - usual) / best for i in leaders]
    candidates = tuple(
        SpeedCandidate(float(grid[i]), max(height, 0.0)) for i, height in zip(leaders, heights, strict=True)
    )
    lead = 1.0 - (max(heights[1], 0.0) if len(heights) > 1 else 0.0)
    if best < _MIN_EXCESS * scatter or lead < _MIN_LEAD:
        reason = "No speed in the range stands out from the others; give the speed, or record a tacho."
        return SpeedEstimate(None, 0.0, candidates, reason)
    refined = refine_frequency(candidates[0].shaft_frequency_hz, evidence)
    n_own = len(_list_clear_lines(candidates[0].shaft_frequency_hz, evidence))
    if n_own == 0:
        return SpeedEstimate(None, 0.0, candidates, _TOO_FEW_LINES)
    if n_own < _MIN_OWN_LINES:
        share = measure_line_share(sources.raw, sources.rate_hz, refined, sources.mean_square)
        if share < LEAST_SHARE_ALONE:
            return SpeedEstimate(None, 0.0, candidates, _TOO_FEW_LINES)
    return SpeedEstimate(refined, float(lead), candidates)


def measure_line_share(
    samples: NDArray[np.float64], rate: float, frequency_hz: float, mean_square: float
) -> float:
    """Measure how much of a signal's mean square one line carries, at most half a bin beside its place.

    Parameters
    ----------
    samples
        Of the signal, at a rate that holds the line, shape ``(n_samples,)``.
    rate
        Samples per second, or per turn where `frequency_hz` is an order.
    frequency_hz
        Where the line stands.
    mean_square
        Of the whole signal.
    """
    weights = build_window("hann", samples.size)
    places = frequency_hz + np.linspace(-0.5, 0.5, 5) * rate / samples.size
    turning = np.exp(-2j * np.pi * places[:, None] * (np.arange(samples.size) / rate))
    amplitude = 2.0 * float(np.abs(turning @ (samples * weights)).max()) / float(weights.sum())
    return 0.5 * amplitude**2 / mean_square if mean_square > 0.0 else 0.0


def _list_leaders(grid: NDArray[np.float64], scores: NDArray[np.float64], resolution_hz: float) -> list[int]:
    """Indexes of the best candidates, each clear of the better ones."""
    leaders: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        share = min(max(_SAME_SHARE, _SAME_BINS * resolution_hz / grid[index]), _MOST_SAME_SHARE)
        if all(abs(grid[index] - grid[other]) > share * grid[other] for other in leaders):
            leaders.append(index)
        if len(leaders) == _N_CANDIDATES:
            break
    return leaders


def refine_frequency(shaft_hz: float, sources: list[Evidence]) -> float:
    """Move a shaft frequency to where its harmonics really stand, by least squares over the strong ones."""
    weighted, total = 0.0, 0.0
    for evidence in sources:
        for harmonic in range(1, N_HARMONICS + 1):
            found_hz, weight = _find_top(evidence, harmonic * shaft_hz)
            weighted += weight * harmonic * found_hz
            total += weight * harmonic * harmonic
    return weighted / total if total > 0.0 else shaft_hz


def _find_top(evidence: Evidence, frequency_hz: float) -> tuple[float, float]:
    """Top of the line within a bin, by a parabola through its log power; the evidence as its weight."""
    centre = round(frequency_hz / evidence.resolution_hz)
    bins = np.arange(max(centre - 1, 1), min(centre + 2, evidence.log_ratios.size - 1))
    if not bins.size or evidence.log_ratios[bins].max() < _STRONG:
        return 0.0, 0.0
    top = int(bins[np.argmax(evidence.plain[bins])])
    left, middle, right = evidence.plain[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    offset = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    found_hz = (top + float(np.clip(offset, -0.5, 0.5))) * evidence.resolution_hz
    return found_hz, float(evidence.log_ratios[bins].max())
