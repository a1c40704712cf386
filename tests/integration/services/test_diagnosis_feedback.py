"""What analysts say of diagnoses: kept, shown with similar cases, and taken up as labels by a new version."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select

from database.connection import get_db_session, get_engine
from models.dataset import ManifestRow
from models.diagnosis import Diagnosis
from models.job import Job
from models.recording import Signal
from models.user import Role
from services.dataset_service import DatasetService
from services.datasets.editing import parse_request
from services.experiment_service import ExperimentService
from services.shared.actors import Actor
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.jobs import add_person
from utils.exceptions import InvalidInputError


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def small_on_each(each_database: object) -> SmallDataset:
    return add_small_dataset()


def diagnose(signal_id: int) -> int:
    request = ExperimentService.request_diagnosis(signal_id=signal_id)
    assert request["success"], request["error"]
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "done"
    return int(request["diagnosis_id"])


def diagnose_inner(small: SmallDataset, load: int = 0) -> int:
    return diagnose(small.signal_ids["inner_race", load])


def list_labels(small: SmallDataset) -> dict[int, str]:
    found = DatasetService.list_signals(small.dataset_id, per_page=50)
    return {row["signal_id"]: row["fault_class"] for row in found["items"]}


def say(diagnosis_id: int, opinion: str, actor: Actor, **more: Any) -> dict[str, Any]:
    said = ExperimentService.give_feedback(diagnosis_id, opinion, actor=actor, **more)
    assert said["success"], said["error"]
    return dict(said["feedback"])


def test_the_newest_word_counts_and_older_ones_stay(small: SmallDataset) -> None:
    ann = add_person()
    number = diagnose_inner(small)
    say(number, "rejected", ann, note="no knocking heard")
    newest = say(number, "confirmed", ann, note="opened: pitted")
    found = ExperimentService.get_diagnosis(number)
    assert found is not None
    assert [word["opinion"] for word in found["feedback"]] == ["confirmed", "rejected"]
    assert found["feedback"][0] == newest
    assert newest["note"] == "opened: pitted"
    assert newest["created_by_id"] == ann.user_id
    listed = ExperimentService.list_diagnoses(filters={"opinion": "confirmed"})
    assert [item["opinion"] for item in listed["items"]] == ["confirmed"]
    assert ExperimentService.list_diagnoses(filters={"opinion": "rejected"})["total"] == 0


def test_similar_cases_come_nearest_first_with_what_was_confirmed(small_on_each: SmallDataset) -> None:
    small, ann = small_on_each, add_person()
    same, other, healthy = (
        diagnose(small.signal_ids[name, load])
        for name, load in (("inner_race", 3), ("inner_race", 1), ("healthy", 1))
    )
    say(other, "relabelled", ann, fault_class="ball")
    number = diagnose(small.signal_ids["inner_race", 3])
    cases = ExperimentService.list_similar_cases(number)
    assert [case["diagnosis_id"] for case in cases] == [same, other]
    assert healthy not in {case["diagnosis_id"] for case in cases}
    assert (cases[0]["distance"], cases[0]["same_samples"]) == (0.0, True)
    assert 0.0 < cases[1]["distance"] <= 0.25
    assert (cases[0]["confirmed_class"], cases[1]["confirmed_class"]) == (None, "ball")
    say(same, "confirmed", ann)
    assert ExperimentService.list_similar_cases(number)[0]["confirmed_class"] == "inner_race"
    kept = ExperimentService.get_diagnosis(number)
    assert kept is not None
    assert kept["answer"]["similar_cases"][0]["confirmed_class"] is None  # as it was when it was made


@pytest.mark.parametrize(
    ("opinion", "more", "words"),
    [
        ("splendid", {}, "one of confirmed, rejected, relabelled"),
        ("relabelled", {}, "Say which class"),
        ("confirmed", {"fault_class": "ball"}, "only given with another label"),
        ("rejected", {"note": "x" * 2001}, "2000 characters"),
    ],
)
def test_an_opinion_that_says_nothing_clear_is_refused(
    small: SmallDataset, opinion: str, more: dict[str, Any], words: str
) -> None:
    number = diagnose_inner(small)
    refused = ExperimentService.give_feedback(number, opinion, **more)
    assert refused["error_code"] == "invalid_input"
    assert words in refused["error"]


def test_only_what_was_named_can_be_confirmed_and_only_by_those_who_may(small: SmallDataset) -> None:
    refused_verdict = diagnose(small.signal_ids["healthy", 0])  # white noise
    assert "names no class" in ExperimentService.give_feedback(refused_verdict, "confirmed")["error"]
    assert ExperimentService.give_feedback(4711, "confirmed")["error_code"] == "not_found"
    viewer = add_person(Role.VIEWER, "eve@example.org")
    number = diagnose_inner(small)
    assert ExperimentService.give_feedback(number, "confirmed", actor=viewer)["error_code"] == "forbidden"
    waiting = ExperimentService.request_diagnosis(signal_id=small.signal_ids["inner_race", 0])
    asked = ExperimentService.give_feedback(waiting["diagnosis_id"], "confirmed")
    assert asked["error_code"] == "job_state"


def test_feedback_becomes_labels_by_a_new_version_that_says_who_and_why(small_on_each: SmallDataset) -> None:
    small, ann = small_on_each, add_person()
    relabelled, confirmed, rejected = (diagnose_inner(small, load) for load in (0, 1, 2))
    strange = diagnose(small.signal_ids["healthy", 0])
    say(relabelled, "relabelled", ann, fault_class="ball", note="seen under the microscope")
    say(confirmed, "confirmed", ann)
    say(rejected, "rejected", ann)
    say(strange, "relabelled", ann, fault_class="ball")
    plan = ExperimentService.preview_feedback(small.dataset_id)
    assert plan is not None
    assert (plan["version"], plan["n_changes"], len(plan["items"])) == (1, 2, 3)
    assert [each["diagnosis_id"] for each in plan["left_out"]] == [rejected]
    assert "rejected without a class" in plan["left_out"][0]["sentence"]

    applied = ExperimentService.apply_feedback(small.dataset_id, reason="Workshop", actor=ann)
    assert applied["success"], applied["error"]
    assert (applied["version"], applied["n_signals"], applied["job_ids"]) == (2, 2, [])
    assert applied["diagnosis_ids"] == sorted([relabelled, confirmed, strange])
    labels = list_labels(small)
    assert labels[small.signal_ids["inner_race", 0]] == labels[small.signal_ids["healthy", 0]] == "ball"
    assert (
        labels[small.signal_ids["inner_race", 1]] == labels[small.signal_ids["inner_race", 2]] == "inner_race"
    )
    details = DatasetService.get_dataset_details(small.dataset_id)
    assert details is not None
    newest = details["versions"][0]
    assert newest["changes"]["relabelled"] == 2
    for words in ("Workshop", f"diagnoses {strange}, {relabelled}", "seen under the microscope"):
        assert words in newest["reason"]
    found = ExperimentService.get_diagnosis(relabelled)
    assert found is not None
    assert found["feedback"][0]["dataset_version"] == {"dataset_id": small.dataset_id, "version": 2}
    again = ExperimentService.apply_feedback(small.dataset_id)
    assert again["error_code"] == "invalid_input"
    assert "no feedback that gives a label" in again["error"]


def test_several_classes_make_one_version_and_newer_feedback_on_a_signal_wins(
    small_on_each: SmallDataset,
) -> None:
    small, ann = small_on_each, add_person()
    older, newer, other = diagnose_inner(small, 0), diagnose_inner(small, 0), diagnose_inner(small, 1)
    say(older, "relabelled", ann, fault_class="cage")
    say(newer, "relabelled", ann, fault_class="ball")
    say(other, "relabelled", ann, fault_class="outer_race")
    applied = ExperimentService.apply_feedback(small.dataset_id, reason="Workshop", actor=ann)
    assert (applied["version"], applied["n_signals"]) == (2, 2)
    assert applied["diagnosis_ids"] == [newer, other]
    details = DatasetService.get_dataset_details(small.dataset_id)
    assert details is not None
    version = details["versions"][0]
    assert (version["number"], version["changes"]["relabelled"]) == (2, 2)
    assert version["reason"].startswith(f"Workshop. Feedback on diagnoses {other}, {newer}")
    labels = list_labels(small)
    signals = [small.signal_ids["inner_race", load] for load in (0, 1)]
    assert [labels[each] for each in signals] == ["ball", "outer_race"]
    plan = ExperimentService.preview_feedback(small.dataset_id)
    assert plan is not None
    assert [item["label_new"] for item in plan["items"]] == ["cage"]


def add_channel(signal_id: int, channel: str = "FE") -> int:
    """Measure the bearing of a signal with the same samples on another channel of its recording."""
    with get_db_session() as session:
        first = session.get_one(Signal, signal_id)
        told = {
            column.key: getattr(first, column.key)
            for column in Signal.__table__.columns
            if column.key not in ("id", "channel")
        }
        second = Signal(**told, channel=channel)
        session.add(second)
        session.flush()
        row = session.scalars(select(ManifestRow).where(ManifestRow.signal_id == signal_id)).one()
        session.add(
            ManifestRow(
                dataset_version_id=row.dataset_version_id,
                signal_id=second.id,
                fault_class=row.fault_class,
                physical_bearing=row.physical_bearing,
            )
        )
        session.commit()
        return second.id


def judge(signal_id: int) -> int:
    """Store a diagnosis that names the inner race; what is said of it matters here, not how it came about."""
    with get_db_session() as session:
        job = Job(kind="diagnose", queue="quick", title="Diagnosis", payload={}, state="done")
        session.add(job)
        session.flush()
        answer = {"verdict": {"status": "diagnosed", "fault_class": "inner_race"}}
        made = Diagnosis(job_id=job.id, signal_id=signal_id, source_name="s", request={}, answer=answer)
        session.add(made)
        session.commit()
        return made.id


def test_the_newest_word_wins_across_the_channels_of_one_bearing(small_on_each: SmallDataset) -> None:
    """X on one recording, then from new to old Y on a second one's DE and X on its FE."""
    small, ann = small_on_each, add_person()
    first, second = small.signal_ids["inner_race", 0], small.signal_ids["inner_race", 1]
    other_channel = add_channel(second)
    older, newer, newest = judge(other_channel), judge(second), judge(first)
    say(older, "relabelled", ann, fault_class="ball")
    say(newer, "relabelled", ann, fault_class="cage")
    say(newest, "relabelled", ann, fault_class="ball")
    applied = ExperimentService.apply_feedback(small.dataset_id, reason="Workshop", actor=ann)
    assert applied["success"], applied["error"]
    assert (applied["diagnosis_ids"], applied["n_signals"]) == ([newer, newest], 3)
    labels = list_labels(small)
    assert [labels[each] for each in (first, second, other_channel)] == ["ball", "cage", "cage"]
    (left,) = ExperimentService.preview_feedback(small.dataset_id)["items"]
    assert (left["diagnosis_id"], left["label_new"]) == (older, "ball")
    version = DatasetService.get_dataset_details(small.dataset_id)["versions"][0]
    assert version["labels"] == {"ball": 1, "cage": 2}
    assert version["origin"]["values"] == {}


