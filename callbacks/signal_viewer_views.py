"""The views of the signal viewer: the one that is open is worked out for the stretch in view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import dash
from dash import Input, Output, no_update

from callbacks.context import current_actor, fills_area, parse_id, require_id, unwrap
from layouts.components import signal_notes as notes
from layouts.components.signal_options import OPTIONS, VIEWS, tell_quantity
from layouts.components.signal_peaks import (
    build_delay_peaks,
    build_ellipses,
    build_order_peaks,
    build_peaks,
)
from layouts.components.states import build_empty_state
from layouts.figures import signal_curves as curves
from layouts.figures import signal_maps as maps
from layouts.figures import signals as figures
from layouts.figures.signal_axes import FrequencyAxis, Look, build_blank, choose_axis, choose_scale
from layouts.ids.frame import FrameId
from layouts.ids.signal_viewer import ViewerId
from services.dataset_service import DatasetService
from services.signal_service import SignalService

Pair = Sequence[float] | None
NO_LINES: Final = MappingProxyType({"lines": [], "shaft_frequency_hz": None, "shaft_speed_rpm": None})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a view is asked for: signal, zooms, lines, and the page's options by their names."""

    signal_id: int
    stretch: Pair
    zooms: Mapping[str, Pair]
    found_lines: Mapping[str, Any]
    theme: str
    options: Mapping[str, Any]

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Asked:
        """Read what the callback got."""
        zooms = {name: values[name] for name in _ZOOMS}
        return cls(
            require_id(values["signal"]),
            values["stretch"],
            zooms,
            values["lines"] or NO_LINES,
            values["theme"] or "light",
            values,
        )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The fault lines to draw."""
        return list(self.found_lines["lines"])

    @property
    def axis(self) -> FrequencyAxis:
        """The frequency axis that was chosen."""
        return choose_axis(self.options["unit"], self.found_lines["shaft_frequency_hz"])

    @property
    def quantity(self) -> dict[str, str]:
        """What a view of a quantity tells its service; nothing where it is shown as measured."""
        return tell_quantity(self.options["quantity"])

    @property
    def speed(self) -> dict[str, float]:
        """The shaft speed that was given or estimated; nothing where the recording's own counts."""
        rpm = self.found_lines.get("shaft_speed_rpm")
        return {} if rpm is None else {"shaft_speed_rpm": rpm}

    @property
    def band(self) -> tuple[float | None, float | None]:
        """The band to demodulate; None for the suggested edge."""
        return self.options["low"], self.options["high"]

    def note(self, words: str) -> str:
        """Return the line above a view that knows the signal only as it was measured."""
        return notes.join(words, "as measured" if self.quantity else None)

    def choose_look(self, span_hz: Sequence[float], usual: str = "linear") -> Look:
        """Return how a view of this span is drawn."""
        scale = choose_scale(self.options["scale"], usual)
        return Look(self.theme, self.axis, (span_hz[0], span_hz[1]), scale)


@dataclass(frozen=True, slots=True)
class Answer:
    """A view: its figure, the line above it, what stands below it, and the band it is of."""

    figure: Any
    note: str
    words: Any = None
    band_hz: Sequence[float] | None = None


_ASK_FOR_OTHER: Final = build_empty_state(
    "Choose a second recording",
    "Search this dataset above; both are then drawn over one another, with their difference or coherence.",
    icon="intersect",
)
# Long enough to learn which band an envelope would be taken of.
_BRIEF_S: Final = 1.0
# What an autocorrelation shows at first: several turns of most shafts.
_USUAL_LAG_S: Final = 0.5
_ZOOMS: Final = ("hz", "envelope_hz", "order", "delay", "full_hz")


# Options that change a view; the others belong to the fault lines and the kurtogram.
_OPTIONS: Final = tuple(name for name in OPTIONS if name not in ("estimate", "slip", "kurtogram"))


@fills_area
def show_view(**values: Any) -> tuple:
    """Draw the view that is open."""
    tab = _read_tab(values["tab"])
    asked = Asked.read(values)
    if tab == "compare" and parse_id(values["other"]) is None:
        return _ASK_FOR_OTHER, build_blank(), "Comparison", "", None, no_update, no_update
    answer = _VIEWS[tab](asked)
    title = (answer.figure.layout.meta or {}).get("name", dict(VIEWS)[tab])
    band = [f"{edge:.6g}" for edge in answer.band_hz] if answer.band_hz else [no_update, no_update]
    return None, answer.figure, title, answer.note, answer.words, *band


