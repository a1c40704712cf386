"""Commands that run and look after the product: run, migrate, doctor."""

from __future__ import annotations

import json
from functools import partial

import click
from sqlalchemy.exc import SQLAlchemyError

from dashboard_config import get_settings
from utils.logger import setup_logger

logger = setup_logger(__name__)

_DATABASE_SENTENCE = (
    "The database can't be opened or brought up to date ({reason}). Nothing was changed. Look at it with "
    "`python -m dashboard doctor`; a damaged file is never replaced by an empty one: put a copy back."
)


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Start everything and watch over it; Ctrl-C stops all of it."""
    from dashboard.startup import run_product  # loaded here: other commands need none of it

    say = partial(click.echo, err=True)
    try:
        ctx.exit(run_product(get_settings(), say=say, announce=click.echo))
    except SQLAlchemyError as error:
        raise _explain_database_error(error) from error


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def migrate(as_json: bool) -> None:
    """Bring the database to this version's schema."""
    from database.migrate import migrate as upgrade  # loaded here: it brings Alembic

    settings = get_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        revision = upgrade()
    except SQLAlchemyError as error:
        raise _explain_database_error(error) from error
    sentence = f"The database is at revision {revision}."
    click.echo(json.dumps({"revision": revision}) if as_json else sentence)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look at settings, storage, database, Redis and processes; say what is wrong."""
    from dashboard.doctor import examine, to_document  # loaded here: other commands need none of it

    checks = examine(get_settings())
    document = to_document(checks)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        for check in checks:
            click.echo(f"{check.health.upper():8} {check.name}: {check.sentence}")
    ctx.exit(0 if document["healthy"] else 1)


def _explain_database_error(error: SQLAlchemyError) -> click.ClickException:
    logger.error("database not usable", exc_info=True)
    return click.ClickException(_DATABASE_SENTENCE.format(reason=type(error).__name__))
