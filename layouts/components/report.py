"""The document of a report as components: sections with facts, tables and drawings."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.cards import build_card, build_definitions
from layouts.components.icons import build_icon
from layouts.components.states import build_empty_state, build_note
from layouts.figures.theme import class_colour

_FILES = (("pdf", "PDF", "file-earmark-pdf"), ("html", "HTML", "filetype-html"))


def build_report(document: Mapping[str, Any]) -> list[Component]:
    """Return the headline, every section, and what the content's hash covers."""
    headline = html.Section(
        html.P(document["headline"], className="report-headline"),
        className="surface verdict",
        style={"borderLeftColor": class_colour(document["fault_class"])},
        **{"aria-label": "Verdict"},
    )
    closing = [
        "SHA-256 of the content: ",
        html.Code(document["content_sha256"], className="hash report-hash"),
        ". The same samples, settings and versions give the same content again; its number and moment, "
        "the attribution, past cases and what analysts said are not part of it.",
    ]
    return [
        headline,
        *(_build_section(section) for section in document["sections"]),
        html.P(closing, className="muted report-closing"),
    ]


def _build_section(section: Mapping[str, Any]) -> html.Section:
    body: list[Component] = [build_note(words, level=level) for level, words in section["warnings"]]
    body += [html.P(words) for words in section["sentences"]]
    if section["facts"]:
        body.append(build_definitions([(name, value) for name, value in section["facts"]]))
    if section["bullets"]:
        body.append(html.Ul([html.Li(words) for words in section["bullets"]], className="report-list"))
    body += [_build_table(table) for table in section["tables"]]
    body += [_build_figure(figure) for figure in section["figures"]]
    return build_card(section["title"], html.Div(body, className="stack-tight"), class_name="report-section")


def _build_table(table: Mapping[str, Any]) -> html.Div:
    last = len(table["headers"]) - 1

    def style(index: int) -> str | None:
        is_text = index < table["n_texts"] or (index == last and table["last_is_text"])
        return None if is_text else "number"

    head = html.Tr(
        [html.Th(text, scope="col", className=style(index)) for index, text in enumerate(table["headers"])]
    )
    rows = [
        html.Tr([html.Td(text, className=style(index)) for index, text in enumerate(row)])
        for row in table["rows"]
    ]
    grid = html.Table(
        [
            html.Caption(table["title"], className="visually-hidden"),
            html.Thead(head),
            html.Tbody(rows),
        ],
        className="plain-table",
    )
    frame = html.Div(
        grid, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": table["title"]}
    )
    note = [html.P(table["note"], className="muted report-note")] if table["note"] else []
    return html.Div([html.H3(table["title"], className="report-caption"), frame, *note])


def _build_figure(figure: Mapping[str, Any]) -> html.Figure:
    drawing = base64.b64encode(figure["svg"].encode()).decode()
    image = html.Img(
        src=f"data:image/svg+xml;base64,{drawing}", alt=figure["title"], className="report-drawing"
    )
    caption = html.Figcaption(figure["title"], className="report-caption")
    note = [html.P(figure["note"], className="muted report-note")] if figure["note"] else []
    frame = html.Div(
        image, className="report-drawing-frame", tabIndex=0, role="region", **{"aria-label": figure["title"]}
    )
    return html.Figure([caption, frame, *note], className="report-figure")


def build_actions(diagnosis_id: int) -> list[Component]:
    """Return the files to take away, and the way to the diagnosis itself."""
    return [*build_file_links(diagnosis_id, primary=True), _build_way(diagnosis_id)]


def _build_way(diagnosis_id: int) -> dbc.Button:
    return dbc.Button(
        [build_icon("activity"), html.Span("Open in Diagnose")],
        href=f"/diagnose?diagnosis={diagnosis_id}",
        color="light",
        class_name="action",
    )


def build_file_links(diagnosis_id: int, *, primary: bool = False) -> list[Component]:
    """Return links to the report as PDF and as HTML."""
    return [
        html.A(
            [build_icon(icon), html.Span(label)],
            href=f"/api/v1/diagnoses/{diagnosis_id}/report?format={key}",
            download=True,
            className=f"btn action {'btn-primary' if primary and key == 'pdf' else 'btn-light'}",
        )
        for key, label, icon in _FILES
    ]


def build_no_report(sentence: str, links: Sequence[Component] = ()) -> Component:
    """Return what stands here where there is no report."""
    action = html.Div(list(links)) if links else None
    state = build_empty_state("There is no report", sentence, action=action, icon="file-earmark-x")
    return html.Section(state, className="surface")
