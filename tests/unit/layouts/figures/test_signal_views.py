from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layouts.figures import signal_curves as curves
from layouts.figures import signal_maps as maps
from layouts.figures.signal_axes import Look, choose_axis

SHAFT_HZ = 30.0
LINE = {
    "label": "BPFO", "family": "rolling", "kind": "outer_race", "harmonic": 1, "order": 3.5,
    "frequency_hz": 105.0, "low_hz": 102.9, "high_hz": 107.1,
}  # fmt: skip
STRETCH = {"unit": "g", "start_s": 0.0, "stop_s": 2.0, "duration_s": 2.0, "sample_rate_hz": 1000.0}


def make_look(unit: str = "hz", span_hz: tuple[float, float] = (0.0, 500.0), **more: Any) -> Look:
    return Look("light", choose_axis(unit, SHAFT_HZ), span_hz, **more)


def make_map(**more: Any) -> dict[str, Any]:
    return {
        **STRETCH, "times_s": [0.5, 1.0, 1.5], "frequencies_hz": [0.0, 250.0], "orders": [0.0, 1.0],
        "speeds_rpm": [1000.0, 1100.0, 1200.0], "level_db": [[-80.0, -40.0, -10.3], [-60.0, -20.0, 0.0]],
        "level_unit": "dB re 1 g", "resolution_hz": 250.0, "hop_s": 0.5, **more,
    }  # fmt: skip


def test_a_spectrogram_has_time_along_and_frequency_up_in_the_chosen_unit() -> None:
    figure = maps.build_spectrogram(make_map(), make_look("cpm"), (0.0, 2.0))
    (heat,) = figure.data
    assert list(heat.y) == [0.0, 15_000.0]
    assert np.asarray(heat.z).shape == (2, 3)
    assert np.asarray(heat.z)[0, 2] == -10.5  # to half a decibel
    assert figure.layout.yaxis.title.text == "Frequency (CPM)"
    assert figure.layout.meta["fullY"] == [0.0, 30_000.0]


@pytest.mark.parametrize(
    ("by", "title", "up"),
    [("time", "Time (s)", [0.5, 1.0, 1.5]), ("speed", "Shaft speed (rpm)", [1000.0, 1100.0, 1200.0])],
)
def test_an_order_map_has_orders_along_and_time_or_speed_up(by: str, title: str, up: list[float]) -> None:
    figure = maps.build_order_map(make_map(by=by), "dark", None)
    (heat,) = figure.data
    assert np.asarray(heat.z).shape == (3, 2), "a row per time, a column per order"
    assert np.asarray(heat.z)[2, 1] == 0.0
    assert (figure.layout.yaxis.title.text, list(heat.y)) == (title, up)


def test_a_map_of_silence_is_drawn() -> None:
    figure = maps.build_order_map(make_map(by="time", level_db=[[-240.0] * 3] * 2), "light", None)
    assert figure.data[0].zmax > figure.data[0].zmin


def test_each_cell_of_a_kurtogram_lies_over_its_band_in_the_row_of_its_level() -> None:
    levels = [
        {"bandwidth_hz": 500.0, "level": 0, "cells": [{"low_hz": 0.0, "high_hz": 500.0, "kurtosis": 0.1}]},
        {
            "bandwidth_hz": 250.0,
            "level": 1,
            "cells": [
                {"low_hz": 0.0, "high_hz": 250.0, "kurtosis": 0.2},
                {"low_hz": 250.0, "high_hz": 500.0, "kurtosis": 4.0},
            ],
        },
    ]
    best = {"low_hz": 250.0, "high_hz": 500.0, "kurtosis": 4.0, "level": 1}
    figure = maps.build_kurtogram({"levels": levels, "best": best}, choose_axis("hz", None), "light")
    (bars,) = figure.data
    assert list(bars.base) == [0.0, 0.0, 250.0]
    assert list(bars.x) == [500.0, 250.0, 250.0]
    assert list(bars.y) == ["500 Hz", "250 Hz", "250 Hz"]
    (frame,) = figure.layout.shapes
    # the highest category stands last: rows count from below
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (250.0, 500.0, -0.5, 0.5)
    assert [cell["kurtosis"] for cell in maps.list_best_cells({"levels": levels})] == [4.0, 0.2, 0.1]


def test_fault_lines_of_an_order_spectrum_stand_at_their_orders() -> None:
    view = {**STRETCH, "orders": [0.0, 3.5, 9.0], "amplitudes": [0.0, 1.0, 0.0], "resolution_orders": 0.1}
    figure = curves.build_order_spectrum(view, [LINE, {**LINE, "order": None}], "light", None, "linear")
    (line,) = [shape for shape in figure.layout.shapes if shape.type == "line"]
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert line.x0 == 3.5
    assert (band.x0, band.x1) == pytest.approx((3.5 * 0.98, 3.5 * 1.02))


def test_the_heights_of_a_cepstrum_are_those_beyond_no_delay() -> None:
    view = {**STRETCH, "unit": "dB", "quefrencies_s": [0.0, 0.1, 0.2], "values": [90.0, 1.0, -1.0]}
    figure = curves.build_cepstrum(view, "light", None)
    assert figure.layout.yaxis.range == pytest.approx((-1.12, 1.12))
    assert figure.layout.meta["full"] == [0.0, 1.0]


def test_an_orbit_is_as_wide_as_it_is_high_and_marks_its_turns() -> None:
    view = {
        **STRETCH, "unit": "µm", "x": [0.0, 1.0, 2.0], "y": [5.0, 6.0, 7.0], "turn_marks": [0, 2, 9],
        "x_channel": "<b>X</b>", "y_channel": "Y",
    }  # fmt: skip
    figure = curves.build_orbit(view, "light")
    _path, marks = figure.data
    assert list(marks.x) == [0.0, 2.0]
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.xaxis.title.text == "X probe &lt;b&gt;X&lt;/b&gt; (µm)"


def test_a_full_spectrum_has_reverse_components_on_the_left() -> None:
    view = {**STRETCH, "frequencies_hz": [-60.0, 60.0], "amplitudes": [1.0, 2.0], "resolution_hz": 1.0}
    figure = curves.build_full_spectrum(view, make_look("orders"), None)
    assert list(figure.data[0].x) == [-2.0, 2.0]
    assert figure.layout.meta["full"] == [-2.0, 2.0]
    assert curves.build_full_spectrum(view, make_look(), (-10.0, 20.0)).layout.xaxis.range == (-10.0, 20.0)


def test_signals_of_different_units_are_laid_over_each_other_without_a_difference() -> None:
    curve = {"x": [0.0, 1.0], "y": [1.0, 2.0]}
    view = {
        **STRETCH, "view": "waveform", "first": curve, "second": curve, "difference": {"x": [], "y": []},
        "y_unit": "g",
    }  # fmt: skip
    figure = curves.build_overlay(view, ("one <i>", "other"), make_look(), None)
    assert [len(trace.x) for trace in figure.data] == [2, 2, 0]
    assert figure.data[0].name == "one &lt;i&gt;"
    assert figure.layout.yaxis2.title.text == "Difference (g)"
