"""Spectrogram, kurtogram and their like over stored signals."""

from __future__ import annotations

import base64
import io
import itertools
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.signal.kurtogram import compute_kurtogram
from dashboard_config import Settings
from services.data_service import DataService
from services.signal_service import SignalService
from tests.factories.imports import make_noise, run_import, write_canonical_file
from tests.factories.signals import OuterRaceFault, simulate_outer_race

RATE_HZ = 10_000.0
FAULT = OuterRaceFault(sample_rate_hz=RATE_HZ, duration_s=4.0, bpfo_hz=47.3, resonance_hz=3_300.0, snr_db=0.0)


def import_signals(
    path: Path, signals: Mapping[str, np.ndarray], **attributes: Any
) -> dict[str, dict[str, Any]]:
    """Import one file with these signals and return their rows by recording and channel."""
    narrow = {name: np.asarray(samples, dtype="f4") for name, samples in signals.items()}
    attributes = {"sample_rate_hz": RATE_HZ, "unit": "g", **attributes}
    job = run_import([write_canonical_file(path, narrow, **attributes)], {}, path.stem)
    assert job["state"] == "done", job["error"]
    rows = DataService.load_signals(job["result"]["dataset_id"])
    return {f"{row['recording']}/{row['channel']}": row for row in rows}


@pytest.fixture
def fault(database: Settings, tmp_path: Path) -> int:
    """Return a signal of 4 s with an outer-race fault."""
    rows = import_signals(tmp_path / "fault.h5", {"run/DE": simulate_outer_race(FAULT, 1)})
    return rows["run/DE"]["signal_id"]


@pytest.fixture
def burst(database: Settings, tmp_path: Path) -> int:
    """Return 40 s of noise with 3 g at 500 Hz, and 2 g at 3 kHz between 30.00 and 30.02 s."""
    time_s = np.arange(400_000) / RATE_HZ
    samples = 0.001 * make_noise(3, 400_000) + 3.0 * np.sin(2 * np.pi * 500 * time_s)
    samples += 2.0 * np.sin(2 * np.pi * 3_000 * time_s) * ((time_s >= 30.0) & (time_s < 30.02))
    return import_signals(tmp_path / "burst.h5", {"run/DE": samples})["run/DE"]["signal_id"]


def test_a_spectrogram_shows_every_burst_at_its_place_in_few_cells(burst: int) -> None:
    seen = SignalService.get_spectrogram(burst, segment_s=0.0128, overlap=0.5)
    level_db = np.array(seen["level_db"])
    assert level_db.shape == (len(seen["frequencies_hz"]), len(seen["times_s"]))
    assert level_db.shape[0] <= 400
    assert level_db.shape[1] <= 300
    upper = np.searchsorted(seen["frequencies_hz"], 2_500.0)
    row, column = np.unravel_index(level_db[upper:].argmax(), level_db[upper:].shape)
    assert seen["frequencies_hz"][upper + row] == pytest.approx(3_000.0, abs=seen["row_hz"])
    assert seen["times_s"][column] == pytest.approx(30.01, abs=seen["column_s"])
    hann_loss_db = 1.43  # of a line half-way between two bins
    assert 0.0 <= 20 * np.log10(2.0) - level_db[upper:].max() <= hann_loss_db
    assert 0.0 <= 20 * np.log10(3.0) - level_db.max() <= hann_loss_db
    assert seen["level_unit"] == "dB re 1 g (peak)"
    assert max(len(str(level)) for level in seen["level_db"][0]) <= 6  # what is sent stays small
    assert "highest of" in seen["note"]


def test_a_spectrogram_keeps_to_what_is_asked(burst: int) -> None:
    seen = SignalService.get_spectrogram(burst, (29.9, 30.1), segment_s=0.02, overlap=0.75, max_hz=1_000.0)
    assert seen["frequencies_hz"][-1] <= 1_000.0
    assert (seen["resolution_hz"], seen["hop_s"], seen["segment_s"]) == (50.0, 0.005, 0.02)
    assert 29.9 < seen["times_s"][0] < seen["times_s"][-1] < 30.1
    assert seen["note"] is None
    for wrong in ({"max_hz": 10.0, "segment_s": 0.02}, {"overlap": 1.0}, {"segment_s": 0.0}):
        assert SignalService.get_spectrogram(burst, **wrong)["error_code"] == "invalid_input", wrong


