"""Comparing trainings in the browser, with real trainings behind it."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.browser import find_barriers, keep_screenshot, open_page, settle
from tests.e2e.conftest import Furnished

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_S = 180
# Sends a request of the signed-in person and returns the answer's JSON.
SEND = """async ([path, body]) => {
  const headers = {"Content-Type": "application/json", ...window.pfdSession.csrfHeaders()};
  const options = body ? {method: "POST", headers, body: JSON.stringify(body)} : {};
  return await (await fetch("/api/v1" + path, options)).json();
}"""
ARE_DONE = """async (ids) => {
  const states = await Promise.all(ids.map(async (id) =>
    (await (await fetch("/api/v1/experiments/" + id)).json()).status));
  return states.every((state) => state === "done");
}"""


@pytest.fixture(scope="module")
def trained(
    browser: Browser, furnished: Furnished, signed_in: StorageState
) -> Iterator[dict[str, list[int]]]:
    """Train a good and a poor forest on each of two splits by load; they go to the trash afterwards."""
    with open_page(browser, furnished.product.url, storage_state=signed_in) as page:
        page.goto("/compare")
        split = {"name": "test load 1", "by": "load", "test_values": ["1"], "accept_amber": "one rig"}
        made = page.evaluate(SEND, ["/datasets/1/splits", split])
        ids: dict[str, list[int]] = {}
        for name, split_id in (("first", 1), ("second", made["split_id"])):
            good = {"name": f"Good {name}", "options": {"n_trees": 8, "window_s": 0.2}, "seeds": [0, 1, 2]}
            poor = {
                "name": f"Poor {name}",
                "options": {"n_trees": 1, "window_s": 0.1, "analysis_rate_hz": 300},
                "seeds": [0],
            }
            ids[name] = [number for each in (good, poor) for number in train(page, split_id, each)]
        every = [number for numbers in ids.values() for number in numbers]
        wait_until_done(page, every)
        yield ids
        assert page.evaluate(SEND, ["/experiments/trash", {"ids": every}])["n_moved"] == len(every)


def wait_until_done(page: Page, ids: list[int]) -> None:
    deadline_s = time.monotonic() + LONG_S
    while not page.evaluate(ARE_DONE, ids):
        assert time.monotonic() < deadline_s, "the trainings do not end"
        page.wait_for_timeout(500)


def train(page: Page, split_id: int, config: dict[str, Any]) -> list[int]:
    shared = {"network": "random_forest", "split_id": split_id, "channel": "DE"}
    created: list[int] = page.evaluate(SEND, ["/experiments", {**shared, **config}])["experiment_ids"]
    return created


def address(ids: list[int], tab: str = "overview") -> str:
    return f"/compare?ids={','.join(map(str, ids))}&tab={tab}"


def test_somebody_chooses_reads_and_takes_a_comparison_away(
    page: Page, trained: dict[str, list[int]], tmp_path: Any
) -> None:
    page.goto("/compare")
    settle(page)
    expect(page.get_by_text("Choose two experiments or more", exact=True)).to_be_visible()
    keep_screenshot(page, "compare-empty")
    page.get_by_label("Find experiments").fill("first")
    choice = page.locator("#compare-ids")
    expect(choice).not_to_contain_text("second")  # what is clicked before the answer comes is forgotten
    choice.get_by_text("Poor first").click()
    expect(page.locator("#compare-chosen")).to_have_text("1 chosen")
    choice.get_by_text("Good first").first.click()
    expect(page.locator("#compare-state")).to_contain_text("2 trainings on 10 test recordings: CWRU v1")
    page.get_by_role("button", name="Add all seeds of these").click()
    expect(page.locator("#compare-overview")).to_contain_text("over 3 seeds")
    expect(page.locator("#compare-warnings")).to_contain_text("Amber split")
    expect(page.locator("#compare-warnings")).to_contain_text("Too few seeds")
    settle(page)
    keep_screenshot(page, "compare-overview")
    assert find_barriers(page) == []

    page.get_by_role("tab", name="Statistics").click()
    expect(page.locator("#compare-reading")).to_contain_text("On the same 10 test recordings")
    expect(page.locator("#compare-gaps .main-svg").first).to_be_visible()
    keep_screenshot(page, "compare-statistics")
    page.get_by_role("tab", name="Configuration").click()
    expect(page.locator("#compare-settings")).to_contain_text("Number of trees")
    assert sorted(read_ids(page)) == sorted(trained["first"])

    page.reload()  # the address holds it all
    expect(page.get_by_role("tab", name="Configuration")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#compare-settings")).to_contain_text("Number of trees")
    check_downloads(page, tmp_path)

    page.get_by_role("tab", name="Recordings").click()
    expect(page.locator("#compare-recordings")).to_contain_text("Of 10 test recordings")
    page.locator("#compare-recordings a").first.click()
    page.wait_for_url(re.compile(r"/signals/1/\d+"))


def read_ids(page: Page) -> list[int]:
    found = re.search(r"ids=([\d,]+)", page.url.replace("%2C", ","))
    assert found is not None
    return [int(number) for number in found[1].split(",")]


def check_downloads(page: Page, folder: Any) -> None:
    paths = {}
    for label in ("PDF", "CSV", "LaTeX"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download {label}").click()
        paths[label] = folder / download.value.suggested_filename
        download.value.save_as(paths[label])
    assert paths["PDF"].read_bytes().startswith(b"%PDF-")
    assert paths["LaTeX"].suffix == ".tex"
    with paths["CSV"].open(newline="") as lines:
        quantities = {row["quantity"] for row in csv.DictReader(lines)}
    assert {"recording_level accuracy", "p_corrected", "options.n_trees"} <= quantities


def test_two_pairs_make_two_pages_and_both_together_another(
    page: Page, trained: dict[str, list[int]]
) -> None:
    shown = []
    for name in ("first", "second"):
        page.goto(address(trained[name], "statistics"))
        expect(page.locator("#compare-reading")).to_contain_text("On the same 10 test recordings")
        shown.append(
            page.locator("#compare-content").inner_text() + page.locator("#compare-state").inner_text()
        )
    assert shown[0] != shown[1]
    assert "Good second" in shown[1]

    page.goto(address([*trained["first"], *trained["second"]], "statistics"))
    expect(page.locator("#compare-reading")).to_contain_text("Over 2 test sets")
    expect(page.locator("#compare-warnings")).to_contain_text(
        "Folds of one dataset share training recordings"
    )

    page.goto(address([trained["first"][0], trained["second"][-1]]))
    refusal = page.get_by_role("alert").filter(has_text="were not tested on the same recordings")
    expect(refusal).to_contain_text("share 0 test signals")
    expect(page.locator("#compare-content")).to_be_hidden()
    expect(page.get_by_role("link", name="Download PDF")).to_have_count(0)
    keep_screenshot(page, "compare-refused")
