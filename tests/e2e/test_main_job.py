"""The main job as a person does it: from a folder of recordings to a diagnosis, in the browser."""

from __future__ import annotations

import csv
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.data import TestData
from tests.e2e.browser import EMAIL, choose_files, keep_screenshot, open_page, set_up, settle
from tests.e2e.conftest import run_command
from tests.servers import Product

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONG_MS = 120_000
N_TEST_RECORDINGS = 10
N_EPOCHS = "10"  # the network is right about every recording from the fourth on
FOREIGN = "InnerRaceFault_vload_1.mat"


@pytest.fixture
def at_work(browser: Browser, product: Product) -> Iterator[Page]:
    """Start the product over an empty folder and open its set-up page."""
    product.start()
    with open_page(browser, product.url) as page:
        assert product.setup_link is not None
        set_up(page, product.setup_link)
        yield page


def write_table(folder: Path, into: Path) -> Path:
    """Write the folder's metadata table with a second row per file: the fan-end channel, without a label."""
    with (folder / "metadata.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    fan = {
        "variable": "*_FE_time",
        "channel": "FE",
        "measurement_point": "fan end",
        "bearing": "6203-2RS",
        "fault_class": "",
        "severity": "",
        "group": "fan-end bearing",
    }
    path = into / "metadata.csv"
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, *({**row, **fan} for row in rows)])
    return path


