"""The estimated ratio against ratios that were made on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signal.signal_to_noise import estimate_snr_db
from core.synthesis.noise_variants import add_noise

RATE_HZ = 10_000.0


def make_lines(seconds: float = 4.0) -> NDArray[np.float32]:
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    lines = ((60.0, 1.0), (120.0, 0.5), (301.3, 0.2))
    return sum(
        (height * np.sin(2 * np.pi * frequency_hz * times) for frequency_hz, height in lines),
        np.zeros(len(times)),
    ).astype(np.float32)


@pytest.mark.parametrize("snr_db", [30.0, 10.0, 0.0, -5.0])
def test_lines_in_white_noise_read_the_ratio_that_was_made(snr_db: float) -> None:
    noisy = add_noise(make_lines(), RATE_HZ, snr_db, "white", sha256="a", seed=1)
    assert estimate_snr_db(noisy, RATE_HZ) == pytest.approx(snr_db, abs=0.3)


def test_the_ratio_knows_no_gain_and_no_offset() -> None:
    noisy = add_noise(make_lines(), RATE_HZ, 10.0, "white", sha256="a", seed=1).astype(np.float64)
    expected = estimate_snr_db(noisy, RATE_HZ)
    assert estimate_snr_db(250.0 * noisy + 40.0, RATE_HZ) == pytest.approx(expected, abs=1e-6)


def test_pink_noise_is_followed_within_a_few_decibels() -> None:
    noisy = add_noise(make_lines(), RATE_HZ, 10.0, "pink", sha256="a", seed=1)
    assert estimate_snr_db(noisy, RATE_HZ) == pytest.approx(10.0, abs=4.0)


def test_noise_alone_stands_far_below_and_silence_has_no_ratio() -> None:
    noise = np.random.default_rng(0).normal(size=40_000)
    found = estimate_snr_db(noise, RATE_HZ)
    assert found is not None
    assert found < -15.0
    assert estimate_snr_db(np.full(40_000, 3.0), RATE_HZ) is None
