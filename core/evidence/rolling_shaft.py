"""The shaft frequency that the orders of a rolling bearing's lines are taken of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.signal.shaft_speed import SEARCH_SHARE, estimate_shaft_speed
from core.signal.slow_sources import reduce_rate
from utils.exceptions import SignalError

# A speed so close to the nominal one is the same, within the slip.
_SAME_SHARE = 0.003
# The search demodulates up to 10 kHz, and its harmonics lie far below.
_ENOUGH_HZ = 26_000.0


@dataclass(frozen=True, slots=True)
class ShaftFinding:
    """The shaft frequency, whether the recording itself shows it, how it was found, what else it may be."""

    frequency_hz: float
    is_found: bool
    source: str
    candidate_hz: float | None = None


def find_shaft(values: NDArray[np.float64], sample_rate_hz: float, nominal_hz: float) -> ShaftFinding:
    """Find the shaft frequency within 10 % of nominal; the nominal one where none leads clearly."""
    usable = values[: scipy.fft.prev_fast_len(values.size, real=True)]
    slower, rate_hz = reduce_rate(usable, sample_rate_hz, _ENOUGH_HZ)
    try:
        estimate = estimate_shaft_speed(slower, rate_hz, nominal_hz)
    except SignalError as error:
        return ShaftFinding(nominal_hz, False, f"as given ({error.sentence})")
    if estimate.shaft_frequency_hz is None:
        best = estimate.candidates[0].shaft_frequency_hz if estimate.candidates else nominal_hz
        other = best if abs(best / nominal_hz - 1.0) > _SAME_SHARE else None
        return ShaftFinding(nominal_hz, False, f"as given ({estimate.reason})", other)
    found = estimate.shaft_frequency_hz
    away = 100.0 * (found / nominal_hz - 1.0)
    source = (
        f"found in the recording by its harmonics, within {100.0 * SEARCH_SHARE:.0f} % of the speed given: "
        f"{away:+.2f} % away"
    )
    return ShaftFinding(found, True, source)
