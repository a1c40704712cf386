"""What a classifier keeps when its training ends, where the material is not as one would wish."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.keeping import calibrate_pool, read_shares
from core.evaluation.strangeness_fit import Example, fit_rule
from core.training.signals import LabelledSignal
from tests.unit.core.evaluation.test_strangeness import NAMES, make_examples

RATE_HZ = 5000.0


def make_recording(shaft_speed_rpm: float | None) -> LabelledSignal:
    time_s = np.arange(int(6 * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal(len(time_s))
    values = np.sin(2 * np.pi * 60.0 * time_s) + 0.1 * noise
    return LabelledSignal("0" * 64, 1, "DE", 0, RATE_HZ, shaft_speed_rpm, lambda: values)


@pytest.mark.parametrize("speed_rpm", [0.0, -60.0, float("nan")])
def test_a_shaft_that_is_said_not_to_turn_is_one_of_unknown_speed(speed_rpm: float) -> None:
    found = read_shares(make_recording(speed_rpm), "journal")
    assert found is not None
    assert found == read_shares(make_recording(None), "journal")


def test_a_length_that_is_known_is_not_counted_again() -> None:
    def refuse() -> np.ndarray:
        raise AssertionError("loaded")

    known = replace(make_recording(None), load=refuse, n_samples=10_000)
    assert known.duration_s == 2.0
    assert make_recording(None).duration_s == 6.0


def test_recordings_with_nothing_to_pool_do_not_set_the_temperature_of_the_pool() -> None:
    evidence = {"healthy": 0.2, "oil_whirl": 0.8}
    said = np.array([0.9, 0.1])
    apart = calibrate_pool(("own", "other"), [said] * 3, [evidence] * 3, ["own", "other", "own"], fewest=2)
    assert (apart.n, apart.temperature) == (0, None)
    near = [evidence, evidence, None, {"inner_race": 1.0}]
    truths = ["healthy", "never heard of", "healthy", "healthy"]
    both = calibrate_pool(("healthy", "other"), [said] * 4, near, truths, fewest=2)
    assert both.n == 1


def test_channels_make_no_recordings() -> None:
    evidence, said = {"healthy": 0.2, "other": 0.8}, np.array([0.9, 0.1])
    truths = ["healthy", "other"] * 10
    recordings = [place // 4 for place in range(20)]
    found = calibrate_pool(("healthy", "other"), [said] * 20, [evidence] * 20, truths, recordings=recordings)
    assert found.n == found.n_errors == 5
    assert found.sentence.startswith("5 validation recordings")
    six = spread_over_channels(make_examples(2, 1), 4)
    assert "6 validation recordings" in fit_rule(make_examples(9, 0), six, NAMES, 1.0).missing


def spread_over_channels(examples: list[Example], n_channels: int) -> list[Example]:
    """Return each example as several signals of one recording, of which the last lies a little apart."""
    found = []
    for number, each in enumerate(examples):
        own = replace(each, recording=(number, each.class_index))
        assert each.traits.floor is not None
        apart = replace(each.traits, floor=each.traits.floor + np.array([0.0, 1.0]))
        found += [own] * (n_channels - 1) + [replace(own, traits=apart)]
    return found


def test_a_threshold_counts_a_recording_once_by_its_strangest_signal() -> None:
    validation = spread_over_channels(make_examples(20, 1), 4)
    rule = fit_rule(make_examples(30, 0), validation, NAMES, 1.5)
    assert [(part.score, part.n_known) for part in rule.parts] == [("floor_distance", 60)]
    values = np.array([found[1] for each in validation if (found := rule.measure(each.traits, NAMES))])
    strangest = np.sort(values.reshape(60, 4).max(axis=1))
    assert rule.parts[0].threshold == strangest[int(np.ceil(61 * 0.95)) - 1]


@pytest.mark.parametrize("without", [0, 1, 2])
def test_a_class_without_recordings_leaves_the_rule_of_the_others(without: int) -> None:
    train, validation = (
        [each for each in make_examples(n, seed) if each.class_index != without]
        for n, seed in ((30, 0), (20, 1))
    )
    for learned in (train, make_examples(30, 0)):
        rule = fit_rule(learned, validation, NAMES, 1.5)
        assert [part.n_known for part in rule.parts] in ([], [40])
        assert bool(rule.parts) or rule.missing
