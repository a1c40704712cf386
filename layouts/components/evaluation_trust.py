"""How far a classifier's confidence can be trusted: calibration, conformal sets, open set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_card, build_key_figures
from layouts.components.evaluation_parts import (
    LEVEL_WORDS,
    LEVELS,
    NOUNS,
    build_no_windows,
    build_notes,
    build_span,
    build_table,
    describe_basis,
    describe_conditions,
    link_recording,
    say_percent,
    say_share,
)
from layouts.components.numbers import count_of, format_moment, format_number, format_percent
from layouts.components.results import NO_WINDOW_INTERVAL
from layouts.components.states import build_note

Plain = Mapping[str, Any]
COVERAGES = (("0.8", "80 %"), ("0.9", "90 %"), ("0.95", "95 %"), ("0.99", "99 %"))


def build_calibration(results: Plain) -> html.Div:
    """Return both levels' calibration before and after scaling, or the sentence why it says nothing."""
    cards = [
        _build_calibration_level(results, level) if results[level] else _build_without(level)
        for level, _label in LEVELS
    ]
    return html.Div([html.Div(cards, className="grid-2"), build_notes(results["notes"])], className="stack")


def _build_without(level: str) -> html.Section:
    return build_card(LEVEL_WORDS[level], build_no_windows())


def _build_calibration_level(results: Plain, level: str) -> html.Section:
    judged = results[level]
    before, after = judged["before"], judged["after"]
    figures = [("ECE before", say_percent(before["ece"]), "")]
    if after is not None:
        figures += [
            ("ECE after", say_percent(after["ece"]), ""),
            ("Temperature", say_share(judged["temperature"], 2), ""),
        ]
    sentence = build_note(judged["sentence"], level="info" if after is not None else "warning")
    rows = [_build_quality("before scaling", before)]
    if after is not None:
        rows.append(_build_quality("after scaling", after))
    heads = ("Probabilities", "ECE", "ECE if perfectly calibrated", "Largest gap", "Brier", "Log loss (nats)")
    caption = f"Calibration, {LEVEL_WORDS[level].lower()}"
    body = [
        html.Div(describe_basis(results, level, judged["n"]), className="row-detail"),
        build_key_figures(figures),
        sentence,
        build_table(heads, rows, caption, numeric=(1, 2, 3, 4, 5)),
        html.Div(_word_expected(after or before), className="row-detail"),
        html.Div(_word_temperature(judged, level), className="row-detail"),
    ]
    return build_card(LEVEL_WORDS[level], html.Div(body, className="stack-tight"))


def _build_quality(name: str, found: Plain) -> list[Any]:
    return [
        name,
        say_percent(found["ece"]),
        _say_expected(found),
        say_percent(found["largest_gap"]),
        say_share(found["brier"]),
        say_share(found["log_loss"]),
    ]


def _say_expected(found: Plain) -> str:
    expected = found["ece_expected_95"]
    return "–" if expected is None else f"up to {say_percent(expected)}"


def _word_expected(found: Plain) -> str:
    """Say with which calibration error a classifier may still be perfectly calibrated."""
    if found["ece_expected_95"] is None:
        return NO_WINDOW_INTERVAL
    return (
        f"A perfectly calibrated classifier shows an ECE of {_say_expected(found)} with as many recordings "
        "(19 times in 20)."
    )


def _word_temperature(judged: Plain, level: str) -> str:
    noun = NOUNS[level]
    words = (
        f"The temperature is fitted on {count_of(judged['n_validation'], 'validation ' + noun)} "
        f"({judged['n_validation_errors']} wrong), never on the test part."
    )
    interval = judged["temperature_interval"]
    if judged["temperature"] is None or interval is None:
        return words
    return f"{words} 95 % interval of the temperature {interval[0]:.2f} to {interval[1]:.2f}."


def build_conformal(results: Plain, level: str) -> html.Div:
    """Return the measured coverage with its binomial band, and what the sets are worth."""
    judged = results[level]
    if judged is None:
        return html.Div(build_no_windows(), className="surface")
    parts: list[Component] = [_build_coverage(results, judged, level), build_notes(results["notes"])]
    return html.Div(parts, className="stack")


def _build_coverage(results: Plain, judged: Plain, level: str) -> html.Section:
    wanted = f"{100 * results['coverage_wanted']:.0f} %"
    if not judged["possible"]:
        body: list[Component] = [build_note(judged["sentence"], level="warning")]
        return build_card(f"Sets that hold the label {wanted} of the time", html.Div(body))
    figures = [
        ("Wanted", wanted, ""),
        ("Measured", f"{judged['n_covered']} of {judged['n']} ({format_percent(judged['coverage'])})", ""),
        *_word_band(judged["band"]),
        ("Classes per set, mean", say_share(judged["mean_size"], 2), ""),
    ]
    basis: list[Component | str] = [describe_basis(results, level, judged["n"]), ". "]
    if judged["band"]:
        basis.append(_build_verdict(judged["inside"]))
    body = [html.Div(basis, className="row-detail state-line"), build_key_figures(figures)]
    if judged["interval"]:
        span = build_span(judged["coverage"], judged["interval"])
        words = html.Span("95 % interval of what is measured")
        body.append(html.Div([words, span], className="row-detail"))
    body += [
        build_note(judged["sentence"], level="success" if judged["inside"] else "warning"),
        html.Div(
            f"The threshold comes from {count_of(judged['n_calibration'], 'validation ' + NOUNS[level])}, "
            "never from the test part.",
            className="row-detail",
        ),
    ]
    title = f"Sets that hold the label {wanted} of the time"
    return build_card(title, html.Div(body, className="stack-tight"))


