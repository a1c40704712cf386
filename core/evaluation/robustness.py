"""How a classifier's answers hold when its recordings are disturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.disturbances import DISTURBANCES, disturb
from core.training.classifier import Classifier
from core.training.evaluate import EvaluatedSignal, Evaluation, evaluate_classifier
from core.training.hooks import Command
from core.training.metrics import SignalPrediction, group_recordings
from core.training.signals import LabelledSignal

_KEPT = ("n", "accuracy", "accuracy_interval", "macro_f1", "ece")


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of disturbance at one level."""

    kind: str
    level_db: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier answers, at both levels."""

    recordings: NDArray[np.int64]
    windows: NDArray[np.int64]


def list_conditions(
    kinds: Sequence[str], ratios_db: Sequence[float], gains_db: Sequence[float]
) -> tuple[list[Condition], list[str]]:
    """Return every kind at each of its levels, and sentences on levels that a kind can't have."""
    found, notes = [], []
    for kind in kinds:
        known = DISTURBANCES[kind]
        levels = ratios_db if known.is_ratio else gains_db
        lowest_db = known.lowest_db
        usable = [level for level in levels if lowest_db is None or level >= lowest_db]
        if len(usable) < len(levels):
            notes.append(
                f"{known.title.capitalize()} below {lowest_db:g} dB would leave no signal: left out."
            )
        found += [Condition(kind, float(level)) for level in usable]
    return found, notes


def disturb_signal(signal: LabelledSignal, condition: Condition, seed: int) -> LabelledSignal:
    """Return the same signal, disturbed when it is loaded."""

    def load() -> NDArray[np.floating]:
        return disturb(
            signal.load(),
            signal.sample_rate_hz,
            condition.kind,
            condition.level_db,
            sha256=signal.signal_sha256,
            seed=seed,
        )

    return replace(signal, load=load)


def sweep(
    classifier: Classifier,
    signals: Sequence[LabelledSignal],
    class_names: Sequence[str],
    conditions: Sequence[Condition],
    *,
    seed: int,
    report: Callable[[int, int, str], None],
    command: Callable[[], Command | str] | None = None,
) -> dict[str, Any]:
    """Judge the signals as they are, and once more under every condition.

    Parameters
    ----------
    classifier, signals, class_names
        As `evaluate_classifier` takes them.
    conditions
        What to do to the signals.
    seed
        Of all disturbances.
    report
        Told before each pass how many are done, of how many, and which comes.
    command
        Read before every signal; ``cancel`` ends the sweep.

    Returns
    -------
    dict
        ``clean`` and ``rows``: both levels with ``n``, ``accuracy``, ``accuracy_interval``, ``macro_f1``,
        ``ece``, ``recalls`` and ``n_changed`` (answers other than on the signals as they are); a row also
        has ``noise_type``, ``title`` and ``level_db``.
    """
    n_passes = len(conditions) + 1
    report(0, n_passes, "the recordings as they are")
    clean = evaluate_classifier(classifier, signals, class_names, command=command)
    reference = list_answers(clean.rows, len(classifier.class_names))
    rows = []
    for done, condition in enumerate(conditions, start=1):
        title = DISTURBANCES[condition.kind].title
        report(done, n_passes, f"{title}, {condition.level_db:g} dB")
        disturbed = [disturb_signal(signal, condition, seed) for signal in signals]
        found = evaluate_classifier(classifier, disturbed, class_names, command=command)
        facts = {"noise_type": condition.kind, "title": title, "level_db": condition.level_db}
        rows.append({**facts, **_describe(found, reference, len(classifier.class_names))})
    return {"clean": _describe(clean, reference, len(classifier.class_names)), "rows": rows}


def list_answers(rows: Sequence[EvaluatedSignal], n_classes: int) -> Answers:
    """Return what was answered of each recording and each window."""
    grouped = group_recordings(
        [SignalPrediction(row.recording_id, row.target, row.window_probabilities) for row in rows], n_classes
    )
    return Answers(
        grouped.recording_probabilities.argmax(axis=1), grouped.window_probabilities.argmax(axis=1)
    )


def _describe(evaluation: Evaluation, reference: Answers, n_classes: int) -> dict[str, Any]:
    answers = list_answers(evaluation.rows, n_classes)
    changed = {
        "recording_level": int((answers.recordings != reference.recordings).sum()),
        "window_level": int((answers.windows != reference.windows).sum()),
    }
    return {
        level: {
            **{key: evaluation.metrics[level][key] for key in _KEPT},
            "recalls": [row["recall"] for row in evaluation.metrics[level]["per_class"]],
            "n_changed": n_changed,
        }
        for level, n_changed in changed.items()
    }
