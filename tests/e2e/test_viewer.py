"""The signal viewer as a person uses it: on long recordings, with the mouse, and by the keyboard alone."""

from __future__ import annotations

import csv
import http.client
import math
import re
import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h5py
import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray
from playwright.sync_api import Page, Request, expect

from tests.data import TestData
from tests.e2e.browser import allow_for_load, eventually, keep_screenshot, settle
from tests.e2e.conftest import Furnished
from tests.e2e.viewer import (
    VIEW,
    WAVEFORM,
    box_of,
    drag,
    find_number,
    find_recording,
    open_recording,
    open_view,
    read_plot,
    read_query,
    stage_of,
    wait_for_plot,
    wait_for_view,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_SAMPLES = 10_000_000
RATE_HZ = 50_000.0
SPIKE_AT = 7_654_321
SPIKE = 50.0
TONES_S = 4.0

# What the product promises for a quiet machine (benchmarks/viewer_speed.py measures it); a test run shares
# its few cores with the product's workers and the browser.
BUSY_FACTOR = 3.0
WAVEFORM_MS = 50.0 * BUSY_FACTOR
SPECTRAL_MS = 300.0 * BUSY_FACTOR


def write_long_file(path: Path) -> Path:
    """Write a recording of two channels: A long noise with a spike of one sample, B tones known to the digit.

    B is 3 g at 200 Hz and a carrier of 2 g at 3 kHz that swells by half 37 times a second.
    """
    noise = np.random.default_rng(1).standard_normal(LONG_SAMPLES).astype(np.float32)
    noise[SPIKE_AT] = SPIKE
    time_s = np.arange(round(TONES_S * RATE_HZ)) / RATE_HZ
    swell = 1 + 0.5 * np.cos(2 * np.pi * 37 * time_s)
    tones = 3 * np.sin(2 * np.pi * 200 * time_s) + 2 * swell * np.sin(2 * np.pi * 3_000 * time_s)
    with h5py.File(path, "w") as file:
        file.attrs["schema_version"] = 1
        for name, samples in (("A", noise), ("B", tones.astype(np.float32))):
            signal = file.create_dataset(f"signals/long/{name}", data=samples)
            signal.attrs.update({"sample_rate_hz": RATE_HZ, "unit": "g"})
    return path


@pytest.fixture(scope="module")
def long_recording(furnished: Furnished, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Import the long recording, of unknown bearing and speed, and return its dataset's name."""
    path = write_long_file(tmp_path_factory.mktemp("long") / "long.h5")
    furnished.run("import", path, "--name", "Long")
    path.unlink()
    return "Long"


def read_baseline(recordings: TestData) -> tuple[NDArray[Any], float]:
    """Read MFPT's first baseline without the product: samples, rate in Hz."""
    bearing = scipy.io.loadmat(recordings.mfpt / "baseline_1.mat", simplify_cells=True)["bearing"]
    return np.ravel(bearing["gs"]), float(bearing["sr"])


def test_every_zoom_asks_the_server_again_and_the_spectra_follow(page: Page, recordings: TestData) -> None:
    samples, rate_hz = read_baseline(recordings)
    whole_s = samples.size / rate_hz
    find_recording(page, "MFPT", "baseline_1")
    note, spectrum_note = page.locator("#viewer-waveform-note"), page.locator("#viewer-view-note")
    expect(note).to_contain_text("whole signal")
    expect(note).to_contain_text(re.compile(r"\s?".join(f"{samples.size:,}".split(","))))
    shown = read_plot(page, WAVEFORM)
    assert (max(shown["y"]), min(shown["y"])) == pytest.approx((samples.max(), samples.min()), rel=1e-5)
    keep_screenshot(page, "viewer-1-baseline")
    first_note = spectrum_note.inner_text()

    drag(page, WAVEFORM, 0.25, 0.5)
    wait_for_plot(page, WAVEFORM, (0.25 * whole_s, 0.5 * whole_s))
    expect(spectrum_note).not_to_have_text(first_note)
    begin = page.locator("#viewer-from")
    eventually(lambda: abs(float(begin.input_value()) - 0.25 * whole_s) < 0.05, "the stretch's beginning")
    for _ in range(3):
        start, stop = read_plot(page, WAVEFORM)["range"]
        drag(page, WAVEFORM, 0.4, 0.6)
        wait_for_plot(page, WAVEFORM, (0.6 * start + 0.4 * stop, 0.4 * start + 0.6 * stop))
    expect(note).to_contain_text("every one drawn")
    shown = read_plot(page, WAVEFORM)
    places = np.rint(np.array(shown["x"]) * rate_hz).astype(int)
    assert (np.diff(places) == 1).all()
    np.testing.assert_allclose(shown["y"], samples[places], rtol=1e-5, atol=1e-7)
    stretch_s = shown["range"][1] - shown["range"][0]
    eventually(
        lambda: find_number(spectrum_note.inner_text(), "Hz") == pytest.approx(1 / stretch_s, rel=0.02),
        "the resolution of the stretch",
    )
    keep_screenshot(page, "viewer-2-zoomed")

    page.locator("#viewer-waveform .nsewdrag").dblclick()
    wait_for_plot(page, WAVEFORM, (0.0, whole_s))
    expect(note).to_contain_text("whole signal")
    expect(spectrum_note).to_have_text(first_note)
    eventually(lambda: "x" not in read_query(page), "an address without a stretch")
    drag(page, WAVEFORM, 0.1, 0.3)
    wait_for_plot(page, WAVEFORM, (0.1 * whole_s, 0.3 * whole_s))
    page.get_by_role("button", name="Whole signal").click()
    wait_for_plot(page, WAVEFORM, (0.0, whole_s))


def test_a_spike_of_one_sample_among_ten_million_is_drawn_at_every_zoom(
    page: Page, long_recording: str
) -> None:
    open_recording(page, long_recording, "long")
    note = page.locator("#viewer-waveform-note")
    expect(note).to_contain_text(re.compile(r"200 s, whole signal.*10.000.000"))
    at_s, whole_s = SPIKE_AT / RATE_HZ, LONG_SAMPLES / RATE_HZ
    stage_of(page, WAVEFORM).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#viewer-waveform-cursor")).to_contain_text("50 g")
    keep_screenshot(page, "viewer-3-spike")
    for _ in range(7):
        shown = read_plot(page, WAVEFORM)
        (low_s, high_s), highest = shown["range"], int(np.argmax(shown["y"]))
        assert len(shown["x"]) <= 4_000
        assert shown["y"][highest] == SPIKE
        assert shown["x"][highest] == pytest.approx(at_s, abs=(high_s - low_s) / 1_000)
        assert shown["top_drawn"] == pytest.approx(SPIKE, rel=0.01), "not drawn up to its height"
        for key in ("ArrowUp", "+", "+"):  # to the spike; each plus halves what is in view about it
            page.keyboard.press(key)
        wait_for_plot(page, WAVEFORM, (at_s - (at_s - low_s) / 4, at_s + (high_s - at_s) / 4))
    assert np.array(shown["x"])[highest] == pytest.approx(at_s, abs=1e-9)
    expect(note).to_contain_text("every one drawn")
    page.keyboard.press("0")
    wait_for_plot(page, WAVEFORM, (0.0, whole_s))
    expect(page.locator("#viewer-view-note")).to_contain_text("Zoom in to choose another part")


def count_lines(page: Page, n_lines: int) -> None:
    """Wait until so many fault lines stand in the view."""
    page.wait_for_function(
        """(n) => document.querySelector("#viewer-view .js-plotly-plot")._fullLayout.shapes
            .filter((shape) => shape.type === "line").length === n""",
        arg=n_lines,
    )


def test_fault_lines_come_and_go_and_stand_right_in_every_unit(page: Page) -> None:
    open_recording(page, "CWRU", "IR007_0")
    open_view(page, "Envelope spectrum", "envelope")
    page.get_by_label("Mains", exact=True).uncheck()
    speed_rpm = float(page.locator("#viewer-speed").get_attribute("placeholder") or "")
    expected = sorted(
        harmonic * order * speed_rpm / 60
        for order in (1.0, 3.5848, 5.4152, 4.7135, 0.39828)
        for harmonic in (1, 2, 3)
    )
    count_lines(page, 15)
    in_hz = read_plot(page, VIEW)
    assert sorted(in_hz["lines"]) == pytest.approx(expected, rel=2e-3)
    assert in_hz["x_title"] == "Frequency (Hz)"

    unit = page.get_by_label("Frequency in")
    for key, title, factor in (
        ("cpm", "CPM", 60.0),
        ("orders", "multiples of shaft speed", 60.0 / speed_rpm),
    ):
        unit.select_option(key)
        expect(page.locator("#viewer-view .xtitle")).to_contain_text(title)
        wait_for_view(page, "envelope", (0.0, factor * in_hz["range"][1]))
        shown = read_plot(page, VIEW)
        assert sorted(shown["lines"]) == pytest.approx([factor * line for line in expected], rel=2e-3)
    keep_screenshot(page, "viewer-4-orders")

    count_lines(page, 15)
    table = page.get_by_role("table", name="Fault lines")
    expect(table).to_contain_text("BPFI")
    page.get_by_label("Show in the spectra").uncheck()
    count_lines(page, 0)
    expect(table).to_have_count(0)
    page.get_by_label("Show in the spectra").check()
    count_lines(page, 15)
    page.get_by_label("FTF (cage)").uncheck()
    count_lines(page, 12)
    for kind in ("1X – 3X (shaft)", "BPFO (outer race)", "BPFI (inner race)", "2×BSF (ball)"):
        page.get_by_label(kind).uncheck()
    count_lines(page, 0)
    settle(page)
    page.reload()
    wait_for_view(page, "envelope")
    expect(page.get_by_label("BPFI (inner race)")).not_to_be_checked()
    eventually(lambda: read_plot(page, VIEW)["lines"] == [], "a plot without lines")


def test_cursors_read_known_tones_and_what_is_unknown_is_said(page: Page, long_recording: str) -> None:
    open_recording(page, long_recording, "long")
    lines = page.locator("#viewer-lines-area")
    expect(lines).to_contain_text(re.compile("speed", re.IGNORECASE))
    expect(lines).to_contain_text(re.compile("bearing", re.IGNORECASE))
    expect(page.locator("#viewer-sentence")).to_contain_text("speed unknown")
    expect(page.locator("#viewer-unit option[value=orders]")).to_be_disabled()
    page.get_by_label("Channel", exact=True).select_option(label="B")
    wait_for_plot(page, WAVEFORM, (0.0, TONES_S))
    wait_for_plot(page, VIEW, (0.0, RATE_HZ / 2))
    expect(page.locator("#viewer-facts")).to_contain_text(re.compile(r"Samples\s*200\s?000"))
    keep_screenshot(page, "viewer-5-unknown")

    stage_of(page, VIEW).focus()
    page.keyboard.press("ArrowUp")
    cursor = page.locator("#viewer-view-cursor")
    expect(cursor).to_contain_text("Cursor: 200 Hz · 3 g")
    page.keyboard.press("ArrowRight")
    expect(cursor).not_to_contain_text(": 200 Hz")
    page.keyboard.press("ArrowLeft")
    expect(cursor).to_contain_text(": 200 Hz")
    box = box_of(page, VIEW)
    page.mouse.click(box["x"] + box["width"] * 3_000 / (RATE_HZ / 2), box["y"] + box["height"] / 2)
    expect(cursor).not_to_contain_text(": 200 Hz")
    clicked = find_number(cursor.inner_text(), "Hz")
    assert clicked == pytest.approx(3_000, abs=60)

    page.locator("#viewer-speed").fill("600")
    page.locator("#viewer-speed").press("Enter")
    expect(lines).to_contain_text("10 Hz")
    expect(cursor).to_contain_text(f"({clicked / 10:.3f} X)")
    page.get_by_label("Bearing", exact=True).select_option(label="6205-2RS")
    expect(lines).to_contain_text("BPFI")
    expect(page.locator("#viewer-unit option[value=orders]")).to_be_enabled()


def choose_band(page: Page, low: str, high: str) -> None:
    """Give the envelope's band and put the cursor on the highest line."""
    for field, text in (("#viewer-band-low", low), ("#viewer-band-high", high)):
        page.locator(field).fill(text)
        page.locator(field).press("Enter")
    band = " – ".join(rf"{edge[0]}\s?{edge[1:]}" for edge in (low, high))
    expect(page.locator("#viewer-view-note")).to_contain_text(re.compile(rf"{band} Hz \(chosen\)"))
    settle(page)
    stage_of(page, VIEW).focus()
    page.keyboard.press("ArrowUp")


def test_the_envelope_is_of_the_chosen_band(page: Page, long_recording: str) -> None:
    open_recording(page, long_recording, "long")
    page.get_by_label("Channel", exact=True).select_option(label="B")
    open_view(page, "Envelope spectrum", "envelope")
    expect(page.locator("#viewer-view-note")).to_contain_text("suggested")
    cursor = page.locator("#viewer-view-cursor")
    choose_band(page, "2000", "4000")
    expect(cursor).to_contain_text("Cursor: 37 Hz · 1 g")
    keep_screenshot(page, "viewer-6-band")
    choose_band(page, "100", "300")
    expect(cursor).not_to_contain_text("· 1 g")
    eventually(lambda: find_number(cursor.inner_text(), "g") < 0.05, "a steady tone without a swell")


def test_a_link_reopens_the_same_view_and_holds_nothing_that_is_usual(page: Page) -> None:
    open_recording(page, "CWRU", "IR007_0")
    page.wait_for_url("**signal=*")
    eventually(lambda: set(read_query(page)) == {"signal"}, "an address that names the signal only")
    drag(page, WAVEFORM, 0.2, 0.4)
    open_view(page, "Envelope spectrum", "envelope")
    settle(page)
    drag(page, VIEW, 0.1, 0.5)
    page.get_by_label("Frequency in").select_option("orders")
    page.get_by_label("Amplitude", exact=True).select_option("log")
    page.get_by_label("FTF (cage)").uncheck()
    page.locator("#viewer-harmonics").fill("2")
    page.locator("#viewer-harmonics").press("Enter")
    page.locator("#viewer-band-low").fill("2500")
    page.locator("#viewer-band-low").press("Enter")
    expect(page.locator("#viewer-view-note")).to_contain_text(re.compile(r"2\s?500 – 4\s?800"))
    settle(page)
    wanted = {*("signal", "x", "tab", "envelope_hz", "unit", "scale", "kinds", "harmonics", "low")}
    eventually(lambda: set(read_query(page)) == wanted, "an address that holds every choice")
    views = {graph: read_plot(page, graph) for graph in (WAVEFORM, VIEW)}
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_view(other, "envelope")
    for graph, view in views.items():
        eventually(lambda graph=graph, view=view: read_plot(other, graph) == view, f"the same plot {graph}")
    eventually(lambda: read_query(other) == read_query(page), "the same address")
    next_link = other.locator("#viewer-next")
    expect(next_link).to_have_attribute("href", re.compile("unit=orders"))
    left_out = {"x", "envelope_hz", "hz", "speed"}
    assert left_out.isdisjoint(parse_qs(urlsplit(next_link.get_attribute("href") or "").query))


def test_a_plot_downloads_what_it_shows(page: Page) -> None:
    open_recording(page, "CWRU", "IR007_0")
    for title, graph in (("Waveform", WAVEFORM), ("Spectrum", VIEW)):
        with page.expect_download() as download:
            page.locator(f"figure:has(#{graph}) [data-kind=csv]").click()
        assert download.value.suggested_filename == f"{title.lower()}.csv"
        with Path(download.value.path()).open(newline="") as file:
            header, *rows = csv.reader(file)
        shown = read_plot(page, graph)
        assert header == [shown["x_title"], shown["y_title"]]
        np.testing.assert_array_equal(np.array(rows, dtype=float), np.transpose([shown["x"], shown["y"]]))


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, selector: str, *, back: bool = False) -> None:
        """Press Tab until the thing has the focus."""
        for _ in range(90):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, selector: str, text: str) -> None:
        """Replace a field's content and confirm."""
        self.go_to(selector)
        self.press("Control+a")
        self.page.keyboard.type(text)
        self.press("Enter")


