"""What pages show comes from stored data: other data, other figures; and no page can draw a random number."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from flask import Flask

from dashboard_config import REPOSITORY_ROOT, Settings
from layouts.figures import signals as signal_figures
from layouts.pages import PAGES
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.feature_service import FeatureService
from services.shared import passwords
from services.xai_service import XAIService
from tests.conftest import use_settings
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.evaluations import train_forest
from tests.factories.imports import make_noise, run_import, write_canonical_file
from tests.integration.auth.browser import CALLBACK_PATH, Browser
from tests.integration.auth.conftest import make_user

# Pages that show no stored data: what they say comes from the files that a person gives them, or is fixed.
WITHOUT_DATA = {"/data-generation", "/not-found"}
ABOUT_ONE_THING = {
    "/evaluation",
    "/xai",
    "/datasets/<dataset_id>",
    "/datasets/<dataset_id>/leaks",
    "/datasets/<dataset_id>/trend",
    "/signals/<dataset_id>/<recording_id>",
    "/experiment/<experiment_id>",
    "/compare",
    "/diagnose",
    "/reports/<diagnosis_id>",
    "/feature-engineering",
    "/data-explorer",
}
# Those that a recording of one channel has; the same answer of one of them would be the same plot.
VIEWER_TABS = (
    *("spectrum", "psd", "envelope", "spectrogram", "cepstrum", "orders", "order_map"),
    *("autocorrelation", "average", "cyclic"),
)
COMPARE_TABS = ("overview", "curves", "statistics")
FEATURE_TABS = ("extract", "importance", "correlation")
EVALUATION_TABS = ("roc", "errors", "slices", "calibration", "conformal")
EXPLORER_TABS = ("distributions", "projection", "spectra", "correlation")
_RANDOM_MODULES = {"random", "secrets", "uuid"}
_ROUNDS = 5
_ROWS = {"startRow": 0, "endRow": 50, "sortModel": [], "filterModel": {}}

Values = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def server(_no_settings_of_the_developer: None, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from dashboard.app import create_app  # loaded here: collecting tests needs no Dash

    return create_app(Settings(data_dir=tmp_path_factory.mktemp("web")))


def write_id(component_id: Any) -> str:
    if isinstance(component_id, Mapping):
        return json.dumps(component_id, separators=(",", ":"), sort_keys=True)
    return str(component_id)


def collect(node: Any, values: Values) -> None:
    """Note the properties of every component below ``node`` that has an id."""
    if isinstance(node, list):
        for each in node:
            collect(each, values)
    elif isinstance(node, Mapping):
        props = node.get("props")
        if isinstance(props, Mapping) and "id" in props:
            name = write_id(props["id"])
            values |= {(name, prop): value for prop, value in props.items()}
            values[name, "id"] = props["id"]
            if node.get("type") == "AgGrid":
                values[name, "getRowsRequest"] = _ROWS
        for each in node.values():
            collect(each, values)


class Page:
    """One page as the browser fills it: the layout, then its callbacks until nothing changes any more."""

    def __init__(self, server: Flask, browser: Browser, address: str) -> None:
        self._server, self._browser = server, browser
        self._values: Values = {}
        self.shown: dict[str, Any] = {}
        collect(browser.open("/_dash-layout").json, self._values)
        path, _, search = address.partition("?")
        self._values["_pages_location", "pathname"] = path
        self._values["_pages_location", "search"] = f"?{search}" if search else ""
        own_ids = {name for name, _ in self._values}
        self._call(".._pages_content.children..._pages_store.data..")
        self._own_ids = {name for name, _ in self._values} - own_ids
        for _ in range(_ROUNDS):
            before = json.dumps(self.shown, sort_keys=True)
            for output in self._list_callbacks():
                self._call(output)
            if json.dumps(self.shown, sort_keys=True) == before:
                break

    def _list_callbacks(self) -> Iterator[str]:
        known = {name for name, _ in self._values}
        for entry in self._server.dash_app._callback_list:
            if entry["clientside_function"] or entry["prevent_initial_call"] or entry["no_output"]:
                continue
            places = [*entry["inputs"], *entry["state"]]
            if "{" in entry["output"] or any(each["id"].startswith("{") for each in places):
                continue
            writes = [part.rsplit(".", 1)[0] for part in entry["output"].strip(".").split("...")]
            if all(each["id"] in known for each in places) and set(writes) <= self._own_ids:
                yield entry["output"]

    def _call(self, output: str) -> None:
        entry = self._server.dash_app.callback_map[output]
        parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
        outputs = [{"id": name, "property": prop} for name, prop in parts]
        body = {
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": [self._fill(each) for each in entry["inputs"]],
            "state": [self._fill(each) for each in entry["state"]],
            "changedPropIds": [],
        }
        answer = self._browser.post(CALLBACK_PATH, body)
        assert answer.status_code in {200, 204}, (output, answer.text)
        if answer.status_code == 204:
            return
        for name, props in answer.json["response"].items():
            for prop, value in props.items():
                self._values[name, prop] = value
                collect(value, self._values)
                self.shown[f"{name}.{prop}"] = value

    def _fill(self, place: Mapping[str, str]) -> dict[str, Any]:
        value = self._values.get((place["id"], place["property"]))
        return {"id": place["id"], "property": place["property"], "value": value}

    @property
    def figures(self) -> dict[str, str]:
        """The plots that show something."""
        drawn = {name: value for name, value in self.shown.items() if name.endswith(".figure")}
        return {name: json.dumps(value["data"]) for name, value in drawn.items() if value.get("data")}

    @property
    def text(self) -> str:
        """Everything that the page shows, as one text."""
        return json.dumps(self.shown, sort_keys=True)


def train(small: SmallDataset) -> tuple[int, int, int]:
    """Train on a dataset, diagnose and explain one of its recordings; return all three ids."""
    config = {
        "network": "random_forest",
        "split_id": small.split_id,
        "seeds": [0, 1],
        "options": {"n_trees": 2, "window_s": 0.02},  # poor enough to be wrong here and there
    }
    extract(small)
    created = ExperimentService.create_experiment(config)
    for job_id in created["job_ids"]:
        assert ExperimentService.run_training_job(job_id, "w") == "done"
    asked = ExperimentService.request_diagnosis(
        experiment_id=created["experiment_ids"][0], signal_id=small.signal_ids["healthy", 3]
    )
    assert ExperimentService.run_diagnosis_job(asked["job_id"], "w") == "done"
    return created["experiment_ids"][0], asked["diagnosis_id"], explain(small)


def explain(small: SmallDataset) -> int:
    """Train on windows long enough for the lines of a bearing and explain one; return the experiment."""
    experiment_id = train_forest(small.split_id)
    asked = XAIService.explain(experiment_id, small.signal_ids["healthy", 3], "occlusion", trust=False)
    assert XAIService.run_explanation_job(asked["job_id"], "w") == "done"
    return experiment_id


def extract(small: SmallDataset) -> None:
    """Extract a dataset's features and rate them."""
    asked = FeatureService.extract_features(small.dataset_id, "all", {"window_s": 0.2}, as_job=True)
    assert FeatureService.run_features_job(asked["job_id"], "w") == "done"
    (stored,) = FeatureService.list_feature_sets(small.dataset_id)
    rated = FeatureService.rank_features(stored["feature_set_id"], small.split_id)
    assert FeatureService.run_features_job(rated["job_id"], "w") == "done"


