"""The import wizard: templates that are offered, applied, kept, renamed and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, requires_role, show_toast, triggered_index, unwrap
from layouts.components.import_form import RULE_FIELDS, UNLABELLED, list_form, read_form
from layouts.components.import_mapping import NOTHING, key_of
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from layouts.pages import data_generation as page
from services.dataset_service import DatasetService

Ids = Sequence[Mapping[str, str]]


# --- keeping -----------------------------------------------------------------------------------------------


@requires_role("engineer")
def manage_templates(
    files: dict[str, Any] | None,
    _save: int | None,
    _rename: list[int | None],
    _delete: list[int | None],
    name: str | None,
    title_ids: list[dict[str, Any]],
    titles: list[str],
    *form: Any,
) -> tuple[Any, Any, Any]:
    """Do what was asked with a template, and list them again."""
    note = _change(name, dict(zip([each["index"] for each in title_ids], titles, strict=True)), form)
    fitting = {each["template_id"] for each in (files or {}).get("templates") or [] if each["fits"]}
    templates = [
        {**each, "fits": each["template_id"] in fitting}
        for each in DatasetService.list_import_templates(actor=current_actor())
    ]
    return page.build_offers(templates), page.build_template_list(templates), note


def _change(name: str | None, titles: Mapping[Any, str], form: Sequence[Any]) -> Any:
    """Save, rename or delete as the trigger says; return what to say of it."""
    trigger = ctx.triggered_id
    if trigger == DataGenerationId.SAVE_TEMPLATE:
        upload_ids, mapping, missing = read_form(form)
        if missing or not (name or "").strip():
            return missing or "Give the template a name."
        unwrap(DatasetService.save_import_template(name or "", mapping, upload_ids, actor=current_actor()))
        return f"Kept as “{(name or '').strip()}”."
    if not isinstance(trigger, dict):
        return no_update
    index = triggered_index()
    if index is None:
        raise PreventUpdate
    if trigger["type"] == DataGenerationId.RENAME_TEMPLATE:
        unwrap(DatasetService.rename_import_template(int(index), titles[index], actor=current_actor()))
        show_toast(f"Template renamed to “{titles[index].strip()}”", level="success")
    else:
        unwrap(DatasetService.delete_import_template(int(index), actor=current_actor()))
        show_toast("Template deleted", "Datasets imported with it stay as they are.", level="success")
    return no_update


# --- applying ----------------------------------------------------------------------------------------------


@requires_role("engineer")
def use_template(
    _use: list[int | None],
    _pick: list[int | None],
    files: dict[str, Any] | None,
    rule_ids: Ids,
    default_ids: Ids,
    value_ids: Ids,
    arrangement: str | None,
) -> tuple[Any, ...]:
    """Fill the form in with a template's mapping."""
    index = triggered_index()
    every = DatasetService.list_import_templates(actor=current_actor())
    template = next((each for each in every if each["template_id"] == index), None)
    if index is None or template is None:
        raise PreventUpdate
    show_toast(f"Template “{template['name']}” applied", "Everything can still be changed.", level="success")
    found = (files or {}).get("found") or []
    *values, told = fill_form(template["mapping"], found, rule_ids, default_ids, value_ids)
    return (*values, no_update if told == arrangement else told)


def fill_form(
    mapping: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    rule_ids: Ids,
    default_ids: Ids,
    value_ids: Ids,
) -> tuple[Any, ...]:
    """Return the values of the form that a mapping stands for."""
    rules = {key_of(channel): _rule_of(channel, mapping) for channel in found}
    filled = []
    for each in rule_ids:
        key, _, field = each["index"].rpartition("|")
        filled.append(rules.get(key, {}).get(field, no_update))
    defaults = mapping.get("defaults") or {}
    blank = {"fault_class": NOTHING}
    source = mapping.get("label_from")
    plain = source in (None, "filename", "folder")
    words = "\n".join(f"{word} = {target}" for word, target in (mapping.get("map") or {}).items())
    return (
        filled,
        [defaults.get(each["index"], blank.get(each["index"], "")) for each in default_ids],
        [mapping.get(each["index"], NOTHING) for each in value_ids],
        (source or "found") if plain else "field",
        "" if plain else source,
        mapping.get("pattern") or "",
        words,
        mapping.get("arrangement") or "auto",
    )


def _rule_of(channel: Mapping[str, Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of one found channel, as the template's rules say."""
    rules = mapping.get("channels") or []
    fitting = [rule for rule in rules if _fits(channel, rule["variable"])]
    if not fitting:
        wanted = mapping.get("variables") or []
        take = not rules and (not wanted or any(_fits(channel, glob) for glob in wanted))
        return {"take": take, "labelled": True, **dict.fromkeys(RULE_FIELDS[1:], "")}
    said: dict[str, Any] = {}
    for rule in fitting:
        said |= rule
    fields = {field: said.get(field, "") for field in RULE_FIELDS}
    fields["channel"] = said.get("channel") or channel["channel"] or ""
    labelled = said.get("fault_class") != UNLABELLED
    return {"take": True, "labelled": labelled, "variable": said["variable"], **fields}


def _fits(channel: Mapping[str, Any], glob: str) -> bool:
    return glob in (channel["glob"], channel["channel"]) or any(
        fnmatchcase(example, glob) for example in channel["examples"]
    )


def register(app: dash.Dash) -> None:
    """Wire this part of the page."""
    app.callback(
        Output(DataGenerationId.TEMPLATE_OFFERS, "children"),
        Output(DataGenerationId.TEMPLATE_LIST, "children"),
        Output(DataGenerationId.TEMPLATE_NOTE, "children"),
        Input(DataGenerationId.CHANNELS, "data"),
        Input(DataGenerationId.SAVE_TEMPLATE, "n_clicks"),
        Input(pattern_id(DataGenerationId.RENAME_TEMPLATE, ALL), "n_clicks"),
        Input(pattern_id(DataGenerationId.DELETE_TEMPLATE, ALL), "n_clicks"),
        State(DataGenerationId.TEMPLATE_NAME, "value"),
        State(pattern_id(DataGenerationId.TEMPLATE_TITLE, ALL), "id"),
        State(pattern_id(DataGenerationId.TEMPLATE_TITLE, ALL), "value"),
        *list_form(State),
    )(manage_templates)
    patterns = (DataGenerationId.RULE, DataGenerationId.DEFAULT, DataGenerationId.VALUE)
    places = ("LABEL_FROM", "LABEL_FIELD", "PATTERN", "WORDS", "ARRANGEMENT")
    app.callback(
        *(Output(pattern_id(pattern, ALL), "value") for pattern in patterns),
        *(Output(DataGenerationId[place], "value") for place in places),
        Input(pattern_id(DataGenerationId.USE_TEMPLATE, ALL), "n_clicks"),
        Input(pattern_id(DataGenerationId.PICK_TEMPLATE, ALL), "n_clicks"),
        State(DataGenerationId.CHANNELS, "data"),
        *(State(pattern_id(pattern, ALL), "id") for pattern in patterns),
        State(DataGenerationId.ARRANGEMENT, "value"),
        prevent_initial_call=True,
    )(use_template)
