"""What every test may ask for: own settings, a migrated database, a Redis, a PostgreSQL, recordings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect, make_url

from dashboard_config import REPOSITORY_ROOT, Settings, get_settings
from database.connection import build_engine, dispose_engine, get_engine
from database.migrate import migrate
from tests.data import TestData, find_test_data
from tests.scheduling import PieceScheduling
from tests.servers import (
    PostgresServer,
    Product,
    RedisServer,
    find_chromium,
    find_postgres_folder,
    find_redis_program,
)

Configure = Callable[..., Settings]

_numbers = count(1)

# Bit-equal trainings are promised for one thread, which is also what every process of the product takes.
# Set before torch is loaded, here and for every process that a test starts.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"


def pytest_report_header() -> list[str]:
    """Say which recordings and programs this run has."""
    data = find_test_data()
    recordings = (
        f"real, from {os.path.relpath(data.root, REPOSITORY_ROOT)}"
        if data.kind == "real"
        else "look-alikes of tests/data"
    )
    programs = {
        "Chromium": find_chromium(),
        "PostgreSQL": find_postgres_folder(),
        "Redis": find_redis_program(),
    }
    found = ", ".join(f"{name} {'found' if path else 'NOT FOUND'}" for name, path in programs.items())
    return [f"recordings: {recordings}", f"programs: {found}"]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> PieceScheduling:
    """Share the suite out by pieces that stay together."""
    return PieceScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> Iterator[None]:
    """Keep the developer's environment and .env away from every test and every process it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setenv("PFD_ENV_FILE", "")
        yield


@contextmanager
def use_settings(**values: object) -> Iterator[Settings]:
    """Set settings by their environment names while a fixture of a whole module lives."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, str(value))
        dispose_engine()
        get_settings.cache_clear()
        yield get_settings()
        dispose_engine()
    get_settings.cache_clear()


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Return a function that sets settings by their environment names, here and in child processes."""

    def apply(**values: object) -> Settings:
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))
        dispose_engine()
        get_settings.cache_clear()
        return get_settings()

    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    yield apply
    dispose_engine()
    get_settings.cache_clear()


@pytest.fixture
def settings(configure: Configure) -> Settings:
    """Return the default settings over an empty DATA_DIR."""
    return configure()


@pytest.fixture(scope="session")
def _migrated_sqlite() -> Iterator[Path]:
    """Migrate one SQLite file; tests take copies of it."""
    with tempfile.TemporaryDirectory(prefix="pfd-sqlite-") as folder:
        path = Path(folder) / "migrated.sqlite3"
        engine = build_engine(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        yield path


@pytest.fixture
def sqlite_database(configure: Configure, _migrated_sqlite: Path) -> Settings:
    """Return settings over a migrated, empty SQLite database."""
    settings = configure()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    shutil.copy(_migrated_sqlite, settings.data_dir / "lstm_pfd.sqlite3")
    return settings


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a PostgreSQL for this test run; a skip that says why where the programs are missing."""
    programs = find_postgres_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server program on this machine (apt install postgresql)")
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_server: PostgresServer) -> tuple[str, list[str]]:
    """Migrate one PostgreSQL database, which each test leaves empty; return its URL and its tables."""
    url = postgres_server.create_database("migrated")
    engine = build_engine(url)
    migrate(engine)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    return url, [name for name in tables if name != "alembic_version"]


@pytest.fixture
def postgres_database(
    configure: Configure, postgres_server: PostgresServer, _migrated_postgres: tuple[str, list[str]]
) -> Iterator[Settings]:
    """Return settings over a migrated, empty PostgreSQL database."""
    url, tables = _migrated_postgres
    # What a process remembers of a database it remembers by its address: each test has an address of its own.
    own = make_url(url).update_query_dict({"application_name": f"test-{next(_numbers)}"})
    yield configure(DATABASE_URL=own.render_as_string(hide_password=False))
    dispose_engine()
    postgres_server.empty_database("migrated", tables)


@pytest.fixture
def database(sqlite_database: Settings) -> Settings:
    """Return settings over a migrated, empty database of the default kind."""
    return sqlite_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_database(request: pytest.FixtureRequest) -> Settings:
    """Run the test on SQLite and on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Run a Redis of the test's own on a private socket."""
    with tempfile.TemporaryDirectory(prefix="pfd-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Return the whole product over an empty DATA_DIR, not started yet; it is stopped after the test."""
    subject = Product(tmp_path / "product")
    try:
        yield subject
    finally:
        subject.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real recordings; a skip that says why where there is none."""
    data = find_test_data()
    if data.kind != "real":
        pytest.skip("no real recordings: name their folder with PFD_TEST_DATA")
    return data.root


@pytest.fixture(scope="session")
def recordings() -> TestData:
    """Return the recordings of this run: real ones, else look-alikes in the same layout."""
    return find_test_data()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium; a skip that says why where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine (apt install chromium)")
    return path


@pytest.fixture
def count_statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """Return a context manager that collects the statements sent to the database inside it."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            sent.append(statement)

        engine = get_engine()
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
