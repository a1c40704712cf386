"""Labels are edited, a dataset is thrown away and restored, rows are filtered: in a browser."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle
from tests.e2e.conftest import Furnished
from tests.factories.imports import write_fault_files

pytestmark = pytest.mark.e2e

PATTERN = r"(?P<fault_class>Normal|IR|OR)_(?P<load>\d)"


def import_loads(furnished: Furnished, folder: Path, name: str, loads: tuple[int, ...] = (0, 1)) -> None:
    write_fault_files(folder, loads)
    options = ["--pattern", PATTERN, "--map", "IR=inner_race,OR=outer_race", "--sample-rate", 2000]
    furnished.run("import", folder, "--name", name, *options)


def open_dataset(page: Page, name: str) -> None:
    page.goto("/datasets")
    settle(page)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def wait_for_quiet(page: Page) -> None:
    page.wait_for_function("() => document.getAnimations().length === 0")  # a dialog fades in


def test_edited_labels_are_a_new_version_and_the_old_one_is_still_there(
    page: Page, furnished: Furnished, tmp_path: Path
) -> None:
    import_loads(furnished, tmp_path, "Edited")
    open_dataset(page, "Edited")
    page.get_by_role("tab", name="Recordings").click()
    for row in ("IR_0", "IR_1"):
        line = page.locator(".ag-pinned-left-cols-container .ag-row", has_text=row)
        line.first.locator(".ag-checkbox-input").check()  # the DE channel
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("The selected rows (2)")).to_be_checked()
    expect(dialog).to_contain_text("Fill in a field")
    dialog.get_by_label("Fault class", exact=True).select_option(label="ball")
    dialog.get_by_label("Shaft speed (rpm)", exact=True).fill("900")
    dialog.get_by_label("Shaft speed (rpm)", exact=True).blur()
    expect(dialog).to_contain_text("4 signals of 2 recordings change in version 2; version 1 stays as it is.")
    expect(dialog).to_contain_text("Shaft speed also changes in 2 signals beyond the selection")
    store = dialog.get_by_role("button", name="Store as a new version")
    expect(store).to_be_disabled()
    dialog.get_by_label("Reason").fill("seen when dismantled")
    wait_for_quiet(page)
    assert find_barriers(page) == []
    keep_screenshot(page, "edit-dialog")
    expect(store).to_be_enabled()
    store.click()
    expect(page.get_by_text("Version 2 is stored")).to_be_visible()
    expect(dialog).not_to_be_visible()
    rows = page.locator("#dataset-table .ag-row")
    expect(rows.filter(has_text="ball")).to_have_count(2)
    page.get_by_role("tab", name="Versions").click()
    versions = page.locator("#dataset-versions")
    expect(versions).to_contain_text("seen when dismantled")
    expect(versions).to_contain_text("2 relabelled, 4 edited")
    differences = page.locator("#dataset-differences")
    expect(differences).to_contain_text("Fault class: inner race → ball; Shaft speed: unknown → 900")
    keep_screenshot(page, "dataset-versions")
    versions.get_by_role("link", name="Version 1").click()
    expect(page.get_by_label("Version", exact=True)).to_have_value("1")
    page.get_by_role("tab", name="Recordings").click()
    expect(rows.filter(has_text="inner race")).to_have_count(4)
    expect(rows.filter(has_text="ball")).to_have_count(0)
    edit = page.get_by_role("button", name="Edit")
    expect(edit).to_be_disabled()
    expect(edit).to_have_attribute("title", "Only the newest version can be edited; choose it above.")


def test_a_dataset_is_thrown_away_and_restored(page: Page, furnished: Furnished, tmp_path: Path) -> None:
    import_loads(furnished, tmp_path, "Thrown", loads=(4,))
    open_dataset(page, "Thrown")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Move “Thrown” to the trash?")
    expect(dialog).to_contain_text("3 recordings")
    wait_for_quiet(page)
    assert find_barriers(page) == []
    keep_screenshot(page, "trash-dialog")
    dialog.get_by_role("button", name="Move to the trash").click()
    expect(page.get_by_text("Thrown is in the trash")).to_be_visible()
    page.wait_for_url("**/datasets")
    settle(page)
    expect(page.get_by_role("link", name="Thrown", exact=True)).to_have_count(0)
    page.get_by_label("Show").select_option(label="Trash")
    page.get_by_role("link", name="Thrown", exact=True).click()
    expect(page.locator("#dataset-trash-note")).to_contain_text("In the trash since")
    expect(page.get_by_role("button", name="Archive")).to_be_disabled()
    assert find_barriers(page) == []
    keep_screenshot(page, "dataset-in-trash")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Thrown is restored")).to_be_visible()
    expect(page.locator("#dataset-trash-note")).not_to_be_visible()
    page.goto("/datasets")
    settle(page)
    expect(page.get_by_role("link", name="Thrown", exact=True)).to_be_visible()


def test_what_an_experiment_uses_is_not_thrown_away(page: Page, furnished: Furnished) -> None:
    open_dataset(page, "CWRU")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Experiments use it: “Random forest on CWRU”")
    expect(dialog.get_by_role("button", name="Move to the trash")).to_be_disabled()
    dialog.get_by_role("button", name="Leave it").click()
    expect(dialog).not_to_be_visible()


def test_filters_stay_in_the_address_and_choose_what_is_downloaded(page: Page, furnished: Furnished) -> None:
    open_dataset(page, "CWRU")
    page.get_by_role("tab", name="Recordings").click()
    filters = page.get_by_role("tabpanel", name="Recordings")
    filters.get_by_text("More filters").click()
    filters.get_by_label("Load").select_option(label="1")
    filters.get_by_label("Channel").select_option(label="DE")
    count = page.locator("#dataset-count")
    expect(count).to_have_text("10 signals")
    page.wait_for_function(
        "() => location.search.includes('load=1') && location.search.includes('channel=DE')"
    )
    page.reload()
    settle(page)
    expect(count).to_have_text("10 signals")
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))
    assert len(rows) == 10
    assert {(row["load"], row["channel"]) for row in rows} == {("1", "DE")}


def test_the_samples_of_each_class_are_shown_and_measured(page: Page, furnished: Furnished) -> None:
    page.goto("/datasets/1?tab=preview")
    settle(page)
    expect(page.locator("#dataset-preview .js-plotly-plot")).to_have_count(4)
    keep_screenshot(page, "dataset-preview")
    page.get_by_role("tab", name="Statistics").click()
    table = page.locator("#dataset-statistics table")
    expect(table).to_contain_text("outer race")
    expect(table).to_contain_text("Kurtosis")
    keep_screenshot(page, "dataset-statistics")
