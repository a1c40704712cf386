from __future__ import annotations

import numpy as np
import pytest

from services.reports import views as drawing
from services.reports.views import build_views, choose_faults, join_faults
from tests.factories.diagnoses import ORDERS, SHAFT_HZ, build_rolling_answer
from tests.factories.vibrations import RATE_HZ, simulate_rolling


@pytest.fixture(scope="module")
def views() -> dict[str, dict]:
    samples = simulate_rolling(ORDERS["bpfi"], seed=3, shaft_hz=SHAFT_HZ)
    answer = build_rolling_answer()
    found = build_views(samples, RATE_HZ, "g", join_faults(answer), SHAFT_HZ, 900)
    return {view["key"]: view for view in found}


def test_a_rolling_bearing_shows_its_envelope_for_each_fault_that_matters(views: dict[str, dict]) -> None:
    assert list(views) == ["waveform", "spectrum", "envelope-inner_race", "envelope-outer_race"]
    assert [line["label"] for line in views["envelope-inner_race"]["lines"]] == [
        f"BPFI {n}" for n in (1, 2, 3, 4)
    ]


def test_the_highest_of_the_envelope_stands_where_the_simulated_fault_strikes(views: dict[str, dict]) -> None:
    view = views["envelope-inner_race"]
    heights = np.array(view["y"]["values"])
    places = np.array(view["x"]["values"])[heights > 0.5 * heights.max()]
    order = places / (ORDERS["bpfi"] * SHAFT_HZ)
    assert len(places) > 0
    assert np.abs(order - order.round()).max() < 0.01


def test_no_curve_has_more_points_than_asked_and_the_waveform_keeps_its_highest_sample(
    views: dict[str, dict],
) -> None:
    samples = simulate_rolling(ORDERS["bpfi"], seed=3, shaft_hz=SHAFT_HZ)
    assert all(len(view["x"]["values"]) <= 900 for view in views.values())
    assert max(views["waveform"]["y"]["values"]) == pytest.approx(float(samples.max()), rel=1e-5)
    spectrum = views["spectrum"]
    assert spectrum["x"]["values"][-1] <= RATE_HZ / 2
    assert spectrum["resolution_hz"] == pytest.approx(RATE_HZ / len(samples), rel=1e-4)


def test_a_curve_alone_is_the_one_among_all_and_no_other_is_worked_out(
    views: dict[str, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = simulate_rolling(ORDERS["bpfi"], seed=3, shaft_hz=SHAFT_HZ)
    asked = samples, RATE_HZ, "g", join_faults(build_rolling_answer()), SHAFT_HZ, 900

    def fail(*_: object) -> None:
        raise AssertionError("a curve that nobody asked for")

    monkeypatch.setattr(drawing, "compute_spectrum", fail)
    assert build_views(*asked, keys=["envelope-inner_race"]) == [views["envelope-inner_race"]]
    monkeypatch.setattr(drawing, "compute_envelope_spectrum", fail)
    assert build_views(*asked, keys=["waveform"]) == [views["waveform"]]
    assert build_views(*asked, keys=["of-another-diagnosis"]) == []


def test_lines_without_a_band_stand_in_the_spectrum_itself_each_once() -> None:
    lines = [
        {"line": name, "expected_hz": hertz, "found_hz": hertz, "snr_db": 20.0, "is_found": True}
        for name, hertz in (("1X", 60.0), ("2X", 120.0), ("bursts", 2000.0))
    ]
    faults = [
        {"fault_class": name, "probability": 0.4, "band_hz": None, "lines": lines}
        for name in ("imbalance", "misalignment")
    ]
    samples = np.random.default_rng(1).standard_normal(20_480)
    views = {view["key"]: view for view in build_views(samples, 20_480.0, None, faults, 60.0, 500)}
    assert list(views) == ["waveform", "spectrum", "low-spectrum"]
    assert [line["label"] for line in views["low-spectrum"]["lines"]] == ["1X", "2X"]
    assert [line["label"] for line in views["spectrum"]["lines"]] == ["bursts"]
    assert {line["fault_class"] for line in views["low-spectrum"]["lines"]} == {"imbalance"}


def test_of_a_long_recording_the_start_is_drawn_and_it_is_said() -> None:
    samples = np.random.default_rng(2).standard_normal(2**20 + 1000)
    first = build_views(samples, 1000.0, None, [], None, 300)[0]
    assert first["duration_s"] == pytest.approx(2**20 / 1000.0)


def test_only_faults_that_may_not_be_left_out_are_drawn() -> None:
    faults = [{"probability": share} for share in (0.001, 0.3, 0.3, 0.3)]
    assert choose_faults(faults) == faults[:3]
    assert choose_faults([]) == []