def test_a_spectrogram_of_nothing_is_finite(database: Settings, tmp_path: Path) -> None:
    row = import_signals(tmp_path / "zero.h5", {"run/DE": np.zeros(5_000)})["run/DE"]
    seen = SignalService.get_spectrogram(row["signal_id"])
    assert set(np.ravel(seen["level_db"])) == {-240.0}


def test_the_best_band_of_the_kurtogram_shows_the_fault_in_the_envelope(fault: int) -> None:
    seen = SignalService.get_kurtogram(fault)
    best = seen["best"]
    assert best["low_hz"] <= FAULT.resonance_hz <= best["high_hz"]
    assert seen["is_impulsive"]
    assert seen["note"] is None
    cells = [cell for level in seen["levels"] for cell in level["cells"]]
    assert max(cell["kurtosis"] for cell in cells) == pytest.approx(best["kurtosis"], rel=1e-5)
    envelope = SignalService.get_envelope_spectrum(fault, None, best["low_hz"], best["high_hz"], max_hz=500.0)
    lines = [peak["frequency_hz"] for peak in envelope["peaks"]]
    for harmonic in (1, 2, 3):
        assert min(abs(line - harmonic * FAULT.bpfo_hz) for line in lines) < 0.01 * harmonic * FAULT.bpfo_hz


def test_a_kurtogram_is_that_of_the_stretch(fault: int) -> None:
    seen = SignalService.get_kurtogram(fault, (1.0, 3.0), max_level=3)
    stored = simulate_outer_race(FAULT, 1).astype("f4")[10_000:30_000]
    expected = compute_kurtogram(stored, RATE_HZ, max_level=3)
    for level, wanted in zip(seen["levels"], expected.levels, strict=True):
        np.testing.assert_allclose([cell["kurtosis"] for cell in level["cells"]], wanted.kurtosis, rtol=1e-5)
    assert SignalService.get_kurtogram(fault, max_level=0)["error_code"] == "invalid_input"
    assert SignalService.get_kurtogram(fault, (1.0, 1.01))["error_code"] == "recording_too_short"


def test_a_kurtogram_of_noise_says_that_there_is_nothing(database: Settings, tmp_path: Path) -> None:
    row = import_signals(tmp_path / "noise.h5", {"run/DE": make_noise(5, 40_000)})["run/DE"]
    seen = SignalService.get_kurtogram(row["signal_id"])
    assert not seen["is_impulsive"]
    assert "chance" in seen["note"]


@pytest.fixture
def harmonics(database: Settings, tmp_path: Path) -> int:
    """Return 8 s with 40 harmonics of 31.25 Hz in noise: 32 ms from one period to the next."""
    time_s = np.arange(80_000) / RATE_HZ
    samples = sum(np.cos(2 * np.pi * 31.25 * k * time_s + k) for k in range(1, 41)) + 0.5 * make_noise(
        7, 80_000
    )
    return import_signals(tmp_path / "harmonics.h5", {"run/DE": np.asarray(samples)})["run/DE"]["signal_id"]


def test_a_cepstrum_names_the_spacing_of_the_lines(harmonics: int) -> None:
    kinds: tuple[Any, ...] = (("power", "dB"), ("real", "Np"))
    for (kind, unit), prewhiten in itertools.product(kinds, (False, True)):
        seen = SignalService.get_cepstrum(harmonics, kind=kind, prewhiten=prewhiten, segment_s=0.25)
        assert seen["peaks"][0]["frequency_hz"] == pytest.approx(31.25, rel=0.005)
        assert seen["peaks"][0]["quefrency_s"] == pytest.approx(0.032, rel=0.005)
        assert seen["unit"] == unit
        assert len(seen["quefrencies_s"]) == len(seen["values"]) <= 4_000
        assert seen["quefrencies_s"][-1] == pytest.approx(0.125)
        assert (seen["note"] is not None) == prewhiten
        assert seen["n_segments"] > 30


def test_a_cepstrum_of_a_wrong_kind_or_length_is_refused(harmonics: int) -> None:
    for wrong in ({"kind": "complex"}, {"segment_s": 0.0}, {"segment_s": float("nan")}):
        assert SignalService.get_cepstrum(harmonics, **wrong)["error_code"] == "invalid_input", wrong


def test_an_autocorrelation_repeats_with_the_period(harmonics: int) -> None:
    seen = SignalService.get_autocorrelation(harmonics, max_lag_s=0.1)
    lags_s, values = np.array(seen["lags_s"]), np.array(seen["values"])
    later = lags_s > 0.01
    assert lags_s[later][values[later].argmax()] % 0.032 == pytest.approx(0.0, abs=2e-4)
    assert (values[0], lags_s[-1], seen["unit"]) == (1.0, 0.1, None)


