"""Features in the browser: extracted, rated, chosen, kept, explored; two datasets look different."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, open_page, settle
from tests.e2e.conftest import Furnished, StorageState

pytestmark = pytest.mark.e2e

LONG_MS = 60_000
TABS = ("distributions", "projection", "spectra", "correlation")


def extract(page: Page, dataset: int, channel: str | None = None) -> None:
    """Extract all features of a dataset as a person does."""
    page.goto(f"/feature-engineering?dataset={dataset}")
    settle(page)
    if channel:
        page.get_by_label("Channel").select_option(channel)
    page.get_by_role("button", name="Extract features").click()
    expect(page.locator("#features-summary")).to_contain_text("What the features mean", timeout=LONG_MS)
    settle(page)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    settle(page)


@pytest.fixture(scope="module")
def explored(browser: Browser, furnished: Furnished, signed_in: StorageState) -> None:
    """Extract the features of both datasets once."""
    with open_page(browser, furnished.product.url, storage_state=signed_in) as page:
        extract(page, 1, "DE")
        extract(page, 2)


def test_features_are_rated_chosen_and_kept(page: Page, explored: None, tmp_path: Path) -> None:
    page.goto("/feature-engineering?dataset=1")
    settle(page)
    expect(page.locator("#features-summary")).to_contain_text("98", timeout=LONG_MS)
    keep_screenshot(page, "features-extract")
    open_tab(page, "Importance")
    page.locator("#features-method").select_option("random_forest")
    page.get_by_role("button", name="Rate the features").click()
    expect(page.locator("#features-importance-plot .bars .point").last).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#features-importance-note")).to_contain_text("training part", timeout=LONG_MS)
    settle(page)
    # The plot was drawn into a hidden tab; it takes the width that it has once it is shown.
    page.wait_for_function(
        "() => { const frame = document.querySelector('#features-importance-plot');"
        " return frame.querySelector('.main-svg').clientWidth > 0.9 * frame.clientWidth; }"
    )
    keep_screenshot(page, "features-importance")
    open_tab(page, "Selection")
    page.locator("#features-number").fill("5")
    page.get_by_role("button", name="Choose features").click()
    expect(page.locator("#features-selection tbody tr")).to_have_count(5, timeout=LONG_MS)
    page.get_by_label("Keep them as").fill("Best five")
    page.get_by_role("button", name="Save the selection").click()
    keep_screenshot(page, "features-selection")
    open_tab(page, "Saved sets")
    row = page.get_by_role("row").filter(has_text="Best five")
    expect(row).to_contain_text("5 features", timeout=LONG_MS)
    keep_screenshot(page, "features-sets")
    with page.expect_download() as download:
        row.get_by_role("link", name="CSV").click()
    path = tmp_path / "five.csv"
    download.value.save_as(path)
    lines = path.read_text().splitlines()
    assert len(lines[0].split(",")) == 5 + 5
    assert len(lines) > 100
    row.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Best five")
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def read_plots(page: Page) -> str:
    """Return what the open tab's plot draws."""
    return str(
        page.evaluate(
            "JSON.stringify([...document.querySelectorAll('.js-plotly-plot')].filter(p => p.offsetParent)"
            ".map(p => p.data))"
        )
    )


@pytest.mark.parametrize("tab", TABS)
def test_the_explorer_draws_each_dataset_as_it_is(page: Page, explored: None, tab: str) -> None:
    drawn = []
    for dataset, theme in ((1, "light"), (2, "dark")):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # light or dark
        page.goto(f"/data-explorer?dataset={dataset}&tab={tab}")
        settle(page)
        expect(page.locator(".js-plotly-plot:visible .main-svg").first).to_be_visible(timeout=LONG_MS)
        drawn.append(read_plots(page))
        keep_screenshot(page, f"explorer-{tab}-{theme}")
        assert find_barriers(page) == []
    assert drawn[0] != drawn[1]


def test_a_point_of_a_projection_leads_to_its_recording(page: Page, explored: None) -> None:
    page.goto("/data-explorer?dataset=1&tab=projection&method=tsne")
    settle(page)
    expect(page.locator("#explorer-projection-note")).to_contain_text("perplexity", timeout=LONG_MS)
    box = page.locator("#explorer-projection-plot .points path").nth(20).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("link", name="open the recording").click()
    page.wait_for_url(re.compile(r"/signals/1/\d+\?signal=\d+"))


def test_a_phone_shows_both_pages(page: Page, explored: None) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/feature-engineering?dataset=1", "/data-explorer?dataset=1&tab=projection"):
        page.goto(address)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert find_barriers(page) == []
        keep_screenshot(page, f"{address.strip('/').partition('?')[0]}-phone")
