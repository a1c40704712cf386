"""The order of a series, its axis, and what its answer says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from services.datasets.trend_answer import build_trend, list_indicators
from services.datasets.trends import TrendTable, sort_by_time


def make_rows(moments: dict[str, str | None]) -> list[dict[str, Any]]:
    return [{"recording": name, "acquired_at": moment} for name, moment in moments.items()]


def list_names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["recording"] for row in rows]


def make_table(
    n: int = 60, *, start: str = "2024-01-01", clocks: list[str | None] | None = None
) -> TrendTable:
    """A table whose rms doubles from the 40th observation on."""
    random = np.random.default_rng(0)
    values = np.exp(0.02 * random.standard_normal(n)) * np.where(np.arange(n) < 40, 1.0, 2.0)
    moments = [f"{start}T{index // 60:02d}:{index % 60:02d}:00+00:00" for index in range(n)]
    return TrendTable(
        signal_ids=list(range(n)),
        recording_ids=list(range(100, 100 + n)),
        recordings=[f"run {index}" for index in range(n)],
        acquired_at=moments if clocks is None else clocks,
        unit="g",
        indicators={"rms": values},
    )


def ask(table: TrendTable, **changes: Any) -> dict[str, Any]:
    return build_trend(
        table,
        **{"indicator": "rms", "reference": (0, 0.5), "alert_rate": 0.01, "alarm_rate": 0.001, **changes},
    )


def test_clocks_decide_where_names_say_nothing() -> None:
    rows = make_rows({"b": "2024-01-01", "c": "2024-01-02", "a": "2024-01-03"})
    assert list_names(sort_by_time(rows)) == ["b", "c", "a"]


def test_numbers_in_names_decide_where_a_clock_is_missing() -> None:
    rows = make_rows({"run 10": "2024-01-01", "run 9": None, "run 1": "2024-01-03"})
    assert list_names(sort_by_time(rows)) == ["run 1", "run 9", "run 10"]


def test_one_wrong_clock_among_a_hundred_does_not_move_its_recording() -> None:
    moments = {f"run {index}": f"2024-01-01T00:{index // 60:02d}:{index % 60:02d}" for index in range(100)}
    moments["run 70"] = "2024-01-01T00:00:00"
    assert list_names(sort_by_time(make_rows(moments)))[70] == "run 70"


def test_the_axis_is_what_the_clocks_are_good_for() -> None:
    assert ask(make_table())["axis"] == "date"
    assert ask(make_table(start="1970-01-01"))["axis"] == "elapsed"
    assert ask(make_table(clocks=[None] * 60))["axis"] == "observation"


def test_a_clock_that_goes_backwards_is_named() -> None:
    table = make_table()
    table.acquired_at[30] = "2023-01-01T00:00:00+00:00"
    trend = ask(table)
    assert trend["axis"] == "observation"
    assert "run 30" in trend["notes"][0]


def test_the_onset_and_the_change_name_their_recording() -> None:
    trend = ask(make_table())
    assert trend["onset"]["recording"] == "run 40"
    assert trend["change_point"]["recording"] == "run 40"
    assert trend["onset"]["recording_id"] == 140
    assert trend["alarm"]["n_above"] == 20
    assert trend["alarm"]["n_watched"] == 30


def test_a_machine_that_stays_as_it_was_has_neither() -> None:
    table = make_table()
    table.indicators["rms"][40:] /= 2.0
    trend = ask(table)
    assert trend["onset"] is None
    assert not trend["change_point"]["significant"]


def test_recordings_without_the_indicator_are_left_out_and_counted() -> None:
    table = make_table()
    table.indicators["rms"][[3, 4]] = [np.nan, 0.0]
    trend = ask(table)
    assert (trend["n_observations"], trend["n_left_out"]) == (58, 2)
    assert trend["points"]["recordings"][3] == "run 5"


def test_an_indicator_that_is_not_there_is_listed_as_such() -> None:
    available = {each["name"]: each["available"] for each in list_indicators(make_table())}
    assert available["rms"]
    assert not available["outer_race"]


@pytest.mark.parametrize("n", [5_000])
def test_a_long_series_is_thinned_and_keeps_its_extremes(n: int) -> None:
    table = make_table(n, clocks=[None] * n)
    table.indicators["rms"][3_333] = 99.0
    points = ask(table)["points"]
    assert points["thinned"]
    assert len(points["values"]) <= 4_000
    assert max(points["values"]) == pytest.approx(99.0)
