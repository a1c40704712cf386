"""Features of the power spectrum: where the power lies, how it is spread, and how far it stands out."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec

N_BANDS = 12
ENERGY_EDGES_HZ = (0.0, 500.0, 2000.0, 5000.0, 10_000.0)
SLOW_BAND_HZ = (1.0, 6.0)
# Where machines put few lines: 3 to 9.8 kHz at 20,480 Hz.
FLOOR_OF_SAMPLE_RATE = (0.1465, 0.4785)
_ROLL_OFF_SHARE = 0.85
_ROLL_OFF_BLOCK = 128

_ENERGY_NAMES = tuple(
    f"band_energy_{low:.0f}_{high:.0f}_hz" for low, high in itertools.pairwise(ENERGY_EDGES_HZ)
)
_SHARE_NAMES = tuple(f"band_share_{index + 1:02d}" for index in range(N_BANDS))

SPECS = (
    FeatureSpec("total_power", Domain.FREQUENCY, "Power over all frequencies", "signal²", 2),
    FeatureSpec("spectral_centroid_hz", Domain.FREQUENCY, "Centre of the power", "Hz"),
    FeatureSpec("spectral_spread_hz", Domain.FREQUENCY, "Standard deviation of the power about it", "Hz"),
    FeatureSpec("spectral_skewness", Domain.FREQUENCY, "Skewness of the power over frequency"),
    FeatureSpec("spectral_kurtosis", Domain.FREQUENCY, "Kurtosis of the power over frequency"),
    FeatureSpec("dominant_frequency_hz", Domain.FREQUENCY, "Frequency of the highest line", "Hz"),
    FeatureSpec("roll_off_frequency_hz", Domain.FREQUENCY, "85 % of the power lie below", "Hz"),
    FeatureSpec("spectral_entropy", Domain.FREQUENCY, "Entropy of the power, 1 for a flat spectrum"),
    FeatureSpec("spectral_flatness", Domain.FREQUENCY, "Geometric over arithmetic mean of the bins"),
    FeatureSpec("spectral_peakiness", Domain.FREQUENCY, "Highest amplitude over the mean one"),
    *(
        FeatureSpec(name, Domain.FREQUENCY, f"Share of the power in band {index + 1} of {N_BANDS}")
        for index, name in enumerate(_SHARE_NAMES)
    ),
    *(
        FeatureSpec(name, Domain.FREQUENCY, f"Energy per sample from {low:g} to {high:g} Hz", "signal²", 2)
        for name, (low, high) in zip(_ENERGY_NAMES, itertools.pairwise(ENERGY_EDGES_HZ), strict=True)
    ),
    FeatureSpec("share_1_6_hz", Domain.FREQUENCY, "Share of the power from 1 to 6 Hz"),
    FeatureSpec("noise_floor", Domain.FREQUENCY, "Median power density of the upper band", "signal²/Hz", 2),
    FeatureSpec("peak_over_floor_db", Domain.FREQUENCY, "Highest line over the noise floor", "dB"),
)


def compute_frequency_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Where the power lies, how it is spread, and how far the highest line stands above the noise.

    Parameters
    ----------
    batch
        Centred windows. The band shares split 0 to half the sample rate into `N_BANDS` equal bands; bands
        of `ENERGY_EDGES_HZ` above half the sample rate hold 0.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``, in the units of `SPECS`.
    """
    power, share, total = batch.power, batch.share, batch.total_power
    frequencies = batch.frequencies_hz
    features = {"total_power": total, **_compute_moments(batch)}
    features["dominant_frequency_hz"] = np.where(total > 0, frequencies[power.argmax(axis=1)], 0.0)
    features["roll_off_frequency_hz"] = np.where(total > 0, frequencies[_find_roll_off(share)], 0.0)
    features["spectral_entropy"] = compute_entropy(share, batch.log_share)
    features["spectral_flatness"] = _compute_flatness(share, batch.log_share)
    features["spectral_peakiness"] = compute_peakiness(power)
    return {**features, **_compute_bands(batch), **_compute_floor(batch)}


def compute_entropy(share: FloatArray, log_share: FloatArray) -> FloatArray:
    """Shannon entropy of each row divided by that of a flat row: 0 for one line, 1 for flat."""
    entropy: FloatArray = -np.vecdot(share, log_share) / np.log(max(share.shape[1], 2))
    return np.maximum(entropy, 0.0)


def compute_peakiness(power: FloatArray) -> FloatArray:
    """Highest amplitude over the mean one."""
    mean = sum_rows(np.sqrt(power)) / power.shape[1]
    return divide(np.sqrt(power.max(axis=1)), mean)


