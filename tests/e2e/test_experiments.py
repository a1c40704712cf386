"""The experiments' list and the wizard in the browser, over trainings that really ran."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from database.migrate import migrate
from services.authentication_service import AuthenticationService
from services.experiment_service import ExperimentService
from tests.e2e.browser import EMAIL, PASSWORD, find_barriers, keep_screenshot, open_page, settle, sign_in
from tests.e2e.conftest import settings_of
from tests.factories.datasets import add_small_dataset
from tests.factories.experiments import create
from tests.servers import Product

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_MS = 90_000
FOREST = {"n_trees": 5, "window_s": 0.1}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start the product over two datasets, trained with several seeds, one network, and a failure."""
    data_dir = tmp_path_factory.mktemp("experiments") / "data"
    with settings_of(data_dir):
        fill()
    product = Product(data_dir, RUN_MODE="minimal")
    product.start()
    try:
        yield product
    finally:
        product.stop()


def fill() -> None:
    migrate()
    assert AuthenticationService.create_user(EMAIL, PASSWORD, "admin")["success"]
    pump, mill = add_small_dataset("Pump"), add_small_dataset("Mill", ("healthy", "outer_race"))
    for small, trees in ((pump, 5), (mill, 3)):
        run(create(small, seeds=[0, 1, 2], options={**FOREST, "n_trees": trees}))
    network = create(pump, "lstm", options={"epochs": 1, "window_s": 0.2, "hidden_size": 8}, baseline=True)
    run(network)
    run(network["baseline"])  # type: ignore[arg-type]  # the baseline's ids have the same shape
    ExperimentService.cancel(create(mill, name="Given up")["experiment_ids"][0])


def run(created: dict[str, list[int]]) -> None:
    for job_id in created["job_ids"]:
        assert ExperimentService.run_training_job(job_id, "w") == "done"


@pytest.fixture(scope="module")
def somebody(browser: Browser, product: Product) -> Iterator[Page]:
    """Return a page, signed in."""
    with open_page(browser, product.url) as page:
        sign_in(page)
        yield page


@pytest.fixture
def page(somebody: Page) -> Page:
    somebody.set_viewport_size({"width": 1440, "height": 900})
    return somebody


def find_row(page: Page, words: str) -> Locator:
    return page.locator(".ag-pinned-left-cols-container .ag-row").filter(has_text=words)


def select(page: Page, words: str) -> None:
    find_row(page, words).first.get_by_role("checkbox").check()


def test_groups_unfold_compare_and_go_to_the_trash_and_back(page: Page, tmp_path: Path) -> None:
    page.goto("/experiments")
    settle(page)
    expect(page.locator("#experiments-count")).to_have_text("4 groups, 9 trainings")
    expect(page.locator("#experiments-table")).to_contain_text("all 3 seeds alike")
    find_row(page, "LSTM on Pump").get_by_role("button", name="Unfold").click()
    expect(find_row(page, "LSTM on Pump, baseline")).to_be_visible()
    keep_screenshot(page, "experiments-groups")
    assert find_barriers(page) == []

    page.get_by_text("View", exact=True).click()
    page.get_by_label("Columns of options").select_option("differ")
    expect(page.get_by_role("columnheader", name="Number of trees")).to_be_visible()
    expect(page).to_have_url(re.compile("options=differ"))
    select(page, "Random forest on Pump")
    expect(page.locator("#experiments-selected")).to_have_text("1 row selected: 3 trainings")
    expect(page.locator("#experiments-compare")).to_be_enabled()
    keep_screenshot(page, "experiments-selected")

    page.get_by_role("button", name="Move to trash").click()
    expect(page.locator("#experiments-count")).to_have_text("3 groups, 6 trainings")
    expect(page.locator("#frame-toasts")).to_contain_text("3 trainings in the trash")
    page.goto("/experiments?shelf=trash")
    settle(page)
    expect(find_row(page, "Random forest on Pump")).to_contain_text("until 20")
    keep_screenshot(page, "experiments-trash")
    select(page, "Random forest on Pump")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()

    page.goto("/experiments?q=mill")
    settle(page)
    expect(page.locator("#experiments-count")).to_have_text("2 groups, 4 trainings")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    path = tmp_path / "experiments.csv"
    download.value.save_as(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["dataset"] for row in rows} == {"Mill"}
    assert sorted(row["status"] for row in rows) == ["cancelled", "done", "done", "done"]
    assert {row["option n_trees"] for row in rows} == {"3", "20"}


