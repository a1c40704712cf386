"""Changes to training windows that leave the fault as it is; for networks and classical models alike.

What is drawn depends only on a key (seed, epoch, position) and on what it is drawn for: a resumed training
draws the same again, and switching one change on leaves the others as they were. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from core.networks.options import OptionValue
from core.training import disturbances

Key = tuple[int, int, int]
Windows = NDArray[np.float32]


class Purpose(IntEnum):
    """What is drawn for; the numbers are part of every training's result."""

    SHIFT = 1
    HEALTHY = 2
    RATE = 3
    PATH = 4
    GAIN = 5
    WHITE = 6
    PINK = 7
    MAINS = 8
    TONES = 9
    DROPOUT = 10
    MIXUP = 11


def make_generator(key: Key, purpose: Purpose) -> np.random.Generator:
    """Return the generator for one purpose at one place of a training."""
    return np.random.default_rng([*key, int(purpose)])


_ADDED: dict[str, tuple[Purpose, Callable[[np.random.Generator, tuple[int, int], float], Windows]]] = {
    "white_noise_share": (Purpose.WHITE, disturbances.make_white),
    "pink_noise_share": (Purpose.PINK, disturbances.make_pink),
    "mains_noise_share": (Purpose.MAINS, disturbances.make_mains),
    "tone_share": (Purpose.TONES, disturbances.make_tones),
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly training windows are changed; the fields are options of the same names, 0 changes nothing.

    Attributes
    ----------
    time_shift
        Windows start later by up to this share of a hop.
    path_variation
        Strength of random short filters.
    rate_variation
        Windows are played faster or slower by up to this share.
    gain_drift_db
        The gain moves within plus or minus this over a window.
    white_noise_share, pink_noise_share, mains_noise_share, tone_share
        Share of the windows that get each disturbance.
    snr_low_db, snr_high_db
        Between them lies each disturbance's ratio to the window's power.
    segment_dropout
        A stretch of up to this share of the window is silenced.
    healthy_mixing, healthy_mixing_lowest
        Share of the faulty windows that are mixed with a healthy one, and the least that is left of them.
    """

    time_shift: float = 0.0
    path_variation: float = 0.0
    rate_variation: float = 0.0
    gain_drift_db: float = 0.0
    white_noise_share: float = 0.0
    pink_noise_share: float = 0.0
    mains_noise_share: float = 0.0
    tone_share: float = 0.0
    snr_low_db: float = 0.0
    snr_high_db: float = 30.0
    segment_dropout: float = 0.0
    healthy_mixing: float = 0.0
    healthy_mixing_lowest: float = 0.3

    @classmethod
    def from_options(cls, options: Mapping[str, OptionValue]) -> Augmentation:
        """Pick the fields out of a network's options; options that it lacks change nothing."""
        names = [field.name for field in fields(cls) if field.name in options]
        return cls(**{name: float(options[name] or 0.0) for name in names})

    def draw_shifts(self, n_windows: int, hop_samples: int, key: Key) -> NDArray[np.int64]:
        """Draw by how many samples each window starts later."""
        n_places = max(1, round(self.time_shift * hop_samples))
        return make_generator(key, Purpose.SHIFT).integers(0, n_places, size=n_windows)

    def draw_partners(
        self, mixable: NDArray[np.bool_], n_healthy: int, key: Key
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw which windows are mixed, and with which of ``n_healthy`` healthy ones.

        Returns
        -------
        rows, picks
            Equally long; rows are among those where ``mixable`` is true.
        """
        rng = make_generator(key, Purpose.HEALTHY)
        chosen = (rng.random(len(mixable)) < self.healthy_mixing) & mixable
        picks = rng.integers(0, n_healthy, size=len(mixable))
        return np.flatnonzero(chosen), picks[chosen]

    def apply(
        self,
        windows: Windows,
        conditions: NDArray[np.float32],
        sample_rate_hz: float,
        key: Key,
        partners: tuple[NDArray[np.int64], Windows] | None = None,
    ) -> tuple[Windows, NDArray[np.float32]]:
        """Change windows.

        Parameters
        ----------
        windows
            Shape ``(n_windows, n_samples)``, any unit; left as they are.
        conditions
            Shape ``(n_windows, 5)``, see `core.training.conditions`; a window that is played faster turns
            faster.
        sample_rate_hz
            The analysis rate.
        key
            Seed, epoch (or number of the copy) and position of the batch; none negative.
        partners
            Rows to mix and the healthy windows for them, see `draw_partners`.

        Returns
        -------
        windows, conditions
            Same shapes; the windows without their means.
        """
        changed = _remove_mean(windows)
        if partners is not None and len(partners[0]):
            rng = make_generator(key, Purpose.HEALTHY).spawn(1)[0]
            rows, healthy = partners[0], _remove_mean(partners[1])
            changed[rows] = disturbances.mix_healthy(rng, changed[rows], healthy, self.healthy_mixing_lowest)
        if self.rate_variation:
            rng = make_generator(key, Purpose.RATE)
            changed, factors = disturbances.vary_rate(rng, changed, self.rate_variation)
            conditions = conditions.copy()
            conditions[:, 0] *= factors
        if self.path_variation:
            rng = make_generator(key, Purpose.PATH)
            changed = disturbances.vary_path(rng, changed, self.path_variation)
        if self.gain_drift_db:
            disturbances.drift_gain(make_generator(key, Purpose.GAIN), changed, self.gain_drift_db)
        self._add_disturbances(changed, sample_rate_hz, key)
        if self.segment_dropout:
            rng = make_generator(key, Purpose.DROPOUT)
            disturbances.silence_segments(rng, changed, self.segment_dropout)
        return changed, conditions

    def _add_disturbances(self, windows: Windows, sample_rate_hz: float, key: Key) -> None:
        """Add noise and tones in place, each at its own ratio to the power before any was added."""
        shares = {name: getattr(self, name) for name in _ADDED}
        if not any(shares.values()):
            return
        power = np.var(windows, axis=1, dtype=np.float64)
        low_db, high_db = sorted((self.snr_low_db, self.snr_high_db))
        for name, (purpose, make) in _ADDED.items():
            rng = make_generator(key, purpose)
            rows = np.flatnonzero(rng.random(len(windows)) < shares[name])
            snr_db = rng.uniform(low_db, high_db, len(windows))[rows]
            if len(rows):
                touched = windows[rows]
                noise = make(rng, touched.shape, sample_rate_hz)
                disturbances.add_at_ratio(touched, noise, power[rows], snr_db)
                windows[rows] = touched


def draw_mixup(alpha: float, n_windows: int, key: Key) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Draw each window's partner in its batch and its own share (Zhang et al., 2018), at least a half."""
    rng = make_generator(key, Purpose.MIXUP)
    shares = rng.beta(alpha, alpha, n_windows)
    return rng.permutation(n_windows), np.maximum(shares, 1.0 - shares).astype(np.float32)


def _remove_mean(windows: NDArray[np.floating]) -> Windows:
    """Return a copy without each row's mean."""
    centred: Windows = (windows - windows.mean(axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)
    return centred
