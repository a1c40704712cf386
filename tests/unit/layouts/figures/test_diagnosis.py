from __future__ import annotations

import pytest

from layouts.figures.diagnosis import build_timeline_figure, build_view_figure, pool_windows


def test_few_windows_are_shown_one_by_one() -> None:
    start_s, rows, n_pooled = pool_windows([0.0, 0.5], [[0.25, 0.75], [1.0, 0.0]], most=2)
    assert (start_s, rows, n_pooled) == ([0.0, 0.5], [[0.25, 0.75], [1.0, 0.0]], 1)


def test_many_windows_are_averaged_and_still_sum_to_one() -> None:
    probabilities = [[index / 10, 1 - index / 10] for index in range(10)]
    start_s, rows, n_pooled = pool_windows(list(range(10)), probabilities, most=4)
    assert (start_s, n_pooled) == ([0, 3, 6, 9], 3)
    assert rows[0] == pytest.approx([0.1, 0.9])
    assert rows[-1] == pytest.approx([0.9, 0.1])
    assert all(sum(row) == pytest.approx(1.0) for row in rows)


def test_the_timeline_has_a_row_per_class_and_a_column_per_window() -> None:
    windows = {
        "start_s": [0.0, 0.125, 0.25],
        "probabilities": [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]],
        "class_names": ["healthy", "inner_race"],
    }
    (strip,) = build_timeline_figure(windows, "light").data
    assert list(strip.y) == ["healthy", "inner race"]
    assert [list(row) for row in strip.z] == [[0.9, 0.8, 0.3], [0.1, 0.2, 0.7]]
    assert (strip.zmin, strip.zmax) == (0.0, 1.0)


def build_view(lines: list[dict[str, object]]) -> dict[str, object]:
    return {
        "key": "envelope-inner_race",
        "x": {"name": "Frequency", "unit": "Hz", "values": [1.0, 100.0, 200.0]},
        "y": {"name": "Amplitude", "unit": None, "values": [0.0, 1.0, 0.5]},
        "floor": [0.1, 0.1, 0.1],
        "lines": lines,
        "bands": [{"low_hz": 20.0, "high_hz": 60.0, "fault_class": "inner_race"}],
    }


def test_a_found_line_is_solid_where_it_was_found_a_missing_one_dotted_where_it_was_expected() -> None:
    found = {"label": "BPFI 1", "expected_hz": 100.0, "found_hz": 99.0, "is_found": True}
    missing = {"label": "BPFI 2", "expected_hz": 180.0, "found_hz": 181.0, "is_found": False}
    lines = [{**line, "fault_class": "inner_race"} for line in (found, missing)]
    figure = build_view_figure(build_view(lines), "light")
    band, first, second = figure.layout.shapes
    assert (band.x0, band.x1) == (20.0, 60.0)
    assert (first.x0, first.line.dash, second.x0, second.line.dash) == (99.0, "solid", 180.0, "dot")
    assert [note.text for note in figure.layout.annotations] == ["BPFI 1", "BPFI 2 ?"]
    assert figure.layout.yaxis.title.text == "Amplitude (unit unknown)"
    assert [list(trace.y) for trace in figure.data] == [[0.1, 0.1, 0.1], [0.0, 1.0, 0.5]]
