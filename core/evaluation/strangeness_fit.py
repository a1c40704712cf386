"""Fitting an open-set rule when a training ends, without training again.

Each class is taken out of the reference of the distances, out of the evidence, and out of the classifier's
answer (its other probabilities are scaled to sum to 1); its validation recordings then have to look strange
beside those of the other classes. The best score is kept with a threshold from all validation recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.open_set import (
    DISTANCES,
    FEATURE_DISTANCE,
    FLOOR_DISTANCE,
    SCORES,
    WITH_EVIDENCE,
    FeatureReference,
    choose_threshold,
    fit_reference,
    judge_score,
    rank_scores,
)
from core.evaluation.strangeness import RulePart, StrangenessRule, Traits

FALSE_ALARMS: Final = 0.05
# With fewer validation recordings no threshold can promise 5 % false alarms: 1 / (n + 1).
FEWEST_VALIDATION: Final = 19
_FEWEST_CLASSES: Final = 3
# Longer stretches cost time and tell little more; half a second is the shortest that gives numbers.
_LONGEST_STRETCH_S: Final = 10.0
_CHOSEN_HERE: Final = frozenset({*WITH_EVIDENCE, *DISTANCES})

RecordingKey = tuple[int | str, int]
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A signal of a known class: its class, what is read of it, and what it is of.

    Attributes
    ----------
    recording
        Shared by the signals of one recording; None: the signal is a recording by itself.
    """

    class_index: int
    traits: Traits
    recording: RecordingKey | None = None


def choose_stretch(durations_s: Sequence[float]) -> float:
    """Return the length that every recording holds, up to ten seconds."""
    return min([_LONGEST_STRETCH_S, *durations_s])


def refuse(n_validation: int, n_classes: int) -> str:
    """Return why no rule can be kept; empty where one may."""
    if n_classes < _FEWEST_CLASSES:
        return "holding out a class leaves one to learn: three classes or more are needed"
    if n_validation < FEWEST_VALIDATION:
        return (
            f"{n_validation} validation recordings are too few for {FALSE_ALARMS:.0%} false alarms; "
            f"{FEWEST_VALIDATION} are needed"
        )
    return ""


def fit_rule(
    train: Sequence[Example], validation: Sequence[Example], class_names: Sequence[str], stretch_s: float
) -> StrangenessRule:
    """Choose the scores by classes held out of what was learned, and set thresholds on validation.

    Parameters
    ----------
    train
        Their features show where the classes lie; nothing else of them is read.
    validation
        Signals that the classifier was not fitted to. A recording of several counts once, by its strangest
        signal: what is promised of it then holds for each of them.
    class_names
        Of the classifier.
    stretch_s
        As the features were read with.

    Returns
    -------
    StrangenessRule
        Without parts where no score rejects more of a held-out class than of the known ones.
    """
    missing = refuse(_count_recordings(validation), len(class_names))
    if missing:
        return StrangenessRule((), {}, FALSE_ALARMS, stretch_s, missing)
    folds = [_hold_out(train, validation, class_names, index) for index in range(len(class_names))]
    ranked = [row for row in rank_scores(folds) if row["mean_rejection"] > FALSE_ALARMS]
    references = fit_references(train, class_names)
    scores = _join_scores(validation, [each.traits.score(class_names, references) for each in validation])
    parts = choose_parts(
        ranked,
        lambda name: (
            np.asarray([row[name] for row in scores]) if all(name in row for row in scores) else None
        ),
        FALSE_ALARMS,
    )
    missing = "" if parts else "no score tells a class that was held out from the known ones"
    used = {part.score for part in parts}
    kept = {name: found for name, found in references.items() if name in used}
    return StrangenessRule(parts, kept, FALSE_ALARMS, stretch_s, missing)


def choose_parts(
    ranked: Sequence[Mapping[str, Any]],
    find_known: Callable[[str], NDArray[np.float64] | None],
    false_alarms: float,
) -> tuple[RulePart, ...]:
    """Return the best score with its threshold and, where it needs evidence, the best one without.

    Parameters
    ----------
    ranked
        What `rank_scores` found, best first.
    find_known
        The scores of the validation recordings by a score's name; None where some have none.
    false_alarms
        A part whose threshold can't promise it is left out.
    """
    parts: list[RulePart] = []
    for row in ranked:
        part = RulePart(row["score"], 0.0, None, row["mean_auroc"], row["mean_rejection"])
        if parts and part.needs_evidence:
            continue
        known = find_known(part.score)
        threshold = None if known is None else choose_threshold(known, false_alarms)
        if threshold is None or not threshold.is_promised:
            continue
        parts.append(replace(part, threshold=threshold.value, n_known=threshold.n_known))
        if not part.needs_evidence:
            break
    return tuple(parts)


def fit_references(examples: Sequence[Example], class_names: Sequence[str]) -> dict[str, FeatureReference]:
    """Fit both distances, as far as every example has the features."""
    labels = [class_names[each.class_index] for each in examples]
    found = {}
    for name, field in ((FEATURE_DISTANCE, "general"), (FLOOR_DISTANCE, "floor")):
        features = [getattr(each.traits, field) for each in examples]
        if features and all(each is not None for each in features):
            found[name] = fit_reference(features, labels)
    return found


def _count_recordings(examples: Sequence[Example]) -> int:
    return len({each.recording or place for place, each in enumerate(examples)})


def _join_scores(examples: Sequence[Example], scores: Sequence[Scores]) -> list[Scores]:
    """Return the highest scores of each recording's signals; what one of them lacks, the recording does."""
    found: dict[RecordingKey | int, list[Scores]] = {}
    for place, (example, score) in enumerate(zip(examples, scores, strict=True)):
        found.setdefault(example.recording or place, []).append(score)
    return [
        {name: max(row[name] for row in rows) for name in rows[0] if all(name in row for row in rows)}
        for rows in found.values()
    ]


def _hold_out(
    train: Sequence[Example], validation: Sequence[Example], class_names: Sequence[str], index: int
) -> dict[str, dict[str, Any]]:
    others = [name for place, name in enumerate(class_names) if place != index]
    references = fit_references([each for each in train if each.class_index != index], class_names)
    sides = (
        [each for each in validation if (each.class_index == index) is held_out] for held_out in (False, True)
    )
    known, unknown = (
        _join_scores(
            side, [each.traits.forget(index, class_names).score(others, references) for each in side]
        )
        for side in sides
    )
    there = [
        name for name in SCORES if name in _CHOSEN_HERE and all(name in row for row in (*known, *unknown))
    ]
    return {
        name: judge_score(
            np.asarray([row[name] for row in known]), np.asarray([row[name] for row in unknown]), FALSE_ALARMS
        )
        for name in there
        if known and unknown
    }
