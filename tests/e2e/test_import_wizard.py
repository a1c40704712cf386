"""The import wizard in a browser: uploads that break off, files that are broken, rates that differ."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from playwright.sync_api import Page, expect

from tests.data import TestData
from tests.e2e.browser import EMAIL, PASSWORD, find_barriers, keep_screenshot, settle

pytestmark = pytest.mark.e2e

LONG_MS = 120_000
PATTERN = r"(?P<fault_class>IR|OR|B|Normal)(?P<severity>\d*).*?_(?P<load>\d)"


@pytest.fixture
def wizard(page: Page) -> Page:
    """Open the wizard without files of earlier tests."""
    page.goto("/data-generation")
    settle(page)
    waiting = page.get_by_role("button", name="Delete them")
    if waiting.is_visible():
        waiting.click()
        expect(waiting).not_to_be_visible()
    return page


def choose(page: Page, files: list[Path]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(path) for path in files])


def test_files_of_two_rates_become_one_dataset(wizard: Page, recordings: TestData) -> None:
    page = wizard
    choose(page, sorted(recordings.cwru.glob("*.mat")))
    expect(page.locator(".import-files tbody tr")).to_have_count(30, timeout=LONG_MS)
    problems = page.locator("#import-problems")
    expect(problems).to_contain_text("60 signals")
    expect(problems).to_contain_text("does not say its sample rate")
    expect(page.locator("#import-start")).to_be_disabled()

    page.get_by_label("Sample rate (Hz)", exact=True).first.fill("12000")
    page.get_by_label("Shaft speed (rpm) from").select_option("*RPM")
    page.get_by_label("Name pattern").fill(PATTERN)
    page.get_by_label("Words and the class").fill("IR = inner_race\nOR = outer_race\nB = ball")
    page.get_by_label("Carries the fault class").nth(1).uncheck()
    page.locator("#import-set-value").fill("48000")
    page.locator("#import-set-files").fill("Normal_*")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_label("Name of the dataset").fill("By the wizard")
    review = page.locator("#import-review")
    expect(review).to_contain_text("12\u202f000 Hz (54 signals), 48\u202f000 Hz (6 signals)")
    expect(review).to_contain_text("DE (30 signals), FE (30 signals)")
    expect(problems).to_contain_text("60 signals can be imported")
    assert find_barriers(page) == []
    keep_screenshot(page, "wizard-review")

    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**job=*")
    page.reload()
    area = page.locator("#import-job-area")
    expect(area).to_contain_text("30 recordings, 60 signals", timeout=LONG_MS)
    expect(area).to_contain_text("30 signals have no fault class")
    assert find_barriers(page) == []


def test_broken_files_are_told_where_the_person_stands(wizard: Page, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(size=5_000)
    scipy.io.savemat(tmp_path / "good.mat", {"acc": samples})
    shutil.copy(tmp_path / "good.mat", tmp_path / "copy.mat")
    scipy.io.savemat(tmp_path / "numbers.mat", {"a": 1.0})
    (tmp_path / "broken.mat").write_bytes((tmp_path / "good.mat").read_bytes()[:700])
    (tmp_path / "<b>bold</b>".replace("/", "_")).with_suffix(".csv").write_text("no;numbers\nat;all\n")
    page = wizard
    files = sorted(tmp_path.iterdir())
    table = tmp_path / "metadata.csv"
    table.write_text("file,channel\ngood.mat,DE\n")
    choose(page, [table])  # before its recordings: it waits for them
    expect(page.locator("#import-upload-status")).to_contain_text("use it below")
    choose(page, files)
    expect(page.locator(".import-files tbody tr")).to_have_count(5)
    expect(page.get_by_role("button", name="Use as metadata table")).to_be_visible()
    files = page.locator(".import-files")
    for words in ("holds no vector of numbers", "truncated", "has the same content", "<b>bold<_b>.csv"):
        expect(files).to_contain_text(words)

    page.get_by_label("Sample rate (Hz)", exact=True).first.fill("10000")
    page.get_by_label("Name of the dataset").fill("Broken ones")
    expect(page.locator("#import-problems")).to_contain_text("copy.mat and good.mat have the same content")
    start = page.locator("#import-start")
    expect(start).to_be_disabled()
    page.locator("tr", has_text="copy.mat").get_by_role("button").click()
    expect(start).to_be_enabled()
    page.get_by_label("Fault class from").select_option("filename")
    expect(page.locator("#import-problems")).to_contain_text("names no label")
    page.get_by_label("Name pattern").fill("(never closed")
    expect(page.locator("#import-mapping-problem")).to_contain_text("no regular expression")
    expect(start).to_be_disabled()
    assert find_barriers(page) == []


def test_a_cancelled_upload_is_tried_again(wizard: Page, recordings: TestData) -> None:
    page = wizard
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    network.send("Network.emulateNetworkConditions", slow)
    choose(page, sorted(recordings.cwru.glob("IR007*.mat")))
    expect(page.get_by_role("progressbar")).to_have_count(2)
    page.get_by_role("button", name="Cancel upload").click()
    again = page.get_by_role("button", name="Try these 3 files again")
    expect(again).to_be_visible()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    again.click()
    expect(page.locator(".import-files tbody tr")).to_have_count(3)
    expect(page.locator("#import-upload-status")).to_have_text("")


def test_an_upload_survives_the_end_of_the_session(wizard: Page, recordings: TestData) -> None:
    page = wizard
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    page.context.clear_cookies()  # the page's own polling may open the dialog at any time from here on
    chooser.value.set_files(recordings.cwru / "Normal_0.mat")
    dialog = page.locator("#session-dialog")
    dialog.get_by_label("E-mail address").fill(EMAIL)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(page.locator(".import-files tbody tr")).to_have_count(1)
    expect(page.locator(".import-files")).to_contain_text("X097_DE_time")
