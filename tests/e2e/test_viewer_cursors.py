"""The cursors of the signal viewer: base, harmonics and sidebands, by mouse, by keyboard and by numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import h5py
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.e2e.browser import eventually, find_barriers, keep_screenshot, open_page, settle
from tests.e2e.conftest import Furnished
from tests.e2e.viewer import VIEW, WAVEFORM, box_of, open_recording, read_query, stage_of, wait_for_view

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RATE_HZ = 4_096.0
SHAFT_HZ = 25.0
# Lines that the recording holds, in hertz and g; all on bins of a 4 s record.
TONES = {100.0: 2.0, 200.0: 1.0, 300.0: 0.5, 800.0: 1.5, 775.0: 0.4, 825.0: 0.3}


@pytest.fixture(scope="module")
def desk(
    browser: Browser,
    furnished: Furnished,
    signed_in: StorageState,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """Return one page for all tests, beside a recording of known lines."""
    path = tmp_path_factory.mktemp("cursors") / "lines.h5"
    time_s = np.arange(round(4 * RATE_HZ)) / RATE_HZ
    samples = sum(height * np.sin(2 * np.pi * at * time_s) for at, height in TONES.items())
    samples = samples + 0.01 * np.random.default_rng(2).standard_normal(time_s.size)
    with h5py.File(path, "w") as file:
        file.attrs["schema_version"] = 1
        signal = file.create_dataset("signals/tones/A", data=samples.astype(np.float32))
        signal.attrs.update({"sample_rate_hz": RATE_HZ, "unit": "g", "shaft_speed_rpm": 60 * SHAFT_HZ})
    furnished.run("import", path, "--name", "Lines")
    with open_page(browser, furnished.product.url, storage_state=signed_in) as page:
        yield page


def read_values(page: Page) -> dict[str, list[str]]:
    """Return the table of values: the cells behind each cursor's name."""
    rows = page.get_by_role("table", name="Values at the cursors").locator("tbody tr").all()
    cells = [row.locator("td").all_inner_texts() for row in rows]
    return {name: rest for name, *rest in cells}


def marks(page: Page, kind: str) -> Locator:
    """Return the lines of a kind over the view."""
    return page.locator(f'[data-viewer="{VIEW}"] .viewer-mark-{kind}:not([hidden])')


