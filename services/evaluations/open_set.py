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
    DISTANCES,
    WITH_EVIDENCE,
    FeatureReference,
    Threshold,
    choose_threshold,
    rank_scores,
    score_recording,
)
from core.evaluation.strangeness_fit import choose_parts
from core.training.classifier import Classifier
from core.training.hooks import SilentHooks
from core.training.metrics import group_recordings, wilson_interval
from core.training.run import train_classifier
from core.training.signals import LabelledSignal
from models.job import JobCommand
from services.evaluations.choices import list_choices, word_choices
from services.evaluations.open_set_scores import SHARE_FEATURES, Features, judge_scores, score_signals
from services.evaluations.works import Work, choose_recordings
from services.experiments.ensembles import is_ensemble
from services.experiments.judged import load_judged
from services.experiments.material import build_labelled_signals
from services.jobs.runner import JobHandle, JobYieldedError
from utils.constants import OPEN_SET_FOLDER
from utils.exceptions import InvalidInputError, LeaseLostError, LstmPfdError, ServiceUnavailableError

_SHARE_FOLDS = 0.8
# Recordings of a class that stand for the unknown in its fold; more add time and little else.
_MOST_UNKNOWN = 60
_MOST_KNOWN = 400
_ALWAYS = "max_probability"


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
        features = Features(work, train, validation)
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
    features: Features,
) -> tuple[dict[str, Any], int]:
    """Choose the scores by the folds, and set their thresholds on validation."""
    names = list(work.classifier.class_names)
    scores = rank_scores([fold["recording_level"] for fold in folds])
    if not scores:
        raise InvalidInputError(
            "No held-out class could be judged: every class needs recordings in training and validation."
        )
    wanted = work.config["false_alarms"]
    references = features.fit(train, names)
    known = score_signals(work.classifier, validation, features, references, work)[0]
    best = next(row for row in scores if row["score"] in known)
    chosen = best["score"]
    threshold = choose_threshold(known[chosen], wanted)
    assert threshold is not None  # noqa: S101 -- there are validation recordings
    parts = choose_parts(scores, known.get, wanted)
    test, n_passes = _judge_test(work, chosen, threshold, features, references)
    results = {
        "scores": scores,
        "chosen": chosen,
        "false_alarms_wanted": wanted,
        "folds": list(folds),
        "threshold": threshold.value,
        "n_calibration": threshold.n_known,
        "possible": threshold.is_promised,
        "parts": [part.to_dict() for part in parts],
        "references": {
            part.score: references[part.score].to_dict() for part in parts if part.score in references
        },
        "stretch_s": features.stretch_s,
        "test": test,
        "sentence": _word(best, threshold, test, wanted),
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


def _run_fold(
    work: Work,
    folder: Path,
    index: int,
    names: Sequence[str],
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    features: Features,
) -> dict[str, Any]:
    """Train without one class and judge every score on it; a fold that is done is read back."""
    kept = folder / f"{index}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    share = _SHARE_FOLDS / len(names)
    low = SHARE_FEATURES + share * index
    hooks = _FoldHooks(work.handle, low, low + share, f"training without {names[index].replace('_', ' ')}")
    others = [name for name in names if name != names[index]]
    known_train, known = _leave_out(train, index), _leave_out(validation, index)
    held_out = [signal for signal in (*validation, *train) if signal.class_index == index]
    unknown = choose_recordings(held_out, _MOST_UNKNOWN, seed=0)
    classifier = _train_fold(work, folder / str(index), known_train, known, others, hooks)
    references = features.fit(known_train, others)
    shown = choose_recordings(known, _MOST_KNOWN, seed=0)
    known_scores, unknown_scores = (
        score_signals(classifier, each, features, references, work, names[index]) for each in (shown, unknown)
    )
    fold = {
        "held_out": names[index],
        "n_known": len(known_scores[0][_ALWAYS]),
        "n_unknown": len(unknown_scores[0][_ALWAYS]),
        "recording_level": judge_scores(known_scores[0], unknown_scores[0], work),
        "window_level": judge_scores(known_scores[1], unknown_scores[1], work),
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


def _judge_test(
    work: Work,
    chosen: str,
    threshold: Threshold,
    features: Features,
    references: Mapping[str, FeatureReference],
) -> tuple[dict[str, Any] | None, int]:
    """Count the test recordings, all of known classes, that would be called unknown.

    Distances and evidence read the recordings once more; the other scores are told by what was kept of the
    judging.
    """
    work.handle.report(SHARE_FEATURES + _SHARE_FOLDS, "false alarms on the test recordings")
    if chosen in DISTANCES or chosen in WITH_EVIDENCE:
        signals = build_labelled_signals(work.run.rows, "test", work.experiment.class_names)
        found = score_signals(work.classifier, signals, features, references, work)[0]
        return _count_rejected(found.get(chosen, np.empty(0)), threshold), 1 if signals else 0
    parts = load_judged(work.run.run_folder, work.experiment.classifier_sha256) or {}
    if "test" not in parts:
        return None, 0
    rows = group_recordings(parts["test"].list_predictions(), len(work.classifier.class_names))
    values = [
        score_recording(rows.window_probabilities[rows.owners == index], None)[chosen]
        for index in range(len(rows.keys))
    ]
    return _count_rejected(np.asarray(values), threshold), 0


def _count_rejected(values: NDArray[np.float64], threshold: Threshold) -> dict[str, Any]:
    n, n_rejected = len(values), int((values > threshold.value).sum())
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
        "Where physical evidence is a part of a score, its rule for the held-out class was taken away too.",
        f"The threshold rests on validation recordings, which also chose {chosen}: they flatter, and more "
        "known recordings than wanted may be called unknown.",
    ]
    if work.experiment.parent_id is not None:
        notes.append("The folds were trained from the beginning: the parent had seen the held-out class.")
    if n_passes:
        notes.append("The test recordings were read once more to count false alarms.")
    return notes
