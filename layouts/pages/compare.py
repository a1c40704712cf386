"""Experiments beside one another: metrics, curves, statistics, settings, recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.comparison_tables import build_letter
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.header import build_page_header
from layouts.components.numbers import count_of, format_percent
from layouts.components.plots import build_plot
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.figures.comparison import AGAINST, QUANTITIES
from layouts.ids.compare import CompareId
from layouts.page_spec import NavGroup, PageSpec

TABS = (
    ("overview", "Overview"),
    ("curves", "Curves"),
    ("statistics", "Statistics"),
    ("settings", "Configuration"),
    ("recordings", "Recordings"),
)
SHOWN = (("differ", "Where the answers differ"), ("wrong", "Nobody is right"))
FORMATS = (("pdf", "PDF"), ("csv", "CSV"), ("latex", "LaTeX"))
NOTHING_CHOSEN = "No experiment is chosen yet."
_QUANTITIES = tuple((key, title) for key, (title, _, _) in QUANTITIES.items())
_AGAINST = tuple((key, title) for key, (title, _) in AGAINST.items())


def build_layout(
    ids: str = "",
    tab: str = "overview",
    curve: str = "validation_loss",
    against: str = "epoch",
    show: str = "differ",
    **_query: Any,
) -> Component:
    """Return the page; ``ids`` are experiments joined by commas."""
    chosen = read_ids(ids)
    contents = {
        "overview": _build_overview(),
        "curves": _build_curves(curve, against),
        "statistics": _build_statistics(),
        "settings": build_card("Settings", html.Div(build_skeleton(4), id=CompareId.SETTINGS), flush=True),
        "recordings": _build_recordings(show),
    }
    return html.Div(
        [
            build_url_store(
                CompareId.URL,
                *("ids", "tab", "curve", "against", "show"),
                tab="overview",
                curve="validation_loss",
                against="epoch",
                show="differ",
            ),
            build_page_header(
                "Compare",
                "Trainings beside one another on the same test recordings, with the statistics of it.",
                actions=[html.Div(id=CompareId.EXPORTS, className="page-actions")],
                crumbs=[("Experiments", "/experiments")],
            ),
            _build_chooser(chosen),
            html.Div(build_skeleton(5), id=CompareId.STATE, **{"aria-live": "polite"}),
            html.Div(
                [
                    html.Div(id=CompareId.WARNINGS, className="stack-tight compare-warnings"),
                    build_tabs(CompareId.TABS, TABS, contents, tab),
                ],
                id=CompareId.CONTENT,
                hidden=True,
            ),
        ],
        className="page stack",
    )


def read_ids(text: str) -> list[str]:
    """Return the ids that an address names, without what can't be one.

    >>> read_ids("3,1,x,3")
    ['3', '1']
    """
    return list(dict.fromkeys(part for part in str(text).split(",") if part.isdecimal() and len(part) <= 10))


def _build_chooser(chosen: Sequence[str]) -> html.Details:
    summary = html.Summary(
        ["Choose experiments", html.Span(count_of(len(chosen), "chosen", "chosen"), id=CompareId.CHOSEN)],
        className="compare-summary",
    )
    search = dbc.Input(
        id=CompareId.SEARCH, type="search", debounce=0.4, placeholder="Name, network, dataset, split"
    )
    options = [{"value": each, "label": f"Experiment {each}"} for each in chosen]
    choice = dbc.Checklist(id=CompareId.IDS, options=options, value=list(chosen), class_name="compare-choice")
    bar = html.Div(
        [
            build_field("Find experiments", search),
            build_button(
                "Add all seeds of these", CompareId.ADD_SEEDS, icon="plus-lg", disabled_because=NOTHING_CHOSEN
            ),
            build_button("Clear", CompareId.CLEAR, icon="x-lg", disabled_because=NOTHING_CHOSEN),
        ],
        className="filter-bar",
    )
    group = build_group(
        "Finished experiments", choice, help_text="Those on the same test part as the chosen ones come first."
    )
    body = html.Div([bar, group], className="surface-body")
    return html.Details([summary, body], id=CompareId.CHOOSER, open=len(chosen) < 2, className="surface")


def _build_overview() -> html.Div:
    accuracies = build_plot(
        CompareId.ACCURACIES,
        "Recording-level accuracy",
        note="bar: 95 % over recordings, rings: seeds",
        height="280px",
        responsive=True,
    )
    classes = build_plot(
        CompareId.CLASSES,
        "Recall per class",
        note="recording level, 95 % intervals",
        height="340px",
        responsive=True,
    )
    return html.Div(
        [
            build_card("Overview", html.Div(build_skeleton(4), id=CompareId.OVERVIEW), flush=True),
            html.Div([build_card(None, accuracies), build_card(None, classes)], className="grid-2"),
            build_card("Per class", html.Div(build_skeleton(4), id=CompareId.CLASS_TABLE), flush=True),
            html.Div(build_skeleton(height="220px"), id=CompareId.CONFUSIONS),
        ],
        className="stack",
    )


def _build_curves(curve: str, against: str) -> html.Div:
    chosen = curve if curve in QUANTITIES else "validation_loss"
    bar = html.Div(
        [
            build_field("Quantity", build_select(CompareId.QUANTITY, _QUANTITIES, chosen)),
            build_field(
                "Against",
                build_select(CompareId.AGAINST, _AGAINST, against if against in AGAINST else "epoch"),
            ),
        ],
        className="filter-bar",
    )
    note = html.Span(id=CompareId.CURVES_NOTE)
    plot = build_plot(CompareId.CURVES, "Learning curves", note=note, height="460px", responsive=True)
    return html.Div([bar, build_card(None, plot)], className="stack")


def _build_statistics() -> html.Div:
    plot = build_plot(
        CompareId.GAPS,
        "Differences of the pairs",
        height="320px",
        title_id=CompareId.GAPS_TITLE,
        responsive=True,
    )
    return html.Div(
        [
            build_card("What this says", html.Div(build_skeleton(4), id=CompareId.READING)),
            build_card("Tests", html.Div(build_skeleton(4), id=CompareId.TESTS), flush=True),
            build_card(None, plot),
        ],
        className="stack",
    )


def _build_recordings(show: str) -> html.Div:
    select = build_select(CompareId.SHOW, SHOWN, show if show in dict(SHOWN) else "differ")
    bar = html.Div(build_field("Show", select), className="filter-bar")
    table = build_card("Recordings", html.Div(build_skeleton(4), id=CompareId.RECORDINGS), flush=True)
    return html.Div([bar, table], className="stack")


def build_options(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the options of the choice."""
    return [{"value": str(each["experiment_id"]), "label": _describe(each)} for each in candidates]


