from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.figures import signals as figures
from layouts.figures.theme import class_colour

SHAFT_HZ = 30.0


def make_line(label: str, kind: str, harmonic: int, order: float, slip: float = 0.0) -> dict[str, Any]:
    at = order * SHAFT_HZ
    edges = {"low_hz": at * (1 - slip), "high_hz": at * (1 + slip)}
    return {"label": label, "kind": kind, "harmonic": harmonic, "order": order, "frequency_hz": at, **edges}


LINES = [
    make_line("1X", "shaft", 1, 1.0),
    make_line("BPFO", "outer_race", 1, 3.5),
    make_line("2×BPFO", "outer_race", 2, 7.0),
]


def make_view(unit: str | None = "g", **more: Any) -> dict[str, Any]:
    frequencies = np.linspace(0.0, 500.0, 501)
    amplitudes = np.where(frequencies == 105.0, 0.5, 1e-9)
    return {
        "unit": unit,
        "sample_rate_hz": 1000.0,
        "resolution_hz": 1.0,
        "scaling": "peak",
        "frequencies_hz": frequencies.tolist(),
        "amplitudes": amplitudes.tolist(),
        "density": amplitudes.tolist(),
        "density_unit": f"({unit})²/Hz" if unit else "unit²/Hz",
        **more,
    }


def make_look(unit: str = "hz", span_hz: tuple[float, float] = (0.0, 500.0), **more: Any) -> figures.Look:
    return figures.Look("light", figures.choose_axis(unit, SHAFT_HZ), span_hz, **more)


def make_waveform(unit: str | None, start_s: float = 0.0, stop_s: float = 2.0) -> dict[str, Any]:
    return {
        "unit": unit,
        "start_s": start_s,
        "stop_s": stop_s,
        "duration_s": 2.0,
        "sample_rate_hz": 1000.0,
        "time_s": [start_s, stop_s],
        "values": [0.0, 1.0],
    }


@pytest.mark.parametrize(
    ("unit", "title"),
    [
        ("g", "Acceleration (g)"),
        ("mm/s", "Velocity (mm/s)"),
        ("µm", "Displacement (µm)"),
        ("V", "Amplitude (V)"),
        (None, "Amplitude (unit unknown)"),
    ],
)
def test_the_amplitude_axis_says_what_is_measured_and_in_which_unit(unit: str | None, title: str) -> None:
    figure = figures.build_waveform(make_waveform(unit), "light")
    assert figure.layout.yaxis.title.text == title
    assert figure.layout.xaxis.title.text == "Time (s)"


def test_the_waveform_shows_exactly_the_stretch_that_was_asked_for() -> None:
    figure = figures.build_waveform(make_waveform("g", 0.5, 0.75), "dark")
    assert figure.layout.xaxis.range == (0.5, 0.75)
    assert figure.layout.meta["full"] == [0.0, 2.0]


@pytest.mark.parametrize(("unit", "place", "title"), [("hz", 105.0, "Hz"), ("cpm", 6300.0, "CPM")])
def test_a_frequency_and_its_fault_line_move_together(unit: str, place: float, title: str) -> None:
    figure = figures.build_spectrum(make_view(), LINES, make_look(unit))
    top = figure.data[0].x[int(np.argmax(figure.data[0].y))]
    assert top == pytest.approx(place)
    assert place in [pytest.approx(shape.x0) for shape in figure.layout.shapes]
    assert figure.layout.xaxis.title.text == f"Frequency ({title})"


def test_in_orders_the_shaft_lies_at_one() -> None:
    figure = figures.build_spectrum(make_view(), LINES, make_look("orders"))
    assert [shape.x0 for shape in figure.layout.shapes] == pytest.approx([3.5, 1.0, 7.0])
    assert figure.layout.xaxis.range == pytest.approx((0.0, 500.0 / SHAFT_HZ))


def test_orders_without_a_shaft_speed_are_hertz() -> None:
    assert figures.choose_axis("orders", None).unit == "Hz"


def test_only_lines_in_view_are_drawn_each_in_the_colour_of_its_fault_class() -> None:
    figure = figures.build_envelope(make_view(), LINES, make_look(span_hz=(50.0, 150.0)))
    (line,) = figure.layout.shapes
    assert (line.x0, line.line.color) == (105.0, class_colour("outer_race"))
    assert [label.text for label in figure.layout.annotations] == ["BPFO"]
    assert figure.layout.meta["lines"] == [{"label": "BPFO", "x": 105.0, "low": 105.0, "high": 105.0}]


