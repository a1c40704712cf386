"""The evidence of a rolling bearing's faults in one recording, from geometry and nominal speed alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evidence.findings import Decision, Evidence
from core.evidence.rolling_decision import Verdict, decide
from core.evidence.rolling_lines import Patterns, score_patterns
from core.evidence.rolling_probabilities import compute_probabilities, describe_patterns
from core.evidence.rolling_shaft import ShaftFinding, find_shaft
from core.evidence.rolling_spectra import EnvelopeOrders, compute_envelope_orders
from core.evidence.rolling_wording import build_findings, describe_limits
from core.signal.bearings import FaultOrders
from core.signal.checks import check_sample_rate

VERSION = "rolling-1"
MACHINE_KIND = "rolling"
# Below, the lines of the races run into one another.
LEAST_TURNS = 3.0
LEAST_SAMPLES = 1024
# Up to the second harmonic of an inner race on a carrier; below there is no envelope to read.
LEAST_RATE_ORDERS = 60.0


def gather_rolling_evidence(
    samples: ArrayLike, sample_rate_hz: float, fault_orders: FaultOrders, nominal_shaft_hz: float
) -> Evidence:
    """Look for the lines of a bearing's faults in a recording.

    Nothing is trained on recordings and nothing is compared with other recordings: the lines of each fault
    are compared with places of the same envelopes that belong to no part of the bearing.

    Parameters
    ----------
    samples
        One channel, ``(n_samples,)``, in any unit and at any gain.
    sample_rate_hz
        Sample rate.
    fault_orders
        Of the bearing, by geometry.
    nominal_shaft_hz
        Shaft frequency, at most 10 % from the true one.

    Returns
    -------
    Evidence
        ``refused`` with the reason where the recording can't be read: not finite, constant, too short.
    """
    values = np.asarray(samples, dtype=np.float64).ravel()
    rate = check_sample_rate(sample_rate_hz)
    reason = _find_obstacle(values, rate, nominal_shaft_hz)
    if reason:
        return _refuse(reason)
    shaft = find_shaft(values, rate, nominal_shaft_hz)
    spectra = compute_envelope_orders(values, rate, shaft.frequency_hz)
    patterns = score_patterns(spectra, fault_orders)
    probabilities = compute_probabilities(describe_patterns(patterns))
    return _assemble(spectra, patterns, fault_orders, shaft, decide(patterns, probabilities))


def _find_obstacle(values: NDArray[np.float64], rate: float, nominal_hz: float) -> str:
    """Why a recording can't be read, or nothing."""
    if not (np.isfinite(nominal_hz) and nominal_hz > 0.0):
        return "The shaft's nominal speed is missing; without it the fault frequencies are not known."
    if not np.isfinite(values).all():
        return "The recording holds values that are not numbers."
    if values.size < LEAST_SAMPLES:
        return f"The recording holds {values.size} samples; at least {LEAST_SAMPLES} are needed."
    if float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max()):
        return "The recording is constant."
    turns = values.size / rate * nominal_hz
    if turns < LEAST_TURNS:
        return f"The recording holds {turns:.1f} turns of the shaft; at least {LEAST_TURNS:g} are needed."
    if rate < LEAST_RATE_ORDERS * nominal_hz:
        return (
            f"At {rate:g} Hz the recording reaches {0.5 * rate / nominal_hz:.0f} multiples of the shaft; "
            f"at least {0.5 * LEAST_RATE_ORDERS:.0f} are needed."
        )
    return ""


def _refuse(reason: str) -> Evidence:
    return Evidence(
        MACHINE_KIND, Decision.REFUSED, None, 0.0, 0.0, reason, (), None, "not looked for", (), VERSION
    )


def _assemble(
    spectra: EnvelopeOrders,
    patterns: Patterns,
    fault_orders: FaultOrders,
    shaft: ShaftFinding,
    verdict: Verdict,
) -> Evidence:
    facts: dict[str, Any] = {
        "faults": build_findings(spectra, patterns, fault_orders, shaft.frequency_hz, verdict.by_class),
        "limits": describe_limits(spectra, shaft),
    }
    return Evidence(
        machine_kind=MACHINE_KIND,
        decision=verdict.decision,
        fault_class=verdict.fault_class,
        probability=verdict.probability,
        healthy_probability=verdict.healthy_probability,
        reason=verdict.reason,
        shaft_frequency_hz=shaft.frequency_hz,
        shaft_source=shaft.source,
        version=VERSION,
        **facts,
    )
