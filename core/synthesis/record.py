"""One made record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.synthesis.oscillators import Float32Array


@dataclass(frozen=True, slots=True)
class SyntheticRecord:
    """A record with all that is known about it.

    Attributes
    ----------
    name
        Unique in its dataset: class and number.
    fault_class, severity
        Its label; a healthy record has no severity.
    shaft_speed_rpm, load_percent
        Mean over the record; the load as far as the model has one.
    sample_rate_hz, unit
        Of every channel.
    channels
        Samples by channel name, float32.
    conditions
        Everything else that was drawn, as plain data.
    """

    name: str
    fault_class: str
    severity: str | None
    shaft_speed_rpm: float
    load_percent: float | None
    sample_rate_hz: float
    unit: str | None
    channels: dict[str, Float32Array]
    conditions: dict[str, Any]
