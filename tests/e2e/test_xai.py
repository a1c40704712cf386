"""What classifiers look at is explained on its page: two datasets, two different figures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import eventually, find_barriers, keep_screenshot, read_traces, settle
from tests.e2e.conftest import wait_until_done

pytestmark = pytest.mark.e2e

LONG_MS = 90_000
PHONE = {"width": 390, "height": 844}


def explain(page: Page, experiment: int, trust: str) -> dict[str, str]:
    """Have the first recording explained by occlusion; return what is drawn and said of it."""
    page.goto(f"/xai?experiment={experiment}&method=occlusion")
    settle(page)
    expect(page.locator("#xai-signal option").first).to_be_attached()
    expect(page.get_by_role("radio", name="Grad-CAM")).to_be_disabled()
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Trust", exact=True).select_option(trust)
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.locator("#xai-details")).to_contain_text("What this rests on", timeout=LONG_MS)
    expect(page).to_have_url(re.compile(r"explanation=\d+"))
    drawn = {plot: read_traces(page, f"xai-{plot}") for plot in ("waveform", "frequency", "bands")}
    return {**drawn, "gist": page.locator("#xai-result").inner_text()}


def test_two_datasets_are_explained_by_two_different_figures(page: Page, second_forest: int) -> None:
    first = explain(page, 1, "yes")
    expect(page.locator("#xai-waveform-trust")).to_contain_text("Deletion")
    expect(page.locator("#xai-details")).to_contain_text("Passes where")
    page.reload()
    eventually(lambda: page.locator("#xai-result").inner_text() == first["gist"], "the same answer again")
    assert read_traces(page, "xai-waveform") == first["waveform"]
    keep_screenshot(page, "xai-recording")
    wait_until_done(page, second_forest)
    other = explain(page, second_forest, "no")
    expect(page.locator("#xai-waveform-trust")).to_contain_text("was not checked")
    assert [name for name in first if first[name] == other[name]] == []
    assert find_barriers(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict of the right keys
    read_traces(page, "xai-waveform")
    eventually(
        lambda: page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "it fits a phone"
    )
    assert find_barriers(page) == []
    keep_screenshot(page, "xai-recording-phone")


def test_a_weaker_band_moves_the_probabilities(page: Page) -> None:
    page.goto("/xai?experiment=1")
    settle(page)
    expect(page.get_by_role("button", name="Try it")).to_be_enabled()
    page.get_by_label("Band", exact=True).select_option("A band of my own")
    expect(page.locator("#xai-what-low")).to_be_enabled()
    page.locator("#xai-what-low").fill("2500")
    page.locator("#xai-what-high").fill("4000")
    page.locator("#xai-what-gains").fill("-40, 0, 10")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#xai-what-table")).to_contain_text("2\u202f500 – 4\u202f000", timeout=LONG_MS)
    read_traces(page, "xai-what-plot")
    expect(page.locator("#xai-what-plot")).to_contain_text("healthy")
    keep_screenshot(page, "xai-what-if")


def test_an_error_leads_to_its_explanation(page: Page) -> None:
    page.goto("/evaluation?experiment=1&tab=errors")
    settle(page)
    page.locator("#evaluation-cell-list").get_by_role("link", name="Explain").first.click()
    page.wait_for_url(re.compile(r"/xai\?experiment=1&signal=\d+"))
    signal = re.search(r"signal=(\d+)", page.url)
    assert signal
    expect(page.locator("#xai-signal")).to_have_value(signal.group(1))
    page.goto("/experiment/1?tab=explain")
    settle(page)
    expect(page.locator("#experiment-explain")).to_contain_text("Grad-CAM")
    page.locator("#experiment-explain").get_by_text("Explain a recording").click()
    expect(page.locator("#xai-experiment")).to_have_value("1")
