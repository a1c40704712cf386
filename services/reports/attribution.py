"""What the classifier looked at, where an explanation of its answer is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.explanations.showing import show_newest_attribution
from services.reports.drawings import draw_attribution
from services.reports.parts import (
    NONE,
    Section,
    build_section,
    build_table,
    format_number,
    format_percent,
    word_class,
)

_POINTS = 1300
_MOST_BANDS = 8
_MOST_FEATURES = 10


def find_explanation(
    experiment_id: int | None, signal_id: int | None, classifier_sha256: str
) -> dict[str, Any] | None:
    """Return the newest finished explanation of a classifier's answer for a stored signal."""
    if experiment_id is None or signal_id is None:
        return None
    return show_newest_attribution(experiment_id, signal_id, classifier_sha256, _POINTS)


def build_attribution(explanation: Mapping[str, Any]) -> Section:
    """Return the gist of an explanation: its sentences, bands beside random ones, and whether to trust it."""
    summary = explanation["summary"]
    curve = (explanation["curves"] or {}).get("time")
    figures = []
    if curve is not None and "attribution" in curve:  # features have none over time
        title = f"Attribution to {word_class(summary['target_class'])} over the waveform of one window"
        note = "Orange spoke for the class, blue against it; the line is the standardised window."
        figures.append({"title": title, "svg": draw_attribution(curve), "note": note})
    doubts = [
        ("warning", f"{check['title']} failed: {check['reason'] or check['rule']}")
        for check in summary["trust"]
        if check["passes"] is False
    ]
    facts = [
        ("Method", f"{explanation['method'].replace('_', ' ')}, explanation {explanation['explanation_id']}"),
        ("Explained class", word_class(summary["target_class"])),
        ("Trust", _word_trust(summary["trust"])),
    ]
    return build_section(
        "attribution",
        "What the classifier looked at",
        sentences=summary["sentences"],
        facts=facts,
        warnings=doubts,
        tables=[
            *([_build_bands(summary["bands"])] if summary["bands"] else []),
            *([_build_features(summary["features"])] if summary["features"] else []),
        ],
        figures=figures,
    )


def _word_trust(checks: Sequence[Mapping[str, Any]]) -> str:
    ran = [check for check in checks if check["passes"] is not None]
    passed = sum(1 for check in ran if check["passes"])
    return f"{passed} of {len(ran)} checks passed" if ran else "no check ran"


def _build_bands(bands: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(bands, key=lambda band: -band["share"])[:_MOST_BANDS]
    rows = [
        [
            band["label"],
            band["axis"],
            format_percent(band["share"]),
            format_percent(band["control_share"]),
            _word_range(band),
            "above random bands" if band["is_above_control"] else "as random bands",
        ]
        for band in ordered
    ]
    headers = ("Band", "In the", "Share", "Random bands", "95 % of them", "Compared")
    return build_table(
        "Attribution by band, beside random bands of equal width", headers, rows, n_texts=2, last_is_text=True
    )


def _build_features(features: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [each["name"].replace("_", " "), format_number(each["value"]), f"{each['attribution']:+.3g}"]
        for each in features["rows"][:_MOST_FEATURES]
    ]
    left = features["n"] - len(rows)
    note = f"{left} more features hold less each." if left > 0 else ""
    headers = ("Feature", "Value", "Attribution (natural log)")
    return build_table("Features that said most", headers, rows, note=note)


def _word_range(band: Mapping[str, Any]) -> str:
    low, high = band["control_low"], band["control_high"]
    return NONE if low is None else f"{format_number(100 * low, 3)} – {format_number(100 * high, 3)} %"
