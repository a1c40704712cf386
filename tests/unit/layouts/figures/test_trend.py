"""The figure of a condition trend shows what the answer says."""

from __future__ import annotations

from typing import Any

import pytest

from layouts.figures.trend import build_trend_figure, place_observation

TREND: dict[str, Any] = {
    "channel": "DE",
    "indicator": "rms",
    "title": "Rms",
    "unit": "g",
    "axis": "date",
    "points": {
        "index": [0, 1, 2],
        "values": [1.0, 1.1, 4.0],
        "acquired_at": [f"2024-01-01T0{hour}:00:00+00:00" for hour in (1, 2, 4)],
        "recordings": ["a", "<b>b</b>", "c"],
        "recording_ids": [7, 8, 9],
    },
    "reference": {
        "first": 0,
        "last": 1,
        "acquired_at": ["2024-01-01T01:00:00+00:00", "2024-01-01T02:00:00+00:00"],
    },
    "alert": {"value": 1.5},
    "alarm": {"value": 2.0},
    "onset": {"index": 2, "acquired_at": "2024-01-01T04:00:00+00:00"},
    "change_point": {"index": 2, "acquired_at": "2024-01-01T04:00:00+00:00", "significant": True},
}


def list_texts(trend: dict[str, Any]) -> list[str]:
    return [note.text for note in build_trend_figure(trend, "light").layout.annotations]


def test_limits_reference_onset_and_change_are_drawn_and_named() -> None:
    texts = list_texts(TREND)
    assert {"reference", "onset", "change", "Alert 1.5", "Alarm 2"} == set(texts)
    quiet = {**TREND, "onset": None, "change_point": {**TREND["change_point"], "significant": False}}
    assert {"onset", "change"}.isdisjoint(list_texts(quiet))


def test_a_point_opens_its_recording_and_its_name_is_text() -> None:
    (trace,) = build_trend_figure(TREND, "dark").data
    assert [each[0] for each in trace.customdata] == [7, 8, 9]
    assert trace.customdata[1][1] == "&lt;b&gt;b&lt;/b&gt;"


@pytest.mark.parametrize(
    ("axis", "expected"), [("date", "2024-01-01T04:00:00+00:00"), ("elapsed", 3.0), ("observation", 3)]
)
def test_an_observation_stands_where_its_axis_says(axis: str, expected: Any) -> None:
    assert place_observation({**TREND, "axis": axis}, 2, "2024-01-01T04:00:00+00:00") == expected


def test_a_logarithmic_scale_is_one() -> None:
    assert build_trend_figure(TREND, "light", logarithmic=True).layout.yaxis.type == "log"
