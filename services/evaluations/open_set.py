"""Open-set rejection as a job: each class is held out in turn, and then has to look strange."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.open_set import (
    FEATURE_DISTANCE,
    SCORES,
    FeatureReference,
    Threshold,
    choose_threshold,
    compute_window_features,
    fit_reference,
    judge_score,
    rank_scores,
    score_recording,
    score_windows,
)
from core.training.classifier import Classifier
from core.training.hooks import SilentHooks
from core.training.metrics import group_recordings, wilson_interval
from core.training.run import train_classifier
from core.training.signals import LabelledSignal, naming
from models.job import JobCommand
from services.evaluations.choices import list_choices, word_choices
from services.evaluations.works import Work, choose_recordings
from services.experiments.ensembles import is_ensemble
from services.experiments.judged import load_judged
from services.experiments.material import build_labelled_signals
from services.jobs.runner import JobHandle, JobYieldedError
from utils.constants import OPEN_SET_FOLDER
from utils.exceptions import InvalidInputError, LeaseLostError, LstmPfdError, ServiceUnavailableError

_SHARE_FEATURES = 0.1
_SHARE_FOLDS = 0.8
# Recordings of a class that stand for the unknown in its fold; more add time and little else.
_MOST_UNKNOWN = 60
_MOST_KNOWN = 400

Scores = dict[str, NDArray[np.float64]]


class _FoldHooks(SilentHooks):
    """Carries a fold's progress to the job; a worker that shuts down pauses its training."""

    def __init__(self, handle: JobHandle, low: float, high: float, text: str) -> None:
        self._handle, self._low, self._high, self._text = handle, low, high, text

    def on_batch(self, progress: float) -> None:
        """Report the fold's share of the bar."""
        self._handle.report(self._low + progress * (self._high - self._low), self._text)

    def command(self) -> Any:
        """Pass on a cancellation; of a shutdown a checkpoint is left."""
        command = self._handle.command()
        if command == JobCommand.CANCEL:
            return JobCommand.CANCEL.value
        return JobCommand.PAUSE.value if command == JobCommand.YIELD else "continue"


def run_open_set(work: Work) -> tuple[dict[str, Any], int]:
    """Hold out each class in turn, choose the score that finds it, and set the threshold on validation."""
    names = list(work.classifier.class_names)
    _check(work, names)
    train, validation = work.build_signals("train"), work.build_signals("validation")
    with _open_folder(work) as folder:
        features = _Features(work, [*train, *validation])
        folds = [
            _run_fold(work, folder, index, names, train, validation, features) for index in range(len(names))
        ]
        return _conclude(work, folds, train, validation, features)