def add_trend(name: str, seed: int, folder: Path) -> int:
    """Import a series of recordings and have its indicators computed; return the dataset's id."""
    signals = {f"run_{index}/DE": make_noise(seed + index, 500) for index in range(60)}
    job = run_import([write_canonical_file(folder / f"{seed}.h5", signals, unit="g")], {}, name)
    dataset_id: int = job["result"]["dataset_id"]
    asked = DataService.request_condition_trend(dataset_id)
    assert DataService.run_trend_job(asked["job_id"], "w") == "done"
    return dataset_id


def list_addresses(
    small: SmallDataset, experiment_id: int, diagnosis_id: int, explained_id: int
) -> list[str]:
    """Return the address of every page that is about one thing, and of every tab that draws."""
    signal = DatasetService.get_signal(small.signal_ids["healthy", 3])
    assert signal is not None
    viewer = f"/signals/{small.dataset_id}/{signal['recording_id']}"
    return [
        f"/datasets/{small.dataset_id}",
        f"/datasets/{small.dataset_id}/leaks",
        *(f"{viewer}?tab={tab}" for tab in VIEWER_TABS),
        f"/experiment/{experiment_id}",
        f"/experiment/{experiment_id}?tab=results",
        *(f"/evaluation?experiment={experiment_id}&tab={tab}" for tab in EVALUATION_TABS),
        *(f"/compare?ids={experiment_id},{experiment_id + 1}&tab={tab}" for tab in COMPARE_TABS),
        f"/xai?experiment={explained_id}&signal={signal['signal_id']}&method=occlusion",
        f"/diagnose?diagnosis={diagnosis_id}",
        f"/reports/{diagnosis_id}",
        *(f"/feature-engineering?dataset={small.dataset_id}&tab={tab}" for tab in FEATURE_TABS),
        *(f"/data-explorer?dataset={small.dataset_id}&tab={tab}" for tab in EXPLORER_TABS),
    ]


LISTS = {"/", "/datasets", "/signals", "/experiments", "/experiment/new", "/reports"}


