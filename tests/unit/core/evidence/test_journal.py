"""Evidence of journal bearings, against records whose faults are known and signals built by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evidence.findings import Decision, Evidence, Strength
from core.evidence.journal import gather_journal_evidence
from core.synthesis.configuration import parse_config
from core.synthesis.record import SyntheticRecord
from core.synthesis.records import make_record
from utils.constants import FAULT_CLASSES

RATE_HZ = 20_480.0
N = 5 * 20_480
TIMES_S = np.arange(N) / RATE_HZ
SEVERE = parse_config({"n_per_class": 4, "seed": 5, "severities": ["severe"]})


def record(fault_class: str, index: int = 0) -> tuple[SyntheticRecord, NDArray[np.float32]]:
    made = make_record(SEVERE, fault_class, index)
    return made, next(iter(made.channels.values()))


def line(frequency_hz: float, amplitude: float) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIMES_S + 0.4)


def noise(seed: int = 0, level: float = 0.05) -> NDArray[np.float64]:
    return level * np.random.default_rng(seed).standard_normal(N)


def answer(evidence: Evidence) -> str:
    return evidence.fault_class or evidence.decision.value


@pytest.mark.parametrize("fault_class", FAULT_CLASSES)
def test_every_severe_fault_is_named_from_the_given_speed(fault_class: str) -> None:
    made, samples = record(fault_class)
    evidence = gather_journal_evidence(samples, RATE_HZ, made.shaft_speed_rpm / 60.0)
    assert answer(evidence) == fault_class
    total = evidence.healthy_probability + sum(fault.probability for fault in evidence.faults)
    assert total == pytest.approx(1.0)
    assert len(evidence.faults) == 10 and evidence.faults == tuple(
        sorted(evidence.faults, key=lambda fault: -fault.probability)
    )


@pytest.mark.parametrize("fault_class", ["healthy", "oil_whirl", "misalignment_imbalance", "cavitation"])
def test_a_gain_and_an_offset_change_nothing(fault_class: str) -> None:
    made, samples = record(fault_class, 1)
    shaft_hz = made.shaft_speed_rpm / 60.0
    plain = gather_journal_evidence(samples, RATE_HZ, shaft_hz)
    changed = gather_journal_evidence(1e-4 * samples.astype(np.float64) + 0.7, RATE_HZ, shaft_hz)
    assert answer(plain) == answer(changed)
    assert [fault.probability for fault in plain.faults] == pytest.approx(
        [fault.probability for fault in changed.faults], abs=1e-3
    )


def test_lines_stand_where_they_were_put_and_as_high_as_the_formula_says() -> None:
    samples = noise() + line(58.3, 0.02) + line(116.6, 0.05) + line(174.9, 0.03)
    evidence = gather_journal_evidence(samples, RATE_HZ, 60.0)

    assert answer(evidence) == "misalignment_imbalance"
    assert evidence.shaft_frequency_hz == pytest.approx(58.3, abs=0.02)
    lines = {row.label: row for row in evidence.faults[0].lines}
    for label, place, amplitude in (("1X", 58.3, 0.02), ("2X", 116.6, 0.05), ("3X", 174.9, 0.03)):
        assert lines[label].found_hz == pytest.approx(place, abs=0.03)
        # Hann takes up to 1.4 dB where a line lies between two bins; the floor scatters.
        expected_db = 10 * np.log10(amplitude**2 * N / (6 * 0.05**2))
        assert expected_db - 4.5 < (lines[label].snr_db or 0.0) < expected_db + 2.0
    assert evidence.faults[0].strength is Strength.STRONG
    assert "consistent with" in evidence.reason


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("fault_class", FAULT_CLASSES)
def test_at_a_wrong_sample_rate_no_fault_is_named(fault_class: str, factor: float) -> None:
    made, samples = record(fault_class, 2)
    for nominal_hz in (made.shaft_speed_rpm / 60.0, 60.0, None):
        evidence = gather_journal_evidence(samples, factor * RATE_HZ, nominal_hz)
        assert evidence.decision is not Decision.FAULT, evidence.reason
        assert evidence.reason


@pytest.mark.parametrize("seed", range(6))
def test_noise_of_any_colour_is_never_called_a_fault(seed: int) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(N))
    at_hz = np.fft.rfftfreq(N, 1 / RATE_HZ)
    for slope in (0.0, 0.5, 1.0):
        coloured = np.fft.irfft(spectrum / np.maximum(at_hz, 0.2) ** slope, N)
        for nominal_hz in (60.0, None):
            evidence = gather_journal_evidence(coloured, RATE_HZ, nominal_hz)
            assert evidence.decision is not Decision.FAULT, (slope, evidence.reason)


@pytest.mark.parametrize("at_hz", [3.0, 26.0, 57.0, 120.0, 1990.0])
def test_one_line_that_fits_no_shaft_is_no_fault(at_hz: float) -> None:
    evidence = gather_journal_evidence(noise() + line(at_hz, 0.02), RATE_HZ, 60.5)
    assert evidence.decision is not Decision.FAULT, evidence.reason


@pytest.mark.parametrize("mains_hz", [50.0, 60.0, 59.8])
@pytest.mark.parametrize("heights", [(1.0,), (1.0, 0.5, 0.4), (0.3, 0.8, 0.6)])
def test_hum_is_no_fault_of_a_rotor(mains_hz: float, heights: tuple[float, ...]) -> None:
    hum = noise(2, 0.7)
    for order, height in enumerate(heights, 1):
        hum += line(order * mains_hz, height)
    for nominal_hz in (None, mains_hz):
        evidence = gather_journal_evidence(hum, RATE_HZ, nominal_hz)
        assert evidence.decision is Decision.UNDECIDED and "mains" in evidence.reason
        assert not evidence.shaft_is_found
    beside = noise(2, 0.7)
    for order, height in enumerate(heights, 1):
        beside += line(order * (mains_hz + 1.2), height)
    assert gather_journal_evidence(beside, RATE_HZ, mains_hz).decision is Decision.FAULT


def test_too_short_a_recording_is_refused_with_the_reason() -> None:
    _, samples = record("wear")
    evidence = gather_journal_evidence(samples[:10_000], RATE_HZ, 60.0)
    assert evidence.decision is Decision.REFUSED and "too short" in evidence.reason


def test_what_could_not_be_read_is_told_with_a_healthy_decision() -> None:
    _, samples = record("healthy")
    evidence = gather_journal_evidence(samples[: round(1.5 * RATE_HZ)], RATE_HZ, 60.0)
    assert evidence.decision is Decision.HEALTHY
    assert "lines between 2 and 5 Hz" in evidence.reason and "could not be read" in evidence.reason
    assert any("too short" in limit for limit in evidence.limits)
    whole = gather_journal_evidence(samples, RATE_HZ, 60.0)
    assert "could not be read" not in whole.reason