def drag_mark(page: Page, mark: Locator, to_hz: float, top_hz: float = RATE_HZ / 2) -> None:
    """Take a line with the mouse and let it go elsewhere."""
    plot, line = box_of(page, VIEW), mark.bounding_box()
    assert line is not None
    middle = line["y"] + line["height"] / 2
    page.mouse.move(line["x"] + line["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * to_hz / top_hz, middle, steps=6)
    page.mouse.up()


def test_keys_go_from_peak_to_peak_and_open_harmonics_and_sidebands(desk: Page) -> None:
    open_recording(desk, "Lines", "tones")
    readout = desk.locator("#viewer-view-cursor")
    stage_of(desk, VIEW).focus()
    desk.keyboard.press("ArrowUp")
    expect(readout).to_contain_text("Cursor: 100 Hz (4.000 X) · 2 g")
    desk.keyboard.press("n")
    expect(readout).to_contain_text("Cursor: 200 Hz")
    desk.keyboard.press("p")
    expect(readout).to_contain_text("Cursor: 100 Hz")
    desk.keyboard.press("h")
    desk.keyboard.press("b")
    values = read_values(desk)
    assert list(values) == ["1×", "2×", "3×", "4×", "5×", "−1", "+1", "−2", "+2", "−3", "+3"]
    for name, at, height in (("1×", 100.0, 2.0), ("2×", 200.0, 1.0), ("3×", 300.0, 0.5)):
        frequency, order, amplitude, decibels, _line = values[name]
        assert float(frequency) == pytest.approx(at, abs=1e-3)
        assert float(order) == pytest.approx(at / SHAFT_HZ, abs=1e-3)
        assert float(amplitude) == pytest.approx(height, rel=0.01)
        assert float(decibels) == pytest.approx(20 * np.log10(height), abs=0.1)
    assert float(values["+1"][0]) == pytest.approx(100.0 + SHAFT_HZ)
    assert values["4×"][-1] == "–"
    expect(marks(desk, "harmonic")).to_have_count(4)
    expect(marks(desk, "side")).to_have_count(6)
    desk.keyboard.press("Escape")
    expect(marks(desk, "base")).to_have_count(0)
    expect(readout).to_contain_text("Drag to zoom")


def test_every_line_is_dragged_by_itself_and_the_link_reopens_it(desk: Page) -> None:
    open_recording(desk, "Lines", "tones", "?cursors=hz:780:0:50:2")
    expect(marks(desk, "side")).to_have_count(4)
    drag_mark(desk, marks(desk, "base"), 800.0)
    at_hz = float(read_values(desk)["1×"][0])
    assert at_hz == pytest.approx(800.0, abs=4)
    drag_mark(desk, marks(desk, "side").nth(3), 850.0)  # the second to the right
    spacing_hz = float(read_values(desk)["+1"][0]) - at_hz
    assert spacing_hz == pytest.approx(25.0, abs=4)
    desk.locator("#viewer-cursor-at").fill("100")
    desk.locator("#viewer-cursor-at").press("Enter")
    desk.locator("#viewer-cursor-harmonics").fill("3")
    desk.locator("#viewer-cursor-harmonics").press("Enter")
    expect(marks(desk, "harmonic")).to_have_count(2)
    drag_mark(desk, marks(desk, "harmonic").nth(1), 330.0)
    values = read_values(desk)
    assert float(values["1×"][0]) == pytest.approx(110.0, abs=2)
    settle(desk)
    keep_screenshot(desk, "cursor-dragged")
    assert find_barriers(desk) == []
    eventually(lambda: read_query(desk).get("cursors", "").startswith("hz:1"), "the cursor in the address")
    desk.reload()
    wait_for_view(desk)
    expect(marks(desk, "harmonic")).to_have_count(2)
    assert read_values(desk) == values


def test_a_cursor_keeps_its_place_through_views_and_units(desk: Page) -> None:
    open_recording(desk, "Lines", "tones", "?cursors=hz:100:3")
    desk.get_by_label("Frequency in").select_option("orders")
    expect(desk.locator("#viewer-view-cursor")).to_contain_text("Cursor: 4 X · 2 g")
    desk.get_by_label("Frequency in").select_option("cpm")
    expect(desk.locator("#viewer-view-cursor")).to_contain_text("Cursor: 6000 CPM (4.000 X)")
    desk.get_by_role("tab", name="PSD", exact=True).click()
    wait_for_view(desk, "psd")
    expect(desk.locator("#viewer-view-cursor")).to_contain_text("Cursor: 6000 CPM")
    expect(marks(desk, "harmonic")).to_have_count(2)
    desk.get_by_role("tab", name="Order spectrum").click()
    wait_for_view(desk, "orders")
    expect(desk.locator("#viewer-view-cursor")).to_contain_text("Drag to zoom")
    desk.get_by_role("button", name="Highest").click()
    expect(desk.locator("#viewer-view-cursor")).to_contain_text(
        re.compile(r"Cursor: (4|3\.99\d*|4\.00\d*) X")
    )
    eventually(
        lambda: set(re.findall(r"(\w+):", read_query(desk)["cursors"])) >= {"hz", "order"},
        "both cursors in the address",
    )


def test_spacings_in_the_waveform_read_as_frequencies(desk: Page) -> None:
    open_recording(desk, "Lines", "tones", "?x=1,1.2&cursors=s:1.1:0:0.01:2")
    stage_of(desk, WAVEFORM).focus()
    panel = desk.locator("#viewer-cursor-panel")
    expect(panel).to_contain_text("Waveform, in s")
    expect(panel).to_contain_text("Spacing 0.01 s = 100 Hz (4.000 X)")
    keep_screenshot(desk, "cursor-waveform")
    box = box_of(desk, WAVEFORM)
    desk.mouse.dblclick(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    expect(desk.locator("#viewer-waveform-note")).to_contain_text("whole signal")
    eventually(lambda: read_query(desk)["cursors"] == "s:1.1::0.01:2", "the cursor kept in the address")


def test_a_cursor_within_a_slip_band_names_the_fault_line(desk: Page) -> None:
    open_recording(desk, "CWRU", "IR007_0", "?tab=envelope")
    stage_of(desk, VIEW).focus()
    desk.keyboard.press("ArrowUp")
    expect(desk.locator("#viewer-view-cursor")).to_contain_text(re.compile(r"BPFI [+−]\d\.\d %"))
    assert read_values(desk)["1×"][-1].startswith("BPFI")