def _word_band(band: Sequence[float] | None) -> list[tuple[str, str, str]]:
    """Windows have no band: those of one recording are not independent."""
    if band is None:
        return []
    return [("Binomial band (95 %)", f"{100 * band[0]:.0f} to {100 * band[1]:.0f} %", "")]


def _build_verdict(inside: bool) -> Component:
    if inside:
        return build_badge("inside the band", tone="success", icon="check-lg")
    return build_badge("outside the band", tone="danger", icon="x-lg")


def build_sets(judged: Plain | None) -> Component | None:
    """Return the recordings with their sets: those that miss first, then the widest."""
    if judged is None or not judged.get("sets"):
        return None
    ordered = sorted(judged["sets"], key=lambda each: (each["covered"], -len(each["set"])))
    rows = [
        [
            link_recording(each),
            html.Span(describe_conditions(each), className="muted"),
            build_class_badge(each["target"]),
            html.Div([build_class_badge(name) for name in each["set"]] or "empty", className="badge-row"),
            build_badge(
                "holds the label" if each["covered"] else "misses",
                tone="success" if each["covered"] else "danger",
                icon="check-lg" if each["covered"] else "x-lg",
            ),
        ]
        for each in ordered
    ]
    heads = ("Recording", "Conditions", "Label", "Set", "Holds it")
    table = build_table(heads, rows, "Conformal sets of the recordings")
    return build_card("Recordings and their sets", table, flush=True)


def build_open_set(results: Plain, level: str) -> html.Div:
    """Return what was found on held-out classes: the score, its threshold, what it costs."""
    chosen = next((each for each in results["scores"] if each["score"] == results["chosen"]), None)
    test = (results["test"] or {}).get(level)
    figures = [
        ("Score", chosen["title"] if chosen else "none", ""),
        ("AUROC, mean over the classes", say_share(chosen["mean_auroc"] if chosen else None, 3), ""),
        ("Unknown ones rejected, mean", say_percent(chosen["mean_rejection"] if chosen else None), ""),
        ("False alarms wanted", format_percent(results["false_alarms_wanted"], 0), ""),
    ]
    if test:
        rejected = f"{test['n_rejected']} of {test['n']} ({format_percent(test['share'])})"
        figures.append((f"Known ones rejected, test, {LEVEL_WORDS[level].lower()}", rejected, ""))
    body = [build_key_figures(figures), build_note(results["sentence"], level=_rate(results))]
    if test and test["interval"]:
        body.append(build_span(test["share"], test["interval"]))
    body.append(
        html.Div(
            f"The threshold comes from {count_of(results['n_calibration'], 'validation recording')}, "
            "never from the test part.",
            className="row-detail",
        )
    )
    return html.Div(
        [
            build_card("Rejecting what was never learned", html.Div(body, className="stack-tight")),
            build_notes(results["notes"]),
        ],
        className="stack",
    )


def _rate(results: Plain) -> str:
    return "info" if results["possible"] else "warning"


def build_folds(results: Plain, level: str) -> html.Section:
    """Return every held-out class with what each score made of it."""
    titles = {each["score"]: each["title"] for each in results["scores"]}
    heads = ["Held out", "Known", "Unknown", "Score", "AUROC", "Rejected", "95 % interval"]
    rows = []
    for fold in results["folds"]:
        for score, found in (fold[level] or {}).items():
            name = [titles.get(score, score)]
            if score == results["chosen"]:
                name += [" ", build_badge("chosen", tone="info", icon="check-lg")]
            rows.append(
                [
                    build_class_badge(fold["held_out"]),
                    format_number(fold["n_known"]),
                    format_number(fold["n_unknown"]),
                    name,
                    say_share(found["auroc"]),
                    say_percent(found["rejection"]),
                    build_span(found["rejection"], found["rejection_interval"]),
                ]
            )
    caption = f"Held-out classes, {LEVEL_WORDS[level].lower()}"
    return build_card(caption, build_table(heads, rows, caption, numeric=(1, 2, 4, 5)), flush=True)


def describe_applied(applied: Plain | None, evaluation_id: int | None) -> Component | None:
    """Return what diagnoses do with unknown faults now."""
    if applied is None:
        return html.Span("Diagnoses with this classifier always name one of its classes.", className="muted")
    if applied["source"] == "training":
        return html.Span(
            "By the rule kept at training, diagnoses say “unknown” where the "
            f"{applied['score_title']} passes {format_number(applied['threshold'], 3)}. "
            "A rule that you use takes its place."
        )
    words = (
        f"Applied since {format_moment(applied['applied_at'])}: diagnoses say “unknown” where "
        f"{applied['score_title']} passes {format_number(applied['threshold'], 3)}."
    )
    if evaluation_id is not None and applied["evaluation_id"] != evaluation_id:
        words += " That threshold is of another evaluation than the one shown."
    return html.Span(words)


def count_sets(sets: Sequence[Plain]) -> str:
    """Return how many of the sets hold one class only."""
    alone = sum(len(each["set"]) == 1 for each in sets)
    return f"{alone} of {count_of(len(sets), 'recording')} with a single class"
