"""The recordings table of a large version: the same answers as SQL, few queries, each by an index."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from benchmarks.recordings_table import complete, fill, list_questions
from dashboard_config import Settings
from database.connection import get_db_session, get_engine
from models.dataset import ManifestRow
from models.recording import Signal
from services.dataset_service import DatasetService
from services.datasets.rows import find_version, load_rows
from services.datasets.table import locate_index, open_index
from utils.clock import utc_now

N_RECORDINGS, MANY = 2_000, 20_000


@contextmanager
def noted_queries() -> Iterator[list[tuple[str, Any]]]:
    """Note every statement that is sent meanwhile, with its parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)


@pytest.fixture
def fleet(database: Settings) -> int:
    """Return a dataset of two thousand recordings, without samples."""
    return make_fleet(N_RECORDINGS)


def make_fleet(n_recordings: int) -> int:
    dataset_id = fill(n_recordings)
    complete(dataset_id)
    return dataset_id


def pick_questions() -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield each sort and filter of the benchmark once: on the first, a middle or a late page."""
    asked = {(sort, json.dumps(filters)): filters for _kind, sort, filters, _depth in list_questions()}
    for number, ((sort, _), filters) in enumerate(asked.items()):
        yield sort, filters, (1, 3, 390)[number % 3]


def explain(statement: str, parameters: Any) -> list[str]:
    """Return SQLite's plan of a statement, a line per step."""
    with get_engine().connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in rows]


def test_pages_of_a_large_version_are_right_and_cost_few_indexed_queries(database: Settings) -> None:
    fleet = make_fleet(MANY)
    with get_db_session(read_only=True) as session:
        version = find_version(session, fleet)
        rows = load_rows(session, version.id)
        open_index(session, version)
    slowest_s, most = 0.0, 0
    plans: set[str] = set()
    for sort, filters, page in pick_questions():
        began_s = time.perf_counter()
        with noted_queries() as statements:
            found = DatasetService.list_signals(fleet, page=page, per_page=50, sort=sort, filters=filters)
        slowest_s = max(slowest_s, time.perf_counter() - began_s)
        selects = [(sql, values) for sql, values in statements if sql.startswith("SELECT")]
        most = max(most, len(selects))
        plans |= {step for sql, values in selects for step in explain(sql, values)}
        expected = [row["signal_id"] for row in plainly(rows, sort, filters)]
        assert found["total"] == len(expected), (sort, filters)
        place = slice(50 * (page - 1), 50 * page)
        assert [row["signal_id"] for row in found["items"]] == expected[place], (sort, filters)
    assert most <= 3
    assert not [step for step in plans if step.startswith("SCAN") and "manifest_rows" in step], plans
    assert not [step for step in plans if "TEMP B-TREE" in step], plans
    assert slowest_s < 1.0


def plainly(rows: list[dict[str, Any]], sort: str, filters: dict[str, Any]) -> list[dict[str, Any]]:
    """Filter and sort in plain Python; ``rows`` stand in the order of recording."""
    kept = [row for row in rows if fits(row, filters)]
    column, downwards = sort.removeprefix("-"), sort.startswith("-")
    present = sorted((row for row in kept if row[column] is not None), key=lambda row: row[column])
    return [*(reversed(present) if downwards else present), *(row for row in kept if row[column] is None)]


def fits(row: dict[str, Any], filters: dict[str, Any]) -> bool:
    for name, value in filters.items():
        if name == "q":
            words = (
                row[key] or "" for key in ("recording", "source_file", "fault_class", "machine", "bearing")
            )
            if not any(value.lower() in word.lower() for word in words):
                return False
        elif name == "flag":
            if value not in [flag["name"] for flag in row["quality"]]:
                return False
        elif name == "min_shaft_speed_rpm":
            if row["shaft_speed_rpm"] is None or row["shaft_speed_rpm"] < value:
                return False
        elif name == "max_shaft_speed_rpm":
            if row["shaft_speed_rpm"] is None or row["shaft_speed_rpm"] > value:
                return False
        elif row[name] != (None if value == "unlabelled" else value):
            return False
    return True


def test_the_card_of_a_large_version_reads_none_of_its_rows(fleet: int) -> None:
    with noted_queries() as statements:
        details = DatasetService.get_dataset_details(fleet)
        DatasetService.list_datasets()
    assert details is not None
    assert (details["n_recordings"], len(details["machines"])) == (N_RECORDINGS, 200)
    plans = {step for sql, values in statements if sql.startswith("SELECT") for step in explain(sql, values)}
    assert not [step for step in plans if "manifest_rows" in step], plans
    assert "SEARCH signals USING COVERING INDEX ix_signals_damaged (damaged_at>?)" in plans


def test_an_index_that_is_gone_or_broken_is_made_again(fleet: int) -> None:
    with get_db_session(read_only=True) as session:
        path = locate_index(find_version(session, fleet))
    first = DatasetService.list_signals(fleet, filters={"load": "2"})
    for break_it in (path.unlink, lambda: path.write_bytes(path.read_bytes()[:1_000])):
        break_it()
        assert DatasetService.list_signals(fleet, filters={"load": "2"}) == first
    assert path.stat().st_size > 1_000


def test_a_signal_found_damaged_later_is_found_by_its_flag_and_marks_the_dataset(fleet: int) -> None:
    assert DatasetService.list_signals(fleet, filters={"flag": "damaged"})["total"] == 0
    flag = {"name": "damaged", "severity": "error", "sentence": "Bits flipped."}
    with get_db_session() as session:
        session.execute(
            update(Signal).where(Signal.id.in_([7, 471])).values(damaged_at=utc_now(), quality=[flag])
        )
        session.commit()
    found = DatasetService.list_signals(fleet, filters={"flag": "damaged"})
    assert sorted(row["signal_id"] for row in found["items"]) == [7, 471]
    details = DatasetService.get_dataset_details(fleet)
    assert details is not None
    assert details["n_damaged"] == 2
    assert details["quality"][0] == {"name": "damaged", "severity": "error", "n_signals": 2}
    assert DatasetService.list_datasets()["items"][0]["damaged"]


def test_an_edit_of_a_large_version_touches_only_what_is_meant(fleet: int) -> None:
    done = DatasetService.edit_recordings(fleet, {"load": "9"}, "why", filters={"machine": "Pump 042"})
    assert done["success"], done["error"]
    assert DatasetService.list_signals(fleet, filters={"load": "9"})["total"] == done["n_signals"]
    with get_db_session(read_only=True) as session:
        edited = session.scalars(select(ManifestRow.signal_id).where(ManifestRow.edits.is_not(None))).all()
        n_rows = session.scalar(text("SELECT count(*) FROM manifest_rows"))
    assert (len(edited), n_rows) == (done["n_signals"], 2 * N_RECORDINGS)
