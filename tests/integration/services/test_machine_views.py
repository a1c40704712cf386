"""Speed, orders, integration, severity, orbits and peaks of stored signals, against what was put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard_config import Settings
from models.user import Role
from services.data_service import DataService
from services.shared.actors import Actor
from services.signal_service import SignalService
from tests.factories.imports import make_noise, run_import, write_canonical_file

RATE_HZ = 10_000.0
N_SAMPLES = 80_000
FLOOR = 0.3
VIEWER = Actor(user_id=7, role=Role.VIEWER, name="viewer")


def import_channels(path: Path, channels: dict[str, NDArray[Any]], **facts: Any) -> dict[str, dict[str, Any]]:
    """Import one recording with several channels; return its rows by channel."""
    named = {f"run/{channel}": samples.astype("f4") for channel, samples in channels.items()}
    file = write_canonical_file(path / "run.h5", named, sample_rate_hz=RATE_HZ, **facts)
    job = run_import([file], {})
    assert job["state"] == "done", job["error"]
    return {row["channel"]: row for row in DataService.load_signals(job["result"]["dataset_id"])}


def make_turns(from_hz: float, to_hz: float) -> NDArray[np.float64]:
    """Return the shaft's turns at each sample while its speed rises evenly."""
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    return from_hz * time_s + 0.5 * (to_hz - from_hz) * time_s**2 / time_s[-1]


def make_run_up() -> dict[str, NDArray[Any]]:
    """Return a run-up by 20 % from 25 Hz (1X to 3X of 1, 0.5 and 0.7 g) and its tacho."""
    turns = make_turns(25.0, 30.0)
    lines = sum(
        amplitude * np.sin(2 * np.pi * order * turns) for order, amplitude in ((1, 1.0), (2, 0.5), (3, 0.7))
    )
    tacho = (np.mod(turns, 1.0) < 0.1).astype("f4") * 5.0
    return {"DE": lines + FLOOR * make_noise(3, N_SAMPLES), "tacho": tacho}


