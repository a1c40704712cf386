from __future__ import annotations

import pytest

from layouts.figures import evaluation as figures
from layouts.figures.theme import class_style
from tests.factories import judgements


def test_a_class_that_does_not_occur_has_no_curve() -> None:
    judged = judgements.make_roc()["recording_level"]
    names = [trace.name for trace in figures.build_roc_figure(judged, "light").data]
    assert names == ["healthy", "95 % band", "mean of the classes", "guessing"]


@pytest.mark.parametrize("shown", ["healthy", figures.MACRO])
def test_the_band_is_that_of_the_chosen_curve(shown: str) -> None:
    judged = judgements.make_roc()["recording_level"]
    (band,) = [trace for trace in figures.build_pr_figure(judged, "dark", shown).data if trace.fill]
    expected = class_style("healthy").colour if shown == "healthy" else "#E4E9EF"
    assert band.fillcolor == expected
    assert list(band.y) == [0.5, 1.0, 0.9, 0.0]


def test_without_scaling_there_is_no_second_reliability_curve() -> None:
    scaled, alone = (judgements.make_calibration(scaled=each)["recording_level"] for each in (True, False))
    assert [trace.name for trace in figures.build_reliability_figure(scaled, "light").data] == [
        "as good as it says",
        "before scaling",
        "after scaling",
    ]
    assert len(figures.build_reliability_figure(alone, "light").data) == 2


def test_error_bars_reach_to_both_ends_of_the_interval() -> None:
    judged = judgements.make_calibration(scaled=False)["recording_level"]
    bars = figures.build_reliability_figure(judged, "light").data[1].error_y
    assert list(bars.array) == pytest.approx([0.35, 0.0])
    assert list(bars.arrayminus) == pytest.approx([0.35, 0.4])


def test_coverage_that_is_impossible_is_not_drawn_and_what_misses_the_band_looks_different() -> None:
    _band, _wanted, measured = figures.build_coverage_figure(
        judgements.make_conformal()["curve"], "light"
    ).data
    assert list(measured.x) == [80.0, 90.0]
    assert list(measured.marker.symbol) == ["x", "circle"]


def test_a_sweep_is_drawn_from_clean_to_noisy_with_gain_apart() -> None:
    sweep = judgements.make_sweep()
    noise = figures.build_robustness_figure(sweep, "recording_level", "light")
    assert {trace.name: (list(trace.x), list(trace.y)) for trace in noise.data} == {
        "White": ([5.0, 20.0], [60.0, 90.0]),
        "Pink": ([5.0], [50.0]),
    }
    assert noise.layout.xaxis.autorange == "reversed"
    gain = figures.build_gain_figure(sweep, "recording_level", "light", "macro_f1")
    assert list(gain.data[0].y) == [95.0]
    assert gain.layout.yaxis.title.text == "Macro F1, recording-level (%)"


def test_the_chosen_score_says_so() -> None:
    figure = figures.build_open_set_figure(judgements.make_open_set(), "recording_level", "light")
    assert [trace.name for trace in figure.data] == ["Energy (chosen)", "Confidence"]
    assert list(figure.data[1].y) == [0.6, 0.6]


def test_what_was_not_measured_is_no_point() -> None:
    rows = [judgements.make_architecture(1), judgements.make_architecture(2, pareto=True)]
    by_size = figures.build_architecture_figure(rows, "n_parameters", "light")
    assert [list(trace.x) for trace in by_size.data] == [[2000], [1000]]
    by_latency = figures.build_architecture_figure(rows, "latency", "light")
    assert [list(trace.x) for trace in by_latency.data] == [[1.5]]
