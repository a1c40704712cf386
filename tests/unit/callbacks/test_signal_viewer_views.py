from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from callbacks import signal_viewer_views as views
from layouts.components.signal_options import OPTIONS
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.callbacks.viewer_spies import in_callback, replace
from tests.unit.layouts.tree import find_text
from utils.exceptions import InvalidInputError

LINE = {
    "label": "BPFI", "family": "rolling", "kind": "inner_race", "harmonic": 1, "order": 5.4,
    "frequency_hz": 162.0, "low_hz": 158.8, "high_hz": 165.2,
}  # fmt: skip
LINES = {"lines": [LINE], "shaft_frequency_hz": 30.0, "shaft_speed_rpm": None}
STRETCH = {
    "unit": "g", "start_s": 1.0, "stop_s": 2.0, "duration_s": 10.0, "sample_rate_hz": 1000.0,
    "note": None, "n_samples": 1000,
}  # fmt: skip
SPECTRUM = {
    **STRETCH, "frequencies_hz": [0.0, 162.0, 500.0], "amplitudes": [0.0, 0.2, 0.0], "resolution_hz": 1.0,
    "window": "hann", "scaling": "peak", "peaks": [{"frequency_hz": 162.0, "amplitude": 0.2}],
}  # fmt: skip
ENVELOPE = {**SPECTRUM, "band_hz": [150.0, 400.0], "band_origin": "suggested"}
SPEED = {"shaft_speed_rpm": 1800.0, "method": "steady", "confidence": 0.9}
MAP = np.zeros((3, 2)).tolist()
# What each view's service answers, and its method.
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "spectrum": ("get_spectrum", SPECTRUM),
    "psd": ("get_psd", {**SPECTRUM, "density": [0.0, 1.0, 0.1], "density_unit": "(g)²/Hz", "n_segments": 9}),
    "envelope": ("get_envelope_spectrum", ENVELOPE),
    "spectrogram": (
        "get_spectrogram",
        {
            **STRETCH, "times_s": [1.0, 2.0], "frequencies_hz": [0.0, 100.0, 200.0], "level_db": MAP,
            "level_unit": "dB re 1 g", "resolution_hz": 100.0, "hop_s": 0.01, "segment_s": 0.02,
            "window": "hann",
        },
    ),
    "cyclic": (
        "get_cyclic_coherence",
        {
            **STRETCH, "cyclic_frequencies_hz": [1.0, 162.0], "frequencies_hz": [0.0, 100.0, 200.0],
            "coherence": MAP, "average": {"frequencies_hz": [1.0, 162.0], "values": [0.1, 0.9]},
            "resolution_hz": 100.0, "cyclic_resolution_hz": 0.5, "band_hz": [0.0, 500.0],
        },
    ),
    "cepstrum": (
        "get_cepstrum",
        {
            **STRETCH, "quefrencies_s": [0.0, 0.1], "values": [1.0, 0.0], "unit": "dB",
            "peaks": [{"quefrency_s": 0.1, "frequency_hz": 10.0, "value": 1.0}],
        },
    ),
    "orders": (
        "get_order_spectrum",
        {
            **STRETCH, **SPEED, "orders": [0.0, 5.4, 10.0], "amplitudes": [0.0, 0.3, 0.0],
            "resolution_orders": 0.1, "peaks": [{"order": 5.4, "amplitude": 0.3}],
        },
    ),
    "order_map": (
        "get_order_map",
        {
            **STRETCH, **SPEED, "orders": [0.0, 1.0, 2.0], "times_s": [1.0, 2.0], "speeds_rpm": [1.0, 2.0],
            "level_db": MAP, "level_unit": "dB re 1 g", "resolution_orders": 1.0, "by": "time",
        },
    ),
    "autocorrelation": ("get_autocorrelation", {**STRETCH, "lags_s": [0.0, 0.1], "values": [1.0, 0.0]}),
    "average": (
        "get_synchronous_average",
        {
            **STRETCH, **SPEED, "angle_turns": [0.0, 0.5], "values": [1.0, 0.0], "n_averages": 30,
            "synchronous_rms": 0.7, "residual_rms": 0.1,
        },
    ),
    "orbit": (
        "get_orbit",
        {
            **STRETCH, **SPEED, "x": [0.0, 1.0], "y": [1.0, 0.0], "x_channel": "1X", "y_channel": "1Y",
            "turn_marks": [0], "n_turns": 4,
            "ellipses": [{
                "order": 1.0, "semi_major": 2.0, "semi_minor": 1.0, "inclination_deg": -0.2,
                "precession": "forward",
            }],
        },
    ),
    "full": (
        "get_full_spectrum",
        {
            **STRETCH, **SPEED, "frequencies_hz": [-50.0, 50.0], "amplitudes": [0.1, 1.0],
            "resolution_hz": 1.0, "x_channel": "1X", "y_channel": "1Y",
        },
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "current_actor", lambda: SYSTEM)


