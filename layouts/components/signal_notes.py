"""The line above each plot of the signal viewer: resolution, window, averages, band, what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from layouts.components.numbers import count_of, format_number
from layouts.figures.signal_axes import FrequencyAxis

_ORIGINS: Final = {"suggested": "suggested from the sample rate", "given": "chosen"}


def describe_stretch(view: Mapping[str, Any]) -> str:
    """Return what of a signal its waveform shows."""
    drawn = "smallest and largest of every few drawn" if view["decimated"] else "every one drawn"
    length = f"{format_number(view['stop_s'] - view['start_s'])} s"
    whole = view["stop_s"] - view["start_s"] >= view["duration_s"]
    part = ", whole signal" if whole else f" of {format_number(view['duration_s'])} s"
    words = f"{length}{part} · {count_of(view['n_samples'], 'sample')}, {drawn}"
    return join(words, view["note"])


def describe_view(view: Mapping[str, Any], axis: FrequencyAxis) -> str:
    """Return what a view on a frequency axis says of itself, Δf first."""
    return join(
        describe_resolution(view["resolution_hz"], axis),
        f"{view['window'].capitalize()} window" if view.get("window") else None,
        f"mean of {count_of(view['n_segments'], 'segment')}" if view.get("n_segments") else None,
        describe_band(view),
        "pre-whitened" if view.get("is_prewhitened") else None,
        view.get("note"),
    )


def describe_resolution(resolution_hz: float, axis: FrequencyAxis) -> str:
    """Return Δf, in CPM too where the axis is."""
    words = f"Δf = {format_number(resolution_hz)} Hz"
    if axis.key == "cpm":
        words += f" ({format_number(60 * resolution_hz)} CPM)"
    if axis.key == "orders" and axis.shaft_frequency_hz:
        words += f" ({format_number(resolution_hz / axis.shaft_frequency_hz, 2)} X)"
    return words


def describe_band(view: Mapping[str, Any]) -> str | None:
    """Return the band that was demodulated and who chose it; None where there is none."""
    band = view.get("band_hz")
    if not band:
        return None
    low, high = (format_number(edge) for edge in band)
    origin = _ORIGINS.get(view.get("band_origin") or "given", "chosen")
    return f"band {low} – {high} Hz ({origin})"


def describe_spectrogram(view: Mapping[str, Any], axis: FrequencyAxis) -> str:
    """Return the grain of a spectrogram in both directions."""
    return join(
        describe_resolution(view["resolution_hz"], axis),
        f"{view['window'].capitalize()} window of {format_number(1000 * view['segment_s'])} ms",
        f"every {format_number(1000 * view['hop_s'])} ms",
        view["note"],
    )


def describe_cyclic(view: Mapping[str, Any], axis: FrequencyAxis) -> str:
    """Return the grain of a map of cyclic coherence in both directions, and the band of the mean below it."""
    return join(
        describe_resolution(view["cyclic_resolution_hz"], axis),
        f"carriers {format_number(view['resolution_hz'])} Hz apart",
        f"mean over {' – '.join(format_number(edge) for edge in view['band_hz'])} Hz",
        view["note"],
    )


def describe_orders(view: Mapping[str, Any]) -> str:
    """Return the resolution of an order spectrum or map, and how the speed behind it is known."""
    resolution = view.get("resolution_orders")
    return join(
        f"Δ = {format_number(resolution, 3)} orders" if resolution else None,
        describe_band({"band_hz": view.get("envelope_band_hz")}),
        describe_speed(view),
        view.get("note"),
    )


_METHODS: Final = {
    "tacho": "from the tacho",
    "tracked": "followed in the vibration",
    "steady": "found in the vibration",
    "given": "given",
    "recording": "as recorded",
}


def describe_speed(view: Mapping[str, Any]) -> str | None:
    """Return the shaft's speed, how it is known, and how sure it is where it was estimated."""
    rpm = view.get("shaft_speed_rpm")
    if rpm is None:
        return None
    low, high = view.get("lowest_rpm") or rpm, view.get("highest_rpm") or rpm
    speed = f"{rpm:.6g} rpm" if low == high else f"{low:.5g} – {high:.5g} rpm"
    method = _METHODS.get(view.get("method") or "")
    confidence = describe_confidence(view.get("confidence"))
    return ", ".join(part for part in (speed, method, confidence) if part)


def describe_confidence(confidence: float | None) -> str | None:
    """Return how sure an estimated speed is; None where it was not estimated."""
    return None if confidence is None else f"confidence {100 * confidence:.0f} %"


def describe_delays(view: Mapping[str, Any], peaks: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return where a cepstrum stands out."""
    found = [
        f"{format_number(1000 * each['quefrency_s'])} ms = {format_number(each['frequency_hz'])} Hz"
        for each in peaks[:3]
    ]
    outstanding = f"stands out at {', '.join(found)}" if found else None
    return join(outstanding, describe_band(view), view.get("note"))


def describe_average(view: Mapping[str, Any]) -> str:
    """Return over how many turns was averaged, and what the turning was taken from."""
    return join(
        f"mean of {count_of(view['n_averages'], 'stretch', 'stretches')}",
        f"repeats: {view['synchronous_rms']:.3g}, rest: {view['residual_rms']:.3g} {view['unit'] or ''} rms",
        describe_speed(view),
        view.get("note"),
    )


def describe_pair(view: Mapping[str, Any]) -> str:
    """Return which probe is the other one."""
    return join(f"probes {view['x_channel']} and {view['y_channel']}", describe_speed(view), view.get("note"))


def describe_orbit(view: Mapping[str, Any]) -> str:
    """Return how many turns an orbit shows and between which probes."""
    return join(count_of(view["n_turns"], "turn"), describe_pair(view))


def describe_overlay(view: Mapping[str, Any], axis: FrequencyAxis) -> str:
    """Return what both were compared by, and how much later the second recording was found to be."""
    resolution_hz, shift_s = view.get("resolution_hz"), view.get("shift_s")
    shifted = None
    if shift_s is not None:
        side = "earlier" if shift_s < 0 else "later"
        shifted = f"the second {format_number(abs(1000 * shift_s))} ms {side}"
        shifted += f", correlation {view['correlation']:.2f}"
    return join(
        describe_resolution(resolution_hz, axis) if resolution_hz else None,
        describe_band(view),
        shifted,
        view.get("note"),
    )


def join(*parts: str | None) -> str:
    """Return what is there, divided by dots."""
    return " · ".join(str(part) for part in parts if part)