@dataclass(frozen=True, slots=True)
class World:
    """Two datasets with all that was made of them: an address of each page about the one and the other."""

    server: Flask
    browser: Browser
    lists_of_one: dict[str, str]
    pairs: list[tuple[str, str]]

    def find_unchanged(self, pairs: list[tuple[str, str]]) -> tuple[list[str], set[str]]:
        """Return the pages and plots that say the same of both datasets, and all plots that were drawn."""
        same: list[str] = []
        drawn: set[str] = set()
        for pair in pairs:
            one, other = (Page(self.server, self.browser, address) for address in pair)
            same += [pair[0]] if one.text == other.text else []
            same += [name for name in one.figures if one.figures[name] == other.figures.get(name)]
            drawn |= set(one.figures)
        return same, drawn


@pytest.fixture(scope="module")
def world(server: Flask, _migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with use_settings(DATA_DIR=folder) as settings, pytest.MonkeyPatch.context() as patch:
        shutil.copy(_migrated_sqlite, settings.data_dir / "lstm_pfd.sqlite3")
        patch.setattr(passwords, "ROUNDS", 4)
        make_user("ann@example.org", "engineer")
        browser = Browser(server)
        browser.sign_in("ann@example.org")
        first = add_small_dataset("First rig")
        first_ids = train(first)
        lists = {path: Page(server, browser, path).text for path in LISTS}
        second = add_small_dataset("Second rig", classes=("outer_race", "healthy"))
        pairs = zip(list_addresses(first, *first_ids), list_addresses(second, *train(second)), strict=True)
        trends = (f"/datasets/{add_trend(*rig, folder)}/trend" for rig in (("One", 1), ("Two", 500)))
        yield World(server, browser, lists, [*pairs, (next(trends), next(trends))])


def test_every_page_shows_other_data_when_there_is_other_data(world: World) -> None:
    lists = [
        path for path in LISTS if Page(world.server, world.browser, path).text == world.lists_of_one[path]
    ]
    assert lists == []
    same, drawn = world.find_unchanged(world.pairs)
    assert same == []
    assert drawn == {
        "viewer-waveform.figure",
        "viewer-view.figure",
        "experiment-loss.figure",
        "experiment-accuracy.figure",
        "experiment-classes.figure",
        "experiment-roc.figure",
        "experiment-pr.figure",
        "experiment-reliability.figure",
        "evaluation-roc.figure",
        "evaluation-pr.figure",
        "evaluation-reliability.figure",
        "compare-accuracies.figure",
        "compare-classes.figure",
        "compare-gaps.figure",
        "compare-curves.figure",
        "xai-waveform.figure",
        "xai-frequency.figure",
        "xai-envelope.figure",
        "xai-bands.figure",
        "diagnose-timeline.figure",
        "diagnose-view-figure.figure",
        "features-importance-plot.figure",
        "features-correlation-plot.figure",
        "explorer-distribution-plot.figure",
        "explorer-projection-plot.figure",
        "explorer-spectra-plot.figure",
        "explorer-correlation-plot.figure",
        "trend-plot.figure",
    }
    every_page = {page.path_template or page.path for page in PAGES}
    assert every_page == LISTS | ABOUT_ONE_THING | WITHOUT_DATA


def test_a_planted_fixed_curve_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = go.Figure(go.Scatter(x=[0, 1], y=[1, 2]), layout={"height": 300})
    monkeypatch.setattr(signal_figures, "build_psd", lambda *_: fixed)
    viewers = [pair for pair in world.pairs if "?tab=" in pair[0] and pair[0].startswith("/signals/")]
    assert len(viewers) == len(VIEWER_TABS)
    assert world.find_unchanged(viewers)[0] == ["viewer-view.figure"]


def find_random(source: str) -> list[str]:
    """Return what in Python code could draw a random number."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
        if isinstance(node, ast.Attribute):
            names = [f".{node.attr}"]
        found += [name for name in names if name.split(".")[0] in _RANDOM_MODULES or ".random" in name]
    return found


def test_no_code_of_pages_can_draw_a_random_number() -> None:
    python = [path for name in ("layouts", "callbacks") for path in (REPOSITORY_ROOT / name).rglob("*.py")]
    scripts = list((REPOSITORY_ROOT / "dashboard" / "assets").glob("*.js"))
    assert len(python) > 50
    assert len(scripts) > 5
    found = {str(path): find_random(path.read_text(encoding="utf-8")) for path in python}
    found |= {
        str(path): re.findall(r"Math\.random|getRandomValues", path.read_text(encoding="utf-8"))
        for path in scripts
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "planted",
    ["import random", "from numpy import random", "from numpy.random import rand", "np.random.rand(3)"],
)
def test_a_planted_random_number_is_found(planted: str) -> None:
    assert find_random(planted)
