"""A band of a signal as sound: a WAV file that a browser plays."""

from __future__ import annotations

import io
import math
import wave
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.band_pass import Band, check_band, compute_band_gain, count_margin, mirror_ends
from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

MIN_PLAYED_RATE_HZ = 8_000
MAX_PLAYED_RATE_HZ = 32_000
MAX_SPEED_FACTOR = 32.0

_MIN_SAMPLES = 256
_PEAK = 0.95 * 32_767
# The sound rises and falls over so long, so that it does not click.
_FADE_S = 0.01


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound: 16-bit mono WAV.

    Attributes
    ----------
    wav
        The file's bytes.
    sample_rate_hz
        Of the file.
    duration_s
        How long it plays.
    gain
        Full scale per unit of the signal; 0 for a signal without movement.
    """

    wav: bytes
    sample_rate_hz: int
    duration_s: float
    gain: float


def build_sound(
    signal: ArrayLike, sample_rate_hz: float, *, band_hz: Band | None = None, speed_factor: float = 1.0
) -> Sound:
    """Turn a band of a signal into sound, as loud as it can be.

    Band-pass and change of rate are one transform; what the file's rate can't hold is cut off above
    16 kHz, about where hearing ends.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 256; their mean is taken off.
    sample_rate_hz
        Samples per second.
    band_hz
        ``(low, high)`` in frequencies of the signal; default: all of it.
    speed_factor
        2 plays twice as fast and an octave higher; 1/32 to 32.

    Returns
    -------
    Sound
        At 8 to 32 kHz.

    Raises
    ------
    SignalError
        Empty, not finite, too short, or an impossible sample rate.
    InvalidInputError
        An impossible band or speed; a band that lies above what can be heard at this speed.
    """
    rate = check_sample_rate(sample_rate_hz)
    if not 1.0 / MAX_SPEED_FACTOR <= speed_factor <= MAX_SPEED_FACTOR:
        raise InvalidInputError(
            f"The speed must lie between 1/{MAX_SPEED_FACTOR:g} and {MAX_SPEED_FACTOR:g}."
        )
    samples = check_usable(signal)
    if samples.size < _MIN_SAMPLES:
        sentence = f"{samples.size} samples are too few to hear; at least {_MIN_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    band = check_band((0.0, rate / 2.0) if band_hz is None else band_hz, rate)
    played_hz = round(min(max(rate * speed_factor, MIN_PLAYED_RATE_HZ), MAX_PLAYED_RATE_HZ))
    if band[0] * speed_factor >= played_hz / 2.0:
        raise InvalidInputError("At this speed the whole band lies above what can be heard; play it slower.")
    sound = _fade(_resample_band(samples.astype(np.float64), rate, band, played_hz / speed_factor), played_hz)
    peak = float(np.abs(sound).max())
    gain = _PEAK / peak if peak > 0.0 else 0.0
    wav = _write_wav(np.rint(sound * gain).astype("<i2"), played_hz)
    return Sound(wav, played_hz, sound.size / played_hz, gain / 32_768)


def _resample_band(
    samples: NDArray[np.float64], rate: float, band: Band, new_rate: float
) -> NDArray[np.float64]:
    """Cut the band out of the transform and transform back at another length: another sample rate."""
    n_margin = count_margin(samples.size, rate, band[1] - band[0])
    mirrored = mirror_ends(samples, n_margin)
    n_old = scipy.fft.next_fast_len(mirrored.size, real=True)
    transform = scipy.fft.rfft(mirrored, n_old)
    transform *= compute_band_gain(scipy.fft.rfftfreq(n_old, 1.0 / rate), band, rate)
    n_new = round(n_old * new_rate / rate)
    if n_new < n_old:
        transform = transform[: n_new // 2 + 1]
        transform[-1] = 0.0
    sound = scipy.fft.irfft(transform, n_new) * (n_new / n_old)
    first = round(n_margin * n_new / n_old)
    return np.asarray(sound[first : first + max(1, math.floor(samples.size * n_new / n_old))])


def _fade(sound: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    n_fade = min(round(_FADE_S * rate), sound.size // 4)
    slope = np.sin(0.5 * np.pi * (np.arange(n_fade) + 0.5) / n_fade) ** 2
    sound[:n_fade] *= slope
    sound[sound.size - n_fade :] *= slope[::-1]
    return sound


def _write_wav(samples: NDArray[np.int16], rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.tobytes())
    return file.getvalue()
