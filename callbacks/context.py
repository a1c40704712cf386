"""What every callback shares: who asks, how a failure is shown, how to start polling."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, State, ctx, set_props
from dash.dependencies import ClientsideFunction, Output
from dash.exceptions import PreventUpdate
from flask import g

from layouts.components.states import build_error_state
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from services.shared.actors import Actor
from utils.clock import monotonic_s
from utils.constants import MAX_ID
from utils.exceptions import ERROR_TABLE, ErrorCode, LstmPfdError, ToastLevel
from utils.ids import new_reference_id
from utils.logger import setup_logger

logger = setup_logger(__name__)

_MOST_DATASETS = 200


def current_actor() -> Actor:
    """Return who is signed in; the guard has put them there before any callback runs."""
    actor: Actor = g.actor
    return actor


def unwrap(result: Any) -> Any:
    """Return the payload of a pattern C or A result, or raise its failure for the edge to show."""
    if isinstance(result, Mapping):
        if not result["success"]:
            raise LstmPfdError(result["error"], code=ErrorCode(result["error_code"]))
        return result
    success, *payload, error = result
    if not success:
        raise LstmPfdError(str(error), code=ErrorCode(getattr(error, "code", ErrorCode.INTERNAL)))
    return payload[0] if len(payload) == 1 else tuple(payload)


def show_toast(title: str, text: str = "", *, level: str = "info", link: str | None = None) -> None:
    """Show one toast; ``level`` is info, success, warning or danger."""
    show_toasts([{"title": title, "text": text, "level": level, "link": link}])


def show_toasts(toasts: Sequence[Mapping[str, Any]]) -> None:
    """Show several toasts at once (one callback can send the feed only once)."""
    set_props(FrameId.TOAST_FEED, {"data": {"toasts": list(toasts), "stamp": monotonic_s()}})


def describe_failure(error: Exception) -> tuple[str, str, ToastLevel, str | None]:
    """Return (title, sentence, level, reference id) of a failure; log and number an unexpected one."""
    if isinstance(error, LstmPfdError):
        presentation = ERROR_TABLE[error.code]
        return presentation.title, error.sentence, presentation.toast, None
    reference_id = new_reference_id()
    logger.error("callback failed", exc_info=error, extra={"reference_id": reference_id})
    presentation = ERROR_TABLE[ErrorCode.INTERNAL]
    sentence = f"Nothing was changed. Please try again; if it stays, report the reference {reference_id}."
    return presentation.title, sentence, presentation.toast, reference_id


def show_failure(error: Exception) -> None:
    """Dash's ``on_error``: a failed callback changes nothing and becomes one toast."""
    title, sentence, level, _reference = describe_failure(error)
    show_toast(title, sentence, level=level)


def fills_area(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Let a callback's failure fill its first output with the error state: no skeleton stays for ever.

    Further outputs are left as they are.
    """

    @wraps(callback)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except PreventUpdate:
            raise
        except Exception as error:  # noqa: BLE001 -- the callback edge: every failure is shown and logged
            title, sentence, _level, reference = describe_failure(error)
            state = build_error_state(sentence, reference_id=reference, title=title)
            n_outputs = len(ctx.outputs_list) if isinstance(ctx.outputs_list, list) else 1
            return state if n_outputs == 1 else (state, *[dash.no_update] * (n_outputs - 1))

    return wrapped


def requires_role(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a callback with the lowest role that may call it (viewer, engineer, admin); the guard reads it."""

    def mark(callback: Callable[..., Any]) -> Callable[..., Any]:
        callback.required_role = role  # type: ignore[attr-defined]  # read by dashboard.auth
        return callback

    return mark


def may_write() -> bool:
    """Tell whether the signed-in person may change things; the page says why not where they may not."""
    return current_actor().role != "viewer"


def watch_jobs() -> None:
    """Start the frame's polling: call it after a service has enqueued a job."""
    set_props(FrameId.JOBS_INTERVAL, {"disabled": False})


def navigate(path: str) -> None:
    """Go to another page of the app."""
    set_props(FrameId.LOCATION, {"href": path})  # pathname with search does nothing where a search was


def keep_in_url(app: dash.Dash, url_id: str, *inputs: Input) -> None:
    """Keep the values of ``inputs`` in the address, so that a link reopens the same view.

    ``url_id`` is the page's `layouts.components.url.build_url_store`, which names the query parameters in
    the order of ``inputs``. Empty values leave the address.
    """
    app.clientside_callback(
        ClientsideFunction("pfd", "keepInUrl"),
        Output(url_id, "data"),
        *inputs,
        State(url_id, "data"),
        prevent_initial_call=True,
    )


def parse_id(text: Any) -> int | None:
    """Return a positive row id from a path or query, or None: nobody's input makes an error page."""
    try:
        number = int(str(text))
    except ValueError:
        return None
    return number if 0 < number <= MAX_ID else None


def require_id(text: Any) -> int:
    """Return a row id that a control holds; before it holds one, nothing is worked out."""
    number = parse_id(text)
    if number is None:
        raise PreventUpdate
    return number


def triggered_index() -> Any:
    """Return the ``index`` of the pattern id that was clicked, or None where nothing really was."""
    trigger = ctx.triggered_id
    if not isinstance(trigger, Mapping) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return None
    return json.loads(json.dumps(dict(trigger)))["index"]


def offer_datasets(asked: Any, actor: Actor) -> tuple[list[dict[str, str]], str] | None:
    """Return the options of a list of datasets and which is chosen: the one asked for, else the newest.

    An archived one is offered where it is asked for. None: there is no dataset.
    """
    found = DatasetService.list_datasets(limit=_MOST_DATASETS, actor=actor)["items"]
    wanted = parse_id(asked)
    chosen = next((each for each in found if each["dataset_id"] == wanted), None)
    if chosen is None and wanted is not None:
        chosen = DatasetService.get_dataset_details(wanted, actor=actor)
        found = [*found, *([chosen] if chosen else [])]
    if not found:
        return None
    options = [{"value": str(each["dataset_id"]), "label": each["name"]} for each in found]
    return options, str((chosen or found[0])["dataset_id"])


def find_viewer(signal_id: int | None, actor: Actor) -> str | None:
    """Return the way to the viewer of a stored signal; None where it is not stored (any more)."""
    signal = DatasetService.get_signal(signal_id, actor=actor) if signal_id else None
    if signal is None:
        return None
    query = urlencode({"channel": signal["channel"]})
    return f"/signals/{signal['dataset_id']}/{signal['recording_id']}?{query}"
