"""What is known of a feature besides its value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Domain(StrEnum):
    """Where a feature looks."""

    TIME = "time"
    FREQUENCY = "frequency"
    ENVELOPE = "envelope"
    WAVELET = "wavelet"
    CEPSTRUM = "cepstrum"
    BISPECTRUM = "bispectrum"
    BURST = "burst"
    ORDER = "order"


class Need(StrEnum):
    """What has to be known of a recording, besides its samples, before a feature exists."""

    NOTHING = ""
    SHAFT_SPEED = "shaft_speed"
    FAULT_ORDERS = "fault_orders"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature: its name, domain, meaning, unit and scale law.

    Attributes
    ----------
    gain_power
        The power of a sensor gain that the feature follows: 0 for a pure shape, 1 for an amplitude, 2 for a
        power or an energy.
    unit
        Of the value: ``signal`` and ``signal²`` stand for the signal's own unit and its square, empty for a
        pure number.
    """

    name: str
    domain: Domain
    meaning: str
    unit: str = ""
    gain_power: int = 0
    need: Need = Need.NOTHING

    @property
    def gain_invariant(self) -> bool:
        """Whether another sensor gain leaves the feature as it is."""
        return self.gain_power == 0
