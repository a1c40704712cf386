"""The deeper views of a recording over REST."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.user import Role
from services.signal_service import SignalService
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.integration.api.conftest import Program


@pytest.fixture
def small(program: Program) -> SmallDataset:
    """Return a stored dataset whose recordings have one channel each."""
    return add_small_dataset()


@pytest.fixture
def numbers(small: SmallDataset, program: Program) -> dict[tuple[str, int], tuple[int, int]]:
    """Return the ids of recording and signal by class and load."""
    by_signal = {
        signal["signal_id"]: recording_id
        for recording_id in range(1, len(small.signal_ids) + 1)
        for signal in program.get(f"/recordings/{recording_id}")["signals"]
    }
    return {key: (by_signal[signal_id], signal_id) for key, signal_id in small.signal_ids.items()}


def without_state(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key not in ("success", "error", "error_code")}


def test_each_view_answers_as_the_service_does(program: Program, numbers: dict) -> None:
    recording_id, signal_id = numbers["inner_race", 0]
    span = (0.25, 0.75)
    asked = {
        "spectrogram": ({"segment_s": 0.02, "overlap": 0.75, "max_hz": 800}, SignalService.get_spectrogram),
        "kurtogram": ({"max_level": 2}, SignalService.get_kurtogram),
        "cepstrum": ({"kind": "real", "prewhiten": True, "segment_s": 0.1}, SignalService.get_cepstrum),
        "autocorrelation": ({"max_lag_s": 0.1, "envelope": True}, SignalService.get_autocorrelation),
        "cyclic-coherence": ({"max_cyclic_hz": 200, "low_hz": 400}, SignalService.get_cyclic_coherence),
    }
    for view, (options, get) in asked.items():
        answer = program.get(
            f"/recordings/{recording_id}/{view}", **{"from": span[0], "to": span[1]}, **options
        )
        assert answer == without_state(get(signal_id, span, **options)), view
        assert (answer["start_s"], answer["stop_s"]) == span


def test_the_band_of_an_autocorrelation_may_be_open_at_one_end(program: Program, numbers: dict) -> None:
    recording_id, signal_id = numbers["inner_race", 1]
    answer = program.get(f"/recordings/{recording_id}/autocorrelation", low_hz=400)
    assert answer == without_state(SignalService.get_autocorrelation(signal_id, band_hz=(400.0, 1_000.0)))


def test_an_envelope_spectrum_may_be_whitened_and_shaped(program: Program, numbers: dict) -> None:
    recording_id, _ = numbers["inner_race", 2]
    path = f"/recordings/{recording_id}/envelope-spectrum"
    plain = program.get(path, low_hz=400, high_hz=800)
    assert (plain["demodulation"], plain["is_prewhitened"]) == ("magnitude", False)
    shaped = program.get(path, low_hz=400, high_hz=800, prewhiten="true", logarithmic="true")
    assert (shaped["demodulation"], shaped["is_prewhitened"], shaped["unit"]) == ("log", True, "Np")
    assert shaped["amplitudes"] != plain["amplitudes"]
    both = program.call("GET", path, query_string={"squared": "true", "logarithmic": "true"})
    assert (both.status_code, both.json["code"]) == (422, "invalid_input")


def test_two_recordings_are_compared(program: Program, numbers: dict) -> None:
    (one, one_signal), (two, two_signal) = numbers["healthy", 0], numbers["healthy", 1]
    coherence = program.get(f"/recordings/{one}/coherence", other=two)
    assert coherence == without_state(SignalService.get_coherence(one_signal, two_signal))
    assert 0.0 <= min(coherence["coherence"]) <= max(coherence["coherence"]) <= 1.0
    itself = program.get(f"/recordings/{one}/coherence", other=one, min_hz=10)
    assert min(itself["coherence"]) == pytest.approx(1.0)
    overlay = program.get(f"/recordings/{one}/overlay", other=two, view="spectrum", max_hz=500)
    first, second = (np.array(overlay[name]["y"]) for name in ("first", "second"))
    np.testing.assert_allclose(overlay["difference"]["y"], first - second, atol=1e-7)


@pytest.mark.parametrize(
    ("view", "query", "status"),
    [
        ("spectrogram", {"overlap": 1}, 422),
        ("spectrogram", {"points": 10}, 422),
        ("kurtogram", {"max_level": 10}, 422),
        ("kurtogram", {"from": 0.1, "to": 0.12}, 422),
        ("cepstrum", {"kind": "complex"}, 422),
        ("autocorrelation", {"max_lag_s": 0}, 422),
        ("autocorrelation", {"low_hz": 900, "high_hz": 100}, 422),
        ("cyclic-coherence", {"max_cyclic_hz": 501}, 422),
        ("cyclic-coherence", {"from": 0.1, "to": 0.2}, 422),
        ("coherence", {}, 422),
        ("coherence", {"other": 999}, 404),
        ("coherence", {"other": 1, "other_channel": "nowhere"}, 404),
        ("overlay", {"other": 1, "view": "sound"}, 422),
    ],
)
def test_what_can_not_be_is_refused(
    view: str, query: dict, status: int, program: Program, small: SmallDataset
) -> None:
    answer = program.call("GET", f"/recordings/1/{view}", query_string=query)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


def test_a_key_without_read_sees_none_of_it(make_program: Callable[..., Program]) -> None:
    add_small_dataset()
    stranger = make_program("cal", Role.ENGINEER, ["train"])
    views = ("spectrogram", "kurtogram", "cepstrum", "autocorrelation", "cyclic-coherence")
    for view in (*views, "coherence", "overlay"):
        answer = stranger.call("GET", f"/recordings/1/{view}", query_string={"other": 1})
        assert answer.status_code == 403, view
