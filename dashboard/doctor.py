"""`python -m dashboard doctor`: looks at everything the product rests on and says what is wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from dashboard_config import Settings
from database.migrate import get_current_revision, get_head_revision
from database.redis_client import is_redis_alive
from database.redis_server import find_redis_server, needs_own_server
from services.jobs.workers import DISPATCHER, list_alive
from utils.exceptions import MissingDependencyError, ServiceUnavailableError


class Health(StrEnum):
    """Verdict of one check."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, the verdict, and a sentence."""

    name: str
    health: Health
    sentence: str


def examine(settings: Settings) -> list[Check]:
    """Look at everything; nothing is changed."""
    database = _check_database(settings)
    checks = [_check_data_dir(settings), _check_disk(settings), database, _check_redis(settings)]
    if database.health is Health.OK:
        checks.append(_check_processes(settings))
    return checks


def to_document(checks: list[Check]) -> dict[str, Any]:
    """Return the checks in their JSON form."""
    healthy = all(check.health is not Health.ERROR for check in checks)
    return {"healthy": healthy, "checks": [asdict(check) for check in checks]}


def _check_data_dir(settings: Settings) -> Check:
    folder = settings.data_dir
    if not folder.is_dir():
        return Check("data folder", Health.WARNING, f"{folder} does not exist yet; the first start makes it.")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Check(
            "data folder", Health.ERROR, f"{folder} can't be written; give it to the product's user."
        )
    if folder.stat().st_mode & 0o077:
        return Check("data folder", Health.WARNING, f"Others can read {folder}; chmod 700 it.")
    return Check("data folder", Health.OK, f"{folder} is writable and private.")


def _check_disk(settings: Settings) -> Check:
    folder = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    sentence = (
        f"{free / 1024**3:.1f} GiB are free; {settings.storage_reserve_bytes / 1024**3:.2f} are kept back."
    )
    enough = free > settings.storage_reserve_bytes
    return Check("disk", Health.OK if enough else Health.ERROR, sentence)


def _check_database(settings: Settings) -> Check:
    head = get_head_revision()
    is_file = settings.effective_database_url.startswith("sqlite:///")
    if is_file and not os.path.exists(settings.effective_database_url.removeprefix("sqlite:///")):  # noqa: PTH110 -- a URL's path
        return Check("database", Health.WARNING, "There is no database yet: python -m dashboard migrate")
    try:
        revision = get_current_revision()
    except SQLAlchemyError as error:
        return Check("database", Health.ERROR, f"The database can't be used ({type(error).__name__}).")
    if revision != head:
        return Check(
            "database",
            Health.ERROR,
            f"The database is at revision {revision}, the code at {head}: python -m dashboard migrate",
        )
    return Check("database", Health.OK, f"The database answers and is at revision {head}.")


def _check_redis(settings: Settings) -> Check:
    if not settings.redis_enabled:
        return Check("redis", Health.WARNING, "REDIS_ENABLED=false: no cache, and jobs wait.")
    if is_redis_alive():
        return Check("redis", Health.OK, "Redis answers.")
    if not needs_own_server(settings):
        return Check("redis", Health.ERROR, "The Redis of REDIS_URL does not answer.")
    try:
        program = find_redis_server()
    except MissingDependencyError as error:
        return Check("redis", Health.ERROR, error.sentence)
    return Check("redis", Health.WARNING, f"Redis is not running; a start runs {program}.")


def _check_processes(settings: Settings) -> Check:
    try:
        alive = {name for names, _status in list_alive() for name in names.split(",")}
    except ServiceUnavailableError as error:
        return Check("processes", Health.ERROR, error.sentence)
    wanted = {DISPATCHER, "train", "quick"} if settings.redis_enabled else {DISPATCHER}
    if missing := sorted(wanted - alive):
        return Check("processes", Health.WARNING, f"Not running: {', '.join(missing)}. Start with: make run")
    return Check("processes", Health.OK, f"Running: {', '.join(sorted(wanted))}.")
