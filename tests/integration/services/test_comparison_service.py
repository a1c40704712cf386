"""Comparisons over stored experiments: who is compared with whom, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest
from sqlalchemy import update
from statsmodels.stats import contingency_tables

from database.connection import get_db_session
from models.experiment import Experiment
from models.job import Job, JobState
from models.split import SplitMember
from models.user import Role
from services.comparison_service import ComparisonService
from services.shared.actors import Actor
from tests.factories.comparisons import add_experiment, add_test_part, change
from utils.clock import utc_now

pytestmark = pytest.mark.usefixtures("database")

TARGETS = ["healthy"] * 15 + ["inner_race"] * 15


def compare(*ids: int) -> dict:
    found = ComparisonService.get_comparison_data(ids)
    assert found["success"], found["error"]
    json.dumps(found, allow_nan=False)
    return found


def refuse(*ids: int) -> tuple[str, str]:
    valid, sentence = ComparisonService.validate_comparison_request(ids)
    assert not valid
    found = ComparisonService.get_comparison_data(ids)
    assert found["error"] == str(sentence)
    return str(sentence), found["error_code"]


def list_kinds(found: dict) -> set[str]:
    return {warning["kind"] for warning in found["warnings"]}


@pytest.mark.usefixtures("each_database")
def test_two_trainings_on_the_same_recordings() -> None:
    part = add_test_part("Rig", TARGETS)
    good = add_experiment(part, change(TARGETS, 29), name="Good")
    poor = add_experiment(part, change(TARGETS, 0, 1, 2, 3, 4, 5, 6, 29), name="Poor", options={"n_trees": 2})
    found = compare(good, poor)
    assert found["design"] == "recordings"
    one, other = found["contestants"]
    assert (one["letter"], one["label"], one["recording_level"]["n_right"]) == ("A", "Good", 29)
    assert other["recording_level"]["accuracy"] == pytest.approx(22 / 30)
    assert found["best"]["recording_level.accuracy"] == ["A"]
    assert found["best"]["train_cpu_s"] == []  # equal
    (pair,) = found["statistics"]["pairs"]
    assert (pair["both_right"], pair["only_first"], pair["only_second"], pair["both_wrong"]) == (22, 7, 0, 1)
    assert pair["p_value"] == pytest.approx(contingency_tables.mcnemar([[22, 7], [0, 1]]).pvalue)
    assert pair["differ"]
    assert "A is better on such recordings" in found["reading"][1]
    assert found["statistics"]["omnibus"] is None
    assert [row["field"] for row in found["settings"]["different"]] == ["options.n_trees", "options.window_s"]
    assert ComparisonService.identify_key_differences(found)[0] == "n trees: 20 (A) against 2 (B)"
    assert {"amber_split", "too_few_seeds"} <= list_kinds(found)
    assert "too_few_recordings" not in list_kinds(found)
    disagreements = found["disagreements"]
    assert (disagreements["n_differ"], disagreements["n_all_wrong"], disagreements["n_all_right"]) == (
        7,
        1,
        22,
    )
    assert [row["recording"] for row in disagreements["rows"]][-1] == "Rig_029"
    assert disagreements["rows"][0]["answers"][1]["correct"] is False


def test_few_recordings_between_two_can_prove_nothing() -> None:
    part = add_test_part("Rig", TARGETS)
    first = add_experiment(part, TARGETS)
    for n_wrong, words in ((2, "not the same as none"), (5, "the exact test decides")):
        found = compare(first, add_experiment(part, change(TARGETS, *range(n_wrong))))
        assert "too_few_recordings" in list_kinds(found)
        assert not found["statistics"]["pairs"][0]["differ"]
        assert words in found["reading"][1]


def test_equal_answers_are_not_called_equal_trainings() -> None:
    part = add_test_part("Rig", TARGETS)
    found = compare(add_experiment(part, TARGETS), add_experiment(part, TARGETS))
    pair = found["statistics"]["pairs"][0]
    assert pair["p_value"] == 1.0
    assert pair["risk_difference"]["low"] < 0 < pair["risk_difference"]["high"]
    assert "doesn't show that they are equal" in found["reading"][1]
    assert {each["label"] for each in found["contestants"]} == {
        f"Forest (experiment {each['experiment_ids'][0]})" for each in found["contestants"]
    }


def test_three_trainings_get_an_omnibus_test_and_corrected_pairs() -> None:
    part = add_test_part("Rig", TARGETS)
    answers = [TARGETS, change(TARGETS, *range(6)), change(TARGETS, *range(3, 12))]
    found = compare(*(add_experiment(part, each, name=f"N{i}") for i, each in enumerate(answers)))
    right = np.array(
        [[a == t for a in column] for column, t in zip(zip(*answers, strict=True), TARGETS, strict=True)]
    )
    expected = contingency_tables.cochrans_q(right)
    assert found["statistics"]["omnibus"]["statistic"] == pytest.approx(expected.statistic)
    assert found["statistics"]["omnibus"]["method"] == "exact permutation test"
    assert found["statistics"]["omnibus"]["p_value"] == pytest.approx(expected.pvalue, abs=0.02)
    p_values = [pair["p_value"] for pair in found["statistics"]["pairs"]]
    corrected = [pair["p_corrected"] for pair in found["statistics"]["pairs"]]
    assert len(p_values) == 3
    assert corrected[1] == pytest.approx(3 * min(p_values))
    assert "multiple_testing" in list_kinds(found)


def test_seeds_of_a_group_are_repeats() -> None:
    part = add_test_part("Rig", TARGETS)
    wrong = [(0, 1), (1, 2), (1, 3)]
    seeds = [add_experiment(part, change(TARGETS, *each), group="g", seed=i) for i, each in enumerate(wrong)]
    other = add_experiment(part, change(TARGETS, 29), name="Other")
    found = compare(*seeds, other)
    one = found["contestants"][0]
    assert (one["seeds"], one["n_seeds"], one["n_finished_seeds"]) == ([0, 1, 2], 3, 3)
    assert one["recording_level"]["accuracy"] == pytest.approx(28 / 30)
    assert one["recording_level"]["seeds_interval"] == [pytest.approx(28 / 30), pytest.approx(28 / 30)]
    pair = found["statistics"]["pairs"][0]
    assert (pair["only_first"], pair["only_second"]) == (1, 1)  # most seeds are wrong on recording 1 only
    assert pair["bootstrap"]["value"] == pytest.approx(-1 / 30)
    assert pair["seeds"] is None
    assert "majority" in list_kinds(found)
    few = next(each for each in found["warnings"] if each["kind"] == "too_few_seeds")
    assert few["sentence"].startswith("Too few seeds: B has fewer than 3.")


def test_an_interval_over_seeds_ends_at_every_recording_right() -> None:
    part = add_test_part("Rig", TARGETS)
    wrong = [(), (), (0, 1, 2)]
    ids = [add_experiment(part, change(TARGETS, *each), group="g", seed=i) for i, each in enumerate(wrong)]
    found = compare(*ids, add_experiment(part, TARGETS))
    low, high = found["contestants"][0]["recording_level"]["seeds_interval"]
    assert (low, high) == (pytest.approx(29 / 30 - 4.303 * 0.1 / 3, abs=1e-3), 1.0)


def test_seeds_of_one_group_alone_are_compared_with_a_warning() -> None:
    part = add_test_part("Rig", TARGETS)
    ids = [add_experiment(part, change(TARGETS, seed), group="g", seed=seed) for seed in (0, 1)]
    found = compare(*ids)
    assert found["design"] == "seeds"
    assert [each["label"] for each in found["contestants"]] == ["Forest, seed 0", "Forest, seed 1"]
    assert "one_group" in list_kinds(found)


def test_recordings_are_matched_by_hash_and_not_by_name() -> None:
    one, copy = add_test_part("Rig", TARGETS), add_test_part("Copy", TARGETS, same_as="Rig")
    found = compare(add_experiment(one, TARGETS), add_experiment(copy, change(TARGETS, 0)))
    assert found["statistics"]["pairs"][0]["only_first"] == 1


def test_other_test_recordings_are_refused_by_name() -> None:
    one, other = add_test_part("Rig", TARGETS), add_test_part("Other", TARGETS[:16])
    sentence, code = refuse(add_experiment(one, TARGETS), add_experiment(other, TARGETS[:16], network="svm"))
    assert code == "conflict"
    assert "not tested on the same recordings" in sentence
    assert "was tested on Rig_000 (DE), Rig_001 (DE), Rig_002 (DE) and 27 more" in sentence
    assert "was tested on Other_000 (DE)" in sentence
    assert "share 0 test signals" in sentence


def test_another_label_of_the_same_recording_is_refused() -> None:
    one, other = add_test_part("Rig", TARGETS), add_test_part("Relabelled", change(TARGETS, 3), same_as="Rig")
    sentence, _ = refuse(add_experiment(one, TARGETS), add_experiment(other, TARGETS, network="svm"))
    assert "Labelled otherwise: Rig_003 (DE)." in sentence
    assert "share 30 test signals" in sentence


def test_one_missing_unfinished_trashed_and_untested_experiment_is_refused() -> None:
    part = add_test_part("Rig", TARGETS)
    good, bad = add_experiment(part, TARGETS), add_experiment(part, TARGETS, name="Bad")
    assert refuse(good) == ("Choose two experiments or more to compare.", "invalid_input")
    assert refuse(good, good)[1] == "invalid_input"
    assert refuse(*range(1, 60))[1] == "invalid_input"
    assert refuse(good, 999)[1] == "not_found"
    set_fields(bad, trashed_at=utc_now())
    assert "in the trash" in refuse(good, bad)[0]
    set_fields(bad, trashed_at=None, results={"test": None})
    assert "no test part" in refuse(good, bad)[0]
    set_fields(bad, results=None)
    with get_db_session() as session:
        session.execute(update(Job).values(state=JobState.FAILED))
        session.commit()
    assert refuse(good, bad)[1] == "not_trained"


def set_fields(experiment_id: int, **values: object) -> None:
    with get_db_session() as session:
        session.execute(update(Experiment).where(Experiment.id == experiment_id).values(**values))
        session.commit()


def test_a_recording_of_two_channels_is_one_recording() -> None:
    part = add_test_part("Rig", TARGETS[10:20], channels=("DE", "FE"))
    sure, unsure = [0.9, 0.1], [0.45, 0.55]
    told_apart = [[sure, unsure] if target == "healthy" else [sure[::-1]] * 2 for target in part.targets]
    found = compare(
        add_experiment(part, part.targets, probabilities=told_apart), add_experiment(part, part.targets)
    )
    assert found["test_sets"][0] | {"name": ""} == {
        "name": "",
        "dataset_id": part.dataset_id,
        "n_recordings": 10,
        "n_signals": 20,
        "classes": {"healthy": 5, "inner_race": 5},
    }
    assert found["contestants"][0]["recording_level"]["accuracy"] == 1.0


def test_the_same_settings_over_several_test_sets_are_compared_by_ranks() -> None:
    wrong = {"random_forest": range(1), "svm": range(3), "cnn_lstm": range(6)}
    ids = []
    for fold in range(4):
        part = add_test_part(f"Fold{fold}", TARGETS)
        for network, places in wrong.items():
            ids.append(add_experiment(part, change(TARGETS, *places), network=network, name=network))
    found = compare(*ids)
    assert found["design"] == "folds"
    assert [each["recording_level"]["n"] for each in found["contestants"]] == [120] * 3
    friedman = found["statistics"]["friedman"]
    assert friedman["mean_ranks"] == {"A": 1.0, "B": 2.0, "C": 3.0}
    assert friedman["p_value"] == pytest.approx(np.exp(-4))  # chi-square of 8 on 2
    assert [pair["differ"] for pair in friedman["pairs"]] == [False, True, False]
    assert {"dependent_folds", "too_few_test_sets", "multiple_testing"} <= list_kinds(found)
    two = compare(*[each for each in ids if each not in found["contestants"][2]["experiment_ids"]])
    assert two["statistics"]["wilcoxon"]["p_value"] == pytest.approx(2 / 2**4)
    assert "too_few_test_sets" in list_kinds(two)


def test_training_on_other_recordings_is_said() -> None:
    part = add_test_part("Rig", TARGETS)
    other = add_test_part("Copy", TARGETS, same_as="Rig")
    with get_db_session() as session:
        for split_id, count in ((part.split_id, 1), (other.split_id, 2)):
            extra = add_test_part(f"Extra{split_id}", TARGETS[:count])
            for signal_id in [ids[0] for ids in extra.signal_ids]:
                session.add(
                    SplitMember(
                        split_id=split_id, signal_id=signal_id, signal_sha256=f"t{signal_id}", part="train"
                    )
                )
        session.commit()
    found = compare(add_experiment(part, TARGETS), add_experiment(other, TARGETS, network="svm"))
    assert "other_training_data" in list_kinds(found)


def test_a_comparison_takes_the_same_few_statements_whatever_its_size(
    count_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    small, large = add_test_part("Small", TARGETS[14:16]), add_test_part("Large", TARGETS * 4)
    two = [add_experiment(small, small.targets, name=str(i)) for i in range(2)]
    ten = [add_experiment(large, large.targets, name=str(i)) for i in range(10)]
    counts = []
    for ids in (two, ten):
        with count_statements() as sent:
            compare(*ids)
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert counts[0] <= 9


@pytest.mark.usefixtures("each_database")
def test_candidates_on_the_same_test_part_come_first() -> None:
    part, other = add_test_part("Rig", TARGETS), add_test_part("Other", TARGETS)
    chosen = add_experiment(part, TARGETS, name="Chosen")
    same = add_experiment(part, TARGETS, name="Same")
    elsewhere = add_experiment(other, TARGETS, name="Elsewhere")
    found = ComparisonService.list_candidates([chosen])
    assert [(each["experiment_id"], each["chosen"], each["same_test"]) for each in found] == [
        (chosen, True, True),
        (same, False, True),
        (elsewhere, False, False),
    ]
    assert [each["name"] for each in ComparisonService.list_candidates([], "other else")] == ["Elsewhere"]
    assert len(ComparisonService.list_candidates()) == 3


def test_a_viewer_may_compare() -> None:
    part = add_test_part("Rig", TARGETS)
    ids = [add_experiment(part, TARGETS, name=str(i)) for i in range(2)]
    viewer = Actor(user_id=1, role=Role.VIEWER, name="v")
    assert ComparisonService.get_comparison_data(ids, actor=viewer)["success"]
    assert ComparisonService.validate_comparison_request(ids, actor=viewer) == (True, "")
