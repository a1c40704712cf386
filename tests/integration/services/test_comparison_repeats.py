"""Comparisons of repeated trainings: seeds that disagree, seeds trained again, test sets that overlap."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from scipy import stats

from services.comparison_service import ComparisonService
from tests.factories.comparisons import TestPart, add_experiment, add_test_part, change

pytestmark = pytest.mark.usefixtures("database")

TARGETS = ["healthy"] * 10 + ["inner_race"] * 10


def compare(*ids: int) -> dict:
    found = ComparisonService.get_comparison_data(ids)
    assert found["success"], found["error"]
    return found


def test_no_winner_is_named_where_votes_and_means_point_different_ways() -> None:
    found = compare(*train_against_the_vote(n_of_the_third=60))
    pair = found["statistics"]["pairs"][0]
    assert (pair["only_first"], pair["only_second"], pair["differ"]) == (30, 10, True)
    assert "A 28.6 %, B 42.9 %" in found["reading"][0]
    assert "vote and mean point different ways, so neither is called the winner" in found["reading"][1]
    assert "better" not in found["reading"][1]


def test_no_winner_is_named_where_votes_differ_and_means_are_equal() -> None:
    found = compare(*train_against_the_vote(n_of_the_third=30))
    assert "A 28.6 %, B 28.6 %" in found["reading"][0]
    assert "the mean over seeds is equal, so neither is called the winner" in found["reading"][1]
    assert "better" not in found["reading"][1]


def train_against_the_vote(n_of_the_third: int) -> list[int]:
    """Two of the first's three seeds are right on 30 recordings, one of the second's on these and more."""
    part = add_test_part("Rig", ["healthy"] * 35 + ["inner_race"] * 35)
    few, last = set(range(30)), set(range(60, 70))
    right = {"First": [few, few, set()], "Second": [last, last, last | set(range(n_of_the_third))]}
    return [
        add_experiment(part, change(part.targets, *(set(range(70)) - each)), group=name, seed=seed)
        for name, seeds in right.items()
        for seed, each in enumerate(seeds)
    ]


def test_a_winner_is_named_where_votes_and_means_agree() -> None:
    part = add_test_part("Rig", TARGETS)
    good = [add_experiment(part, TARGETS, group="good", seed=seed) for seed in range(2)]
    poor = [add_experiment(part, change(TARGETS, *range(7)), group="p", seed=seed) for seed in range(2)]
    assert "A is better on such recordings" in compare(*good, *poor)["reading"][1]


def test_three_recordings_do_not_make_three_trainings_differ() -> None:
    part = add_test_part("Rig", TARGETS)
    wrong = change(TARGETS, 0, 1, 2)
    found = compare(
        add_experiment(part, TARGETS), *(add_experiment(part, wrong, network=name) for name in ("svm", "cnn"))
    )
    omnibus = found["statistics"]["omnibus"]
    assert (omnibus["p_value"], omnibus["method"]) == (pytest.approx(3 / 27), "exact permutation test")
    assert (
        "Q = 6.00, exact permutation test p = 0.11: no difference among them is shown" in found["reading"][1]
    )


def test_fine_tuned_trainings_are_not_repeats_of_those_from_scratch() -> None:
    ids = []
    for fold in range(3):
        part = add_test_part(f"Fold{fold}", TARGETS)
        ids.append(add_experiment(part, change(TARGETS, 0, 1), name="Scratch"))
        ids.append(add_experiment(part, TARGETS, name="Tuned", parent_id=77))
    found = compare(*ids)
    assert [each["label"] for each in found["contestants"]] == ["Scratch", "Tuned"]
    assert [each["experiment_ids"] for each in found["contestants"]] == [ids[::2], ids[1::2]]
    different = {row["field"]: row["values"] for row in found["settings"]["different"]}
    assert different == {"fine_tuned_from": ["nothing", 77]}
    assert ComparisonService.identify_key_differences(found) == [
        "fine tuned from: nothing (A) against 77 (B)"
    ]


def test_a_seed_trained_again_is_no_further_repeat_and_the_newest_counts() -> None:
    ids, again = [], []
    for fold in range(2):
        part = add_test_part(f"Fold{fold}", TARGETS)
        old = add_experiment(part, change(TARGETS, *range(10)), name="Forest", group=f"f{fold}")
        other = add_experiment(part, TARGETS, name="Forest", seed=1, group=f"f{fold}")
        new = add_experiment(part, change(TARGETS, 0, 1), name="Forest")
        ids += [old, other, new, add_experiment(part, TARGETS, network="svm", name="SVM")]
        again.append((old, new))
    found = compare(*ids)
    one = found["contestants"][0]
    assert one["n_seeds"] == 2
    assert set(one["experiment_ids"]) == {ids[1], ids[2], ids[5], ids[6]}
    assert one["n_finished_seeds"] == len(one["experiment_ids"])  # nothing that could be added
    assert one["recording_level"]["accuracy"] == pytest.approx((0.9 + 1) / 2)
    (said,) = [each["sentence"] for each in found["warnings"] if each["kind"] == "seed_trained_again"]
    named = [f"experiment {old} (seed 0; experiment {new} is newer)" for old, new in again]
    assert said.endswith(f"Left out: {named[0]} and {named[1]}.")


def test_the_same_seed_in_two_groups_on_one_test_part_stays_two_trainings() -> None:
    part = add_test_part("Rig", TARGETS)
    found = compare(*(add_experiment(part, TARGETS, name=name) for name in ("First", "Second")))
    assert [each["label"] for each in found["contestants"]] == ["First", "Second"]
    assert "seed_trained_again" not in {each["kind"] for each in found["warnings"]}


def train_over_folds(parts: Sequence[TestPart], n_seeds: Sequence[int], wrong: Sequence[int]) -> list[int]:
    """Train a forest on each test part with so many seeds, and one SVM."""
    ids = []
    for part, count in zip(parts, n_seeds, strict=True):
        answers = change(part.targets, *wrong)
        ids += [add_experiment(part, answers, name="Forest", seed=seed) for seed in range(count)]
        ids.append(add_experiment(part, part.targets, network="svm", name="SVM"))
    return ids


def test_the_support_of_a_class_is_its_recordings_however_many_seeds_judge_them() -> None:
    parts = [add_test_part(f"Fold{fold}", TARGETS) for fold in range(2)]
    one, other = compare(*train_over_folds(parts, (3, 1), (0, 1)))["contestants"]
    assert [row["support"] for row in one["per_class"]] == [20, 20]
    assert [row["support"] for row in other["per_class"]] == [20, 20]
    recall = one["per_class"][0]
    expected = stats.binomtest(16, 20).proportion_ci(0.95, method="wilson")
    assert recall["recall"] == pytest.approx(16 / 20)
    assert recall["recall_interval"] == pytest.approx([expected.low, expected.high])


def test_a_fold_with_more_seeds_weighs_no_more_in_a_class() -> None:
    parts = [add_test_part(f"Fold{fold}", TARGETS) for fold in range(2)]
    n_of_class = TARGETS.count("healthy")
    wrong = [index for index, target in enumerate(TARGETS) if target == "healthy"]
    ids = [add_experiment(parts[0], change(TARGETS, *wrong), name="Forest", seed=seed) for seed in range(3)]
    ids += [add_experiment(parts[1], TARGETS, name="Forest")]
    ids += [add_experiment(part, TARGETS, network="svm", name="SVM") for part in parts]
    healthy, inner = compare(*ids)["contestants"][0]["per_class"]
    n_others = 2 * (len(TARGETS) - n_of_class)
    assert healthy["recall"] == pytest.approx(1 / 2)
    assert healthy["precision"] == pytest.approx(1.0)
    assert inner["precision"] == pytest.approx(n_others / (n_others + n_of_class))


def test_a_recording_of_several_test_sets_counts_once() -> None:
    parts = [add_test_part("Rig", TARGETS), add_test_part("Part", TARGETS[:15], same_as="Rig")]
    one = compare(*train_over_folds(parts, (1, 1), (0, 1, 2, 3)))["contestants"][0]
    level = one["recording_level"]
    assert (level["n"], level["n_right"], level["accuracy"]) == (20, 16, pytest.approx(16 / 20))
    expected = stats.binomtest(16, 20).proportion_ci(0.95, method="wilson")
    assert level["interval"] == pytest.approx([expected.low, expected.high])
    assert [row["support"] for row in one["per_class"]] == [10, 10]
