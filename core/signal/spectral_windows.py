"""The spectral windows this product offers, as cosine sums, and the shape of their main lobe."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.exceptions import InvalidInputError

# w[i] = sum over m of (-1)**m * a[m] * cos(2*pi*m*i/n); Harris (1978), Proc. IEEE 66(1); flat-top: ISO
# 18431-2 family (D'Antona & Ferrero 2006), the same five terms as MATLAB's and SciPy's flattopwin.
_COSINE_TERMS: dict[str, tuple[float, ...]] = {
    "hann": (0.5, 0.5),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "rectangular": (1.0,),
}
WINDOW_NAMES: tuple[str, ...] = tuple(_COSINE_TERMS)


def check_window(name: str) -> None:
    """Refuse a window that is not in `WINDOW_NAMES`.

    Raises
    ------
    InvalidInputError
        The sentence names the windows there are.
    """
    if name not in _COSINE_TERMS:
        raise InvalidInputError(f"Unknown window '{name}'. Choose one of: {', '.join(WINDOW_NAMES)}.")


def build_window(name: str, n_samples: int) -> NDArray[np.float64]:
    """Sample a window in its periodic form, so that lines on a bin do not leak beyond the main lobe.

    Parameters
    ----------
    name
        One of `WINDOW_NAMES`.
    n_samples
        Length.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``.
    """
    check_window(name)
    phase = np.arange(n_samples) * (2.0 * np.pi / n_samples)
    terms = _COSINE_TERMS[name]
    window = np.full(n_samples, terms[0])
    for m, term in enumerate(terms[1:], start=1):
        window += (-1) ** m * term * np.cos(m * phase)
    return window


def compute_main_lobe(name: str, offset_bins: ArrayLike) -> NDArray[np.float64]:
    """Tell how much of a line's amplitude a bin reads that lies `offset_bins` beside it.

    The transform of a cosine sum is a sum of shifted sinc functions; this is its limit for long records,
    good to 1e-4 from 32 samples on.

    Parameters
    ----------
    name
        One of `WINDOW_NAMES`.
    offset_bins
        Distance between line and bin, in bins.

    Returns
    -------
    numpy.ndarray
        Share of the true amplitude, 1 at offset 0; the shape of `offset_bins`.
    """
    check_window(name)
    offset = np.asarray(offset_bins, dtype=np.float64)
    terms = _COSINE_TERMS[name]
    lobe = terms[0] * np.sinc(offset)
    for m, term in enumerate(terms[1:], start=1):
        lobe += 0.5 * term * (np.sinc(offset - m) + np.sinc(offset + m))
    return np.asarray(np.abs(lobe) / terms[0])


def compute_scalloping_loss_db(name: str) -> float:
    """Compute the worst-case loss of a bin's reading: the line lies half-way between two bins.

    >>> {name: round(compute_scalloping_loss_db(name), 2) for name in WINDOW_NAMES}
    {'hann': 1.42, 'flattop': 0.01, 'hamming': 1.75, 'blackman': 1.1, 'rectangular': 3.92}
    """
    return float(-20.0 * np.log10(compute_main_lobe(name, 0.5)))


def get_main_lobe_half_width(name: str) -> int:
    """Return the distance, in bins, from the middle of the main lobe to its first zero."""
    check_window(name)
    return len(_COSINE_TERMS[name])
