"""The statistics of a comparison for people: what it says, what to mind, and the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge
from layouts.components.comparison_tables import build_letter
from layouts.components.numbers import format_percent
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table

_NONE = "–"
_PAIRS_NOTE = (
    "Exact two-sided McNemar test on the recordings that only one of the two gets right, corrected for all "
    "pairs by Holm. Differences with Tango's score interval; odds ratio and Cohen's g over those recordings "
    "with exact intervals; paired bootstrap over recordings of the mean over seeds (10 000 draws); over "
    "seeds: Welch. All intervals 95 %."
)
_RANKS_NOTE = "Nemenyi's test on mean ranks after Friedman's; p-values hold for all pairs together."


def build_warnings(warnings: Sequence[Mapping[str, str]], level: str) -> list[Component]:
    """Return the reasons to read the comparison with care, of one level: warning or info."""
    return [build_note(each["sentence"], level=level) for each in warnings if each["level"] == level]


def build_reading(found: Mapping[str, Any]) -> html.Div:
    """Return what the numbers say, and how they were come by."""
    sentences = html.Ul([html.Li(each) for each in found["reading"]], className="compare-reading")
    return html.Div([sentences, *build_warnings(found["warnings"], "info")], className="stack-tight")


def build_tests(found: Mapping[str, Any]) -> html.Div:
    """Return the tables of the tests that fit the comparison's design."""
    statistics = found["statistics"]
    if statistics["design"] == "folds":
        return html.Div(_build_ranks(found), className="stack-tight")
    parts = [_build_omnibus(statistics["omnibus"])] if statistics["omnibus"] else []
    return html.Div([*parts, *_build_pairs(statistics["pairs"])], className="stack-tight")


def _build_omnibus(omnibus: Mapping[str, Any]) -> Component:
    rows = [
        [
            omnibus["test"],
            "–" if omnibus["statistic"] is None else f"{omnibus['statistic']:.3f}",
            write_p(omnibus["p_value"]),
            omnibus["method"] or _NONE,
            f"{omnibus['n_discordant']}",
        ]
    ]
    headers = ("All together", "Q", "p", "Worked out by", "Recordings that tell them apart")
    return build_plain_table(headers, rows, caption="Cochran's Q over all trainings")


def write_p(value: float | None) -> str:
    """Return a p-value as a table shows it."""
    if value is None:
        return _NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _build_pairs(pairs: Sequence[Mapping[str, Any]]) -> list[Component]:
    headers = (
        *("Pair", "Only first right", "Only second right", "Both right", "Both wrong"),
        *("p, exact McNemar", "p, Holm", "Reading"),
    )
    rows = [
        [
            _build_pair(pair),
            *(pair[name] for name in ("only_first", "only_second", "both_right", "both_wrong")),
            write_p(pair["p_value"]),
            write_p(pair["p_corrected"]),
            _build_verdict(differ=pair["differ"]),
        ]
        for pair in pairs
    ]
    return [
        build_plain_table(headers, rows, caption="Pairs of trainings"),
        _build_effects(pairs),
        html.P(_PAIRS_NOTE, className="row-detail compare-note"),
    ]


def _build_effects(pairs: Sequence[Mapping[str, Any]]) -> Component:
    headers = (
        *("Pair", "Difference (points)", "Odds ratio", "Cohen's g"),
        *("Mean over seeds, bootstrap (points)", "Over seeds, Welch (points)"),
    )
    rows = [
        [
            _build_pair(pair),
            _write_estimate(pair["risk_difference"], scale=100, sign=True),
            _write_estimate(pair["odds_ratio"], infinite=pair["only_first"] > 0),
            _write_estimate(pair["cohens_g"], sign=True),
            _write_estimate(pair["bootstrap"], scale=100, sign=True),
            _write_estimate(pair["seeds"], scale=100, sign=True) if pair["seeds"] else "too few seeds",
        ]
        for pair in pairs
    ]
    return build_plain_table(headers, rows, caption="How large the differences are, with 95 % intervals")


def _build_pair(pair: Mapping[str, Any]) -> html.Span:
    return html.Span(
        [build_letter(pair["first"]), " – ", build_letter(pair["second"])], className="compare-pair"
    )


def _build_verdict(*, differ: bool) -> html.Span:
    if differ:
        return build_badge("differ", tone="warning", icon="arrow-left-right")
    return build_badge("not shown to differ", icon="dash-lg")


def _write_estimate(
    estimate: Mapping[str, float | None], *, scale: float = 1, sign: bool = False, infinite: bool = False
) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None and low is None:
        return _NONE
    form = "{:+.1f}" if scale != 1 else "{:+.2f}" if sign else "{:.2f}"
    said = "∞" if value is None and infinite else _NONE if value is None else form.format(scale * value)
    ends = [
        _NONE if low is None else form.format(scale * low),
        "∞" if high is None else form.format(scale * high),
    ]
    return f"{said} [{ends[0]}, {ends[1]}]"


def _build_ranks(found: Mapping[str, Any]) -> list[Component]:
    statistics = found["statistics"]
    letters = [build_letter(letter) for letter in statistics["letters"]]
    rows = [
        [test_set["name"], test_set["n_recordings"], *(format_percent(value) for value in row)]
        for test_set, row in zip(found["test_sets"], statistics["accuracies"], strict=True)
    ]
    headers = ["Test set", "Recordings", *letters]
    parts = [build_plain_table(headers, rows, caption="Recording-level accuracy on each test set")]
    friedman = statistics["friedman"]
    if friedman is None:
        return parts
    pairs = [
        [
            _build_pair(pair),
            f"{pair['rank_difference']:+.2f}",
            write_p(pair["p_corrected"]),
            _build_verdict(differ=pair["differ"]),
        ]
        for pair in friedman["pairs"]
    ]
    heads = ("Pair", "Difference of mean ranks", "p, Nemenyi", "Reading")
    return [
        *parts,
        build_plain_table(heads, pairs, caption="Pairs of trainings by their ranks"),
        html.P(_RANKS_NOTE, className="row-detail compare-note"),
    ]
