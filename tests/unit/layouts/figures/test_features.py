"""Figures of features draw what they are given, with units, for both themes."""

from __future__ import annotations

import pytest

from layouts.figures import features as figures

CLASSES = ["ball", "healthy"]


def test_a_distribution_has_a_step_line_per_class_in_percent() -> None:
    found = {
        "feature": {"name": "rms", "unit": "g"},
        "edges": [0.0, 1.0, 3.0],
        "classes": [{"fault_class": name, "n_windows": 4, "shares": [0.25, 0.75]} for name in CLASSES],
    }
    figure = figures.build_distribution(found, "light")
    assert [list(trace.y) for trace in figure.data] == [[25.0, 75.0]] * 2
    assert list(figure.data[0].x) == [0.5, 2.0]
    assert figure.layout.xaxis.title.text == "rms (g)"
    assert figure.data[0].name == "ball (4)"


def test_a_projection_carries_the_way_to_each_recording() -> None:
    found = {
        "method": "pca",
        "x": [0.0, 1.0, 2.0],
        "y": [1.0, 2.0, 3.0],
        "fault_class": ["ball", "healthy", "ball"],
        "recording": ["r1", "<b>r2</b>", "r3"],
        "channel": ["DE"] * 3,
        "href": ["/signals/1/1", "/signals/1/2", "/signals/1/3"],
        "start_s": [0.0, 1.0, 2.0],
        "explained": [0.5, 0.25],
    }
    figure = figures.build_projection(found, "dark")
    assert [len(trace.x) for trace in figure.data] == [2, 1]
    assert figure.data[0].customdata[1][0] == "/signals/1/3"
    assert "<b>" not in figure.data[1].text[0]
    assert figure.layout.xaxis.title.text == "Component 1 (50.0 % of the variance)"


def test_spectra_have_a_median_and_a_band_per_class() -> None:
    found = {
        "frequencies_hz": [1.0, 2.0],
        "unit": "g",
        "classes": [
            {
                "fault_class": name,
                "n_signals": 3,
                "p10_db": [-3.0, -2.0],
                "p50_db": [-1.0, 0.0],
                "p90_db": [1.0, 2.0],
            }
            for name in CLASSES
        ],
    }
    figure = figures.build_spectra(found, "light")
    assert len(figure.data) == 4
    assert list(figure.data[0].y) == [1.0, 2.0, -2.0, -3.0]
    assert list(figure.data[1].y) == [-1.0, 0.0]
    assert "(g)²/Hz" in figure.layout.yaxis.title.text


@pytest.mark.parametrize("method", ["mutual_info", "random_forest", "permutation"])
def test_importance_puts_the_highest_on_top_and_shows_at_most_thirty(method: str) -> None:
    items = [{"feature": f"f{index}", "score": 100 - index, "spread": 1.0} for index in range(40)]
    figure = figures.build_importance({"items": items}, method, "light")
    assert len(figure.data[0].y) == figures.MOST_BARS
    assert figure.data[0].y[-1] == "f0"
    assert figure.layout.xaxis.title.text


def test_a_correlation_map_spans_minus_one_to_one() -> None:
    found = {"feature_names": ["a", "b"], "correlation": [[1.0, -0.5], [-0.5, 1.0]]}
    for theme in ("light", "dark"):
        figure = figures.build_correlation(found, theme)
        assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)
        assert figure.data[0].z[0][1] == -0.5
