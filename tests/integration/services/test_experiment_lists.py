"""The experiments' table on both databases: the same answers as plain Python, whatever changes meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from statistics import fmean
from typing import Any

import pytest
from scipy import stats
from sqlalchemy import event, select, update

from database.connection import get_db_session, get_engine
from models.dataset import Dataset
from models.experiment import Experiment
from models.job import Job
from models.user import Role
from services.experiment_service import ExperimentService
from services.experiments.choosing import SORT_KEYS
from services.experiments.trash import purge_trash
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import count_rows, create, train
from tests.factories.jobs import add_person
from tests.factories.many_experiments import fill_experiments
from utils.clock import utc_now

MANY = 240


@pytest.fixture
def many(each_database: object) -> list[dict[str, Any]]:
    """Return what was written, as plain facts, by ascending id."""
    fill_experiments(MANY, n_datasets=3)
    return load_facts()


def load_facts() -> list[dict[str, Any]]:
    return ExperimentService.list_experiment_facts(sort="id")


def list_ids(**filters: Any) -> list[int]:
    sort = filters.pop("sort", "id")
    return [row["experiment_id"] for row in ExperimentService.list_experiment_facts(filters, sort=sort)]


def test_facts_are_those_of_the_rows(many: list[dict[str, Any]]) -> None:
    with get_db_session(read_only=True) as session:
        rows = session.execute(
            select(
                *(
                    Experiment.id,
                    Experiment.name,
                    Experiment.seed,
                    Experiment.options,
                    Experiment.train_cpu_s,
                ),
                *(
                    Experiment.test_recording_accuracy,
                    Experiment.created_at,
                    Experiment.baseline_of,
                    Job.state,
                ),
            )
            .join(Job, Job.id == Experiment.job_id)
            .order_by(Experiment.id)
        ).all()
    assert len(rows) == len(many) == MANY
    for row, facts in zip(rows, many, strict=True):
        known = (facts["experiment_id"], facts["name"], facts["seed"], facts["options"], facts["train_cpu_s"])
        more = (facts["test_recording_accuracy"], facts["baseline_of"], facts["status"])
        assert known + more == (*row[:6], *row[7:])
        assert facts["created_at"] == row[6].isoformat(timespec="milliseconds").replace("+00:00", "Z")


STATE_ORDER = ("failed", "dead", "running", "paused", "queued", "cancelled", "done")


def sort_plainly(facts: list[dict[str, Any]], sort: str, *, downwards: bool) -> list[int]:
    """Sort in plain Python: among equals the newest first, what has no value last."""

    def read(each: dict[str, Any]) -> Any:
        if sort.startswith("options."):
            return each["options"].get(sort.removeprefix("options."))
        value = each["experiment_id" if sort == "id" else sort]
        if sort == "status":
            return STATE_ORDER.index(value)
        return value.casefold() if isinstance(value, str) else value

    newest_first = facts[::-1]
    given = [each for each in newest_first if read(each) is not None]
    without = [each for each in newest_first if read(each) is None]
    ordered = sorted(given, key=read, reverse=downwards)
    return [each["experiment_id"] for each in [*ordered, *without]]


def test_every_column_sorts_like_plain_python(many: list[dict[str, Any]]) -> None:
    for sort in [*SORT_KEYS, "options.learning_rate", "options.band_loss"]:
        for sign in ("", "-"):
            expected = sort_plainly(many, sort, downwards=bool(sign))
            assert list_ids(sort=sign + sort) == expected, sign + sort
            page = ExperimentService.list_experiment_facts(sort=sign + sort, page=2, per_page=7)
            assert [each["experiment_id"] for each in page] == expected[7:14], sign + sort
    assert ExperimentService.list_experiment_facts(sort="colour") == []


def holds(facts: dict[str, Any], word: str) -> bool:
    keys = ("name", "network", "network_title", "dataset", "split")
    return any(word in facts[key].casefold() for key in keys)


FILTERS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"query": "PUMP trial"}, lambda e: holds(e, "pump")),
    ({"query": "press bearing"}, lambda e: holds(e, "press") and holds(e, "bearing")),
    ({"query": "forest"}, lambda e: holds(e, "forest")),
    ({"query": "no such words"}, lambda e: False),
    ({"query": "%"}, lambda e: False),
    ({"status": "failed"}, lambda e: e["status"] == "failed"),
    ({"status": "gone"}, lambda e: False),
    ({"network": "lstm"}, lambda e: e["network"] == "lstm"),
    ({"network": "unheard"}, lambda e: False),
    ({"dataset_id": 2}, lambda e: e["dataset_id"] == 2),
    ({"split_id": "3"}, lambda e: e["split_id"] == 3),
    ({"ids": [5, 9, 4711]}, lambda e: e["experiment_id"] in {5, 9}),
    ({"status": "done", "query": "load"}, lambda e: e["status"] == "done" and holds(e, "load")),
]


def test_filters_keep_what_plain_python_keeps(many: list[dict[str, Any]]) -> None:
    for filters, keep in FILTERS:
        expected = [each["experiment_id"] for each in many if keep(each)]
        assert list_ids(**filters) == expected, filters
        flat = ExperimentService.list_experiment_rows(filters, grouped=False, per_page=5)
        assert flat["total"] == flat["n_experiments"] == len(expected), filters
        listed = ExperimentService.list_experiments(filters=filters, sort="id", per_page=5)
        assert [each["experiment_id"] for each in listed["items"]] == expected[:5], filters


def test_a_group_has_the_mean_and_the_student_interval_of_its_seeds(many: list[dict[str, Any]]) -> None:
    rows = ExperimentService.list_experiment_rows(per_page=200)["items"]
    groups = defaultdict(list)
    for each in many:
        groups[each["baseline_of"] or each["group_key"]].append(each)
    assert {row["group_key"] for row in rows} == set(groups)
    with_interval = 0
    for row in rows:
        own = [each for each in groups[row["group_key"]] if each["baseline_of"] is None]
        beside = [each for each in groups[row["group_key"]] if each["baseline_of"]]
        accuracies = [each["test_recording_accuracy"] for each in own]
        given = [each for each in accuracies if each is not None]
        assert row["experiment_ids"] == [each["experiment_id"] for each in own]
        assert row["test_recording_accuracy"] == (pytest.approx(fmean(given)) if given else None)
        assert row["baseline_accuracy"] == beside[0]["test_recording_accuracy"]
        if len(given) >= 3:
            low, high = stats.t.interval(0.95, 2, fmean(given), stats.sem(given))
            assert row["test_recording_accuracy_interval"] == pytest.approx([max(low, 0), min(high, 1)])
            with_interval += 1
        else:
            assert row["test_recording_accuracy_interval"] is None
            assert "too few seeds" in row["note"]
    assert 0 < with_interval < len(rows)


def test_groups_sort_by_their_mean(many: list[dict[str, Any]]) -> None:
    for sort in ("test_recording_accuracy", "baseline_accuracy", "baseline_gain", "train_cpu_s"):
        rows = ExperimentService.list_experiment_rows(sort=f"-{sort}", per_page=200)["items"]
        values = [row[sort] for row in rows]
        given = [value for value in values if value is not None]
        assert len(given) > 20
        assert given == pytest.approx(sorted(given, reverse=True))
        assert values[len(given) :] == [None] * (len(values) - len(given))


def test_unfolded_groups_show_their_trainings_and_the_baseline_across_pages(
    many: list[dict[str, Any]],
) -> None:
    folded = ExperimentService.list_experiment_rows(per_page=200)["items"]
    opened = [folded[1]["group_key"], folded[3]["group_key"], "no such group"]
    whole = ExperimentService.list_experiment_rows(per_page=200, expanded=opened)
    assert whole["total"] == len(folded) + 8
    kinds = [(row["kind"], row["level"]) for row in whole["items"][:7]]
    child, beside = ("experiment", 1), ("baseline", 1)
    assert kinds == [("group", 0), ("group", 0), child, child, child, beside, ("group", 0)]
    assert [row["seed"] for row in whole["items"][2:5]] == [0, 1, 2]
    pages = [
        ExperimentService.list_experiment_rows(page=page, per_page=3, expanded=opened)["items"]
        for page in range(1, 7)
    ]
    ids = [row["row_id"] for page in pages for row in page]
    assert ids == [row["row_id"] for row in whole["items"][:18]]


def test_a_filter_chooses_groups_but_never_which_seeds_the_mean_is_over(many: list[dict[str, Any]]) -> None:
    everything = {row["row_id"]: row for row in ExperimentService.list_experiment_rows(per_page=200)["items"]}
    failed = ExperimentService.list_experiment_rows({"status": "failed"}, per_page=200)
    assert 0 < failed["n_groups"] < len(everything)
    for row in failed["items"]:
        assert row == everything[row["row_id"]]


def test_options_differ_only_where_a_network_that_has_them_differs(small: SmallDataset) -> None:
    create(small, options={"n_trees": 20})
    create(small, options={"n_trees": 30, "max_depth": 4})
    create(small, "cnn_lstm")
    assert ExperimentService.list_differing_options({"network": "random_forest"}) == ["n_trees", "max_depth"]
    assert "n_filters" not in ExperimentService.list_differing_options()
    assert ExperimentService.list_differing_options({"ids": [1]}) == []


# --- changes ---------------------------------------------------------------------------------------------


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


def test_the_list_follows_every_change_at_once(small: SmallDataset) -> None:
    assert list_ids() == []
    created = create(small, seeds=[0, 1], name="Mill")
    first, second = created["experiment_ids"]
    assert [row["status"] for row in load_facts()] == ["queued", "queued"]
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    assert [row["status"] for row in load_facts()] == ["done", "queued"]
    assert load_facts()[0]["test_recording_accuracy"] == 1.0
    assert load_facts()[0]["finished_at"] is not None
    ExperimentService.pause(second)
    assert list_ids(status="paused") == [second]
    ExperimentService.update_experiment(first, name="Crane")
    assert list_ids(query="crane") == [first]
    with get_db_session() as session:
        session.execute(update(Dataset).values(name="Renamed plant"))
        session.commit()
    assert list_ids(query="renamed") == [first, second]
    assert ExperimentService.delete_experiment(first)["success"]
    assert list_ids() == [second]
    ExperimentService.cancel(second)
    assert list_ids(status="cancelled") == [second]


def test_progress_of_running_seeds_is_in_the_row(small: SmallDataset) -> None:
    created = create(small, seeds=[0, 1])
    with get_db_session() as session:
        changed = {"state": "running", "progress": 0.5}
        session.execute(update(Job).where(Job.id == created["job_ids"][0]).values(**changed))
        session.commit()
    (row,) = ExperimentService.list_experiment_rows()["items"]
    assert (row["status"], row["states"], row["progress"]) == ("running", {"running": 1, "queued": 1}, 0.25)


def test_a_list_takes_the_same_few_statements_whatever_its_length(many: list[dict[str, Any]]) -> None:
    counts = []
    for ask in (
        lambda: ExperimentService.list_experiment_rows(per_page=3),
        lambda: ExperimentService.list_experiment_rows(per_page=40, sort="-test_recording_accuracy"),
        lambda: ExperimentService.list_experiment_rows({"query": "pump"}, grouped=False, per_page=40),
    ):
        statements: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any, seen: list[str] = statements) -> None:
            seen.append(statement)

        event.listen(get_engine(), "before_cursor_execute", note)
        ask()
        event.remove(get_engine(), "before_cursor_execute", note)
        counts.append(sum(each.startswith("SELECT") for each in statements))
    assert counts[0] == counts[1] == counts[2] <= 6


# --- trash -----------------------------------------------------------------------------------------------


def test_what_is_thrown_away_can_be_restored_as_it_was(small: SmallDataset) -> None:
    first, second = train(small), train(small, seeds=[1])
    before = load_facts()
    assert ExperimentService.trash_experiments([first])["n_moved"] == 1
    assert ExperimentService.trash_experiments([first])["n_moved"] == 0
    assert list_ids() == [second]
    assert list_ids(shelf="trash") == [first]
    assert ExperimentService.list_experiment_choices()["shelves"] == {"active": 1, "trash": 1}
    found = ExperimentService.get_experiment(first)
    assert found is not None
    assert found["trashed_at"] < found["kept_until"]
    assert ExperimentService.restore_experiments([first])["n_moved"] == 1
    assert load_facts() == before


def test_a_running_training_is_not_thrown_away_and_nothing_else_with_it(small: SmallDataset) -> None:
    done = train(small)
    waiting = create(small, name="Still waiting")["experiment_ids"][0]
    for action in (ExperimentService.trash_experiments, ExperimentService.delete_experiments):
        answer = action([done, waiting])
        assert answer["error_code"] == "job_state"
        assert "'Still waiting'" in answer["error"]
    assert ExperimentService.trash_experiments([done, 4711])["error_code"] == "not_found"
    assert ExperimentService.trash_experiments([])["error_code"] == "invalid_input"
    assert list_ids() == [done, waiting]


def test_the_trash_is_emptied_after_its_time(small: SmallDataset, each_database: Any) -> None:
    first, second = train(small), train(small, seeds=[1])
    ExperimentService.trash_experiments([first, second])
    assert purge_trash() == 0
    with get_db_session() as session:
        long_ago = utc_now() - timedelta(days=31)
        session.execute(update(Experiment).where(Experiment.id == first).values(trashed_at=long_ago))
        session.commit()
    assert purge_trash() == 1
    assert list_ids(shelf="trash") == [second]
    assert len(list(each_database.experiments_dir.glob("*"))) == 1
    removal = ExperimentService.describe_experiment_removal([second])
    assert (removal["n_experiments"], removal["n_diagnoses"], removal["kept_days"]) == (1, 0, 30)
    assert ExperimentService.delete_experiments([second])["n_deleted"] == 1
    assert count_rows()[0] == 0


def test_viewers_look_and_engineers_throw_away(small: SmallDataset) -> None:
    experiment_id, viewer = train(small), add_person(Role.VIEWER)
    assert ExperimentService.list_experiment_rows(actor=viewer)["total"] == 1
    for action in ("trash_experiments", "restore_experiments", "delete_experiments"):
        assert getattr(ExperimentService, action)([experiment_id], actor=viewer)["error_code"] == "forbidden"


def test_a_baseline_stands_alone_when_its_networks_are_gone(many: list[dict[str, Any]]) -> None:
    baseline = next(each for each in many if each["baseline_of"])
    networks = list_ids(group_key=baseline["baseline_of"])
    assert ExperimentService.trash_experiments(networks)["success"]
    rows = ExperimentService.list_experiment_rows({"ids": [baseline["experiment_id"]]})["items"]
    assert [(row["experiment_id"], row["level"]) for row in rows] == [(baseline["experiment_id"], 0)]
    thrown = ExperimentService.list_experiment_rows({"shelf": "trash"})["items"]
    assert [row["experiment_ids"] for row in thrown] == [networks]
    assert thrown[0]["baseline_ids"] == []
