"""Level and shape of the signals of a dataset."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from services.datasets import statistics


def test_levels_in_different_units_are_never_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = {1: ("g", 0.5), 2: ("g", 0.7), 3: ("mm/s", 40.0), 4: (None, 3.0)}
    rows = [
        {
            "signal_id": number,
            "recording_id": number,
            "channel": "DE",
            "fault_class": "ball",
            "unit": unit,
            "duration_s": 1.0,
        }
        for number, (unit, _level) in levels.items()
    ]
    views = [(row, row["signal_id"]) for row in rows]
    measured = {
        number: {"rms": level, "peak": 2 * level, "crest_factor": 2.0, "kurtosis": 3.0}
        for number, (_unit, level) in levels.items()
    }
    monkeypatch.setattr(statistics, "iterate_views", lambda _session, _rows: views)
    monkeypatch.setattr(statistics, "_measure", lambda number: measured[number])
    found: dict[str, Any] = statistics.compute_statistics(cast("Session", None), cast("Any", rows))
    medians = {entry["unit"]: entry["rms"]["median"] for entry in found["per_class"]}
    assert medians == pytest.approx({None: 3.0, "g": 0.6, "mm/s": 40.0})
    assert [entry["n_signals"] for entry in found["per_class"]] == [1, 2, 1]
