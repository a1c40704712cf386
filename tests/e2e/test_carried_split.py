"""A split is carried over to the next version of its dataset, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle
from tests.e2e.conftest import Furnished
from tests.factories.imports import write_fault_files

pytestmark = pytest.mark.e2e

PATTERN = r"(?P<fault_class>Normal|IR|OR)_(?P<load>\d)"


def import_loads(furnished: Furnished, folder: Path, loads: tuple[int, ...]) -> None:
    write_fault_files(folder, loads)
    options = ["--pattern", PATTERN, "--map", "IR=inner_race,OR=outer_race", "--sample-rate", 2000]
    furnished.run("import", folder, "--name", "Carried", "--channel", "DE", *options)


def test_a_split_of_an_older_version_is_carried_over(
    page: Page, furnished: Furnished, tmp_path: Path
) -> None:
    import_loads(furnished, tmp_path / "one", (0, 1, 2))
    furnished.run("split", "Carried", "--by", "load", "--test", "2", "--name", "old rule")
    import_loads(furnished, tmp_path / "two", (3,))
    page.goto("/datasets")
    settle(page)
    page.get_by_role("link", name="Carried").click()
    page.get_by_role("tab", name="Splits").click()
    page.get_by_role("button", name="Carry over to version 2").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Carry “old rule” over to version 2?")
    expect(dialog).to_contain_text("3 labelled signals came since version 1")
    page.wait_for_function("() => document.getAnimations().length === 0")  # it fades in
    assert find_barriers(page) == []
    keep_screenshot(page, "carry-dialog")
    dialog.get_by_label("Name").fill("")
    expect(dialog.get_by_role("button", name="Carry over")).to_be_disabled()
    dialog.get_by_label("Name").fill("new rule")
    dialog.get_by_role("button", name="Carry over").click()
    expect(page.get_by_role("dialog")).not_to_be_visible()
    splits = page.locator("#dataset-splits")
    expect(splits).to_contain_text("carried over from version 1")
    expect(splits.get_by_role("button", name="Carry over")).to_have_count(0)
    page.goto("/datasets")
    settle(page)
    expect(page.locator("#datasets-count")).to_contain_text("datasets")
    keep_screenshot(page, "datasets-table")
