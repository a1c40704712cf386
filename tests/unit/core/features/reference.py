"""Every feature once more, one window at a time, from SciPy and PyWavelets: slow, plain, and in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pywt
import scipy.fft
import scipy.signal
import scipy.stats

from core.features.registry import FEATURES


def reference_features(
    window: np.ndarray, rate_hz: float, shaft_hz: float, orders: dict[str, float]
) -> dict[str, float]:
    x = window - window.mean()
    frequencies, power = _periodogram(x, rate_hz)
    _, envelope = _envelope(x, rate_hz)
    envelope_power = _periodogram(envelope - envelope.mean(), rate_hz)[1]
    found = {
        **_time(x),
        **_frequency(frequencies, power, rate_hz),
        **_envelope_features(envelope, frequencies, envelope_power),
        **_wavelet(x),
        **_cepstrum(power, len(x), rate_hz),
        **_bispectrum(x),
        **_bursts(x, rate_hz),
        **_orders(frequencies, power, envelope_power, shaft_hz, orders),
    }
    assert set(found) == set(FEATURES)
    return found


def _periodogram(x: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    frequencies, density = scipy.signal.periodogram(x, rate_hz, window="hann", detrend=False)
    return frequencies, density * (frequencies[1] - frequencies[0])


def _time(x: np.ndarray) -> dict[str, float]:
    magnitude = np.abs(x)
    rms = np.sqrt(np.mean(x**2))
    blocks = [np.sqrt(np.mean(block**2)) for block in np.split(x[: len(x) // 16 * 16], 16)]
    return {
        "rms": rms,
        "peak": magnitude.max(),
        "crest_factor": magnitude.max() / rms,
        "shape_factor": rms / magnitude.mean(),
        "impulse_factor": magnitude.max() / magnitude.mean(),
        "clearance_factor": magnitude.max() / np.mean(np.sqrt(magnitude)) ** 2,
        "kurtosis": scipy.stats.kurtosis(x, fisher=False),
        "skewness": scipy.stats.skew(x),
        "zero_crossing_share": sum((a > 0) != (b > 0) for a, b in itertools.pairwise(x)) / (len(x) - 1),
        "block_rms_variation": np.std(blocks) / np.mean(blocks),
    }


def _moments(frequencies: np.ndarray, share: np.ndarray) -> tuple[float, float, float, float]:
    centroid = np.sum(share * frequencies)
    spread = np.sqrt(np.sum(share * (frequencies - centroid) ** 2))
    third, fourth = (np.sum(share * ((frequencies - centroid) / spread) ** n) for n in (3, 4))
    return centroid, spread, third, fourth


def _band(frequencies: np.ndarray, values: np.ndarray, low: float, high: float) -> float:
    return float(values[(frequencies >= low) & (frequencies < high)].sum())


def _frequency(frequencies: np.ndarray, power: np.ndarray, rate_hz: float) -> dict[str, float]:
    share = power / power.sum()
    centroid, spread, skewness, kurtosis = _moments(frequencies, share)
    edges = [*np.linspace(0, rate_hz / 2, 13)[:-1], np.inf]
    energy_edges = (0, 500, 2000, 5000, 10_000)
    resolution = frequencies[1]
    n = round(rate_hz / resolution)
    floor = np.median(power[round(0.1465 * n) : round(0.4785 * n)])
    return {
        "total_power": power.sum(),
        "spectral_centroid_hz": centroid,
        "spectral_spread_hz": spread,
        "spectral_skewness": skewness,
        "spectral_kurtosis": kurtosis,
        "dominant_frequency_hz": frequencies[power.argmax()],
        "roll_off_frequency_hz": frequencies[np.argmax(np.cumsum(share) >= 0.85)],
        "spectral_entropy": scipy.stats.entropy(share) / np.log(len(share)),
        "spectral_flatness": scipy.stats.gmean(power[1:]) / power[1:].mean(),
        "spectral_peakiness": np.sqrt(power).max() / np.sqrt(power).mean(),
        **{
            f"band_share_{index + 1:02d}": _band(frequencies, share, low, high)
            for index, (low, high) in enumerate(itertools.pairwise(edges))
        },
        **{
            f"band_energy_{low}_{high}_hz": _band(frequencies, power, low, high)
            for low, high in itertools.pairwise(energy_edges)
        },
        "share_1_6_hz": _band(frequencies, share, 1, 6),
        "noise_floor": floor / resolution,
        "peak_over_floor_db": 10 * np.log10(power.max() / floor),
    }


def _envelope(x: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    spectrum = np.fft.fft(x)
    frequencies = np.abs(np.fft.fftfreq(len(x)))
    spectrum[(frequencies < 0.125) | (frequencies > 0.45)] = 0
    banded = np.fft.ifft(spectrum).real
    return banded, np.abs(scipy.signal.hilbert(banded))


def _envelope_features(envelope: np.ndarray, frequencies: np.ndarray, power: np.ndarray) -> dict[str, float]:
    share = power / power.sum()
    edges = (5, 50, 90, 130, 180, 260, 400)
    return {
        "envelope_rms": np.sqrt(np.mean(envelope**2)),
        "envelope_depth": envelope.std() / envelope.mean(),
        "envelope_kurtosis": scipy.stats.kurtosis(envelope, fisher=False),
        "envelope_skewness": scipy.stats.skew(envelope),
        "envelope_crest_factor": envelope.max() / envelope.mean(),
        "envelope_peak": envelope.max(),
        "envelope_modulation_hz": frequencies[power.argmax()],
        "envelope_peakiness": np.sqrt(power).max() / np.sqrt(power).mean(),
        "envelope_entropy": scipy.stats.entropy(share) / np.log(len(share)),
        **{
            f"envelope_share_{low}_{high}_hz": _band(frequencies, share, low, high)
            for low, high in itertools.pairwise(edges)
        },
    }


def _wavelet(x: np.ndarray) -> dict[str, float]:
    approximation, *details = pywt.wavedec(x, "db4", level=5)
    by_level = dict(zip(range(5, 0, -1), details, strict=True))
    energies = {level: float(np.sum(detail**2)) for level, detail in by_level.items()}
    low = float(np.sum(approximation**2))
    kurtosis = {level: scipy.stats.kurtosis(detail, fisher=False) for level, detail in by_level.items()}
    return {
        "wavelet_energy_ratio": sum(energies.values()) / low,
        "wavelet_kurtosis": max(kurtosis.values()),
        "wavelet_kurtosis_d1": kurtosis[1],
        **{f"wavelet_energy_d{level}": energies[level] / len(x) for level in (1, 3, 5)},
        **{f"wavelet_share_d{level}": energies[level] / (sum(energies.values()) + low) for level in energies},
    }


def _cepstrum(power: np.ndarray, n: int, rate_hz: float) -> dict[str, float]:
    cepstrum = np.abs(np.fft.irfft(np.log(power), n))
    first, last = round(0.002 * rate_hz), min(round(0.1 * rate_hz), n // 2)
    part, quefrencies = cepstrum[first : last + 1], np.arange(first, last + 1) / rate_hz
    return {
        "cepstrum_peak_ratio": part.max() / part.mean(),
        "cepstrum_centroid_s": np.sum(part * quefrencies) / part.sum(),
        "cepstrum_peak_s": quefrencies[part.argmax()],
    }


def _bispectrum(x: np.ndarray) -> dict[str, float]:
    spectrum = np.fft.rfft(x)
    spectrum[1280:] = 0
    times = np.arange(2560) * len(x) / 2560
    bins = np.arange(1280)
    low = 2 * np.real(np.exp(2j * np.pi * np.outer(times, bins) / len(x)) @ spectrum[:1280]) / len(x)
    segments = [
        np.fft.rfft(low[start : start + 160] * scipy.signal.get_window("hann", 160))
        for start in range(0, 2560 - 160 + 1, 80)
    ]
    magnitudes, squared = [], []
    scale = np.mean([np.abs(segment[1:25]) ** 2 for segment in segments]) ** 1.5
    for first in range(1, 25):
        for second in range(first, 25):
            products = np.array([s[first] * s[second] for s in segments])
            sums = np.array([s[first + second] for s in segments])
            triple = np.mean(products * sums.conj())
            magnitudes.append(abs(triple) / scale)
            squared.append(abs(triple) ** 2 / (np.mean(abs(products) ** 2) * np.mean(abs(sums) ** 2)))
    share = np.array(magnitudes) / np.sum(magnitudes)
    return {
        "bispectrum_peak": max(magnitudes),
        "bispectrum_mean": float(np.mean(magnitudes)),
        "bispectrum_entropy": scipy.stats.entropy(share) / np.log(300),
        "bispectrum_peak_ratio": max(magnitudes) / float(np.mean(magnitudes)),
        "phase_coupling": float(np.sqrt(squared[int(np.argmax(magnitudes))])),
        "bicoherence_mean": float(np.mean(np.sqrt(squared))),
        "nonlinearity": max(max(squared) / (np.mean(squared) + 2 * np.std(squared)) - 1, 0),
    }


def _bursts(x: np.ndarray, rate_hz: float) -> dict[str, float]:
    n_frames = round(len(x) / rate_hz / 0.008)
    spectrum = scipy.fft.fft(x)
    frequencies = scipy.fft.fftfreq(len(x), 1 / rate_hz)
    inside = (frequencies >= 1400) & (frequencies < 2600)
    per_frame = -(-int(inside.sum()) // n_frames)
    times = np.arange(n_frames * per_frame) / (n_frames * per_frame) * len(x)
    indices = np.flatnonzero(inside)
    analytic = 2 * np.exp(2j * np.pi * np.outer(times, indices) / len(x)) @ spectrum[inside] / len(x)
    frames = (np.abs(analytic) ** 2).reshape(n_frames, per_frame).mean(axis=1) / 2
    n_loudest = max(1, round(0.05 * n_frames))
    _, _, stft = scipy.signal.stft(x, nperseg=256, noverlap=0, boundary=None, padded=False)
    power = np.abs(stft[1:-1]) ** 2
    kurtosis = np.mean(power**2, axis=1) / np.mean(power, axis=1) ** 2 - 2
    return {
        "burst_rms": np.sqrt(frames.mean()),
        "burst_peak_ratio": frames.max() / np.median(frames),
        "burst_kurtosis": scipy.stats.kurtosis(frames, fisher=False),
        "burst_loudest_share": np.sort(frames)[-n_loudest:].sum() / frames.sum(),
        "spectral_kurtosis_max": kurtosis.max(),
        "spectral_kurtosis_mean": kurtosis.mean(),
        "spectral_kurtosis_max_hz": (kurtosis.argmax() + 1) * rate_hz / 256,
    }


def _height(power: np.ndarray, position: float) -> float:
    if position >= len(power) - 1:
        return 0.0
    slip = min(max(np.ceil(0.02 * position), 2), 16)
    near, around = [], []
    for offset in range(-40, 41):
        value = power[int(np.clip(round(position) + offset, 1, len(power) - 1))]
        if abs(offset) <= slip:
            near.append(value)
        elif abs(offset) <= slip + 24:
            around.append(value)
    return float(10 * np.log10(max(near) / np.median(around)))


def _orders(
    frequencies: np.ndarray,
    power: np.ndarray,
    envelope_power: np.ndarray,
    shaft_hz: float,
    orders: dict[str, float],
) -> dict[str, float]:
    step = frequencies[1]
    lines = [power[np.abs(frequencies - n * shaft_hz) <= 2.5 * step].sum() for n in (1, 2, 3)]
    total = power.sum()
    below = _band(frequencies, power, 0.4 * shaft_hz, 0.5 * shaft_hz)
    fault_lines = {"bpfo": 1, "bpfi": 1, "2bsf": 2, "ftf": 1}
    return {
        "ratio_2x_to_1x": np.sqrt(lines[1] / lines[0]),
        "ratio_3x_to_1x": np.sqrt(lines[2] / lines[0]),
        "share_below_1x": power[frequencies < 0.9 * shaft_hz].sum() / total,
        **{f"share_{n}x": lines[n - 1] / total for n in (1, 2, 3)},
        "share_subsynchronous": below / total,
        "ratio_subsynchronous_to_1x": np.sqrt(below / lines[0]),
        **{f"line_{n}x_db": _height(power, n * shaft_hz / step) for n in (1, 2, 3, 4)},
        **{
            f"envelope_line_{name}_db": np.mean(
                [
                    _height(envelope_power, k * factor * orders[name.lstrip("2")] * shaft_hz / step)
                    for k in (1, 2, 3)
                ]
            )
            for name, factor in fault_lines.items()
        },
    }
