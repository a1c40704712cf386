"""Alembic environment: the caller gives the connection and, for autogenerate, the metadata."""

from __future__ import annotations

from alembic import context

config = context.config
metadata = config.attributes.get("metadata")
connection = config.attributes.get("connection")


def _run(connection_in_use) -> None:  # type: ignore[no-untyped-def]  # Alembic hands over what it was given
    context.configure(
        connection=connection_in_use,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=connection_in_use.dialect.name == "sqlite",
        compare_type=True,
    )
    context.run_migrations()


if connection is not None:
    _run(connection)
else:
    with config.attributes["engine"].connect() as own, own.begin():
        _run(own)
