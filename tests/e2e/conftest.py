"""One Chromium for all browser tests, and a product with real data for those that only look."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from dashboard_config import REPOSITORY_ROOT
from tests.data import TestData
from tests.e2e.browser import CHROMIUM_ARGUMENTS, EMAIL, PASSWORD, keep_screenshot, open_page, sign_in
from tests.servers import Product


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
        for value in item.funcargs.values():
            if isinstance(value, Page):
                name = "failed-" + "".join(char if char.isalnum() else "-" for char in item.name)
                keep_screenshot(value, name)
                report.sections.append(("Browser", f"at {value.url}, see screenshots/{name}.png"))
    return report


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Run one headless Chromium for the whole run."""
    expect.set_options(timeout=20_000)
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


def run_command(data_dir: Path, *words: object) -> str:
    """Run a command of the product over ``data_dir``."""
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", *map(str, words)],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, recordings: TestData) -> Iterator[Furnished]:
    """Start the product once over real data; tests that use it change nothing that another one reads."""
    folder = tmp_path_factory.mktemp("furnished")
    product = Product(folder / "data")
    product.start()
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        with ThreadPoolExecutor(1) as beside:
            admin = ("create-admin", "--email", EMAIL, "--password-file", password)
            made = beside.submit(run_command, product.data_dir, *admin)
            for name, source in (("CWRU", recordings.cwru), ("MFPT", recordings.mfpt)):
                table = source / "metadata.csv"
                run_command(product.data_dir, "import", source, "--name", name, "--metadata", table)
            made.result()
        split = ("split", "CWRU", "--by", "load", "--test", "2", "--accept-amber", "one rig only")
        run_command(product.data_dir, *split)
        chosen = ("--dataset", "CWRU", "--split", "1", "--channel", "DE", "--network", "random_forest")
        known = ("--bearing", "6205-2RS", "--speed-rpm", "1797", "--sample-rate", "12000", "--channel", "DE")
        with ThreadPoolExecutor(1) as beside:
            diagnose = ("diagnose", recordings.cwru / "IR007_0.mat", *known)
            diagnosed = beside.submit(run_command, product.data_dir, *diagnose)
            run_command(product.data_dir, "train", *chosen)
            diagnosed.result()
        yield Furnished(product)
    finally:
        product.stop()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, furnished: Furnished) -> StorageState:
    """Sign in once; what the browser then holds serves every page."""
    with open_page(browser, furnished.product.url) as page:
        sign_in(page)
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, furnished: Furnished, signed_in: StorageState) -> Iterator[Page]:
    """Return a page, signed in to the furnished product."""
    with open_page(browser, furnished.product.url, storage_state=signed_in) as page:
        yield page
