"""One attribution with everything that is said beside it: lines, controls, and checks of its worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.explain.assessment import assess_attribution
from core.explain.band_report import (
    N_RANDOM_NETWORKS,
    BandReport,
    compute_band_attribution,
    explain_again,
)
from core.explain.baselines import HEALTHY_MEAN, draw_baselines
from core.explain.catalogue import parse_method_options
from core.explain.explainer import explain
from core.explain.trust import (
    MOST_INFIDELITY,
    TrustCheck,
    check_infidelity,
    check_randomised_weights,
    check_removal,
    check_sensitivity,
)
from services.explanations.places import Places

if TYPE_CHECKING:
    from core.explain.attribution import Attribution
    from core.explain.explainable import Explainable
    from core.explain.fault_bands import FaultBand

# Called with what is being done, what is done of it and what there is to do; may raise to end the work.
Report = Callable[[str, int, int], None]

_OCCLUSION: Final = "occlusion"
# Of fewer than 5 groups, one shuffle in 24 or more is none at all.
_FEWEST_SHUFFLED: Final = 5
# Features scatter from draw to draw of random phases.
_N_DRAWS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What was found about some windows.

    Attributes:
        attribution: Over samples or features.
        bands: Over frequency, envelope lines and fault bands.
        trust: The checks, by what was taken away: ``time`` or ``features``, and ``frequency``; empty where
            none were asked for.
    """

    attribution: Attribution
    bands: BandReport
    trust: Mapping[str, tuple[TrustCheck, ...]]


def attribute(
    explainable: Explainable,
    method: str,
    target: int,
    options: Mapping[str, Any],
    places: Places,
    report: Report,
    *,
    trust: bool,
) -> Findings:
    """Explain windows by a method, over samples or features, lines and bands.

    Args:
        explainable: The windows before their classifier.
        method: Of the catalogue.
        target: Place of the class.
        options: Of the method.
        places: Where faults would show.
        report: Called between two parts of the work; may raise to end it.
        trust: Whether to check the attribution, too, and to ask networks with random weights.

    Raises:
        InvalidInputError, MissingDependencyError: As `core.explain.explainer.explain`.
    """
    found = explain(
        explainable,
        method,
        target_class=target,
        options=options,
        on_progress=_say(report, "explaining windows"),
    )
    bands = compute_band_attribution(
        explainable,
        take_lines_away(found) if found.feature_names else found,
        places.machine_kind,
        n_random_networks=N_RANDOM_NETWORKS if trust else 0,
        on_progress=_say(report, "looking at lines"),
    )
    placed = tuple(share.band for share in bands.bands)
    return Findings(found, bands, assess(explainable, found, placed, report) if trust else {})


def assess(
    explainable: Explainable, found: Attribution, bands: Sequence[FaultBand], report: Report
) -> dict[str, tuple[TrustCheck, ...]]:
    """Check an attribution over samples or features, and over frequency."""
    if found.feature_names:
        first = {"features": _check_features(explainable, found, _say(report, "checking features"))}
    else:
        first = {"time": assess_attribution(explainable, found, on_progress=_say(report, "checking time"))}
    over_frequency = assess_attribution(
        explainable,
        take_lines_away(found) if found.feature_names else found,
        axis="frequency",
        bands=bands,
        on_progress=_say(report, "checking frequency"),
    )
    return {**first, "frequency": over_frequency}


def take_lines_away(found: Attribution) -> Attribution:
    """Return what asks for the same class by taking lines away: features have no lines of their own."""
    settings = parse_method_options(_OCCLUSION, {"baseline": "zero", "seed": found.settings.get("seed", 0)})
    return replace(
        found, method=_OCCLUSION, baseline="zero", settings=settings, feature_names=(), slopes=None
    )


def _say(report: Report, what: str) -> Callable[[int, int], None]:
    def on_progress(n_done: int, n_all: int) -> None:
        report(what, n_done, n_all)

    return on_progress


def _check_features(
    explainable: Explainable, found: Attribution, on_progress: Callable[[int, int], None]
) -> tuple[TrustCheck, ...]:
    """Check an attribution over features: there they, not stretches of time, are taken away."""
    reading = explainable.features
    assert reading is not None  # noqa: S101 -- narrows the type for the checker
    target = found.target_class
    features = reading.read(explainable.windows)
    baselines = read_feature_baselines(explainable, found)
    groups, values = match_features(reading.names, reading.groups, found)
    columns = np.arange(found.values.shape[1], dtype=np.int64)

    def score(changed: NDArray[np.float32]) -> NDArray[np.float64]:
        on_progress(0, 3)
        return reading.score(changed)[:, target]

    def explain_noisy(noisy: NDArray[np.float32]) -> NDArray[np.float32]:
        on_progress(1, 3)
        return explain_again(replace(explainable, windows=noisy), found).values

    infidelity = _judge_few(check_infidelity(score, features, baselines, values, groups), len(columns))
    sensitivity = check_sensitivity(explain_noisy, explainable.windows, found.values, columns)
    deletion, insertion = check_removal(score, features, baselines, values, groups)
    on_progress(3, 3)
    weights = check_randomised_weights(found.values, (), columns)
    return infidelity, sensitivity, deletion, insertion, weights


def _judge_few(check: TrustCheck, n_groups: int) -> TrustCheck:
    """Judge an infidelity by its size alone where shuffling so few groups often changes nothing."""
    if n_groups >= _FEWEST_SHUFFLED or check.value is None:
        return check
    return replace(
        check,
        control=None,
        control_low=None,
        control_high=None,
        passes=check.value < MOST_INFIDELITY,
        reason=f"The attribution leaves {check.value:.0%} of the score's changes unpredicted; with "
        f"{n_groups} groups of features there is no shuffled control.",
    )


def read_feature_baselines(explainable: Explainable, found: Attribution) -> NDArray[np.float32]:
    """Return what the features of each window are compared with: those of what replaces it, on average."""
    if found.feature_baseline is not None:
        return found.feature_baseline
    reading, healthy = explainable.features, explainable.healthy_windows
    assert reading is not None  # noqa: S101 -- narrows the type for the checker
    seed = int(found.settings.get("seed") or 0)
    rows = []
    for window in explainable.windows:
        if found.baseline == HEALTHY_MEAN and healthy is not None:
            compared = healthy
        else:
            compared = draw_baselines(found.baseline, explainable, window, _N_DRAWS, seed)
        rows.append(reading.read(compared).mean(axis=0))
    return np.stack(rows).astype(np.float32)


def match_features(
    names: Sequence[str], group_names: Sequence[str], found: Attribution
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which column of the attribution each feature belongs to, and the values by feature.

    A group's value counts in equal parts for its features: only their sum is read.
    """
    columns = {name: place for place, name in enumerate(found.feature_names)}
    keys = names if set(names) <= set(columns) else group_names
    groups = np.asarray([columns[key] for key in keys], dtype=np.int64)
    members = np.bincount(groups, minlength=len(columns))
    values: NDArray[np.float64] = np.asarray(found.values, dtype=np.float64)[:, groups] / members[groups]
    return groups, values
