"""The training wizard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import ALL, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    keep_in_url,
    navigate,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from layouts.components import training_form as form
from layouts.components import training_review
from layouts.components.numbers import count_of, format_percent
from layouts.ids import pattern_id
from layouts.ids.new_experiment import NewExperimentId
from layouts.pages import new_experiment as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService

_MOST_DATASETS = 200
_MOST_PARENTS = 50
_FIRST_NETWORK = "random_forest"
_NOT_ACCEPTED = "The split is amber: tick in step 1 that you know of it, then this can start."


# --- choices ---------------------------------------------------------------------------------------------


def load_choices(wished: dict[str, Any]) -> tuple[Any, ...]:
    """Offer the datasets, and choose what the address or a cloned experiment asks for."""
    datasets = DatasetService.list_datasets(limit=_MOST_DATASETS, actor=current_actor())["items"]
    prefill = _find_prefill(wished)
    dataset_id = prefill.get("dataset_id") or (datasets[0]["dataset_id"] if datasets else None)
    return (
        form.build_dataset_options(datasets),
        str(dataset_id) if dataset_id else None,
        None if datasets else page.build_no_dataset(),
        prefill.get("network") or _FIRST_NETWORK,
        prefill,
        ", ".join(map(str, prefill["seeds"])) if "seeds" in prefill else page.DEFAULT_SEEDS,
        prefill.get("name", ""),
    )


def _find_prefill(wished: dict[str, Any]) -> dict[str, Any]:
    actor = current_actor()
    cloned = parse_id(wished["clone"])
    if cloned is not None:
        return dict(unwrap(ExperimentService.clone(cloned, actor=actor))["config"])
    parent_id = parse_id(wished["parent"])
    parent = ExperimentService.get_experiment(parent_id, actor=actor) if parent_id else None
    if parent is not None:
        kept = {name: parent[name] for name in ("dataset_id", "split_id", "network", "channel", "options")}
        return {**kept, "parent_id": parent_id}
    split_id = parse_id(wished["split"])
    split = DatasetService.get_split(split_id, actor=actor) if split_id else None
    prefill = {
        "dataset_id": split["dataset_id"] if split else parse_id(wished["dataset"]),
        "split_id": split["split_id"] if split else None,
        "network": wished["network"],
    }
    return {name: value for name, value in prefill.items() if value is not None}


def list_splits(dataset: str | None, prefill: dict[str, Any] | None) -> tuple[Any, ...]:
    """Offer the splits of the chosen dataset with their leak colours."""
    dataset_id = parse_id(dataset)
    if dataset_id is None:
        return [], None, None
    splits = DatasetService.list_splits(dataset_id, actor=current_actor())
    ids = [split["split_id"] for split in splits]
    wished = (prefill or {}).get("split_id")
    chosen = wished if wished in ids else (ids[0] if ids else None)
    return form.build_split_options(splits), chosen, None if splits else page.build_no_split(dataset_id)


def show_split(split_id: int | None) -> tuple[Any, bool, bool]:
    """Show what the leak check found; an amber split asks for a tick, each time anew."""
    split = DatasetService.get_split(split_id, actor=current_actor()) if split_id else None
    if split is None:
        return None, True, False
    return page.build_findings(split), split["colour"] != "amber", False


def list_channels(split_id: int | None, prefill: dict[str, Any] | None) -> tuple[list[dict[str, str]], str]:
    """Offer the channels that the chosen split covers."""
    split = DatasetService.get_split(split_id, actor=current_actor()) if split_id else None
    if split is None:
        return [{"value": "", "label": "Every labelled channel"}], ""
    if split["channel"]:
        return [{"value": split["channel"], "label": f"{split['channel']} (the split's)"}], split["channel"]
    details = DatasetService.get_dataset_details(
        split["dataset_id"], version=split["version"], actor=current_actor()
    )
    channels = [name for name, classes in (details or {}).get("channel_classes", {}).items() if classes]
    wished = (prefill or {}).get("channel") or ""
    options = [("", "Every labelled channel"), *((name, name) for name in channels)]
    return [
        {"value": value, "label": label} for value, label in options
    ], wished if wished in channels else ""


def list_networks(split_id: int | None, channel: str | None, dataset: str | None) -> list[dict[str, Any]]:
    """Offer the networks: how each has done here, and which can't work with these signals."""
    actor = current_actor()
    missing = {}
    if split_id is not None:
        missing = ExperimentService.count_missing_conditions(split_id, channel or None, actor=actor)
    networks = ExperimentService.list_networks(actor=actor)
    return form.build_network_options(networks, missing, parse_id(dataset))


