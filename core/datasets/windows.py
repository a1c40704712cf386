"""Cuts a signal into windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from utils.exceptions import ErrorCode, InvalidInputError, SignalError


def cut_windows(signal: npt.NDArray[Any], window_samples: int, hop_samples: int) -> npt.NDArray[Any]:
    """Return every whole window, as a read-only view without copying.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    window_samples, hop_samples
        Length of a window and distance between the starts of two; both at least 1.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_windows, window_samples)`` with
        ``n_windows = (n_samples - window_samples) // hop_samples + 1``.

    Raises
    ------
    SignalError
        The signal is shorter than a window (``RECORDING_TOO_SHORT``).

    Examples
    --------
    >>> cut_windows(np.arange(6), 3, 2).tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    if window_samples < 1 or hop_samples < 1:
        raise InvalidInputError("Window and hop must be at least one sample long.")
    if len(signal) < window_samples:
        raise SignalError(
            f"The recording has {len(signal):,} samples, but a window needs {window_samples:,}. "
            "Take a longer recording or a shorter window.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    return np.lib.stride_tricks.sliding_window_view(signal, window_samples)[::hop_samples]
