from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard_config import Settings
from services.data_service import DataService
from services.signal_service import SignalService
from tests.factories.imports import run_import, write_canonical_file

RATE_HZ = 8_192.0


@pytest.fixture
def tone(database: Settings, tmp_path: Path) -> dict[str, Any]:
    """A second of 2 g at 64 Hz on a DC part of 0.5 g, then a second of silence but for it."""
    time_s = np.arange(2 * int(RATE_HZ)) / RATE_HZ
    samples = 0.5 + np.where(time_s < 1.0, 2.0 * np.sin(2 * np.pi * 64 * time_s), 0.0)
    path = write_canonical_file(
        tmp_path / "tone.h5", {"tone/A": samples.astype("f4")}, sample_rate_hz=RATE_HZ, unit="g"
    )
    job = run_import([path], {})
    (signal,) = DataService.load_signals(job["result"]["dataset_id"])
    return signal


def test_levels_of_a_sine_are_those_of_the_formula(tone: dict[str, Any]) -> None:
    found = SignalService.get_levels(tone["signal_id"], (0.0, 1.0))
    assert found["rms"] == pytest.approx(2 / np.sqrt(2), rel=1e-4)
    assert found["peak_value"] == pytest.approx(2.0, rel=1e-4)
    assert found["peak_to_peak"] == pytest.approx(4.0, rel=1e-4)
    assert found["crest_factor"] == pytest.approx(np.sqrt(2), rel=1e-4)
    assert found["kurtosis"] == pytest.approx(1.5, rel=1e-3)
    assert found["mean"] == pytest.approx(0.5, abs=1e-5)
    assert found["unit"] == "g"


def test_levels_follow_the_visible_stretch(tone: dict[str, Any]) -> None:
    whole, silence = (SignalService.get_levels(tone["signal_id"], each) for each in (None, (1.2, 1.8)))
    assert whole["rms"] == pytest.approx(1.0, rel=1e-3)
    assert silence["rms"] == pytest.approx(0.0, abs=1e-6)
    assert (silence["kurtosis"], silence["crest_factor"]) == (0.0, 0.0)


def test_levels_of_another_quantity_have_its_unit(tone: dict[str, Any]) -> None:
    found = SignalService.get_levels(tone["signal_id"], (0.0, 1.0), quantity="velocity")
    assert found["unit"] == "mm/s"
    expected_mm_s = 9_806.65 * 2 / (2 * np.pi * 64) / np.sqrt(2)
    assert found["rms"] == pytest.approx(expected_mm_s, rel=0.02)


def test_levels_of_no_signal_are_refused(database: Settings) -> None:
    assert SignalService.get_levels(99)["error_code"] == "not_found"
