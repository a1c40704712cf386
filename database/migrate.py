"""Bring the database to this version's schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, text

from database.connection import get_engine

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_POSTGRES_LOCK = 5_150_115  # an arbitrary number that only this product's migrations take


def build_alembic_config(engine: Engine, metadata: MetaData | None = None) -> Config:
    """Return the Alembic configuration; the environment script takes what it needs from ``attributes``."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes.update(engine=engine, metadata=metadata)
    return config


def migrate(engine: Engine | None = None) -> str:
    """Upgrade to the newest schema inside one transaction and return its revision.

    A second process that migrates at the same time waits; a failure leaves the old schema whole.
    """
    engine = engine or get_engine()
    config = build_alembic_config(engine)
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return get_head_revision()


def get_head_revision() -> str:
    """Return the newest revision that this version of the code knows."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None, "the migrations folder holds no revision"  # noqa: S101 -- a packaging fault
    return head


def get_current_revision(engine: Engine | None = None) -> str | None:
    """Return the revision that the database is at, or None for an empty one."""
    with (engine or get_engine()).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
