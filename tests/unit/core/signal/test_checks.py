"""The guards: what is let through, and what is said about the rest."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, SignalError


def test_a_floating_point_signal_passes_without_a_copy() -> None:
    signal = np.ones(5, dtype=np.float32)
    assert check_usable(signal) is signal


def test_whole_numbers_become_floating_point() -> None:
    checked = check_usable(np.array([1, 2, 3], dtype=np.int16))
    assert checked.dtype == np.float64
    assert checked.tolist() == [1.0, 2.0, 3.0]


def test_an_empty_signal_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        check_usable([])
    assert caught.value.code is ErrorCode.EMPTY_SIGNAL


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gap_is_counted_and_placed(bad: float) -> None:
    signal = np.zeros(100)
    signal[[40, 41]] = bad
    with pytest.raises(SignalError, match=r"2 of 100 .* first is sample 40") as caught:
        check_usable(signal)
    assert caught.value.code is ErrorCode.NON_FINITE_SIGNAL


@pytest.mark.parametrize("signal", [np.zeros((3, 2)), np.array(["a"]), np.array([1j]), np.float64(3.0)])
def test_anything_but_one_channel_of_real_numbers_is_refused(signal: np.ndarray) -> None:
    with pytest.raises(SignalError, match="one channel"):
        check_usable(signal)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_sample_rate_is_refused(rate: float) -> None:
    with pytest.raises(SignalError) as caught:
        check_sample_rate(rate)
    assert caught.value.code is ErrorCode.SAMPLE_RATE_INVALID


def test_a_sample_rate_comes_back_as_a_float() -> None:
    assert isinstance(check_sample_rate(12_000), float)
