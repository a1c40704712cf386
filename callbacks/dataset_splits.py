"""Splits of one dataset: the list, the builder, the leak check."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL as ALL_IDS
from dash import Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components import carried_splits
from layouts.components import splits as parts
from layouts.components.forms import ALL
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from utils.exceptions import ErrorCode, NotFoundError

_GROUPED = ("bearing", "recording")


@fills_area
def show_splits(place: dict[str, Any], version: str | None, _created: Any, _carried: Any) -> Component:
    """List the splits of the chosen version; engineers can carry an old one over to the newest version."""
    dataset_id, actor = parse_id(place["dataset_id"]), current_actor()
    details = dataset_id and DatasetService.get_dataset_details(dataset_id, actor=actor)
    if not dataset_id or not details:
        raise NotFoundError("There is no such dataset.")
    splits = DatasetService.list_splits(dataset_id, version=parse_id(version), actor=actor)
    newest = DatasetService.list_splits(dataset_id, version=details["version"], actor=actor)
    return parts.build_split_list(
        splits,
        dataset_id=dataset_id,
        carry_to=details["version"] if may_write() else None,
        carried={split["carried_from"]["split_id"] for split in newest if split["carried_from"]},
    )


def prepare_form(place: dict[str, Any], version: str | None) -> tuple[Any, ...]:
    """Offer what this dataset can be split by; a viewer gets no form."""
    dataset_id = parse_id(place["dataset_id"])
    chosen = parse_id(version)
    details = dataset_id and DatasetService.get_dataset_details(
        dataset_id, version=chosen, actor=current_actor()
    )
    if not details or not may_write():
        return True, no_update, no_update
    fields = [(each["field"], parts.FIELD_NAMES[each["field"]]) for each in details["split_fields"]]
    given = [parts.GIVEN] if details["has_given_parts"] else []
    rules = [*given, *parts.GROUPINGS, *((name, label) for name, label in fields if name != "group")]
    channels = [(ALL, "All channels"), *((name, name) for name in details["channels"])]
    return False, _as_options(rules), _as_options(channels)


def _as_options(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in pairs]


def offer_values(by: str, place: dict[str, Any], version: str | None) -> tuple[Any, ...]:
    """Offer the values that can be held out for testing, where the rule has such."""
    dataset_id = parse_id(place["dataset_id"])
    if dataset_id is None:
        raise PreventUpdate
    field = "group" if by == "bearing" else by
    chosen = parse_id(version)
    details = DatasetService.get_dataset_details(dataset_id, version=chosen, actor=current_actor())
    fields = {each["field"]: each["values"] for each in details["split_fields"]} if details else {}
    values = [f"{value:g}" if isinstance(value, float) else str(value) for value in fields.get(field, [])]
    return _as_options([(value, value) for value in values]), [], not values, by not in _GROUPED


def _read_rule(
    by: str,
    values: list[str] | None,
    channel: str | None,
    test_share: float | None,
    validation_share: float | None,
    seed: int | None,
) -> dict[str, Any]:
    return {
        "by": by,
        "test_values": values or None,
        "channel": None if channel in (None, ALL) else channel,
        "test_fraction": (test_share or 0) / 100,
        "validation_fraction": (validation_share or 0) / 100,
        "seed": int(seed or 0),
    }


@fills_area
def check_form(*form: Any) -> tuple[Any, ...]:
    """Check the split as it is filled in: findings, what was checked, whether a tick is asked for."""
    *fields, place, version, _jobs, known = form
    if ctx.triggered_id == FrameId.JOBS and known:
        raise PreventUpdate  # a job has moved; what was checked stays
    rule, dataset_id = _read_rule(*fields), parse_id(place["dataset_id"])
    if dataset_id is None or not may_write():
        raise PreventUpdate
    if rule["test_values"] is None and rule["by"] not in (*_GROUPED, parts.GIVEN[0]):
        return parts.build_choose_values(), None, True, False
    checked = DatasetService.check_split(dataset_id, version=parse_id(version), actor=current_actor(), **rule)
    if checked["error_code"] == ErrorCode.LEAK_CHECK_RUNNING:
        watch_jobs()
        return parts.build_comparing(dataset_id, checked["error"]), None, True, False
    if not checked["success"]:
        return build_note(checked["error"], level="warning"), None, True, False
    return (
        parts.build_findings(checked),
        {"rule": rule, "colour": checked["colour"]},
        checked["colour"] != "amber",
        False,
    )


def allow_create(
    checked: dict[str, Any] | None, name: str | None, accepted: bool | None, reason: str | None
) -> tuple[bool, str | None]:
    """Enable Create or Carry over once it can work, and say why while it can't."""
    why = None
    if not checked:
        why = "Choose a rule that can be checked first."
    elif checked["colour"] == "red":
        why = "A split that leaks can't be used."
    elif not (name or "").strip():
        why = "Give the split a name."
    elif checked["colour"] == "amber" and not (accepted and (reason or "").strip()):
        why = "Tick that you accept the finding, and give a reason."
    return why is not None, why


