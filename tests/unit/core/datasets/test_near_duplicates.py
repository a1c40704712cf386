"""Copies are found under everything that is done to copies; other recordings of the same machine are not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from core.datasets.near_duplicates import Copy, confirm_copy, find_candidates
from core.datasets.signatures import STRETCHES, compute_signature, find_level, stretch_s
from tests.factories.datasets import SAMPLE_RATE_HZ, simulate
from tests.factories.vibrations import RATE_HZ, add_noise, simulate_journal, simulate_rolling

Signal = tuple[NDArray[np.float32], float]

ROLLING: Signal = (simulate_rolling(3.585, seed=1), RATE_HZ)
TONAL: Signal = (simulate_journal("imbalance", seed=2), 20_480.0)


def _compare(left: Signal, right: Signal) -> Copy | None:
    """Both stages, as the leak check goes through them."""
    signals = [left, right]
    signatures = [compute_signature(values.astype(np.float32), rate) for values, rate in signals]
    levels = [find_level(len(values), rate) for values, rate in signals]
    if not find_candidates(signatures, levels):
        return None
    return confirm_copy(left[0], left[1], right[0].astype(np.float32), right[1])


def _resample(values: NDArray[np.float32], up: int, down: int) -> NDArray[np.float32]:
    return scipy.signal.resample_poly(values, up, down).astype(np.float32)


@pytest.mark.parametrize("original", [ROLLING, TONAL], ids=["rolling", "tonal"])
@pytest.mark.parametrize(
    ("change", "gain", "lag_s"),
    [
        (lambda x, rate: (3 * x, rate), 3, 0),
        (lambda x, rate: (-0.25 * x + 7, rate), -0.25, 0),
        (lambda x, rate: (add_noise(x, 10), rate), 1, 0),
        (lambda x, rate: (x[len(x) // 10 :], rate), 1, -0.1),
        (lambda x, rate: (x[: len(x) // 2], rate), 1, 0),
        (lambda x, rate: (x[len(x) // 2 :], rate), 1, -0.5),
        (lambda x, rate: (_resample(x, 5, 6), rate * 5 / 6), 1, 0),
        (lambda x, rate: (_resample(x, 2, 1), rate * 2), 1, 0),
        (lambda x, rate: (add_noise(0.5 * x[len(x) // 10 :], 10), rate), 0.5, -0.1),
        (lambda x, rate: (np.round(x * 100).astype(np.float32), rate), 100, 0),
    ],
    ids=["gain", "polarity+offset", "noise", "cut", "half", "other half", "down", "up", "all", "rounded"],
)
def test_a_copy_is_found_with_its_gain_and_delay(
    original: Signal, change: Callable[..., Signal], gain: float, lag_s: float
) -> None:
    values, rate = original
    copy = _compare(original, change(values, rate))
    assert copy is not None
    assert copy.gain == pytest.approx(gain, rel=0.05)
    assert copy.lag_s == pytest.approx(lag_s * len(values) / rate, abs=2e-4)
    assert copy.correlation * np.sign(gain) > 0.93


def test_noise_resampling_gain_and_cut_together_are_seen_through() -> None:
    values, rate = ROLLING
    changed = add_noise(0.4 * _resample(values, 2, 3)[1_000:], 10)
    copy = _compare(ROLLING, (changed, rate * 2 / 3))
    assert copy is not None
    assert copy.lag_s == pytest.approx(-1_000 / 8_000, abs=2e-4)


@pytest.mark.parametrize("noise", [0.3, 0.1, 0.01, 0.001])
def test_other_recordings_of_a_machine_at_the_same_speed_are_no_copies(noise: float) -> None:
    signals = [(simulate_rolling(3.585, seed, noise=noise), RATE_HZ) for seed in range(8)]
    assert not any(_compare(left, right) for left, right in combinations(signals, 2))


@pytest.mark.parametrize("fault_class", ["healthy", "imbalance", "misalignment", "oil_whirl"])
def test_records_of_one_class_at_nearly_one_speed_are_no_copies(fault_class: str) -> None:
    signals = [(simulate_journal(fault_class, seed, 60 + 0.01 * seed), 20_480.0) for seed in range(6)]
    assert not any(_compare(left, right) for left, right in combinations(signals, 2))
    assert not any(
        confirm_copy(left[0], left[1], right[0], right[1]) for left, right in combinations(signals, 2)
    )


def test_short_periodic_recordings_whose_lines_can_not_be_told_apart_are_no_copies() -> None:
    """Impulses on whole samples repeat every 0.2 s: in a second their lines run into one another."""
    signals = [(simulate("inner_race", seed), SAMPLE_RATE_HZ) for seed in range(8)]
    assert not any(
        confirm_copy(left[0], left[1], right[0], right[1]) for left, right in combinations(signals, 2)
    )
    assert _compare(signals[0], (add_noise(2 * signals[0][0], 10), SAMPLE_RATE_HZ)) is not None


def test_strangers_agree_as_chance_would_have_it() -> None:
    signals = [np.random.default_rng(seed).standard_normal(20_000).astype("f4") for seed in range(120)]
    signatures = [compute_signature(values, RATE_HZ) for values in signals]
    vectors = np.stack([one[0, 0].astype(float) + 1j * one[0, 1] for one in signatures])
    n_lines = np.count_nonzero(vectors[0])
    vectors *= np.sqrt(n_lines) / np.linalg.norm(vectors, axis=1, keepdims=True)
    agreement = (np.abs(vectors.conj() @ vectors.T) ** 2 / n_lines)[np.triu_indices(120, 1)]
    # exponential with mean 1: the share above 3 is e to the minus 3
    assert agreement.mean() == pytest.approx(1, abs=0.05)
    assert np.mean(agreement > 3) == pytest.approx(np.exp(-3), abs=0.01)


def test_sines_trends_and_single_blows_are_no_copies_of_one_another() -> None:
    random = np.random.default_rng(4)
    times = np.arange(30_000) / RATE_HZ
    families = [
        [np.sin(2 * np.pi * (50 + 0.003 * k) * times + k) for k in range(5)],
        [np.cumsum(random.standard_normal(30_000)) for _ in range(5)],
        [
            30 * np.eye(1, 30_000, 3_000 + 4_000 * k)[0] + 0.01 * random.standard_normal(30_000)
            for k in range(5)
        ],
    ]
    for family in families:
        signals = [(values.astype("f4"), RATE_HZ) for values in family]
        assert not any(_compare(left, right) for left, right in combinations(signals, 2))


def test_the_strongest_candidates_are_kept_where_everything_is_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.datasets.near_duplicates._MOST_KEPT", 5)
    monkeypatch.setattr("core.datasets.near_duplicates._BLOCK", 4)
    values, rate = ROLLING
    copies = [add_noise(values, 20, seed) for seed in range(9)]
    copies += [values, 2 * values]
    found = find_candidates(
        [compute_signature(each, rate) for each in copies], [find_level(len(values), rate)] * len(copies)
    )
    assert (found[0].left, found[0].right) == (9, 10)
    assert 5 <= len(found) <= 10


def test_a_signature_does_not_change_with_gain_and_offset() -> None:
    values, rate = ROLLING
    first = compute_signature(values, rate).astype(int)
    second = compute_signature(4 * values + 1, rate).astype(int)
    assert np.abs(first - second).max() <= 1
    assert first.shape == (len(STRETCHES), 2, 4096)


@pytest.mark.parametrize("values", [np.zeros(9_000), np.ones(9_000), np.ones(1), np.zeros(0)])
def test_what_does_not_move_has_an_empty_signature(values: NDArray[np.float64]) -> None:
    assert not compute_signature(values.astype("f4"), RATE_HZ).any()
    assert confirm_copy(values.astype("f4"), RATE_HZ, ROLLING[0], RATE_HZ) is None


def test_levels_are_a_root_of_two_apart_and_fit_into_the_signal() -> None:
    for n_samples in (600, 12_000, 120_000, 400_000):
        level = find_level(n_samples, RATE_HZ)
        assert stretch_s(level) <= n_samples / RATE_HZ * (1 + 1e-9) or level == 0
        assert level == 0 or stretch_s(level - 1) > n_samples / RATE_HZ


def test_a_long_signal_is_compared_by_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.datasets.near_duplicates._MOST_SAMPLES", 20_000)
    values, rate = ROLLING
    copy = confirm_copy(values, rate, values[1_200:], rate)
    assert copy is not None
    assert copy.lag_s == pytest.approx(-0.1, abs=2e-4)