def test_a_newer_confirmation_on_one_channel_holds_against_an_older_class_on_another(
    small: SmallDataset,
) -> None:
    ann = add_person()
    channel = small.signal_ids["inner_race", 1]
    other_channel = add_channel(channel)
    older, agreeing, newer = judge(other_channel), judge(other_channel), judge(channel)
    say(older, "relabelled", ann, fault_class="ball")
    say(agreeing, "confirmed", ann)
    say(newer, "confirmed", ann)
    for chosen in (None, [older, newer]):
        plan = ExperimentService.preview_feedback(small.dataset_id, chosen)
        assert plan is not None
        assert plan["n_changes"] == 0
        (left,) = plan["left_out"]
        assert left["diagnosis_id"] == older
    assert f"same bearing of the same recording counts: that on diagnosis {newer}" in left["sentence"]
    applied = ExperimentService.apply_feedback(small.dataset_id, actor=ann)
    assert applied["diagnosis_ids"] == [agreeing, newer]
    assert set(list_labels(small).values()) == {"healthy", "inner_race"}


def test_labels_for_signals_stand_alone() -> None:
    for more in ({"signal_ids": [1]}, {"filters": {"q": "IR"}}, {"changes": {"unit": "g"}}):
        with pytest.raises(InvalidInputError):
            parse_request(1, **{"changes": {}, "labels": [("ball", [1, 2])], **more})
    asked = parse_request(1, {}, labels=[("ball", [1, 2]), ("cage", [3])])
    payload = asked.as_payload()
    again = parse_request(**{name: payload[name] for name in payload})
    assert again == asked
    assert asked.signal_ids == (1, 2, 3)


