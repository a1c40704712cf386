from __future__ import annotations

from typing import Any

import pytest

from layouts.figures import explanation_bands as band_figures
from layouts.figures import explanations as figures
from layouts.figures.theme import class_colour
from tests.factories import explained


def name_traces(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def test_points_lie_where_their_stretch_begins() -> None:
    curves = {"n_samples": 8, "samples_per_point": 2, "waveform": [0.0, 1.0, 2.0, 3.0]}
    assert figures.place_points(curves, 0.125, 3.0).tolist() == [3.0, 3.25, 3.5, 3.75]


def test_what_speaks_for_and_against_a_class_is_drawn_apart() -> None:
    traces = name_traces(figures.build_waveform_figure(explained.make_explanation(), "light"))
    assert list(traces["signal"].y) == [0.0, 1.0, -1.0, 0.5]
    assert list(traces["speaks for inner race"].y) == [0.1, 0.4, 0.0, 0.0]
    assert list(traces["speaks against inner race"].y) == [0.0, 0.0, -0.2, 0.0]
    assert list(traces["signal"].x) == [3.0, 3.25, 3.5, 3.75]


def test_the_unit_of_an_attribution_is_said() -> None:
    explanation = explained.make_explanation()
    figure = figures.build_waveform_figure(explanation, "light")
    assert figure.layout.yaxis2.title.text == "Attribution (log-probability)"
    relative = figures.build_waveform_figure({**explanation, "method": "gradcam"}, "light")
    assert relative.layout.yaxis2.title.text == "Attribution (relative)"


def test_orders_are_frequencies_over_that_of_the_shaft() -> None:
    explanation = explained.make_explanation()
    in_hertz = name_traces(figures.build_frequency_figure(explanation, "frequency", "light"))
    in_orders = name_traces(figures.build_frequency_figure(explanation, "frequency", "dark", orders=True))
    assert list(in_hertz["spectrum"].x) == [0.0, 20.0, 40.0, 60.0]
    assert list(in_orders["spectrum"].x) == pytest.approx([0.0, 0.8, 1.6, 2.4])


def test_only_bands_of_the_axis_are_shaded_and_in_its_unit() -> None:
    explanation = explained.make_explanation()
    figure = figures.build_frequency_figure(explanation, "frequency", "light", orders=True)
    edges = [edge for shape in figure.layout.shapes for edge in (shape.x0, shape.x1)]
    assert edges == pytest.approx([4.0, 4.8, 5.6, 6.0])
    assert set(name_traces(figure)["fault band"].text) == {"1X"}
    envelope = figures.build_frequency_figure(explanation, "envelope", "light")
    assert [(shape.x0, shape.x1) for shape in envelope.layout.shapes] == [(10.0, 30.0), (50.0, 60.0)]


def test_both_axes_of_a_spectrum_have_their_zero_at_the_same_height() -> None:
    layout = figures.build_frequency_figure(explained.make_explanation(), "frequency", "light").layout
    heights = [-axis.range[0] / (axis.range[1] - axis.range[0]) for axis in (layout.yaxis, layout.yaxis2)]
    assert heights[0] == pytest.approx(heights[1])
    assert 0.0 < heights[0] < 0.5


def test_an_attribution_of_nothing_at_all_can_be_drawn() -> None:
    explanation = explained.make_explanation()
    explanation["curves"]["frequency"] |= {"contributions": [0.0] * 4, "spectrum": [0.0] * 4}
    layout = figures.build_frequency_figure(explanation, "frequency", "light").layout
    assert layout.yaxis.range[0] < 0.0 < layout.yaxis.range[1]


def test_bands_stand_beside_random_ones_with_their_range() -> None:
    bands = explained.make_explanation()["summary"]["bands"]
    traces = name_traces(band_figures.build_band_figure(bands, "light"))
    assert list(traces["in the band"].y) == ["1X"]
    assert list(traces["in the band, above the control"].y) == ["BPFI, envelope"]
    assert list(traces["in the band, above the control"].x) == [30.0]
    control = traces["random bands of equal width (mean, 95 % range)"]
    assert list(control.x) == [5.0, 5.0]
    assert list(control.error_x.array) == pytest.approx([4.0, 4.0])
    assert list(control.error_x.arrayminus) == pytest.approx([3.0, 3.0])


def test_features_stand_largest_on_top_and_their_names_are_no_markup() -> None:
    summary = {**explained.make_explanation()["summary"], "features": explained.make_features()}
    figure = figures.build_feature_figure(summary, "dark")
    traces = name_traces(figure)
    assert list(traces["speaks for inner race"].x) == [0.6]
    assert list(traces["speaks against inner race"].y) == ["&lt;b&gt;kurtosis&lt;/b&gt;"]
    assert figure.layout.yaxis.categoryarray[-1] == "rms"


def test_taking_away_and_putting_back_have_their_random_orders_beside_them() -> None:
    trust = [explained.make_check(name) for name in ("infidelity", "deletion", "insertion")]
    summary = {**explained.make_explanation()["summary"], "trust": trust}
    traces = name_traces(figures.build_removal_figure(summary, "light"))
    assert set(traces) == {
        f"{what}, {order}"
        for what in ("taken away", "put back")
        for order in ("most attributed first", "in random order")
    }
    assert list(traces["taken away, most attributed first"].y) == [90.0, 20.0]
    assert list(traces["taken away, in random order"].y) == [20.0, 90.0]


def test_each_axis_has_a_row_of_its_own_for_what_is_taken_away() -> None:
    trust = [explained.make_check("deletion", axis=axis) for axis in ("time", "frequency")]
    figure = figures.build_removal_figure({**explained.make_explanation()["summary"], "trust": trust}, "dark")
    assert [trace.yaxis for trace in figure.data] == ["y", "y", "y2", "y2"]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert figure.layout.yaxis2.title.text == "P(inner race) (%), over frequency"


def test_a_what_if_shows_one_class_over_every_band_or_every_class_over_one() -> None:
    summary = explained.make_what_if()
    over_bands = name_traces(band_figures.build_what_if_figure(summary, "every", "light"))
    assert list(over_bands["1X"].y) == [20.0, 90.0, 95.0]
    assert list(over_bands["2X"].y) == [90.0, 90.0, 90.0]
    over_classes = name_traces(band_figures.build_what_if_figure(summary, "1x", "light"))
    assert list(over_classes["healthy"].y) == [80.0, 10.0, 5.0]
    assert over_classes["healthy"].line.color == class_colour("healthy")


def test_a_class_of_the_atlas_without_interval_has_no_bar_for_one() -> None:
    traces = name_traces(
        band_figures.build_atlas_figure(explained.make_atlas()["summary"]["classes"], "light")
    )
    assert list(traces["healthy"].error_x.array) == [0.0]
    assert list(traces["inner race"].error_x.array) == pytest.approx([10.0])
    assert list(traces["inner race"].x) == [30.0]
    assert list(traces["random bands of equal width"].x) == [5.0]