def _describe(each: Mapping[str, Any]) -> str:
    """One line of text: an option of components would cost the browser as much as the rest of the page."""
    channel = f", {each['channel']}" if each["channel"] else ""
    data = f"{each['dataset']} v{each['dataset_version']}, {each['split']}{channel}"
    same = " · same test part" if each["same_test"] and not each["chosen"] else ""
    accuracy = format_percent(each["test_recording_accuracy"])
    network = f"{each['name']} ({each['experiment_id']}) · {each['network_title']}"
    return f"{network} · {data} · seed {each['seed']} · {accuracy} of recordings{same}"


def build_nothing_chosen(n_candidates: int) -> Component:
    """Return what the page shows before two experiments are chosen."""
    if n_candidates < 2:
        return build_empty_state(
            "Two finished experiments are needed",
            f"There {'is one' if n_candidates else 'are none'} so far that was judged on test recordings. "
            "Train another one on the same split.",
            action=build_button_link("New experiment", "/experiment/new", icon="plus-lg", needs="engineer"),
            icon="layout-split",
        )
    return build_empty_state(
        "Choose two experiments or more",
        "Tick them above, or mark them in the list of experiments. They are compared on the test recordings "
        "that they share.",
        icon="layout-split",
    )


def build_refused(sentence: str, title: str) -> Component:
    """Return why the chosen experiments can't be compared."""
    return html.Div(
        build_empty_state(title, sentence, icon="exclamation-triangle"), className="surface", role="alert"
    )


def build_exports(ids: Sequence[int]) -> list[Component]:
    """Return the downloads."""
    joined = ",".join(map(str, ids))
    return [
        html.A(
            [f"Download {label}"],
            href=f"/api/v1/compare/export?ids={joined}&format={key}",
            download=True,
            className="btn btn-light action",
        )
        for key, label in FORMATS
    ]


def describe_test(found: Mapping[str, Any]) -> html.Div:
    """Return which recordings the comparison rests on, and whose letters stand for what."""
    n = sum(each["n_recordings"] for each in found["test_sets"])
    names = "; ".join(each["name"] for each in found["test_sets"])
    trainings = count_of(len(found["contestants"]), "training")
    legend = [
        html.Span([build_letter(each["letter"]), " ", each["label"]], className="compare-entry")
        for each in found["contestants"]
    ]
    return html.Div(
        [
            html.P(f"{trainings} on {count_of(n, 'test recording')}: {names}.", className="page-sentence"),
            html.Div(legend, className="compare-legend"),
        ]
    )


PAGE = PageSpec(
    module="layouts.pages.compare",
    path="/compare",
    title="Compare",
    layout=build_layout,
    nav_group=NavGroup.INSIGHT,
    icon="layout-split",
)
