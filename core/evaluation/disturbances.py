"""What can go wrong between a machine and its recording, at stated levels in dB."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.synthesis.noise_variants import COLOURS, add_noise
from utils.exceptions import InvalidInputError

Samples = NDArray[np.float32]
Make = Callable[[np.random.Generator, NDArray[np.float64], float, float], NDArray[np.float64]]

# Below this nearly all of the power would have to be missing.
LOWEST_DROPOUT_DB: Final = 1.0
_MAINS_HZ = (50.0, 60.0)
_MAINS_HARMONICS = ((1, 1.0), (2, 0.3), (3, 0.5))
_CLICKS_PER_S = 10.0
_CLICK_S = 0.001
_GAP_S = 0.01


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One way to disturb a recording.

    Attributes
    ----------
    title
        For people.
    is_ratio
        Whether its level is a signal-to-noise ratio; a gain's is the gain itself.
    lowest_db
        No level below it makes sense; None where any does.
    """

    title: str
    is_ratio: bool = True
    lowest_db: float | None = None


DISTURBANCES: Final[Mapping[str, Disturbance]] = MappingProxyType(
    {
        "white": Disturbance("white noise"),
        "pink": Disturbance("pink noise (1/f)"),
        "mains": Disturbance("mains hum with harmonics"),
        "impulsive": Disturbance("clicks, ten a second"),
        "dropout": Disturbance("lost stretches of 10 ms", lowest_db=LOWEST_DROPOUT_DB),
        "gain": Disturbance("sensor gain", is_ratio=False),
    }
)


def disturb(
    signal: NDArray[np.floating],
    sample_rate_hz: float,
    kind: str,
    level_db: float,
    *,
    sha256: str,
    seed: int,
) -> Samples:
    """Return a disturbed copy of a signal; the same arguments always give the same samples.

    The level of all kinds but ``gain`` is a signal-to-noise ratio over the whole recording:
    10 log10(var(signal) / mean square of the change). A lost stretch is replaced by the signal's mean.

    Parameters
    ----------
    signal
        Shape ``(n_samples,)``.
    sample_rate_hz
        Of both.
    kind
        A name of `DISTURBANCES`.
    level_db
        The ratio, or the gain.
    sha256
        Of the signal: every signal gets its own noise.
    seed
        Of the whole sweep.

    Raises
    ------
    InvalidInputError
        An unknown kind, a level that can't be, or a signal that does not move.
    """
    if kind not in DISTURBANCES:
        raise InvalidInputError(f"Unknown disturbance '{kind}'. Known: {', '.join(DISTURBANCES)}.")
    lowest_db = DISTURBANCES[kind].lowest_db
    if not math.isfinite(level_db) or (lowest_db is not None and level_db < lowest_db):
        raise InvalidInputError(f"{level_db:g} dB is no level for {DISTURBANCES[kind].title}.")
    values = np.asarray(signal, dtype=np.float32)
    if kind == "gain":
        return values * np.float32(10.0 ** (level_db / 20.0))
    for colour in COLOURS:
        if kind == colour:
            return add_noise(values, sample_rate_hz, level_db, colour, sha256=sha256, seed=seed)
    moved = values.astype(np.float64) - float(values.mean(dtype=np.float64))
    if not moved.any():
        raise InvalidInputError("A constant signal has no power; it can't be disturbed at a ratio to it.")
    random = _make_stream(seed, sha256, kind, level_db)
    change = _MAKE[kind](random, moved, sample_rate_hz, level_db)
    return (values + change).astype(np.float32)


def _make_stream(seed: int, sha256: str, kind: str, level_db: float) -> np.random.Generator:
    digest = hashlib.sha256(f"{sha256} {kind} {level_db:g}".encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int.from_bytes(digest[:8], "big"),)))


def _scale(noise: NDArray[np.float64], moved: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
    wanted = float(np.mean(moved**2)) / 10.0 ** (level_db / 10.0)
    scaled: NDArray[np.float64] = noise * math.sqrt(wanted / float(np.mean(noise**2)))
    return scaled


def _make_mains(
    random: np.random.Generator, moved: NDArray[np.float64], sample_rate_hz: float, level_db: float
) -> NDArray[np.float64]:
    base_hz = float(random.choice(_MAINS_HZ))
    times = np.arange(len(moved)) / sample_rate_hz
    hum = np.zeros(len(moved))
    for harmonic, height in _MAINS_HARMONICS:
        phase = float(random.uniform(0.0, 2.0 * math.pi))
        if harmonic == 1 or harmonic * base_hz < sample_rate_hz / 2.0:
            hum += height * np.cos(2.0 * math.pi * harmonic * base_hz * times + phase)
    return _scale(hum, moved, level_db)


def _make_clicks(
    random: np.random.Generator, moved: NDArray[np.float64], sample_rate_hz: float, level_db: float
) -> NDArray[np.float64]:
    n_samples = len(moved)
    width = min(max(1, round(_CLICK_S * sample_rate_hz)), n_samples)
    n_clicks = max(1, round(_CLICKS_PER_S * n_samples / sample_rate_hz))
    fading = np.exp(-5.0 * np.arange(width) / width)
    noise = np.zeros(n_samples)
    for start in random.integers(0, n_samples - width + 1, n_clicks):
        noise[start : start + width] += fading * random.standard_normal(width)
    return _scale(noise, moved, level_db)


def _make_gaps(
    random: np.random.Generator, moved: NDArray[np.float64], sample_rate_hz: float, level_db: float
) -> NDArray[np.float64]:
    """Lose whole stretches in random order, the last one in part, until the lost power is reached."""
    width = max(1, round(_GAP_S * sample_rate_hz))
    starts = random.permutation(np.arange(0, len(moved), width))
    order = np.concatenate([np.arange(start, min(start + width, len(moved))) for start in starts])
    lost_power = np.cumsum(moved[order] ** 2)
    n_lost = int(np.searchsorted(lost_power, lost_power[-1] / 10.0 ** (level_db / 10.0)))
    change = np.zeros(len(moved))
    lost = order[:n_lost]
    change[lost] = -moved[lost]
    return change


_MAKE: Final[Mapping[str, Make]] = MappingProxyType(
    {"mains": _make_mains, "impulsive": _make_clicks, "dropout": _make_gaps}
)
