"""What goes wrong around a training, as a person at its page sees it: told soon and truly, over by itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect

from dashboard_config import REPOSITORY_ROOT
from database.migrate import migrate
from services.authentication_service import AuthenticationService
from services.jobs import board
from tests.e2e.browser import (
    EMAIL,
    PASSWORD,
    allow_for_load,
    find_barriers,
    keep_screenshot,
    open_context,
    settle,
    sign_in,
)
from tests.e2e.conftest import settings_of
from tests.factories.datasets import add_small_dataset
from tests.servers import Product, RedisServer
from utils.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SETTINGS = {
    "JOB_LEASE_S": 5,  # a busy machine may hold a living worker up for seconds
    "JOB_HEARTBEAT_S": 1,
    "JOB_SWEEP_S": 0.3,
    "JOB_RETRY_S": 0.1,
    "JOB_VISIBILITY_S": 7,
}
# How late the page may tell what is so: twice the 5 s of a quiet machine, as a training runs beside it, and
# more while others wait for the cores too. What is waited for to appear gets all of LAG_S.
TRUTH_S = 10.0
LAG_S = 30.0
LAG_MS = 1000 * LAG_S
CLICK_MS = 300.0  # seen here: 7 to 15; the rest is room for slower machines
LONG_S = 240.0
LONG_MS = 1000 * LONG_S
SMALL = {"Window": "0.1", "Hop": "0.001", "Hidden size": "16", "Number of filters": "8", "Batch size": "16"}
# Long enough to be still running after Redis and the web process were away, one after the other.
LONG = {**SMALL, "Epochs": "36", "Patience": "36"}
QUICK = {**SMALL, "Hop": "0.01"}  # a tenth of the windows
ENDLESS = {**QUICK, "Epochs": "10000", "Patience": "10000"}
BRIEF = {**QUICK, "Epochs": "2"}
DATABASE = "lstm_pfd.sqlite3"
# The database itself notes every state that a job was ever in, however briefly.
NOTE_TRUTHS = """
    CREATE TABLE truths (since_s REAL, job_id INTEGER, state TEXT, attempt INTEGER);
    CREATE TRIGGER note_new AFTER INSERT ON jobs BEGIN
        INSERT INTO truths VALUES ((julianday() - 2440587.5) * 86400, new.id, new.state, new.attempt);
    END;
    CREATE TRIGGER note_change AFTER UPDATE OF state, attempt ON jobs BEGIN
        INSERT INTO truths VALUES ((julianday() - 2440587.5) * 86400, new.id, new.state, new.attempt);
    END;
