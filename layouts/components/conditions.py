"""The conditions a recording was made under, as far as its maker told them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layouts.components.numbers import format_number

# Entry: label and unit.
_LABELS = {
    "temperature_c": ("Oil temperature", "°C"),
    "sommerfeld": ("Sommerfeld number", ""),
    "load": ("Load, share of rated", ""),
    "severity_start": ("Severity at the start", ""),
    "severity_end": ("Severity at the end", ""),
    "transient": ("Transient", ""),
    "shaft_frequency_end_hz": ("Shaft frequency at the end", "Hz"),
    "cage_slip_percent": ("Slip of the cage", "%"),
    "snr_db": ("Impacts over noise", "dB"),
    "sensor_gain_db": ("Sensor gain", "dB"),
    "n_samples_lost": ("Samples lost", ""),
}


def list_conditions(conditions: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the known conditions as (label, value) rows; what has no value is left out."""
    if not conditions:
        return []
    rows = [
        (label, _word(conditions[name], unit))
        for name, (label, unit) in _LABELS.items()
        if conditions.get(name) is not None
    ]
    layers = conditions.get("noise_layers")
    if layers:
        rows.append(("Noise", ", ".join(str(layer).replace("_", " ") for layer in layers)))
    added = conditions.get("added_noise")
    if added:
        rows.append(("Noise added", f"{added['colour']}, {added['snr_db']:g} dB below the signal"))
    return rows


def _word(value: Any, unit: str) -> str:
    text = format_number(value) if isinstance(value, int | float) else str(value).replace("_", " ")
    return f"{text} {unit}".strip()