def test_everything_can_be_done_by_keyboard(page: Page, long_recording: str) -> None:
    open_recording(page, long_recording, "long")
    keys = Keys(page)
    keys.go_to("#viewer-channel")
    keys.press("ArrowDown")
    wait_for_plot(page, WAVEFORM, (0.0, TONES_S))
    keys.write("#viewer-from", "1")
    keys.write("#viewer-to", "2")
    wait_for_plot(page, WAVEFORM, (1.0, 2.0))
    keys.press("Tab", "Enter")  # "Whole signal" is next
    wait_for_plot(page, WAVEFORM, (0.0, TONES_S))
    keys.go_to('[data-kind="csv"]')
    with page.expect_download():
        keys.press("Enter")
    keys.go_to('[data-viewer="viewer-waveform"]')
    keys.press("+")
    wait_for_plot(page, WAVEFORM, (1.0, 3.0))
    keys.press("-")
    wait_for_plot(page, WAVEFORM, (0.0, TONES_S))

    keys.go_to("#viewer-unit")
    keys.press("ArrowDown")
    expect(page.locator("#viewer-view .xtitle")).to_contain_text("CPM")
    keys.press("ArrowUp")
    keys.go_to('[data-viewer="viewer-view"]')
    keys.press("ArrowUp", "+", "+", "+")
    edges_hz = (200.0 - 200.0 / 8, 200.0 + (RATE_HZ / 2 - 200.0) / 8)  # about the cursor at the highest tone
    wait_for_plot(page, VIEW, edges_hz)
    keys.go_to("#viewer-show-peaks")
    keys.press("Space")
    expect(page.get_by_role("table", name="Highest peaks in view")).to_contain_text("200")
    keys.go_to("#viewer-tabs-tab-spectrum", back=True)
    keys.press("ArrowRight", "ArrowRight")
    wait_for_view(page, "envelope")
    keys.go_to("#viewer-band-take")
    keys.press("Enter")
    expect(page.locator("#viewer-view-note")).to_contain_text("(chosen)")

    keys.write("#viewer-speed", "600")
    count_lines(page, 3)
    keys.go_to("#viewer-bearing")
    page.keyboard.type("6205")
    expect(page.locator("#viewer-lines-area")).to_contain_text("BPFI")
    keys.go_to("#viewer-show-lines")
    keys.press("Space")
    count_lines(page, 0)