def test_a_newer_rejection_stops_the_class_it_rejects_and_no_other(small: SmallDataset) -> None:
    ann = add_person()
    relabelled, confirmed, rejected = (diagnose_inner(small) for _ in range(3))
    say(relabelled, "relabelled", ann, fault_class="ball")
    say(confirmed, "confirmed", ann)
    say(rejected, "rejected", ann)
    plan = ExperimentService.preview_feedback(small.dataset_id)
    assert plan is not None
    assert [item["label_new"] for item in plan["items"]] == ["ball"]
    stopped = next(each for each in plan["left_out"] if each["diagnosis_id"] == confirmed)
    assert f"rejects this class: diagnosis {rejected}" in stopped["sentence"]


def test_only_the_chosen_diagnoses_are_taken_up(small: SmallDataset) -> None:
    ann = add_person()
    numbers = [diagnose_inner(small, load) for load in (0, 1)]
    for number in numbers:
        say(number, "relabelled", ann, fault_class="ball")
    applied = ExperimentService.apply_feedback(small.dataset_id, [numbers[1]])
    assert applied["diagnosis_ids"] == [numbers[1]]
    assert list_labels(small)[small.signal_ids["inner_race", 0]] == "inner_race"
    assert ExperimentService.preview_feedback(4711) is None
    assert ExperimentService.apply_feedback(4711)["error_code"] == "not_found"


