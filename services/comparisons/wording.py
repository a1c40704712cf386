"""What the numbers of a comparison mean, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.comparisons.statistics import ALPHA

_MOST_PAIRS = 10


def format_p(value: float | None) -> str:
    """Return a p-value as it is written: never zero, three digits where they say something.

    >>> format_p(0.00004), format_p(0.0312), format_p(0.5), format_p(1.0)
    ('p < 0.001', 'p = 0.031', 'p = 0.50', 'p = 1.00')
    """
    if value is None:
        return "no p-value"
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def format_points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign.

    >>> format_points(0.0312), format_points(-0.2)
    ('+3.1', '-20.0')
    """
    return f"{100 * share:+.1f}"


def write_reading(
    contestants: Sequence[Mapping[str, Any]], statistics: Mapping[str, Any], disagreements: Mapping[str, Any]
) -> list[str]:
    """Return what the statistics say, the plainest first."""
    if statistics["design"] == "folds":
        return _read_test_sets(statistics)
    return [
        _read_accuracies(contestants, disagreements),
        *_read_omnibus(statistics),
        *_read_pairs(statistics),
    ]


def _read_accuracies(contestants: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> str:
    shares = ", ".join(
        f"{each['letter']} {100 * each['recording_level']['accuracy']:.1f} %" for each in contestants
    )
    split_by = "none of them" if not found["n_differ"] else f"{found['n_differ']} of them"
    return (
        f"On the same {found['n']} test recordings, recording-level accuracy is {shares}. "
        f"The answers differ on {split_by}."
    )


def _read_omnibus(statistics: Mapping[str, Any]) -> list[str]:
    found = statistics["omnibus"]
    if found is None:
        return []
    if found["p_value"] is None:
        return ["Cochran's Q can't be computed: no recording tells the trainings apart."]
    verdict = (
        "they are not all equally good; the pairs below say which differ"
        if found["p_value"] < ALPHA
        else "no difference among them is shown"
    )
    q = f"Q = {found['statistic']:.2f}, {found['method']} {format_p(found['p_value'])}"
    return [f"Cochran's Q over all {found['dof'] + 1:g} together: {q}: {verdict}."]


def _read_pairs(statistics: Mapping[str, Any]) -> list[str]:
    pairs = statistics["pairs"]
    said = [_read_pair(pair, corrected=len(pairs) > 1) for pair in _choose_pairs(pairs)]
    left = len(pairs) - len(said)
    return [*said, *([f"{left} more pairs show no difference; the table has them."] if left else [])]


def _choose_pairs(pairs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if len(pairs) <= _MOST_PAIRS:
        return list(pairs)
    return [pair for pair in pairs if pair["differ"]]


def _read_pair(pair: Mapping[str, Any], *, corrected: bool) -> str:
    one, other = pair["first"], pair["second"]
    if not pair["only_first"] + pair["only_second"]:
        votes = "By the answers of most seeds, " if pair["has_repeats"] else ""
        same = f"{votes}{one} and {other} are right on exactly the same recordings"
        return f"{same}; that doesn't show that they are equal."
    gap = pair["bootstrap" if pair["has_repeats"] else "risk_difference"]
    points = (
        f"{format_points(gap['value'])} points (95 % interval {format_points(gap['low'])} to "
        f"{format_points(gap['high'])})"
    )
    holm = f", {format_p(pair['p_corrected'])} after Holm's correction" if corrected else ""
    votes = "by the answers of most seeds, " if pair["has_repeats"] else ""
    counts = f"{votes}{pair['only_first']} only {one} gets right, {pair['only_second']} only {other}"
    test = f"exact McNemar {format_p(pair['p_value'])}{holm}"
    return f"{one} less {other}: {points}; {counts}; {test}: {_judge_pair(pair, gap)}."


def _judge_pair(pair: Mapping[str, Any], gap: Mapping[str, float]) -> str:
    votes, mean = pair["only_first"] - pair["only_second"], round(gap["value"], 12)
    if votes * mean < 0:
        return "vote and mean point different ways, so neither is called the winner"
    if pair["differ"] and not mean:
        return "the vote differs, but the mean over seeds is equal, so neither is called the winner"
    if pair["differ"]:
        better = pair["first" if pair["only_first"] > pair["only_second"] else "second"]
        return f"{better} is better on such recordings"
    leaves_out_zero = gap["low"] > 0 or gap["high"] < 0
    if leaves_out_zero and pair["has_repeats"]:
        return "the mean over seeds differs on these recordings, but what most seeds answer is not shown to"
    if leaves_out_zero:
        return "no difference is shown; the interval leaves out zero, but the exact test decides"
    return "no difference is shown, which is not the same as none: the interval says what is possible"


def _read_test_sets(statistics: Mapping[str, Any]) -> list[str]:
    n, friedman, wilcoxon = statistics["n_test_sets"], statistics["friedman"], statistics["wilcoxon"]
    if wilcoxon is not None:
        one, other = statistics["letters"]
        better = one if wilcoxon["mean_difference"] > 0 else other
        verdict = (
            f"{better} is better over such test sets" if wilcoxon["differ"] else "no difference is shown"
        )
        return [
            f"Over {n} test sets, {one} less {other} is {format_points(wilcoxon['mean_difference'])} points "
            f"on average; Wilcoxon's signed-rank test {format_p(wilcoxon['p_value'])}: {verdict}."
        ]
    ranks = ", ".join(f"{letter} {rank:.2f}" for letter, rank in friedman["mean_ranks"].items())
    differing = [f"{pair['first']} and {pair['second']}" for pair in friedman["pairs"] if pair["differ"]]
    verdict = f"different: {', '.join(differing)}" if differing else "no pair is shown to differ"
    return [
        f"Over {n} test sets the mean ranks (1 is best) are {ranks}; Friedman's chi-square "
        f"{friedman['statistic']:.2f}, {format_p(friedman['p_value'])}.",
        f"Nemenyi: two differ where their mean ranks are {friedman['critical_difference']:.2f} or more "
        f"apart: {verdict}.",
    ]
