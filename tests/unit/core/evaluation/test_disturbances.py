"""Disturbances reach exactly the level that was asked for, and are what their names say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import welch

from core.evaluation.disturbances import DISTURBANCES, disturb
from utils.exceptions import InvalidInputError

RATE_HZ = 8_000.0
RATIOS = [name for name, known in DISTURBANCES.items() if known.is_ratio]


@pytest.fixture
def signal() -> NDArray[np.float32]:
    times = np.arange(int(4 * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).normal(0, 0.1, len(times))
    return (0.4 + np.sin(2 * np.pi * 120 * times) + noise).astype(np.float32)


@pytest.mark.parametrize("kind", RATIOS)
@pytest.mark.parametrize("level_db", [20.0, 3.0])
def test_the_ratio_is_the_one_asked_for(kind: str, level_db: float, signal: NDArray[np.float32]) -> None:
    changed = disturb(signal, RATE_HZ, kind, level_db, sha256="a" * 64, seed=1)
    change = changed.astype(np.float64) - signal
    found_db = 10 * math.log10(np.var(signal.astype(np.float64)) / np.mean(change**2))
    assert found_db == pytest.approx(level_db, abs=0.02)
    assert changed.dtype == np.float32


@pytest.mark.parametrize("kind", list(DISTURBANCES))
def test_the_same_seed_gives_the_same_samples_and_every_signal_its_own(
    kind: str, signal: NDArray[np.float32]
) -> None:
    def make(sha256: str, seed: int) -> NDArray[np.float32]:
        return disturb(signal, RATE_HZ, kind, 10.0, sha256=sha256, seed=seed)

    before = signal.copy()
    np.testing.assert_array_equal(make("a", 1), make("a", 1))
    np.testing.assert_array_equal(signal, before)
    if kind != "gain":
        assert (make("a", 1) != make("b", 1)).any()
        assert (make("a", 1) != make("a", 2)).any()


def test_gain_multiplies(signal: NDArray[np.float32]) -> None:
    changed = disturb(signal, RATE_HZ, "gain", -20.0, sha256="a", seed=0)
    np.testing.assert_allclose(changed, 0.1 * signal, rtol=1e-6)


def test_each_kind_is_what_its_name_says(signal: NDArray[np.float32]) -> None:
    def change(kind: str) -> NDArray[np.float64]:
        return disturb(signal, RATE_HZ, kind, 5.0, sha256="a", seed=1).astype(np.float64) - signal

    frequencies_hz, mains = welch(change("mains"), RATE_HZ, nperseg=int(RATE_HZ))
    assert frequencies_hz[mains.argmax()] in (50.0, 60.0)
    _, pink = welch(change("pink"), RATE_HZ, nperseg=2048)
    _, white = welch(change("white"), RATE_HZ, nperseg=2048)
    assert pink[10:20].mean() > 5 * pink[100:200].mean()
    assert white[10:20].mean() == pytest.approx(white[100:200].mean(), rel=0.3)
    clicks = change("impulsive")
    assert np.mean(np.abs(clicks) > 1e-6) < 0.02
    assert np.mean(clicks**4) / np.mean(clicks**2) ** 2 > 50


def test_a_lost_stretch_holds_the_mean(signal: NDArray[np.float32]) -> None:
    changed = disturb(signal, RATE_HZ, "dropout", 6.0, sha256="a", seed=1)
    lost = changed != signal
    np.testing.assert_allclose(changed[lost], signal.mean(dtype=np.float64), atol=1e-6)
    assert lost.mean() == pytest.approx(10**-0.6, abs=0.02)


@pytest.mark.parametrize(
    ("kind", "level_db", "says"),
    [("thunder", 5.0, "Unknown disturbance"), ("dropout", 0.0, "no level"), ("white", math.nan, "no level")],
)
def test_what_cannot_be_is_refused(
    kind: str, level_db: float, says: str, signal: NDArray[np.float32]
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        disturb(signal, RATE_HZ, kind, level_db, sha256="a", seed=1)


@pytest.mark.parametrize("kind", RATIOS)
def test_a_constant_signal_is_refused(kind: str) -> None:
    with pytest.raises(InvalidInputError, match="constant signal"):
        disturb(np.ones(4000, np.float32), RATE_HZ, kind, 5.0, sha256="a", seed=1)
