"""Stretches and the thinning of spectra."""

from __future__ import annotations

import numpy as np
import pytest

from models.recording import Signal
from services.signals.stretches import find_stretch, thin_lines
from utils.exceptions import InvalidInputError

SIGNAL = Signal(id=1, sample_rate_hz=100.0, n_samples=1000)


def test_a_range_beyond_the_signal_is_cut_to_it() -> None:
    stretch = find_stretch(SIGNAL, (-5.0, 99.0))
    assert (stretch.start, stretch.stop) == (0, 1000)


def test_a_range_takes_every_sample_it_touches() -> None:
    stretch = find_stretch(SIGNAL, (0.995, 2.001))
    assert (stretch.start, stretch.stop) == (99, 201)


@pytest.mark.parametrize("x_range_s", [(2.0, 1.0), (11.0, 12.0), (float("nan"), 1.0), (1.0, float("inf"))])
def test_a_range_that_holds_nothing_is_refused(x_range_s: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError):
        find_stretch(SIGNAL, x_range_s)


@pytest.mark.parametrize("n_lines", [3999, 4000, 4001, 10_007, 524_289])
def test_thinning_keeps_the_highest_line_wherever_it_is(n_lines: int) -> None:
    frequencies = np.arange(n_lines, dtype=float)
    for highest in (0, n_lines // 3, n_lines - 1):
        heights = np.zeros(n_lines)
        heights[highest] = 7.0
        kept_hz, kept = thin_lines(frequencies, heights)
        assert len(kept) <= 4000
        assert kept_hz[kept.index(7.0)] == highest


def test_thinning_shows_only_the_wanted_frequencies() -> None:
    frequencies, _ = thin_lines(np.arange(100.0), np.ones(100), min_hz=10.0, max_hz=20.0)
    assert (frequencies[0], frequencies[-1]) == (10.0, 20.0)
