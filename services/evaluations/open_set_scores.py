"""What open-set scores read of recordings, and every score of them, for a fold or for all classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.keeping import read_shares
from core.evaluation.open_set import (
    FEATURE_DISTANCE,
    SCORES,
    FeatureReference,
    judge_score,
    leave_class_out,
    score_windows,
)
from core.evaluation.strangeness import Traits, join_traits, read_traits
from core.evaluation.strangeness_fit import Example, choose_stretch, fit_references
from core.training.classifier import Classifier
from core.training.signals import LabelledSignal, naming
from services.evaluations.works import Work
from services.experiments.machine_kind import tell_machine_kind

# Of the job's bar.
SHARE_FEATURES: Final = 0.1

Scores = dict[str, NDArray[np.float64]]


class Features:
    """What the scores read of every signal, computed once for all folds."""

    def __init__(
        self, work: Work, train: Sequence[LabelledSignal], validation: Sequence[LabelledSignal]
    ) -> None:
        self._work = work
        self._kind = tell_machine_kind(work.classifier.class_names)
        self._found: dict[str, Traits] = {}
        self._shares: dict[str, dict[str, float] | None] = {}
        self.stretch_s = choose_stretch([each.duration_s for each in train])
        signals = [*train, *validation]
        for done, signal in enumerate(signals):
            work.handle.report(SHARE_FEATURES * done / len(signals), "features of the recordings")
            work.obey()
            self.get(signal)

    def get(self, signal: LabelledSignal) -> Traits:
        """Return a signal's features."""
        key = signal.signal_sha256
        if key not in self._found:
            preprocessing = self._work.classifier.preprocessing
            with naming(signal):
                self._found[key] = read_traits(
                    signal.load(), signal.sample_rate_hz, preprocessing, self.stretch_s
                )
        return self._found[key]

    def get_shares(self, signal: LabelledSignal, held_out: str | None) -> dict[str, float] | None:
        """Return what the physical evidence gives to each class, without its rule for a held-out one."""
        key = signal.signal_sha256
        if key not in self._shares:
            self._shares[key] = read_shares(signal, self._kind)
        shares = self._shares[key]
        return leave_class_out(shares, held_out) if shares and held_out in shares else shares

    def fit(self, signals: Sequence[LabelledSignal], names: Sequence[str]) -> dict[str, FeatureReference]:
        """Fit where the classes of these signals lie, for every distance that can be had."""
        examples = [Example(signal.class_index, self.get(signal)) for signal in signals]
        return fit_references(examples, names)


def score_signals(
    classifier: Classifier,
    signals: Sequence[LabelledSignal],
    features: Features,
    references: Mapping[str, FeatureReference],
    work: Work,
    held_out: str | None = None,
) -> tuple[Scores, Scores]:
    """Return every score of each recording, and of each window."""
    by_recording: dict[tuple[Any, int], list[Traits]] = {}
    for signal in signals:
        work.obey()
        with naming(signal):
            prediction = classifier.predict(
                signal.load(), signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders
            )
        traits = replace(
            features.get(signal),
            window_probabilities=prediction.uncalibrated_window_probabilities,
            shares=features.get_shares(signal, held_out),
        )
        by_recording.setdefault((signal.recording_id, signal.class_index), []).append(traits)
    recordings, windows = [], []
    for parts in by_recording.values():
        traits = join_traits(parts)
        recordings.append(traits.score(classifier.class_names, references))
        general = None if traits.general is None else references[FEATURE_DISTANCE].measure(traits.general)
        windows.append(score_windows(traits.window_probabilities, general))
    return (
        {name: np.asarray([row[name] for row in recordings]) for name in _list_common(recordings)},
        {name: np.concatenate([row[name] for row in windows]) for name in _list_common(windows)},
    )


def _list_common(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the scores that every row has."""
    return [name for name in SCORES if rows and all(name in row for row in rows)]


def judge_scores(known: Mapping[str, Any], unknown: Mapping[str, Any], work: Work) -> dict[str, Any]:
    return {
        name: judge_score(known[name], unknown[name], work.config["false_alarms"])
        for name in known
        if name in unknown
    }
