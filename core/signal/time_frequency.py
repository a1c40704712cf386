"""Short-time Fourier transform of many windows at once, and amplitude-true spectrograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectra import MIN_SPECTRUM_SAMPLES, Scaling
from core.signal.spectral_windows import build_window
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

# SciPy's own functions make a new array for every result; what lies below them takes one that is there, which
# saves a tenth of the time. It is no promised interface: without it the promised one does the same.
try:
    from scipy.fft._pocketfft.pypocketfft import r2c as _transform_in_place  # type: ignore[import-not-found]  # below SciPy, not in its stubs
except ImportError:
    _transform_in_place = None

Complex = NDArray[np.complexfloating[Any, Any]]

_MIN_SEGMENT = 4
# So many samples of windowed segments are made and transformed at a time: they stay in the processor's cache.
_BLOCK_SAMPLES = 2**17
_MAX_OVERLAP = 0.99


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Amplitude spectra of short segments, one after the other.

    Attributes
    ----------
    times_s
        The middle of each segment, shape ``(n_segments,)``.
    frequencies_hz
        Shape ``(n_bins,)``.
    amplitudes
        Shape ``(n_bins, n_segments)``, in the unit of the signal, peak or rms as `scaling` says.
    resolution_hz
        Distance between two bins.
    hop_s
        Distance between two segments.
    window, scaling
        Name of the spectral window; ``"peak"`` or ``"rms"``.
    """

    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]
    amplitudes: NDArray[np.floating[Any]]
    resolution_hz: float
    hop_s: float
    window: str
    scaling: Scaling


