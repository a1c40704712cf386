"""Each flag is raised by its fault and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.quality import QualitySeverity, assess_quality
from utils.exceptions import SignalError

RATE_HZ = 12_000.0
TIME_S = np.arange(36_000) / RATE_HZ


def noise(n_samples: int = TIME_S.size) -> np.ndarray:
    return np.random.default_rng(5).standard_normal(n_samples)


def with_dropout() -> np.ndarray:
    signal = noise()
    signal[6000:6240] = 0.0
    return signal


def clipped_twice_a_side() -> np.ndarray:
    signal = noise()
    signal[[100, 900]], signal[[500, 20_000]] = 9.0, -9.0
    return signal


FAULTY = {
    "clipping": [
        np.clip(noise(), -1.0, 2.0),
        clipped_twice_a_side(),
        np.clip(np.sin(2500 * TIME_S), -0.9, 0.9),
    ],
    "dropout": [with_dropout()],
    "dc_offset": [noise() + 3.0],
    "level_step": [noise() + 4.0 * (TIME_S > 1.3) - 2.26],
    "mains": [
        0.3 * noise() + np.sin(2 * np.pi * 60.0 * TIME_S),
        0.2 * noise() + np.sin(2 * np.pi * 100.0 * TIME_S),
    ],
    "too_short": [noise(1000), noise(3000)],
    "constant": [np.full(36_000, 0.1, dtype=np.float32)],
    "non_finite": [np.append(noise(), np.nan)],
    "empty": [np.array([])],
}


@pytest.mark.parametrize(
    ("name", "signal"), [(name, signal) for name, group in FAULTY.items() for signal in group]
)
def test_a_fault_raises_its_flag_and_no_other(name: str, signal: np.ndarray) -> None:
    flags = assess_quality(signal, RATE_HZ)
    assert [flag.name for flag in flags] == [name]
    assert flags[0].sentence.endswith(".")


@pytest.mark.parametrize(
    "signal",
    [
        noise(),
        noise().astype(np.float32),
        np.sin(2 * np.pi * 400.0 * TIME_S),
        np.round(noise() * 500.0),
        noise() * (1.0 + 30.0 * (np.arange(TIME_S.size) % 1200 < 12)),
    ],
    ids=["noise", "float32", "sine", "coarse steps", "impacts"],
)
def test_a_sound_signal_raises_none(signal: np.ndarray) -> None:
    assert assess_quality(signal, RATE_HZ) == []


def test_the_worst_comes_first() -> None:
    signal = np.clip(noise(4000), -1.0, 1.0) + 9.0
    severities = [flag.severity for flag in assess_quality(signal, RATE_HZ)]
    assert severities == [QualitySeverity.WARNING, QualitySeverity.INFO, QualitySeverity.INFO]


def test_a_dropout_is_placed_in_time() -> None:
    (flag,) = assess_quality(with_dropout(), RATE_HZ)
    assert "0.02 s from 0.5 s" in flag.sentence


def test_an_impossible_rate_or_shape_is_refused() -> None:
    with pytest.raises(SignalError):
        assess_quality(noise(), 0.0)
    with pytest.raises(SignalError, match="one channel"):
        assess_quality(noise().reshape(2, -1), RATE_HZ)


@pytest.mark.parametrize("n_samples", [1, 2, 3, 17, 41])
def test_the_shortest_signals_are_assessed(n_samples: int) -> None:
    assert {flag.name for flag in assess_quality(noise(n_samples), RATE_HZ)} <= {
        "too_short",
        "constant",
        "dc_offset",
        "level_step",
    }
