"""The files of an import: what each holds, or what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.icons import build_icon
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from utils.constants import UPLOAD_KEPT_H

MOST_LISTED = 300
_FEW_VARIABLES = 4
_FORMATS = {
    "matlab5": "MATLAB",
    "matlab73": "MATLAB v7.3",
    "canonical_hdf5": "HDF5 dataset",
    "split_hdf5": "HDF5 with a split",
    "flat_hdf5": "HDF5",
    "hdf5": "HDF5",
    "csv": "CSV",
    "npy": "NumPy",
    "npz": "NumPy archive",
    "wav": "WAV",
    "flac": "FLAC",
    "parquet": "Parquet",
    "tdms": "TDMS",
    "uff58": "UFF 58",
}


def format_size(n_bytes: int) -> str:
    """Return a file's size."""
    return f"{-(-n_bytes // 1000)} kB" if n_bytes < 1_000_000 else f"{n_bytes / 1e6:.1f} MB"


def build_waiting_words(waiting: Sequence[Mapping[str, Any]]) -> str:
    """Return what waits from an earlier visit."""
    size = format_size(sum(item["n_bytes"] for item in waiting))
    names = ", ".join(item["file_name"] for item in waiting[:3]) + (", …" if len(waiting) > 3 else "")
    verb = "waits" if len(waiting) == 1 else "wait"
    kept = f"Uploads are kept for {UPLOAD_KEPT_H} hours."
    return f"{count_of(len(waiting), 'uploaded file')} ({size}) still {verb} to be imported: {names}. {kept}"


def find_twins(items: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the sentence about files of the same content, or None."""
    names: dict[str, list[str]] = {}
    for item in items:
        names.setdefault(item["sha256"], []).append(item["file_name"])
    twins = next((same for same in names.values() if len(same) > 1), None)
    if twins is None:
        return None
    return f"{', '.join(twins[:-1])} and {twins[-1]} have the same content. Remove all but one of them."


def build_file_list(
    items: Sequence[Mapping[str, Any]], previews: Sequence[Mapping[str, Any]], problem: str | None = None
) -> Component:
    """Return the table of files in this import; ``problem`` is what met all of them."""
    found = {preview["upload_id"]: preview for preview in previews}
    twins = Counter(item["sha256"] for item in items)
    head = html.Tr(
        [html.Th(words, scope="col") for words in ("File", "Size", "What it holds", "Single values")]
        + [html.Th(html.Span("Remove", className="visually-hidden"), scope="col")]
    )
    body = [
        _build_row(item, found.get(item["upload_id"]), is_twin=twins[item["sha256"]] > 1)
        for item in items[:MOST_LISTED]
    ]
    caption = html.Caption("Files of this import", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(body)], className="plain-table import-files")
    frame = html.Div(
        table,
        className="plain-table-frame import-files-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": "Files of this import"},
    )
    more = len(items) - MOST_LISTED
    notes = [build_note(problem, level="danger")] if problem else []
    if more > 0:
        notes.append(build_note(f"{format_number(more)} more files are part of the import but not listed."))
    return html.Div([*notes, frame], className="stack-form")


def _build_row(item: Mapping[str, Any], preview: Mapping[str, Any] | None, *, is_twin: bool) -> html.Tr:
    remove = dbc.Button(
        [build_icon("x-lg"), html.Span(f"Remove {item['file_name']}", className="visually-hidden")],
        id=pattern_id(DataGenerationId.REMOVE_FILE, item["upload_id"]),
        color="light",
        size="sm",
        title=f"Remove {item['file_name']}; the uploaded copy is deleted",
    )
    same = [_build_problem("Another file here has the same content. Remove one of them.")] if is_twin else []
    return html.Tr(
        [
            html.Td(item["file_name"], className="file-name"),
            html.Td(format_size(item["n_bytes"]), className="number no-break"),
            html.Td([*_describe_content(preview), *same]),
            html.Td(_describe_values(preview)),
            html.Td(remove, className="number"),
        ]
    )


def _build_problem(sentence: str) -> html.Div:
    return html.Div([build_icon("exclamation-triangle"), " ", sentence], className="file-problem")


def _describe_content(preview: Mapping[str, Any] | None) -> list[Component]:
    if preview is None:
        return [html.Span("not looked into", className="muted")]
    if preview["problem"]:
        return [_build_problem(preview["problem"])]
    variables = preview["variables"]
    named = ", ".join(each["name"] for each in variables[:_FEW_VARIABLES])
    rest = preview["n_variables"] - _FEW_VARIABLES
    words = f"{_FORMATS.get(preview['format'], preview['format'])}: "
    words += named if rest <= 0 else f"{named} and {format_number(rest)} more"
    lines = [html.Div(words), html.Div(_describe_signals(variables), className="row-detail")]
    return [*lines, *(html.Div(note, className="row-detail") for note in preview["notes"])]


def _describe_signals(variables: Sequence[Mapping[str, Any]]) -> str:
    lengths = sorted({each["n_samples"] for each in variables})
    rates = sorted({each["sample_rate_hz"] for each in variables if each["sample_rate_hz"] is not None})
    span = " – ".join(format_number(end) for end in dict.fromkeys((lengths[0], lengths[-1])))
    declared = ", ".join(f"{format_number(rate, 6)} Hz" for rate in rates[:3])
    return f"{span} samples, {declared or 'sample rate not declared'}"


def _describe_values(preview: Mapping[str, Any] | None) -> str:
    shown = list((preview or {}).get("scalars", {}).items())
    words = [
        f"{name} = {format_number(value, 6) if isinstance(value, int | float) else value}"
        for name, value in shown[:_FEW_VARIABLES]
    ]
    return ", ".join([*words, *(["…"] if len(shown) > _FEW_VARIABLES else [])]) or "–"
