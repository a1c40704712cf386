"""The evidence of a rolling bearing's faults in one recording, from geometry and nominal speed alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evidence.findings import Decision, Evidence
from core.evidence.rolling_decision import Verdict, decide, require_lines, require_shaft
from core.evidence.rolling_lines import Patterns, score_patterns
from core.evidence.rolling_probabilities import (
    CAUSES,
    N_FAULT_CAUSES,
    compute_probabilities,
    describe_patterns,
)
from core.evidence.rolling_shaft import ShaftFinding, find_shaft
from core.evidence.rolling_spectra import (
    BandPowers,
    EnvelopeOrders,
    compute_band_powers,
    lay_on_orders,
)
from core.evidence.rolling_wording import build_findings, describe_limits, word_findings
from core.signal.bearings import FaultOrders
from core.signal.checks import check_sample_rate

VERSION = "rolling-1"
MACHINE_KIND = "rolling"
# Below, the lines of the races run into one another.
LEAST_TURNS = 3.0
LEAST_SAMPLES = 1024
# Up to the second harmonic of an inner race on a carrier; below there is no envelope to read.
LEAST_RATE_ORDERS = 60.0
# Odds of a fault at a speed that is only likely, beside the one given: two places are looked at, not one.
CANDIDATE_ODDS = 0.5


@dataclass(frozen=True, slots=True)
class _Reading:
    """The patterns at one shaft frequency, and the probability of each cause."""

    shaft: ShaftFinding
    spectra: EnvelopeOrders
    patterns: Patterns
    probabilities: NDArray[np.float64]

    @property
    def fault_odds(self) -> float:
        """A fault against nothing that this bearing explains."""
        share = float(self.probabilities[:N_FAULT_CAUSES].sum())
        return share / max(1.0 - share, 1e-12)


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
    powers = compute_band_powers(values, rate, nominal_shaft_hz)
    return judge_bearing(powers, fault_orders, find_shaft(values, rate, nominal_shaft_hz))


def judge_bearing(powers: BandPowers, fault_orders: FaultOrders, shaft: ShaftFinding) -> Evidence:
    """Look for the lines of one bearing in spectra that are there already; several may be asked in turn."""
    reading = _choose_speed(powers, fault_orders, shaft)
    return _assemble(reading, fault_orders, decide(reading.patterns, reading.probabilities))


def _choose_speed(powers: BandPowers, fault_orders: FaultOrders, shaft: ShaftFinding) -> _Reading:
    """Read the patterns; where the shaft's speed is open, at the likeliest other speed too."""
    given = _read(powers, fault_orders, shaft)
    if shaft.candidate_hz is None:
        return given
    source = "the likeliest by its harmonics, though not by a clear lead; a fault's lines stand out there"
    other = _read(powers, fault_orders, ShaftFinding(shaft.candidate_hz, False, source), CANDIDATE_ODDS)
    return other if other.fault_odds > max(given.fault_odds, 1.0) else given


def _read(powers: BandPowers, fault_orders: FaultOrders, shaft: ShaftFinding, odds: float = 1.0) -> _Reading:
    spectra = lay_on_orders(powers, shaft.frequency_hz)
    patterns = score_patterns(spectra, fault_orders)
    probabilities = compute_probabilities(describe_patterns(patterns))
    weighted = probabilities * np.where(np.arange(len(CAUSES)) < N_FAULT_CAUSES, odds, 1.0)
    return _Reading(shaft, spectra, patterns, weighted / weighted.sum())


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


def _assemble(reading: _Reading, fault_orders: FaultOrders, verdict: Verdict) -> Evidence:
    spectra, shaft = reading.spectra, reading.shaft
    findings = build_findings(spectra, reading.patterns, fault_orders, shaft.frequency_hz, verdict.by_class)
    verdict = require_shaft(require_lines(verdict, findings), shaft.is_found)
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
        shaft_is_found=shaft.is_found,
        faults=word_findings(findings, verdict.fault_class),
        limits=describe_limits(spectra, shaft),
    )
