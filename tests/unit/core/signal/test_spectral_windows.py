"""Spectral windows against SciPy's, and their lobes against a transform."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal.windows

from core.signal.spectral_windows import (
    WINDOW_NAMES,
    build_window,
    check_window,
    compute_main_lobe,
    compute_scalloping_loss_db,
    get_main_lobe_half_width,
)
from utils.exceptions import InvalidInputError

SCIPY_NAMES = {name: name for name in WINDOW_NAMES} | {"rectangular": "boxcar"}


@pytest.mark.parametrize("name", WINDOW_NAMES)
@pytest.mark.parametrize("n_samples", [16, 255, 4096])
def test_a_window_equals_the_periodic_one_of_scipy(name: str, n_samples: int) -> None:
    expected = scipy.signal.windows.get_window(SCIPY_NAMES[name], n_samples, fftbins=True)
    np.testing.assert_allclose(build_window(name, n_samples), expected, atol=1e-8)


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_lobe_equals_the_finely_sampled_transform_of_the_window(name: str) -> None:
    window = build_window(name, 512)
    transform = np.abs(np.fft.rfft(window, 512 * 8)) / window.sum()
    offsets = np.arange(17) / 8
    np.testing.assert_allclose(compute_main_lobe(name, offsets), transform[:17], atol=2e-4)


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_lobe_ends_where_its_half_width_says(name: str) -> None:
    half_width = get_main_lobe_half_width(name)
    assert compute_main_lobe(name, half_width) < 1e-6
    assert compute_main_lobe(name, half_width - 0.5) > 1e-6


def test_the_scalloping_losses_are_those_of_the_literature() -> None:
    losses = {name: compute_scalloping_loss_db(name) for name in WINDOW_NAMES}
    expected = {"hann": 1.42, "flattop": 0.01, "hamming": 1.75, "blackman": 1.10, "rectangular": 3.92}
    assert losses == pytest.approx(expected, abs=0.01)


def test_an_unknown_window_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(InvalidInputError, match="hann, flattop"):
        check_window("welch")
