"""What speaks for and against an answer: lines and classifier side by side, every line, past cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, format_class
from layouts.components.cards import build_card, build_definitions
from layouts.components.diagnosis import build_answer_badge, describe_level
from layouts.components.icons import build_icon
from layouts.components.numbers import UNKNOWN, format_age, format_number, format_percent
from layouts.components.states import build_empty_state, build_note

_STRENGTH_TONES = {"none": "neutral", "weak": "neutral", "moderate": "warning", "strong": "danger"}
_STANDINGS = {
    "home": "It knows this machine from its training.",
    "elsewhere": "It was trained elsewhere: nothing shows that it holds for this machine.",
    "elsewhere_reads_orders": "It was trained elsewhere, but reads orders, not hertz.",
    "unknown_origin": "Nothing tells whether it was trained on this machine or bearing.",
}
_FULL_DB = 40.0
_OPINION_TONES = {"confirmed": "success", "rejected": "danger", "relabelled": "warning"}


def build_contradictions(contradictions: Sequence[str]) -> Component | None:
    """Return what speaks against one another, right below the verdict; nothing where nothing does."""
    if not contradictions:
        return None
    items = html.Ul([html.Li(sentence) for sentence in contradictions], className="limit-list")
    head = html.H2([build_icon("lightning-charge"), " Contradictions"], className="card-heading")
    return html.Section([head, items], className="surface limits contradictions")


def build_sides(answer: Mapping[str, Any]) -> html.Div:
    """Return what the lines say beside what the classifier says."""
    return html.Div(
        [
            build_card("The lines say", _build_lines_side(answer), class_name="side"),
            build_card("The classifier says", _build_classifier_side(answer), class_name="side"),
        ],
        className="grid-2",
    )


def _build_lines_side(answer: Mapping[str, Any]) -> Component:
    decision = answer["decision"]
    if decision is None:
        return build_note(answer["evidence_missing"] or "No evidence was gathered.", level="warning")
    rows: list[tuple[str, Any]] = [
        _word_probability(decision),
        ("Shaft", _word_shaft(decision)),
        *([("Fault orders", _word_orders(decision))] if decision["orders"] else []),
        ("Rules", f"{decision['machine_kind']} bearing, version {decision['version']}"),
    ]
    return html.Div(
        [
            html.Div(_build_decision(decision), className="side-answer"),
            html.P(decision["reason"]),
            build_definitions(rows),
        ]
    )


def _word_probability(decision: Mapping[str, Any]) -> tuple[str, str]:
    if decision["decision"] in ("fault", "healthy"):
        return "Probability", format_percent(decision["probability"])
    return "No fault", f"{format_percent(decision['healthy_probability'])} probable"


def _build_decision(decision: Mapping[str, Any]) -> list[Component]:
    kind = decision["decision"]
    if kind == "fault":
        return [html.Span("consistent with", className="muted"), build_class_badge(decision["fault_class"])]
    if kind == "healthy":
        return [build_class_badge("healthy"), html.Span("no fault that they could show", className="muted")]
    return [build_badge(kind, tone="warning", icon="question-lg")]


def _word_shaft(decision: Mapping[str, Any]) -> str:
    hertz = decision["shaft_frequency_hz"]
    found = UNKNOWN if hertz is None else f"{format_number(hertz)} Hz"
    return f"{found}, {decision['shaft_source']}" if decision["shaft_source"] else found


def _word_orders(decision: Mapping[str, Any]) -> str:
    values = ", ".join(
        f"{name.upper()} {format_number(value)}"
        for name, value in decision["orders"].items()
        if value is not None
    )
    return f"{values} per turn" + (f", {decision['orders_source']}" if decision["orders_source"] else "")


def _build_classifier_side(answer: Mapping[str, Any]) -> Component:
    opinion, classifier = answer["opinion"], answer["classifier"]
    if classifier is None:
        if opinion and opinion["refused"]:
            return build_note(opinion["refused"], level="warning")
        return build_empty_state(
            "No classifier was asked",
            "The answer rests on the lines of this recording alone. A classifier gives a second opinion.",
            icon="cpu",
        )
    parts: list[Any] = [html.Div(build_class_badge(opinion["fault_class"]), className="side-answer")]
    if opinion["rejected"]:
        parts.append(build_note("The recording looks unlike what it has learned.", level="warning"))
    elif _is_measured_only(answer):
        words = (
            "That the recording looks unlike what it has learned was measured, but not followed, as it was "
        )
        parts.append(build_note(f"{words}trained elsewhere.", level="info"))
    windows, test = answer["windows"], classifier["test"]
    rows: list[tuple[str, Any]] = []
    if opinion["confidence"] is not None:
        rows.append(("Confidence", format_percent(opinion["confidence"])))
    if windows:
        rows.append(("Windows", f"{windows['n_agreeing']} of {windows['n']} agree"))
    tested = "never tested" if test is None else describe_level(test["recording_level"])
    link = dcc.Link(
        f"experiment {classifier['experiment_id']}", href=f"/experiment/{classifier['experiment_id']}"
    )
    rows += [
        ("Tested, recording-level", tested),
        ("Classifier", html.Span([classifier["network_title"], ", ", link])),
    ]
    standing = _STANDINGS.get(opinion["standing"])
    return html.Div([*parts, *([html.P(standing)] if standing else []), build_definitions(rows)])


def _is_measured_only(answer: Mapping[str, Any]) -> bool:
    """Tell whether a rejection was measured that the verdict does not follow."""
    found = answer.get("open_set") or {}
    return bool(found.get("rejected")) and not found.get("followed", True)


def build_faults(answer: Mapping[str, Any]) -> Component | None:
    """Return each fault with how much of what it would show was found, and its lines below it."""
    if not answer["faults"]:
        return None
    groups = [
        _build_fault(
            fault,
            [line for line in answer["evidence"] if line["fault_class"] == fault["fault_class"]],
            index == 0,
        )
        for index, fault in enumerate(answer["faults"])
    ]
    return build_card("Evidence, line by line", html.Div(groups, className="fault-groups"), flush=True)


def _build_fault(fault: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], is_open: bool) -> html.Details:
    strength = fault["strength"]
    summary = html.Summary(
        [
            build_class_badge(fault["fault_class"]),
            build_badge(f"evidence: {strength}", tone=_STRENGTH_TONES[strength]),
            html.Span(f"{fault['n_found']} of {fault['n_lines']} lines found", className="fault-count"),
            html.Span(format_percent(fault["probability"]), className="fault-share", title="Probability"),
        ]
    )
    facts = _list_measures(fault)
    body = [
        html.P(fault["sentence"]),
        *([html.P(" · ".join(facts), className="muted")] if facts else []),
        *([_build_lines(fault["fault_class"], lines)] if lines else []),
    ]
    opened = is_open or strength in ("moderate", "strong")
    return html.Details(
        [summary, html.Div(body, className="fault-body")], open=opened, className="fault-group"
    )


def _list_measures(fault: Mapping[str, Any]) -> list[str]:
    facts = []
    if fault["band_hz"]:
        low, high = (format_number(round(edge)) for edge in fault["band_hz"])
        facts.append(f"envelope of {low} – {high} Hz")
    if fault["slip"] is not None:
        facts.append(f"slip {100 * fault['slip']:+.2f} %")
    if fault["modulation_depth"] is not None:
        facts.append(f"modulation depth {format_number(fault['modulation_depth'], 3)}")
    return facts


def _build_lines(fault_class: str, lines: Sequence[Mapping[str, Any]]) -> html.Div:
    heads = (
        ("Line", 0),
        ("State", 0),
        ("Expected (Hz)", 1),
        ("Highest (Hz)", 1),
        ("SNR (dB)", 1),
        ("Needed (dB)", 1),
    )
    head = html.Tr(
        [
            *(html.Th(text, scope="col", className="number" if right else None) for text, right in heads),
            html.Th(html.Span("SNR as a bar, with what is needed", className="visually-hidden"), scope="col"),
        ]
    )
    caption = html.Caption(f"Lines of {format_class(fault_class)}", className="visually-hidden")
    table = html.Table(
        [caption, html.Thead(head), html.Tbody([_build_line(line) for line in lines])],
        className="plain-table line-table",
    )
    return html.Div(
        table,
        className="plain-table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": f"Lines of {format_class(fault_class)}"},
    )


def _build_line(line: Mapping[str, Any]) -> html.Tr:
    snr_db, found = line["snr_db"], line["is_found"]
    if found:
        state = build_badge("found", tone="success", icon="check-lg")
    elif snr_db is not None and snr_db >= line["needed_db"]:
        state = build_badge("not counted", tone="warning", icon="slash-circle")
    elif snr_db is None:
        state = build_badge("not readable", tone="warning", icon="question-lg")
    else:
        state = build_badge("missing", icon="x-lg")
    remark = [html.Div(line["remark"], className="row-detail")] if line["remark"] else []
    return html.Tr(
        [
            html.Td([html.Span(line["line"], className="no-break"), *remark]),
            html.Td(state),
            html.Td(format_number(line["expected_hz"], 5), className="number"),
            html.Td(
                "–" if line["found_hz"] is None else format_number(line["found_hz"], 5), className="number"
            ),
            html.Td("–" if snr_db is None else f"{snr_db:.1f}", className="number"),
            html.Td(f"{line['needed_db']:.1f}", className="number"),
            html.Td(_build_bar(snr_db, line["needed_db"], found), className="snr-cell"),
        ]
    )


def _build_bar(snr_db: float | None, needed_db: float, found: bool) -> html.Div:
    def place(value: float) -> str:
        return f"{100 * min(max(value, 0.0), _FULL_DB) / _FULL_DB:.1f}%"

    fill = html.Div(className=f"snr-fill{' found' if found else ''}", style={"width": place(snr_db or 0.0)})
    tick = html.Div(className="snr-needed", style={"left": place(needed_db)})
    return html.Div([fill, tick], className="snr-bar", **{"aria-hidden": "true"})


def build_similar(cases: Sequence[Mapping[str, Any]]) -> html.Section:
    """Return the nearest past cases, with what analysts confirmed of them."""
    if not cases:
        state = build_empty_state(
            "No similar past case",
            "Nothing else has been diagnosed that could be compared.",
            icon="collection",
        )
        return build_card("Similar past cases", state)
    heads = ("Recording", "Answer", "Analyst", "Distance", "Asked")
    rows = [_build_case(case) for case in cases]
    head = html.Tr(
        [html.Th(text, scope="col", className="number" if text == "Distance" else None) for text in heads]
    )
    caption = html.Caption("Similar past cases, the nearest first", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table")
    frame = html.Div(
        table,
        className="plain-table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": "Similar past cases"},
    )
    words = (
        "Distance between the heights of the lines by order and the probabilities: 0 is the same, 1 has "
        "nothing in common. Near does not mean right."
    )
    return build_card("Similar past cases", [frame, html.P(words, className="muted list-more")], flush=True)


def _build_case(case: Mapping[str, Any]) -> html.Tr:
    link = dcc.Link(case["source_name"], href=f"/diagnose?diagnosis={case['diagnosis_id']}")
    same = [build_badge("same samples")] if case["same_samples"] else []
    verdict = {"status": case["status"], "fault_class": case["fault_class"], "nearest_class": None}
    return html.Tr(
        [
            html.Td([link, " ", *same]),
            html.Td(build_answer_badge(verdict)),
            html.Td(build_opinion(case["opinion"], case["confirmed_class"])),
            html.Td(f"{case['distance']:.2f}", className="number"),
            html.Td(format_age(case["created_at"]), className="no-break"),
        ]
    )


def build_opinion(opinion: str | None, fault_class: str | None = None) -> Any:
    """Return what an analyst said: confirmed, rejected, relabelled to a class; or nothing yet."""
    if opinion is None:
        return html.Span("no feedback", className="muted")
    badge = build_badge(opinion, tone=_OPINION_TONES[opinion])
    return html.Span([badge, " ", build_class_badge(fault_class)]) if fault_class else badge