class Ear:
    """Hears what the page asks the server for."""

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        page.on("requestfinished", lambda request: self.requests.append(request))

    def find(self, graph: str) -> list[Request]:
        """Return the requests that filled a plot."""
        asked = [each for each in self.requests if "/_dash-update-component" in each.url]
        return [each for each in asked if f"{graph}.figure" in each.post_data_json["output"]]


def measure_ms(address: str, request: Request, cookies: str) -> float:
    """Ask for the same again, several times and with nothing beside it; return the median time.

    A view that is not open is not worked out (204), which says nothing about the time: not a number.
    """
    headers = {**request.headers, "cookie": cookies, "accept-encoding": "identity"}
    times = []
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        for _ in range(5):
            began_s = time.perf_counter()
            connection.request("POST", "/_dash-update-component", request.post_data_buffer, headers)
            answer = connection.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - began_s) * 1000)
            if answer.status == 204:
                return math.nan
            assert answer.status == 200, body[:200]
            assert b"figure" in body
    return statistics.median(times)


@pytest.mark.parametrize(("dataset", "recording"), [("MFPT", "baseline_1"), ("Long", "long")])
def test_the_server_answers_every_zoom_at_once(
    page: Page,
    furnished: Furnished,
    long_recording: str,
    dataset: str,
    recording: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ear = Ear(page)
    open_recording(page, dataset, recording)
    whole_s = read_plot(page, WAVEFORM)["range"][1]
    for tab, view in (("Spectrum", "spectrum"), ("PSD", "psd"), ("Envelope spectrum", "envelope")):
        open_view(page, tab, view)
        start, stop = read_plot(page, WAVEFORM)["range"]
        drag(page, WAVEFORM, 0.3, 0.6)
        wait_for_plot(page, WAVEFORM, (0.7 * start + 0.3 * stop, 0.4 * start + 0.6 * stop))
        settle(page)
    page.get_by_role("button", name="Whole signal").click()
    wait_for_plot(page, WAVEFORM, (0.0, whole_s))
    settle(page)
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    url = furnished.product.url
    page.goto("about:blank")
    waveform = [measure_ms(url, each, cookies) for each in ear.find(WAVEFORM)]
    measured = [measure_ms(url, each, cookies) for each in ear.find(VIEW)]
    spectral = [time_ms for time_ms in measured if not math.isnan(time_ms)]
    with capsys.disabled():
        print(f"\n[{recording}: waveform {max(waveform):.0f} ms, spectral {max(spectral):.0f} ms] ", end="")  # noqa: T201 -- the run reports what it measured
    assert len(waveform) >= 5
    assert len(spectral) >= 5
    assert max(waveform) <= allow_for_load(WAVEFORM_MS)
    assert max(spectral) <= allow_for_load(SPECTRAL_MS)
