"""Finished experiments are judged on the evaluation page: two datasets, two different pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle
from tests.e2e.conftest import wait_until_done

pytestmark = pytest.mark.e2e

LONG_MS = 60_000
PHONE = {"width": 390, "height": 844}


def test_every_tab_of_two_experiments_says_something_else(page: Page, second_forest: int) -> None:
    wait_until_done(page, second_forest)
    said: dict[int, dict[str, str]] = {}
    for experiment in (1, second_forest):
        page.goto(f"/evaluation?experiment={experiment}")
        settle(page)
        said[experiment] = {"stamp": page.locator("#evaluation-stamp").inner_text()}
        for tab, area in (
            ("ROC & PR", "#evaluation-areas"),
            ("Errors", "#evaluation-cell-list"),
            ("Slices", "#evaluation-slices"),
            ("Calibration", "#evaluation-calibration"),
            ("Conformal sets", "#evaluation-conformal"),
        ):
            page.get_by_role("tab", name=tab).click()
            settle(page)
            expect(page.locator(area)).not_to_be_empty()
            said[experiment][tab] = page.locator(area).inner_text()
    assert [key for key in said[1] if said[1][key] == said[second_forest][key]] == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict of the right keys
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_barriers(page) == []
    keep_screenshot(page, "evaluation-conformal-phone")


def test_an_error_leads_to_its_recording_in_the_viewer(page: Page, second_forest: int) -> None:
    wait_until_done(page, second_forest)
    page.goto(f"/evaluation?experiment={second_forest}&tab=errors&level=window_level")
    settle(page)
    cell = page.locator("#evaluation-errors .matrix-button").first
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#evaluation-cell-list")).to_contain_text("of the label's")
    expect(page).to_have_url(re.compile(r"cell=\d-\d"))
    keep_screenshot(page, "evaluation-errors")
    page.locator("#evaluation-cell-list tbody a").first.click()
    page.wait_for_url(re.compile(r"/signals/2/\d+"))


def test_a_sweep_runs_as_a_job_and_its_address_reopens_it(page: Page) -> None:
    page.goto("/evaluation?experiment=1&tab=robustness")
    settle(page)
    for kind in ("Pink noise", "Mains hum", "Impulses", "Dropouts"):
        page.get_by_label(kind).uncheck()
    page.locator("#evaluation-noise-levels").fill("10, 0")
    page.locator("#evaluation-gain-levels").fill("12")
    page.locator("#evaluation-most-recordings").fill("4")
    page.get_by_role("button", name="Run the sweep").click()
    table = page.locator("#evaluation-sweep-table")
    expect(table).to_contain_text("white noise", timeout=LONG_MS)
    expect(table).to_contain_text("Gain of 12")
    expect(page.locator("#evaluation-noise-plot .main-svg").first).to_be_visible()
    page.get_by_label("Quantity").select_option("Macro F1")
    expect(page).to_have_url(re.compile("quantity=macro_f1"))
    page.reload()
    settle(page)
    expect(page.locator("#evaluation-noise-plot")).to_contain_text("Macro F1")
    keep_screenshot(page, "evaluation-robustness")
