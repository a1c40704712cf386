"""A training is watched, paused, resumed and stopped on its page, with the keyboard too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from services.experiment_service import ExperimentService
from tests.e2e.browser import keep_screenshot, settle
from tests.e2e.conftest import Furnished, settings_of

pytestmark = pytest.mark.e2e

LONG_MS = 60_000
# Few large windows: an epoch takes about a second.
SMALL = ("--option", "window_s=0.5", "--option", "hop_s=0.5", "--option", "n_filters=8")


@pytest.fixture
def number(furnished: Furnished) -> Iterator[int]:
    """Return the number of a training that is under way; however the test ends, it is over then."""
    started = start_training(furnished)
    yield started
    with settings_of(furnished.product.data_dir):
        ExperimentService.cancel(started)


def start_training(furnished: Furnished) -> int:
    """Start a network that would train for much longer than the test, without waiting for it."""
    chosen = ("--dataset", "CWRU", "--split", "1", "--channel", "DE", "--network", "cnn_lstm")
    told = furnished.run(
        "train", *chosen, *SMALL, "--option", "epochs=2000", "--option", "patience=2000", "--detach"
    )
    number = re.search(r"experiment (\d+)", told)
    assert number, told
    return int(number.group(1))


def wait_for_epoch(page: Page, least: int) -> None:
    """Wait until the page itself, never reloaded, shows so many epochs."""
    page.wait_for_function(
        "least => Number(document.querySelector('#experiment-status .key-figure dd').textContent"
        ".split(' ')[0]) >= least",
        arg=least,
        timeout=LONG_MS,
    )


def test_a_training_is_watched_paused_resumed_and_stopped(page: Page, number: int) -> None:
    page.goto(f"/experiment/{number}")
    status = page.locator("#experiment-status")
    expect(status).to_contain_text("running", timeout=LONG_MS)
    expect(page.locator("#experiment-loss .main-svg").first).to_be_visible(timeout=LONG_MS)
    wait_for_epoch(page, 3)
    expect(status).to_contain_text("at most")
    keep_screenshot(page, "monitor-running")

    ruler = page.get_by_role("slider", name="Epoch that is read off")
    ruler.focus()
    page.keyboard.press("Home")
    expect(ruler).to_contain_text("Epoch 1")
    expect(ruler).to_have_attribute("aria-valuetext", re.compile("Loss: training .* nats"))
    page.keyboard.press("ArrowRight")
    expect(ruler).to_contain_text("Epoch 2")

    page.get_by_role("button", name="Pause").click()
    expect(status).to_contain_text("Paused: nothing runs", timeout=LONG_MS)
    page.get_by_label("Losses and norms").select_option("Logarithmic")
    page.get_by_label("Smoothing").select_option("Light")
    expect(page).to_have_url(re.compile("scale=log&smoothing=0.6"))
    page.reload()
    settle(page)
    expect(page.get_by_label("Losses and norms")).to_have_value("log")
    expect(page.locator("#experiment-loss")).to_contain_text("training, smoothed")
    keep_screenshot(page, "monitor-paused")

    page.get_by_role("button", name="Resume").click()
    expect(status).to_contain_text("running", timeout=LONG_MS)
    expect(page.locator("#experiment-log")).to_contain_text("Resumed in epoch", timeout=LONG_MS)
    page.get_by_role("button", name="Stop, keep the best").click()
    expect(status).to_contain_text("Stopped early on request", timeout=LONG_MS)

    page.get_by_role("tab", name="Results").click()
    expect(page.locator("#experiment-verdict")).to_contain_text("10 recordings right", timeout=LONG_MS)
    expect(page.locator("#experiment-verdict")).to_contain_text("Recording-level")
    page.get_by_role("tab", name="Settings").click()
    expect(page.locator("#experiment-command")).to_contain_text("--option epochs=2000")
    page.get_by_label("Name", exact=True).fill("Watched")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Watched")
