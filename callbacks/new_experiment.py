"""The training wizard."""

from __future__ import annotations

import re
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
from layouts.components.numbers import count_of
from layouts.ids import pattern_id
from layouts.ids.new_experiment import NewExperimentId
from layouts.pages import new_experiment as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService

_MOST_DATASETS = 200
_FIRST_NETWORK = "random_forest"


def load_choices(wished: dict[str, Any]) -> tuple[Any, ...]:
    """Offer datasets and networks, and choose what the address or a cloned experiment asks for."""
    actor = current_actor()
    datasets = DatasetService.list_datasets(limit=_MOST_DATASETS, actor=actor)["items"]
    networks = ExperimentService.list_networks(actor=actor)
    prefill = _find_prefill(wished)
    dataset_id = prefill.get("dataset_id") or (datasets[0]["dataset_id"] if datasets else None)
    return (
        page.build_dataset_options(datasets),
        str(dataset_id) if dataset_id else None,
        None if datasets else page.build_no_dataset(),
        page.build_network_options(networks),
        prefill.get("network") or _FIRST_NETWORK,
        prefill,
        ", ".join(map(str, prefill.get("seeds", [0]))),
        prefill.get("name", ""),
    )


def _find_prefill(wished: dict[str, Any]) -> dict[str, Any]:
    actor = current_actor()
    cloned = parse_id(wished["clone"])
    if cloned is not None:
        return dict(unwrap(ExperimentService.clone(cloned, actor=actor))["config"])
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
    return page.build_split_options(splits), chosen, None if splits else page.build_no_split(dataset_id)


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


def show_options(network: str | None, prefill: dict[str, Any] | None) -> Any:
    """Show the options of the chosen network."""
    spec = _find_network(network)
    if spec is None:
        raise PreventUpdate
    known = prefill or {}
    values = known.get("options") or {} if known.get("network") == network else {}
    return page.build_option_fields(spec, values)


def _find_network(network: str | None) -> dict[str, Any] | None:
    networks = ExperimentService.list_networks(actor=current_actor())
    return next((spec for spec in networks if spec["name"] == network), None)


def build_config(
    split_id: int | None,
    network: str | None,
    channel: str | None,
    seeds: str | None,
    name: str | None,
    notes: str | None,
    values: list[Any],
    ids: list[dict[str, str]],
) -> dict[str, Any]:
    """Return the training request that the form describes; the service judges it."""
    options = {each["index"]: value for each, value in zip(ids, values, strict=True)}
    return {
        "split_id": split_id,
        "network": network,
        "channel": channel or None,
        "seeds": [seed for seed in re.split(r"[\s,;]+", seeds or "") if seed],
        "name": name or "",
        "notes": notes or "",
        "options": {key: "" if value is None else value for key, value in options.items()},
    }


@requires_role("engineer")
def review(*form: Any) -> tuple[Any, bool, str | None]:
    """Check the request as it stands; say what would be trained, or why it can't be."""
    config = build_config(*form)
    if config["split_id"] is None:
        sentence = "Choose a dataset with a split."
        return page.build_waiting(sentence), True, sentence
    if not config["options"]:
        raise PreventUpdate
    check = ExperimentService.check_experiment(config, actor=current_actor())
    if not check["success"]:
        return page.build_refusal(check["error"]), True, check["error"]
    spec = _find_network(config["network"]) or {"options": []}
    defaults = {option["name"]: option["default"] for option in spec["options"]}
    changed = [name for name, value in check["options"].items() if value != defaults.get(name)]
    return page.build_review(check, n_changed=len(changed)), False, None


@requires_role("engineer")
def start(clicks: int | None, *form: Any) -> None:
    """Write the experiments with their jobs and go to the first one's monitor."""
    if not clicks:
        raise PreventUpdate
    result = unwrap(ExperimentService.create_experiment(build_config(*form), actor=current_actor()))
    ids = result["experiment_ids"]
    watch_jobs()
    show_toast(f"{count_of(len(ids), 'training')} queued", level="success")
    navigate(f"/experiment/{ids[0]}")


def _list_form(kind: type[Input] | type[State]) -> list[Any]:
    fields = ("SPLIT", "NETWORK", "CHANNEL", "SEEDS", "NAME", "NOTES")
    return [
        *(kind(NewExperimentId[field], "value") for field in fields),
        kind(pattern_id(NewExperimentId.OPTION, ALL), "value"),
        State(pattern_id(NewExperimentId.OPTION, ALL), "id"),
    ]


def register(app: dash.Dash) -> None:
    """Wire the page."""
    dataset, prefill = Input(NewExperimentId.DATASET, "value"), State(NewExperimentId.PREFILL, "data")
    split, network = Input(NewExperimentId.SPLIT, "value"), Input(NewExperimentId.NETWORK, "value")
    app.callback(
        Output(NewExperimentId.DATASET, "options"),
        Output(NewExperimentId.DATASET, "value"),
        Output(NewExperimentId.DATASET_NOTE, "children"),
        Output(NewExperimentId.NETWORK, "options"),
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
        Output(NewExperimentId.CHANNEL, "options"), Output(NewExperimentId.CHANNEL, "value"), split, prefill
    )(list_channels)
    app.callback(Output(NewExperimentId.OPTIONS, "children"), network, prefill)(show_options)
    app.callback(
        Output(NewExperimentId.REVIEW, "children"),
        Output(NewExperimentId.START, "disabled"),
        Output(NewExperimentId.START, "title"),
        *_list_form(Input),
    )(review)
    app.callback(Input(NewExperimentId.START, "n_clicks"), *_list_form(State), prevent_initial_call=True)(
        start
    )
    keep_in_url(app, NewExperimentId.URL, dataset, split, network)