def _compute_moments(batch: WindowBatch) -> dict[str, FloatArray]:
    """Moments of the power over frequency, worked out with half the sample rate as 1."""
    share, nyquist_hz = batch.share, batch.sample_rate_hz / 2
    position = (batch.frequencies_hz / nyquist_hz).astype(batch.dtype)
    centroid = share @ position
    distance = position[None, :] - centroid[:, None]
    squared = np.square(distance)
    weighted = share * squared
    variance = sum_rows(weighted)
    return {
        "spectral_centroid_hz": centroid * nyquist_hz,
        "spectral_spread_hz": np.sqrt(variance) * nyquist_hz,
        "spectral_skewness": divide(np.vecdot(weighted, distance), variance**1.5),
        "spectral_kurtosis": divide(np.vecdot(weighted, squared), variance**2),
    }


def _find_roll_off(share: FloatArray) -> NDArray[np.intp]:
    """Return the first bin at which the running sum reaches `_ROLL_OFF_SHARE`: block first, then bin."""
    n_windows, n_bins = share.shape
    n_blocks = -(-n_bins // _ROLL_OFF_BLOCK)
    padded = np.zeros((n_windows, n_blocks * _ROLL_OFF_BLOCK), dtype=share.dtype)
    padded[:, :n_bins] = share
    blocks = padded.reshape(n_windows, n_blocks, _ROLL_OFF_BLOCK)
    sums = np.cumsum(sum_rows(blocks), axis=1)
    rows = np.arange(n_windows)
    block = np.argmax(sums >= _ROLL_OFF_SHARE, axis=1)
    before = np.where(block > 0, sums[rows, block - 1], 0.0)
    inside = np.cumsum(blocks[rows, block], axis=1) + before[:, None]
    found: NDArray[np.intp] = block * _ROLL_OFF_BLOCK + np.argmax(inside >= _ROLL_OFF_SHARE, axis=1)
    clipped: NDArray[np.intp] = np.minimum(found, n_bins - 1)
    return clipped


def _compute_flatness(share: FloatArray, log_share: FloatArray) -> FloatArray:
    """Geometric over arithmetic mean of the bins without DC (1 for a flat spectrum)."""
    n_bins = share.shape[1] - 1
    mean = sum_rows(share[:, 1:]) / n_bins
    geometric = np.exp(sum_rows(log_share[:, 1:]) / n_bins)
    return divide(np.where(mean > 0, geometric, 0.0), mean)


def _compute_bands(batch: WindowBatch) -> dict[str, FloatArray]:
    sums = batch.share @ _build_band_columns(batch.n_samples, batch.sample_rate_hz, batch.dtype)
    features: dict[str, FloatArray] = {name: sums[:, index] for index, name in enumerate(_SHARE_NAMES)}
    for index, name in enumerate(_ENERGY_NAMES, start=N_BANDS):
        features[name] = sums[:, index] * batch.total_power
    features["share_1_6_hz"] = sums[:, -1]
    return features


@lru_cache(maxsize=8)
def _build_band_columns(n_samples: int, sample_rate_hz: float, dtype: np.dtype[Any]) -> FloatArray:
    """Return a column per band with a 1 at its bins: shares, energies, the slow band."""
    frequencies = np.fft.rfftfreq(n_samples, 1.0 / sample_rate_hz)
    edges = np.linspace(0.0, sample_rate_hz / 2, N_BANDS + 1)
    edges[-1] = np.inf
    bands = list(itertools.pairwise(edges))
    bands += [*itertools.pairwise(ENERGY_EDGES_HZ), SLOW_BAND_HZ]
    columns = [(frequencies >= low) & (frequencies < high) for low, high in bands]
    return np.ascontiguousarray(np.column_stack(columns).astype(dtype))


def _compute_floor(batch: WindowBatch) -> dict[str, FloatArray]:
    low, high = (round(part * batch.n_samples) for part in FLOOR_OF_SAMPLE_RATE)
    floor = find_median(batch.power[:, low:high])
    over = divide(batch.power.max(axis=1), np.maximum(floor, 1e-12 * batch.total_power))
    return {
        "noise_floor": floor / batch.resolution_hz,
        "peak_over_floor_db": 10.0 * np.log10(np.where(over > 0, over, 1.0)),
    }


def find_median(values: FloatArray) -> FloatArray:
    """Median over the last axis, without the checks and the second partition that make NumPy's slow."""
    upper = values.shape[-1] // 2
    parted = np.partition(values, upper, axis=-1)
    middle: FloatArray = parted[..., upper]
    if values.shape[-1] % 2 == 0:
        middle = 0.5 * (middle + parted[..., :upper].max(axis=-1))
    return middle
