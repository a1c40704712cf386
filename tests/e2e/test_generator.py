"""A synthetic dataset made in a browser: preview, saved configuration, job, card, a record in the viewer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle

pytestmark = pytest.mark.e2e

LONG_MS = 120_000


def open_tab(page: Page) -> None:
    page.goto("/data-generation?tab=generate")
    settle(page)
    expect(page.get_by_label("Sample rate of each").first).to_have_value("20480")


def test_a_small_dataset_is_made_shown_and_looked_at(page: Page) -> None:
    open_tab(page)
    for name in ("clearance", "wear", "oil whirl"):
        page.get_by_label(name, exact=True).first.uncheck()
    page.get_by_label("Recordings of each class").first.fill("4")
    page.get_by_label("Length of each").first.fill("1")
    page.get_by_label("Class", exact=True).select_option("misalignment")
    facts = page.locator("#generator-facts")
    expect(facts).to_contain_text("misalignment")
    expect(page.locator("#generator-estimate")).to_contain_text("32 recordings")
    expect(page.locator("#generator-spectrum .scatterlayer path.js-line")).to_have_count(1)
    assert find_barriers(page) == []
    keep_screenshot(page, "generator-journal")

    page.get_by_label("Name of the new dataset").fill("Made in the browser")
    page.get_by_role("button", name="Generate", exact=True).click()
    page.wait_for_url(re.compile("generation=\\d+"))
    page.reload()
    area = page.locator("#generator-job-area")
    expect(area).to_contain_text("32 recordings", timeout=LONG_MS)
    area.get_by_text("Open the dataset", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Made in the browser")
    card = page.locator("#dataset-card")
    expect(card).to_contain_text("no evidence about a real machine")
    expect(card).to_contain_text("Journal-bearing generator, benchmark profile")
    settle(page)
    assert find_barriers(page) == []
    keep_screenshot(page, "generator-card")

    page.get_by_role("tab", name="Recordings").click()
    page.get_by_role("link", name="cavitation-00000").click()
    page.wait_for_url("**/signals/**")
    settle(page)
    expect(page.get_by_text("Oil temperature")).to_be_attached()
    keep_screenshot(page, "generator-viewer")


def test_a_configuration_is_saved_loaded_and_deleted(page: Page) -> None:
    open_tab(page)
    page.get_by_label("Rolling bearing").check()
    page.get_by_label("Jitter of the impacts").fill("2.5")
    page.get_by_label("Save this one as").fill("Loose cage")
    page.get_by_role("button", name="Save", exact=True).click()
    chosen = page.get_by_label("Saved configuration")
    expect(chosen).to_contain_text("Loose cage")
    open_tab(page)
    expect(page.get_by_label("Jitter of the impacts")).not_to_be_visible()
    chosen.select_option(label="Loose cage")
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_label("Jitter of the impacts")).to_have_value("2.5")
    expect(page.locator("#generator-estimate")).to_contain_text("Rolling-bearing simulator")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert find_barriers(page) == []
    keep_screenshot(page, "generator-rolling-390")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(chosen).not_to_contain_text("Loose cage")


def test_what_can_t_be_made_says_why_beside_the_preview(page: Page) -> None:
    open_tab(page)
    page.get_by_label("Shaft speed, from").first.fill("5000")
    expect(page.locator("#generator-problem")).to_contain_text(
        "shaft_speed_rpm must be [from, to]", ignore_case=True
    )
    expect(page.get_by_role("button", name="Generate", exact=True)).to_be_disabled()
    page.get_by_label("Shaft speed, from").first.fill("3240")
    expect(page.get_by_role("button", name="Generate", exact=True)).to_be_enabled()