def ask(tab: str, **given: Any) -> tuple:
    zooms = dict.fromkeys(("stretch", "hz", "envelope_hz", "order", "delay", "full_hz"))
    usual = {name: OPTIONS[name].read("") for name in OPTIONS}
    asked = {**zooms, **usual, "signal": "7", "tab": tab, "lines": LINES, "theme": "light", "other": None}
    return in_callback(views.show_view, 7, **{**asked, **given})


@pytest.mark.parametrize("tab", ANSWERS)
def test_only_the_open_view_is_worked_out_and_drawn_under_its_name(
    monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    spies = {key: replace(monkeypatch, SignalService, *each) for key, each in _answer_all().items()}
    state, figure, title, note, *_rest = ask(tab)
    assert state is None
    assert [key for key, spy in spies.items() if spy.calls] == [tab]
    assert (figure.layout.meta["view"], figure.layout.meta["name"]) == (tab, title)
    assert isinstance(note, str)


def _answer_all() -> dict[str, tuple[str, dict[str, Any]]]:
    return {tab: (method, ok(**answer)) for tab, (method, answer) in ANSWERS.items()}


def spy_on(monkeypatch: pytest.MonkeyPatch, tab: str, **more: Any) -> Any:
    method, answer = ANSWERS[tab]
    return replace(monkeypatch, SignalService, method, ok(**{**answer, **more}))


def test_before_a_channel_is_chosen_nothing_is_worked_out() -> None:
    with pytest.raises(PreventUpdate):
        ask("spectrum", signal=None)


def test_a_spectral_view_follows_the_waveform_and_asks_for_little_more_than_its_zoom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = spy_on(monkeypatch, "spectrum")
    _state, figure, _title, note, *_rest = ask("spectrum", stretch=[1.0, 2.0], hz=[100.0, 200.0])
    ((args, told),) = spy.calls
    assert args == (7, [1.0, 2.0])
    assert (told["min_hz"], told["max_hz"]) == pytest.approx((99.0, 201.0))
    assert figure.layout.xaxis.range == (100.0, 200.0)
    assert note.startswith("Δf = 1 Hz")


def test_without_a_zoom_a_spectrum_reaches_half_the_sample_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "spectrum")
    figure = ask("spectrum", lines=None, theme=None)[1]
    assert spy.calls[0][1] == {"window": "hann", "scaling": "peak"}
    assert figure.layout.xaxis.range == (0.0, 500.0)


def test_window_reading_and_quantity_reach_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "spectrum")
    ask("spectrum", window="flattop", reading="rms", quantity="velocity")
    assert spy.calls[0][1] == {"window": "flattop", "scaling": "rms", "quantity": "velocity"}


def test_the_resolution_of_a_psd_becomes_the_length_of_its_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "psd")
    note = ask("psd", df="0.5")[3]
    assert spy.calls[0][1] == {"segment_s": 2.0}
    assert "mean of 9 segments" in note


@pytest.mark.parametrize(("scale", "kind"), [("auto", "log"), ("linear", None), ("log", "log"), ("db", None)])
def test_a_psd_is_logarithmic_unless_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, scale: str, kind: str | None
) -> None:
    spy_on(monkeypatch, "psd")
    figure = ask("psd", scale=scale)[1]
    assert figure.layout.yaxis.type == kind
    assert ("dB re 1 (g)²/Hz" in figure.layout.yaxis.title.text) is (scale == "db")


def test_the_envelope_is_of_the_given_band_and_shows_the_suggested_one_in_its_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = spy_on(monkeypatch, "envelope")
    outputs = ask("envelope", high=400.0)
    assert spy.calls[0][0] == (7, None, None, 400.0)
    assert outputs[-2:] == ("150", "400")
    assert outputs[1].layout.xaxis.range[1] == pytest.approx(1.08 * 162.0)


def test_squared_and_whitened_envelopes_are_asked_for_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "envelope")
    ask("envelope")
    ask("envelope", env="squared", white=True)
    plain, other = (told for _args, told in spy.calls)
    assert {"squared", "prewhiten"}.isdisjoint(plain)
    assert (other["squared"], other["prewhiten"]) == (True, True)


def test_orders_of_an_envelope_are_of_the_band_that_an_envelope_would_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    band, spy = spy_on(monkeypatch, "envelope"), spy_on(monkeypatch, "orders")
    ask("orders", order_of="envelope")
    ask("orders", order_of="envelope", low=100.0, high=300.0)
    ask("orders")
    assert [told.get("envelope_band_hz") for _args, told in spy.calls] == [
        [150.0, 400.0],
        (100.0, 300.0),
        None,
    ]
    assert len(band.calls) == 1


