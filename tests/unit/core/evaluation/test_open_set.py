"""Open-set scores against scikit-learn, hand counts, and classes that were really held out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.covariance import shrunk_covariance
from sklearn.metrics import roc_auc_score

from core.evaluation.open_set import (
    FeatureReference,
    choose_threshold,
    compute_auroc,
    compute_floor_numbers,
    compute_window_features,
    fit_reference,
    judge_score,
    leave_class_out,
    rank_scores,
    score_recording,
    score_windows,
)
from core.features.noise_floor import list_noise_floor_features
from core.training.preprocessing import Preprocessing


def test_the_area_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    known, unknown = random.normal(0, 1, 70).round(1), random.normal(0.8, 1, 30).round(1)
    labels = np.repeat([0, 1], [70, 30])
    expected = roc_auc_score(labels, np.concatenate([known, unknown]))
    assert compute_auroc(known, unknown) == pytest.approx(expected)
    assert compute_auroc(known, np.empty(0)) is None


def test_the_threshold_lets_as_many_pass_as_promised() -> None:
    known = np.arange(1.0, 40.0)  # 39 recordings: rank ceil(40 * 0.95) = 38
    found = choose_threshold(known, 0.05)
    assert found is not None
    assert (found.value, found.n_known, found.is_promised) == (38.0, 39, True)
    few = choose_threshold(known[:18], 0.05)
    assert few is not None
    assert (few.value, few.is_promised) == (18.0, False)
    assert choose_threshold(np.empty(0), 0.05) is None
    random = np.random.default_rng(1)
    alarms = [
        np.mean(random.random(200) > choose_threshold(random.random(39), 0.05).value) for _ in range(300)
    ]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.006)


def test_rejection_counts_what_lies_above_the_threshold() -> None:
    found = judge_score(np.arange(1.0, 40.0), np.array([10.0, 38.0, 38.5, 50.0]), 0.05)
    assert found["rejection"] == 0.5
    low, high = found["rejection_interval"]
    assert low < 0.5 < high


def test_scores_of_a_worked_example() -> None:
    windows = np.array([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2]])
    found = score_recording(windows, np.array([1.0, 5.0, 9.0]))
    pooled = np.exp(np.log(windows).mean(axis=0))
    pooled /= pooled.sum()
    assert found["max_probability"] == pytest.approx(1 - pooled.max())
    assert found["margin"] == pytest.approx(1 - (np.sort(pooled)[2] - np.sort(pooled)[1]))
    assert found["entropy"] == pytest.approx(-(pooled * np.log(pooled)).sum())
    assert found["window_doubt"] == pytest.approx((0.2 + 0.4) / 2)
    assert found["feature_distance"] == 5.0
    assert "feature_distance" not in score_recording(windows, None)
    evidence = score_recording(
        windows, None, floor_distances=np.array([4.0]), borne_out=np.array([0.2, 0.7, 0.1])
    )
    best = int(pooled.argmax())
    assert evidence["floor_distance"] == 4.0
    assert evidence["evidence_doubt"] == pytest.approx(1 - [0.2, 0.7, 0.1][best])
    assert evidence["fused_doubt"] == pytest.approx(1 - pooled.max() * [0.2, 0.7, 0.1][best])
    unheard = score_recording(windows, None, borne_out=np.full(3, np.nan))
    assert "evidence_doubt" not in unheard and "fused_doubt" not in unheard
    np.testing.assert_allclose(score_windows(windows, None)["max_probability"], [0.2, 0.4])


def test_the_distance_is_mahalanobis_from_the_nearest_class() -> None:
    random = np.random.default_rng(2)
    mixing = random.normal(size=(4, 4))
    parts = [random.normal(size=(50, 4)) @ mixing + offset for offset in (0.0, 8.0, 0.0, 8.0)]
    reference = fit_reference(parts, ["a", "b", "a", "b"])
    assert reference.class_names == ("a", "b")
    stacks = [np.concatenate(parts[0::2]), np.concatenate(parts[1::2])]
    centred = np.concatenate([stack - stack.mean(axis=0) for stack in stacks])
    spread = centred.std(axis=0)
    scaled = centred / spread
    unit = scaled.T @ scaled / (len(scaled) - 2)
    shrunk = 0.9 * unit + 0.1 * np.eye(4)
    assert shrunk_covariance(unit, 0.1) == pytest.approx(shrunk, abs=0.02)
    inverse = np.linalg.inv(shrunk)
    points = random.normal(4, 5, (10, 4))
    expected = [
        min(np.sqrt(((p - s.mean(0)) / spread) @ inverse @ ((p - s.mean(0)) / spread)) for s in stacks)
        for p in points
    ]
    np.testing.assert_allclose(reference.measure(points), expected, rtol=1e-9)
    again = FeatureReference.from_dict(json.loads(json.dumps(reference.to_dict())))
    np.testing.assert_allclose(again.measure(points), expected, rtol=1e-9)


def test_the_distance_knows_no_gain_and_finds_a_sound_that_was_never_heard() -> None:
    preprocessing = Preprocessing(2000.0, 0.25, 0.25)
    times = np.arange(4000) / 2000.0

    def make(frequency_hz: float, seed: int) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(0, 0.3, 4000)
        return np.sin(2 * np.pi * frequency_hz * times) + noise

    def measure(frequency_hz: float, seed: int, gain: float = 1.0) -> np.ndarray:
        return compute_window_features(gain * make(frequency_hz, seed), 2000.0, preprocessing)

    reference = fit_reference(
        [measure(f, seed) for f in (60, 150) for seed in range(5)], ["low"] * 5 + ["high"] * 5
    )
    known = np.array([np.median(reference.measure(measure(f, s))) for f in (60, 150) for s in range(5, 15)])
    unknown = np.array([np.median(reference.measure(measure(400, s))) for s in range(20)])
    assert compute_auroc(known, unknown) == 1.0
    loud = reference.measure(measure(60, 5, gain=40.0))
    np.testing.assert_allclose(loud, reference.measure(measure(60, 5)), rtol=1e-3)


def test_scores_are_ranked_by_their_mean_over_the_held_out_classes() -> None:
    def row(auroc: float | None, rejection: float) -> dict[str, float | None]:
        return {"auroc": auroc, "rejection": rejection}

    folds = [
        {"max_probability": row(0.9, 0.2), "entropy": row(0.8, 0.9)},
        {"max_probability": row(0.7, 0.2), "entropy": row(0.9, 0.5)},
        {"max_probability": row(None, 0.0), "entropy": row(None, 0.0)},
    ]
    best, other = rank_scores(folds)
    assert best["score"] == "entropy"
    assert (best["mean_auroc"], best["mean_rejection"]) == pytest.approx((0.85, 0.7))
    assert other["score"] == "max_probability"
    assert rank_scores([]) == []
    gaps = [
        {**fold, "fused_doubt": row(1.0, 1.0)} if index == 0 else fold for index, fold in enumerate(folds)
    ]
    assert [each["score"] for each in rank_scores(gaps)] == ["entropy", "max_probability"]


def test_numbers_over_the_floor_are_read_in_stretches_of_one_length() -> None:
    preprocessing = Preprocessing(20_480.0, 0.5, 0.5)
    noise = np.random.default_rng(0).normal(size=40_960)
    found = compute_floor_numbers(noise, 20_480.0, preprocessing, 0.9)
    assert found is not None
    assert found.shape == (2, len(list_noise_floor_features()))
    alone = compute_floor_numbers(noise[: round(0.9 * 20_480)], 20_480.0, preprocessing, 0.9)
    assert alone is not None
    assert np.median(np.abs(found[0] - alone[0])) < 0.2  # the band limit reaches over the edge
    assert compute_floor_numbers(noise[:10_000], 20_480.0, preprocessing, 0.9) is None
    assert compute_floor_numbers(noise, 20_480.0, Preprocessing(5_000.0, 0.5, 0.5), 0.9) is None
    assert compute_floor_numbers(noise, 20_480.0, preprocessing, 0.3) is None


def test_leaving_a_class_out_of_probabilities_scales_the_others() -> None:
    assert leave_class_out({"a": 0.5, "b": 0.3, "c": 0.2}, "a") == pytest.approx({"b": 0.6, "c": 0.4})
    assert leave_class_out({"a": 1.0, "b": 0.0, "c": 0.0}, "a") == {"b": 0.5, "c": 0.5}
