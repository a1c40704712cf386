"""What is heard: the band, at its pitch, as loud as can be, in a file that a browser plays."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from core.signal.peaks import find_peaks
from core.signal.playback import Sound, build_sound
from core.signal.spectra import compute_spectrum
from utils.exceptions import ErrorCode, InvalidInputError, SignalError


def sines(rate_hz: float, duration_s: float, **amplitudes: float) -> np.ndarray:
    """Return a sum of sines, f440=1.0 meaning 440 Hz."""
    time_s = np.arange(round(rate_hz * duration_s)) / rate_hz
    return sum(a * np.sin(2 * np.pi * float(name[1:]) * time_s) for name, a in amplitudes.items())


def listen(sound: Sound) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(sound.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == sound.sample_rate_hz
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def find_pitches(sound: Sound, n: int) -> list[float]:
    samples, rate_hz = listen(sound)
    return sorted(
        peak.frequency_hz for peak in find_peaks(compute_spectrum(samples.astype(float), rate_hz), n)
    )


@pytest.mark.parametrize(
    ("rate_hz", "speed_factor", "played_hz"),
    [(12_000.0, 1.0, 12_000), (97_656.0, 1.0, 32_000), (1_000.0, 1.0, 8_000), (20_480.0, 0.5, 10_240)],
)
def test_a_tone_is_heard_at_its_pitch(rate_hz: float, speed_factor: float, played_hz: int) -> None:
    sound = build_sound(sines(rate_hz, 3.0, f200=2.0), rate_hz, speed_factor=speed_factor)
    assert sound.sample_rate_hz == played_hz
    assert find_pitches(sound, 1) == pytest.approx([200.0 * speed_factor], rel=1e-3)
    assert sound.duration_s == pytest.approx(3.0 / speed_factor, rel=1e-3)


def test_only_the_band_is_heard_and_its_level_is_full() -> None:
    signal = sines(20_000.0, 2.0, f100=50.0, f1500=1.0, f6000=50.0) + 1_000.0
    sound = build_sound(signal, 20_000.0, band_hz=(1_000.0, 2_000.0))
    samples, _ = listen(sound)
    assert find_pitches(sound, 1) == pytest.approx([1_500.0], rel=1e-3)
    assert np.abs(samples).max() == pytest.approx(0.95 * 32_767, abs=2)
    spectrum = compute_spectrum(samples.astype(float), 20_000.0)
    inside = spectrum.amplitudes[(spectrum.frequencies_hz > 1_400) & (spectrum.frequencies_hz < 1_600)].max()
    outside = spectrum.amplitudes[(spectrum.frequencies_hz < 900) | (spectrum.frequencies_hz > 2_200)].max()
    assert outside < 1e-3 * inside
    # a sine of amplitude 1 was raised by the gain to what stands in the file
    assert np.median(np.abs(samples[2_000:-2_000])) / 32_768 == pytest.approx(
        sound.gain * np.sqrt(0.5), rel=0.02
    )


def test_what_is_inaudible_is_brought_down_by_playing_slowly() -> None:
    signal = sines(97_656.0, 1.0, f24000=1.0)
    with pytest.raises(InvalidInputError, match="slower"):
        build_sound(signal, 97_656.0, band_hz=(20_000.0, 30_000.0))
    slow = build_sound(signal, 97_656.0, band_hz=(20_000.0, 30_000.0), speed_factor=0.1)
    assert find_pitches(slow, 1) == pytest.approx([2_400.0], rel=1e-3)


def test_it_starts_and_ends_without_a_click() -> None:
    samples, _ = listen(build_sound(np.cos(np.arange(20_000) * 0.3), 10_000.0))
    assert max(abs(int(samples[0])), abs(int(samples[-1]))) < 100


def test_silence_stays_silent() -> None:
    sound = build_sound(np.full(5_000, 3.0), 10_000.0)
    assert not listen(sound)[0].any()
    assert sound.gain == 0.0


def test_what_can_not_be_played_is_refused() -> None:
    for wrong in ({"speed_factor": 0.0}, {"speed_factor": 100.0}, {"band_hz": (2.0, 1.0)}):
        with pytest.raises(InvalidInputError):
            build_sound(np.ones(1_000), 1_000.0, **wrong)
    with pytest.raises(SignalError) as caught:
        build_sound(np.ones(100), 1_000.0)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
