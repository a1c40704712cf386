"""Ask about one recording: the form, the way to the answer, the answer itself."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from layouts.components import diagnosis as parts
from layouts.components import diagnosis_form as form
from layouts.ids.diagnose import DiagnoseId
from layouts.ids.frame import FrameId
from layouts.pages import diagnose as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board
from services.signal_service import SignalService
from utils.exceptions import InvalidInputError

_MOST_LISTED = 200
_N_HISTORY = 20
_OPEN_STATES = ("queued", "running", "paused")
# Facts that are given as words, in the order of their fields.
_WORDS = ("machine", "bearing", "geometry", "orders")


def load_choices(wished: dict[str, Any]) -> tuple[Any, ...]:
    """Offer classifiers, datasets and bearings; choose what the address asks for."""
    actor = current_actor()
    experiments = _list_classifiers()
    datasets = DatasetService.list_datasets(limit=_MOST_LISTED, actor=actor)["items"]
    diagnosis = _find_past(wished)
    signal_id = _find_wished(wished)
    signal = DatasetService.get_signal(signal_id, actor=actor) if signal_id else None
    asked = parse_id(wished["experiment"]) or (diagnosis["experiment_id"] if diagnosis else None)
    ids = [each["experiment_id"] for each in experiments]
    chosen = asked if asked in ids else (ids[0] if ids and diagnosis is None else None)
    dataset_id = signal["dataset_id"] if signal else (datasets[0]["dataset_id"] if datasets else None)
    bearings = SignalService.list_bearings(actor=actor)
    return (
        form.build_classifier_options(experiments),
        str(chosen) if chosen else form.LINES_ALONE,
        [{"value": str(each["dataset_id"]), "label": each["name"]} for each in datasets],
        str(dataset_id) if dataset_id else None,
        [html.Option(value=each["designation"]) for each in bearings],
    )


def _find_past(wished: dict[str, Any]) -> dict[str, Any] | None:
    number = parse_id(wished["diagnosis"])
    return ExperimentService.get_diagnosis(number, actor=current_actor()) if number else None


def _find_wished(wished: dict[str, Any]) -> int | None:
    """Return the signal that the address names, or that of the diagnosis that it names."""
    named = parse_id(wished["signal"])
    past = None if named else _find_past(wished)
    return past["signal_id"] if past else named


def _list_classifiers() -> list[dict[str, Any]]:
    found = ExperimentService.list_experiments(per_page=_MOST_LISTED, status="done", actor=current_actor())
    return [each for each in found["items"] if each["classifier_sha256"]]


def show_classifier(experiment: str | None) -> Any:
    """Say where the chosen classifier comes from."""
    number = parse_id(experiment)
    found = ExperimentService.get_experiment(number, actor=current_actor()) if number else None
    if found is None:
        return form.build_no_classifier(can_choose=bool(_list_classifiers()))
    return form.build_classifier_note(found)


def show_source(source: str) -> tuple[bool, bool]:
    """Show the fields of the chosen kind of recording."""
    return source != "stored", source != "file"


def list_signals(
    dataset: str | None, search_query: str | None, chosen: str | None, wished: dict[str, Any]
) -> tuple[list[dict[str, str]], str | None, Any]:
    """Offer the signals that match; one that the address names is always among them."""
    dataset_id = parse_id(dataset)
    if dataset_id is None:
        return [], None, form.build_signal_note(0, 0)
    actor = current_actor()
    query = (search_query or "").strip()
    found = DatasetService.list_signals(
        dataset_id, per_page=_MOST_LISTED, filters={"q": query} if query else None, actor=actor
    )
    signals = list(found["items"])
    ids = [str(each["signal_id"]) for each in signals]
    asked = _find_wished(wished)
    if not query and asked and str(asked) not in ids:
        named = DatasetService.get_signal(asked, actor=actor)
        if named is not None and named["dataset_id"] == dataset_id:
            signals.insert(0, named)
            ids.insert(0, str(asked))
    wanted = chosen if chosen in ids else str(asked)
    value = wanted if wanted in ids else (ids[0] if ids else None)
    return form.build_signal_options(signals), value, form.build_signal_note(len(signals), found["total"])


@requires_role("engineer")
def preview_file(upload: dict[str, Any] | None) -> tuple[Any, list[dict[str, str]], str | None, bool, str]:
    """Say what an uploaded file holds; ask for the sample rate only where it is needed."""
    if not upload or not upload["uploads"]:
        return None, [], None, False, ""
    upload_id = upload["uploads"][-1]["upload_id"]
    preview = unwrap(DatasetService.preview_import([upload_id], actor=current_actor()))["files"][0]
    variables = [] if preview["problem"] else preview["variables"]
    first = variables[0]["name"] if variables else None
    is_known = bool(variables) and all(each["sample_rate_hz"] for each in variables)
    return (
        form.build_file_note(preview),
        form.build_variable_options(variables),
        first,
        is_known,
        "read from the file" if is_known else "for example 12000",
    )


def allow_start(
    source: str,
    signal: str | None,
    variable: str | None,
    sample_rate: str | None,
    is_rate_known: bool | None,
) -> tuple[bool, str | None]:
    """Say what is missing before a diagnosis can be asked for."""
    reason = None
    if not may_write():
        reason = "Your role may look, not ask."
    elif source == "stored" and not signal:
        reason = "Choose a recording first."
    elif source == "file" and not variable:
        reason = "Choose a file with a signal first."
    elif source == "file" and not is_rate_known and not (sample_rate or "").strip():
        reason = "Enter the sample rate: the file does not say it, and it is never guessed."
    return reason is not None, reason


@requires_role("engineer")
def start(
    clicks: int | None,
    experiment: str | None,
    source: str,
    signal: str | None,
    upload: dict[str, Any] | None,
    variable: str | None,
    sample_rate: str | None,
    is_rate_known: bool | None,
    speed: str | None,
    kind: str,
    *words: str | None,
) -> int:
    """Ask for a diagnosis; the answer comes from a job."""
    if not clicks:
        raise PreventUpdate
    facts: dict[str, Any] = {
        "shaft_speed_rpm": _read_number(speed, "shaft speed", "1797"),
        "machine_kind": None if kind == "recorded" else kind,
        **{name: (text or "").strip() or None for name, text in zip(_WORDS, words, strict=True)},
    }
    if source == "stored":
        facts["signal_id"] = parse_id(signal)
    else:
        uploads = (upload or {}).get("uploads") or [{}]
        facts["upload_id"] = uploads[-1].get("upload_id")
        facts["variable"] = variable or None
        facts["sample_rate_hz"] = None if is_rate_known else _read_number(sample_rate, "sample rate", "12000")
    result = unwrap(
        ExperimentService.request_diagnosis(
            experiment_id=parse_id(experiment), actor=current_actor(), **facts
        )
    )
    watch_jobs()
    return int(result["diagnosis_id"])


def _read_number(text: str | None, what: str, example: str) -> float | None:
    words = (text or "").strip().replace(" ", "")
    if not words:
        return None
    try:
        return float(words)
    except ValueError:
        raise InvalidInputError(
            f"The {what} '{text}' is not a number. Give one, for example {example}."
        ) from None


@fills_area
def show_result(
    diagnosis_id: int | None, _tick: int, _states: Any, done: int | None
) -> tuple[Any, bool, bool, Any, Any]:
    """Show how far the diagnosis is, then its answer."""
    actor = current_actor()
    if diagnosis_id is None:
        return page.build_nothing_asked(), True, True, None, None
    found = ExperimentService.get_diagnosis(diagnosis_id, actor=actor)
    if found is None:
        return page.build_no_such_diagnosis(), True, True, None, None
    if found["state"] in _OPEN_STATES:
        job = board.get_job(found["job_id"], actor=actor)
        health = board.get_queue_health(actor=actor) if found["state"] == "queued" else None
        return parts.build_waiting(found, job, health), True, False, None, None
    answer = found["answer"]
    if answer is None:
        return parts.build_failure(found), True, True, None, None
    if done == diagnosis_id:  # another job changed its state: what is shown stays
        raise PreventUpdate
    answer = parts.complete_answer(answer)
    label = _find_label(answer["recording"]["signal_id"])
    return (
        page.build_answer(answer, label),
        False,
        True,
        diagnosis_id,
        page.build_actions(diagnosis_id),
    )


def _find_label(signal_id: int | None) -> str | None:
    signal = DatasetService.get_signal(signal_id, actor=current_actor()) if signal_id else None
    return signal["fault_class"] if signal else None


@fills_area
def show_history(_page: Any, current: int | None, _states: Any) -> Any:
    """List the latest diagnoses."""
    found = ExperimentService.list_diagnoses(per_page=_N_HISTORY, actor=current_actor())
    return parts.build_history(found["items"], found["total"], current)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = Input(DiagnoseId.PAGE, "data")
    app.callback(
        Output(DiagnoseId.CLASSIFIER, "options"),
        Output(DiagnoseId.CLASSIFIER, "value"),
        Output(DiagnoseId.DATASET, "options"),
        Output(DiagnoseId.DATASET, "value"),
        Output(DiagnoseId.BEARINGS, "children"),
        place,
    )(load_choices)
    _register_form(app)
    current = Input(DiagnoseId.CURRENT, "data")
    app.callback(
        Output(DiagnoseId.RESULT, "children"),
        Output(DiagnoseId.ANSWERED, "hidden"),
        Output(DiagnoseId.POLL, "disabled"),
        Output(DiagnoseId.DONE, "data"),
        Output(DiagnoseId.ACTIONS, "children"),
        current,
        Input(DiagnoseId.POLL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
        State(DiagnoseId.DONE, "data"),
    )(show_result)
    app.callback(Output(DiagnoseId.HISTORY, "children"), place, current, Input(FrameId.JOBS, "data"))(
        show_history
    )
    keep_in_url(
        app,
        DiagnoseId.URL,
        Input(DiagnoseId.CLASSIFIER, "value"),
        Input(DiagnoseId.SIGNAL, "value"),
        current,
    )


def _register_form(app: dash.Dash) -> None:
    classifier, source = Input(DiagnoseId.CLASSIFIER, "value"), Input(DiagnoseId.SOURCE, "value")
    app.callback(Output(DiagnoseId.CLASSIFIER_NOTE, "children"), classifier)(show_classifier)
    app.callback(Output(DiagnoseId.STORED, "hidden"), Output(DiagnoseId.FILE, "hidden"), source)(show_source)
    app.callback(
        Output(DiagnoseId.SIGNAL, "options"),
        Output(DiagnoseId.SIGNAL, "value"),
        Output(DiagnoseId.SIGNAL_NOTE, "children"),
        Input(DiagnoseId.DATASET, "value"),
        Input(DiagnoseId.RECORDING_SEARCH, "value"),
        State(DiagnoseId.SIGNAL, "value"),
        State(DiagnoseId.PAGE, "data"),
    )(list_signals)
    app.callback(
        Output(DiagnoseId.FILE_NOTE, "children"),
        Output(DiagnoseId.VARIABLE, "options"),
        Output(DiagnoseId.VARIABLE, "value"),
        Output(DiagnoseId.SAMPLE_RATE, "disabled"),
        Output(DiagnoseId.SAMPLE_RATE, "placeholder"),
        Input(DiagnoseId.UPLOAD, "data"),
        prevent_initial_call=True,
    )(preview_file)
    signal, variable = Input(DiagnoseId.SIGNAL, "value"), Input(DiagnoseId.VARIABLE, "value")
    app.callback(
        Output(DiagnoseId.START, "disabled"),
        Output(DiagnoseId.START, "title"),
        source,
        signal,
        variable,
        Input(DiagnoseId.SAMPLE_RATE, "value"),
        Input(DiagnoseId.SAMPLE_RATE, "disabled"),
    )(allow_start)
    fields = ("CLASSIFIER", "SOURCE", "SIGNAL")
    facts = ("SPEED", "MACHINE_KIND", "MACHINE", "BEARING", "GEOMETRY", "ORDERS")
    app.callback(
        Output(DiagnoseId.CURRENT, "data"),
        Input(DiagnoseId.START, "n_clicks"),
        *(State(DiagnoseId[field], "value") for field in fields),
        State(DiagnoseId.UPLOAD, "data"),
        State(DiagnoseId.VARIABLE, "value"),
        State(DiagnoseId.SAMPLE_RATE, "value"),
        State(DiagnoseId.SAMPLE_RATE, "disabled"),
        *(State(DiagnoseId[field], "value") for field in facts),
        prevent_initial_call=True,
    )(start)
