"""Training a classifier from labelled signals: the one entry point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.networks.registry import get_network_spec, validate_options
from core.training.checkpoints import discard_states, encode_document
from core.training.classical_training import ClassicalTraining
from core.training.classifier import Classifier
from core.training.hooks import Command, InterruptedTrainingError, TrainingHooks, obey
from core.training.plan import ParentWeights, TrainingPlan, TrainingResult, compute_fingerprint
from core.training.signals import LabelledSignal, WindowBank, check_labels, choose_preprocessing
from core.training.watch import wait_for_left_behind
from utils.constants import HEALTHY_CLASS
from utils.exceptions import InvalidInputError, JobCancelledError

CLASSIFIER_FOLDER = "classifier"
_STATUS = {Command.CONTINUE: "done", Command.STOP: "stopped", Command.PAUSE: "paused"}


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How a training ended.

    Attributes
    ----------
    status
        ``done``, ``stopped`` (early, with its best epoch) or ``paused`` (call again to go on).
    classifier_folder
        Where the classifier lies; None when paused.
    best_epoch, epochs_run
        Counted from 1; for a forest a chunk of trees counts as an epoch. ``best_epoch`` is 0 while there
        is none.
    train_cpu_s
        Processor time over all attempts, as far as checkpoints kept it.
    history
        One dictionary per epoch, the fields of `EpochRecord`.
    """

    status: str
    classifier_folder: Path | None
    best_epoch: int
    epochs_run: int
    train_cpu_s: float
    history: list[dict[str, Any]]


def train_classifier(
    network: str,
    options: Mapping[str, Any],
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    class_names: Sequence[str],
    *,
    seed: int,
    run_folder: Path,
    hooks: TrainingHooks,
    origin: Mapping[str, Any] | None = None,
    parent: Classifier | None = None,
) -> TrainingOutcome:
    """Train a classifier, or go on where a pause or a kill left it.

    On one CPU thread the result is the same bit for bit, however often the training was paused or killed.

    Parameters
    ----------
    network, options
        A name of the registry and its options; what is left out takes its default.
    train
        At least one signal of every class.
    validation
        Chooses the best epoch; may be empty, then the last epoch is taken.
    class_names
        ``class_index`` of the signals counts in these.
    seed
        Not negative.
    run_folder
        A folder of this training alone. Checkpoints stay in it until `discard_states` is called.
    hooks
        The far side.
    origin
        JSON values that are kept with the classifier (dataset, split, stamps).
    parent
        A trained network of the same kind to begin with (fine-tuning).

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_NETWORK``, ``UNKNOWN_OPTION``, ``CLASS_WITHOUT_TRAINING``, ``TRAINING_DIVERGED``, or another
        input that can't be used.
    SignalError
        A signal is too short, not finite or of a too low rate; the sentence names it.
    ConflictError
        The folder holds the checkpoint of another training.
    JobCancelledError
        The hooks said ``cancel``; the checkpoints are gone.
    """
    plan = _build_plan(network, options, train, validation, class_names, seed, run_folder, parent)
    if not validation:
        hooks.on_message("Without validation recordings the last epoch is taken as the best.")
    if plan.options.get("healthy_mixing") and HEALTHY_CLASS not in class_names:
        hooks.on_message(
            f"No class is called '{HEALTHY_CLASS}': no training window is mixed with a healthy one.",
            level="warning",
        )
    try:
        result = _train(plan, train, validation, hooks)
    except JobCancelledError:
        discard_states(run_folder)
        raise
    folder = None
    if result.model is not None:
        folder = run_folder / CLASSIFIER_FOLDER
        facts = {**_describe_origin(plan, train, validation, result), **(origin or {})}
        Classifier(
            plan.network, plan.options, plan.preprocessing, plan.class_names, facts, result.model
        ).save(folder)
    return TrainingOutcome(
        status=_STATUS[result.command],
        classifier_folder=folder,
        best_epoch=result.best_epoch,
        epochs_run=len(result.history),
        train_cpu_s=result.cpu_s,
        history=result.history,
    )


def _build_plan(
    network: str,
    options: Mapping[str, Any],
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    class_names: Sequence[str],
    seed: int,
    run_folder: Path,
    parent: Classifier | None,
) -> TrainingPlan:
    complete = validate_options(network, options)
    begins_with = None if parent is None else _read_parent(parent, network)
    check_labels(train, class_names)
    check_labels(validation, class_names, complete=False)
    run_folder.mkdir(parents=True, exist_ok=True)
    return TrainingPlan(
        network=network,
        options=complete,
        preprocessing=choose_preprocessing(train, complete),
        class_names=tuple(class_names),
        seed=seed,
        folder=run_folder,
        fingerprint=compute_fingerprint(
            network,
            complete,
            class_names,
            seed,
            (train, validation),
            None if begins_with is None else begins_with.sha256,
        ),
        parent=begins_with,
    )


def _read_parent(parent: Classifier, network: str) -> ParentWeights:
    if get_network_spec(network).family == "classical":
        raise InvalidInputError("A classical model can't begin with the weights of another one.")
    if parent.network != network:
        raise InvalidInputError(
            f"The experiment to begin from trained '{parent.network}', not '{network}'. Choose that one."
        )
    arrays = parent.model.to_arrays()
    digest = hashlib.sha256(encode_document(arrays, {})).hexdigest()
    return ParentWeights(arrays, parent.class_names, digest)


def _train(
    plan: TrainingPlan,
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    hooks: TrainingHooks,
) -> TrainingResult:
    def on_signal() -> None:
        obey(hooks.command, deaf_to_stop=True)

    try:
        train_bank = WindowBank(train, plan.preprocessing, plan.folder, on_signal)
        validation_bank = (
            WindowBank(validation, plan.preprocessing, plan.folder, on_signal) if validation else None
        )
        wait_for_left_behind(on_signal)
    except InterruptedTrainingError as interruption:
        return _read_paused(plan, interruption.command, hooks)
    if get_network_spec(plan.network).family == "classical":
        return ClassicalTraining(plan, train_bank, validation_bank, hooks).run()
    from core.training.loop import NetworkTraining

    return NetworkTraining(plan, train_bank, validation_bank, hooks).run()


def _read_paused(plan: TrainingPlan, command: Command, hooks: TrainingHooks) -> TrainingResult:
    """Paused while the signals were read: nothing was done beyond the checkpoint, if there is one."""
    state = plan.resume_state(hooks.on_message)
    values = {} if state is None else state.values
    return TrainingResult(
        command, None, values.get("best_epoch", 0), values.get("cpu_s", 0.0), values.get("history", [])
    )


def _describe_origin(
    plan: TrainingPlan,
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    result: TrainingResult,
) -> dict[str, Any]:
    """What a reader of a diagnosis must know about the training."""
    speeds_rpm = [signal.shaft_speed_rpm for signal in train if signal.shaft_speed_rpm is not None]
    return {
        "seed": plan.seed,
        "best_epoch": result.best_epoch,
        "epochs_run": len(result.history),
        "n_train_signals": len(train),
        "n_validation_signals": len(validation),
        "train_sample_rates_hz": sorted({signal.sample_rate_hz for signal in train}),
        "train_shaft_speed_range_rpm": [min(speeds_rpm), max(speeds_rpm)] if speeds_rpm else None,
        "train_channels": sorted({signal.channel for signal in train}),
        "parent_weights_sha256": None if plan.parent is None else plan.parent.sha256,
    }
