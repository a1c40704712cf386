"""Two stored signals beside each other, computations for scripts, and the kinds of envelope."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from core.signal.resampling import resample_signal
from dashboard_config import Settings
from services.signal_service import SignalService
from tests.factories.imports import make_noise
from tests.factories.signals import OuterRaceFault, simulate_outer_race
from tests.integration.services.test_signal_analysis import import_signals

RATE_HZ = 10_000.0
DELAY = 37
FAULT = OuterRaceFault(sample_rate_hz=RATE_HZ, duration_s=4.0, bpfo_hz=47.3, resonance_hz=3_300.0, snr_db=0.0)


@pytest.fixture
def pair(database: Settings, tmp_path: Path) -> dict[str, int]:
    """Return channels of one recording: A; B = half of A, 37 samples later, plus noise; C in another unit."""
    source = make_noise(1, 60_000)
    later = 0.5 * np.roll(source, DELAY) + 0.1 * make_noise(2, 60_000)
    signals = {"run/A": source, "run/B": later, "later/A": make_noise(3, 30_000)}
    ids = {name: row["signal_id"] for name, row in import_signals(tmp_path / "pair.h5", signals).items()}
    slow = resample_signal(source, RATE_HZ, 4_000.0)
    other = import_signals(tmp_path / "slow.h5", {"run/C": slow}, sample_rate_hz=4_000.0, unit="mm/s")
    return {**ids, "slow": other["run/C"]["signal_id"]}


def test_coherence_is_what_signal_and_noise_make_it(pair: dict[str, int]) -> None:
    seen = SignalService.get_coherence(pair["run/A"], pair["run/B"])
    expected = 0.25 / (0.25 + 0.01)
    assert np.median(seen["coherence"]) == pytest.approx(expected, abs=0.02)
    assert (seen["is_simultaneous"], seen["note"]) == (True, None)
    assert seen["resolution_hz"] == pytest.approx(RATE_HZ / 3_750, rel=0.02)
    assert 16 <= seen["n_independent"] < seen["n_segments"]
    assert seen["significance_95"] == pytest.approx(1 - 0.05 ** (1 / (seen["n_independent"] - 1)))
    band = SignalService.get_coherence(pair["run/A"], pair["run/B"], (1.0, 4.0), min_hz=100.0, max_hz=200.0)
    assert 100.0 <= band["frequencies_hz"][0] < band["frequencies_hz"][-1] <= 200.0
    assert (band["start_s"], band["stop_s"]) == (1.0, 4.0)


def test_unrelated_recordings_are_not_coherent_and_that_is_explained(pair: dict[str, int]) -> None:
    seen = SignalService.get_coherence(pair["run/A"], pair["later/A"])
    passed = np.mean(np.array(seen["coherence"]) > seen["significance_95"])
    assert passed < 0.1
    assert not seen["is_simultaneous"]
    assert "different recordings" in seen["note"]
    assert seen["stop_s"] == 3.0  # as long as the shorter


def test_different_rates_are_brought_together_and_that_is_said(pair: dict[str, int]) -> None:
    seen = SignalService.get_coherence(pair["run/A"], pair["slow"], max_hz=1_500.0)
    assert np.min(seen["coherence"]) > 0.99
    assert "10000 and 4000 Hz: both are shown at 4000 Hz" in seen["note"]


def test_an_overlay_shows_both_and_their_difference(pair: dict[str, int]) -> None:
    seen = SignalService.get_overlay(pair["run/A"], pair["run/B"], (1.0, 1.1))
    first, second = make_noise(1, 60_000), np.array(seen["second"]["y"])
    np.testing.assert_allclose(seen["first"]["y"], first[10_000:11_000], rtol=1e-6)
    np.testing.assert_allclose(seen["difference"]["y"], first[10_000:11_000] - second, atol=1e-5)
    assert seen["first"]["x"][0] == 1.0
    assert (seen["x_unit"], seen["y_unit"], seen["shift_s"]) == ("s", "g", None)


def test_aligned_the_later_one_is_moved_to_the_earlier(pair: dict[str, int]) -> None:
    for one, two, sign in (("run/A", "run/B", 1), ("run/B", "run/A", -1)):
        seen = SignalService.get_overlay(pair[one], pair[two], (1.0, 1.3), align=True)
        assert seen["shift_s"] == pytest.approx(sign * DELAY / RATE_HZ, abs=0.2 / RATE_HZ)
        assert seen["correlation"] > 0.9
        first, second = np.array(seen["first"]["y"]), np.array(seen["second"]["y"])
        assert np.corrcoef(first, second)[0, 1] > 0.95
        assert seen["first"]["x"][0] == pytest.approx(1.0 + max(0, -sign) * DELAY / RATE_HZ)


def test_an_alignment_by_chance_is_called_so(pair: dict[str, int]) -> None:
    seen = SignalService.get_overlay(pair["run/A"], pair["later/A"], align=True)
    assert abs(seen["correlation"]) < 0.1
    assert "means little" in seen["note"]


def test_spectra_are_laid_over_each_other_on_one_axis(pair: dict[str, int]) -> None:
    views: tuple[Any, ...] = (
        ("spectrum", 0.5, "g"),
        ("psd", 0.25, "(g)²/Hz"),
        ("envelope_spectrum", 0.5, "g"),
    )
    for view, share, y_unit in views:
        seen = SignalService.get_overlay(pair["run/A"], pair["run/B"], view=view, min_hz=50.0, max_hz=150.0)
        first, second = (np.array(seen[name]["y"]) for name in ("first", "second"))
        assert np.median(second / first) == pytest.approx(share, rel=0.1), view
        assert seen["first"]["x"] == seen["difference"]["x"]
        np.testing.assert_allclose(seen["difference"]["y"], first - second, atol=1e-6 * first.max())
        assert (seen["x_unit"], seen["y_unit"]) == ("Hz", y_unit)
        assert 50.0 <= seen["first"]["x"][0] < seen["first"]["x"][-1] <= 150.0
        assert ("band_hz" in seen) == (view == "envelope_spectrum")


def test_between_different_units_there_is_no_difference(pair: dict[str, int]) -> None:
    seen = SignalService.get_overlay(pair["run/A"], pair["slow"])
    assert seen["difference"] == {"x": [], "y": []}
    assert "different units" in seen["note"]
    assert (seen["unit"], seen["other_unit"], seen["compared_rate_hz"]) == ("g", "mm/s", 4_000.0)
    assert max(len(seen[name]["x"]) for name in ("first", "second")) <= 4_000


def test_what_can_not_be_compared_is_refused_with_the_reason(pair: dict[str, int]) -> None:
    a, b, short = pair["run/A"], pair["run/B"], pair["later/A"]
    for call, code in (
        (lambda: SignalService.get_overlay(a, b, view="sound"), "invalid_input"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: SignalService.get_overlay(a, b, view="spectrum", min_hz=9_000.0), "invalid_input"),
        (lambda: SignalService.get_overlay(a, 999), "not_found"),
        (lambda: SignalService.get_coherence(a, short, (4.0, 5.0)), "invalid_input"),
        (lambda: SignalService.get_coherence(a, b, (1.0, 1.001)), "recording_too_short"),
    ):
        answer = call()
        assert answer["error_code"] == code, answer
    assert "compare with" in SignalService.get_coherence(a, short, (4.0, 5.0))["error"]


@pytest.fixture
def fault(database: Settings, tmp_path: Path) -> int:
    """Return an outer-race fault under strong lines."""
    samples = simulate_outer_race(FAULT, 2)
    time_s = np.arange(samples.size) / RATE_HZ
    samples = samples + sum(3.0 * np.sin(2 * np.pi * hz * time_s) for hz in (2_900.0, 2_950.0, 3_000.0))
    return import_signals(tmp_path / "fault.h5", {"run/DE": samples})["run/DE"]["signal_id"]


def test_pre_whitening_lifts_the_fault_from_under_the_lines(fault: int) -> None:
    def read_fault_line(**options: bool) -> tuple[dict[str, Any], float]:
        seen = SignalService.get_envelope_spectrum(fault, None, 2_500.0, 4_500.0, max_hz=300.0, **options)
        x, y = np.array(seen["frequencies_hz"]), np.array(seen["amplitudes"])
        return seen, float(y[np.abs(x - FAULT.bpfo_hz) < 0.5].max() / np.median(y))

    plain, height = read_fault_line()
    whitened, whitened_height = read_fault_line(prewhiten=True)
    assert whitened_height > 3.0 * height
    assert plain["peaks"][0]["frequency_hz"] == pytest.approx(50.0, abs=0.1)
    assert whitened["peaks"][0]["frequency_hz"] == pytest.approx(FAULT.bpfo_hz, rel=0.01)
    assert (plain["unit"], plain["is_prewhitened"], plain["note"]) == ("g", False, None)
    assert (whitened["unit"], whitened["is_prewhitened"]) == (None, True)
    assert "no unit" in whitened["note"]


def test_squared_and_logarithmic_envelopes_say_their_unit(fault: int) -> None:
    units = {
        kind: SignalService.get_envelope_spectrum(fault, (0.0, 1.0), **options)["unit"]
        for kind, options in {"plain": {}, "squared": {"squared": True}, "log": {"logarithmic": True}}.items()
    }
    assert units == {"plain": "g", "squared": "(g)²", "log": "Np"}
    both = SignalService.get_envelope_spectrum(fault, squared=True, logarithmic=True)
    assert both["error_code"] == "invalid_input"


def test_arrays_of_a_script_are_computed_like_stored_signals() -> None:
    signal = simulate_outer_race(FAULT, 4)
    spectrogram = SignalService.compute_spectrogram(signal, RATE_HZ, nperseg=512)
    assert spectrogram is not None
    f, t, sxx = spectrogram
    assert sxx.shape == (f.size, t.size) == (257, 155)
    psd = SignalService.compute_psd(signal, RATE_HZ)
    assert psd is not None
    assert np.sum(psd[1]) * (psd[0][1] - psd[0][0]) == pytest.approx(signal.var(), rel=0.01)
    kurtogram = SignalService.compute_kurtogram(signal, RATE_HZ)
    assert kurtogram is not None
    low_hz, high_hz = kurtogram["best"]["band"]
    assert low_hz <= FAULT.resonance_hz <= high_hz
    envelope = SignalService.compute_envelope_spectrum(signal, RATE_HZ, (low_hz, high_hz))
    assert envelope is not None
    lines = (envelope[0] > 20.0) & (envelope[0] < 60.0)
    assert envelope[0][lines][envelope[1][lines].argmax()] == pytest.approx(FAULT.bpfo_hz, rel=0.01)
    cepstrum = SignalService.compute_cepstrum(
        scipy.signal.lfilter([1.0, 0, 0, 0, 0.5], [1.0], signal), RATE_HZ
    )
    assert cepstrum is not None
    assert cepstrum[0][1] == 1 / RATE_HZ
    for refused in (
        SignalService.compute_kurtogram,
        SignalService.compute_cepstrum,
        SignalService.compute_psd,
    ):
        assert refused(np.array([np.nan, 1.0]), RATE_HZ) is None
