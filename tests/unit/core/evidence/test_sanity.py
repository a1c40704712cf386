"""What is no recording of a machine, and a wrong sample rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evidence.findings import Decision, Evidence
from core.evidence.fusion import fuse
from core.evidence.journal import gather_journal_evidence
from core.evidence.recording_check import CheckName
from core.evidence.rolling import gather_rolling_evidence
from core.evidence.sanity import check_recording, compute_whiteness
from core.evidence.stated_rate import check_stated_rate
from core.evidence.verdict import Opinion, Standing, Status
from core.signal.bearings import compute_fault_orders
from core.synthesis.configuration import RollingConfig, parse_config
from core.synthesis.records import make_record
from utils.constants import FAULT_CLASSES

RATE_HZ = 20_480.0
N = 5 * 20_480
TIMES_S = np.arange(N) / RATE_HZ
ROLLING = RollingConfig(kind="rolling", n_per_class=4, seed=3, snr_db=(5.0, 5.0), severities=("severe",))


def white(seed: int, n_samples: int = N) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(n_samples)


def record(fault_class: str, index: int = 0) -> NDArray[np.float32]:
    made = make_record(parse_config({"n_per_class": 4, "seed": 11}), fault_class, index)
    return next(iter(made.channels.values()))


@pytest.mark.parametrize(
    "samples",
    [np.zeros(N), np.full(N, 3.7), np.round(white(0) * 0.4) * 1e-3],
    ids=["zero", "constant", "a few steps of the converter"],
)
def test_silence_is_refused(samples: NDArray) -> None:
    check = check_recording(samples, RATE_HZ)
    assert (check.decision, check.name) == (Decision.REFUSED, CheckName.SILENCE)
    assert "silent" in check.reason


@pytest.mark.parametrize("frequency_hz", [29.95, 60.0, 107.3, 1999.9, 8000.2])
@pytest.mark.parametrize("rate_hz", [2048.0 * 10, 12_000.0, 97_656.0])
def test_a_sine_is_refused_at_any_frequency_rate_and_level(frequency_hz: float, rate_hz: float) -> None:
    if frequency_hz > 0.45 * rate_hz:
        return
    sine = 1e-3 * np.sin(2 * np.pi * frequency_hz * np.arange(round(4.3 * rate_hz)) / rate_hz) + 5.0
    check = check_recording(sine, rate_hz)
    assert (check.decision, check.name) == (Decision.REFUSED, CheckName.PURE_TONES)
    named = float(check.reason.split("(")[1].split(" Hz")[0].split(",")[0])
    assert named == pytest.approx(frequency_hz, abs=0.5)


def test_three_sines_are_refused_too() -> None:
    tones = sum(np.sin(2 * np.pi * at * TIMES_S) for at in (30.0, 107.0, 214.0))
    assert check_recording(np.asarray(tones), RATE_HZ).name == CheckName.PURE_TONES


def round_to_bits(samples: NDArray, bits: int) -> NDArray:
    return np.round(samples / np.abs(samples).max() * 2 ** (bits - 1))


def pulses(duty: float, shaft_hz: float = 50.03) -> NDArray:
    return ((TIMES_S * shaft_hz) % 1.0 < duty).astype(float) + 0.002 * white(3)


@pytest.mark.parametrize("snr_db", [40.0, 27.0, 20.0])
@pytest.mark.parametrize("frequency_hz", [50.0, 55.3, 60.0, 1410.0])
def test_a_sine_in_noise_is_refused(frequency_hz: float, snr_db: float) -> None:
    sine = np.sin(2 * np.pi * frequency_hz * TIMES_S)
    check = check_recording(sine + sine.std() * 10 ** (-snr_db / 20) * white(7), RATE_HZ)
    assert (check.decision, check.name) == (Decision.REFUSED, CheckName.PURE_TONES)


@pytest.mark.parametrize("snr_db", [40.0, 20.0])
def test_distorted_sines_are_refused_as_tones(snr_db: float) -> None:
    sine = np.sin(2 * np.pi * 55.3 * TIMES_S)
    family = sine + 0.5 * np.sin(2 * np.pi * 110.6 * TIMES_S) + 0.4 * np.sin(2 * np.pi * 165.9 * TIMES_S)
    for samples in (np.clip(sine, -0.6, 0.6), np.abs(sine), np.maximum(sine, 0.0), family):
        noisy = samples + samples.std() * 10 ** (-snr_db / 20) * white(8)
        assert check_recording(noisy, RATE_HZ).name == CheckName.PURE_TONES


@pytest.mark.parametrize(("bits", "name"), [(4, CheckName.COARSE), (8, CheckName.PURE_TONES)])
def test_a_coarsely_rounded_sine_is_no_machine(bits: int, name: CheckName) -> None:
    check = check_recording(round_to_bits(np.sin(2 * np.pi * 59.3 * TIMES_S), bits), RATE_HZ)
    assert check.name == name and check.reason


@pytest.mark.parametrize("duty", [0.05, 0.1, 0.3, 0.5])
def test_a_tacho_is_refused(duty: float) -> None:
    for shaft_hz in (29.95, 50.03):
        check = check_recording(pulses(duty, shaft_hz), RATE_HZ)
        assert (check.decision, check.name) == (Decision.REFUSED, CheckName.TWO_LEVELS)


def test_a_knock_in_noise_is_no_tacho() -> None:
    knocked = 1e-3 * np.cumsum(white(4)) + 0.1 * white(5)
    knocked[[1000, 50_000, 90_000]] = 1e3
    assert check_recording(knocked, RATE_HZ).name != CheckName.TWO_LEVELS


def test_lines_of_no_family_or_beside_coloured_noise_pass() -> None:
    family = np.sin(2 * np.pi * 55.3 * TIMES_S) + 0.5 * np.sin(2 * np.pi * 110.6 * TIMES_S)
    stranger = 0.1 * np.sin(2 * np.pi * 71.9 * TIMES_S)
    coloured = np.convolve(white(9), np.ones(4) / 2.0, "same")
    assert check_recording(family + 0.06 * white(9), RATE_HZ).name == CheckName.PURE_TONES
    assert check_recording(family + stranger + 0.06 * white(9), RATE_HZ).is_passed
    assert check_recording(family + 0.06 * coloured, RATE_HZ).is_passed


@pytest.mark.parametrize("seed", range(5))
def test_white_noise_is_refused_whatever_its_distribution(seed: int) -> None:
    for samples in (
        white(seed),
        np.random.default_rng(seed).uniform(-1, 1, N),
        np.random.default_rng(seed).laplace(size=N),
    ):
        assert check_recording(samples, RATE_HZ).name == CheckName.WHITE_NOISE


def test_white_noise_with_the_rhythm_of_a_fault_passes_and_is_read() -> None:
    orders = compute_fault_orders(ROLLING.find_geometry())
    rate_hz, shaft_hz = ROLLING.sample_rate_hz, 29.95
    times_s = np.arange(round(10 * rate_hz)) / rate_hz
    turning = 0.3 * np.sin(2 * np.pi * 29.95 * times_s) + 0.2 * np.sin(2 * np.pi * 59.9 * times_s)
    beats = np.sign(np.sin(2 * np.pi * orders.bpfo * shaft_hz * times_s))
    impacts = 0.3 * white(2, times_s.size)
    places = np.arange(0.0, 9.99, 1.0 / (orders.bpfo * shaft_hz))
    impacts[(places * rate_hz).astype(int)] += 5.0 * np.sign(white(3, places.size))
    for samples in ((1.0 + 0.5 * beats) * white(1, times_s.size), impacts):
        assert compute_whiteness(samples - samples.mean()) < 2.23
        assert check_recording(samples, rate_hz).is_passed
        evidence = gather_rolling_evidence(samples, rate_hz, orders, shaft_hz)
        assert evidence.faults[0].fault_class == "outer_race"
        assert (
            gather_rolling_evidence(samples + turning, rate_hz, orders, shaft_hz).fault_class == "outer_race"
        )


def test_the_whiteness_of_white_noise_is_kolmogorov_distributed() -> None:
    values = np.array([compute_whiteness(white(seed, 4096)) for seed in range(400)])
    # Median and 95 % point of Kolmogorov's distribution.
    assert np.median(values) == pytest.approx(0.828, abs=0.06)
    assert np.quantile(values, 0.95) == pytest.approx(1.358, abs=0.12)


@pytest.mark.parametrize("fault_class", FAULT_CLASSES)
@pytest.mark.parametrize("snr_db", [None, 5.0, -10.0])
def test_records_of_machines_pass_in_noise_too(fault_class: str, snr_db: float | None) -> None:
    samples = record(fault_class).astype(np.float64)
    if snr_db is not None:
        samples += samples.std() * 10 ** (-snr_db / 20) * white(5)
    assert check_recording(samples, RATE_HZ).is_passed


@pytest.mark.parametrize("kind", ["pink", "brown", "band", "chirp", "hum in pink"])
def test_what_shows_no_machine_is_not_called_healthy(kind: str) -> None:
    at_hz = np.fft.rfftfreq(N, 1.0 / RATE_HZ)
    shapes = {"brown": 1.0 / np.maximum(at_hz, 1.0), "band": 1.0 * (at_hz < 5000.0)}
    shape = shapes.get(kind, 1.0 / np.sqrt(np.maximum(at_hz, 1.0)))
    samples = np.fft.irfft(np.fft.rfft(white(6)) * shape, N)
    if kind == "chirp":
        samples = np.sin(2 * np.pi * (20.0 * TIMES_S + 100.0 * TIMES_S**2))
    if kind == "hum in pink":
        samples = samples + 0.05 * samples.std() * np.sin(2 * np.pi * 50.0 * TIMES_S)
    assert check_recording(samples, RATE_HZ).is_passed
    for evidence in (
        gather_journal_evidence(samples, RATE_HZ),
        gather_journal_evidence(samples, RATE_HZ, 50.0),
        gather_rolling(samples, RATE_HZ),
    ):
        assert evidence.decision is Decision.UNDECIDED
        assert "none of a running machine" in evidence.reason or evidence.machine_kind == "rolling"


@pytest.mark.parametrize("profile", ["benchmark", "physical"])
def test_a_clear_whirl_that_breathes_is_no_test_signal(profile: str) -> None:
    config = parse_config({"n_per_class": 40, "seed": 2024, "profile": profile})
    for index in (9, 15, 19):
        samples = next(iter(make_record(config, "oil_whirl", index).channels.values()))
        assert check_recording(samples, RATE_HZ).is_passed


def test_damaged_and_short_recordings_say_why() -> None:
    damaged = white(1)
    damaged[17] = np.nan
    assert check_recording(damaged, RATE_HZ).name == CheckName.DAMAGED
    assert "sample 17" in check_recording(damaged, RATE_HZ).reason
    short = check_recording(record("wear")[:1000], RATE_HZ)
    assert (short.decision, short.name) == (Decision.UNDECIDED, CheckName.TOO_SHORT)


def gather_rolling(samples: NDArray, rate_hz: float) -> Evidence:
    orders = compute_fault_orders(ROLLING.find_geometry())
    return gather_rolling_evidence(samples, rate_hz, orders, 29.5)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("fault_class", ["inner_race", "outer_race", "ball"])
def test_a_rolling_fault_at_a_wrong_sample_rate_is_not_named(fault_class: str, factor: float) -> None:
    samples = next(iter(make_record(ROLLING, fault_class, 0).channels.values()))
    rate_hz = factor * ROLLING.sample_rate_hz
    stated = gather_rolling(samples, rate_hz)
    check = check_stated_rate(stated, lambda other_hz: gather_rolling(samples, other_hz), rate_hz)
    assert (check.decision, check.name) == (Decision.UNDECIDED, CheckName.RATE_DOUBTFUL)
    assert "sample rate" in check.reason


@pytest.mark.parametrize(
    ("fault_class", "index", "factor", "seen_as"),
    [
        ("inner_race", 3, 2.0 / 3.0, "outer_race"),
        ("outer_race", 2, 0.75, "inner_race"),
        ("outer_race", 2, 1.5, "inner_race"),
        ("inner_race", 2, 0.8, "ball"),
    ],
)
def test_one_fault_is_not_taken_for_another_at_a_wrong_rate(
    fault_class: str, index: int, factor: float, seen_as: str
) -> None:
    samples = next(iter(make_record(ROLLING, fault_class, index).channels.values()))
    rate_hz = factor * ROLLING.sample_rate_hz
    stated = gather_rolling(samples, rate_hz)
    assert stated.fault_class == seen_as
    check = check_stated_rate(stated, lambda other_hz: gather_rolling(samples, other_hz), rate_hz)
    assert (check.decision, check.name) == (Decision.UNDECIDED, CheckName.RATE_DOUBTFUL)


def test_a_fault_is_not_called_healthy_at_a_wrong_rate() -> None:
    samples = next(iter(make_record(ROLLING, "outer_race", 1).channels.values()))
    rate_hz = 1.25 * ROLLING.sample_rate_hz
    stated = gather_rolling(samples, rate_hz)
    assert stated.decision is Decision.HEALTHY
    check = check_stated_rate(stated, lambda other_hz: gather_rolling(samples, other_hz), rate_hz)
    assert check.name == CheckName.RATE_DOUBTFUL and "four fifths of" in check.reason


def test_another_fault_outranks_none_that_the_shaft_bears_out() -> None:
    samples = next(iter(make_record(ROLLING, "inner_race", 0).channels.values()))
    stated = gather_rolling(samples, ROLLING.sample_rate_hz)
    best = replace(stated.faults[0], fault_class="ball", probability=0.99)
    other = replace(stated, fault_class="ball", probability=0.99, faults=(best,), shaft_is_found=False)
    assert stated.shaft_is_found and stated.probability < 0.99
    assert check_stated_rate(stated, lambda _: other, ROLLING.sample_rate_hz).is_passed
    found = replace(other, shaft_is_found=True)
    assert not check_stated_rate(stated, lambda _: found, ROLLING.sample_rate_hz).is_passed
    assert not check_stated_rate(replace(stated, shaft_is_found=False), lambda _: other, 12_000.0).is_passed


@pytest.mark.parametrize("factor", [0.67, 0.8, 1.25, 1.5])
def test_a_mixture_at_a_wrong_rate_is_not_taken_for_a_part_of_it(factor: float) -> None:
    samples, rate_hz = record("cavitation_clearance", 1), factor * RATE_HZ
    for nominal_hz in (60.0, None):
        stated = gather_journal_evidence(samples, rate_hz, nominal_hz)
        check = check_stated_rate(
            stated, lambda hz, given=nominal_hz: gather_journal_evidence(samples, hz, given), rate_hz
        )
        named = stated.fault_class if check.is_passed else None
        assert named in (None, "cavitation_clearance")


@pytest.mark.parametrize("fault_class", ["inner_race", "outer_race"])
def test_a_rolling_fault_at_the_true_sample_rate_passes(fault_class: str) -> None:
    samples = next(iter(make_record(ROLLING, fault_class, 1).channels.values()))
    stated = gather_rolling(samples, ROLLING.sample_rate_hz)
    assert stated.fault_class == fault_class
    check = check_stated_rate(
        stated, lambda other_hz: gather_rolling(samples, other_hz), ROLLING.sample_rate_hz
    )
    assert check.is_passed, check.reason


def test_a_journal_fault_at_the_true_sample_rate_passes() -> None:
    for fault_class in FAULT_CLASSES[1:]:
        samples = record(fault_class, 3)
        stated = gather_journal_evidence(samples, RATE_HZ, 60.0)
        check = check_stated_rate(
            stated, lambda rate_hz, kept=samples: gather_journal_evidence(kept, rate_hz, 60.0), RATE_HZ
        )
        assert check.is_passed, (fault_class, check.reason)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("fault_class", FAULT_CLASSES)
def test_at_a_wrong_sample_rate_even_a_sure_classifier_names_no_journal_fault(
    fault_class: str, factor: float
) -> None:
    samples, rate_hz = record(fault_class, 1), factor * RATE_HZ
    stated = gather_journal_evidence(samples, rate_hz, 60.0)
    check = check_stated_rate(stated, lambda hz: gather_journal_evidence(samples, hz, 60.0), rate_hz)
    for said in FAULT_CLASSES[1:]:
        sure = Opinion({name: 0.99 if name == said else 0.001 for name in FAULT_CLASSES}, Standing.HOME)
        verdict = fuse(stated, sure)
        named = verdict.status is Status.DIAGNOSED and verdict.fault_class != "healthy"
        assert not (named and check.is_passed), (said, verdict.sentence)
