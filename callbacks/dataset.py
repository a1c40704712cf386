"""One dataset: card and header, archive, trash. Its tabs are wired in modules of their own."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    navigate,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
)
from layouts.components import dataset_removal as removal
from layouts.components.dataset_card import build_archive_label, build_dataset_card
from layouts.components.forms import ALL, LATEST, VIEWER_REASON
from layouts.components.numbers import format_moment
from layouts.components.recording_filters import list_choices
from layouts.components.states import build_empty_state
from layouts.ids.dataset import DatasetId
from services.dataset_service import DatasetService
from utils.exceptions import NotFoundError

_SELECTS = (
    *(DatasetId.CLASS, DatasetId.CHANNEL, DatasetId.SEVERITY, DatasetId.LOAD, DatasetId.MACHINE),
    DatasetId.FLAG,
)


_IN_TRASH = "It is in the trash; restore it first."
_GONE = "There is no such dataset."


@fills_area
def show_dataset(place: dict[str, Any], version: str | None, _changed: Any, _edited: Any) -> tuple[Any, ...]:
    """Fill the card, the header and the choices of the filters."""
    dataset_id = parse_id(place["dataset_id"])
    chosen = parse_id(version)
    details = dataset_id and DatasetService.get_dataset_details(
        dataset_id, version=chosen, actor=current_actor()
    )
    if not details:
        gone = build_empty_state(
            "There is no such dataset", "It may have been deleted.", icon="question-circle"
        )
        return gone, "Dataset not found", "", *[no_update] * (3 + len(_SELECTS)), True, ""
    choices = list_choices(details)
    channels = [{"value": ALL, "label": "All"}, *({"value": n, "label": n} for n in details["channels"])]
    thrown = details["trashed_at"] is not None
    return (
        build_dataset_card(details),
        details["name"],
        details["description"] or "No description.",
        _list_versions(details["versions"]),
        *choices,
        channels,
        build_archive_label(archived=details["archived"]),
        not thrown,
        removal.word_trash(details) if thrown else "",
    )


def _list_versions(versions: list[dict[str, Any]]) -> list[dict[str, str]]:
    newest_first = sorted(versions, key=lambda each: -each["number"])
    return [
        {
            "value": str(each["number"]) if index else LATEST,
            "label": f"{each['number']} · {format_moment(each['created_at'])}",
        }
        for index, each in enumerate(newest_first)
    ]


@requires_role("engineer")
def change_shelf(
    _archive: int | None, _restore: int | None, _confirmed: int | None, place: dict[str, Any], asked: Any
) -> dict[str, Any]:
    """Archive, throw away, restore or delete a dataset, whichever button was clicked."""
    dataset_id = parse_id(place["dataset_id"])
    if not ctx.triggered or not ctx.triggered[0]["value"] or dataset_id is None:
        raise PreventUpdate
    details = DatasetService.get_dataset_details(dataset_id, actor=current_actor())
    if details is None:
        raise NotFoundError("There is no such dataset.")
    if ctx.triggered_id == DatasetId.ARCHIVE:
        _archive_or_back(details)
    elif ctx.triggered_id == DatasetId.RESTORE:
        unwrap(DatasetService.restore_dataset(dataset_id, actor=current_actor()))
        show_toast(f"{details['name']} is restored", "It is as it was.", level="success")
    else:
        _remove(details, asked["mode"])
    return {"what": ctx.triggered_id, "stamp": ctx.triggered[0]["value"]}


def _archive_or_back(details: dict[str, Any]) -> None:
    dataset_id, actor = details["dataset_id"], current_actor()
    if details["archived"]:
        unwrap(DatasetService.unarchive_dataset(dataset_id, actor=actor))
        show_toast(f"{details['name']} is back in the lists", level="success")
    else:
        unwrap(DatasetService.archive_dataset(dataset_id, actor=actor))
        show_toast(
            f"{details['name']} is archived",
            "Its recordings and results stay; restore it here at any time.",
            level="success",
        )


def _remove(details: dict[str, Any], mode: str) -> None:
    dataset_id, actor = details["dataset_id"], current_actor()
    if mode == removal.TRASH:
        unwrap(DatasetService.trash_dataset(dataset_id, actor=actor))
        show_toast(
            f"{details['name']} is in the trash",
            "It can be restored for 30 days.",
            level="success",
            link=f"/datasets/{dataset_id}",
        )
    else:
        unwrap(DatasetService.delete_dataset(dataset_id, True, actor=actor))
        show_toast(f"{details['name']} is deleted", level="success")
    navigate("/datasets")


@requires_role("engineer")
def ask_removal(_trash: int | None, _purge: int | None, place: dict[str, Any]) -> tuple[Any, ...]:
    """Open the dialog that names what goes."""
    dataset_id = parse_id(place["dataset_id"])
    if not ctx.triggered or not ctx.triggered[0]["value"] or dataset_id is None:
        raise PreventUpdate
    found = DatasetService.describe_removal(dataset_id, actor=current_actor())
    if found is None:
        raise NotFoundError("There is no such dataset.")
    mode = removal.PURGE if ctx.triggered_id == DatasetId.PURGE else removal.TRASH
    reason = "Experiments use it." if found["experiments"] else None
    return (
        {"mode": mode, "stamp": ctx.triggered[0]["value"]},
        removal.build_removal_title(found, mode),
        removal.build_removal_words(found, mode),
        removal.build_removal_label(mode),
        reason is not None,
        reason,
    )


def show_removal(asked: dict[str, Any] | None, _back: int | None) -> bool:
    """Open the dialog when it was asked for; close it with its button."""
    return bool(asked) and ctx.triggered_id == DatasetId.REMOVAL


def allow_changes(place: dict[str, Any], _changed: Any) -> tuple[Any, ...]:
    """Say why a dataset can't be archived or thrown away, restored or deleted."""
    allowed = (False, None) if may_write() else (True, VIEWER_REASON)
    dataset_id = parse_id(place["dataset_id"])
    details = dataset_id and DatasetService.get_dataset_details(dataset_id, actor=current_actor())
    if not details:
        return (True, _GONE) * 4
    shelved = (True, _IN_TRASH) if details["trashed_at"] else allowed
    return (*shelved, *shelved, *allowed, *allowed)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = Input(DatasetId.PAGE, "data")
    app.callback(
        Output(DatasetId.CARD, "children"),
        Output(DatasetId.TITLE, "children"),
        Output(DatasetId.SENTENCE, "children"),
        Output(DatasetId.VERSION, "options"),
        *(Output(each, "options") for each in _SELECTS),
        Output(DatasetId.PREVIEW_CHANNEL, "options"),
        Output(DatasetId.ARCHIVE, "children"),
        Output(DatasetId.TRASH_NOTE, "hidden"),
        Output(DatasetId.TRASH_WORDS, "children"),
        place,
        Input(DatasetId.VERSION, "value"),
        Input(DatasetId.CHANGED, "data"),
        Input(DatasetId.EDITED, "data"),
    )(show_dataset)
    buttons = (DatasetId.ARCHIVE, DatasetId.TRASH, DatasetId.RESTORE, DatasetId.PURGE)
    app.callback(
        *(Output(each, prop) for each in buttons for prop in ("disabled", "title")),
        place,
        Input(DatasetId.CHANGED, "data"),
    )(allow_changes)
    app.callback(
        Output(DatasetId.CHANGED, "data"),
        Input(DatasetId.ARCHIVE, "n_clicks"),
        Input(DatasetId.RESTORE, "n_clicks"),
        Input(DatasetId.REMOVAL_CONFIRM, "n_clicks"),
        State(DatasetId.PAGE, "data"),
        State(DatasetId.REMOVAL, "data"),
        prevent_initial_call=True,
    )(change_shelf)
    app.callback(
        Output(DatasetId.REMOVAL, "data"),
        Output(DatasetId.REMOVAL_TITLE, "children"),
        Output(DatasetId.REMOVAL_WORDS, "children"),
        Output(DatasetId.REMOVAL_CONFIRM, "children"),
        Output(DatasetId.REMOVAL_CONFIRM, "disabled"),
        Output(DatasetId.REMOVAL_CONFIRM, "title"),
        Input(DatasetId.TRASH, "n_clicks"),
        Input(DatasetId.PURGE, "n_clicks"),
        State(DatasetId.PAGE, "data"),
        prevent_initial_call=True,
    )(ask_removal)
    app.callback(
        Output(DatasetId.REMOVAL_DIALOG, "is_open"),
        Input(DatasetId.REMOVAL, "data"),
        Input(DatasetId.REMOVAL_BACK, "n_clicks"),
        prevent_initial_call=True,
    )(show_removal)
