"""Diagnoses on two datasets: other lines, other verdicts, other figures; the report of each, and feedback."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, read_traces
from tests.e2e.conftest import Furnished

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_MS = 60_000
FIGURE = "diagnose-view-figure"


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
    read_traces(page, FIGURE)
    expect(page.locator("#diagnose-similar")).to_contain_text("Similar past cases")
    number = re.search(r"diagnosis=(\d+)", page.url)
    assert number
    return int(number.group(1))


def open_report(page: Page, diagnosis_id: int) -> str:
    """Open the report and return the hash of its content."""
    page.goto(f"/reports/{diagnosis_id}")
    expect(page.locator("#report-body img").first).to_be_visible()
    expect(page.locator("#report-actions")).to_contain_text("PDF")
    digest = page.locator(".report-hash")
    expect(digest).to_have_text(re.compile(r"[0-9a-f]{64}"))
    return digest.inner_text()


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
    read_traces(page, "diagnose-timeline")
    first_figure = read_traces(page, FIGURE)
    assert find_barriers(page) == []
    keep_screenshot(page, "diagnose-1-inner")

    outer = diagnose(page, find_signal(page, "MFPT", "OuterRaceFault_vload_3"), classifier=False)
    expect(result.locator(".verdict-class")).to_contain_text("outer race")
    expect(result).to_contain_text("No classifier was asked")
    expect(page.locator("#diagnose-timeline-card")).to_be_hidden()
    assert read_traces(page, FIGURE) != first_figure
    keep_screenshot(page, "diagnose-2-outer")

    assert open_report(page, inner) != (outer_hash := open_report(page, outer))
    expect(page.locator("#report-body")).to_contain_text(get_answer(page, outer)["verdict"]["sentence"])
    keep_screenshot(page, "diagnose-3-report")
    address = f"/api/v1/diagnoses/{outer}/report"
    assert page.request.get(f"{address}?format=pdf").body().startswith(b"%PDF-")
    assert outer_hash.encode() in page.request.get(f"{address}?format=html").body()


def test_an_analyst_says_what_it_is_finds_it_in_the_list_and_deletes_it(
    page: Page, furnished: Furnished
) -> None:
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
    row = page.locator(f"#reports-table a[href='/reports/{number}']")
    expect(row).to_be_visible()
    keep_screenshot(page, "diagnose-4-list")
    page.goto(f"/diagnose?diagnosis={number}")
    page.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog", name="Delete this diagnosis?")
    expect(question).to_contain_text("1 opinion on it")
    keep_screenshot(page, "diagnose-6-delete")
    question.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile(r"/reports$"))
    expect(page.locator("#reports-table .ag-center-cols-container [role=row]").first).to_be_visible()
    expect(row).to_have_count(0)
    assert page.request.get(f"/api/v1/diagnoses/{number}").status == 404


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