@requires_role("engineer")
def create(
    clicks: int | None,
    checked: dict[str, Any] | None,
    name: str | None,
    reason: str | None,
    place: dict[str, Any],
    version: str | None,
) -> tuple[dict[str, Any], str]:
    """Store the split that was checked."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or not checked or dataset_id is None:
        raise PreventUpdate
    made = unwrap(
        DatasetService.create_split(
            dataset_id,
            (name or "").strip(),
            accept_amber=reason if checked["colour"] == "amber" else None,
            version=parse_id(version),
            actor=current_actor(),
            **checked["rule"],
        )
    )
    show_toast(f"Split {name} created", level="success", link=f"/experiment/new?split_id={made['split_id']}")
    return {"what": "split", "split_id": made["split_id"]}, ""


@requires_role("engineer")
def ask_to_carry(_clicks: list[int | None], _back: int | None, _carried: Any) -> tuple[Any, ...]:
    """Open the dialog with what the split would be in the newest version; close it by either answer."""
    if ctx.triggered_id in (DatasetId.CARRY_BACK, DatasetId.CARRIED):
        return False, *[no_update] * 7
    split_id = triggered_index()
    if split_id is None:
        raise PreventUpdate
    checked = unwrap(DatasetService.check_carried_split(split_id, actor=current_actor()))
    return (
        True,
        carried_splits.build_carry_title(checked),
        carried_splits.build_carry_findings(checked),
        {"split_id": split_id, "version": checked["version"], "colour": checked["colour"]},
        checked["name"],
        checked["colour"] != "amber",
        False,
        "",
    )


@requires_role("engineer")
def carry(
    clicks: int | None, checked: dict[str, Any] | None, name: str | None, reason: str | None
) -> dict[str, Any]:
    """Store the split in the version that it was checked for."""
    if not clicks or not checked:
        raise PreventUpdate
    made = unwrap(
        DatasetService.carry_split(
            checked["split_id"],
            checked["version"],
            name=(name or "").strip(),
            accept_amber=reason if checked["colour"] == "amber" else None,
            actor=current_actor(),
        )
    )
    title = f"Split {made['name']} carried over to version {made['version']}"
    show_toast(title, level="success", link=f"/experiment/new?split_id={made['split_id']}")
    return {"split_id": made["split_id"]}


def register(app: dash.Dash) -> None:
    """Wire the splits."""
    place, version = Input(DatasetId.PAGE, "data"), Input(DatasetId.VERSION, "value")
    changes = Input(DatasetId.CREATED, "data"), Input(DatasetId.CARRIED, "data")
    app.callback(Output(DatasetId.SPLITS, "children"), place, version, *changes)(show_splits)
    app.callback(
        Output(DatasetId.SPLIT_FORM, "hidden"),
        Output(DatasetId.SPLIT_BY, "options"),
        Output(DatasetId.SPLIT_CHANNEL, "options"),
        place,
        version,
    )(prepare_form)
    app.callback(
        Output(DatasetId.SPLIT_VALUES, "options"),
        Output(DatasetId.SPLIT_VALUES, "value"),
        Output(DatasetId.SPLIT_VALUES_GROUP, "hidden"),
        Output(DatasetId.SPLIT_SHARES, "hidden"),
        Input(DatasetId.SPLIT_BY, "value"),
        place,
        version,
    )(offer_values)
    _register_check(app)
    _register_carrying(app)


def _register_check(app: dash.Dash) -> None:
    fields = [
        DatasetId.SPLIT_BY,
        DatasetId.SPLIT_VALUES,
        DatasetId.SPLIT_CHANNEL,
        DatasetId.SPLIT_TEST_SHARE,
        DatasetId.SPLIT_VALIDATION_SHARE,
        DatasetId.SPLIT_SEED,
    ]
    app.callback(
        Output(DatasetId.SPLIT_FINDINGS, "children"),
        Output(DatasetId.SPLIT_CHECKED, "data"),
        Output(DatasetId.SPLIT_ACCEPTANCE, "hidden"),
        Output(DatasetId.SPLIT_ACCEPT, "value"),
        *(Input(field, "value") for field in fields),
        Input(DatasetId.PAGE, "data"),
        Input(DatasetId.VERSION, "value"),
        Input(FrameId.JOBS, "data"),
        State(DatasetId.SPLIT_CHECKED, "data"),
    )(check_form)
    app.callback(
        Output(DatasetId.SPLIT_CREATE, "disabled"),
        Output(DatasetId.SPLIT_CREATE, "title"),
        Input(DatasetId.SPLIT_CHECKED, "data"),
        Input(DatasetId.SPLIT_NAME, "value"),
        Input(DatasetId.SPLIT_ACCEPT, "value"),
        Input(DatasetId.SPLIT_REASON, "value"),
    )(allow_create)
    app.callback(
        Output(DatasetId.CREATED, "data"),
        Output(DatasetId.SPLIT_NAME, "value"),
        Input(DatasetId.SPLIT_CREATE, "n_clicks"),
        State(DatasetId.SPLIT_CHECKED, "data"),
        State(DatasetId.SPLIT_NAME, "value"),
        State(DatasetId.SPLIT_REASON, "value"),
        State(DatasetId.PAGE, "data"),
        State(DatasetId.VERSION, "value"),
        prevent_initial_call=True,
    )(create)


def _register_carrying(app: dash.Dash) -> None:
    app.callback(
        Output(DatasetId.CARRY_DIALOG, "is_open"),
        Output(DatasetId.CARRY_TITLE, "children"),
        Output(DatasetId.CARRY_FINDINGS, "children"),
        Output(DatasetId.CARRY_CHECKED, "data"),
        Output(DatasetId.CARRY_NAME, "value"),
        Output(DatasetId.CARRY_ACCEPTANCE, "hidden"),
        Output(DatasetId.CARRY_ACCEPT, "value"),
        Output(DatasetId.CARRY_REASON, "value"),
        Input(pattern_id(DatasetId.CARRY, ALL_IDS), "n_clicks"),
        Input(DatasetId.CARRY_BACK, "n_clicks"),
        Input(DatasetId.CARRIED, "data"),
        prevent_initial_call=True,
    )(ask_to_carry)
    app.callback(
        Output(DatasetId.CARRY_CONFIRM, "disabled"),
        Output(DatasetId.CARRY_CONFIRM, "title"),
        Input(DatasetId.CARRY_CHECKED, "data"),
        Input(DatasetId.CARRY_NAME, "value"),
        Input(DatasetId.CARRY_ACCEPT, "value"),
        Input(DatasetId.CARRY_REASON, "value"),
    )(allow_create)
    app.callback(
        Output(DatasetId.CARRIED, "data"),
        Input(DatasetId.CARRY_CONFIRM, "n_clicks"),
        State(DatasetId.CARRY_CHECKED, "data"),
        State(DatasetId.CARRY_NAME, "value"),
        State(DatasetId.CARRY_REASON, "value"),
        prevent_initial_call=True,
    )(carry)
