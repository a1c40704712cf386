"""The engine, built on first use, and the one way to a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from utils.clock import monotonic_s
from utils.exceptions import ServiceUnavailableError
from utils.logger import log_db_query, setup_logger

logger = setup_logger(__name__)

_READ_ONLY = "pfd_read_only"
_BUSY_TIMEOUT_MS = 8000


def build_engine(url: str, *, pool_size: int = 5, max_overflow: int = 10) -> Engine:
    """Return an engine for ``url`` with this product's transaction rules.

    SQLite: WAL, full synchronisation, foreign keys, and ``BEGIN IMMEDIATE`` for every writing session,
    because a read that turns into a write inside a deferred transaction fails at once when another writer
    came between.
    """
    if not make_url(url).get_backend_name().startswith("sqlite"):
        return _watch(create_engine(url, pool_size=pool_size, max_overflow=max_overflow, pool_pre_ping=True))
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=max_overflow, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_sqlite_transaction)
    return _watch(engine)


def _prepare_sqlite_connection(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _watch(engine: Engine) -> Engine:
    """Log statements that take long."""

    def started(conn: Connection, *_args: Any) -> None:
        conn.info["pfd_started_s"] = monotonic_s()

    def finished(conn: Connection, _cursor: Any, statement: str, *_args: Any) -> None:
        log_db_query(logger, statement, (monotonic_s() - conn.info["pfd_started_s"]) * 1000)

    event.listen(engine, "before_cursor_execute", started)
    event.listen(engine, "after_cursor_execute", finished)
    return engine


@lru_cache(maxsize=1)
def _engine_of(_process_id: int) -> Engine:
    settings = get_settings()
    return build_engine(
        settings.effective_database_url,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
    )


def get_engine() -> Engine:
    """Return the engine of this process (a forked child gets its own)."""
    return _engine_of(os.getpid())


def dispose_engine() -> None:
    """Close every connection and forget the engine; the next use builds a new one."""
    if _engine_of.cache_info().currsize:
        get_engine().dispose()
    _engine_of.cache_clear()


@contextmanager
def get_db_session(*, read_only: bool = False) -> Iterator[Session]:
    """Yield a session; whatever was not committed is rolled back at the end.

    Parameters
    ----------
    read_only
        True for reads: the transaction takes no write lock.

    Raises
    ------
    ServiceUnavailableError
        The database can't be reached, or stayed locked longer than the busy time-out.
    """
    engine = get_engine()
    bind = engine.execution_options(**{_READ_ONLY: True}) if read_only else engine
    session = Session(bind=bind, expire_on_commit=False)
    try:
        yield session
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        logger.error("database not available", exc_info=True)
        raise ServiceUnavailableError(
            "The database can't be reached right now. Nothing was changed; try again in a moment."
        ) from error
    finally:
        session.close()
