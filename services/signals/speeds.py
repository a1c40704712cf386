"""The shaft's angle through a stretch: from a tacho channel, from the vibration, or as recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.signal.shaft_angle import ShaftAngle, build_constant_angle
from core.signal.shaft_speed import SpeedCandidate, SpeedEstimate, estimate_shaft_speed
from core.signal.speed_tracking import find_shaft_angle
from core.signal.tacho import build_angle_from_pulses, find_pulse_times
from database.connection import get_db_session
from models.recording import Signal
from services.shared.signal_store import open_signal_view
from services.signals.machines import read_details
from services.signals.notes import join_notes
from services.signals.stretches import SpectralStretch
from utils.exceptions import InvalidInputError

_TACHO_NAME = re.compile(r"tach|key.?phas|trigger|once.?per|\b1/?rev", re.IGNORECASE)
_SPEED_NEEDED = "The shaft speed of this recording is not known. Give it in rpm."
_STEADY_SHARE = 0.005
_MAX_RPM = 1e6


@dataclass(frozen=True, slots=True)
class StretchAngle:
    """The shaft's angle in the time of a stretch (0 at its first sample) and where it comes from.

    ``method`` is tacho, tracked, steady, given or recording; ``confidence`` is None where nothing was
    estimated.
    """

    angle: ShaftAngle
    method: str
    confidence: float | None
    note: str | None = None


def choose_nominal(signal: Signal, given_rpm: float | None) -> float | None:
    """Return the shaft frequency to go by: as given, of the recording, or the machine's nominal one."""
    if given_rpm is not None:
        if not 0.0 < given_rpm <= _MAX_RPM:
            raise InvalidInputError(f"A shaft speed must lie above 0 and up to {_MAX_RPM:,.0f} rpm.")
        return given_rpm / 60.0
    rpm = signal.recording.shaft_speed_rpm
    if rpm is None:
        rpm = read_details(signal.recording.machine).nominal_speed_rpm
    return None if not rpm else rpm / 60.0


def find_angle(stretch: SpectralStretch, shaft_speed_rpm: float | None, *, tracked: bool) -> StretchAngle:
    """Return the shaft's angle through a stretch.

    Raises:
        InvalidInputError: No speed is known to start from.
    """
    unused = None
    if tracked:
        from_tacho, unused = find_tacho_angle(stretch)
        if from_tacho is not None:
            return from_tacho
    nominal_hz = choose_nominal(stretch.signal, shaft_speed_rpm)
    if nominal_hz is None:
        raise InvalidInputError(_SPEED_NEEDED)
    rate = stretch.signal.sample_rate_hz
    origin = "recording" if shaft_speed_rpm is None else "given"
    if not tracked:
        return StretchAngle(build_constant_angle(nominal_hz, stretch.samples.size / rate), origin, None)
    found = find_shaft_angle(stretch.samples, rate, nominal_hz)
    if found.angle is not None:
        return StretchAngle(found.angle, found.method, found.confidence, unused)
    note = (
        f"The speed could not be found in the vibration ({found.reason}) The {origin} speed of "
        f"{60.0 * nominal_hz:.6g} rpm is used as it is: lines may lie beside their orders."
    )
    angle = build_constant_angle(nominal_hz, stretch.samples.size / rate)
    return StretchAngle(angle, origin, None, join_notes(unused, note))


def find_tacho_angle(stretch: SpectralStretch) -> tuple[StretchAngle | None, str | None]:
    """Return the angle from the recording's tacho channel, or why the one there is can't be used."""
    tacho = _find_tacho(stretch.signal)
    if tacho is None:
        return None, None
    begin_s, end_s = stretch.description["start_s"], stretch.description["stop_s"]
    start, stop = (round(edge * tacho.sample_rate_hz) for edge in (begin_s, end_s))
    pulses_per_turn = read_details(stretch.signal.recording.machine).tacho_pulses_per_turn
    try:
        samples = open_signal_view(tacho).read(start, min(stop, tacho.n_samples))
        times_s = find_pulse_times(samples, tacho.sample_rate_hz)
        angle = build_angle_from_pulses(times_s, pulses_per_turn)
    except InvalidInputError as error:
        return None, f"The channel {tacho.channel} is not used as tacho. {error.sentence}"
    return StretchAngle(angle, "tacho", None, f"Speed from the channel {tacho.channel}."), None


def _find_tacho(signal: Signal) -> Signal | None:
    with get_db_session(read_only=True) as session:
        others = session.scalars(
            select(Signal)
            .options(joinedload(Signal.measurement_point))
            .where(Signal.recording_id == signal.recording_id, Signal.id != signal.id)
            .order_by(Signal.id)
        ).all()
    for other in others:
        place = other.measurement_point.name if other.measurement_point else ""
        if _TACHO_NAME.search(other.channel) or _TACHO_NAME.search(place):
            return other
    return None


def describe_speed(stretch: SpectralStretch, nominal_rpm: float | None) -> dict[str, Any]:
    """Return what is known or found of the shaft's speed in a stretch."""
    recorded_rpm = stretch.signal.recording.shaft_speed_rpm
    base = {**stretch.description, "recorded_rpm": recorded_rpm, "candidates": []}
    from_tacho, unused = find_tacho_angle(stretch)
    if from_tacho is not None:
        return {**base, **describe_angle(from_tacho)}
    nominal_hz = choose_nominal(stretch.signal, nominal_rpm)
    rate = stretch.signal.sample_rate_hz
    if nominal_hz is None:
        estimate = estimate_shaft_speed(stretch.samples, rate)
        return {**base, **_describe_nothing(estimate, join_notes(unused, estimate.reason))}
    found = find_shaft_angle(stretch.samples, rate, nominal_hz)
    candidates = [_describe_candidate(each) for each in found.estimate.candidates]
    if found.angle is None:
        return {**base, **_describe_nothing(found.estimate, join_notes(unused, found.reason))}
    described = describe_angle(StretchAngle(found.angle, found.method, found.confidence, unused))
    return {**base, **described, "candidates": candidates}


def _describe_nothing(estimate: SpeedEstimate, note: str | None) -> dict[str, Any]:
    return {
        "shaft_speed_rpm": None,
        "lowest_rpm": None,
        "highest_rpm": None,
        "confidence": 0.0,
        "method": None,
        "candidates": [_describe_candidate(each) for each in estimate.candidates],
        "note": note,
    }


def _describe_candidate(candidate: SpeedCandidate) -> dict[str, float]:
    return {"shaft_speed_rpm": 60.0 * candidate.shaft_frequency_hz, "score": candidate.score}


def describe_angle(found: StretchAngle) -> dict[str, Any]:
    """Return mean, lowest and highest speed of an angle and where it comes from."""
    angle = found.angle
    speeds = angle.frequency_at(np.linspace(angle.times_s[0], angle.times_s[-1], 256))
    low, high = (60.0 * float(edge) for edge in np.percentile(speeds, (1.0, 99.0)))
    mean = 60.0 * angle.mean_frequency_hz
    steady = high - low <= _STEADY_SHARE * mean
    return {
        "shaft_speed_rpm": mean,
        "lowest_rpm": mean if steady else low,
        "highest_rpm": mean if steady else high,
        "confidence": found.confidence,
        "method": found.method,
        "note": found.note,
    }
