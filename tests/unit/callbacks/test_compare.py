"""The page that compares experiments, over stored ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest
from dash.exceptions import PreventUpdate

from callbacks import compare
from layouts.figures.comparison import QUANTITIES, style_contestant
from layouts.ids.compare import CompareId
from layouts.pages import compare as page
from services.shared.actors import SYSTEM
from tests.factories.comparisons import TestPart, add_experiment, add_test_part, change
from tests.unit.layouts.tree import find_text, list_components

TARGETS = ["healthy"] * 12 + ["inner_race"] * 12


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "current_actor", lambda: SYSTEM)


@pytest.fixture
def part(database: object) -> TestPart:
    return add_test_part("Rig", TARGETS)


@pytest.fixture
def chosen(part: TestPart) -> list[str]:
    seeds = [
        add_experiment(part, change(TARGETS, 23), name="Good", group="g", seed=seed) for seed in range(3)
    ]
    poor = add_experiment(
        part,
        change(TARGETS, *range(9), 23),
        name="Poor",
        network="cnn_lstm",
        options={"epochs": 3, "window_s": 0.1},
    )
    return [str(number) for number in (*seeds, poor)]


def trigger(monkeypatch: pytest.MonkeyPatch, component_id: str, value: Any = 1) -> None:
    made = SimpleNamespace(triggered=[{"value": value}], triggered_id=component_id)
    monkeypatch.setattr(compare, "ctx", made)


def list_links(component: Any) -> list[str]:
    return [str(each.href) for each in list_components(component) if getattr(each, "href", None)]


def test_the_comparison_is_shown_with_its_warnings_and_downloads(chosen: list[str]) -> None:
    state, hidden, exports, warnings = compare.show_comparison(chosen)
    assert not hidden
    assert "2 trainings on 24 test recordings: Rig v1, split by load." in find_text(state)
    ids = ",".join(chosen)
    assert list_links(exports) == [
        f"/api/v1/compare/export?ids={ids}&format={kind}" for kind in ("pdf", "csv", "latex")
    ]
    assert "Amber split" in find_text(warnings)
    assert "Too few seeds: B has" in find_text(warnings)
    assert "McNemar" not in find_text(warnings)


def test_what_can_not_be_compared_is_said_and_nothing_is_offered(chosen: list[str]) -> None:
    other = add_test_part("Other", TARGETS[:14])
    foreign = add_experiment(other, other.targets, network="svm")
    state, hidden, exports, warnings = compare.show_comparison([chosen[0], str(foreign)])
    assert (hidden, exports, warnings) == (True, None, None)
    assert "These can't be compared" in find_text(state)
    assert "Only 'Good'" in find_text(state)
    missing = compare.show_comparison([chosen[0], "9999"])[0]
    assert "There is no experiment 9999" in find_text(missing)
    with pytest.raises(PreventUpdate):
        compare.show_overview([chosen[0], str(foreign)], "overview", "light")


def test_nothing_chosen_says_the_next_step(part: TestPart) -> None:
    state, hidden, *_ = compare.show_comparison([])
    assert hidden
    assert "/experiment/new" in list_links(state)
    for index in range(2):
        add_experiment(part, TARGETS, name=str(index))
    assert "Choose two experiments or more" in find_text(compare.show_comparison(None)[0])


def test_the_overview_marks_the_best_and_links_each_seed(chosen: list[str]) -> None:
    overview, classes, confusions, accuracies, per_class = compare.show_overview(chosen, "overview", "dark")
    text = find_text(overview)
    assert text.count("best") == 5  # equal costs are nobody's best, nor is validation where equal
    assert "over 3 seeds" in text
    assert "one seed: its luck is not known" in text
    assert [link for link in list_links(overview) if link.startswith("/experiment/")] == [
        f"/experiment/{number}" for number in chosen
    ]
    assert "100.0 %" in find_text(classes)
    labels = {getattr(each, "aria-label", None) for each in list_components(confusions)}
    assert {f"Confusion matrix of {letter}, recording level" for letter in "AB"} <= labels
    assert isinstance(accuracies, go.Figure)
    assert [trace.x[0] for trace in accuracies.data if trace.error_x.array] == pytest.approx(
        [100 * 23 / 24, 100 * 14 / 24]
    )
    assert [trace.name for trace in per_class.data] == ["A", "B"]


def test_the_statistics_are_read_out_and_drawn(chosen: list[str]) -> None:
    reading, tests, gaps, title = compare.show_statistics(chosen, "statistics", None)
    assert "A is better on such recordings" in find_text(reading)
    assert "what most seeds say" in find_text(reading)
    assert "0.004" in find_text(tests)  # 9 to none: 2 / 2 ** 9
    assert title == "Differences of the pairs, 95 % intervals"
    (pair,) = gaps.data
    assert pair.x[0] == pytest.approx(37.5)
    assert "Good<br>less Poor" in pair.hovertemplate


def test_several_test_sets_are_drawn_by_ranks_or_differences(database: object) -> None:
    ids: dict[str, list[str]] = {}
    for fold in range(3):
        part = add_test_part(f"Fold{fold}", TARGETS)
        for n_wrong, network in enumerate(("random_forest", "svm", "cnn_lstm")):
            answers = change(TARGETS, *range(n_wrong))
            ids.setdefault(network, []).append(
                str(add_experiment(part, answers, network=network, name=network))
            )
    every = [number for numbers in ids.values() for number in numbers]
    _, tests, ranks, title = compare.show_statistics(every, "statistics", "light")
    assert title.startswith("Mean ranks ± half the critical difference")
    assert [trace.x[0] for trace in ranks.data] == [1, 2, 3]
    assert "Fold0 v1" in find_text(tests)
    two = ids["random_forest"] + ids["svm"]
    _, _, gaps, title = compare.show_statistics(two, "statistics", "light")
    assert title == "Difference on each test set"
    assert list(gaps.data[0].x) == pytest.approx([100 / 24] * 3)


def test_curves_lie_over_one_another_in_their_trainings_colour(chosen: list[str]) -> None:
    figure, note = compare.draw_curves(chosen, "curves", "validation_loss", "epoch", "light")
    assert len(figure.data) == 4
    colours = [trace.line.color for trace in figure.data]
    assert colours == [style_contestant(letter).colour for letter in "AAAB"]
    assert [trace.showlegend for trace in figure.data] == [True, False, False, True]
    assert list(figure.data[0].y) == pytest.approx([1.2, 0.6, 0.4])
    assert note == "one line per seed"
    for quantity in QUANTITIES:
        for against in ("epoch", "time"):
            drawn, words = compare.draw_curves(chosen, "curves", quantity, against, "dark")
            assert bool(drawn.data) == (quantity in {"validation_loss", "train_loss"}), words


def test_only_settings_that_differ_are_in_sight(chosen: list[str]) -> None:
    settings = compare.show_settings(chosen, "settings")
    shown, alike = settings.children
    assert "CNN-LSTM" in find_text(shown)
    assert "no such option" in find_text(shown)
    assert "Dataset" not in find_text(shown)
    assert "Dataset" in find_text(alike)
    same = find_text(compare.show_settings(chosen[:2], "settings"))
    assert "No setting differs" in same


def test_recordings_on_which_they_disagree_lead_to_the_viewer(chosen: list[str], part: TestPart) -> None:
    shown = compare.show_recordings(chosen, "recordings", "differ")
    links = list_links(shown)
    assert len(links) == 9
    assert all(re.fullmatch(rf"/signals/{part.dataset_id}/\d+\?channel=DE", link) for link in links)
    assert "3 of 3 seeds right" in find_text(shown)
    assert len(list_links(compare.show_recordings(chosen, "recordings", "wrong"))) == 1
    equal = compare.show_recordings(chosen[:2], "recordings", "differ")
    assert "The answers differ nowhere." in find_text(equal)


@pytest.mark.parametrize("tab", ["overview", "curves", "statistics", "settings", "recordings"])
def test_a_tab_that_is_not_open_costs_nothing(monkeypatch: pytest.MonkeyPatch, tab: str) -> None:
    monkeypatch.setattr(
        compare.ComparisonService, "get_comparison_data", staticmethod(lambda *_a, **_k: 1 / 0)
    )
    calls: dict[str, tuple[Any, Sequence[Any]]] = {
        "overview": (compare.show_overview, ["light"]),
        "curves": (compare.draw_curves, ["train_loss", "epoch", "light"]),
        "statistics": (compare.show_statistics, ["light"]),
        "settings": (compare.show_settings, []),
        "recordings": (compare.show_recordings, ["differ"]),
    }
    function, rest = calls[tab]
    with pytest.raises(PreventUpdate):
        function(["1", "2"], "another", *rest)


def test_the_choice_offers_the_same_test_part_first_and_keeps_what_is_chosen(chosen: list[str]) -> None:
    options, words, *buttons = compare.show_choices("poor", chosen[:1])
    assert [each["value"] for each in options] == [chosen[0], chosen[3]]
    assert options[1]["label"].endswith("same test part")
    assert words == "1 chosen"
    assert buttons == [False, None, False, None]
    assert compare.show_choices(None, [])[2:4] == (True, page.NOTHING_CHOSEN)


def test_seeds_are_added_and_the_choice_cleared(chosen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    trigger(monkeypatch, CompareId.ADD_SEEDS)
    assert compare.change_choice(1, None, [chosen[3], chosen[1]]) == [chosen[3], *chosen[:3]]
    trigger(monkeypatch, CompareId.CLEAR)
    assert compare.change_choice(1, 1, chosen) == []
    trigger(monkeypatch, CompareId.CLEAR, None)
    with pytest.raises(PreventUpdate):
        compare.change_choice(None, None, chosen)


def test_the_address_fills_the_choice_and_forgets_what_is_no_id() -> None:
    assert page.read_ids("3,1,<b>,3,99999999999,-2") == ["3", "1"]
    choice = next(
        each
        for each in list_components(page.build_layout(ids="7,5"))
        if getattr(each, "id", None) == CompareId.IDS
    )
    assert choice.value == ["7", "5"]
