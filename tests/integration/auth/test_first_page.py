"""What a page is opened with: the first layout with the page in it, joined files, the list of callbacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash
import pytest
from flask import Flask

from dashboard.first_page import PAGE_HEADER
from layouts.pages import PAGES
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.many_experiments import fill_experiments
from tests.integration.auth.browser import JSON, Browser
from utils.exceptions import ServiceUnavailableError

ASSETS = Path("dashboard/assets")


@pytest.fixture
def viewer(server: Flask, people: dict[str, int]) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("viewer@example.org").status_code == 303
    return browser


def list_parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Walk over the components of a layout as JSON."""
    if isinstance(tree, list):
        for each in tree:
            yield from list_parts(each)
    elif isinstance(tree, dict):
        if "namespace" in tree:
            yield tree["props"]
        for each in tree.values():
            yield from list_parts(each)


def open_layout(browser: Browser, address: str) -> dict[str, dict[str, Any]]:
    """Return the components of the first layout that have an id, by id."""
    answer = browser.open("/_dash-layout", headers={**JSON, PAGE_HEADER: address})
    assert answer.status_code == 200, address
    return {props["id"]: props for props in list_parts(answer.json) if isinstance(props.get("id"), str)}


def test_the_first_layout_holds_the_page_and_what_the_list_first_asks_for(viewer: Browser) -> None:
    fill_experiments(7)
    found = open_layout(viewer, "/experiments?status=done&q=pump%20trial")
    assert found["_pages_location"]["pathname"] == "/experiments"
    assert found["_pages_location"]["search"] == "?status=done&q=pump%20trial"
    assert found["_pages_store"]["data"] == {"title": "Experiments · LSTM-PFD"}
    assert found["experiments-search"]["value"] == "pump trial"
    assert found["experiments-first-filters"]["data"] == [
        "pump trial",
        "done",
        "all",
        "all",
        "active",
    ]
    rows = open_layout(viewer, "/experiments?rows=single")["experiments-table"]["getRowsResponse"]
    assert (len(rows["rowData"]), rows["rowCount"]) == (7, 7)
    empty = open_layout(viewer, "/experiments?q=nowhere")
    assert (empty["experiments-table-area"]["hidden"], empty["experiments-count"]["children"]) == (
        True,
        "0 groups, 0 trainings",
    )


@pytest.mark.parametrize("address", ["", "experiments", "/data-generation", "/experiment/new"])
def test_a_page_that_is_not_for_this_person_or_not_named_is_left_to_the_router(
    viewer: Browser, address: str
) -> None:
    found = open_layout(viewer, address)
    assert "pathname" not in found["_pages_location"]
    assert found["_pages_content"].get("children") is None


@pytest.mark.parametrize("address", ["/nothing", "//evil.example/", "/%00", "/" + "x" * 5000])
def test_an_unknown_path_opens_the_page_that_says_so(viewer: Browser, address: str) -> None:
    found = open_layout(viewer, address)
    assert found["_pages_store"]["data"] == {"title": "Page not found · LSTM-PFD"}


def test_a_page_that_cannot_be_built_is_left_to_the_router(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_query: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setitem(dash.page_registry["layouts.pages.datasets"], "layout", fail)
    found = open_layout(viewer, "/datasets")
    assert found["_pages_content"].get("children") is None
    assert "frame-jobs" in found


def test_a_layout_tells_that_a_message_waits_and_leaves_it_waiting(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "get_queue_health", lambda *, actor: {"banner": None})
    assert open_layout(viewer, "/datasets")["frame-jobs-interval"]["disabled"] is True
    monkeypatch.setattr(board, "has_toasts", lambda *, actor: True)
    monkeypatch.setattr(board, "take_toasts", None)  # a call would end the layout
    assert open_layout(viewer, "/datasets")["frame-jobs-interval"]["disabled"] is False


def test_the_frame_and_the_list_stand_while_the_database_does_not_answer(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise ServiceUnavailableError("The database does not answer.")

    monkeypatch.setattr(board, "has_toasts", fail)
    monkeypatch.setattr(ExperimentService, "list_experiment_choices", fail)
    found = open_layout(viewer, "/experiments?q=pump")
    assert found["frame-jobs-interval"]["disabled"] is False
    assert found["experiments-search"]["value"] == "pump"
    assert found["experiments-table"].get("getRowsResponse") is None


def test_own_scripts_and_styles_come_joined_whole_and_for_ever(viewer: Browser) -> None:
    sources = re.findall(r'(?:src|href)="(/(?:bundle|assets)/[^"]*)"', viewer.open("/").text)
    for kind in ("css", "js"):
        (address,) = [each for each in sources if each.startswith(f"/bundle/app.{kind}?")]
        answer = viewer.open(address)
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.mimetype == {"css": "text/css", "js": "text/javascript"}[kind]
        for file in ASSETS.glob(f"*.{kind}"):
            times = 0 if file.name.startswith("early_") else 1
            assert answer.text.count(file.read_text()) == times, file.name
    assert {Path(each.partition("?")[0]).name for each in sources if each.startswith("/assets/")} == {
        "early_requests.js",
        "early_theme.js",
    }
    assert viewer.open("/bundle/app.py").status_code == 404


def test_the_list_of_callbacks_is_kept_as_long_as_it_is_the_same(server: Flask, viewer: Browser) -> None:
    found = re.search(r'name="pfd-callbacks" content="([^"]*)"', viewer.open("/").text)
    assert found
    answer = viewer.open(found.group(1))
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert len(answer.json) > 100
    for address in ("/_dash-dependencies", "/_dash-dependencies?hash=older"):
        assert viewer.open(address).headers["Cache-Control"] == "no-store"
    stranger = Browser(server).open(found.group(1), headers=JSON)
    assert (stranger.status_code, stranger.headers["Cache-Control"]) == (401, "no-store")


def test_the_tables_script_is_asked_for_early_where_a_page_begins_with_a_table(viewer: Browser) -> None:
    for path, is_early in (("/experiments", True), ("/reports", True), ("/datasets/1", True), ("/", False)):
        text = viewer.open(path).text
        assert bool(re.search(r'src="[^"]*/async-community\.v[^"]*\.js"', text)) is is_early, path
        assert "/dash_table/" not in text


def test_no_page_needs_the_table_that_is_left_out() -> None:
    for page in PAGES:
        parts = list(page.layout()._traverse())
        assert all(getattr(part, "_namespace", None) != "dash_table" for part in parts), page.path
