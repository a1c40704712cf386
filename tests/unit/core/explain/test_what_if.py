"""Band gains against classifiers that measure one line."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.explain.fault_bands import BandAxis
from core.explain.what_if import sweep_band
from utils.exceptions import InvalidInputError

RATE = 1000.0
TIME_S = np.arange(1000) / RATE


def judge_line(frequency_hz: int, half_amplitude: float):
    """Two classes: the second has probability a/(a + half) with a the line's amplitude."""

    def judge(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        height = 2.0 * np.abs(np.fft.rfft(windows, axis=1))[:, frequency_hz] / windows.shape[1]
        probability = height / (height + half_amplitude)
        return np.log(np.column_stack([1.0 - probability, probability]))

    return judge


def test_probabilities_follow_the_gain_of_the_band() -> None:
    window = 2.0 * np.sin(2 * np.pi * 60 * TIME_S) + 3.0 * np.sin(2 * np.pi * 200 * TIME_S)
    found = sweep_band(judge_line(60, 1.0), window[None], RATE, [(58.0, 62.0)], gains_db=[-20.0, -6.0, 6.0])
    amplitudes = 2.0 * 10.0 ** (np.array([-20.0, -6.0, 0.0, 6.0]) / 20.0)
    assert found.gains_db == (-20.0, -6.0, 0.0, 6.0)
    assert found.probabilities[:, 1] == pytest.approx(amplitudes / (amplitudes + 1.0), rel=1e-5)
    assert found.unchanged == 2
    assert found.class_index == 1
    assert found.flips == ((-20.0, 0),)


def test_other_bands_move_nothing() -> None:
    window = 2.0 * np.sin(2 * np.pi * 60 * TIME_S) + 3.0 * np.sin(2 * np.pi * 200 * TIME_S)
    found = sweep_band(judge_line(60, 1.0), window[None], RATE, [(190.0, 210.0), (300.0, 310.0)])
    assert np.ptp(found.probabilities[:, 1]) < 1e-6
    assert found.flips == ()


def test_windows_are_pooled_as_a_recording_is() -> None:
    loud, soft = (a * np.sin(2 * np.pi * 60 * TIME_S) for a in (4.0, 0.25))
    found = sweep_band(judge_line(60, 1.0), np.stack([loud, soft]), RATE, [(58.0, 62.0)], gains_db=[0.0])
    # Geometric means of (0.2, 0.8) and (0.8, 0.2) are equal.
    assert found.probabilities[0] == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_modulation_is_changed_and_its_carrier_is_not() -> None:
    swing = 1.0 + 0.5 * np.cos(2 * np.pi * 10 * TIME_S)
    window = swing * np.cos(2 * np.pi * 300 * TIME_S)
    seen = []

    def judge(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        heights = 2.0 * np.abs(np.fft.rfft(windows, axis=1)) / 1000
        seen.append((heights[0, 300], heights[0, 310]))
        return np.log(np.full((len(windows), 2), 0.5))

    sweep_band(
        judge, window[None], RATE, [(9.0, 11.0)], gains_db=[-6.0206, 0.0, 6.0206],
        axis=BandAxis.ENVELOPE, demodulation_band_hz=(250.0, 350.0),
    )  # fmt: skip
    assert [carrier for carrier, _ in seen] == pytest.approx([1.0, 1.0, 1.0], rel=1e-4)
    assert [side for _, side in seen] == pytest.approx([0.125, 0.25, 0.5], rel=1e-3)


@pytest.mark.parametrize(
    ("ranges", "options", "sentence"),
    [
        ([], {}, "Name the band"),
        ([(60.2, 60.7)], {}, "between two bins"),
        ([(400.0, 600.0)], {}, "not possible"),
        ([(50.0, 70.0)], {"gains_db": [90.0]}, "Gains must lie"),
        ([(50.0, 70.0)], {"axis": BandAxis.ENVELOPE}, "Name the resonance"),
    ],
)
def test_what_can_not_be_done_is_said(ranges, options, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        sweep_band(judge_line(60, 1.0), np.ones((1, 1000)), RATE, ranges, **options)
