"""A small network behind a frozen spectral front end, for journal bearings and whole recordings."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from core.networks.spectral_layers import (
    DB,
    LOWEST_POWER,
    FramePower,
    HarmonicGather,
    Slow,
    SlowSpectrum,
    mean_of_log_to_db,
    to_db,
)

_SHORTEST_S = 0.5
_FRAME_S = 0.0078125
_BURST_BAND_HZ = (1400.0, 2600.0)
_WHITE_BAND = (0.15, 0.34)  # of the sample rate
_N_BURST_BANDS, _N_WHITE_BANDS = 10, 12
_N_LOUDEST, _N_LOUDEST_BANDS = 24, 8
_SLOW_HZ, _WHOLE_HZ = 9.6, 3.2
_WIDE_HZ = 10.0
_SWELL_FRAMES = 16
_SWELL_HZ = np.linspace(0.4, 2.4, 11)
_DB_UNIT = 10.0


class SpectralNetwork(nn.Module):
    """Lines over the noise floor by shaft order, the spectrum as a whole, and bursts; then two small layers.

    The front end is that of `core.features.noise_floor` in other means: it finds the white floor from
    short-time powers between 0.15 and 0.34 of the sample rate, the spectrum below the fourth harmonic over
    that floor and over its own running floor, and the shaft's frequency as the candidate with the highest
    first three harmonics. The learned part sees decibels only: the sensor's gain cancels.

    Parameters
    ----------
    n_samples
        Window length; windows shorter than half a second are filled up with zeros.
    n_classes
        Number of classes.
    sample_rate_hz
        Rate of the windows. Below 10 kHz the burst bands lie lower, at the same share of the rate.
    lowest_shaft_hz, highest_shaft_hz
        Between them lies the shaft's frequency.
    hidden_size
        Width of the last hidden layer.
    dropout
        Share of its values dropped in training.
    """

    def __init__(
        self,
        *,
        n_samples: int,
        n_classes: int,
        sample_rate_hz: float,
        lowest_shaft_hz: float,
        highest_shaft_hz: float,
        hidden_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        n_filled = max(n_samples, round(_SHORTEST_S * sample_rate_hz))
        self._n_missing = n_filled - n_samples
        shaft_range_hz = tuple(sorted((lowest_shaft_hz, max(highest_shaft_hz, 1.01 * lowest_shaft_hz))))
        top_hz = min(3.0 * shaft_range_hz[1] + 8.0, 0.4 * sample_rate_hz)
        self.slow = SlowSpectrum(n_filled, sample_rate_hz, top_hz, _WIDE_HZ)
        self.gather = HarmonicGather(
            self.slow.resolution_hz, self.slow.n_bins, (shaft_range_hz[0], shaft_range_hz[1])
        )
        self.frames = FramePower(
            max(8, round(_FRAME_S * sample_rate_hz)), sample_rate_hz, _choose_bands(sample_rate_hz)
        )
        self._lay_out_slow_lines()
        frame_rate_hz = sample_rate_hz / self.frames.hop
        n_frames = (n_filled - self.frames.hop * 2) // self.frames.hop + 1
        self._lay_out_swelling(frame_rate_hz / _SWELL_FRAMES, n_frames // _SWELL_FRAMES)
        self._loudest = min(_N_LOUDEST, n_frames)
        self._loudest_bands = min(_N_LOUDEST_BANDS, n_frames)
        self.lines = _Reader(3, 12, 16)
        self.whole = _Reader(3, 8, 12)
        n_lines = self.lines.count(self.gather.n_places + len(self.get_buffer("slow_bins")))
        n_whole = self.whole.count(math.ceil(self.slow.n_bins / self._whole_step))
        n_numbers = self._loudest + 2 * self._loudest_bands + len(_SWELL_HZ) + 3
        self.line_summary = nn.Linear(n_lines, hidden_size)
        self.whole_summary = nn.Linear(n_whole, hidden_size // 2)
        self.hidden = nn.Linear(hidden_size + hidden_size // 2 + n_numbers, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        lines, whole, numbers = self.describe(windows)
        summary = torch.cat(
            [
                torch.relu(self.line_summary(self.lines(lines))),
                torch.relu(self.whole_summary(self.whole(whole))),
                numbers,
            ],
            dim=1,
        )
        logits: torch.Tensor = self.head(self.dropout(torch.relu(self.hidden(summary))))
        return logits

    def describe(self, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The frozen part: lines ``(n, 3, places)``, the whole ``(n, 3, steps)``, numbers ``(n, k)``.

        Tens of decibels: level over the white floor, height over the wide and over the narrow running floor.
        """
        if self._n_missing:
            windows = nn.functional.pad(windows, (0, self._n_missing))
        power = self.frames(windows).clamp(min=LOWEST_POWER)
        log_floor = torch.log(power).mean(dim=2)
        white_db = _find_middle(mean_of_log_to_db(log_floor[:, _N_BURST_BANDS:]))
        slow = self.slow(windows, white_db)
        bins, scores = self.gather(slow.height)
        channels = torch.stack([slow.level, slow.height, slow.narrow_height], dim=1) / _DB_UNIT
        lines = torch.gather(channels, 2, bins.unsqueeze(1).expand(-1, 3, -1))
        lines = torch.cat([channels[:, :, self.get_buffer("slow_bins")], lines], dim=2)
        whole = nn.functional.max_pool1d(channels, self._whole_step, ceil_mode=True)
        relative = power * torch.exp(-log_floor).unsqueeze(2)
        numbers = torch.cat([self._describe_events(relative), scores, self._describe_slope(slow)], dim=1)
        return lines, whole, numbers / _DB_UNIT

    def _describe_events(self, relative: torch.Tensor) -> torch.Tensor:
        """Loudest frames and the swelling of the noise, in dB, from powers over their own mean in time."""
        burst, white = relative[:, :_N_BURST_BANDS], relative[:, _N_BURST_BANDS:]
        loudest = burst.mean(dim=1).topk(self._loudest, dim=1).values
        sharpest = burst.amax(dim=1).topk(self._loudest_bands, dim=1).values
        hissing = white.mean(dim=1).topk(self._loudest_bands, dim=1).values
        energy = relative.mean(dim=1).clamp(max=4.0)
        return torch.cat([to_db(loudest), to_db(sharpest), to_db(hissing), self._swell(energy)], dim=1)

    def _swell(self, energy: torch.Tensor) -> torch.Tensor:
        """Power of the noise's swelling at each frequency of `_SWELL_HZ`, in dB, plus 40."""
        cos, sin = self.get_buffer("swell_cos"), self.get_buffer("swell_sin")
        steps = cos.shape[0]
        if steps == 0:
            return energy.new_zeros((*energy.shape[:1], cos.shape[1]))
        pooled = energy[:, : steps * _SWELL_FRAMES].reshape(-1, steps, _SWELL_FRAMES).mean(dim=2)
        swing = pooled / (pooled.mean(dim=1, keepdim=True) + 1e-6) - 1.0
        real, imaginary = swing @ cos, swing @ sin
        return DB * torch.log(real * real + imaginary * imaginary + 1e-6) + 40.0

    def _describe_slope(self, slow: Slow) -> torch.Tensor:
        """Mean level of the whole slow spectrum over the white floor, which tells coloured noise."""
        return slow.level.clamp(max=30.0).mean(dim=1, keepdim=True)

    def _lay_out_slow_lines(self) -> None:
        """Choose the bins up to `_SLOW_HZ`, and how many bins make a step of the whole spectrum."""
        bins = np.rint(np.arange(0.4, _SLOW_HZ, 0.2) / self.slow.resolution_hz).astype(np.int64)
        self.register_buffer(
            "slow_bins", torch.from_numpy(bins.clip(0, self.slow.n_bins - 1)), persistent=False
        )
        self._whole_step = min(max(1, round(_WHOLE_HZ / self.slow.resolution_hz)), self.slow.n_bins)

    def _lay_out_swelling(self, rate_hz: float, n_steps: int) -> None:
        angles = 2 * np.pi * np.outer(np.arange(n_steps), _SWELL_HZ / rate_hz)
        window = np.hanning(n_steps + 2)[1:-1, None]
        window = window * (2.0 / max(float(window.sum()), 1e-9))
        for name, wave in (("swell_cos", np.cos(angles)), ("swell_sin", np.sin(angles))):
            self.register_buffer(name, torch.from_numpy((wave * window).astype(np.float32)), persistent=False)