def import_folder(page: Page, folder: Path, table: Path) -> None:
    page.get_by_role("link", name="Generate & import", exact=True).click()
    settle(page)
    files = sorted(folder.glob("*.mat"))
    assert len(files) == 30
    choose_files(page, "Choose files", *files, table)
    page.get_by_role("button", name="Use as metadata table").click(timeout=LONG_MS)
    page.get_by_label("Name of the dataset").fill("CWRU")
    start = page.get_by_role("button", name="Import", exact=True)
    expect(start).to_be_enabled(timeout=LONG_MS)
    keep_screenshot(page, "main-1-import")
    start.click()
    page.get_by_text("Open the dataset", exact=True).click(timeout=LONG_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("CWRU")
    settle(page)
    expect(page.locator("#dataset-card")).to_contain_text("DE, FE")
    expect(page.locator("#dataset-card")).to_contain_text(re.compile("12\\s?000, 48\\s?000 Hz"))
    keep_screenshot(page, "main-2-dataset")


def view_envelope(page: Page, recording: str) -> None:
    page.goto("/datasets/1?tab=recordings")
    settle(page)
    page.locator("#dataset-search").fill(recording)
    page.get_by_role("link", name=recording, exact=True).first.click()
    page.get_by_role("tab", name="Envelope spectrum").click()
    settle(page)
    expect(page.locator("#viewer-view-title")).to_have_text("Envelope spectrum")
    expect(page.locator("#viewer-view")).to_contain_text("BPFI")
    expect(page.locator("#viewer-view-note")).to_contain_text("Δf")
    keep_screenshot(page, f"main-3-envelope-{recording}")


def split_by_load(page: Page) -> None:
    page.goto("/datasets/1?tab=splits")
    settle(page)
    page.get_by_label("Grouped by").select_option("load")
    page.get_by_label("2", exact=True).check()
    expect(page.locator("#dataset-split-findings")).to_contain_text("says nothing about new bearings")
    create = page.locator("#dataset-split-create")
    expect(create).to_be_disabled()
    page.get_by_label("I know of this and accept it").check()
    page.locator("#dataset-split-reason").fill("One bearing per fault, re-run at every load")
    page.locator("#dataset-split-name").fill("train 0 and 1, test 2")
    expect(create).to_be_enabled()
    keep_screenshot(page, "main-4-split")
    create.click()
    expect(page.locator("#dataset-splits")).to_contain_text("train 0 and 1, test 2")


def train(page: Page, network: str) -> int:
    page.goto("/experiment/new?dataset=1")
    settle(page)
    page.get_by_role("radio", name="train 0 and 1, test 2").check()
    expect(page.locator("#new-experiment-findings")).to_contain_text("says nothing about new bearings")
    settle(page)  # a split brings its channels and asks anew for the tick
    page.get_by_label("Channel").select_option("DE")
    page.get_by_label("I know of this and train on it all the same").check()
    settle(page)
    expect(page.get_by_label("Channel")).to_have_value("DE")
    expect(page.get_by_label("I know of this and train on it all the same")).to_be_checked()
    page.get_by_role("tab", name="Network or classical model").click()
    page.locator("#new-experiment-network").get_by_text(network, exact=True).click()
    if network != "Random forest":  # that one has been trained by itself
        page.get_by_label("Train a classical baseline beside it").uncheck()
    page.get_by_role("tab", name="Options").click()
    page.get_by_label("Seeds", exact=True).fill("0")
    if network != "Random forest":
        options = page.locator("#new-experiment-options")
        options.get_by_text("Optimiser and loss").click()
        options.get_by_label(re.compile("^Epochs")).fill(N_EPOCHS)
        expect(page.locator("#new-experiment-chosen-options")).to_have_text("1 option changed")
    page.get_by_role("tab", name="Review").click()
    start = page.locator("#new-experiment-start")
    expect(start).to_be_enabled()
    expect(page.locator("#new-experiment-review")).to_contain_text(f"1 × {network} (seed 0) on channel DE")
    keep_screenshot(page, f"main-5-train-{network}")
    start.click()
    page.wait_for_url(re.compile(r"/experiment/\d+"))
    return int(page.url.rstrip("/").split("/")[-1].split("?")[0])


def watch_and_judge(page: Page, experiment_id: int, curves: bool) -> None:
    if curves:
        expect(page.locator("#experiment-loss .main-svg").first).to_be_visible(timeout=LONG_MS)
        expect(page.locator("#experiment-status")).to_contain_text("running")
        keep_screenshot(page, f"main-6-watch-{experiment_id}")
    expect(page.locator("#experiment-status")).to_contain_text("done", timeout=LONG_MS)
    page.get_by_role("tab", name="Results").click()
    settle(page)
    verdict = page.locator("#experiment-verdict")
    expect(verdict).to_contain_text(f"{N_TEST_RECORDINGS} of {N_TEST_RECORDINGS} recordings right")
    expect(verdict).to_contain_text("Recording-level")
    expect(verdict).to_contain_text("amber")
    expect(verdict).to_contain_text("One bearing per fault, re-run at every load")
    keep_screenshot(page, f"main-7-results-{experiment_id}")


def diagnose_upload(page: Page, experiment_id: int, file: Path) -> dict[str, float]:
    page.goto(f"/diagnose?experiment={experiment_id}")
    settle(page)
    page.get_by_label("New file").check()
    choose_files(page, "Choose a file", file)
    start = page.locator("#diagnose-start")
    expect(start).to_be_enabled()
    start.click()
    result = page.locator("#diagnose-result")
    expect(result).to_contain_text("nothing shows", timeout=LONG_MS)
    settle(page)
    expect(result).to_contain_text("resampled from", ignore_case=True)
    keep_screenshot(page, "main-8-diagnosis")
    number = re.search(r"diagnosis=(\d+)", page.url)
    assert number, page.url
    answer = page.request.get(f"/api/v1/diagnoses/{number.group(1)}").json()["answer"]
    expect(result).to_contain_text(answer["verdict"]["sentence"])
    found: dict[str, float] = answer["probabilities"]
    return found


def diagnose_by_rest(address: str, key: str, experiment_id: int, file: Path) -> dict[str, Any]:
    """Post the file as another program would."""
    boundary = "a-line-that-is-in-no-file"
    body = b"".join(
        [
            f'--{boundary}\r\nContent-Disposition: form-data; name="experiment_id"\r\n\r\n'.encode(),
            f"{experiment_id}\r\n".encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.mat"\r\n'.encode(),
            b"Content-Type: application/octet-stream\r\n\r\n",
            file.read_bytes(),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    request = urllib.request.Request(  # noqa: S310 -- our own loopback address
        f"{address}/api/v1/diagnose",
        data=body,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- our own loopback address
        assert answer.status == 200
        document: dict[str, Any] = json.loads(answer.read())
        return document


def test_from_real_recordings_to_a_diagnosis(
    at_work: Page, product: Product, recordings: TestData, tmp_path: Path
) -> None:
    page = at_work
    import_folder(page, recordings.cwru, write_table(recordings.cwru, tmp_path))
    for recording in ("Normal_0", "IR007_0"):
        view_envelope(page, recording)
    split_by_load(page)
    forest = train(page, "Random forest")
    watch_and_judge(page, forest, curves=False)
    network = train(page, "CNN-LSTM")
    watch_and_judge(page, network, curves=True)

    foreign = recordings.mfpt / FOREIGN
    in_browser = diagnose_upload(page, network, foreign)
    scopes = ("--email", EMAIL, "--name", "script", "--scopes", "diagnose,read,write")
    key = json.loads(run_command(product.data_dir, "create-api-key", *scopes, "--json"))["key"]
    by_rest = diagnose_by_rest(product.url, key, network, foreign)
    command = ("diagnose", foreign, "--experiment", network, "--json")
    by_command = json.loads(run_command(product.data_dir, *command))
    assert in_browser == by_rest["probabilities"] == by_command["probabilities"]
    assert by_rest["limits"] == by_command["limits"]
    assert any("nothing shows" in limit for limit in by_rest["limits"])
