"""The callbacks of both pages about features: what is chosen, what is offered where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import data_explorer, feature_choice, feature_engineering
from layouts.components.forms import LATEST
from services.dataset_service import DatasetService
from services.feature_service import FeatureService
from tests.unit.layouts.tree import find_text

PLACE = {"dataset": "", "version": LATEST, "set": ""}
SETTINGS = {"kind": "extraction", "window_s": 1.0, "hop_s": 1.0, "channel": None}


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (data_explorer, feature_choice, feature_engineering):
        monkeypatch.setattr(module, "current_actor", lambda: "somebody")


def make_set(number: int, name: str | None = None) -> dict[str, Any]:
    return {
        "feature_set_id": number, "name": name, "domain": "all", "config": SETTINGS, "n_features": 98,
        "n_rows": 12, "version": 2, "dataset_id": 1,
    }  # fmt: skip


def have_sets(monkeypatch: pytest.MonkeyPatch, *sets: dict[str, Any]) -> list[tuple[int, int | None]]:
    asked: list[tuple[int, int | None]] = []

    def find(dataset_id: int, version: int | None, **_: Any) -> list[dict[str, Any]]:
        asked.append((dataset_id, version))
        return list(sets)

    monkeypatch.setattr(FeatureService, "list_feature_sets", find)
    monkeypatch.setattr(DatasetService, "get_dataset_details", lambda *_, **__: {"version": 2})
    return asked


def test_before_the_first_import_the_page_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DatasetService, "list_datasets", lambda **_: {"items": []})
    state, hidden, *_rest = feature_choice.show_datasets(PLACE)
    assert hidden is True
    assert "Import recordings" in find_text(state)


def test_the_newest_version_means_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = have_sets(monkeypatch)
    assert feature_choice.show_sets("1", LATEST, None, None, PLACE) == ([], "")
    feature_choice.show_sets("1", "1", None, None, PLACE)
    assert asked == [(1, 2), (1, 1)]


def test_a_new_set_wins_over_the_current_one_over_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    have_sets(monkeypatch, make_set(9), make_set(5), make_set(4, "Mine"))
    place = {**PLACE, "set": "4"}
    options, chosen = feature_choice.show_sets("1", LATEST, None, None, place)
    assert chosen == "4"
    assert options[2]["label"].startswith("Mine · windows of 1 s")
    assert feature_choice.show_sets("1", LATEST, None, "5", place)[1] == "5"
    assert feature_choice.show_sets("1", LATEST, None, "5", place, {"set": 9})[1] == "9"
    assert feature_choice.show_sets("1", LATEST, None, "77", PLACE)[1] == "9"


@pytest.mark.parametrize("tab", ["distributions", "projection", "spectra", "correlation"])
def test_without_features_every_tab_offers_to_extract(tab: str) -> None:
    shown = {
        "distributions": lambda: data_explorer.show_distribution(tab, "rms", None, "", "3", LATEST),
        "projection": lambda: data_explorer.show_projection(tab, "", "pca", None, None, "3", LATEST),
        "spectra": lambda: data_explorer.show_spectra(tab, "", None, "3", LATEST),
        "correlation": lambda: feature_choice.show_correlation(tab, "", None, "3", LATEST),
    }[tab]()
    assert shown[1] is True
    assert "Extract features" in find_text(shown[0])
    assert "/feature-engineering?dataset=3" in str(shown[0])


def test_importance_without_a_split_says_why_one_is_needed() -> None:
    shown = feature_engineering.show_importance("importance", "4", "", "permutation", None, None, "1", LATEST)
    assert "no split" in find_text(shown[0])


def test_a_ranking_of_another_method_or_split_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {
        "kind": "importance", "method": "mutual_info", "split_id": 3, "split": "s", "n_rows": 4,
        "n_training_rows": 9, "items": [{"feature": "rms", "score": 1.0, "spread": None}],
    }  # fmt: skip
    monkeypatch.setattr(FeatureService, "list_rankings", lambda *_, **__: [stored])

    def show(split: str, method: str) -> tuple:
        return feature_engineering.show_importance("importance", "4", split, method, None, None, "1", LATEST)

    assert show("3", "mutual_info")[1] is False
    assert "drawn evenly from 9" in show("3", "mutual_info")[3]
    assert "Not rated yet" in find_text(show("2", "mutual_info")[0])
    assert "Not rated yet" in find_text(show("3", "permutation")[0])


def test_a_set_that_cannot_be_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeatureService, "get_feature_set", lambda *_, **__: None)
    assert "can't be read" in find_text(feature_engineering.show_summary("4"))
    assert "No features extracted yet" in find_text(feature_engineering.show_summary(""))


def test_a_failed_view_takes_the_place_of_what_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"success": False, "error": "The stored feature values are damaged.", "error_code": "x"}
    for name in ("get_class_spectra", "get_distribution", "get_projection", "get_correlation"):
        monkeypatch.setattr(FeatureService, name, lambda *_, **__: failed)
    shown = [
        data_explorer.show_spectra("spectra", "4", None, "1", LATEST),
        data_explorer.show_distribution("distributions", "rms", None, "4", "1", LATEST),
        data_explorer.show_projection("projection", "4", "pca", None, None, "1", LATEST),
        feature_choice.show_correlation("correlation", "4", None, "1", LATEST),
    ]
    for state, hidden, *_rest in shown:
        assert hidden is True
        assert "damaged" in find_text(state)


def test_only_points_of_our_own_recordings_become_links() -> None:
    point = ["/signals/1/2?signal=3", "r2", "DE", 1.5]
    words = data_explorer.show_point({"points": [{"customdata": point}]})
    assert words[1].href == "/signals/1/2?signal=3"
    foreign = data_explorer.show_point({"points": [{"customdata": ["https://elsewhere", "r", "c", 0]}]})
    assert isinstance(foreign, str)
    with pytest.raises(PreventUpdate):
        data_explorer.show_point({"points": []})
