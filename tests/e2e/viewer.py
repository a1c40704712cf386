"""What the tests of the signal viewer share: opening it, waiting for its plots, reading what they show."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.browser import settle

WAVEFORM, VIEW = "viewer-waveform", "viewer-view"
LONG_MS = 30_000

WAIT_VIEW = """(view) => {
    const plot = document.querySelector("#viewer-view .js-plotly-plot");
    return Boolean(plot && plot._fullData && plot._fullData.length && plot.layout.meta
        && plot.layout.meta.view === view);
}"""
READ_PLOT = """id => {
    const plot = document.querySelector("#" + id + " .js-plotly-plot");
    const layout = plot._fullLayout;
    const trace = plot._fullData[0];
    const [x, y] = [Array.from(trace.x), Array.from(trace.y)];
    const line = plot.querySelector(".js-line");
    return {
        x, y, range: Array.from(layout.xaxis.range),
        lines: layout.shapes.filter((shape) => shape.type === "line").map((shape) => shape.x0),
        x_title: layout.xaxis.title.text, y_title: layout.yaxis.title.text,
        top_drawn: line && layout.yaxis.p2l(line.getBBox().y),
    };
}"""
WAIT_RANGE = """([id, low, high]) => {
    const plot = document.querySelector("#" + id + " .js-plotly-plot");
    if (!plot || !plot._fullData || !plot._fullData.length) { return false; }
    const range = plot._fullLayout.xaxis.range;
    const near = (one, other) => Math.abs(one - other) <= 0.02 * (high - low);
    const x = plot._fullData[0].x;
    return near(range[0], low) && near(range[1], high) && near(x[0], low) && near(x[x.length - 1], high);
}"""


def find_recording(page: Page, dataset: str, recording: str) -> None:
    """Find a recording on the page of signals and open it."""
    page.goto("/signals")
    settle(page)
    page.get_by_label("Dataset", exact=True).select_option(label=dataset)
    page.get_by_label("Search recordings").fill(recording)
    page.get_by_role("link", name=recording, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(recording)
    wait_for_plot(page, WAVEFORM)
    wait_for_view(page)


def address_of(page: Page, dataset: str, recording: str) -> str:
    """Return the path of a recording's page."""
    datasets = page.request.get("/api/v1/datasets").json()["items"]
    dataset_id = next(each["dataset_id"] for each in datasets if each["name"] == dataset)
    found = page.request.get(f"/api/v1/datasets/{dataset_id}/recordings").json()["items"]
    recording_id = next(each["recording_id"] for each in found if each["recording"] == recording)
    return f"/signals/{dataset_id}/{recording_id}"


def open_recording(page: Page, dataset: str, recording: str, query: str = "") -> None:
    """Open a recording by its address and wait for the waveform and the view that the query names."""
    page.goto(address_of(page, dataset, recording) + query)
    wait_for_plot(page, WAVEFORM)
    named = parse_qs(query.removeprefix("?")).get("tab", ["spectrum"])[0]
    wait_for_view(page, named)


def wait_for_view(page: Page, view: str = "spectrum", span: tuple[float, float] | None = None) -> None:
    """Wait until the plot shows this view; with a span, until its data reach from end to end of it."""
    page.wait_for_function(WAIT_VIEW, arg=view, timeout=LONG_MS)
    if span is not None:
        wait_for_plot(page, VIEW, span)


def open_view(page: Page, label: str, view: str) -> None:
    """Click a tab and wait until its view is drawn."""
    page.get_by_role("tab", name=label, exact=True).click()
    wait_for_view(page, view)


def wait_for_plot(page: Page, graph: str, span: tuple[float, float] | None = None) -> None:
    """Wait until the plot shows this span with data from end to end; without a span, until it is drawn."""
    if span is None:
        expect(page.locator(f"#{graph} .js-line").first).to_be_attached(timeout=LONG_MS)
    else:
        page.wait_for_function(WAIT_RANGE, arg=[graph, *span])


def read_plot(page: Page, graph: str) -> dict[str, Any]:
    """Return what the plot holds and draws."""
    found: dict[str, Any] = page.evaluate(READ_PLOT, graph)
    return found


def box_of(page: Page, graph: str) -> FloatRect:
    """Bring a plot into view and return where it draws."""
    area = page.locator(f"#{graph} .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    return box


def drag(page: Page, graph: str, start: float, stop: float) -> None:
    """Draw a zoom over shares of the plot's width with the mouse."""
    box = box_of(page, graph)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + stop * box["width"], middle, steps=4)
    page.mouse.up()


def stage_of(page: Page, graph: str) -> Locator:
    """Return what takes the keys of a plot."""
    return page.locator(f'[data-viewer="{graph}"]')


def read_query(page: Page) -> dict[str, str]:
    """Return the address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def find_number(text: str | None, before: str) -> float:
    """Return the number before a word."""
    found = re.search(rf"([\d.]+) {before}", text or "")
    assert found, text
    return float(found.group(1))