def test_filters_stay_in_the_address_and_the_list_fits_a_phone_in_the_dark(page: Page) -> None:
    page.goto("/experiments")
    settle(page)
    page.locator("#experiments-status").select_option("cancelled")
    expect(page.locator("#experiments-count")).to_have_text("1 group, 1 training")
    page.reload()
    settle(page)
    expect(page.locator("#experiments-status")).to_have_value("cancelled")
    expect(find_row(page, "Given up")).to_be_visible()
    page.locator("#experiments-search").fill("nowhere")
    expect(page.locator("#experiments-nothing")).to_contain_text("No experiment matches")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict of the right keys
    page.emulate_media(color_scheme="dark")
    page.goto("/experiments")
    settle(page)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    # where there is little room, the table pins no column
    expect(page.locator("#experiments-table")).to_contain_text("LSTM on Pump")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep_screenshot(page, "experiments-phone-dark")
    page.emulate_media(color_scheme="light")


def test_the_wizard_refuses_says_why_and_starts_what_it_reviewed(page: Page) -> None:
    page.goto("/experiment/new?dataset=1")
    settle(page)
    expect(page.locator("#new-experiment-chosen-data")).to_have_text("Pump, by load")
    expect(page.locator("#new-experiment-findings")).to_contain_text("says nothing about new bearings")
    keep_screenshot(page, "wizard-1-data")
    page.get_by_role("tab", name="Network or classical model").click()
    chosen = page.locator("#new-experiment-network")
    expect(chosen).to_contain_text("Measured: 100.0 % recording-level on Pump v1, by load (amber)")
    expect(chosen).to_contain_text("Not measured here yet.")
    keep_screenshot(page, "wizard-2-network")
    page.get_by_role("tab", name="Options").click()
    page.get_by_label("Window (s)").fill("50")
    expect(page.locator("#new-experiment-chosen-review")).to_have_text("can't start yet")
    page.get_by_label("Number of trees", exact=True).fill("none")
    expect(page.locator(".field-problem:visible")).to_contain_text("whole number")
    keep_screenshot(page, "wizard-3-refused")
    page.get_by_label("Window (s)").fill("0.1")
    page.get_by_label("Number of trees", exact=True).fill("4")
    page.get_by_label("Name", exact=True).fill("From the wizard")
    page.get_by_label("Seeds", exact=True).fill("5, 6")
    page.get_by_role("tab", name="Review").click()
    review, start = page.locator("#new-experiment-review"), page.locator("#new-experiment-start")
    expect(review).to_contain_text("2 × Random forest (seeds 5, 6)")
    expect(review).to_contain_text("The split is amber: tick in step 1")
    expect(start).to_be_disabled()
    review.get_by_role("button", name="Go to step 1").click()
    page.get_by_label("I know of this and train on it all the same").check()
    page.get_by_role("tab", name="Review").click()
    expect(start).to_be_enabled()
    keep_screenshot(page, "wizard-4-review")
    assert find_barriers(page) == []
    start.click()
    page.wait_for_url(re.compile(r"/experiment/\d+"))
    page.goto("/experiments?q=wizard")
    settle(page)
    table = page.locator("#experiments-table")
    expect(table).to_contain_text("too few seeds (2)", timeout=LONG_MS)  # both are over by then
    expect(find_row(page, "From the wizard")).to_contain_text("2 seeds")


def test_a_clone_and_a_fine_tuning_open_filled_in(page: Page) -> None:
    page.goto("/experiment/new?clone=1&step=options")
    settle(page)
    expect(page.get_by_label("Number of trees", exact=True)).to_have_value("5")
    expect(page.get_by_label("Seeds", exact=True)).to_have_value("0")
    page.goto("/experiment/new?parent=7&step=network")
    settle(page)
    expect(page.get_by_label("Begin with")).to_have_value("7")
    expect(page.locator("#new-experiment-chosen-network")).to_have_text("LSTM")
    page.get_by_role("tab", name="Review").click()
    expect(page.locator("#new-experiment-review")).to_contain_text(
        "beginning with the weights of experiment 7"
    )
    keep_screenshot(page, "wizard-fine-tuning")
