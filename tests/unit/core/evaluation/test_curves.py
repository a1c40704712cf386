"""Curves and areas against scikit-learn; intervals against what they are for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from core.evaluation.curves import compute_curves, count_points

NAMES = ("healthy", "inner_race", "outer_race")
Rows = tuple[NDArray[np.float64], NDArray[np.int64]]


def simulate(n: int, seed: int, *, ties: bool = False) -> Rows:
    random = np.random.default_rng(seed)
    targets = random.integers(0, 3, n)
    strengths = np.where(np.arange(3) == targets[:, None], 2.0, 1.0)
    probabilities = np.array([random.dirichlet(row) for row in strengths])
    if ties:
        probabilities = probabilities.round(1)
    return probabilities, targets


@pytest.mark.parametrize("ties", [False, True])
def test_areas_are_those_of_scikit_learn(ties: bool) -> None:
    probabilities, targets = simulate(300, 1, ties=ties)
    found = compute_curves(probabilities, targets, NAMES, n_bootstrap=200)
    for index, row in enumerate(found["per_class"]):
        positive, scores = targets == index, probabilities[:, index]
        assert row["auc"] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
        assert row["average_precision"] == pytest.approx(average_precision_score(positive, scores), abs=1e-12)
        assert row["support"] == positive.sum()
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    if not ties:
        macro = roc_auc_score(targets, shares, multi_class="ovr", average="macro")
        assert found["macro"]["auc"] == pytest.approx(macro, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_points_are_those_of_scikit_learn(ties: bool) -> None:
    probabilities, targets = simulate(80, 2, ties=ties)
    positive, scores = targets == 1, probabilities[:, 1]
    points = count_points(scores, positive, np.ones((1, 80)))
    false, true = points.compute_rates()
    expected_false, expected_true, _ = roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(false[0], expected_false)
    np.testing.assert_allclose(true[0], expected_true)
    precision, recall, _ = precision_recall_curve(positive, scores)
    np.testing.assert_allclose(points.compute_precision()[0], precision[:-1][::-1])
    np.testing.assert_allclose(true[0, 1:], recall[:-1][::-1])


def test_a_drawn_sample_has_the_areas_of_the_repeated_rows() -> None:
    probabilities, targets = simulate(60, 3, ties=True)
    weights = np.random.default_rng(0).integers(0, 4, (1, 60)).astype(float)
    points = count_points(probabilities[:, 0], targets == 0, weights)
    repeated = np.repeat(np.arange(60), weights[0].astype(int))
    positive, scores = targets[repeated] == 0, probabilities[repeated, 0]
    assert points.compute_auc()[0] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
    assert points.compute_average_precision()[0] == pytest.approx(
        average_precision_score(positive, scores), abs=1e-12
    )


def test_intervals_hold_what_they_promise() -> None:
    truth = compute_curves(*simulate(20_000, 9), NAMES, n_bootstrap=200)["macro"]["auc"]
    hits = 0
    for seed in range(40):
        low, high = compute_curves(*simulate(150, seed), NAMES, n_bootstrap=200)["macro"]["auc_interval"]
        hits += low <= truth <= high
    assert 32 <= hits <= 40  # 95 % of 40, binomial band of 99.9 %, and a bootstrap is a little narrow


def test_the_bootstrap_draws_recordings_not_windows() -> None:
    probabilities, targets = simulate(40, 4)
    many = np.repeat(np.arange(40), 25)
    naive = compute_curves(probabilities[many], targets[many], NAMES, n_bootstrap=300)["macro"]
    honest = compute_curves(probabilities[many], targets[many], NAMES, groups=many, n_bootstrap=300)["macro"]
    alone = compute_curves(probabilities, targets, NAMES, n_bootstrap=300)["macro"]

    def width(row: dict[str, list[float]]) -> float:
        return row["auc_interval"][1] - row["auc_interval"][0]

    assert width(honest) == pytest.approx(width(alone), rel=0.35)
    assert width(naive) < 0.5 * width(honest)


def test_the_mean_interval_averages_classes_of_the_same_draw() -> None:
    probabilities, targets = simulate(24, 7)
    targets[:] = np.repeat([0, 1, 2], [19, 3, 2])  # many draws lack a class, not the same for every class
    found = compute_curves(probabilities, targets, NAMES, n_bootstrap=400)
    random = np.random.default_rng(0)
    counts = random.multinomial(24, np.full(24, 1 / 24), size=400)
    areas, precisions = [], []
    for drawn in counts:
        rows = np.repeat(np.arange(24), drawn)
        if len(set(targets[rows])) == 3:
            kinds = [(targets[rows] == index, probabilities[rows, index]) for index in range(3)]
            areas.append(np.mean([roc_auc_score(*kind) for kind in kinds]))
            precisions.append(np.mean([average_precision_score(*kind) for kind in kinds]))
    assert 100 < len(areas) < 360
    macro = found["macro"]
    np.testing.assert_allclose(macro["auc_interval"], np.quantile(areas, (0.025, 0.975)))
    np.testing.assert_allclose(macro["average_precision_interval"], np.quantile(precisions, (0.025, 0.975)))


def test_where_hardly_any_draw_holds_every_class_the_mean_has_no_interval() -> None:
    random = np.random.default_rng(0)
    names = [f"class {index}" for index in range(12)]
    found = compute_curves(random.dirichlet(np.ones(12), 12), np.arange(12), names, n_bootstrap=200)
    assert found["macro"]["auc"] is not None
    assert (found["macro"]["auc_interval"], found["macro"]["roc_band"]) == (None, None)
    assert found["per_class"][0]["auc_interval"] is not None


def test_a_class_that_does_not_occur_has_no_curve_and_the_mean_is_over_the_others() -> None:
    probabilities, targets = simulate(100, 5)
    kept = targets != 2
    found = compute_curves(probabilities[kept], targets[kept], NAMES, n_bootstrap=200)
    assert found["per_class"][2]["auc"] is None
    assert found["per_class"][2]["roc"] is None
    others = [found["per_class"][index]["auc"] for index in (0, 1)]
    assert found["macro"]["auc"] == pytest.approx(np.mean(others))
    nothing = compute_curves(np.empty((0, 3)), np.empty(0, dtype=np.int64), NAMES)
    assert nothing["macro"]["auc"] is None


def test_curves_are_thin_start_and_end_where_they_should_and_are_json() -> None:
    found = json.loads(json.dumps(compute_curves(*simulate(3000, 6), NAMES, n_bootstrap=200)))
    for row in [*found["per_class"], found["macro"]]:
        assert len(row["roc"]["x"]) <= 201
        assert (row["roc"]["x"][0], row["roc"]["y"][0]) == (0.0, 0.0)
        assert (row["roc"]["x"][-1], row["roc"]["y"][-1]) == (1.0, 1.0)
        assert row["pr"]["x"][-1] == 1.0
        assert all(
            low <= high for low, high in zip(row["roc_band"]["low"], row["roc_band"]["high"], strict=True)
        )
    same = compute_curves(*simulate(3000, 6), NAMES, n_bootstrap=200)
    assert json.loads(json.dumps(same)) == found