class _Reader(nn.Module):
    """Two convolutions over places, the highest of three kept in between; ``(n, in, t)`` to flat."""

    def __init__(self, n_in: int, n_first: int, n_second: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_in, n_first, 5, padding=2, bias=False)
        self.first_norm = nn.BatchNorm1d(n_first)
        self.second = nn.Conv1d(n_first, n_second, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm1d(n_second)
        self._n_out = n_second

    def count(self, n_places: int) -> int:
        """Number of values that come out for ``n_places``."""
        return self._n_out * math.ceil(math.ceil(n_places / 3) / 2)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """Read the places."""
        found = torch.relu(self.first_norm(self.first(places)))
        found = nn.functional.max_pool1d(found, 3, ceil_mode=True)
        found = torch.relu(self.second_norm(self.second(found)))
        return nn.functional.max_pool1d(found, 2, ceil_mode=True).flatten(1)


def _choose_bands(sample_rate_hz: float) -> np.ndarray:
    """Centres of the burst bands, then of the bands that the white floor is taken from."""
    squeeze = min(1.0, sample_rate_hz / 10_000.0)
    burst = np.linspace(*_BURST_BAND_HZ, _N_BURST_BANDS) * squeeze
    white = np.linspace(*_WHITE_BAND, _N_WHITE_BANDS) * sample_rate_hz
    return np.concatenate([burst, np.maximum(white, burst[-1])])


def _find_middle(values: torch.Tensor) -> torch.Tensor:
    """Median along the last axis, ``(n, k)`` to ``(n, 1)``."""
    half = values.shape[1] // 2 + 1
    return values.topk(half, dim=1).values[:, -1:]


def build_spectral_net(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,
    lowest_shaft_hz: float,
    highest_shaft_hz: float,
    hidden_size: int,
    dropout: float,
) -> SpectralNetwork:
    """Build the network for windows of ``n_samples``."""
    return SpectralNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        sample_rate_hz=sample_rate_hz,
        lowest_shaft_hz=lowest_shaft_hz,
        highest_shaft_hz=highest_shaft_hz,
        hidden_size=hidden_size,
        dropout=dropout,
    )
