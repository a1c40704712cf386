"""What the guard knows of Dash's callbacks: their roles, the pages behind them, and what runs by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import dash
from dash import _pages  # the function by which Dash itself decides which page a path opens
from flask import current_app, request
from werkzeug.exceptions import BadRequest, NotFound

from dashboard.auth import access
from layouts.pages import PAGES, not_found_404
from models.user import Role
from services.shared.actors import Actor, require_role

NOT_FOUND: Final = not_found_404.PAGE.module
_PAGES_CALLBACK: Final = "_pages_content.children"
_PAGES_PATH: Final = ("_pages_location", "pathname")
_LOCATION_PROPS: Final = frozenset({"pathname", "search", "hash", "href", "refresh"})
_INTERVAL_PROP: Final = "n_intervals"
_ROLE_MARK: Final = "required_role"


def _get_dash() -> dash.Dash:
    app: dash.Dash = current_app.dash_app  # type: ignore[attr-defined]  # set by create_app
    return app


def find_module(path: str) -> str:
    """Return the module of the page that ``path`` opens; unknown paths show "not found"."""
    found, _variables = _pages._path_to_page(path.strip("/"))
    return str(found.get("module", NOT_FOUND))


def get_page_role(path: str) -> Role:
    """Return the lowest role that may open the page behind ``path``."""
    roles = {page.module: page.role for page in PAGES}
    return Role(roles[find_module(path)])


def is_known_page(path: str) -> bool:
    """Tell whether ``path`` opens a page."""
    return find_module(path) != NOT_FOUND


def get_callback_role(entry: Mapping[str, Any]) -> Role:
    """Return the lowest role that may call a callback: what its function was marked with, else viewer."""
    return Role(getattr(entry.get("callback"), _ROLE_MARK, Role.VIEWER))


def require_callback_role(actor: Actor, body: Any) -> None:
    """Raise unless ``actor`` may call the callback that ``body`` names; refuse a body of another form."""
    entry = _find_callback(body)
    require_role(actor, get_callback_role(entry))
    if _PAGES_CALLBACK in body["output"]:
        paths = [
            item.get("value") for item in body["inputs"] if (item["id"], item["property"]) == _PAGES_PATH
        ]
        if len(paths) != 1 or not isinstance(paths[0], str):
            raise BadRequest("The page's path is missing.")
        require_role(actor, get_page_role(paths[0]))


def _find_callback(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise BadRequest("This is not a callback's request.")
    entry: Mapping[str, Any] | None = _get_dash().callback_map.get(body["output"])
    if entry is None or "callback" not in entry:
        raise NotFound("There is no such callback. Reload the page.")
    for sent, declared in (("inputs", "inputs"), ("state", "state")):
        items = body.get(sent, [])
        if not isinstance(items, list) or len(items) != len(entry[declared]):
            raise BadRequest("The page is out of date. Reload it.")
        if not all(map(_fits_argument, items, entry[declared])):
            raise BadRequest("This is not a callback's request.")
    if not _fits_outputs(body["output"], body.get("outputs")):
        raise BadRequest("This is not a callback's request.")
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise BadRequest("This is not a callback's request.")
    return entry


def _fits_argument(item: Any, declared: Mapping[str, str]) -> bool:
    """Tell whether an argument is the one declared in its place: Dash goes by the place, not by the name."""
    if isinstance(item, list):  # a pattern-matching input brings all its components
        return declared["id"].startswith("{") and all(_fits_argument(each, declared) for each in item)
    return (
        _is_argument(item)
        and item["property"] == declared["property"]
        and _fits_id(item["id"], declared["id"])
    )


def _fits_id(sent: Any, declared: str) -> bool:
    if not declared.startswith("{"):
        return bool(sent == declared)
    wanted = json.loads(declared)
    return isinstance(sent, dict) and all(
        isinstance(value, list) or sent.get(key) == value for key, value in wanted.items()
    )


def _is_argument(item: Any) -> bool:
    if isinstance(item, list):  # a pattern-matching output brings all its components
        return all(isinstance(each, dict) and "id" in each and "property" in each for each in item)
    return isinstance(item, dict) and "id" in item and "property" in item


def _fits_outputs(output: str, outputs: Any) -> bool:
    """Tell whether the outputs are as many as the callback's id names; one that has none sends none."""
    if _get_dash().callback_map[output].get("no_output"):
        return not outputs
    if output.startswith(".."):
        expected = len(output.strip(".").split("..."))
        return isinstance(outputs, list) and len(outputs) == expected and all(map(_is_argument, outputs))
    return _is_argument(outputs)


def find_timer_ids(callback_list: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of the Interval and Location components that callbacks listen to."""
    props = _LOCATION_PROPS | {_INTERVAL_PROP}
    return frozenset(
        item["id"] for callback in callback_list for item in callback["inputs"] if item["property"] in props
    )


def is_background() -> bool:
    """Tell whether the request is a page's own doing: only a timer or the address changed."""
    if request.endpoint != access.CALLBACK_ENDPOINT:
        return False
    changed = _read_changed_props()
    if not isinstance(changed, list):
        return True
    timers: frozenset[str] = current_app.extensions["pfd_timer_ids"]
    return all(isinstance(name, str) and name.rpartition(".")[0] in timers for name in changed)


def _read_changed_props() -> Any:
    """Look into the body without judging it; whoever is signed in gets the reason later."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        return None
    return body.get("changedPropIds") if isinstance(body, dict) else None
