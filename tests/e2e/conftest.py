"""One Chromium for all browser tests, and a product with real data for those that only look."""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Error, Page, StorageState, expect, sync_playwright
from sqlalchemy import delete

from dashboard.children import build_web_spec
from dashboard.cli import cli
from dashboard_config import REPOSITORY_ROOT, Settings, get_settings
from database.connection import dispose_engine, get_db_session
from database.migrate import migrate
from models.user import LoginAttempt, SetupToken, User
from tests.data import TestData
from tests.e2e.browser import (
    CHROMIUM_ARGUMENTS,
    EMAIL,
    PASSWORD,
    keep_screenshot,
    open_context,
    open_page,
    open_tab,
    sign_in,
)
from tests.servers import Product
from utils.processes import start_process, stop_process

_START_S = 90.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a browser test that failed once more: a loaded machine may break a gesture, a fault stays."""
    for item in items:
        if item.nodeid.startswith("tests/e2e/"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the person saw when a browser test failed."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        pages = [value for value in item.funcargs.values() if isinstance(value, Page)]
        report.sections.extend(("Browser", keep_failure(page, item.name)) for page in pages)
    return report


def keep_failure(page: Page, test: str) -> str:
    """Keep a screenshot if that is possible; say what there is."""
    name = "failed-" + "".join(char if char.isalnum() else "-" for char in test)
    try:
        keep_screenshot(page, name, always=True)
    except Error as error:  # the machine is too slow or the page is gone: the failure itself is told anyway
        return f"at {page.url}, no screenshot: {error.message.splitlines()[0]}"
    return f"at {page.url}, see screenshots/{name}.png"


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Run one headless Chromium for the whole run."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Furnished:
    """A running product with two datasets, a split, a trained forest and a diagnosis."""

    product: Product

    def run(self, *words: object) -> str:
        """Run a command beside it and return what it prints."""
        return run_command(self.product.data_dir, *words)


@dataclass(frozen=True)
class Web:
    """A running web server without anything behind it."""

    address: str
    data_dir: Path


@contextmanager
def settings_of(data_dir: Path) -> Iterator[None]:
    """Let this process work on a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(data_dir))
        dispose_engine()
        get_settings.cache_clear()
        yield
        dispose_engine()
    get_settings.cache_clear()


def run_command(data_dir: Path, *words: object) -> str:
    """Run a command of the product over ``data_dir``, in this process: it has long loaded what that needs."""
    root = logging.getLogger("lstm_pfd")
    before = (list(root.handlers), root.level, root.propagate)
    with settings_of(data_dir):
        done = CliRunner().invoke(cli, [str(word) for word in words])
    root.handlers[:], root.level, root.propagate = before
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, recordings: TestData) -> Iterator[Furnished]:
    """Start the product once over real data; tests that use it change nothing that another one reads."""
    folder = tmp_path_factory.mktemp("furnished")
    product = Product(folder / "data", RUN_MODE="minimal")
    product.start()
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        run_command(product.data_dir, "create-admin", "--email", EMAIL, "--password-file", password)
        for name, source in (("CWRU", recordings.cwru), ("MFPT", recordings.mfpt)):
            table = source / "metadata.csv"
            run_command(product.data_dir, "import", source, "--name", name, "--metadata", table)
        split = ("split", "CWRU", "--by", "load", "--test", "2", "--accept-amber", "one rig only")
        run_command(product.data_dir, *split)
        chosen = ("--dataset", "CWRU", "--split", "1", "--channel", "DE", "--network", "random_forest")
        run_command(product.data_dir, "train", *chosen)
        known = ("--bearing", "6205-2RS", "--speed-rpm", "1797", "--sample-rate", "12000", "--channel", "DE")
        run_command(product.data_dir, "diagnose", recordings.cwru / "IR007_0.mat", *known)
        yield Furnished(product)
    finally:
        product.stop()


@pytest.fixture(scope="session")
def second_forest(furnished: Furnished) -> int:
    """Start to train a forest on the other dataset, of so few trees that it errs; return its number."""
    split = ("split", "MFPT", "--by", "recording", "--test-fraction", "0.4", "--name", "some recordings")
    furnished.run(*split, "--accept-amber", "one rig only")
    chosen = ("--dataset", "MFPT", "--split", "some recordings", "--network", "random_forest")
    told = furnished.run("train", *chosen, "--option", "n_trees=10", "--name", "On the other rig", "--detach")
    number = re.search(r"experiment (\d+)", told)
    assert number, told
    return int(number.group(1))


def wait_until_done(page: Page, experiment: int) -> None:
    """Open a training's page and wait there for its end."""
    page.goto(f"/experiment/{experiment}")
    expect(page.locator("#experiment-status")).to_contain_text("done", timeout=60_000)


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Start the web server alone over an empty database, for tests of accounts."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("accounts"))
    with settings_of(settings.data_dir):
        migrate()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        spec = build_web_spec(settings, listener.fileno())
        process = start_process(
            spec.command,
            cwd=REPOSITORY_ROOT,
            env={**os.environ, **spec.env, "DATA_DIR": str(settings.data_dir)},
            output=subprocess.DEVNULL,
            pass_fds=spec.pass_fds,
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with suppress(HTTPError):  # any answer says that it has started
                urlopen(f"{address}/health", timeout=_START_S).close()  # noqa: S310 -- our own loopback address
            yield Web(address, settings.data_dir)
        finally:
            stop_process(process, 10)


@pytest.fixture(scope="session")
def visitors(browser: Browser, web: Web) -> Iterator[BrowserContext]:
    """Open one profile for all tests of accounts."""
    with open_context(browser, web.address) as context:
        yield context


@pytest.fixture
def address(web: Web) -> Iterator[str]:
    """Return the address of the web server, over a database without any account; this process works on it."""
    with settings_of(web.data_dir):
        yield web.address
        with get_db_session() as session:
            for table in (LoginAttempt, SetupToken, User):  # what else an account has goes with it
                session.execute(delete(table))
            session.commit()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, furnished: Furnished) -> StorageState:
    """Sign in once; what the browser then holds serves every page."""
    with open_page(browser, furnished.product.url) as page:
        sign_in(page)
        return page.context.storage_state()


@pytest.fixture(scope="session")
def profile(browser: Browser, furnished: Furnished) -> Iterator[BrowserContext]:
    """Open one profile for all tests of the furnished product: its scripts are loaded once."""
    with open_context(browser, furnished.product.url) as context:
        yield context


@pytest.fixture
def page(profile: BrowserContext, furnished: Furnished, signed_in: StorageState) -> Iterator[Page]:
    """Return a page, signed in to the furnished product."""
    profile.clear_cookies()
    profile.add_cookies(signed_in["cookies"])
    with open_tab(profile, furnished.product.url) as page:
        yield page
