"""The severity zone of a signal, or the reason why there is none."""

from __future__ import annotations

from typing import Any

from core.signal.iso_zones import (
    EDITION,
    GROUPS,
    choose_band,
    compute_velocity_rms,
    explain_no_zone,
    judge_velocity,
)
from services.signals.machines import read_details
from services.signals.speeds import choose_nominal
from services.signals.stretches import SpectralStretch
from utils.exceptions import SignalError


def build_severity_zone(stretch: SpectralStretch) -> dict[str, Any]:
    """Return zone, velocity and boundaries of a stretch."""
    signal = stretch.signal
    details = read_details(signal.recording.machine)
    shaft_hz = choose_nominal(signal, None)
    band_hz = choose_band(shaft_hz)
    answer: dict[str, Any] = {
        **stretch.description,
        "zone": None,
        "velocity_rms_mm_s": None,
        "boundaries": None,
        "band_hz": list(band_hz),
        "edition": EDITION,
        "group": details.iso_group,
        "group_text": GROUPS.get(details.iso_group) if details.iso_group else None,
        "mounting": details.mounting,
    }
    reason = explain_no_zone(
        signal.unit, details.iso_group, details.mounting, signal.sample_rate_hz, shaft_hz
    )
    if reason is not None or details.iso_group is None or details.mounting is None:
        return {**answer, "reason": reason}
    try:
        velocity = compute_velocity_rms(stretch.samples, signal.sample_rate_hz, signal.unit, band_hz)
    except SignalError as error:
        return {**answer, "reason": error.sentence}
    judged = judge_velocity(velocity, details.iso_group, details.mounting)
    return {
        **answer,
        "zone": judged.zone,
        "velocity_rms_mm_s": judged.velocity_rms_mm_s,
        "boundaries": dict(zip(("A/B", "B/C", "C/D"), judged.boundaries_mm_s, strict=True)),
        "reason": None,
    }
