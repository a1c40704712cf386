"""Cutting windows."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.windows import cut_windows
from utils.exceptions import ErrorCode, InvalidInputError, SignalError


@pytest.mark.parametrize(
    ("n", "window", "hop"), [(100, 10, 10), (105, 10, 10), (100, 10, 3), (10, 10, 99), (7, 3, 5)]
)
def test_every_whole_window_is_cut_and_no_other(n: int, window: int, hop: int) -> None:
    signal = np.arange(n, dtype="f4")
    expected = [signal[at : at + window] for at in range(0, n - window + 1, hop)]
    np.testing.assert_array_equal(cut_windows(signal, window, hop), expected)


def test_windows_are_a_view_that_can_not_be_written() -> None:
    signal = np.arange(100, dtype="f4")
    windows = cut_windows(signal, 10, 5)
    assert np.shares_memory(windows, signal)
    assert not windows.flags.writeable


def test_a_recording_shorter_than_a_window_is_refused_with_both_lengths() -> None:
    with pytest.raises(SignalError, match=r"1,999 samples.*2,000") as caught:
        cut_windows(np.zeros(1_999), 2_000, 1_000)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize(("window", "hop"), [(0, 1), (1, 0)])
def test_windows_and_hops_of_nothing_are_refused(window: int, hop: int) -> None:
    with pytest.raises(InvalidInputError):
        cut_windows(np.zeros(10), window, hop)