def list_parents(network: str | None, prefill: dict[str, Any] | None) -> tuple[Any, str, bool]:
    """Offer finished trainings of the chosen network to begin with; classical models have no weights."""
    spec = _find_network(network)
    if spec is None or spec["family"] == "classical":
        return [{"value": page.NEW_WEIGHTS, "label": "New weights"}], page.NEW_WEIGHTS, True
    found = ExperimentService.list_experiments(
        per_page=_MOST_PARENTS, status="done", filters={"network": network}, actor=current_actor()
    )["items"]
    options = [
        (page.NEW_WEIGHTS, "New weights"),
        *((str(e["experiment_id"]), _name_parent(e)) for e in found),
    ]
    known = prefill or {}
    wished = str(known.get("parent_id") or "") if known.get("network") == network else ""
    chosen = wished if wished in dict(options) else page.NEW_WEIGHTS
    return [{"value": value, "label": label} for value, label in options], chosen, False


def _name_parent(experiment: Mapping[str, Any]) -> str:
    test = experiment["test"]
    accuracy = f", {format_percent(test['recording_level']['accuracy'])} recording-level" if test else ""
    return f"{experiment['experiment_id']}: {experiment['name']}, seed {experiment['seed']}{accuracy}"


def show_options(network: str | None, parent: str | None, prefill: dict[str, Any] | None) -> Any:
    """Show the options of the chosen network; a fine-tuning begins with those of its start."""
    spec = _find_network(network)
    if spec is None:
        raise PreventUpdate
    known = prefill or {}
    values = known.get("options") or {} if known.get("network") == network else {}
    start_id = parse_id(parent)
    if start_id is not None and start_id != known.get("parent_id"):
        start = ExperimentService.get_experiment(start_id, actor=current_actor())
        values = start["options"] if start and start["network"] == network else values
    return form.build_option_fields(spec, values)


def _find_network(network: str | None) -> dict[str, Any] | None:
    networks = ExperimentService.list_networks(actor=current_actor())
    return next((spec for spec in networks if spec["name"] == network), None)


# --- what was filled in ----------------------------------------------------------------------------------


def build_config(
    split_id: int | None,
    network: str | None,
    channel: str | None,
    parent: str | None,
    baseline: bool | None,
    seeds: str | None,
    name: str | None,
    notes: str | None,
    values: list[Any],
    ids: list[dict[str, str]],
) -> dict[str, Any]:
    """Return the training request that the form describes; the service judges it."""
    return {
        "split_id": split_id,
        "network": network,
        "channel": channel or None,
        "parent_id": parse_id(parent),
        "baseline": bool(baseline),
        "seeds": [seed for seed in re.split(r"[\s,;]+", seeds or "") if seed],
        "name": name or "",
        "notes": notes or "",
        "options": _read_options(values, ids),
    }