def test_the_autocorrelation_of_an_envelope_shows_the_impacts(fault: int) -> None:
    seen = SignalService.get_autocorrelation(fault, max_lag_s=0.05, band_hz=(2_500, 4_100), envelope=True)
    lags_s, values = np.array(seen["lags_s"]), np.array(seen["values"])
    near = (lags_s > 0.015) & (lags_s < 0.03)
    assert lags_s[near][values[near].argmax()] == pytest.approx(1 / FAULT.bpfo_hz, rel=0.02)
    wrong = SignalService.get_autocorrelation(fault, band_hz=(4_000, 9_000))
    assert wrong["error_code"] == "invalid_input"


def test_a_band_is_played_as_a_wav_file(burst: int) -> None:
    sound = SignalService.get_playback(burst, (1.0, 3.0), low_hz=400.0, high_hz=600.0)
    with wave.open(io.BytesIO(base64.b64decode(sound["wav_base64"]))) as file:
        assert (file.getframerate(), file.getnframes(), file.getsampwidth()) == (10_000, 20_000, 2)
        samples = np.frombuffer(file.readframes(20_000), "<i2").astype(float)
    assert np.abs(np.fft.rfft(samples)).argmax() / 2.0 == 500.0
    assert sound["gain"] == pytest.approx(0.95 / 3.0, rel=0.1)
    assert (sound["played_s"], sound["note"]) == (2.0, None)


def test_no_more_than_twenty_seconds_and_two_megabytes_are_played(burst: int) -> None:
    whole = SignalService.get_playback(burst)
    assert whole["played_s"] == pytest.approx(20.0)
    assert "first 20 s" in whole["note"]
    quick = SignalService.get_playback(burst, speed_factor=4.0)
    assert (quick["played_s"], quick["played_rate_hz"]) == (pytest.approx(10.0, rel=1e-3), 32_000)
    assert max(len(whole["wav_base64"]), len(quick["wav_base64"])) <= 2_000_000
    for wrong in ({"speed_factor": 0.0}, {"low_hz": 600.0, "high_hz": 500.0}, {"high_hz": 6_000.0}):
        assert SignalService.get_playback(burst, **wrong)["error_code"] == "invalid_input", wrong


def test_cyclic_coherence_shows_band_and_rate_of_the_impacts(fault: int) -> None:
    seen = SignalService.get_cyclic_coherence(fault, max_cyclic_hz=200.0, low_hz=2_500.0, high_hz=4_100.0)
    cells = np.array(seen["coherence"])
    assert cells.shape == (len(seen["frequencies_hz"]), len(seen["cyclic_frequencies_hz"]))
    assert cells.shape[1] <= 300
    assert 0.0 <= cells.min() < cells.max() <= 1.0
    x, y = np.array(seen["average"]["frequencies_hz"]), np.array(seen["average"]["values"])
    times = x[y.argmax()] / FAULT.bpfo_hz
    assert times == pytest.approx(round(times), abs=0.01 * round(times))
    column = np.abs(np.array(seen["cyclic_frequencies_hz"]) - FAULT.bpfo_hz).argmin()
    best_hz = seen["frequencies_hz"][cells[:, column].argmax()]
    assert abs(best_hz - FAULT.resonance_hz) < 400.0
    assert (seen["unit"], seen["band_hz"]) == (None, [2_500.0, 4_100.0])


def test_cyclic_coherence_says_what_it_leaves_out_and_refuses_what_can_not_be(burst: int) -> None:
    seen = SignalService.get_cyclic_coherence(burst)
    assert "first 26.21 s" in seen["note"]
    assert "highest of" in seen["note"]
    assert seen["cyclic_frequencies_hz"][-1] <= 500.0
    assert seen["cyclic_resolution_hz"] == pytest.approx(RATE_HZ / 2**18, rel=0.02)
    for wrong in ({"max_cyclic_hz": 3_000.0}, {"max_cyclic_hz": 0.0}, {"low_hz": 20.0, "high_hz": 10.0}):
        assert (
            SignalService.get_cyclic_coherence(burst, (0.0, 2.0), **wrong)["error_code"] == "invalid_input"
        ), wrong
    assert SignalService.get_cyclic_coherence(burst, (0.0, 0.02))["error_code"] == "recording_too_short"