def _read_tab(tab: str | None) -> str:
    return tab if tab in _VIEWS else VIEWS[0][0]


def _limit(zoom: Pair) -> dict[str, float]:
    """Ask for a little more than is in view, so that the curve reaches both edges."""
    if zoom is None:
        return {}
    margin = 0.01 * (zoom[1] - zoom[0])
    return {"min_hz": max(zoom[0] - margin, 0.0), "max_hz": zoom[1] + margin}


def _span_of(zoom: Pair, view: Mapping[str, Any]) -> Sequence[float]:
    return zoom or (0.0, view["sample_rate_hz"] / 2.0)


def _view_spectrum(asked: Asked) -> Answer:
    zoom = asked.zooms["hz"]
    kind = {"window": asked.options["window"], "scaling": asked.options["reading"]}
    view = unwrap(
        SignalService.get_spectrum(
            asked.signal_id, asked.stretch, **kind, **_limit(zoom), **asked.quantity, actor=current_actor()
        )
    )
    look = asked.choose_look(_span_of(zoom, view))
    figure = figures.build_spectrum(view, asked.lines, look)
    return Answer(figure, notes.describe_view(view, look.axis), _list_peaks(asked, "spectrum", zoom, look))


def _list_peaks(asked: Asked, view: str, zoom: Pair, look: Look) -> Any:
    """What stands out in view and belongs together, where that is asked for."""
    if not asked.options["peaks"]:
        return None
    low, high = asked.band
    band = {"low_hz": low, "high_hz": high} if view == "envelope_spectrum" else {}
    edges = {"min_hz": zoom[0], "max_hz": zoom[1]} if zoom else {}
    found = unwrap(
        SignalService.find_peaks(
            asked.signal_id,
            view,
            asked.stretch,
            **edges,
            **band,
            **asked.speed,
            **asked.quantity,
            actor=current_actor(),
        )
    )
    return build_peaks(found, asked.lines, look.axis)


def _view_psd(asked: Asked) -> Answer:
    zoom, df = asked.zooms["hz"], asked.options["df"]
    segment = {} if df == "auto" else {"segment_s": 1.0 / float(df)}
    view = unwrap(
        SignalService.get_psd(
            asked.signal_id, asked.stretch, **segment, **_limit(zoom), **asked.quantity, actor=current_actor()
        )
    )
    look = asked.choose_look(_span_of(zoom, view), "log")
    return Answer(figures.build_psd(view, asked.lines, look), notes.describe_view(view, look.axis))


def _view_envelope(asked: Asked) -> Answer:
    """By default up to the highest of its fault lines."""
    lines, zoom = asked.lines, asked.zooms["envelope_hz"]
    limits = _limit(zoom or figures.suggest_envelope_span(lines))
    view = unwrap(
        SignalService.get_envelope_spectrum(
            asked.signal_id,
            asked.stretch,
            *asked.band,
            **_choose_envelope(asked),
            **limits,
            **asked.quantity,
            actor=current_actor(),
        )
    )
    span = zoom or figures.suggest_envelope_span(lines, view["band_hz"])
    look = asked.choose_look(span or (0.0, view["sample_rate_hz"] / 2.0))
    return Answer(
        figures.build_envelope(view, lines, look),
        notes.describe_view(view, look.axis),
        _list_peaks(asked, "envelope_spectrum", span, look),
        view["band_hz"],
    )


def _choose_envelope(asked: Asked) -> dict[str, bool]:
    """Only what differs from the plain envelope."""
    chosen = {
        "squared": asked.options["env"] == "squared",
        "logarithmic": asked.options["env"] == "log",
        "prewhiten": bool(asked.options["white"]),
    }
    return {name: value for name, value in chosen.items() if value}


def _view_spectrogram(asked: Asked) -> Answer:
    zoom, segment = asked.zooms["hz"], asked.options["segment"]
    told: dict[str, float] = {} if segment == "auto" else {"segment_s": float(segment) / 1000.0}
    if zoom is not None:
        told["max_hz"] = zoom[1]
    view = unwrap(
        SignalService.get_spectrogram(
            asked.signal_id,
            asked.stretch,
            overlap=float(asked.options["overlap"]),
            **told,
            actor=current_actor(),
        )
    )
    look = asked.choose_look(_span_of(zoom, view))
    figure = maps.build_spectrogram(view, look, asked.stretch or (0.0, view["duration_s"]))
    return Answer(figure, asked.note(notes.describe_spectrogram(view, look.axis)))


