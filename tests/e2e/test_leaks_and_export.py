"""A disguised copy is refused and shown with its evidence; a dataset is exported and taken away."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import find_barriers, keep_screenshot, settle
from tests.e2e.conftest import Furnished
from tests.factories.imports import make_noise
from tests.factories.vibrations import RATE_HZ, add_noise, simulate_rolling

pytestmark = pytest.mark.e2e

PHONE = {"width": 390, "height": 844}
PATTERN = r"(?P<fault_class>healthy|inner_race)_(?P<load>\d)"


def import_signals(furnished: Furnished, folder: Path, name: str, signals: dict[str, np.ndarray]) -> None:
    """Import signals called ``<class>_<load>``, one file each."""
    folder.mkdir()
    for key, values in signals.items():
        with h5py.File(folder / f"{key}.h5", "w") as file:
            file.attrs["schema_version"] = 1
            written = file.create_dataset(f"signals/{key}/DE", data=values.astype(np.float32))
            written.attrs.update({"sample_rate_hz": RATE_HZ, "unit": "g", "machine": "rig", "group": key})
    options = ["--pattern", PATTERN]
    furnished.run("import", folder, "--name", name, *options)


def find_dataset(page: Page, name: str) -> str:
    """Return the path of a dataset's page."""
    page.goto(f"/datasets?q={name}")
    settle(page)
    path = page.get_by_role("link", name=name, exact=True).get_attribute("href")
    assert path is not None
    return path


def test_a_disguised_copy_is_refused_and_shown_with_its_evidence(
    page: Page, furnished: Furnished, tmp_path: Path
) -> None:
    signals = {f"healthy_{k}": simulate_rolling(0.0, seed=k) for k in range(3)}
    signals |= {f"inner_race_{k}": simulate_rolling(5.4, seed=10 + k) for k in range(3)}
    signals["inner_race_2"] = add_noise(0.5 * signals["inner_race_0"][2_400:], 12)
    import_signals(furnished, tmp_path / "rig", "Planted", signals)
    path = find_dataset(page, "Planted")
    page.goto(f"{path}?tab=splits")
    settle(page)
    page.get_by_label("Grouped by").select_option("load")
    page.get_by_role("checkbox", name="2", exact=True).check()
    page.get_by_label("Name", exact=True).first.fill("leaks")
    findings = page.locator("#dataset-split-findings")
    expect(findings).to_contain_text("hold the same vibration: the second is the first × 0.5, 0.2 s earlier")
    create = page.get_by_role("button", name="Create split")
    expect(create).to_be_disabled()
    expect(create).to_have_attribute("title", "A split that leaks can't be used.")
    keep_screenshot(page, "leaks-refused-split")

    page.goto(f"{path}/leaks")
    settle(page)
    table = page.get_by_role("region", name="Copies of one vibration")
    expect(table).to_contain_text("inner_race_2")
    expect(table).to_contain_text("-0.2")
    assert find_barriers(page) == []
    keep_screenshot(page, "leaks-report-red")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict of the right keys
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_barriers(page) == []
    keep_screenshot(page, "leaks-report-red-phone-dark")
    page.get_by_role("link", name="inner_race_2 · DE").click()
    page.wait_for_url("**/signals/**")


def test_a_big_dataset_is_compared_by_a_job_that_the_page_follows(
    page: Page, furnished: Furnished, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "big.h5", "w") as file:
        file.attrs["schema_version"] = 1
        for number in range(470):
            written = file.create_dataset(f"signals/r{number}/DE", data=make_noise(number, 2_000))
            kind = "healthy" if number % 2 else "inner_race"
            written.attrs.update({"sample_rate_hz": 2_000.0, "fault_class": kind, "load": str(number % 5)})
    furnished.run("import", tmp_path / "big.h5", "--name", "Big")
    path = find_dataset(page, "Big")
    page.goto(f"{path}/leaks")
    settle(page)
    expect(page.get_by_text("have not been compared yet")).to_be_visible()
    assert find_barriers(page) == []
    keep_screenshot(page, "leaks-report-missing")
    page.get_by_role("button", name="Compare the signals").click()
    expect(page.get_by_text("470 signals, each with every other")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Compare the signals")).not_to_be_visible()
    page.goto(f"{path}?tab=splits")
    settle(page)
    page.get_by_label("Grouped by").select_option("recording")
    expect(page.locator("#dataset-split-findings")).to_contain_text("Nothing leaks")


def test_a_dataset_is_exported_and_its_file_taken_away(
    page: Page, furnished: Furnished, tmp_path: Path
) -> None:
    signals = {"healthy_0": simulate_rolling(0.0, seed=1), "inner_race_0": simulate_rolling(5.4, seed=2)}
    import_signals(furnished, tmp_path / "rig", "Taken away", signals)
    path = find_dataset(page, "Taken away")
    page.goto(f"{path}?tab=export")
    settle(page)
    expect(page.get_by_text("No exports")).to_be_visible()
    keep_screenshot(page, "export-empty")
    page.get_by_label("Format").select_option("csv")
    page.get_by_role("button", name="Export this version").press("Enter")
    exports = page.locator("#dataset-export-list")
    expect(exports).to_contain_text("ready", timeout=60_000)
    assert find_barriers(page) == []
    keep_screenshot(page, "export-ready")
    with page.expect_download() as download:
        exports.get_by_role("button", name="Download").press("Enter")
    assert download.value.suggested_filename == "Taken-away-v1-csv.zip"
    target = tmp_path / "taken.zip"
    download.value.save_as(target)
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        values = np.array(archive.read(names[0]).decode().split()[1:], np.float32)
    assert len(names) == 4
    np.testing.assert_array_equal(values, signals["healthy_0"])
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict of the right keys
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep_screenshot(page, "export-ready-phone-dark")
