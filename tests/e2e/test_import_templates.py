"""The second import of a layout takes one click; tables that do not tell their sides are asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle

pytestmark = pytest.mark.e2e

LONG_MS = 60_000


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


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(path) for path in files])
    expect(page.locator(".import-files tbody tr")).to_have_count(len(files), timeout=LONG_MS)


def write_log(path: Path, seed: int) -> Path:
    """Write what a logger does: two columns in volts, no rate."""
    table = np.random.default_rng(seed).standard_normal((3_000, 2))
    np.savetxt(path, table, delimiter=";", header="bearing;gearbox", comments="", fmt="%.6g")
    return path


def test_what_was_said_once_is_applied_by_one_click(wizard: Page, tmp_path: Path) -> None:
    page = wizard
    choose(page, write_log(tmp_path / "OR_1.csv", 1))
    page.get_by_label("Sample rate (Hz)", exact=True).first.fill("12800")
    page.get_by_label("Machine").first.fill("rig 3")
    page.get_by_label("Sensitivity").first.fill("100 mV/g")
    page.get_by_role("checkbox", name="Import", exact=True).nth(1).uncheck()
    page.get_by_label("Fault class from").select_option("filename")
    page.get_by_label("Words and the class").fill("OR = outer_race")
    expect(page.locator("#import-problems")).to_contain_text("1 signal can be imported")
    page.get_by_label("Keep what you said as a template").fill("Logger of rig 3")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#import-template-note")).to_contain_text("Kept as")
    page.get_by_role("button", name="Remove all").click()

    choose(page, write_log(tmp_path / "OR_2.csv", 2))
    expect(page.locator("#import-template-offers")).to_contain_text(
        "the layout of the template Logger of rig 3"
    )
    assert find_barriers(page) == []
    page.get_by_role("button", name="Use the template").click()
    problems = page.locator("#import-problems")
    expect(problems).to_contain_text("1 signal can be imported")
    expect(page.get_by_label("Machine").first).to_have_value("rig 3")
    expect(page.get_by_label("Sensitivity").first).to_have_value("100 mV/g")
    expect(page.get_by_role("checkbox", name="Import", exact=True).nth(1)).not_to_be_checked()
    keep_screenshot(page, "wizard-template")

    page.locator("#import-template-area summary").click()
    listed = page.locator(".template-row")
    expect(listed).to_have_count(1)
    listed.get_by_label("Name of the template").fill("Logger, renamed")
    listed.get_by_role("button", name="Rename").click()
    expect(page.locator("#import-template-offers")).to_contain_text("Logger, renamed")
    assert find_barriers(page) == []
    page.get_by_label("Name of the dataset").fill("By a template")
    page.get_by_role("button", name="Import", exact=True).click()
    area = page.locator("#import-job-area")
    expect(area).to_contain_text("1 recording, 1 signal", timeout=LONG_MS)


def test_a_table_that_does_not_tell_its_sides_is_asked_about(wizard: Page, tmp_path: Path) -> None:
    page = wizard
    np.save(tmp_path / "runs.npy", np.random.default_rng(3).standard_normal((90, 300)))
    choose(page, tmp_path / "runs.npy")
    files = page.locator(".import-files")
    expect(files).to_contain_text("does not tell which of its sides is time")
    page.get_by_label("Tables of numbers hold").select_option("recordings_in_rows")
    expect(files).to_contain_text("300 samples")
    page.get_by_label("Sample rate (Hz)", exact=True).first.fill("5000")
    expect(page.locator("#import-problems")).to_contain_text("90 signals can be imported")
    page.get_by_role("button", name="Remove all").click()
