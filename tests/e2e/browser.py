"""A person's browser: a headless Chromium that complains about what a person would not see."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, TimeoutError, expect

EMAIL = "ann@example.org"
PASSWORD = "a rather long pass phrase"
SCREENSHOTS = Path(__file__).parent / "screenshots"
# A picture of a long page takes a second: they are made for who wants to look at them.
_WANTS_SCREENSHOTS = bool(os.environ.get("PFD_SCREENSHOTS"))
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a browser itself writes to the console when an answer is refused on purpose.
_EXPECTED = ("status of 401", "status of 404", "status of 409", "status of 422", "status of 503")
_SETTLE_MS = 60_000
# What a page still waits for: callbacks (but those that only a timer asks for), scripts, skeletons, plots.
_FIND_AWAITED = """() => {
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
  const findSeen = (selector) => [...document.querySelectorAll(selector)].filter(isSeen);
  if (document.readyState !== "complete") { return ["the document"]; }
  const store = (window.dash_stores || [])[0];
  if (!store) { return document.getElementById("react-entry-point") ? ["Dash"] : []; }
  const state = store.getState();
  if (state.appLifecycle !== "HYDRATED") { return ["the layout"]; }
  const { stored, completed, ...underWay } = state.callbacks;
  const asked = Object.values(underWay).flat().filter((each) => {
    const changed = Object.keys(each.changedPropIds || {});
    return !changed.length || changed.some((name) => !name.endsWith(".n_intervals"));
  });
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const isFull = loaded.length >= 250;  // it notes no more than that
  const scripts = [...document.querySelectorAll("script[src]")].map((script) => script.src);
  return [
    ...asked.map((each) => `callback ${each.callback.output}`),
    ...scripts.filter((address) => !isFull && !loaded.includes(address)),
    ...findSeen(".skeleton").map((node) => `skeleton in ${node.parentElement.id}`),
    ...findSeen(".dash-graph:not(:has(.main-svg))").map((node) => `plot ${node.id}`),
  ];
}"""
# Twice through the browser's drawing: what an answer started is seen by then.
_DRAW = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
_FIND_BARRIERS = """() => axe.run({resultTypes: ["violations"]}).then((found) =>
  found.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`))"""
# One text per trace that has points; `_fullData` holds them unpacked.
_READ_POINTS = """id => {
  const graph = document.querySelector(`#${id}.js-plotly-plot, #${id} .js-plotly-plot`);
  return ((graph && graph._fullData) || [])
    .map((trace) => [Array.from(trace.x || []), Array.from(trace.y || [])])
    .filter(([x, y]) => x.length && y.length)
    .map((points) => JSON.stringify(points));
}"""


class Watch:
    """Collects console errors, script errors and requests to anywhere but the product."""

    def __init__(self, page: Page, address: str) -> None:
        self.complaints: list[str] = []
        self._address = address
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        expected = any(part in message.text for part in _EXPECTED)
        if message.type == "error" and not expected and "ERR_CONNECTION_REFUSED" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self._address, "data:", "blob:", "about:")):
            self.complaints.append(f"left the machine: {request.url}")


@contextmanager
def open_context(browser: Browser, address: str, **options: Any) -> Iterator[BrowserContext]:
    """Open a fresh profile."""
    wanted = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
    context = browser.new_context(base_url=address, accept_downloads=True, **wanted)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def open_tab(context: BrowserContext, address: str) -> Iterator[Page]:
    """Open a page in a profile that has loaded the product's scripts before, but keeps no other choice.

    What went wrong behind the scenes fails at the end.
    """
    page = context.new_page()
    page.set_default_timeout(_SETTLE_MS)
    forgotten = {"origin": address, "storageTypes": "local_storage"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", forgotten)
    watch = Watch(page, address)
    try:
        yield page
    finally:
        for each in context.pages:  # a test may have opened more of them
            each.close()
    assert watch.complaints == []


@contextmanager
def open_page(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Open one page in a fresh profile; what went wrong behind the scenes fails at the end."""
    with open_context(browser, address, **options) as context, open_tab(context, address) as page:
        yield page


def set_up(page: Page, link: str) -> None:
    """Make the first administrator through the set-up link."""
    page.goto(link)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_selector("#frame-jobs-button")


def sign_in(page: Page) -> None:
    """Sign in on the form and wait for the frame."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#frame-jobs-button")


def settle(page: Page) -> None:
    """Wait until nothing loads, no callback is under way and everything in sight is drawn."""
    for _ in range(2):  # what was drawn may ask for more
        try:
            page.wait_for_function(f"() => ({_FIND_AWAITED})().length === 0", timeout=_SETTLE_MS)
        except TimeoutError:
            raise AssertionError(f"still awaited: {page.evaluate(_FIND_AWAITED)}") from None
        page.evaluate(_DRAW)


def allow_for_load(quiet: float) -> float:
    """Return what a limit that holds on a quiet machine is while others wait for its cores too.

    At most six times as much: what takes longer is slow whatever runs beside it.
    """
    return quiet * min(6.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def eventually(check: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait for something that no locator can say; fail with ``what`` if it does not come about."""
    ends_s = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends_s, f"not seen within {seconds:g} s: {what}"
        time.sleep(0.1)


def read_traces(page: Page, graph_id: str) -> str:
    """Wait until a graph is seen with points in it; return its points as text.

    An empty graph has its frame too: what is drawn before an answer comes is no figure.
    """
    found: list[str] = []

    def has_points() -> bool:
        found[:] = page.evaluate(_READ_POINTS, graph_id)
        return bool(found)

    expect(page.locator(f"#{graph_id} .main-svg").first).to_be_visible()
    eventually(has_points, f"points in {graph_id}")
    return "\n".join(found)


def keep_screenshot(page: Page, name: str, *, always: bool = False) -> None:
    """Keep what a person would see, to be looked at, where the environment has PFD_SCREENSHOTS."""
    if always or _WANTS_SCREENSHOTS:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def find_barriers(page: Page) -> list[str]:
    """Return what axe has to say about the page once nothing more comes."""
    settle(page)
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_FIND_BARRIERS)
    return found


def choose_files(page: Page, button: str, *paths: Path) -> None:
    """Click a button that asks for files and choose these."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button, exact=True).click()
    chooser.value.set_files(list(paths))