def test_views_of_the_turning_shaft_are_told_a_speed_only_where_one_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for tab in ("orders", "order_map", "average", "orbit", "full"):
        spy = spy_on(monkeypatch, tab)
        ask(tab)
        ask(tab, lines={**LINES, "shaft_speed_rpm": 1772.0})
        told = [kwargs.get("shaft_speed_rpm") for _args, kwargs in spy.calls]
        assert told == [None, 1772.0], tab


def test_a_view_of_the_signal_as_measured_says_so_where_another_quantity_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy_on(monkeypatch, "cepstrum")
    assert ask("cepstrum", quantity="velocity")[3].endswith("as measured")
    assert "as measured" not in ask("cepstrum")[3]


def test_the_spectrogram_zooms_time_and_frequency(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "spectrogram")
    figure = ask("spectrogram", stretch=[1.0, 2.0], hz=[50.0, 150.0], segment="20", overlap="0.75")[1]
    assert spy.calls[0][1] == {"overlap": 0.75, "segment_s": 0.02, "max_hz": 150.0}
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((1.0, 2.0), (50.0, 150.0))
    assert (figure.layout.meta["zoom"], figure.layout.meta["zoomY"]) == ("time", "hz")


def test_an_autocorrelation_reaches_as_far_as_its_zoom(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = spy_on(monkeypatch, "autocorrelation")
    ask("autocorrelation")
    ask("autocorrelation", delay=[0.0, 2.0])
    assert [told["max_lag_s"] for _args, told in spy.calls] == [0.5, 2.0]


def test_peaks_are_listed_with_what_belongs_together_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = {"frequency_hz": 162.0, "amplitude": 0.2, "family": 0, "harmonic": 2, "mains_hz": None}
    side = {"carrier_hz": 3000.0, "spacing_hz": 162.0, "members": [0]}
    found = {
        **STRETCH, "peaks": [peak], "families": [{"fundamental_hz": 81.0}], "sidebands": [side],
    }  # fmt: skip
    spy = replace(monkeypatch, SignalService, "find_peaks", ok(**found))
    spy_on(monkeypatch, "spectrum")
    assert ask("spectrum")[4] is None
    words = find_text(ask("spectrum", peaks=True, hz=[100.0, 200.0])[4])
    assert spy.calls == [((7, "spectrum", None), {"min_hz": 100.0, "max_hz": 200.0})]
    assert "BPFI +0.0 %" in words
    assert "2 × 81 Hz" in words
    assert "3\u202f000 Hz ± k × 162 Hz" in words


def test_comparing_asks_for_a_second_recording_first() -> None:
    state, _figure, title, note, words, *band = ask("compare")
    assert "Choose a second recording" in find_text(state)
    assert (title, note, words, band) == ("Comparison", "", None, [no_update] * 2)


@pytest.mark.parametrize("what", ["waveform", "spectrum", "psd", "envelope_spectrum"])
def test_two_recordings_stand_over_one_another_with_their_difference(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    curve = {"x": [0.0, 1.0], "y": [1.0, 2.0]}
    view = {
        **STRETCH, "view": what, "first": curve, "second": curve, "difference": {"x": [0.0], "y": [0.0]},
        "y_unit": "g", "shift_s": None, "correlation": None, "resolution_hz": 1.0,
    }  # fmt: skip
    spy = replace(monkeypatch, SignalService, "get_overlay", ok(**view))
    rows = {"recording": "IR007_0", "channel": "DE"}
    replace(monkeypatch, DatasetService, "get_signal", rows)
    _state, figure, _title, _note, *_rest = ask("compare", other="9", **{"with": what, "align": True})
    assert spy.calls[0][0] == (7, 9, None)
    assert (spy.calls[0][1]["view"], spy.calls[0][1]["align"]) == (what, True)
    assert [trace.name for trace in figure.data] == ["IR007_0 DE", "IR007_0 DE", "Difference"]


def test_coherence_is_drawn_beside_what_chance_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    view = {
        **STRETCH, "frequencies_hz": [0.0, 100.0], "coherence": [0.1, 0.9], "significance_95": 0.2,
        "resolution_hz": 2.0, "n_segments": 9,
    }  # fmt: skip
    replace(monkeypatch, SignalService, "get_coherence", ok(**view))
    _state, figure, _title, note, *_rest = ask("compare", other="9", **{"with": "coherence"})
    assert figure.layout.shapes[0].y0 == 0.2
    assert note.startswith("Δf = 2 Hz")


def test_a_view_that_cannot_be_computed_says_why_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = failure(InvalidInputError("An orbit needs two probes; this recording has one channel only."))
    replace(monkeypatch, SignalService, "get_orbit", refusal)
    state, *rest = ask("orbit")
    assert "An orbit needs two probes" in find_text(state)
    assert rest == [no_update] * 6
