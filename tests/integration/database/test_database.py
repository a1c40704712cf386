"""Sessions, types and migrations on both databases."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from dashboard_config import Settings
from database.connection import build_engine, dispose_engine, get_db_session, get_engine
from database.migrate import build_alembic_config, get_current_revision, get_head_revision, migrate
from models.machine import Machine
from models.registry import get_metadata
from models.user import User
from tests.factories.jobs import add_person
from utils.exceptions import ServiceUnavailableError


def count_machines() -> int:
    with get_db_session(read_only=True) as session:
        return len(session.scalars(select(Machine)).all())


@pytest.mark.usefixtures("each_database")
def test_the_migrations_make_exactly_the_schema_of_the_models() -> None:
    with get_engine().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), get_metadata()) == []


@pytest.mark.usefixtures("each_database")
def test_migrating_twice_changes_nothing() -> None:
    assert migrate() == get_head_revision() == get_current_revision()


@pytest.mark.usefixtures("each_database")
def test_a_step_back_and_forth_again_keeps_the_rows_of_the_older_schema() -> None:
    with get_db_session() as session:
        session.add(Machine(name="Pump 1", details={"iso_group": 2}))
        session.commit()
    engine = get_engine()
    config = build_alembic_config(engine)
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert get_current_revision() == "0001"
    migrate()
    with get_db_session(read_only=True) as session:
        machine = session.scalars(select(Machine)).one()
    assert (machine.name, machine.details) == ("Pump 1", None)


@pytest.mark.usefixtures("each_database")
def test_what_is_not_committed_is_gone() -> None:
    with get_db_session() as session:
        session.add(Machine(name="M"))
        session.flush()
    assert count_machines() == 0
    with pytest.raises(ZeroDivisionError), get_db_session() as session:
        session.add(Machine(name="M"))
        session.flush()
        raise ZeroDivisionError
    assert count_machines() == 0


@pytest.mark.usefixtures("each_database")
def test_moments_come_back_aware_and_equal_whatever_their_zone() -> None:
    then = datetime(2026, 3, 29, 3, 30, 15, 250_000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    ann = add_person()
    with get_db_session() as session:
        session.get_one(User, ann.user_id).password_changed_at = then
        session.commit()
    with get_db_session(read_only=True) as session:
        found = session.get_one(User, ann.user_id).password_changed_at
    assert found == then
    assert found.tzinfo is UTC


@pytest.mark.usefixtures("each_database")
def test_a_naive_moment_is_refused() -> None:
    ann = add_person()
    with pytest.raises(Exception, match="naive"), get_db_session() as session:
        session.get_one(User, ann.user_id).password_changed_at = datetime(2026, 1, 1)  # noqa: DTZ001
        session.commit()


@pytest.mark.usefixtures("each_database")
def test_twelve_writers_at_once_lose_no_update() -> None:
    with get_db_session() as session:
        session.add(Machine(name="0"))
        session.commit()

    def add_one() -> None:
        with get_db_session() as session:
            machine = session.scalars(select(Machine).with_for_update()).one()
            machine.name = str(int(machine.name) + 1)
            session.commit()

    threads = [threading.Thread(target=add_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with get_db_session(read_only=True) as session:
        assert session.scalars(select(Machine.name)).one() == "12"


def test_reads_go_on_while_somebody_writes(sqlite_database: Settings) -> None:
    with get_db_session() as writer:
        writer.add(Machine(name="M"))
        writer.flush()
        started = time.perf_counter()
        assert count_machines() == 0
        assert time.perf_counter() - started < 1.0


def test_a_database_that_stays_locked_is_unavailable_not_empty(
    sqlite_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.connection._BUSY_TIMEOUT_MS", 200)
    dispose_engine()
    path = sqlite_database.data_dir / "lstm_pfd.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServiceUnavailableError), get_db_session() as session:
            session.add(Machine(name="M"))
            session.flush()
    finally:
        holder.rollback()
        holder.close()
    assert count_machines() == 0


def test_a_database_that_is_away_is_unavailable(configure: Callable[..., Settings]) -> None:
    configure(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    with pytest.raises(ServiceUnavailableError), get_db_session() as session:
        session.execute(text("SELECT 1"))


def test_a_failed_migration_leaves_the_old_database_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = build_engine(settings.effective_database_url)

    def break_in_the_middle(config: object, revision: str) -> None:
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("broken step")

    with monkeypatch.context() as patch:
        patch.setattr("database.migrate.command.upgrade", break_in_the_middle)
        with pytest.raises(RuntimeError, match="broken step"):
            migrate(engine)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master")).all()
    assert tables == []
    assert migrate(engine) == get_head_revision()
    engine.dispose()


def test_a_foreign_key_is_kept_on_sqlite(sqlite_database: Settings) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"), get_db_session() as session:
        session.execute(text("INSERT INTO measurement_points (machine_id, name) VALUES (999, 'nowhere')"))
        session.commit()
