"""A frozen spectral front end as part of a network: nothing in it is learned, all of it exports to ONNX.

Transforms are strided convolutions and matrix products with constant sines, never `torch.fft`, which
exporters do not know. Floors are robust means of logarithms where a median would need a sort. Constants
follow from the window length and the sample rate and are not part of the state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

DB = 10.0 / math.log(10.0)
LOWEST_POWER = 1e-12
# Mean of the logarithm of an exponential variable of mean 1, which the power of a bin of noise is.
_EULER = 0.5772156649
_FIRST_RATE_HZ, _SLOW_RATE_HZ = 2560.0, 512.0


def design_low_pass(factor: int, half_length: int) -> NDArray[np.float64]:
    """Design a low-pass filter for keeping every ``factor``-th sample: Kaiser, cut at 0.45 of the new rate.

    Returns ``2 * half_length * factor + 1`` taps that add up to 1.
    """
    reach = half_length * factor
    steps = np.arange(-reach, reach + 1)
    taps = np.sinc(0.9 * steps / factor) * np.kaiser(2 * reach + 1, 7.0)
    return np.asarray(taps / taps.sum())


class Decimator(nn.Module):
    """Low-pass and keep every ``factor``-th sample; ``(n, 1, t)`` to ``(n, 1, about t / factor)``."""

    def __init__(self, factor: int, half_length: int) -> None:
        super().__init__()
        self.factor = factor
        taps = design_low_pass(factor, half_length) if factor > 1 else np.ones(1)
        self.register_buffer("taps", _as_tensor(taps)[None, None], persistent=False)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Filter and thin out."""
        taps = self.get_buffer("taps")
        return nn.functional.conv1d(signals, taps, stride=self.factor, padding=taps.shape[-1] // 2)


class HannPower(nn.Module):
    """Power spectrum of the first bins under a Hann window by two small matrix products with twiddles.

    Cooley and Tukey (1965) for ``a b`` samples: with the sample ``b n1 + n2`` and the bin ``k1 + a k2``, a
    transform of length ``a`` over ``n1``, a turn of each of its values by ``n2 k1 / (a b)``, a transform of
    length ``b`` over ``n2``.

    Parameters
    ----------
    n_samples
        Samples given; the last ones may be left out so that the length splits into two similar factors.
    sample_rate_hz
        Rate of the samples.
    highest_hz
        Up to where the spectrum is needed.
    """

    def __init__(self, n_samples: int, sample_rate_hz: float, highest_hz: float) -> None:
        super().__init__()
        self.rows = max(1, round(math.sqrt(n_samples)))
        self.columns = n_samples // self.rows
        n_used = self.rows * self.columns
        self.resolution_hz = sample_rate_hz / n_used
        self.n_bins = min(int(highest_hz / self.resolution_hz) + 1, n_used // 2)
        n_blocks = -(-self.n_bins // self.rows)
        first = np.outer(np.arange(self.rows), np.arange(self.rows)) / self.rows
        turn = np.outer(np.arange(self.rows), np.arange(self.columns)) / n_used
        second = np.outer(np.arange(self.columns), np.arange(n_blocks)) / self.columns
        for name, angle in (("first", first), ("turn", turn), ("second", second)):
            self.register_buffer(f"{name}_cos", _as_tensor(np.cos(2 * np.pi * angle)), persistent=False)
            self.register_buffer(f"{name}_sin", _as_tensor(np.sin(2 * np.pi * angle)), persistent=False)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_used) / n_used)
        # Power spectral density per hertz, up to what is the same for every window.
        window /= np.sqrt(sample_rate_hz * np.square(window).sum())
        self.register_buffer("window", _as_tensor(window), persistent=False)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Map ``(n, n_samples)`` to power densities ``(n, n_bins)``."""
        get = self.get_buffer
        n_used = self.rows * self.columns
        cut = (signals[:, :n_used] * get("window")).reshape(-1, self.rows, self.columns)
        real, imaginary = get("first_cos") @ cut, -(get("first_sin") @ cut)
        cos, sin = get("turn_cos"), get("turn_sin")
        real, imaginary = real * cos + imaginary * sin, imaginary * cos - real * sin
        cos, sin = get("second_cos"), get("second_sin")
        real, imaginary = real @ cos + imaginary @ sin, imaginary @ cos - real @ sin
        power = (real * real + imaginary * imaginary).transpose(1, 2).flatten(1)
        return power[:, : self.n_bins]


class FramePower(nn.Module):
    """Short-time power densities at chosen frequencies: one strided convolution with windowed sines.

    Parameters
    ----------
    length
        Samples per frame; frames overlap by half.
    sample_rate_hz
        Sample rate.
    frequencies_hz
        Centres of the bands.
    """

    def __init__(self, length: int, sample_rate_hz: float, frequencies_hz: NDArray[np.float64]) -> None:
        super().__init__()
        self.hop = max(1, length // 2)
        window = np.hanning(length + 2)[1:-1]
        window /= np.sqrt(sample_rate_hz * np.square(window).sum())
        angles = 2 * np.pi * np.outer(frequencies_hz / sample_rate_hz, np.arange(length))
        filters = np.concatenate([np.cos(angles), np.sin(angles)]) * window
        self.n_bands = len(frequencies_hz)
        self.register_buffer("filters", _as_tensor(filters)[:, None], persistent=False)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map ``(n, n_samples)`` to power densities ``(n, n_bands, n_frames)``."""
        parts = nn.functional.conv1d(windows.unsqueeze(1), self.get_buffer("filters"), stride=self.hop)
        real, imaginary = parts[:, : self.n_bands], parts[:, self.n_bands :]
        return real * real + imaginary * imaginary


@dataclass(frozen=True, slots=True)
class Slow:
    """The spectrum below some harmonics of the shaft, in dB.

    Attributes
    ----------
    level
        Over the white floor, shape ``(n, n_bins)``.
    height, narrow_height
        Over the running floor of a wide and of a narrow stretch, same shape.
    """

    level: torch.Tensor
    height: torch.Tensor
    narrow_height: torch.Tensor


class SlowSpectrum(nn.Module):
    """The fine spectrum up to ``highest_hz`` after decimation to about 512 Hz.

    Parameters
    ----------
    n_samples, sample_rate_hz
        Of the windows.
    highest_hz
        Up to where lines are looked for.
    wide_hz
        Width of the stretch that the running floor is taken from.
    """

    def __init__(self, n_samples: int, sample_rate_hz: float, highest_hz: float, wide_hz: float) -> None:
        super().__init__()
        first = max(1, round(sample_rate_hz / _FIRST_RATE_HZ))
        second = max(1, round(sample_rate_hz / first / _SLOW_RATE_HZ))
        self.thin = nn.Sequential(Decimator(first, 3), Decimator(second, 10))
        n_slow = math.ceil(math.ceil(n_samples / first) / second)
        self.spectrum = HannPower(n_slow, sample_rate_hz / (first * second), highest_hz)
        self.resolution_hz = self.spectrum.resolution_hz
        self.n_bins = self.spectrum.n_bins
        self._wide = max(7, round(wide_hz / self.resolution_hz) | 1)
        self._narrow = 13

    def forward(self, windows: torch.Tensor, white_db: torch.Tensor) -> Slow:
        """Map ``(n, n_samples)`` and the white floor ``(n, 1)`` in dB to the slow spectrum."""
        thinned = self.thin(windows.unsqueeze(1)).squeeze(1)
        power_db = to_db(self.spectrum(thinned))
        floors = (follow_floor(power_db, width) for width in (self._wide, self._narrow))
        return Slow(power_db - white_db, *(power_db - floor for floor in floors))


def follow_floor(power_db: torch.Tensor, width: int) -> torch.Tensor:
    """Running floor along the bins: the mean of the logarithms, lines clipped 3 dB over a first such mean."""
    first = _slide_mean(power_db, width)
    return _slide_mean(torch.minimum(power_db, first + 3.0), width)


def _slide_mean(values: torch.Tensor, width: int) -> torch.Tensor:
    return nn.functional.avg_pool1d(
        values.unsqueeze(1), width, stride=1, padding=width // 2, count_include_pad=False
    ).squeeze(1)


class HarmonicGather(nn.Module):
    """Finds the shaft's frequency among candidates and reads the spectrum at its orders.

    Parameters
    ----------
    resolution_hz, n_bins
        Of the spectrum.
    range_hz
        Lowest and highest candidate.
    """

    def __init__(self, resolution_hz: float, n_bins: int, range_hz: tuple[float, float]) -> None:
        super().__init__()
        self._n_bins = n_bins
        candidates = np.arange(*range_hz, min(resolution_hz / 3.0, 0.05 * range_hz[0])) / resolution_hz
        harmonics = np.rint(np.outer((1, 2, 3), candidates)).clip(0, n_bins - 1)
        self.register_buffer("candidates", _as_tensor(candidates), persistent=False)
        self.register_buffer("harmonics", torch.from_numpy(harmonics.astype(np.int64)), persistent=False)
        orders, offsets, of_pair = _list_places(resolution_hz)
        for name, values in (("orders", orders), ("offsets", offsets), ("of_pair", of_pair)):
            self.register_buffer(name, _as_tensor(values), persistent=False)
        self.n_places = len(orders)

    def forward(self, local_db: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return bins ``(n, n_places)`` to read and the two highest scores ``(n, 2)``, from heights in dB.

        The shaft's frequency is the candidate with the highest first three harmonics; some places follow
        another one, whose line and octave both stand highest: mains hum near the shaft's frequency has none.
        """
        clipped = local_db.clamp(0.0, 25.0)
        near = nn.functional.max_pool1d(clipped.unsqueeze(1), 3, stride=1, padding=1).squeeze(1)
        height = clipped + 0.5 * near
        first, second, third = self.get_buffer("harmonics").unbind(0)
        score = height[:, first] + height[:, second] + height[:, third]
        best, index = score.max(dim=1, keepdim=True)
        best_pair, pair_index = torch.minimum(local_db[:, first], local_db[:, second]).max(
            dim=1, keepdim=True
        )
        shaft, pair = self.get_buffer("candidates")[index], self.get_buffer("candidates")[pair_index]
        followed = shaft + (pair - shaft) * self.get_buffer("of_pair")
        bins = torch.round(followed * self.get_buffer("orders") + self.get_buffer("offsets"))
        return bins.clamp(0, self._n_bins - 1).long(), torch.cat([best / 4.5, best_pair], dim=1)


# Where the order axis is read: below the shaft's frequency densely, at its harmonics with their side lines.
SUBSYNCHRONOUS_ORDERS = np.linspace(0.36, 0.54, 64)
SIDE_LINES_HZ = np.linspace(-2.6, 2.6, 27)
WHIRL_ORDERS = np.concatenate([np.linspace(0.18, 0.27, 24), np.linspace(0.54, 0.81, 64)])


def _list_places(
    resolution_hz: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the order and offset in bins of every place that is read, and 1 where it follows the pair."""
    below = np.concatenate([SUBSYNCHRONOUS_ORDERS, WHIRL_ORDERS])
    near = SIDE_LINES_HZ[np.abs(SIDE_LINES_HZ) < 0.9] / resolution_hz
    orders = np.concatenate([below, np.repeat((1.0, 2.0, 3.0), len(near))])
    offsets = np.concatenate([np.zeros(len(below)), np.tile(near, 3)])
    of_pair = np.concatenate([np.zeros(len(below)), np.ones(3 * len(near))])
    orders = np.concatenate([orders, np.repeat((1.0, 2.0, 3.0), len(SIDE_LINES_HZ))])
    offsets = np.concatenate([offsets, np.tile(SIDE_LINES_HZ / resolution_hz, 3)])
    return orders, offsets, np.concatenate([of_pair, np.zeros(3 * len(SIDE_LINES_HZ))])


def to_db(power: torch.Tensor) -> torch.Tensor:
    """Power to decibels, not below −120."""
    # A maximum rather than a sum: the exporter's optimiser takes so small a summand for zero.
    return DB * torch.log(power.clamp(min=LOWEST_POWER))


def mean_of_log_to_db(log_mean: torch.Tensor) -> torch.Tensor:
    """Mean of the natural logarithms of powers of noise to the decibels of their mean."""
    return DB * (log_mean + _EULER)


def _as_tensor(values: NDArray[np.floating]) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))