def _read_options(values: Sequence[Any], ids: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    options = {each["index"]: value for each, value in zip(ids, values, strict=True)}
    return {key: "" if value is None else value for key, value in options.items()}


def mark_options(
    values: list[Any], network: str | None, ids: list[dict[str, str]]
) -> tuple[list[bool], list[str]]:
    """Say beside each option that can't be so why not."""
    problems = ExperimentService.check_options(
        network or "", _read_options(values, ids), actor=current_actor()
    )
    names = [each["index"] for each in ids]
    return [name in problems for name in names], [problems.get(name, "") for name in names]


@requires_role("engineer")
def review(accepted: bool | None, *form_values: Any) -> tuple[Any, ...]:
    """Check the request as it stands; say what would be started, or why it can't be."""
    config = build_config(*form_values)
    if config["split_id"] is None:
        return _refuse("Choose a dataset with a split.", page.build_waiting)
    if not config["options"]:
        raise PreventUpdate
    check = ExperimentService.check_experiment(config, actor=current_actor())
    if not check["success"]:
        return _refuse(check["error"])
    spec = _find_network(config["network"]) or {"options": []}
    changed = [
        (each["name"], each["default"], check["options"][each["name"]])
        for each in spec["options"]
        if check["options"][each["name"]] != each["default"]
    ]
    chosen = (
        check["network_title"],
        f"{count_of(len(changed), 'option')} changed" if changed else "default options",
    )
    body = training_review.build_review(check, changed)
    if check["split_colour"] == "amber" and not accepted:
        note = page.build_not_accepted(_NOT_ACCEPTED)
        return [note, body], True, _NOT_ACCEPTED, *chosen, "tick the amber split first"
    return body, False, None, *chosen, training_review.word_start(check)


def _refuse(sentence: str, build: Any = page.build_refusal) -> tuple[Any, ...]:
    return build(sentence), True, sentence, dash.no_update, dash.no_update, "can't start yet"


def say_chosen(split_id: int | None, dataset: str | None, options: Sequence[Mapping[str, Any]] | None) -> str:
    """Say in the first step's heading what was chosen."""
    split = DatasetService.get_split(split_id, actor=current_actor()) if split_id else None
    names = {each["value"]: each["label"].rpartition(" · ")[0] for each in options or []}
    name = names.get(dataset or "", "")
    return ", ".join(each for each in (name, split["name"] if split else "") if each)


@requires_role("engineer")
def start(clicks: int | None, *form_values: Any) -> None:
    """Write the experiments with their jobs and go to the first one's monitor."""
    if not clicks:
        raise PreventUpdate
    result = unwrap(ExperimentService.create_experiment(build_config(*form_values), actor=current_actor()))
    ids = result["experiment_ids"]
    watch_jobs()
    beside = " and a baseline" if result["baseline"] else ""
    show_toast(f"{count_of(len(ids), 'training')}{beside} queued", level="success", link="/experiments")
    navigate(f"/experiment/{ids[0]}")


def _list_form(kind: type[Input] | type[State]) -> list[Any]:
    fields = ("SPLIT", "NETWORK", "CHANNEL", "PARENT", "BASELINE", "SEEDS", "NAME", "NOTES")
    return [
        *(kind(NewExperimentId[field], "value") for field in fields),
        kind(pattern_id(NewExperimentId.OPTION, ALL), "value"),
        State(pattern_id(NewExperimentId.OPTION, ALL), "id"),
    ]


def register(app: dash.Dash) -> None:
    """Wire the page."""
    _register_choices(app)
    _register_review(app)
    chosen = (NewExperimentId.DATASET, NewExperimentId.SPLIT, NewExperimentId.NETWORK, NewExperimentId.PARENT)
    inputs = [Input(each, "value") for each in chosen]
    keep_in_url(app, NewExperimentId.URL, *inputs, Input(NewExperimentId.STEPS, "data"))


def _register_choices(app: dash.Dash) -> None:
    dataset, prefill = Input(NewExperimentId.DATASET, "value"), State(NewExperimentId.PREFILL, "data")
    split, network = Input(NewExperimentId.SPLIT, "value"), Input(NewExperimentId.NETWORK, "value")
    channel, parent = Input(NewExperimentId.CHANNEL, "value"), Input(NewExperimentId.PARENT, "value")
    app.callback(
        Output(NewExperimentId.DATASET, "options"),
        Output(NewExperimentId.DATASET, "value"),
        Output(NewExperimentId.DATASET_NOTE, "children"),
        Output(NewExperimentId.NETWORK, "value"),
        Output(NewExperimentId.PREFILL, "data"),
        Output(NewExperimentId.SEEDS, "value"),
        Output(NewExperimentId.NAME, "value"),
        Input(NewExperimentId.PAGE, "data"),
    )(load_choices)
    app.callback(
        Output(NewExperimentId.SPLIT, "options"),
        Output(NewExperimentId.SPLIT, "value"),
        Output(NewExperimentId.SPLIT_NOTE, "children"),
        dataset,
        prefill,
    )(list_splits)
    app.callback(
        Output(NewExperimentId.FINDINGS, "children"),
        Output(NewExperimentId.ACCEPT_AREA, "hidden"),
        Output(NewExperimentId.ACCEPT, "value"),
        split,
    )(show_split)
    app.callback(
        Output(NewExperimentId.CHANNEL, "options"), Output(NewExperimentId.CHANNEL, "value"), split, prefill
    )(list_channels)
    app.callback(
        Output(NewExperimentId.NETWORK, "options"), split, channel, State(NewExperimentId.DATASET, "value")
    )(list_networks)
    app.callback(
        Output(NewExperimentId.PARENT, "options"),
        Output(NewExperimentId.PARENT, "value"),
        Output(NewExperimentId.NETWORK_EXTRAS, "hidden"),
        network,
        prefill,
    )(list_parents)
    app.callback(Output(NewExperimentId.OPTIONS, "children"), network, parent, prefill)(show_options)


def _register_review(app: dash.Dash) -> None:
    options = pattern_id(NewExperimentId.OPTION, ALL)
    app.callback(
        Output(options, "invalid"),
        Output(pattern_id(NewExperimentId.PROBLEM, ALL), "children"),
        Input(options, "value"),
        State(NewExperimentId.NETWORK, "value"),
        State(options, "id"),
    )(mark_options)
    app.callback(
        Output(NewExperimentId.REVIEW, "children"),
        Output(NewExperimentId.START, "disabled"),
        Output(NewExperimentId.START, "title"),
        Output(NewExperimentId.CHOSEN_NETWORK, "children"),
        Output(NewExperimentId.CHOSEN_OPTIONS, "children"),
        Output(NewExperimentId.CHOSEN_REVIEW, "children"),
        Input(NewExperimentId.ACCEPT, "value"),
        *_list_form(Input),
    )(review)
    app.callback(
        Output(NewExperimentId.CHOSEN_DATA, "children"),
        Input(NewExperimentId.SPLIT, "value"),
        Input(NewExperimentId.DATASET, "value"),
        Input(NewExperimentId.DATASET, "options"),
    )(say_chosen)
    app.callback(Input(NewExperimentId.START, "n_clicks"), *_list_form(State), prevent_initial_call=True)(
        start
    )
