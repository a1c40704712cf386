"""What an explanation says: the class, the gist, its trust numbers, its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, format_class
from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.evaluation_parts import build_failure, build_notes, build_table
from layouts.components.numbers import count_of, format_moment, format_number, format_percent
from layouts.components.states import build_empty_state, build_note
from layouts.components.xai_what_if import build_sentences, describe_ranges
from layouts.figures.explanation_bands import name_band

Plain = Mapping[str, Any]


def build_not_asked() -> Component:
    """Return what stands in place of an explanation that was never asked for."""
    state = build_empty_state(
        "Not explained yet",
        "Choose a recording and a method, then press Explain. It takes seconds and is kept for next time.",
        icon="eye",
    )
    return html.Section(state, className="surface")


def build_gone() -> Component:
    """Return what an unknown explanation shows."""
    state = build_empty_state(
        "There is no such explanation", "It may have been deleted; ask for it again.", icon="question-circle"
    )
    return html.Section(state, className="surface")


def build_under_way() -> Component:
    """Return what stands here while the explanation is worked out; its progress stands above."""
    state = build_empty_state(
        "Being worked out", "It shows up here as soon as it is there, also after a reload.", icon="hourglass"
    )
    return html.Section(state, className="surface")


def build_failed(job: Plain | None) -> Component:
    """Return why an explanation is not there."""
    words = build_failure(job) or build_note("It ended without a result. Ask for it again.", level="warning")
    return html.Section(words, className="surface surface-body")


def build_headline(explanation: Plain, method_title: str) -> Component:
    """Return the gist: which class is explained, by what, and whether it can be trusted."""
    summary = explanation["summary"]
    answered, target = summary["prediction"]["class_name"], summary["target_class"]
    what = [html.Span("Why "), build_class_badge(target), html.Span("?")]
    if answered != target:
        what.append(html.Span(["The answer is ", build_class_badge(answered)], className="muted"))
    parts: list[Component | None] = [
        html.Div(f"{method_title} · {summary['classifier']['name']}", className="verdict-level"),
        html.Div(what, className="verdict-class"),
        html.Div(build_trust_verdict(summary)),
        build_sentences(summary["sentences"]),
        None
        if explanation["current"]
        else build_note("The experiment has another classifier by now.", level="warning"),
    ]
    return html.Section([each for each in parts if each is not None], className="surface verdict xai-gist")


def build_trust_verdict(summary: Plain) -> Component:
    """Return in a badge whether the explanation passes its checks."""
    trusted, failed = summary["headline"]["trusted"], summary["headline"]["failed"]
    n_run = sum(each["passes"] is not None for each in summary["trust"])
    if trusted is None:
        return build_badge("not checked", icon="question-lg", title="No trust check was run.")
    if trusted:
        return build_badge(f"passes {count_of(n_run, 'check')}", tone="success", icon="check-lg")
    words = f"fails {failed} of {count_of(n_run, 'check')}: don't rest on it"
    return build_badge(words, tone="danger", icon="x-octagon")


def build_trust_strip(summary: Plain, axes: Sequence[str]) -> list[Component]:
    """Return the trust numbers that stand beside the plots over ``axes``; what fails is red."""
    checks = [each for each in summary["trust"] if each["axis"] in axes]
    if not checks:
        words = "Trust was not checked here: ask again with the option Trust."
        return [html.Span(words, className="trust-words")]
    failed = ", ".join(each["title"].lower() for each in checks if each["passes"] is False)
    words = f"Don't rest on this plot: it fails {failed}."
    doubt = [html.Span(words, className="trust-doubt")] if failed else []
    return [*doubt, html.Span("Trust", className="trust-words"), *(_build_check(each) for each in checks)]


def _build_check(check: Plain) -> Component:
    words = (
        check["title"] if check["value"] is None else f"{check['title']} {format_number(check['value'], 3)}"
    )
    if check["passes"] is None:
        return build_badge(words, icon="dash-lg", title=check["reason"])
    tone, icon = ("success", "check-lg") if check["passes"] else ("danger", "x-lg")
    return build_badge(words, tone=tone, icon=icon, title=check["reason"])


def build_details(explanation: Plain, viewer: str | None) -> list[Component]:
    """Return what stands below the plots: bands, trust, settings; ``viewer`` leads to the recording."""
    summary = explanation["summary"]
    parts = [
        _build_bands(summary),
        _build_trust(summary),
        _build_facts(explanation, viewer),
        build_notes(summary["notes"]),
    ]
    return [each for each in parts if each is not None]


def _build_bands(summary: Plain) -> Component | None:
    body: list[Component] = []
    if summary["agreement"]:
        body.append(build_agreement(summary["agreement"]))
    if summary["bands"]:
        body.append(_build_band_table(summary["bands"]))
    if not body:
        return None
    return build_card("Fault bands and their control", html.Div(body, className="stack-tight"))


def build_agreement(agreement: Plain) -> Component:
    """Return the physics-agreement score with its control; red where it is no better than chance."""
    low, high = agreement["score_low"], agreement["score_high"]
    spread = "" if low is None or high is None else f" ({format_number(low, 3)} to {format_number(high, 3)})"
    words = [
        f"Physics agreement for {format_class(agreement['fault_class'])}: "
        f"{format_number(agreement['score'], 3)}{spread}. "
        f"Its bands hold {format_percent(agreement['share'])} of the attribution, "
        f"random bands of equal width {format_percent(agreement['control_share'])}. "
    ]
    if agreement["random_weights"]:
        scores = ", ".join(format_number(each, 3) for each in agreement["random_weights"])
        words.append(f"The same network with random weights scores {scores}. ")
    words.append(str(agreement["reason"]))
    return build_note("".join(words), level="success" if agreement["passes"] else "danger")


def _build_band_table(bands: Sequence[Plain]) -> Component:
    rows = [
        [
            name_band(each),
            describe_ranges(each["ranges_hz"]),
            f"{each['contribution']:+.3g}",
            f"{100 * each['share']:.2f}",
            f"{100 * each['control_share']:.2f}",
            f"{100 * each['control_low']:.2f} to {100 * each['control_high']:.2f}",
            _build_above(each["is_above_control"]),
        ]
        for each in bands
    ]
    heads = (
        *("Band", "Range (Hz)", "Contribution (log-probability)", "Share (%)", "Random bands (%)"),
        *("95 % range (%)", "Against chance"),
    )
    return build_table(heads, rows, "Attribution per fault band", numeric=(2, 3, 4, 5))


def _build_above(above: bool | None) -> Component:
    if above is None:
        return html.Span("–", className="muted")
    if above:
        return build_badge("above the control", tone="success", icon="check-lg")
    return build_badge("no more than chance", icon="dash-lg")


def _build_trust(summary: Plain) -> Component:
    if not summary["trust"]:
        words = "No trust check was run. Ask again with the option Trust to have them."
        return build_card("Can this be trusted?", build_note(words, level="warning"))
    rows = [
        html.Tr(
            [
                html.Th(each["title"], scope="row"),
                html.Td(f"over {each['axis']}", className="muted"),
                html.Td(
                    "–" if each["value"] is None else format_number(each["value"], 3), className="number"
                ),
                html.Td(
                    "–" if each["control"] is None else format_number(each["control"], 3), className="number"
                ),
                html.Td(_build_outcome(each["passes"])),
                html.Td([html.Div(each["reason"]), html.Div(each["rule"], className="trust-rule")]),
            ],
            className="trust-failed" if each["passes"] is False else None,
        )
        for each in summary["trust"]
    ]
    heads = (
        ("Check", None),
        ("Judged", None),
        ("Value", "number"),
        ("Control", "number"),
        ("Outcome", None),
        ("Why", None),
    )
    head = html.Tr([html.Th(text, scope="col", className=look) for text, look in heads])
    caption = html.Caption("Trust checks", className="visually-hidden")
    table = html.Table(
        [caption, html.Thead(head), html.Tbody(rows)], className="plain-table judging trust-table"
    )
    frame = html.Div(
        table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": "Trust checks"}
    )
    return build_card("Can this be trusted?", frame, flush=True)


def _build_outcome(passes: bool | None) -> Component:
    if passes is None:
        return build_badge("can't be checked", icon="dash-lg")
    return build_badge(
        "passes" if passes else "fails",
        tone="success" if passes else "danger",
        icon="check-lg" if passes else "x-lg",
    )


def _build_facts(explanation: Plain, viewer: str | None) -> Component:
    summary = explanation["summary"]
    recording, classifier = summary["recording"], summary["classifier"]
    window = (
        f"{format_number(classifier['window_s'])} s at {format_number(classifier['analysis_rate_hz'])} Hz"
    )
    rows: list[tuple[str, Any]] = [
        ("Recording", _link_recording(recording, viewer)),
        ("Sample rate", f"{format_number(recording['sample_rate_hz'])} Hz"),
        ("Shaft", summary["shaft"]["source"]),
        ("Windows", f"{window}; {len(summary['windows'])} of {classifier['n_windows']} explained"),
        ("Classifier", dcc.Link(classifier["name"], href=f"/experiment/{classifier['experiment_id']}")),
        ("SHA-256 of the classifier", build_hash(classifier["sha256"])),
        ("Baseline", (summary["baseline"] or "none").replace("_", " ")),
        ("Settings", describe_settings(summary["settings"])),
        ("Over frequency", summary["formula"]),
        ("Worked out", format_moment(explanation["created_at"])),
    ]
    return build_card("What this rests on", build_definitions(rows))


def _link_recording(recording: Plain, viewer: str | None) -> Component:
    words = f"{recording['name']} · {recording['channel']}"
    name = dcc.Link(words, href=viewer) if viewer else html.Span(words)
    diagnose = dcc.Link("Diagnose", href=f"/diagnose?signal={recording['signal_id']}")
    return html.Span([name, diagnose], className="row-links")


def describe_settings(settings: Plain) -> str:
    """Return a method's complete settings in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {_say(value)}" for name, value in settings.items())


def _say(value: Any) -> str:
    if value is None:
        return "worked out"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_number(value) if isinstance(value, int | float) else str(value).replace("_", " ")


def build_window_options(summary: Plain) -> list[dict[str, str]]:
    """Return the explained windows: when each is, and what the classifier says of it."""
    target = summary["target_class"]
    found = []
    for index, each in enumerate(summary["windows"]):
        end_s = each["start_s"] + each["length_s"]
        share = format_percent(each["probabilities"][target])
        label = f"{each['start_s']:.3f} – {end_s:.3f} s: {format_class(target)} {share}"
        found.append({"value": str(index), "label": label})
    return found


def describe_axis(summary: Plain, name: str, *, asked: bool) -> str:
    """Return the resolution of a frequency axis, and why it is not in orders where that was asked."""
    axis = summary["axes"].get(name)
    if axis is None:
        return ""
    words = [f"Δf = {format_number(axis['resolution_hz'], 3)} Hz"]
    if axis["demodulation_band_hz"]:
        low, high = axis["demodulation_band_hz"]
        words.append(f"envelope of {format_number(low)} – {format_number(high)} Hz")
    if asked and not summary["shaft"]["frequency_hz"]:
        words.append("in Hz: the shaft speed is not known")
    return ", ".join(words)