def compute_stft(
    windows: ArrayLike,
    n_segment: int,
    hop: int | None = None,
    *,
    window: str = "hann",
    out: Complex | None = None,
) -> Complex:
    """Compute the short-time Fourier transform of many windows at once.

    No sample is added at the ends: the first segment starts at the first sample of each window, and a rest
    shorter than a segment is left out. Nothing is scaled. Segments are windowed and transformed a cacheful at
    a time, so that apart from the result hardly any memory is needed.

    Parameters
    ----------
    windows
        Samples, shape ``(..., n_samples)``; float32 is transformed as float32, all else as float64.
    n_segment
        Samples per segment, at least 4.
    hop
        Samples from one segment to the next; by default half a segment.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.
    out
        Where to put the result: of its shape and dtype, contiguous. Making a large array anew can take
        longer than filling it.

    Returns
    -------
    numpy.ndarray
        Complex, shape ``(..., n_segments, n_segment // 2 + 1)``; complex64 for float32, else complex128.

    Raises
    ------
    InvalidInputError
        The windows hold no whole segment, or segment, hop, window or `out` are not possible.

    Examples
    --------
    >>> compute_stft(np.ones((3, 1000), dtype=np.float32), 256, 128).shape
    (3, 6, 129)
    """
    samples = np.asarray(windows)
    samples = samples if samples.dtype == np.float32 else samples.astype(np.float64, copy=False)
    hop = n_segment // 2 if hop is None else hop
    _check_segments(samples, n_segment, hop)
    weights = build_window(window, n_segment).astype(samples.dtype)
    n_segments = (samples.shape[-1] - n_segment) // hop + 1
    shape = (*samples.shape[:-1], n_segments, n_segment // 2 + 1)
    transform = _prepare_out(out, shape, samples.dtype)
    scratch = _Scratch.of(weights, min(max(1, _BLOCK_SAMPLES // n_segment), transform[..., 0].size))
    rows = samples.reshape(-1, samples.shape[-1])
    for segments, place in _list_runs(rows, n_segment, hop, transform.reshape(-1, *shape[-2:])):
        _fill_blocks(segments, scratch, place)
    return transform


def compute_spectrogram(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    segment_s: float | None = None,
    n_segment: int | None = None,
    overlap: float = 0.5,
    window: str = "hann",
    scaling: Scaling = "peak",
) -> Spectrogram:
    """Compute a spectrogram: a steady sine of amplitude A on a bin reads A (or A/√2 as rms) in every window.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; the mean of all is taken off.
    sample_rate_hz
        Samples per second.
    segment_s, n_segment
        Length of a segment in seconds or in samples (one of them), cut to that of the signal; a length in
        seconds may grow a little, to one that transforms quickly. Default: about as many segments as bins.
    overlap
        Share of a segment that the next one repeats, from 0 up to 0.99.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.
    scaling
        ``"peak"`` or ``"rms"``.

    Returns
    -------
    Spectrogram
        From 0 to the Nyquist frequency. Samples after the last whole segment are left out.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        Unknown window or scaling, an impossible segment length or overlap.
    """
    if scaling not in ("peak", "rms"):
        raise InvalidInputError(f"Unknown scaling '{scaling}'. Choose peak or rms.")
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal)
    if samples.size < MIN_SPECTRUM_SAMPLES:
        sentence = f"{samples.size} samples are too few; at least {MIN_SPECTRUM_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    length = choose_segment_length(samples.size, rate, segment_s, n_segment)
    hop = _choose_hop(length, overlap)
    centred = (samples - samples.mean(dtype=np.float64)).astype(samples.dtype, copy=False)
    transform = compute_stft(centred, length, hop, window=window)
    return Spectrogram(
        times_s=np.asarray((np.arange(transform.shape[0]) * hop + 0.5 * length) / rate, dtype=np.float64),
        frequencies_hz=scipy.fft.rfftfreq(length, 1.0 / rate),
        amplitudes=_scale_to_amplitudes(transform, build_window(window, length), scaling).T,
        resolution_hz=rate / length,
        hop_s=hop / rate,
        window=window,
        scaling=scaling,
    )


def choose_segment_length(n_samples: int, rate: float, segment_s: float | None, n_segment: int | None) -> int:
    """Choose the samples per segment as `compute_spectrogram` says; a length that transforms quickly."""
    if segment_s is not None and n_segment is not None:
        raise InvalidInputError("Give the segment's length either in seconds or in samples, not both.")
    if segment_s is not None:
        if not (math.isfinite(segment_s) and segment_s > 0):
            raise InvalidInputError("A segment's length must be a positive number of seconds.")
        n_segment = scipy.fft.next_fast_len(max(1, round(min(segment_s * rate, n_samples))), real=True)
    elif n_segment is None:
        n_segment = 2 ** round(math.log2(max(math.sqrt(2.0 * n_samples), MIN_SPECTRUM_SAMPLES)))
    if n_segment < MIN_SPECTRUM_SAMPLES:
        raise InvalidInputError(f"A segment needs at least {MIN_SPECTRUM_SAMPLES} samples; make it longer.")
    return min(n_segment, n_samples)


def _choose_hop(n_segment: int, overlap: float) -> int:
    if not 0.0 <= overlap <= _MAX_OVERLAP:
        raise InvalidInputError(f"The overlap of segments must lie between 0 and {_MAX_OVERLAP:g}.")
    return max(1, round(n_segment * (1.0 - overlap)))


def _check_segments(samples: NDArray[Any], n_segment: int, hop: int) -> None:
    if n_segment < _MIN_SEGMENT or hop < 1:
        raise InvalidInputError(f"A segment needs at least {_MIN_SEGMENT} samples and the hop at least one.")
    if samples.ndim < 1 or samples.size == 0 or samples.shape[-1] < n_segment:
        raise InvalidInputError(f"The windows are shorter than one segment of {n_segment} samples.")


def _prepare_out(out: Complex | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Complex:
    wanted = np.dtype(np.complex64 if dtype == np.float32 else np.complex128)
    if out is None:
        return np.empty(shape, wanted)
    if out.shape != shape or out.dtype != wanted or not out.flags.c_contiguous:
        raise InvalidInputError(f"The result needs a contiguous array of {wanted} with shape {shape}.")
    return out


def _list_runs(
    rows: NDArray[Any], n_segment: int, hop: int, transform: Complex
) -> Iterator[tuple[NDArray[Any], Complex]]:
    """Yield segments, shape ``(n_rows, n, n_segment)``, with the place for their transforms.

    Where whole hops fill a segment, every second (third, …) segment begins where the one before it ends: such
    a run is windowed as one stretch of memory, in half the time of short segments one after the other. Rows
    come some at a time, so that they are still in the cache when their next run begins.
    """
    if n_segment % hop:
        yield np.lib.stride_tricks.sliding_window_view(rows, n_segment, axis=-1)[:, ::hop], transform
        return
    n_runs, n_segments = n_segment // hop, transform.shape[1]
    n_rows = max(1, _BLOCK_SAMPLES // rows.shape[1])
    for row in range(0, len(rows), n_rows):
        for run in range(min(n_runs, n_segments)):
            n = len(range(run, n_segments, n_runs))
            stretch = rows[row : row + n_rows, run * hop : run * hop + n * n_segment]
            yield stretch.reshape(len(stretch), n, n_segment), transform[row : row + n_rows, run::n_runs]


@dataclass(frozen=True, slots=True)
class _Scratch:
    """Room for so many segments: the window for each, the windowed segments, their transforms."""

    weights: NDArray[Any]
    weighted: NDArray[Any]
    transforms: Complex

    @classmethod
    def of(cls, weights: NDArray[Any], n_segments: int) -> _Scratch:
        n_bins = weights.size // 2 + 1
        dtype = np.complex64 if weights.dtype == np.float32 else np.complex128
        return cls(
            np.tile(weights, (n_segments, 1)),
            np.empty((n_segments, weights.size), weights.dtype),
            np.empty((n_segments, n_bins), dtype),
        )

    def transform(self, block: NDArray[Any]) -> Complex:
        """Window and transform a block of shape ``(n_rows, n, n_segment)``; valid until the next one."""
        n_rows, n = block.shape[:2]
        weighted = self.weighted[: n_rows * n]
        np.multiply(block, self.weights[:n], out=weighted.reshape(block.shape))
        return _transform_rows(weighted, self.transforms[: n_rows * n]).reshape(n_rows, n, -1)


def _transform_rows(rows: NDArray[Any], place: Complex) -> Complex:
    """Transform each row of real numbers; into `place` where SciPy can."""
    if _transform_in_place is None:
        return np.asarray(scipy.fft.rfft(rows, axis=1))
    return np.asarray(_transform_in_place(rows, (1,), True, 0, place, 1))


def _fill_blocks(segments: NDArray[Any], scratch: _Scratch, transform: Complex) -> None:
    """Transform as many segments at a time as there is room for; whole rows where they are short."""
    n_rows, n_segments = segments.shape[:2]
    segment_step = min(len(scratch.weighted), n_segments)
    row_step = len(scratch.weighted) // segment_step
    for row in range(0, n_rows, row_step):
        for first in range(0, n_segments, segment_step):
            block = segments[row : row + row_step, first : first + segment_step]
            transform[row : row + row_step, first : first + segment_step] = scratch.transform(block)


def _scale_to_amplitudes(
    transform: Complex, weights: NDArray[np.float64], scaling: Scaling
) -> NDArray[np.floating[Any]]:
    """Shape ``(n_segments, n_bins)``; bins that share their power with a negative frequency are doubled."""
    amplitudes = np.abs(transform)
    single = 1.0 / float(weights.sum())
    scale = np.full(amplitudes.shape[-1], single * (2.0 if scaling == "peak" else math.sqrt(2.0)))
    scale[0] = single
    if weights.size % 2 == 0:
        scale[-1] = single
    amplitudes *= scale.astype(amplitudes.dtype)
    return np.asarray(amplitudes)
