"""Attributions and curves as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from services.explanations.packing import PackedCurves, thin
from services.explanations.wording import COMPLETENESS, RULES, TITLES
from services.shared.numbers import shorten

if TYPE_CHECKING:
    from core.explain.attribution import Attribution
    from core.explain.band_attribution import BandShare, PhysicsAgreement
    from core.explain.trust import TrustCheck

_MOST_FEATURES = 60


def describe_attribution(attribution: Attribution, class_names: Sequence[str]) -> dict[str, Any]:
    """Return an attribution with all of its values."""
    return {
        "method": attribution.method,
        "target_class": class_names[attribution.target_class],
        "baseline": attribution.baseline or None,
        "values": [shorten(row) for row in attribution.values],
        "score_input": shorten(attribution.score_input),
        "score_baseline": shorten_optional(attribution.score_baseline),
        "completeness_gap": shorten_optional(attribution.completeness_gap),
        "claims_completeness": attribution.claims_completeness,
        "is_complete": attribution.is_complete,
        "settings": dict(attribution.settings),
        "feature_names": list(attribution.feature_names),
        "feature_groups": list(attribution.feature_groups),
        "feature_values": _shorten_rows(attribution.feature_values),
        "feature_baseline": _shorten_rows(attribution.feature_baseline),
    }


def describe_curves(groups: dict[str, PackedCurves], window: int, n_points: int) -> dict[str, Any]:
    """Return the curves of one explained window, each with at most ``n_points`` points.

    Returns:
        By group (``time``, ``frequency``, ``orders``): ``n_samples`` of the curves as they were,
        ``samples_per_point``, and each curve by name. Curves of one row for all windows come as they are.
    """
    described: dict[str, Any] = {}
    for name, packed in groups.items():
        n_kept = next(iter(packed.arrays.values())).shape[1]
        step = max(1, math.ceil(n_kept / max(n_points, 1)))
        curves = {
            curve: shorten(thin(values[[min(window, len(values) - 1)]], step)[0])
            for curve, values in packed.arrays.items()
        }
        described[name] = {
            "n_samples": packed.n_samples,
            "samples_per_point": packed.samples_per_point * step,
            **curves,
        }
    return described


def shorten_optional(values: NDArray[np.floating[Any]] | None) -> list[float] | None:
    """Return numbers as they are sent, or None."""
    return None if values is None else shorten(values)


def _shorten_rows(rows: NDArray[np.floating[Any]] | None) -> list[list[float]] | None:
    return None if rows is None else [shorten(row) for row in rows]


# --- parts of a summary ----------------------------------------------------------------------------------


def describe_bands(shares: Sequence[BandShare]) -> list[dict[str, Any]]:
    """Return the bands with their shares and random-band controls."""
    return [
        {
            "name": share.band.name,
            "label": share.band.label,
            "axis": share.band.axis.value,
            "ranges_hz": [[round(low, 3), round(high, 3)] for low, high in share.band.ranges_hz],
            "fault_classes": list(share.band.fault_classes),
            "contribution": round_number(share.contribution),
            "share": round_number(share.share),
            "control_share": round_number(share.control_share),
            "control_low": round_number(share.control_low),
            "control_high": round_number(share.control_high),
            "is_above_control": bool(share.is_above_control),
        }
        for share in shares
    ]


def describe_agreement(agreement: PhysicsAgreement | None) -> dict[str, Any] | None:
    """Return how far the bands of the class stand out, with its controls."""
    if agreement is None:
        return None
    return {
        "fault_class": agreement.fault_class,
        "band_names": list(agreement.band_names),
        **{
            name: round_number(getattr(agreement, name))
            for name in ("score", "share", "control_share", "score_low", "score_high")
        },
        "random_bound": round_optional(agreement.random_bound),
        "random_weights": [round_number(score) for score in agreement.random_weights],
        "passes": bool(agreement.passes),
        "reason": agreement.reason,
    }


def describe_trust(
    attribution: Attribution, trust: Mapping[str, Sequence[TrustCheck]]
) -> list[dict[str, Any]]:
    """Return the checks by axis, completeness first where it is claimed."""
    if not trust:
        return []
    described = [_describe_completeness(attribution)] if attribution.claims_completeness else []
    return described + [
        {
            "name": check.name.value,
            "axis": axis,
            "title": TITLES[check.name],
            **{
                name: round_optional(getattr(check, name))
                for name in ("value", "control", "control_low", "control_high")
            },
            "passes": None if check.passes is None else bool(check.passes),
            "rule": RULES[check.name],
            "reason": check.reason,
            "curve": [round_number(each) for each in check.curve],
            "control_curve": [round_number(each) for each in check.control_curve],
        }
        for axis, checks in trust.items()
        for check in checks
    ]


def _describe_completeness(attribution: Attribution) -> dict[str, Any]:
    gaps = attribution.completeness_gap
    value = float(gaps.max()) if gaps is not None and len(gaps) else None
    said = "could not be worked out" if value is None else f"miss the change of the score by {value:.2%}"
    return {
        "name": COMPLETENESS,
        "axis": "features" if attribution.feature_names else "time",
        "title": TITLES[COMPLETENESS],
        "value": round_optional(value),
        "control": None,
        "control_low": None,
        "control_high": None,
        "passes": attribution.is_complete,
        "rule": RULES[COMPLETENESS],
        "reason": f"The values {said}.",
        "curve": [],
        "control_curve": [],
    }


def describe_features(attribution: Attribution) -> dict[str, Any] | None:
    """Return the largest feature values, mean over the windows; None where samples were explained."""
    if not attribution.feature_names:
        return None
    means = np.asarray(attribution.values, dtype=np.float64).mean(axis=0)
    values = _mean_rows(attribution.feature_values)
    baselines = _mean_rows(attribution.feature_baseline)
    groups = attribution.feature_groups or attribution.feature_names
    order = np.argsort(-np.abs(means), kind="stable")[:_MOST_FEATURES]
    rows = [
        {
            "name": attribution.feature_names[place],
            "group": groups[place],
            "value": None if values is None else round_number(values[place]),
            "baseline_value": None if baselines is None else round_number(baselines[place]),
            "attribution": round_number(means[place]),
        }
        for place in order.tolist()
    ]
    sums: dict[str, tuple[int, float]] = {}
    for group, mean in zip(groups, means.tolist(), strict=True):
        count, total = sums.get(group, (0, 0.0))
        sums[group] = (count + 1, total + mean)
    ranked = sorted(sums.items(), key=lambda item: -abs(item[1][1]))
    return {
        "rows": rows,
        "n": len(means),
        "groups": [
            {"group": group, "n": count, "attribution": round_number(total)}
            for group, (count, total) in ranked
        ],
    }


def _mean_rows(rows: NDArray[np.floating[Any]] | None) -> NDArray[np.float64] | None:
    return None if rows is None else np.asarray(rows, dtype=np.float64).mean(axis=0)


def name_probabilities(class_names: Sequence[str], values: NDArray[np.floating[Any]]) -> dict[str, float]:
    """Return a probability for each class."""
    return {name: round(float(value), 6) for name, value in zip(class_names, values, strict=True)}


def round_number(value: Any) -> float:
    """Return a number with the six digits that anybody reads."""
    return float(f"{float(value):.6g}")


def round_optional(value: Any) -> float | None:
    """Return a number with six digits, or None."""
    return None if value is None else round_number(value)