@pytest.fixture
def run_up(database: Settings, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Return the stored run-up with its tacho."""
    return import_channels(tmp_path, make_run_up(), unit="g", shaft_speed_rpm=1650.0)


@pytest.fixture
def run_up_without_tacho(database: Settings, tmp_path: Path) -> dict[str, Any]:
    """Return the stored run-up alone."""
    channels = {"DE": make_run_up()["DE"]}
    return import_channels(tmp_path, channels, unit="g", shaft_speed_rpm=1650.0)["DE"]


def read_third(view: dict[str, Any]) -> tuple[float, float]:
    assert view["success"], view["error"]
    peak = min(view["peaks"], key=lambda peak: abs(peak["order"] - 3.0))
    return peak["order"], peak["amplitude"]


def test_a_run_up_is_tracked_by_its_tacho(run_up: dict[str, dict[str, Any]]) -> None:
    signal_id = run_up["DE"]["signal_id"]
    view = SignalService.get_order_spectrum(signal_id)
    order, amplitude = read_third(view)
    assert order == pytest.approx(3.0, abs=0.02)
    assert amplitude == pytest.approx(0.7, rel=0.03)
    assert (view["method"], view["unit"]) == ("tacho", "g")
    speed = SignalService.get_shaft_speed(signal_id)
    assert speed["method"] == "tacho"
    assert speed["shaft_speed_rpm"] == pytest.approx(1650.0, rel=0.005)
    assert (speed["lowest_rpm"], speed["highest_rpm"]) == pytest.approx((1500.0, 1800.0), rel=0.01)


def test_a_run_up_is_tracked_without_a_tacho_too(run_up_without_tacho: dict[str, Any]) -> None:
    signal_id = run_up_without_tacho["signal_id"]
    view = SignalService.get_order_spectrum(signal_id)
    order, amplitude = read_third(view)
    assert order == pytest.approx(3.0, abs=0.02)
    assert amplitude == pytest.approx(0.7, rel=0.03)
    assert view["method"] == "tracked"
    assert view["confidence"] > 0.5
    speed = SignalService.get_shaft_speed(signal_id)
    assert speed["shaft_speed_rpm"] == pytest.approx(1650.0, rel=0.005)
    assert (speed["lowest_rpm"], speed["highest_rpm"]) == pytest.approx((1500.0, 1800.0), rel=0.01)
    smeared = SignalService.get_order_spectrum(signal_id, tracked=False)
    assert smeared["method"] == "recording"
    assert max(smeared["amplitudes"]) < 0.5


def test_a_tacho_with_lost_pulses_is_not_used_and_that_is_said(database: Settings, tmp_path: Path) -> None:
    channels = make_run_up()
    channels["tacho"][30_000:40_000] = 0.0
    rows = import_channels(tmp_path, channels, unit="g", shaft_speed_rpm=1650.0)
    view = SignalService.get_order_spectrum(rows["DE"]["signal_id"])
    assert view["method"] == "tracked"
    assert "tacho is not used" in view["note"]
    assert read_third(view)[0] == pytest.approx(3.0, abs=0.02)
    speed = SignalService.get_shaft_speed(rows["DE"]["signal_id"])
    assert (speed["method"], "not used" in speed["note"]) == ("tracked", True)


def test_an_order_map_keeps_its_lines_straight_over_speed(run_up: dict[str, dict[str, Any]]) -> None:
    found = SignalService.get_order_map(run_up["DE"]["signal_id"], by="speed", max_order=10.0)
    assert found["success"], found["error"]
    level = np.array(found["level_db"])
    assert level.shape == (len(found["orders"]), len(found["speeds_rpm"]))
    assert found["speeds_rpm"] == sorted(found["speeds_rpm"])
    assert found["speeds_rpm"][0] == pytest.approx(1510.0, rel=0.01)
    assert found["speeds_rpm"][-1] == pytest.approx(1790.0, rel=0.01)
    third = found["orders"].index(3.0)
    np.testing.assert_allclose(level[third], 20 * np.log10(0.7), atol=1.5)
    assert found["level_unit"] == "dB re 1 g"
    assert SignalService.get_order_map(run_up["DE"]["signal_id"], by="moon")["error_code"] == "invalid_input"


def test_a_synchronous_average_keeps_what_follows_the_shaft(run_up: dict[str, dict[str, Any]]) -> None:
    found = SignalService.get_synchronous_average(run_up["DE"]["signal_id"])
    assert found["success"], found["error"]
    turns = np.array(found["angle_turns"])
    expected = np.sqrt(0.5 * (1.0 + 0.25 + 0.49))
    assert found["synchronous_rms"] == pytest.approx(expected, rel=0.02)
    third = 2 * np.mean(np.array(found["values"]) * np.exp(-2j * np.pi * 3 * turns))
    assert abs(third) == pytest.approx(0.7, rel=0.02)
    assert found["n_averages"] in range(215, 221)
    assert found["unit"] == "g"


def test_noise_has_no_speed(database: Settings, tmp_path: Path) -> None:
    noise = {"DE": make_noise(5, N_SAMPLES)}
    row = import_channels(tmp_path, noise, shaft_speed_rpm=1650.0)["DE"]
    speed = SignalService.get_shaft_speed(row["signal_id"])
    assert speed["success"]
    assert speed["shaft_speed_rpm"] is None
    assert speed["note"]
    view = SignalService.get_order_spectrum(row["signal_id"])
    assert view["method"] == "recording"
    assert "could not be found" in view["note"]


def test_without_any_speed_orders_are_refused_in_words(database: Settings, tmp_path: Path) -> None:
    row = import_channels(tmp_path, {"DE": make_noise(5, N_SAMPLES)})["DE"]
    refused = SignalService.get_order_spectrum(row["signal_id"])
    assert refused["error_code"] == "invalid_input"
    assert "rpm" in refused["error"]
    assert SignalService.get_shaft_speed(row["signal_id"])["shaft_speed_rpm"] is None


@pytest.fixture
def sine(database: Settings, tmp_path: Path) -> dict[str, Any]:
    """Return 1 g at 80 Hz on an offset, of a machine."""
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    samples = {"DE": 2.0 + np.sin(2 * np.pi * 80.0 * time_s)}
    facts = {"unit": "g", "shaft_speed_rpm": 1500.0, "machine": "Pump 3"}
    return import_channels(tmp_path, samples, **facts)["DE"]


VELOCITY_MM_S = 9806.65 / (2 * np.pi * 80.0)


def test_a_sine_is_integrated_to_its_known_amplitude(sine: dict[str, Any]) -> None:
    signal_id = sine["signal_id"]
    velocity = SignalService.integrate(signal_id, (1.0, 5.0))
    assert (velocity["unit"], velocity["high_pass_hz"]) == ("mm/s", 10.0)
    assert velocity["rms"] == pytest.approx(VELOCITY_MM_S / np.sqrt(2), rel=0.005)
    displacement = SignalService.get_spectrum(signal_id, quantity="displacement")
    assert displacement["unit"] == "µm"
    assert displacement["peaks"][0]["frequency_hz"] == pytest.approx(80.0, abs=0.05)
    expected = 1000.0 * VELOCITY_MM_S / (2 * np.pi * 80.0)
    assert displacement["peaks"][0]["amplitude"] == pytest.approx(expected, rel=0.005)
    view = SignalService.get_view(signal_id, (1.0, 5.0), quantity="velocity")
    assert view["unit"] == "mm/s"
    assert max(view["values"]) == pytest.approx(VELOCITY_MM_S, rel=0.01)
    psd = SignalService.get_psd(signal_id, quantity="velocity", max_hz=500.0)
    assert psd["density_unit"] == "(mm/s)²/Hz"
    assert sum(psd["density"]) * psd["resolution_hz"] == pytest.approx(VELOCITY_MM_S**2 / 2, rel=0.01)
    same = SignalService.get_spectrum(signal_id, quantity="acceleration")
    assert (same["unit"], same["peaks"][0]["amplitude"]) == ("g", pytest.approx(1.0, rel=0.01))


def test_a_signal_without_a_unit_is_not_integrated(database: Settings, tmp_path: Path) -> None:
    row = import_channels(tmp_path, {"DE": make_noise(5, N_SAMPLES)})["DE"]
    for refused in (
        SignalService.integrate(row["signal_id"]),
        SignalService.get_view(row["signal_id"], quantity="velocity"),
        SignalService.get_psd(row["signal_id"], quantity="displacement"),
    ):
        assert refused["error_code"] == "invalid_input"
        assert "unit" in refused["error"]
    assert SignalService.integrate(row["signal_id"], to="jerk")["error_code"] == "invalid_input"


def test_a_zone_needs_group_and_mounting_and_then_is_given(sine: dict[str, Any]) -> None:
    signal_id = sine["signal_id"]
    without = SignalService.get_severity_zone(signal_id)
    assert (without["zone"], without["success"]) == (None, True)
    assert "mounting" in without["reason"]
    machine = SignalService.find_signal_machine(signal_id)
    assert machine is not None
    assert machine["name"] == "Pump 3"
    changed = SignalService.update_machine(machine["machine_id"], {"iso_group": 2, "mounting": "rigid"})
    assert changed["details"]["iso_group"] == 2
    found = SignalService.get_severity_zone(signal_id)
    assert found["velocity_rms_mm_s"] == pytest.approx(VELOCITY_MM_S / np.sqrt(2), rel=0.01)
    assert found["zone"] == "D"
    assert found["boundaries"] == {"A/B": 1.4, "B/C": 2.8, "C/D": 4.5}
    assert "superseded" in found["edition"]
    assert found["reason"] is None


def test_details_of_a_machine_are_checked_kept_and_forgotten(sine: dict[str, Any]) -> None:
    machine = SignalService.find_signal_machine(sine["signal_id"])
    assert machine is not None
    machine_id = machine["machine_id"]
    first = SignalService.update_machine(machine_id, {"gear_teeth": [23, [17, 41]], "n_blades": 7})
    assert first["success"], first["error"]
    second = SignalService.update_machine(machine_id, {"bearing_type": "journal", "n_blades": None})
    assert second["details"]["gear_teeth"] == [23, [17, 41]]
    assert (second["details"]["n_blades"], second["details"]["bearing_type"]) == (None, "journal")
    kept = SignalService.get_machine(machine_id)
    assert kept is not None
    assert kept["details"] == second["details"]
    lines = {line["label"] for line in SignalService.get_fault_lines(sine["signal_id"])["lines"]}
    assert {"GMF 23T", "GMF 17T", "1X of 41T", "0.40–0.50X whirl"} <= lines
    assert "BPF" not in lines
    for wrong in ({"n_blades": -1}, {"colour": "red"}, {"iso_group": 3}, {"gear_teeth": [1]}, {"n_poles": 3}):
        refused = SignalService.update_machine(machine_id, wrong)
        assert (refused["error_code"], next(iter(wrong)) in refused["error"]) == ("invalid_input", True)
    refused = SignalService.update_machine(machine_id, {"n_blades": 5}, actor=VIEWER)
    assert refused["error_code"] == "forbidden"
    assert SignalService.get_machine(999_999) is None


@pytest.fixture
def probes(database: Settings, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Return two probes whose shaft draws an ellipse of 30 and 10 µm forward at 1X, with a reverse 2X."""
    phase = 2 * np.pi * make_turns(25.0, 25.0)
    path = np.exp(1j * np.radians(20.0)) * (30.0 * np.cos(phase) + 10.0j * np.sin(phase))
    path = path + 5.0 * np.exp(-2j * phase)
    channels = {
        "1X": path.real + 200.0 + 0.5 * make_noise(1, N_SAMPLES),
        "1Y": path.imag - 100.0 + 0.5 * make_noise(2, N_SAMPLES),
    }
    return import_channels(tmp_path, channels, unit="µm", shaft_speed_rpm=1500.0)


def test_an_orbit_is_the_path_of_the_shaft(probes: dict[str, dict[str, Any]]) -> None:
    for channel, other in (("1X", "1Y"), ("1Y", "1X")):
        orbit = SignalService.get_orbit(probes[channel]["signal_id"], filter_order=1)
        assert orbit["success"], orbit["error"]
        assert (orbit["partner"]["channel"], orbit["x_channel"]) == (other, "1X")
        radius = np.hypot(orbit["x"], orbit["y"])
        assert radius.max() == pytest.approx(30.0, rel=0.02)
        assert radius.min() == pytest.approx(10.0, rel=0.03)
        (ellipse,) = orbit["ellipses"]
        assert (ellipse["precession"], ellipse["order"]) == ("forward", 1.0)
        assert ellipse["inclination_deg"] == pytest.approx(20.0, abs=0.5)
        assert (
            len(orbit["turn_marks"]) == orbit["n_turns"] + 1 or len(orbit["turn_marks"]) == orbit["n_turns"]
        )
    whole = SignalService.get_orbit(probes["1X"]["signal_id"], n_turns=2)
    assert [ellipse["precession"] for ellipse in whole["ellipses"]] == ["forward", "reverse"]


def test_a_full_spectrum_tells_forward_from_reverse(probes: dict[str, dict[str, Any]]) -> None:
    found = SignalService.get_full_spectrum(probes["1X"]["signal_id"])
    assert (found["success"], found["axis"]) == (True, "order")
    heights = dict(zip(found["orders_or_frequencies"], found["amplitudes"], strict=True))

    def read(order: float) -> float:
        return max(height for at, height in heights.items() if abs(at - order) < 0.05)

    assert read(1.0) == pytest.approx(20.0, rel=0.05)
    assert read(-1.0) == pytest.approx(10.0, rel=0.05)
    assert read(-2.0) == pytest.approx(5.0, rel=0.05)
    assert read(2.0) < 0.2


def test_one_probe_alone_has_no_orbit(sine: dict[str, Any]) -> None:
    refused = SignalService.get_orbit(sine["signal_id"])
    assert refused["error_code"] == "invalid_input"
    assert "two probes" in refused["error"]


def test_peaks_come_in_families_with_mains_flagged(database: Settings, tmp_path: Path) -> None:
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    rows = ((29.17, 1.0), (58.34, 0.6), (87.51, 0.4), (116.68, 0.3), (50.0, 0.5))
    samples = sum(amplitude * np.sin(2 * np.pi * at * time_s) for at, amplitude in rows)
    samples = samples + 0.3 * make_noise(4, N_SAMPLES)
    row = import_channels(tmp_path, {"DE": samples}, unit="g", shaft_speed_rpm=29.17 * 60)["DE"]
    found = SignalService.find_peaks(row["signal_id"], n=12)
    assert found["success"], found["error"]
    (family,) = found["families"]
    assert family["fundamental_hz"] == pytest.approx(29.17, abs=0.01)
    assert family["harmonics"][:4] == [1, 2, 3, 4]
    by_place = {round(peak["frequency_hz"], 1): peak for peak in found["peaks"]}
    assert (by_place[87.5]["family"], by_place[87.5]["harmonic"], by_place[87.5]["fault_line"]) == (
        0,
        3,
        "3X",
    )
    assert (by_place[50.0]["mains_hz"], by_place[50.0]["family"]) == (50.0, None)
    assert by_place[29.2]["mains_hz"] is None
    assert SignalService.find_peaks(row["signal_id"], "waterfall")["error_code"] == "invalid_input"


@pytest.fixture
def inner_race(database: Settings, real_data: Path) -> dict[str, Any]:
    """Return the drive-end channel of CWRU's IR007_0, its speed told as 2 % too high."""
    job = run_import(
        [real_data / "cwru_12k_de" / "IR007_0.mat"],
        {
            "channels": [{"variable": "*_DE_time", "bearing": "6205-2RS"}],
            "defaults": {"sample_rate_hz": 12_000, "unit": "g", "shaft_speed_rpm": 1.02 * 1797.0},
        },
    )
    assert job["state"] == "done", job["error"]
    rows = DataService.load_signals(job["result"]["dataset_id"])
    return next(row for row in rows if row["channel"].endswith("DE_time") or row["channel"] == "DE")


@pytest.mark.real_data
def test_a_real_inner_race_fault_stands_at_its_order_though_the_speed_was_told_wrong(
    inner_race: dict[str, Any],
) -> None:
    signal_id = inner_race["signal_id"]
    speed = SignalService.get_shaft_speed(signal_id)
    assert speed["shaft_speed_rpm"] == pytest.approx(1797.0, rel=0.005)
    view = SignalService.get_order_spectrum(signal_id, envelope_band_hz=(2_000.0, 4_800.0), max_order=20.0)
    beyond = [peak for peak in view["peaks"] if peak["order"] > 4.0]
    assert max(beyond, key=lambda peak: peak["amplitude"])["order"] == pytest.approx(5.40, abs=0.02)
    assert view["method"] == "steady"
