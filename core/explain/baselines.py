"""What a window is compared with: the windows that attributions are measured from."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.explain.explainable import Explainable
from utils.exceptions import InvalidInputError

ZERO, HEALTHY_MEAN, PHASE_RANDOMISED = "zero", "healthy_mean", "phase_randomised"


def build_baselines(name: str, explainable: Explainable, seed: int = 0) -> NDArray[np.float32]:
    """Return one baseline per window, ``(n_windows, n_samples)``.

    ``zero`` is silence. ``phase_randomised`` keeps the window's amplitude spectrum and loses impacts and
    modulation; all windows get the same turns. ``healthy_mean`` has the mean amplitude spectrum (root of the
    mean power) of the healthy windows and the phases of the window itself: the mean of waveforms that nothing
    aligns would be silence.

    Raises
    ------
    InvalidInputError
        There is no such baseline, or no healthy window to build it from.
    """
    windows = explainable.windows
    if name == ZERO:
        return np.zeros_like(windows)
    if name == PHASE_RANDOMISED:
        return randomise_phases(windows, seed)
    if name != HEALTHY_MEAN:
        raise InvalidInputError(
            f"There is no baseline '{name}'. Known: {ZERO}, {HEALTHY_MEAN}, {PHASE_RANDOMISED}."
        )
    power = np.mean(np.abs(scipy.fft.rfft(_get_healthy(explainable), axis=1)) ** 2, axis=0)
    phases = np.angle(scipy.fft.rfft(windows, axis=1))
    spectrum = np.sqrt(power) * np.exp(1j * phases)
    found: NDArray[np.float32] = scipy.fft.irfft(spectrum, windows.shape[1], axis=1).astype(np.float32)
    return found


def draw_baselines(
    name: str, explainable: Explainable, window: NDArray[np.float32], n_draws: int, seed: int
) -> NDArray[np.float32]:
    """Draw baselines for one window ``(n_samples,)``: ``(n_draws, n_samples)``, alike for every window.

    ``phase_randomised`` draws other phases each time, ``healthy_mean`` single healthy windows, which lie
    around that mean; ``zero`` is always silence.

    Raises
    ------
    InvalidInputError
        As in `build_baselines`.
    """
    if name == PHASE_RANDOMISED:
        return randomise_phases(np.tile(window, (n_draws, 1)), seed, alike=False)
    if name == HEALTHY_MEAN:
        healthy = _get_healthy(explainable)
        return healthy[np.random.default_rng(seed).integers(0, len(healthy), n_draws)]
    return np.zeros((n_draws, len(window)), dtype=np.float32)


def randomise_phases(windows: NDArray[np.floating], seed: int, *, alike: bool = True) -> NDArray[np.float32]:
    """Turn every frequency of windows ``(n, n_samples)`` by a random angle; amplitudes and mean stay.

    ``alike`` turns all windows by the same angles, otherwise each has its own.
    """
    spectrum = scipy.fft.rfft(np.asarray(windows, dtype=np.float64), axis=1)
    n_samples, n_bins = windows.shape[1], spectrum.shape[1]
    shape = (1, n_bins) if alike else spectrum.shape
    angles = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, shape)
    # These two hold no phase.
    angles[:, 0] = 0.0
    if n_samples % 2 == 0:
        angles[:, -1] = 0.0
    turned: NDArray[np.float32] = scipy.fft.irfft(spectrum * np.exp(1j * angles), n_samples, axis=1).astype(
        np.float32
    )
    return turned


def _get_healthy(explainable: Explainable) -> NDArray[np.float32]:
    healthy = explainable.healthy_windows
    if healthy is None or not len(healthy):
        raise InvalidInputError(
            "The training part has no healthy recording to compare with. Choose another baseline."
        )
    return healthy
