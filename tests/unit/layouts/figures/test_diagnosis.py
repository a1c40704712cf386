from __future__ import annotations

import pytest

from layouts.figures.diagnosis import build_timeline_figure, pool_windows


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
