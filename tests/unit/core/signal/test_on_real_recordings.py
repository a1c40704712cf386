"""Known faults of real bearings show at their orders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from core.signal.band_pass import Band
from core.signal.bearings import compute_fault_orders, find_bearing
from core.signal.envelope import compute_envelope_spectrum, suggest_band
from core.signal.kurtogram import compute_kurtogram
from core.signal.peaks import find_peaks
from core.signal.quality import assess_quality
from core.signal.shaft_speed import estimate_shaft_speed
from core.signal.spectra import compute_psd

pytestmark = pytest.mark.real_data

CWRU_RATE_HZ = 12_000.0


def load_drive_end(folder: Path, name: str) -> tuple[np.ndarray, float]:
    """Return the drive-end signal and the shaft frequency in Hz."""
    variables = loadmat(folder / "cwru_12k_de" / f"{name}.mat")
    signal = next(value for key, value in variables.items() if key.endswith("_DE_time"))
    speed_rpm = next(value for key, value in variables.items() if key.endswith("RPM"))
    return signal.ravel(), float(speed_rpm.item()) / 60.0


def find_strongest_order(
    signal: np.ndarray, rate_hz: float, shaft_frequency_hz: float, band_hz: Band | None = None
) -> float:
    spectrum = compute_envelope_spectrum(signal, rate_hz, band_hz or suggest_band(rate_hz))
    (peak,) = find_peaks(spectrum, 1, min_hz=1.5 * shaft_frequency_hz, max_hz=20.0 * shaft_frequency_hz)
    return peak.frequency_hz / shaft_frequency_hz


@pytest.mark.parametrize(
    ("name", "line", "measured_order"),
    [
        ("IR007_0", "bpfi", 5.40),
        ("IR007_1", "bpfi", 5.40),
        ("IR007_2", "bpfi", 5.40),
        ("OR007@6_0", "bpfo", 3.595),
        ("OR007@6_1", "bpfo", 3.595),
        ("OR007@6_2", "bpfo", 3.595),
    ],
)
def test_a_drive_end_fault_shows_at_its_order(
    real_data: Path, name: str, line: str, measured_order: float
) -> None:
    signal, shaft_frequency_hz = load_drive_end(real_data, name)
    order = find_strongest_order(signal, CWRU_RATE_HZ, shaft_frequency_hz)
    entry = find_bearing("6205-2RS")
    assert entry is not None
    assert order == pytest.approx(measured_order, abs=0.005)
    assert order == pytest.approx(getattr(entry.orders, line), rel=0.01)


@pytest.mark.parametrize("load", [0, 1, 2])
@pytest.mark.parametrize(("fault", "lowest", "highest"), [("IR007", 5.395, 5.405), ("OR007@6", 3.595, 3.600)])
def test_at_the_speed_found_near_nominal_the_band_of_the_kurtogram_shows_the_line(
    real_data: Path, fault: str, lowest: float, highest: float, load: int
) -> None:
    signal, _ = load_drive_end(real_data, f"{fault}_{load}")
    nominal_hz = (1797, 1772, 1750)[load] / 60.0
    found = estimate_shaft_speed(signal, CWRU_RATE_HZ, nominal_hz)
    assert found.shaft_frequency_hz == pytest.approx(nominal_hz, rel=0.005)
    best = compute_kurtogram(signal, CWRU_RATE_HZ).best
    assert best.kurtosis > best.noise_limit
    order = find_strongest_order(signal, CWRU_RATE_HZ, found.shaft_frequency_hz, best.band_hz)
    assert lowest <= order <= highest


@pytest.mark.parametrize(
    "name", ["OuterRaceFault_1", *(f"OuterRaceFault_vload_{load}" for load in (1, 3, 5))]
)
def test_the_other_rigs_outer_race_line_lies_1_percent_under_its_nominal_order(
    real_data: Path, name: str
) -> None:
    bearing = loadmat(real_data / "mfpt" / f"{name}.mat")["bearing"][0, 0]
    signal, rate_hz, nominal_hz = bearing["gs"].ravel(), bearing["sr"].item(), bearing["rate"].item()
    for band_hz in (suggest_band(rate_hz), compute_kurtogram(signal, rate_hz).best.band_hz):
        order = find_strongest_order(signal, rate_hz, nominal_hz, band_hz)
        assert 0.008 <= 1.0 - order / 3.245 <= 0.014, band_hz


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("InnerRaceFault_vload_1", "bpfi"),
        ("InnerRaceFault_vload_3", "bpfi"),
        ("InnerRaceFault_vload_5", "bpfi"),
        ("OuterRaceFault_1", "bpfo"),
        ("OuterRaceFault_vload_1", "bpfo"),
        ("OuterRaceFault_vload_3", "bpfo"),
        ("OuterRaceFault_vload_5", "bpfo"),
    ],
)
def test_a_fault_on_the_other_rig_shows_at_its_order(real_data: Path, name: str, line: str) -> None:
    bearing = loadmat(real_data / "mfpt" / f"{name}.mat")["bearing"][0, 0]
    order = find_strongest_order(bearing["gs"].ravel(), bearing["sr"].item(), bearing["rate"].item())
    entry = find_bearing("NICE 8x0.235/1.245")
    assert entry is not None
    assert entry.geometry is not None
    assert order == pytest.approx(getattr(compute_fault_orders(entry.geometry), line), rel=0.02)


def test_a_healthy_bearing_shows_no_fault_line_as_high_as_a_fault(real_data: Path) -> None:
    healthy, shaft_frequency_hz = load_drive_end(real_data, "Normal_0")
    spectrum = compute_envelope_spectrum(healthy, 48_000.0, (2000.0, 4800.0))
    near_bpfi = {"min_hz": 5.3 * shaft_frequency_hz, "max_hz": 5.5 * shaft_frequency_hz}
    (peak,) = find_peaks(spectrum, 1, **near_bpfi)
    faulty, _ = load_drive_end(real_data, "IR007_0")
    (line,) = find_peaks(compute_envelope_spectrum(faulty, CWRU_RATE_HZ, (2000.0, 4800.0)), 1, **near_bpfi)
    assert line.amplitude > 30.0 * peak.amplitude


def test_of_the_fault_recordings_only_the_clipped_one_is_flagged(real_data: Path) -> None:
    files = sorted((real_data / "cwru_12k_de").glob("[BIO]*_[012].mat"))
    signals = {file.stem: load_drive_end(real_data, file.stem)[0] for file in files}
    flags = {
        name: [flag.name for flag in assess_quality(signal, CWRU_RATE_HZ)] for name, signal in signals.items()
    }
    assert {name: found for name, found in flags.items() if found} == {"OR021@6_2": ["clipping"]}


@pytest.mark.parametrize("name", ["IR007_0", "B014_0", "B021_1"])
def test_the_density_of_an_unsteady_recording_holds_its_variance(real_data: Path, name: str) -> None:
    signal, _ = load_drive_end(real_data, name)
    psd = compute_psd(signal, CWRU_RATE_HZ)
    assert psd.density.sum() * psd.resolution_hz == pytest.approx(signal.var(), rel=0.01)
