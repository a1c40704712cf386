"""Orbit and full spectrum of a pair of probes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.signal.integration import Quantity, find_quantity
from core.signal.orbits import combine_probes, compute_full_spectrum, filter_orders, measure_ellipse
from database.connection import get_db_session
from models.recording import Signal
from services.shared.signal_store import open_signal_view
from services.signals.speeds import describe_angle, find_angle
from services.signals.stretches import MAX_POINTS, SpectralStretch, shorten
from utils.exceptions import InvalidInputError

_DEFAULT_TURNS = 4
# Tokens at the end of a word that tell the two probes of a pair apart.
_PAIRS = (("x", "y"), ("h", "v"), ("hor", "ver"), ("horizontal", "vertical"))

ComplexArray = npt.NDArray[np.complex128]


def find_partner(signal: Signal, partner_id: int | None = None) -> tuple[Signal, bool]:
    """Return the other probe of a pair, and whether the given signal is the x probe.

    Raises:
        InvalidInputError: There is no such partner; the sentence says why.
    """
    with get_db_session(read_only=True) as session:
        others = list(
            session.scalars(
                select(Signal)
                .options(joinedload(Signal.measurement_point))
                .where(Signal.recording_id == signal.recording_id, Signal.id != signal.id)
                .order_by(Signal.id)
            )
        )
    if not others:
        raise InvalidInputError("An orbit needs two probes; this recording has one channel only.")
    partner, is_x = _choose_partner(signal, others, partner_id)
    if (partner.sample_rate_hz, partner.n_samples, partner.unit) != (
        signal.sample_rate_hz,
        signal.n_samples,
        signal.unit,
    ):
        raise InvalidInputError(
            f"Channel {partner.channel} does not go with {signal.channel}: a pair needs the same "
            "sample rate, length and unit."
        )
    return partner, is_x


def _choose_partner(signal: Signal, others: Sequence[Signal], partner_id: int | None) -> tuple[Signal, bool]:
    if partner_id is not None:
        chosen = next((other for other in others if other.id == partner_id), None)
        if chosen is None:
            raise InvalidInputError("The partner must be another channel of the same recording.")
        side = compare_names(_name(signal), _name(chosen))
        return chosen, side if side is not None else signal.id < chosen.id
    for other in others:
        side = compare_names(_name(signal), _name(other))
        if side is not None:
            return other, side
    names = ", ".join(other.channel for other in others)
    raise InvalidInputError(
        f"No channel of this recording is the other probe of {signal.channel} (there are {names}). Pairs are "
        "told by names such as 1X and 1Y, or H and V."
    )


def _name(signal: Signal) -> tuple[str, str]:
    return signal.channel, signal.measurement_point.name if signal.measurement_point else ""


def compare_names(own: tuple[str, str], other: tuple[str, str]) -> bool | None:
    """Tell from two probes' channel and place whether they are a pair: True where the first is x, else None.

    >>> compare_names(("DE 1X", ""), ("DE 1Y", "")), compare_names(("v", ""), ("h", ""))
    (True, False)
    >>> compare_names(("DE", ""), ("FE", "")) is None, compare_names(("y2", ""), ("x2", ""))
    (True, False)
    >>> compare_names(("ch1", ""), ("ch2", "")) is None, compare_names(("max", ""), ("may", "")) is None
    (True, True)
    """
    for first, second in zip(own, other, strict=True):
        for x_token, y_token in _PAIRS:
            if _swap(first, x_token, y_token) == second.lower() and first:
                return True
            if _swap(second, x_token, y_token) == first.lower() and first:
                return False
    return None


def _swap(name: str, x_token: str, y_token: str) -> str | None:
    """Return a name with its last x token turned into the y token; None where it has none."""
    pattern = rf"(?<![a-z]){x_token}(?![a-z])"
    found = list(re.finditer(pattern, name.lower()))
    if not found:
        return None
    last = found[-1]
    return f"{name.lower()[: last.start()]}{y_token}{name.lower()[last.end() :]}"


def _read_path(stretch: SpectralStretch, partner: Signal, *, is_x: bool) -> ComplexArray:
    start = round(stretch.description["start_s"] * stretch.signal.sample_rate_hz)
    other = open_signal_view(partner).read(start, start + stretch.samples.size)
    return combine_probes(stretch.samples, other) if is_x else combine_probes(other, stretch.samples)


def _describe_pair(stretch: SpectralStretch, partner: Signal, *, is_x: bool) -> dict[str, Any]:
    x, y = (stretch.signal, partner) if is_x else (partner, stretch.signal)
    quantity = find_quantity(stretch.signal.unit)
    notes = [stretch.description["note"], "The probes are taken to stand at 90°, y counter-clockwise of x."]
    if quantity is None or quantity[0] is not Quantity.DISPLACEMENT:
        notes.append("The signals are not displacements: the shape is not the shaft's path.")
    return {
        **stretch.description,
        "partner": {"signal_id": partner.id, "channel": partner.channel},
        "x_channel": x.channel,
        "y_channel": y.channel,
        "note": " ".join(note for note in notes if note),
    }


def build_orbit(
    stretch: SpectralStretch,
    *,
    n_turns: int | None,
    filter_order: float | Sequence[float] | None,
    shaft_speed_rpm: float | None,
    partner_id: int | None,
) -> dict[str, Any]:
    """Return the path between both probes over the first turns of a stretch, whole or at given orders."""
    partner, is_x = find_partner(stretch.signal, partner_id)
    rate = stretch.signal.sample_rate_hz
    path = _read_path(stretch, partner, is_x=is_x)
    found = find_angle(stretch, shaft_speed_rpm, tracked=True)
    shaft_hz = found.angle.mean_frequency_hz
    orders = _read_orders(filter_order)
    if orders is not None:
        path = filter_orders(path, rate, shaft_hz, orders)
    turns = n_turns or _DEFAULT_TURNS
    if not 1 <= turns <= 1000:
        raise InvalidInputError("Ask for 1 to 1000 turns.")
    n_shown = min(path.size, math.ceil(turns * rate / shaft_hz) + 1)
    middle = max(0, (path.size - n_shown) // 2)
    shown = path[middle : middle + n_shown]
    step = math.ceil(shown.size / MAX_POINTS)
    ellipses = [
        {"order": order, **asdict(measure_ellipse(path, rate, order * shaft_hz))}
        for order in (orders or (1.0, 2.0))
        if order * shaft_hz < 0.5 * rate
    ]
    return {
        **_describe_pair(stretch, partner, is_x=is_x),
        "shaft_speed_rpm": 60.0 * shaft_hz,
        "method": found.method,
        "confidence": found.confidence,
        "x": shorten(shown.real[::step]),
        "y": shorten(shown.imag[::step]),
        "n_turns": turns,
        "filter_orders": None if orders is None else list(orders),
        "turn_marks": _mark_turns(shown.size, step, rate / shaft_hz),
        "ellipses": ellipses,
    }


def _read_orders(filter_order: float | Sequence[float] | None) -> tuple[float, ...] | None:
    if filter_order is None:
        return None
    if isinstance(filter_order, (int, float)):
        return (float(filter_order),)
    return tuple(float(order) for order in filter_order)


def _mark_turns(n_samples: int, step: int, samples_per_turn: float) -> list[int]:
    """Indexes of the shown points where a turn begins."""
    return [round(at / step) for at in np.arange(0, n_samples - 1, samples_per_turn).tolist()]


def build_full_spectrum(
    stretch: SpectralStretch,
    *,
    shaft_speed_rpm: float | None,
    max_order: float,
    partner_id: int | None,
) -> dict[str, Any]:
    """Return forward and reverse components over frequency, and over orders where the speed is known."""
    partner, is_x = find_partner(stretch.signal, partner_id)
    rate = stretch.signal.sample_rate_hz
    spectrum = compute_full_spectrum(_read_path(stretch, partner, is_x=is_x), rate)
    shaft_hz, speed = None, {"shaft_speed_rpm": None, "method": None, "confidence": None}
    try:
        found = find_angle(stretch, shaft_speed_rpm, tracked=True)
    except InvalidInputError:
        limit_hz = 0.5 * rate
    else:
        shaft_hz = found.angle.mean_frequency_hz
        limit_hz = min(0.5 * rate, max_order * shaft_hz)
        speed = {key: value for key, value in describe_angle(found).items() if key in speed}
    inside = np.abs(spectrum.frequencies_hz) <= limit_hz
    places, heights = _thin_both_sides(spectrum.frequencies_hz[inside], spectrum.amplitudes[inside])
    orders = places / shaft_hz if shaft_hz else None
    return {
        **_describe_pair(stretch, partner, is_x=is_x),
        **speed,
        "frequencies_hz": shorten(places),
        "orders": None if orders is None else shorten(orders),
        "orders_or_frequencies": shorten(places if orders is None else orders),
        "axis": "frequency" if orders is None else "order",
        "amplitudes": shorten(heights),
        "resolution_hz": spectrum.resolution_hz,
    }


def _thin_both_sides(
    places: npt.NDArray[np.float64], heights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    width = math.ceil(places.size / MAX_POINTS)
    if width <= 1:
        return places, heights
    starts = np.arange(0, places.size, width)
    kept = np.array([start + int(heights[start : start + width].argmax()) for start in starts])
    return places[kept], heights[kept]