"""
# What the page shows at one moment, taken at once, so that its parts belong together.
LOOK = """() => {
    const text = (selector) => (document.querySelector(selector) || {textContent: ""}).textContent;
    return {state: text("#experiment-status .tag"), status: text("#experiment-status"),
            banner: text("#frame-banner"), away: text("#connection-note"), toasts: text("#frame-toasts")};
}"""


@dataclass
class Plant:
    """A running product with a small dataset, and the processes that a test may harm."""

    product: Product
    redis: RedisServer
    untouched: Path

    def find_leader(self, word: str) -> psutil.Process:
        """Return the process that leads the group of a child of the supervisor."""
        leaders = [each for each in self.product.find_processes(word) if os.getpgid(each.pid) == each.pid]
        assert len(leaders) == 1, leaders
        return leaders[0]

    def kill_group(self, word: str) -> None:
        """End a child of the supervisor with all its processes as a power cut would."""
        os.killpg(self.find_leader(word).pid, signal.SIGKILL)
        assert wait_until(lambda: not self.product.find_processes(word), 10)

    @contextmanager
    def nothing_restarts(self) -> Iterator[None]:
        """Freeze the supervisor, so that what is killed stays away for as long as a test looks."""
        supervisor = self.product.process
        assert supervisor is not None
        supervisor.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            supervisor.send_signal(signal.SIGCONT)

    def read_truths(self, experiment_id: int) -> list[tuple[float, str, int]]:
        """Return (since when, state, attempt) of a training's job, all of them, as the database kept them."""
        with closing(sqlite3.connect(self.product.data_dir / DATABASE, timeout=10)) as connection:
            return connection.execute(
                "SELECT since_s, state, attempt FROM truths WHERE job_id ="
                " (SELECT job_id FROM experiments WHERE id = ?) ORDER BY rowid",
                (experiment_id,),
            ).fetchall()

    def read_truth(self, experiment_id: int) -> tuple[str, int]:
        """Return state and attempt of a training's job now."""
        _, state, attempt = self.read_truths(experiment_id)[-1]
        return state, attempt

    def cancel_everything(self) -> None:
        """Leave no training to the next test, however this one ended."""
        with settings_of(self.product.data_dir):
            for job in board.list_jobs(states=list(board.OPEN_STATES))["items"]:
                board.cancel_job(job["id"])


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Start the product with short leases on a Redis of the test's own; keep a copy of its data."""
    data_dir = tmp_path_factory.mktemp("faults") / "data"
    data_dir.mkdir()
    with settings_of(data_dir):
        migrate()
        add_small_dataset()
        created = AuthenticationService.create_user(EMAIL, PASSWORD, "admin")
        assert created["success"], created["error"]
    untouched = data_dir.with_name("untouched")
    shutil.copytree(data_dir, untouched)
    with closing(sqlite3.connect(data_dir / DATABASE)) as connection:
        connection.executescript(NOTE_TRUTHS)
    with tempfile.TemporaryDirectory(prefix="pfd-redis-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        product = Product(data_dir, REDIS_URL=redis.url, **SETTINGS)
        try:
            product.start()
            yield Plant(product, redis, untouched)
        finally:
            product.stop()
            redis.stop()


@dataclass
class Notes:
    """What a person would not see: failed answers and script errors."""

    failed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep errors, but for those that say that the server did not answer."""
        silent = ("net::ERR_", "the server did not respond")
        if message.type == "error" and not any(part in message.text for part in silent):
            self.complaints.append(message.text)

    def note_script_error(self, error: Error) -> None:
        """Keep errors, but for Dash's own request that was under way when the server went."""
        if str(error) != "Failed to fetch":
            self.complaints.append(str(error))


@pytest.fixture(scope="module")
def profile(browser: Browser, plant: Plant) -> Iterator[BrowserContext]:
    """Open one profile for all tests here, signed in."""
    with open_context(browser, plant.product.url) as context:
        page = context.new_page()
        sign_in(page)
        page.close()
        yield context


@pytest.fixture
def page(profile: BrowserContext, plant: Plant) -> Iterator[Page]:
    """Return a page, signed in; an answer of 500 or a script error fails the test at its end."""
    page, notes = profile.new_page(), Notes()
    page.set_default_timeout(2 * LAG_MS)
    page.on("response", lambda answer: notes.failed.append(answer.url) if answer.status >= 500 else None)
    page.on("pageerror", notes.note_script_error)
    page.on("console", notes.note_console)
    yield page
    page.close()
    plant.cancel_everything()
    assert notes == Notes()


def find_click(request: Request) -> bool:
    """Tell whether a request is the click on Start training."""
    return "new-experiment-start.n_clicks" in asked_by(request)


def asks_for_jobs(request: Request) -> bool:
    """Tell whether a request is a click on the button of the jobs menu."""
    return "frame-jobs-button.n_clicks" in asked_by(request)


def start_training(page: Page, name: str, options: Mapping[str, str]) -> tuple[int, float]:
    """Start a training from the wizard; return its id and the milliseconds the server took for the click."""
    page.goto("/experiment/new")
    settle(page)
    page.get_by_label("I know of this and train on it all the same").check()
    page.get_by_role("tab", name="Network or classical model").click()
    page.locator("#new-experiment-network").get_by_text("CNN-LSTM", exact=True).click()
    page.get_by_label("Train a classical baseline beside it").uncheck()
    page.get_by_role("tab", name="Options").click()
    page.get_by_label("Seeds", exact=True).fill("0")
    page.get_by_label("Name", exact=True).fill(name)
    fields = page.locator("#new-experiment-options")
    for group in ("Optimiser and loss", "Stopping and guards"):
        fields.get_by_text(group).click()
    for label, value in options.items():
        fields.get_by_label(re.compile(f"^{label}")).fill(value)
    expect(page.locator("#new-experiment-chosen-options")).to_have_text(f"{len(options)} options changed")
    page.get_by_role("tab", name="Review").click()
    expect(page.locator("#new-experiment-review")).to_contain_text(name)
    expect(page.locator("#new-experiment-start")).to_be_enabled()
    with page.expect_request_finished(lambda request: is_post(request) and find_click(request)) as click:
        page.locator("#new-experiment-start").click()
    page.wait_for_url(re.compile(r"/experiment/\d+"))
    page.evaluate("window.notReloaded = true")
    timing = click.value.timing
    return int(page.url.split("?")[0].rsplit("/", 1)[-1]), timing["responseStart"] - timing["requestStart"]


def is_post(request: Request) -> bool:
    return request.method == "POST" and "_dash-update-component" in request.url


@dataclass
class Observer:
    """Looks at a training's page and at the truth again and again; the page may lag, never lie."""

    page: Page
    plant: Plant
    experiment_id: int
    epochs: int = 0
    _told: int = 0  # how far in the job's history the page has come
    _began_s: float = field(default_factory=time.time)

    def watch_until(
        self, condition: Callable[[dict[str, str]], object], within_s: float = LONG_S
    ) -> dict[str, str]:
        """Look until the page shows what is waited for."""
        deadline_s = time.monotonic() + within_s
        while True:
            shown = self.look()
            if condition(shown):
                return shown
            assert time.monotonic() < deadline_s, shown
            time.sleep(0.2)

    def look(self) -> dict[str, str]:
        """Look once: the page follows the job's history, soon and never back, or says that it can't know."""
        now_s = time.time()
        shown: dict[str, str] = self.page.evaluate(LOOK)
        truths = self.plant.read_truths(self.experiment_id)
        if not shown["away"]:
            loading = not shown["state"] and now_s - self._began_s < LAG_S
            over_since_s = now_s - min(LAG_S, allow_for_load(TRUTH_S))
            told = None if loading else self._find_told(shown, truths, over_since_s)
            assert loading or told is not None, (shown, truths, self._told)
            self._told = self._told if told is None else told
        epoch = re.search(r"(\d+) of at most", shown["status"])
        self.epochs = int(epoch.group(1)) if epoch else self.epochs
        return shown

    def _find_told(
        self, shown: dict[str, str], truths: list[tuple[float, str, int]], since_s: float
    ) -> int | None:
        """Return which truth the page tells: not one before the last told, nor one over for too long."""
        named = re.search(r"attempt (\d+)", shown["status"])
        attempts = {int(named.group(1))} if named else {attempt for _, _, attempt in truths}
        ends_s = [began_s for began_s, _, _ in truths[1:]] + [time.time()]
        for place, ((_, state, attempt), end_s) in enumerate(zip(truths, ends_s, strict=True)):
            fits = state == shown["state"] and attempt in attempts
            if fits and place >= self._told and end_s > since_s:
                return place
        return None


@pytest.fixture
def calm_weights(plant: Plant) -> Iterator[Callable[[], bytes]]:
    """Train the same beside it where nothing happens; return a function that waits for the weights."""
    words = [
        "train",
        "--dataset",
        "Small rig",
        "--split",
        "by load",
        "--network",
        "cnn_lstm",
        "--no-baseline",
        "--json",
    ]
    for label, value in LONG.items():
        name = {"Window": "window_s", "Hop": "hop_s", "Number of filters": "n_filters"}.get(label, label)
        words += ["--option", f"{name.lower().replace(' ', '_')}={value}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", *words],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "DATA_DIR": str(plant.untouched)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def wait() -> bytes:
        assert process.wait(LONG_S) == 0
        return read_weights(plant.untouched)

    yield wait
    process.kill()
    process.wait()


def read_weights(data_dir: Path) -> bytes:
    (path,) = (data_dir / "experiments").glob("*/classifier/weights-*")
    return path.read_bytes()


def test_a_training_outlives_redis_the_web_process_and_its_worker_and_the_page_says_so(
    page: Page, plant: Plant, calm_weights: Callable[[], bytes]
) -> None:
    experiment_id, _ = start_training(page, "Disturbed", LONG)
    seen = Observer(page, plant, experiment_id)
    seen.watch_until(lambda shown: "Training." in shown["status"] and seen.epochs >= 3)

    plant.redis.kill()
    shown = seen.watch_until(lambda shown: "Redis can't be reached" in shown["banner"], LAG_S)
    assert "Training." in shown["status"]
    keep_screenshot(page, "faults-1-redis-away")
    reached = seen.epochs
    seen.watch_until(lambda _: seen.epochs > reached)
    for file in plant.redis.folder.rglob("*.aof*"):
        file.unlink()
    plant.redis.start()
    shown = seen.watch_until(lambda shown: not shown["banner"], LAG_S)
    assert plant.read_truth(experiment_id) == ("running", 1), "over before the next fault: make LONG longer"

    with plant.nothing_restarts():
        plant.kill_group("gunicorn")
        seen.watch_until(lambda shown: "does not answer" in shown["away"], LAG_S)
        keep_screenshot(page, "faults-2-web-away")
    seen.watch_until(lambda shown: not shown["away"])
    reached = seen.epochs
    seen.watch_until(lambda _: seen.epochs > reached)
    assert plant.read_truth(experiment_id) == ("running", 1), "over before the next fault: make LONG longer"

    with plant.nothing_restarts():
        plant.kill_group("-Q train")
        seen.watch_until(lambda shown: "no worker is running for trainings" in shown["banner"], LAG_S)
        shown = seen.watch_until(lambda shown: shown["state"] == "queued")
        assert "no worker is running for trainings. It starts by itself once one is back." in shown["status"]
        keep_screenshot(page, "faults-3-worker-away")
    seen.watch_until(lambda shown: "This is attempt 2" in shown["status"])
    keep_screenshot(page, "faults-4-attempt-2")
    seen.watch_until(lambda shown: not shown["banner"], LAG_S)

    shown = seen.watch_until(lambda shown: shown["state"] == "done")
    seen.watch_until(lambda shown: "Finished: " in shown["toasts"], LAG_S)
    assert plant.read_truth(experiment_id) == ("done", 2)
    assert page.evaluate("window.notReloaded")
    keep_screenshot(page, "faults-5-done")
    assert read_weights(plant.product.data_dir) == calm_weights()


@pytest.mark.parametrize("fault", ["stopped", "frozen"])
def test_a_click_without_redis_is_answered_at_once_and_the_training_waits_for_it(
    page: Page, plant: Plant, fault: str
) -> None:
    if fault == "stopped":
        plant.redis.stop()
    else:
        plant.redis.send_signal(signal.SIGSTOP)
    try:
        experiment_id, click_ms = start_training(page, f"Redis is {fault}", BRIEF)
        assert click_ms < allow_for_load(CLICK_MS)
        seen = Observer(page, plant, experiment_id)
        seen.watch_until(lambda shown: "Redis can't be reached" in shown["banner"], LAG_S)
        shown = seen.watch_until(lambda shown: "Waiting: Redis can't be reached" in shown["status"], LAG_S)
        assert shown["state"] == "queued"
        keep_screenshot(page, f"faults-6-redis-{fault}")
    finally:
        if fault == "stopped":
            plant.redis.start()
        else:
            plant.redis.send_signal(signal.SIGCONT)
    seen.watch_until(lambda shown: not shown["banner"], LAG_S)
    seen.watch_until(lambda shown: shown["state"] == "done")
    assert plant.read_truth(experiment_id) == ("done", 1)


def test_pause_resume_stop_and_cancel_are_obeyed_within_seconds(page: Page, plant: Plant) -> None:
    experiment_id, _ = start_training(page, "Obedient", ENDLESS)
    seen = Observer(page, plant, experiment_id)
    seen.watch_until(lambda shown: seen.epochs >= 1)
    page.get_by_role("button", name="Pause", exact=True).click()
    seen.watch_until(lambda shown: shown["state"] == "paused", LAG_S)
    reached = seen.epochs
    page.get_by_role("button", name="Resume", exact=True).click()
    seen.watch_until(lambda shown: shown["state"] == "running", LAG_S)
    seen.watch_until(lambda _: seen.epochs > reached)
    page.get_by_role("button", name="Stop, keep the best", exact=True).click()
    shown = seen.watch_until(lambda shown: shown["state"] == "done", LAG_S)
    assert "Stopped early on request" in shown["status"]
    keep_screenshot(page, "faults-7-stopped-early")

    experiment_id, _ = start_training(page, "Cancelled", ENDLESS)
    seen = Observer(page, plant, experiment_id)
    seen.watch_until(lambda shown: seen.epochs >= 1)
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel the training of Cancelled")
    keep_screenshot(page, "faults-8-cancel")
    dialog.get_by_role("button", name="Cancel the training").click()
    shown = seen.watch_until(lambda shown: shown["state"] == "cancelled", LAG_S)
    assert "it left no result" in shown["status"]


def test_the_jobs_menu_shows_progress_cancels_and_tells_the_end_once(page: Page, plant: Plant) -> None:
    start_training(page, "In the menu", ENDLESS)
    page.goto("/datasets")
    settle(page)
    page.locator("#frame-jobs-button").click()
    row = page.locator("#frame-jobs-list .job-row", has_text="In the menu")
    expect(row).to_contain_text("running", timeout=LONG_MS)
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(row).to_contain_text(re.compile("epoch [1-9]"), timeout=LONG_MS)
    keep_screenshot(page, "faults-9-menu")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("cancelled", timeout=LAG_MS)
    expect(toasts_of(page, "Cancelled: ")).to_have_count(1, timeout=LAG_MS)

    start_training(page, "Soon over", BRIEF)
    page.goto("/datasets")
    expect(toasts_of(page, "Finished: ")).to_have_count(1, timeout=LONG_MS)
    keep_screenshot(page, "faults-10-toast")
    for _ in range(2):  # each asks for what ended
        with page.expect_response(lambda answer: is_post(answer.request) and asks_for_jobs(answer.request)):
            page.locator("#frame-jobs-button").click()
    expect(toasts_of(page, "Finished: ")).to_have_count(1)
    page.get_by_role("link", name="Experiments", exact=True).click()
    settle(page)
    assert toasts_of(page, "Finished: ").count() <= 1
    page.reload()
    settle(page)
    expect(toasts_of(page, "Finished: ")).to_have_count(0)


def test_a_click_that_was_never_answered_is_said_to_be_lost(page: Page) -> None:
    page.goto("/datasets")
    settle(page)
    page.route("**/_dash-update-component?*", lambda route: route.abort("connectionreset"))
    page.locator("#frame-jobs-button").click()
    note = page.locator("#connection-note")
    expect(note).to_contain_text("The server does not answer. What you see is from")
    page.unroute("**/_dash-update-component?*")
    expect(note).to_contain_text("was not answered", timeout=LAG_MS)
    assert find_barriers(page) == []
    keep_screenshot(page, "faults-11-lost-click")
    note.get_by_role("button", name="Reload").click()
    settle(page)
    expect(note).to_have_count(0)


def asked_by(request: Request) -> str:
    """Return which properties a callback was asked for."""
    return str((request.post_data_json or {}).get("changedPropIds", ""))


def toasts_of(page: Page, words: str) -> Any:
    return page.locator("#frame-toasts .toast", has_text=words)