def _view_cyclic(asked: Asked) -> Answer:
    zoom = asked.zooms["envelope_hz"] or figures.suggest_envelope_span(asked.lines)
    low, high = asked.band
    view = unwrap(
        SignalService.get_cyclic_coherence(
            asked.signal_id,
            asked.stretch,
            max_cyclic_hz=zoom[1] if zoom else None,
            low_hz=low,
            high_hz=high,
            actor=current_actor(),
        )
    )
    end_hz = max(view["cyclic_frequencies_hz"], default=1.0)
    look = asked.choose_look(zoom or (0.0, end_hz))
    return Answer(
        maps.build_cyclic(view, asked.lines, look), asked.note(notes.describe_cyclic(view, look.axis))
    )


def _view_cepstrum(asked: Asked) -> Answer:
    view = unwrap(
        SignalService.get_cepstrum(
            asked.signal_id,
            asked.stretch,
            kind=asked.options["cepstrum"],
            prewhiten=bool(asked.options["cepstrum_white"]),
            actor=current_actor(),
        )
    )
    figure = curves.build_cepstrum(view, asked.theme, asked.zooms["delay"])
    words = build_delay_peaks(view["peaks"], asked.lines, asked.axis)
    return Answer(figure, asked.note(notes.describe_delays(view, view["peaks"])), words)


def _choose_order_band(asked: Asked, option: str) -> dict[str, Sequence[float]]:
    """The band whose envelope is looked at in orders, where that is wanted."""
    if asked.options[option] != "envelope":
        return {}
    return {"envelope_band_hz": _find_band(asked)}


def _find_band(asked: Asked) -> Sequence[float]:
    """The chosen band; an edge that is left open is the envelope's suggested one."""
    low, high = asked.band
    if low is not None and high is not None:
        return low, high
    start_s = asked.stretch[0] if asked.stretch else 0.0
    view = unwrap(
        SignalService.get_envelope_spectrum(
            asked.signal_id, (start_s, start_s + _BRIEF_S), low, high, n_points=2, actor=current_actor()
        )
    )
    band: Sequence[float] = view["band_hz"]
    return band


def _view_orders(asked: Asked) -> Answer:
    view = unwrap(
        SignalService.get_order_spectrum(
            asked.signal_id,
            asked.stretch,
            tracked=bool(asked.options["tracked"]),
            **_choose_order_band(asked, "order_of"),
            **asked.speed,
            actor=current_actor(),
        )
    )
    scale = choose_scale(asked.options["scale"])
    figure = curves.build_order_spectrum(view, asked.lines, asked.theme, asked.zooms["order"], scale)
    words = build_order_peaks(view["peaks"], asked.lines, view["unit"])
    return Answer(figure, asked.note(notes.describe_orders(view)), words)


def _view_order_map(asked: Asked) -> Answer:
    zoom, by = asked.zooms["order"], asked.options["map_by"]
    told = {"max_order": zoom[1]} if zoom else {}
    view = unwrap(
        SignalService.get_order_map(
            asked.signal_id,
            asked.stretch,
            by=by,
            **told,
            **_choose_order_band(asked, "map_of"),
            **asked.speed,
            actor=current_actor(),
        )
    )
    return Answer(maps.build_order_map(view, asked.theme, zoom), asked.note(notes.describe_orders(view)))


def _view_autocorrelation(asked: Asked) -> Answer:
    source, zoom = asked.options["lag_of"], asked.zooms["delay"]
    band = {} if source == "signal" else {"band_hz": _find_band(asked)}
    view = unwrap(
        SignalService.get_autocorrelation(
            asked.signal_id,
            asked.stretch,
            max_lag_s=zoom[1] if zoom else _USUAL_LAG_S,
            envelope=source == "envelope",
            **band,
            actor=current_actor(),
        )
    )
    figure = curves.build_autocorrelation(view, asked.theme, zoom)
    return Answer(figure, asked.note(notes.describe_delays({**view, **band})))


def _view_average(asked: Asked) -> Answer:
    view = unwrap(
        SignalService.get_synchronous_average(
            asked.signal_id,
            asked.stretch,
            n_turns=int(asked.options["turns"] or 1),
            ratio=float(asked.options["ratio"] or 1.0),
            **asked.speed,
            actor=current_actor(),
        )
    )
    return Answer(curves.build_average(view, asked.theme), asked.note(notes.describe_average(view)))