def test_diagnoses_are_found_by_what_they_say(small_on_each: SmallDataset) -> None:
    small = small_on_each
    inner, strange = diagnose_inner(small), diagnose(small.signal_ids["healthy", 0])
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [strange, inner]),
        ({"status": "diagnosed"}, [inner]),
        ({"status": "refused"}, [strange]),
        ({"fault_class": "inner_race"}, [inner]),
        ({"query": "INNER de"}, [inner]),
        ({"query": "100%"}, []),
        ({"signal_id": small.signal_ids["healthy", 0]}, [strange]),
        ({"dataset_id": small.dataset_id}, [strange, inner]),
        ({"dataset_id": 4711}, []),
        ({"experiment_id": 4711}, []),
        ({"opinion": "none"}, [strange, inner]),
    ]
    for filters, expected in cases:
        found = ExperimentService.list_diagnoses(filters=filters)
        assert [item["diagnosis_id"] for item in found["items"]] == expected, filters
        assert found["total"] == len(expected)
    first = ExperimentService.list_diagnoses()["items"][1]
    assert (first["verdict"]["fault_class"], first["machine_kind"]) == ("inner_race", "rolling")


def test_lists_take_the_same_few_statements_however_long_they_are(small: SmallDataset) -> None:
    ann = add_person()
    statements: list[str] = []
    event.listen(get_engine(), "before_cursor_execute", lambda *told: statements.append(told[2]))
    counts = []
    for load in (0, 1):
        number = diagnose_inner(small, load)
        say(number, "confirmed", ann)
        statements.clear()
        assert ExperimentService.list_diagnoses()["total"] == load + 1
        assert ExperimentService.preview_feedback(small.dataset_id) is not None
        counts.append(len(statements))
    assert counts[0] == counts[1]
