"""Speed, orders, orbits, severity, peaks, bearings and machines over REST, with a real key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.user import Role
from services.data_service import DataService
from services.signal_service import SignalService
from tests.factories.imports import make_noise, run_import, write_canonical_file
from tests.integration.api.conftest import Program

RATE_HZ = 5_000.0
N_SAMPLES = 40_000


@pytest.fixture
def recording(program: Program, tmp_path: Path) -> dict[str, Any]:
    """Return a stored pair of probes: 1X to 3X of a shaft at 29.17 Hz, in mm/s."""
    phase = 2 * np.pi * 29.17 * np.arange(N_SAMPLES) / RATE_HZ
    x = 4.0 * np.cos(phase) + 2.0 * np.cos(2 * phase) + np.cos(3 * phase) + 0.3 * make_noise(1, N_SAMPLES)
    y = 2.0 * np.sin(phase) + 0.3 * make_noise(2, N_SAMPLES)
    facts = {
        "sample_rate_hz": RATE_HZ,
        "unit": "mm/s",
        "shaft_speed_rpm": 1740.0,
        "machine": "Fan 1",
        "bearing": "6205-2RS",
    }
    channels = {"run/1X": x.astype("f4"), "run/1Y": y.astype("f4")}
    job = run_import([write_canonical_file(tmp_path / "run.h5", channels, **facts)], {})
    assert job["state"] == "done", job["error"]
    return DataService.load_signals(job["result"]["dataset_id"])[0]


def test_the_views_answer_as_the_service_does(program: Program, recording: dict[str, Any]) -> None:
    path = f"/recordings/{recording['recording_id']}"
    speed = program.get(f"{path}/shaft-speed")
    assert speed["shaft_speed_rpm"] == pytest.approx(1750.2, rel=1e-3)
    assert speed["method"] == "steady"
    spectrum = program.get(f"{path}/order-spectrum", max_order=10)
    assert [round(peak["order"], 2) for peak in spectrum["peaks"][:3]] == [1.0, 2.0, 3.0]
    assert max(spectrum["orders"]) <= 10.0
    seen = program.get(f"{path}/order-map", by="speed")
    assert len(seen["level_db"]) == len(seen["orders"])
    average = program.get(f"{path}/synchronous-average", n_turns=2)
    assert max(average["angle_turns"]) < 2.0
    moved = program.get(f"{path}/integrated", quantity="displacement", points=100)
    assert (moved["unit"], len(moved["values"]) <= 100) == ("µm", True)
    orbit = program.get(f"{path}/orbit", filter_orders="1")
    assert orbit["ellipses"][0]["semi_major"] == pytest.approx(4.0, rel=0.02)
    assert orbit["partner"]["channel"] == "1Y"
    full = program.get(f"{path}/full-spectrum", channel="1Y", partner="1X")
    assert min(full["orders_or_frequencies"]) < -2.5
    peaks = program.get(f"{path}/peaks", n=5)
    assert peaks["families"][0]["harmonics"] == [1, 2, 3]
    demodulated = program.get(f"{path}/order-spectrum", low_hz=500, high_hz=1500)
    assert demodulated["envelope_band_hz"] == [500.0, 1500.0]
    spectrum = program.get(f"{path}/spectrum", quantity="displacement")
    assert spectrum["unit"] == "µm"


def test_lines_can_be_chosen_by_family(program: Program, recording: dict[str, Any]) -> None:
    path = f"/recordings/{recording['recording_id']}/fault-lines"
    lines = program.get(path, kinds="rolling,mains", slip=0.01)
    assert {line["family"] for line in lines["lines"]} == {"rolling", "mains"}
    assert lines["slip"] == 0.01
    assert program.call("GET", f"{path}?kinds=moon").status_code == 422


def test_a_zone_follows_from_the_machine(program: Program, recording: dict[str, Any]) -> None:
    path = f"/recordings/{recording['recording_id']}/severity-zone"
    assert program.get(path)["zone"] is None
    machine = SignalService.find_signal_machine(recording["signal_id"])
    assert machine is not None
    change = {"iso_group": 2, "mounting": "flexible", "gear_teeth": [23, [17, 41]]}
    changed = program.call("PATCH", f"/machines/{machine['machine_id']}", json=change)
    assert changed.status_code == 200, changed.text
    assert program.get(f"/machines/{machine['machine_id']}") == changed.json
    zone = program.get(path)
    assert zone["zone"] == "B"  # 3.2 mm/s rms between 2.3 and 4.5
    assert zone["velocity_rms_mm_s"] == pytest.approx(np.sqrt(0.5 * (16 + 4 + 1)), rel=0.03)
    wrong = program.call("PATCH", f"/machines/{machine['machine_id']}", json={"n_poles": 3})
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid_input")
    assert program.call("GET", "/machines/999").status_code == 404


def test_bearings_are_entered_changed_and_deleted(
    program: Program, make_program: Callable[..., Program]
) -> None:
    mill = {
        "designation": "Mill 22/7",
        "n_rolling_elements": 10,
        "rolling_element_diameter_mm": 10.0,
        "pitch_diameter_mm": 50.0,
        "source": "drawing 4711",
    }
    created = program.call("POST", "/bearings", json=mill)
    assert created.status_code == 201, created.text
    assert created.json["orders"]["bpfo"] == pytest.approx(4.0)
    bearing_id = created.json["bearing_id"]
    assert program.get("/bearings")["items"][0] == created.json
    assert program.call("POST", "/bearings", json=mill).status_code == 409
    changed = program.call("PATCH", f"/bearings/{bearing_id}", json={"manufacturer": "Works"})
    assert changed.json["manufacturer"] == "Works"
    viewer = make_program("vic", Role.VIEWER, ["read"])
    assert viewer.get("/bearings")["items"][0]["designation"] == "Mill 22/7"
    for method, body in (("PATCH", {}), ("DELETE", None)):
        assert viewer.call(method, f"/bearings/{bearing_id}", json=body).status_code == 403
    assert viewer.call("POST", "/bearings", json=mill).status_code == 403
    assert program.call("DELETE", f"/bearings/{bearing_id}").status_code == 204
    assert program.call("DELETE", f"/bearings/{bearing_id}").status_code == 404