def test_a_logarithmic_axis_ends_six_decades_below_the_highest_line() -> None:
    figure = figures.build_psd(make_view(), [], make_look(scale="log"))
    low, high = figure.layout.yaxis.range
    assert figure.layout.yaxis.type == "log"
    assert low == pytest.approx(np.log10(0.5) - 6.0, abs=0.2)
    assert high > np.log10(0.5)


def test_decibels_follow_amplitude_and_power() -> None:
    spectrum = figures.build_spectrum(make_view(), [], make_look(scale="db"))
    psd = figures.build_psd(make_view(), [], make_look(scale="db"))
    assert max(spectrum.data[0].y) == pytest.approx(-6.0206, abs=1e-4)
    assert max(psd.data[0].y) == pytest.approx(-3.0103, abs=1e-4)
    assert spectrum.layout.yaxis.title.text == "Acceleration, peak (dB re 1 g)"
    assert np.isfinite(np.asarray(spectrum.data[0].y)).all()


def test_the_slip_band_of_a_line_is_shaded_where_it_lies_on_the_axis() -> None:
    line = make_line("BPFO", "outer_race", 1, 3.5, slip=0.02)
    figure = figures.build_envelope(make_view(), [line], make_look("cpm"))
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (band.x0, band.x1) == pytest.approx((60 * 105.0 * 0.98, 60 * 105.0 * 1.02))
    assert figure.layout.meta["lines"][0]["high"] == pytest.approx(60 * 107.1)


def test_a_silent_signal_has_a_logarithmic_axis_too() -> None:
    view = make_view(density=[0.0] * 501)
    assert figures.build_psd(view, [], make_look(scale="log")).layout.yaxis.range is None


def test_a_density_of_an_unknown_unit_is_said_to_be_of_unknown_unit() -> None:
    figure = figures.build_psd(make_view(None), [], make_look())
    assert figure.layout.yaxis.title.text == "PSD (unit unknown)"


def test_an_envelope_spectrum_opens_a_little_above_its_highest_line() -> None:
    span = figures.suggest_envelope_span(LINES, (2000.0, 4800.0))
    assert span is not None
    assert 210.0 < span[1] < 250.0


def test_an_envelope_spectrum_never_opens_beyond_the_width_of_its_band() -> None:
    assert figures.suggest_envelope_span(LINES, (2000.0, 2100.0)) == (0.0, 100.0)
    assert figures.suggest_envelope_span([], (2000.0, 2600.0)) == (0.0, 600.0)
    assert figures.suggest_envelope_span([]) is None


@given(st.lists(st.floats(0.0, 100.0), max_size=40))
def test_labels_of_a_row_keep_apart_and_no_leader_crosses_a_label(positions: list[float]) -> None:
    rows = figures.place_labels(positions, (0.0, 100.0))
    placed = [(at, row) for at, row in zip(positions, rows, strict=True) if row is not None]
    for (one, row), (other, other_row) in combinations(placed, 2):
        assert abs(one - other) >= (10.0 if row == other_row else 3.0) - 1e-9


def test_the_first_of_crowded_labels_is_the_one_that_stays() -> None:
    assert figures.place_labels([10.0, 10.1, 10.2], (0.0, 1000.0)) == [0, None, None]


def test_lonely_labels_all_stand_in_the_lowest_row() -> None:
    assert figures.place_labels([10.0, 50.0, 90.0], (0.0, 100.0)) == [0, 0, 0]


def test_neighbouring_samples_of_a_short_stretch_read_differently() -> None:
    low, high = figures.round_stretch(make_waveform("g", 0.123456, 0.123556))
    assert (low, high) == (0.123456, 0.123556)


def test_markup_in_a_unit_stays_text() -> None:
    """Plotly takes tags and links in titles and hover texts, and %{…} as fields."""
    unit = "<a href=//e.org>g%{x}</a>"
    shown = "&lt;a href=//e.org&gt;g&#37;{x}&lt;/a&gt;"
    drawn = [
        figures.build_waveform(make_waveform(unit), "light"),
        figures.build_spectrum(make_view(unit), LINES, make_look()),
        figures.build_psd(make_view(unit), LINES, make_look()),
        figures.build_envelope(make_view(unit), LINES, make_look()),
    ]
    for figure in drawn:
        for text in (figure.layout.yaxis.title.text, figure.data[0].hovertemplate):
            assert "<a" not in text
            assert "%{x}" not in text.removeprefix("%{x")
            assert shown in text