@contextmanager
def _open_folder(work: Work) -> Iterator[Path]:
    """Hand out the folder of this question and this classifier alone.

    Folds that are done outlive only an attempt that another one takes up where it ended.
    """
    shared = work.run.run_folder / OPEN_SET_FOLDER
    folder = shared / f"{work.handle.payload['evaluation_id']}-{work.experiment.classifier_sha256}"
    try:
        yield folder
    except (JobYieldedError, LeaseLostError, ServiceUnavailableError):
        raise
    except Exception:
        _remove(folder)
        raise
    _remove(folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # another question's folds lie beside it, or there is nothing to remove
        folder.parent.rmdir()


def _conclude(
    work: Work,
    folds: Sequence[dict[str, Any]],
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    features: _Features,
) -> tuple[dict[str, Any], int]:
    """Choose the score by its folds, and set its threshold on validation."""
    names = list(work.classifier.class_names)
    scores = rank_scores([fold["recording_level"] for fold in folds])
    if not scores:
        raise InvalidInputError(
            "No held-out class could be judged: every class needs recordings in training and validation."
        )
    chosen = scores[0]["score"]
    reference = features.fit(train, names)
    known = _score(work.classifier, validation, features, reference, work)
    threshold = choose_threshold(known[0][chosen], work.config["false_alarms"])
    assert threshold is not None  # noqa: S101 -- there are validation recordings
    test, n_passes = _judge_test(work, chosen, threshold, features, reference)
    results = {
        "scores": scores,
        "chosen": chosen,
        "false_alarms_wanted": work.config["false_alarms"],
        "folds": list(folds),
        "threshold": threshold.value,
        "n_calibration": threshold.n_known,
        "possible": threshold.is_promised,
        "reference": reference.to_dict() if chosen == FEATURE_DISTANCE else None,
        "test": test,
        "sentence": _word(scores[0], threshold, test, work.config["false_alarms"]),
        "class_names": names,
        "part": "test",
        "notes": _list_notes(work, n_passes),
    }
    return results, n_passes


def _check(work: Work, names: Sequence[str]) -> None:
    if is_ensemble(work.experiment):
        raise InvalidInputError(
            "An ensemble is not trained, so that no class can be held out of it. Ask one of its members."
        )
    if len(names) < 3:
        raise InvalidInputError("Holding out a class leaves one to learn: three classes or more are needed.")


class _Features:
    """The features of every signal, computed once for all folds."""

    def __init__(self, work: Work, signals: Sequence[LabelledSignal]) -> None:
        self._work = work
        self._found: dict[str, NDArray[np.float64]] = {}
        for done, signal in enumerate(signals):
            work.handle.report(_SHARE_FEATURES * done / len(signals), "features of the recordings")
            work.obey()
            self.get(signal)

    def get(self, signal: LabelledSignal) -> NDArray[np.float64]:
        """Return a signal's features, ``(n_windows, n_features)``."""
        key = signal.signal_sha256
        if key not in self._found:
            with naming(signal):
                self._found[key] = compute_window_features(
                    signal.load(), signal.sample_rate_hz, self._work.classifier.preprocessing
                )
        return self._found[key]

    def fit(self, signals: Sequence[LabelledSignal], names: Sequence[str]) -> FeatureReference:
        """Fit where the classes of these signals lie."""
        return fit_reference(
            [self.get(signal) for signal in signals], [names[signal.class_index] for signal in signals]
        )


def _run_fold(
    work: Work,
    folder: Path,
    index: int,
    names: Sequence[str],
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    features: _Features,
) -> dict[str, Any]:
    """Train without one class and judge every score on it; a fold that is done is read back."""
    kept = folder / f"{index}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    share = _SHARE_FOLDS / len(names)
    low = _SHARE_FEATURES + share * index
    hooks = _FoldHooks(work.handle, low, low + share, f"training without {names[index].replace('_', ' ')}")
    others = [name for name in names if name != names[index]]
    known_train, known = _leave_out(train, index), _leave_out(validation, index)
    held_out = [signal for signal in (*validation, *train) if signal.class_index == index]
    unknown = choose_recordings(held_out, _MOST_UNKNOWN, seed=0)
    classifier = _train_fold(work, folder / str(index), known_train, known, others, hooks)
    reference = features.fit(known_train, others)
    known_scores = _score(
        classifier, choose_recordings(known, _MOST_KNOWN, seed=0), features, reference, work
    )
    unknown_scores = _score(classifier, unknown, features, reference, work)
    fold = {
        "held_out": names[index],
        "n_known": len(known_scores[0][FEATURE_DISTANCE]),
        "n_unknown": len(unknown_scores[0][FEATURE_DISTANCE]),
        "recording_level": _judge_scores(known_scores[0], unknown_scores[0], work),
        "window_level": _judge_scores(known_scores[1], unknown_scores[1], work),
    }
    shutil.rmtree(folder / str(index), ignore_errors=True)
    kept.write_text(json.dumps(fold))
    return fold


def _leave_out(signals: Sequence[LabelledSignal], index: int) -> list[LabelledSignal]:
    """Return the signals of all other classes, counted without the one left out."""
    return [
        replace(signal, class_index=signal.class_index - (signal.class_index > index))
        for signal in signals
        if signal.class_index != index
    ]


def _train_fold(
    work: Work,
    folder: Path,
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    names: Sequence[str],
    hooks: _FoldHooks,
) -> Classifier:
    experiment = work.experiment
    outcome = train_classifier(
        experiment.network,
        experiment.options,
        train,
        validation,
        names,
        seed=experiment.seed,
        run_folder=folder,
        hooks=hooks,
    )
    if outcome.classifier_folder is None:
        work.handle.raise_if_interrupted()
        raise LstmPfdError("The training of a fold was paused for no reason. Start the evaluation again.")
    return Classifier.load(outcome.classifier_folder)


def _score(
    classifier: Classifier,
    signals: Sequence[LabelledSignal],
    features: _Features,
    reference: FeatureReference,
    work: Work,
) -> tuple[Scores, Scores]:
    """Return every score of each recording, and of each window."""
    by_recording: dict[tuple[Any, int], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for signal in signals:
        work.obey()
        with naming(signal):
            prediction = classifier.predict(
                signal.load(), signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders
            )
        distances = reference.measure(features.get(signal))
        by_recording.setdefault((signal.recording_id, signal.class_index), []).append(
            (prediction.uncalibrated_window_probabilities, distances)
        )
    recordings, windows = [], []
    for parts in by_recording.values():
        probabilities, distances = (np.concatenate(each) for each in zip(*parts, strict=True))
        recordings.append(score_recording(probabilities, distances))
        windows.append(score_windows(probabilities, distances))
    return (
        {name: np.asarray([row[name] for row in recordings]) for name in SCORES},
        {name: np.concatenate([row[name] for row in windows]) if windows else np.empty(0) for name in SCORES},
    )


def _judge_scores(known: Mapping[str, Any], unknown: Mapping[str, Any], work: Work) -> dict[str, Any]:
    return {name: judge_score(known[name], unknown[name], work.config["false_alarms"]) for name in SCORES}


def _judge_test(
    work: Work, chosen: str, threshold: Threshold, features: _Features, reference: FeatureReference
) -> tuple[dict[str, Any] | None, int]:
    """Count the test recordings, all of known classes, that would be called unknown.

    The distance reads the recordings once more; the other scores are told by what was kept of the judging.
    """
    work.handle.report(_SHARE_FEATURES + _SHARE_FOLDS, "false alarms on the test recordings")
    if chosen == FEATURE_DISTANCE:
        signals = build_labelled_signals(work.run.rows, "test", work.experiment.class_names)
        by_recording: dict[tuple[Any, int], list[NDArray[np.float64]]] = {}
        for signal in signals:
            work.obey()
            found = reference.measure(features.get(signal))
            by_recording.setdefault((signal.recording_id, signal.class_index), []).append(found)
        values = [float(np.median(np.concatenate(parts))) for parts in by_recording.values()]
        return _count_rejected(values, threshold), 1 if signals else 0
    parts = load_judged(work.run.run_folder, work.experiment.classifier_sha256) or {}
    if "test" not in parts:
        return None, 0
    rows = group_recordings(parts["test"].list_predictions(), len(work.classifier.class_names))
    values = [
        score_recording(rows.window_probabilities[rows.owners == index], None)[chosen]
        for index in range(len(rows.keys))
    ]
    return _count_rejected(values, threshold), 0


def _count_rejected(values: Sequence[float], threshold: Threshold) -> dict[str, Any]:
    n, n_rejected = len(values), sum(value > threshold.value for value in values)
    counted = {"n": n, "n_rejected": n_rejected, "share": n_rejected / n if n else None}
    return {"recording_level": {**counted, "interval": wilson_interval(n_rejected, n)}}


def _word(
    best: Mapping[str, Any], threshold: Threshold, test: Mapping[str, Any] | None, wanted: float
) -> str:
    sentence = (
        f"Chosen: {best['title']}. Of classes that were held out it tells {best['mean_auroc']:.1%} of the "
        f"pairs apart (AUROC) and rejects {best['mean_rejection']:.1%} of the recordings at {wanted:.0%} "
        "false alarms."
    )
    if not threshold.is_promised:
        sentence += (
            f" {threshold.n_known} validation recordings are too few for {wanted:.0%}: the threshold is the "
            f"strangest of them, and up to one known recording in {threshold.n_known + 1} may exceed it."
        )
    if test is not None:
        level = test["recording_level"]
        sentence += f" Of {level['n']} test recordings {level['n_rejected']} would be called unknown."
    return sentence


def _list_notes(work: Work, n_passes: int) -> list[str]:
    chosen = word_choices([*list_choices(work.experiment.network), "the score"])
    notes = [
        "A held-out class is only a stand-in for what may come: other unknown faults can be harder to tell.",
        f"The threshold rests on validation recordings, which also chose {chosen}: they flatter, and more "
        "known recordings than wanted may be called unknown.",
    ]
    if work.experiment.parent_id is not None:
        notes.append("The folds were trained from the beginning: the parent had seen the held-out class.")
    if n_passes:
        notes.append("The test recordings were read once more to count false alarms.")
    return notes
