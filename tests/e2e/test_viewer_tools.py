"""Every tool of the signal viewer, on recordings whose content is known, as a person sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.e2e.browser import eventually, find_barriers, keep_screenshot, open_page, settle
from tests.e2e.conftest import Furnished
from tests.e2e.viewer import (
    VIEW,
    WAVEFORM,
    address_of,
    box_of,
    open_recording,
    read_plot,
    read_query,
    stage_of,
    wait_for_plot,
    wait_for_view,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RATE_HZ = 5_120.0
LENGTH_S = 8.0
ROTOR_HZ = 50.0
PULSES_HZ = 40.0
PHONE_WIDTH = 390
DESK = {"width": 1440, "height": 900}


def write_recordings(path: Path) -> None:
    """Write a rotor seen by two probes, a run-up by 20 %, and a train of pulses of which nothing is told."""
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(5)
    turn = 2 * np.pi * ROTOR_HZ * time_s
    x = 40 * np.cos(turn) + 10 * np.cos(0.46 * turn) + noise.standard_normal(time_s.size)
    y = 30 * np.sin(turn) + 10 * np.sin(0.46 * turn) + noise.standard_normal(time_s.size)
    angle = 2 * np.pi * np.cumsum(20 * (1 + 0.2 * time_s / LENGTH_S)) / RATE_HZ
    run_up = np.sin(angle) + 0.5 * np.sin(3 * angle) + 0.3 * noise.standard_normal(time_s.size)
    pulses = ring_with(time_s, PULSES_HZ) + 0.1 * noise.standard_normal(time_s.size)
    rotor = {"unit": "µm", "shaft_speed_rpm": 60 * ROTOR_HZ, "machine": "Turbine 1"}
    with h5py.File(path, "w") as file:
        file.attrs["schema_version"] = 1
        for name, samples, facts in (
            ("rotor/1X", x, rotor),
            ("rotor/1Y", y, rotor),
            ("run_up/A", run_up, {"unit": "g", "shaft_speed_rpm": 1_320.0, "machine": "Turbine 1"}),
            ("pulses/A", pulses, {}),
        ):
            signal = file.create_dataset(f"signals/{name}", data=samples.astype(np.float32))
            signal.attrs.update({"sample_rate_hz": RATE_HZ, **facts})


def ring_with(time_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """A resonance at 1.6 kHz, struck so many times a second."""
    since_s = np.mod(time_s, 1 / rate_hz)
    return np.exp(-400 * since_s) * np.sin(2 * np.pi * 1_600 * since_s)


@pytest.fixture(scope="module")
def desk(
    browser: Browser,
    furnished: Furnished,
    signed_in: StorageState,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """Return one page for all tools, beside a dataset of known signals."""
    path = tmp_path_factory.mktemp("tools") / "known.h5"
    write_recordings(path)
    furnished.run("import", path, "--name", "Known")
    with open_page(browser, furnished.product.url, storage_state=signed_in) as page:
        yield page


def look(page: Page, name: str) -> None:
    """Keep what the tool looks like on a desk and on a phone, where nothing scrolls sideways; ask axe."""
    settle(page)
    keep_screenshot(page, f"tool-{name}")
    assert find_barriers(page) == []
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 844})
    page.wait_for_timeout(250)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH
    keep_screenshot(page, f"tool-{name}-phone")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]  # a plain dict of the right keys


def note_of(page: Page) -> str:
    """Return the line above the view."""
    return page.locator("#viewer-view-note").inner_text()


def peak_near(shown: dict[str, Any], place: float, reach: float) -> tuple[float, float]:
    """Return place and height of the highest point about a place of the view."""
    x, y = np.array(shown["x"]), np.array(shown["y"])
    near = np.flatnonzero(np.abs(x - place) <= reach)
    top = near[np.argmax(y[near])]
    return float(x[top]), float(y[top])


def test_the_spectrogram_shares_its_zoom_with_waveform_and_spectrum(desk: Page) -> None:
    open_recording(desk, "Known", "run_up", "?tab=spectrogram")
    assert re.search(r"Δf = [\d.]+ Hz · Hann window of", note_of(desk))
    box = box_of(desk, VIEW)
    desk.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    desk.mouse.down()
    desk.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.99 * box["height"], steps=5)
    desk.mouse.up()
    wait_for_plot(desk, WAVEFORM, (0.25 * LENGTH_S, 0.75 * LENGTH_S))
    settle(desk)
    low_hz, high_hz = (float(edge) for edge in read_query(desk)["hz"].split(","))
    assert (low_hz, high_hz) == pytest.approx((0.01 * RATE_HZ / 2, RATE_HZ / 4), abs=0.02 * RATE_HZ)
    look(desk, "spectrogram")
    desk.get_by_role("tab", name="Spectrum", exact=True).click()
    wait_for_view(desk, "spectrum", (low_hz, high_hz))


def test_a_cell_of_the_kurtogram_becomes_the_band_by_mouse_table_and_keyboard(desk: Page) -> None:
    open_recording(desk, "Known", "pulses", "?tab=envelope")
    desk.get_by_label("Kurtogram", exact=True).check()
    expect(desk.locator("#viewer-kurtogram .bars path").first).to_be_visible()
    expect(desk.locator("#viewer-kurtogram-note")).to_contain_text("highest at")
    edges = [desk.locator("#viewer-band-low"), desk.locator("#viewer-band-high")]
    desk.get_by_role("button", name="Take", exact=True).first.click()
    expect(desk.locator("#viewer-view-note")).to_contain_text("(chosen)")
    low_hz, high_hz = (float(edge.input_value()) for edge in edges)
    assert low_hz <= 1_600 <= high_hz, "the resonance is the most impulsive band"
    found, _height = peak_near(read_plot(desk, VIEW), PULSES_HZ, 5)
    assert found == pytest.approx(PULSES_HZ, abs=0.3)
    stage = desk.locator("[data-kurtogram]")
    stage.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "Enter"):
        desk.keyboard.press(key)
    expect(edges[1]).not_to_have_value(f"{high_hz:g}")
    words = desk.locator(".viewer-cell-words").inner_text()
    taken = [float(number) for number in re.findall(r"[\d.]+(?= –| Hz)", words)]
    eventually(lambda: [float(edge.input_value()) for edge in edges] == taken, "the band of the cell")
    box = box_of(desk, "viewer-kurtogram")
    desk.mouse.click(box["x"] + 40, box["y"] + 6)  # the band of all, at the top
    expect(edges[0]).to_have_value("0")
    look(desk, "kurtogram")
    desk.reload()
    wait_for_view(desk, "envelope")
    expect(edges[0]).to_have_value("0")
    expect(desk.locator("#viewer-kurtogram .bars path").first).to_be_visible()


def test_cyclic_coherence_shows_how_often_the_resonance_is_struck(desk: Page) -> None:
    open_recording(desk, "Known", "pulses", "?tab=cyclic&kinds=none")
    shown = read_plot(desk, VIEW)
    highest = shown["x"][int(np.argmax(shown["y"]))]
    times = highest / PULSES_HZ
    assert times == pytest.approx(round(times), abs=0.02)
    expect(desk.locator("#viewer-view-note")).to_contain_text("mean over")
    look(desk, "cyclic")


def test_a_family_of_lines_is_one_peak_of_the_cepstrum_and_its_period_one_of_the_autocorrelation(
    desk: Page,
) -> None:
    open_recording(desk, "Known", "pulses", "?tab=cepstrum&cepstrum_white=true")
    period_s = 1 / PULSES_HZ
    at_s, _height = peak_near(read_plot(desk, VIEW), period_s, 0.3 * period_s)
    assert at_s == pytest.approx(period_s, abs=2 / RATE_HZ)
    expect(desk.locator("#viewer-view-note")).to_contain_text("40")
    look(desk, "cepstrum")
    desk.get_by_role("tab", name="Autocorrelation").click()
    wait_for_view(desk, "autocorrelation")
    at_s, height = peak_near(read_plot(desk, VIEW), period_s, 0.3 * period_s)
    assert at_s == pytest.approx(period_s, abs=2 / RATE_HZ)
    assert height > 0.5
    look(desk, "autocorrelation")


def test_orders_of_a_run_up_stand_still(desk: Page) -> None:
    open_recording(desk, "Known", "run_up", "?tab=orders")
    shown = read_plot(desk, VIEW)
    for order, amplitude in ((1.0, 1.0), (3.0, 0.5)):
        at, height = peak_near(shown, order, 0.3)
        assert at == pytest.approx(order, abs=0.02)
        assert height == pytest.approx(amplitude, rel=0.1)
    assert "followed in the vibration, confidence" in note_of(desk)
    look(desk, "orders")
    desk.get_by_label("Follow the speed").uncheck()
    expect(desk.locator("#viewer-view-note")).not_to_contain_text("confidence")
    settle(desk)
    assert peak_near(read_plot(desk, VIEW), 3.0, 0.1)[1] < 0.25, "without the speed the line is smeared"


def test_the_order_map_goes_by_time_or_by_speed(desk: Page) -> None:
    open_recording(desk, "Known", "run_up", "?tab=order_map")
    expect(desk.locator(f"#{VIEW} .ytitle")).to_have_text("Time (s)")
    desk.get_by_label("By", exact=True).select_option("speed")
    expect(desk.locator(f"#{VIEW} .ytitle")).to_have_text("Shaft speed (rpm)")
    settle(desk)
    heights = read_plot(desk, VIEW)["y"]
    assert min(heights) < 1_240
    assert max(heights) > 1_400
    look(desk, "order-map")


def test_the_synchronous_average_keeps_what_repeats_with_the_turn(desk: Page) -> None:
    open_recording(desk, "Known", "run_up", "?tab=average")
    assert re.match(r"mean of 17[0-9] stretches", note_of(desk))
    shown = read_plot(desk, VIEW)
    turns, values = np.array(shown["x"]), np.array(shown["y"])
    basis = np.exp(-2j * np.pi * np.outer([1, 3], turns))
    assert 2 * np.abs(basis @ values) / turns.size == pytest.approx([1.0, 0.5], rel=0.05)
    look(desk, "average")


def test_orbit_and_full_spectrum_show_the_way_the_shaft_goes(desk: Page) -> None:
    open_recording(desk, "Known", "rotor", "?tab=orbit")
    row = desk.get_by_role("table", name="Ellipses of the orbit").locator("tbody tr").first
    cells = row.locator("td").all_inner_texts()
    assert cells[0] == "1X"
    assert [float(cell) for cell in cells[1:3]] == pytest.approx([40, 30], rel=0.02)
    assert cells[-1] == "forward"
    look(desk, "orbit")
    desk.get_by_role("tab", name="Full spectrum").click()
    wait_for_view(desk, "full")
    shown = read_plot(desk, VIEW)
    assert peak_near(shown, ROTOR_HZ, 2)[1] == pytest.approx(35, rel=0.02)
    assert peak_near(shown, -ROTOR_HZ, 2)[1] == pytest.approx(5, rel=0.05)
    look(desk, "full-spectrum")


def test_an_orbit_is_closed_with_the_reason_where_there_is_one_probe_only(desk: Page) -> None:
    open_recording(desk, "Known", "run_up")
    for name in ("Orbit", "Full spectrum"):
        tab = desk.get_by_role("tab", name=name)
        expect(tab).to_be_disabled()
        expect(tab).to_have_attribute("title", re.compile("two probes"))
    desk.goto(address_of(desk, "Known", "run_up") + "?tab=orbit")
    expect(desk.locator("#viewer-view-state")).to_contain_text("An orbit needs two probes")


def test_two_recordings_are_laid_over_each_other_with_difference_and_coherence(desk: Page) -> None:
    open_recording(desk, "CWRU", "IR007_0")
    desk.get_by_role("tab", name="Compare").click()
    expect(desk.locator("#viewer-view-state")).to_contain_text("Choose a second recording")
    desk.get_by_label("Search this dataset").fill("Normal_0")
    expect(desk.locator("#viewer-other option", has_text="Normal_0")).to_have_count(1)
    desk.get_by_label("Second recording").select_option(label="Normal_0 · DE · healthy")
    wait_for_view(desk, "compare")
    names = desk.locator(f"#{VIEW} .legendtext")
    expect(names).to_have_text(["IR007_0 DE", "Normal_0 DE", "Difference"])
    look(desk, "compare")
    desk.get_by_label("Show", exact=True).select_option("coherence")
    expect(desk.locator(f"#{VIEW} .ytitle")).to_have_text("Coherence (0 to 1)")
    expect(desk.locator(f"#{VIEW}")).to_contain_text("chance, 95 %")
    expect(desk.locator("#viewer-view-note")).to_contain_text("different recordings")
    look(desk, "coherence")
    desk.reload()
    wait_for_view(desk, "compare")
    expect(desk.get_by_label("Second recording")).to_have_value(re.compile(r"\d+"))


def test_another_quantity_is_shown_where_the_unit_is_known(desk: Page) -> None:
    open_recording(desk, "Known", "rotor", "?quantity=velocity")
    expect(desk.locator(f"#{WAVEFORM} .ytitle")).to_have_text("Velocity (mm/s)")
    expect(desk.locator(f"#{VIEW} .ytitle")).to_have_text("Velocity, peak (mm/s)")
    found, height = peak_near(read_plot(desk, VIEW), ROTOR_HZ, 2)
    assert found == pytest.approx(ROTOR_HZ, abs=0.2)
    assert height == pytest.approx(2 * np.pi * ROTOR_HZ * 40e-3, rel=0.03)
    desk.get_by_label("Amplitude", exact=True).select_option("db")
    expect(desk.locator(f"#{VIEW} .ytitle")).to_have_text("Velocity, peak (dB re 1 mm/s)")
    look(desk, "velocity")
    open_recording(desk, "Known", "pulses")
    expect(desk.locator("#viewer-quantity option[value=velocity]")).to_be_disabled()
    expect(desk.locator("#viewer-quantity option[value=velocity]")).to_have_text("Velocity (unit unknown)")


def test_the_visible_stretch_can_be_heard(desk: Page) -> None:
    open_recording(desk, "Known", "run_up", "?x=1,3")
    desk.get_by_text("Listen to the visible stretch").click()
    desk.locator("#viewer-sound-high").fill("2000")
    desk.get_by_role("button", name="Prepare the sound").click()
    player = desk.locator("#viewer-sound-area audio")
    expect(player).to_be_visible()
    desk.wait_for_function("() => document.querySelector('#viewer-sound-area audio').duration > 0")
    assert player.evaluate("player => player.duration") == pytest.approx(2.0, abs=0.05)
    look(desk, "sound")
    stage_of(desk, WAVEFORM).focus()
    desk.keyboard.press("0")
    expect(player).to_have_count(0)


def test_what_is_told_of_the_machine_gives_its_zone_and_its_lines(desk: Page) -> None:
    open_recording(desk, "Known", "run_up")
    zone = desk.locator("#viewer-severity")
    expect(zone).to_contain_text("superseded")
    expect(zone).not_to_contain_text("Zone")
    look(desk, "zone-unknown")
    desk.get_by_role("button", name="Machine details").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Size (ISO 20816-3 group)").select_option("2")
    dialog.get_by_label("Mounting").select_option("rigid")
    dialog.get_by_label("Gear teeth").fill("11/27")
    dialog.get_by_label("Blades or vanes").fill("seven")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.locator(".pfd-toast")).to_contain_text("n_blades")
    dialog.get_by_label("Blades or vanes").fill("7")
    assert find_barriers(desk) == []
    keep_screenshot(desk, "tool-machine-details")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(zone).to_contain_text("Zone D")
    lines = desk.get_by_role("table", name="Fault lines")
    expect(lines).to_contain_text("GMF")
    expect(lines).to_contain_text("154")  # 7 blades at 22 Hz
    look(desk, "zone")
    desk.get_by_label("Gear mesh").uncheck()
    expect(lines).not_to_contain_text("GMF")


def test_an_estimated_speed_opens_orders_and_says_how_sure_it_is(desk: Page) -> None:
    open_recording(desk, "Known", "run_up")
    desk.locator("#viewer-speed").fill("1300")
    desk.locator("#viewer-speed").press("Enter")
    desk.get_by_label("Estimate it from the signal").check()
    area = desk.locator("#viewer-lines-area")
    expect(area).to_contain_text(re.compile(r"followed in the vibration, confidence \d+ %"))
    expect(area).to_contain_text("(estimated)")
    look(desk, "estimate")
    settle(desk)
    desk.reload()
    expect(area).to_contain_text("(estimated)")


def test_peaks_are_listed_with_what_belongs_together(desk: Page) -> None:
    open_recording(desk, "Known", "pulses", "?tab=envelope&low=1000&high=2200&peaks=true&hz=0,500")
    table = desk.get_by_role("table", name="Highest peaks in view")
    expect(table).to_contain_text("2 × 40")
    look(desk, "peaks")


@pytest.mark.parametrize("tab", ["envelope&kurtogram=true", "spectrogram", "orders"])
def test_the_tools_read_well_in_the_dark(desk: Page, tab: str) -> None:
    desk.emulate_media(color_scheme="dark")
    try:
        open_recording(desk, "CWRU", "IR007_0", f"?tab={tab}&cursors=hz:160:3:29.9:2,order:5.4:3")
        settle(desk)
        assert desk.get_attribute("html", "data-bs-theme") == "dark"
        keep_screenshot(desk, f"tool-dark-{tab.partition('&')[0]}")
        assert find_barriers(desk) == []
    finally:
        desk.emulate_media(color_scheme="light")