def _view_orbit(asked: Asked) -> Answer:
    kept, turns = asked.options["orbit_filter"], asked.options["orbit_turns"]
    told: dict[str, Any] = {} if kept == "none" else {"filter_order": float(kept)}
    if turns:
        told["n_turns"] = int(turns)
    view = unwrap(
        SignalService.get_orbit(asked.signal_id, asked.stretch, **told, **asked.speed, actor=current_actor())
    )
    words = build_ellipses(view["ellipses"], view["unit"])
    return Answer(curves.build_orbit(view, asked.theme), notes.describe_orbit(view), words)


def _view_full(asked: Asked) -> Answer:
    view = unwrap(
        SignalService.get_full_spectrum(asked.signal_id, asked.stretch, **asked.speed, actor=current_actor())
    )
    look = asked.choose_look((0.0, view["sample_rate_hz"] / 2.0))
    figure = curves.build_full_spectrum(view, look, asked.zooms["full_hz"])
    note = notes.join(notes.describe_resolution(view["resolution_hz"], look.axis), notes.describe_pair(view))
    return Answer(figure, note)


def _view_compare(asked: Asked) -> Answer:
    other, what = require_id(asked.options["other"]), asked.options["with"]
    if what == "coherence":
        return _view_coherence(asked, other)
    in_envelope = what == "envelope_spectrum"
    zoom = asked.zooms["envelope_hz" if in_envelope else "hz"]
    if in_envelope and zoom is None:
        zoom = figures.suggest_envelope_span(asked.lines)
    limits = {} if what == "waveform" else _limit(zoom)
    low, high = asked.band
    view = unwrap(
        SignalService.get_overlay(
            asked.signal_id,
            other,
            asked.stretch,
            view=what,
            align=bool(asked.options["align"]),
            low_hz=low,
            high_hz=high,
            **limits,
            actor=current_actor(),
        )
    )
    look = asked.choose_look(zoom or (0.0, 1.0), "log" if what == "psd" else "linear")
    span = asked.stretch if what == "waveform" else zoom
    figure = curves.build_overlay(view, _name_both(asked.signal_id, other), look, span)
    return Answer(figure, notes.describe_overlay(view, look.axis))


def _name_both(first: int, second: int) -> tuple[str, str]:
    rows = (DatasetService.get_signal(each, actor=current_actor()) for each in (first, second))
    one, other = (f"{row['recording']} {row['channel']}" if row else "?" for row in rows)
    return one, other


def _view_coherence(asked: Asked, other: int) -> Answer:
    zoom = asked.zooms["hz"]
    view = unwrap(
        SignalService.get_coherence(
            asked.signal_id, other, asked.stretch, **_limit(zoom), actor=current_actor()
        )
    )
    look = asked.choose_look(zoom or (0.0, view["sample_rate_hz"] / 2.0))
    return Answer(curves.build_coherence(view, look, zoom), notes.describe_view(view, look.axis))


_VIEWS: Final[dict[str, Callable[[Asked], Answer]]] = {
    "spectrum": _view_spectrum,
    "psd": _view_psd,
    "envelope": _view_envelope,
    "spectrogram": _view_spectrogram,
    "cyclic": _view_cyclic,
    "cepstrum": _view_cepstrum,
    "orders": _view_orders,
    "order_map": _view_order_map,
    "autocorrelation": _view_autocorrelation,
    "average": _view_average,
    "orbit": _view_orbit,
    "full": _view_full,
    "compare": _view_compare,
}


def register(app: dash.Dash) -> None:
    """Wire the view that is open."""
    stores = {"stretch": "STRETCH", "hz": "ZOOM", "envelope_hz": "ENVELOPE_ZOOM", "order": "ORDER_ZOOM"}
    stores |= {"delay": "DELAY_ZOOM", "full_hz": "FULL_ZOOM", "lines": "LINES", "tab": "TABS"}
    inputs = {
        "signal": Input(ViewerId.CHANNEL, "value"),
        **{name: Input(ViewerId[control], "data") for name, control in stores.items()},
        "theme": Input(FrameId.THEME, "data"),
        "other": Input(ViewerId.OTHER, "value"),
        **{name: Input(OPTIONS[name].control, "value") for name in _OPTIONS},
    }
    app.callback(
        output=[
            Output(ViewerId.VIEW_STATE, "children"),
            Output(ViewerId.VIEW, "figure"),
            Output(ViewerId.VIEW_TITLE, "children"),
            Output(ViewerId.VIEW_NOTE, "children"),
            Output(ViewerId.VIEW_WORDS, "children"),
            Output(ViewerId.BAND_LOW, "placeholder"),
            Output(ViewerId.BAND_HIGH, "placeholder"),
        ],
        inputs=inputs,
    )(show_view)
