"""Diagnoses on two datasets: other lines, other verdicts, other figures; the report of each, and feedback."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle
from tests.e2e.conftest import Furnished

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_MS = 60_000
_READ_FIGURE = "() => JSON.stringify(document.querySelector('#diagnose-view-figure .js-plotly-plot').data)"


def find_signal(page: Page, dataset: str, recording: str) -> int:
    datasets = page.request.get("/api/v1/datasets").json()["items"]
    number = next(each["dataset_id"] for each in datasets if each["name"] == dataset)
    found = page.request.get(f"/api/v1/datasets/{number}/recordings?q={recording}").json()["items"]
    signals = next(each["signals"] for each in found if each["recording"] == recording)
    return int(signals[0]["signal_id"])


def diagnose(page: Page, signal_id: int, *, classifier: bool) -> int:
    page.goto(f"/diagnose?signal={signal_id}")
    expect(page.locator("#diagnose-signal")).to_have_value(str(signal_id))
    chosen = page.locator("#diagnose-classifier")
    expect(chosen).not_to_have_value("none")  # the trained forest is offered first
    if not classifier:
        chosen.select_option("none")
        expect(page.locator("#diagnose-classifier-note")).to_contain_text("without any training")
    start = page.locator("#diagnose-start")
    expect(start).to_be_enabled()
    start.click()
    expect(page.locator("#diagnose-result")).to_contain_text("The lines say", timeout=LONG_MS)
    expect(page.locator("#diagnose-actions")).to_contain_text("Report")
    expect(page).to_have_url(re.compile(r"diagnosis=\d+"))
    expect(page.locator("#diagnose-view-figure .main-svg").first).to_be_visible()
    expect(page.locator("#diagnose-similar")).to_contain_text("Similar past cases")
    number = re.search(r"diagnosis=(\d+)", page.url)
    assert number
    return int(number.group(1))


def open_report(page: Page, diagnosis_id: int) -> str:
    """Open the report and return the hash of its content."""
    page.goto(f"/reports/{diagnosis_id}")
    expect(page.locator("#report-body img").first).to_be_visible()
    expect(page.locator("#report-actions")).to_contain_text("PDF")
    settle(page)
    return page.locator(".report-hash").inner_text()


def get_answer(page: Page, diagnosis_id: int) -> dict[str, Any]:
    answer: dict[str, Any] = page.request.get(f"/api/v1/diagnoses/{diagnosis_id}").json()["answer"]
    return answer


def test_two_datasets_give_two_diagnoses_each_with_its_own_lines_and_report(
    page: Page, furnished: Furnished
) -> None:
    inner = diagnose(page, find_signal(page, "CWRU", "IR007_0"), classifier=True)
    result = page.locator("#diagnose-result")
    expect(result.locator(".verdict-class")).to_contain_text("inner race")
    expect(result).to_contain_text("BPFI 1")
    expect(page.locator("#diagnose-timeline .main-svg").first).to_be_visible()
    first_figure = page.evaluate(_READ_FIGURE)
    assert find_barriers(page) == []
    keep_screenshot(page, "diagnose-1-inner")

    outer = diagnose(page, find_signal(page, "MFPT", "OuterRaceFault_vload_3"), classifier=False)
    expect(result.locator(".verdict-class")).to_contain_text("outer race")
    expect(result).to_contain_text("No classifier was asked")
    expect(page.locator("#diagnose-timeline-card")).to_be_hidden()
    assert page.evaluate(_READ_FIGURE) != first_figure
    keep_screenshot(page, "diagnose-2-outer")

    assert open_report(page, inner) != (outer_hash := open_report(page, outer))
    expect(page.locator("#report-body")).to_contain_text(get_answer(page, outer)["verdict"]["sentence"])
    assert find_barriers(page) == []
    keep_screenshot(page, "diagnose-3-report")
    address = f"/api/v1/diagnoses/{outer}/report"
    files = [page.request.get(f"{address}?format={kind}").body() for kind in ("pdf", "pdf", "html")]
    assert files[0] == files[1]
    assert files[0].startswith(b"%PDF-")
    assert outer_hash.encode() in files[2]


def test_an_analyst_says_what_it_is_and_finds_it_in_the_list(page: Page, furnished: Furnished) -> None:
    number = diagnose(page, find_signal(page, "MFPT", "baseline_1"), classifier=False)
    page.get_by_label("Relabel: it is another class").check()
    save = page.get_by_role("button", name="Save feedback")
    expect(save).to_be_disabled()
    page.get_by_label("Its class").select_option("cage")
    page.get_by_label("Note").fill("seen when it was opened")
    expect(save).to_be_enabled()
    save.click()
    expect(page.locator("#diagnose-said")).to_contain_text("seen when it was opened")
    expect(page.locator("#diagnose-pending")).to_contain_text("changes 1 label")
    page.goto("/reports?opinion=relabelled")
    expect(page.locator("#reports-count")).to_contain_text("1 diagnosis")
    row = page.locator(f"#reports-table a[href='/reports/{number}']")
    expect(row).to_be_visible()
    assert find_barriers(page) == []
    keep_screenshot(page, "diagnose-4-list")


def test_the_viewer_shows_lines_and_classifier_side_by_side(page: Page, furnished: Furnished) -> None:
    place = page.request.get("/api/v1/datasets/1/recordings?q=OR007@6_2").json()["items"][0]
    page.goto(f"/signals/{place['dataset_id']}/{place['recording_id']}")
    card = page.locator(".viewer-diagnosis")
    expect(card).to_contain_text("has not been diagnosed yet")
    start = page.locator("#viewer-diagnosis-start")
    expect(start).to_be_enabled()
    start.click()
    expect(card).to_contain_text("The lines say", timeout=LONG_MS)
    expect(card).to_contain_text("The classifier says")
    expect(card.get_by_role("link", name="Report")).to_be_visible()
    keep_screenshot(page, "diagnose-5-viewer")
