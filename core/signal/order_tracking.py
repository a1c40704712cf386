"""Order tracking: a signal over the shaft's angle instead of time, its order spectrum and order map.

An order is a frequency divided by the shaft frequency. Over the angle, a line that follows the shaft stays
one line however the speed changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.shaft_angle import ShaftAngle
from core.signal.spectra import Scaling, Spectrum, compute_spectrum
from core.signal.spectral_windows import build_window
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

DEFAULT_MAX_ORDER = 100.0
MIN_ORDER_TURNS = 4
# Cubic interpolation of a signal that has no content above a quarter of its sample rate errs by less than 1 %
# in amplitude at that quarter and much less below; so the signal is brought to four times what is asked for.
_OVERSAMPLING = 4.0
_MAP_TURNS = 16
_MAP_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class AngularSignal:
    """A signal sampled at even steps of the shaft's angle.

    Attributes
    ----------
    samples
        Shape ``(n_turns * samples_per_turn,)``, whole turns, in the unit of the signal.
    samples_per_turn
        Even steps in a turn.
    first_turn
        Of the `ShaftAngle`, at the first sample.
    max_order
        Up to here the samples are true; above they are empty.
    """

    samples: NDArray[np.float64]
    samples_per_turn: int
    first_turn: float
    max_order: float

    @property
    def n_turns(self) -> int:
        """Whole turns."""
        return self.samples.size // self.samples_per_turn


@dataclass(frozen=True, slots=True)
class OrderMap:
    """Order spectra of stretches of equal angle, one after the other.

    Attributes
    ----------
    orders
        Shape ``(n_orders,)``.
    times_s, speeds_hz
        Middle of each stretch and mean shaft frequency in it, shape ``(n_stretches,)``.
    amplitudes
        Peak amplitudes in the unit of the signal, shape ``(n_orders, n_stretches)``.
    resolution_orders
        Distance between two orders.
    """

    orders: NDArray[np.float64]
    times_s: NDArray[np.float64]
    speeds_hz: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    resolution_orders: float


def resample_to_angle(
    signal: ArrayLike, sample_rate_hz: float, angle: ShaftAngle, *, max_order: float = DEFAULT_MAX_ORDER
) -> AngularSignal:
    """Resample a signal from even steps of time to even steps of the shaft's angle.

    What lies above `max_order` at the highest speed is taken off first, so that nothing folds back; the
    rest is oversampled and interpolated by cubic splines (Fyfe & Munck 1997, Mechanical Systems and Signal
    Processing 11(2), computed order tracking).

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; the mean is taken off.
    sample_rate_hz
        Samples per second.
    angle
        Of the shaft, in the time of the signal. Samples before its first and after its last moment are not
        used.
    max_order
        Highest order wanted; where the signal does not reach that far at its lowest speed, the angular
        signal reaches less far (``max_order`` of the result).

    Returns
    -------
    AngularSignal
        Whole turns.

    Raises
    ------
    SignalError
        Empty, not finite, an impossible rate, or fewer than 4 turns (``recording_too_short``).
    InvalidInputError
        `max_order` is not above 0.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal).astype(np.float64, copy=False)
    if not 0.0 < max_order < math.inf:
        raise InvalidInputError("The highest order must be a number above 0.")
    begin_s = max(0.0, float(angle.times_s[0]))
    end_s = min((samples.size - 1) / rate, float(angle.times_s[-1]))
    first, last = angle.turns_at([begin_s, end_s]) if end_s > begin_s else (0.0, 0.0)
    n_turns = math.floor(last - first + 1e-9)
    if n_turns < MIN_ORDER_TURNS:
        raise SignalError(
            f"The stretch holds {last - first:.1f} turns of the shaft; {MIN_ORDER_TURNS} are needed.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    speeds = angle.frequency_at(np.linspace(begin_s, end_s, 512))
    reach = min(max_order, 0.5 * rate / float(speeds.max()))
    per_turn = scipy.fft.next_fast_len(math.ceil(2.5 * reach), real=True)
    dense, dense_rate = _oversample(samples - samples.mean(), rate, reach * float(speeds.max()))
    turns = first + np.arange(n_turns * per_turn) / per_turn
    positions = np.clip(angle.times_at(np.minimum(turns, last)), begin_s, end_s) * dense_rate
    angular = scipy.ndimage.map_coordinates(dense, positions[None, :], order=3, mode="nearest")
    return AngularSignal(np.asarray(angular), per_turn, float(first), reach)


def _oversample(
    samples: NDArray[np.float64], rate: float, max_hz: float
) -> tuple[NDArray[np.float64], float]:
    """Low-pass at `max_hz` and change the rate to about 8 times that, in one pair of transforms.

    The ends are mirrored; the edge of the filter falls over the tenth below `max_hz` (none at the Nyquist
    frequency).
    """
    n_margin = min(samples.size - 1, math.ceil(0.05 * samples.size))
    mirrored = np.pad(samples, n_margin, mode="reflect")
    n_in = scipy.fft.next_fast_len(mirrored.size, real=True)
    transform = scipy.fft.rfft(mirrored, n_in)
    frequencies_hz = scipy.fft.rfftfreq(n_in, 1.0 / rate)
    if max_hz < 0.499 * rate:
        transform *= np.clip((1.1 * max_hz - frequencies_hz) / (0.1 * max_hz), 0.0, 1.0)
    n_out = scipy.fft.next_fast_len(math.ceil(n_in * 2.0 * _OVERSAMPLING * max_hz / rate), real=True)
    dense_rate = rate * n_out / n_in
    kept = transform[: n_out // 2 + 1]
    dense = scipy.fft.irfft(kept, n_out) * (n_out / n_in)
    start = n_margin * n_out / n_in
    whole = math.floor(start)
    # The first sample need not fall on the new grid: shift by the rest in the frequency domain.
    if start > whole:
        shift = np.exp(2j * np.pi * np.arange(kept.size) * (start - whole) / n_out)
        dense = scipy.fft.irfft(kept * shift, n_out) * (n_out / n_in)
    n_dense = math.ceil(samples.size * n_out / n_in)
    return dense[whole : whole + n_dense], dense_rate


def compute_order_spectrum(
    angular: AngularSignal, *, window: str = "hann", scaling: Scaling = "peak"
) -> Spectrum:
    """Compute the amplitude spectrum over orders: a line of amplitude A that follows the shaft reads A.

    Parameters
    ----------
    angular
        From `resample_to_angle`.
    window, scaling
        As for `core.signal.spectra.compute_spectrum`.

    Returns
    -------
    Spectrum
        ``frequencies_hz`` are orders and ``resolution_hz`` is in orders: 1 / number of turns. Ends at the
        highest order that is true.
    """
    spectrum = compute_spectrum(
        angular.samples, float(angular.samples_per_turn), window=window, scaling=scaling
    )
    n_true = int(np.searchsorted(spectrum.frequencies_hz, angular.max_order, side="right"))
    return Spectrum(
        spectrum.frequencies_hz[:n_true],
        spectrum.amplitudes[:n_true],
        spectrum.resolution_hz,
        window,
        scaling,
    )


def compute_order_map(
    angular: AngularSignal, angle: ShaftAngle, *, turns_per_stretch: int = _MAP_TURNS
) -> OrderMap:
    """Compute order spectra of overlapping stretches of equal angle (Hann window, peak amplitudes).

    Parameters
    ----------
    angular
        From `resample_to_angle`, with `angle`.
    angle
        The same, for the times and speeds of the stretches.
    turns_per_stretch
        The resolution is one over it; half of each stretch overlaps the next. Fewer where the signal has
        fewer.

    Returns
    -------
    OrderMap
        At least one stretch.

    Raises
    ------
    InvalidInputError
        Fewer than 2 turns per stretch.
    """
    if turns_per_stretch < 2:
        raise InvalidInputError("A stretch of an order map needs at least 2 turns.")
    n_turns = min(turns_per_stretch, angular.n_turns)
    per_turn, n_stretch = angular.samples_per_turn, n_turns * angular.samples_per_turn
    hop = max(1, round(n_turns * (1.0 - _MAP_OVERLAP)))
    first_turns = np.arange(0, angular.n_turns - n_turns + 1, hop)
    views = np.lib.stride_tricks.sliding_window_view(angular.samples, n_stretch)[first_turns * per_turn]
    weights = build_window("hann", n_stretch)
    amplitudes = 2.0 * np.abs(scipy.fft.rfft(views * weights, axis=1)) / weights.sum()
    amplitudes[:, 0] *= 0.5
    orders = np.arange(amplitudes.shape[1]) / n_turns
    true = orders <= angular.max_order
    edges = angular.first_turn + np.stack([first_turns, first_turns + n_turns])
    begins_s, ends_s = angle.times_at(np.clip(edges, angle.turns[0], angle.turns[-1]))
    return OrderMap(
        orders[true],
        0.5 * (begins_s + ends_s),
        n_turns / (ends_s - begins_s),
        amplitudes[:, true].T,
        1.0 / n_turns,
    )
