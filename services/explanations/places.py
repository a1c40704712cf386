"""Where the faults of a recording's machine would show: its kind, its shaft, the band that rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evidence.gathering import MachineKind
from core.signal.band_pass import Band
from core.signal.bearings import FaultOrders
from core.signal.envelope import suggest_band
from core.signal.kurtogram import compute_kurtogram
from core.signal.shaft_speed import estimate_shaft_speed
from services.experiments.given import GivenSignal
from services.experiments.machine_kind import ROLLING, find_machine_kind
from utils.exceptions import SignalError

if TYPE_CHECKING:
    from core.explain.explainable import Explainable

# The envelope's band has to hold the first two harmonics of the fastest line: twice their frequency.
_LEAST_BANDWIDTHS = 4.0
# The highest frequencies are the anti-alias filter's.
_USED_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look.

    Attributes:
        machine_kind: Which faults' lines.
        shaft_frequency_hz: None where it is unknown.
        shaft_source: Where that comes from, in a sentence.
    """

    machine_kind: MachineKind
    shaft_frequency_hz: float | None
    shaft_source: str

    def describe_shaft(self) -> dict[str, Any]:
        """Return what is known of the shaft as plain data."""
        frequency_hz = self.shaft_frequency_hz
        return {
            "frequency_hz": round(frequency_hz, 4) if frequency_hz is not None else None,
            "source": self.shaft_source,
        }


def find_places(
    given: GivenSignal, class_names: Sequence[str], explainable: Explainable
) -> tuple[Places, Explainable]:
    """Find where faults would show; the windows come back with the shaft's frequency that was found.

    A network that reads the stated speed is explained as it was asked: with that speed.
    """
    kind = find_machine_kind(given, class_names) or ROLLING
    if explainable.takes_conditions:
        shaft_hz, source = explainable.shaft_frequency_hz, "As stated with the recording and to the network."
    else:
        shaft_hz, source = _find_shaft(given)
        explainable = _state_shaft(explainable, shaft_hz)
    return Places(kind, shaft_hz, source), explainable


def _find_shaft(given: GivenSignal) -> tuple[float | None, str]:
    """The stated speed is searched around: machines run off what is written on their files."""
    if given.shaft_speed_rpm is None:
        return None, "No shaft speed is stated with the recording."
    nominal_hz = given.shaft_speed_rpm / 60.0
    stated = "As stated with the recording; the vibration shows no clearer speed near it."
    try:
        found = estimate_shaft_speed(given.values, given.sample_rate_hz, nominal_hz)
    except SignalError:
        return nominal_hz, stated
    if found.shaft_frequency_hz is None:
        return nominal_hz, stated
    share = found.shaft_frequency_hz / nominal_hz - 1.0
    return (
        found.shaft_frequency_hz,
        f"Found in the vibration, {share:+.1%} of what is stated with the recording.",
    )


def _state_shaft(explainable: Explainable, shaft_hz: float | None) -> Explainable:
    if shaft_hz is None or explainable.conditions is None:
        return explainable
    conditions = np.array(explainable.conditions)
    conditions[0] = shaft_hz
    return replace(explainable, conditions=conditions)


def find_ringing_band(
    given: GivenSignal, orders: FaultOrders, shaft_hz: float, analysis_rate_hz: float
) -> Band:
    """Return the recording's most impulsive band that is wide enough for the lines, else a usual one."""
    fastest_hz = shaft_hz * max(orders.bpfo, orders.bpfi, 2.0 * orders.bsf)
    highest_hz = _USED_SHARE * analysis_rate_hz
    try:
        kurtogram = compute_kurtogram(given.values, given.sample_rate_hz)
    except SignalError:
        return suggest_band(analysis_rate_hz)
    cells = [
        (float(kurtosis), (place * level.bandwidth_hz, (place + 1) * level.bandwidth_hz))
        for level in kurtogram.levels
        if level.bandwidth_hz >= _LEAST_BANDWIDTHS * fastest_hz
        for place, kurtosis in enumerate(level.kurtosis)
    ]
    usable = [cell for cell in cells if cell[1][0] > 0.0 and cell[1][1] <= highest_hz]
    return max(usable)[1] if usable else suggest_band(analysis_rate_hz)
