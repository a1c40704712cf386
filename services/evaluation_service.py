"""EvaluationService: what more can be said of a finished experiment than its accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.curves import compute_curves
from core.evaluation.errors import analyse_recordings
from database.connection import get_db_session
from models.user import Role
from services.evaluations import architectures, jobs, storing
from services.evaluations.arrays import check_answers, check_predictions, describe_stored
from services.evaluations.kinds import EvaluationKind, parse_config, parse_kind
from services.evaluations.reading import load_finished
from services.experiments import open_set
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result


def _no_rows() -> list[dict[str, Any]]:
    return []


class EvaluationService:
    """Evaluations of experiments, at recording and window level, each labelled.

    The test part is met once when a training ends; what meets it again here is counted and says so.
    """

    @staticmethod
    @returns_data(none)
    def get_evaluation(
        experiment_id: int,
        kind: str,
        config: Mapping[str, Any] | None = None,
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return an evaluation of the classifier that the experiment has now.

        Args:
            experiment_id: Whose.
            kind: ``roc, errors, slices, calibration, conformal`` are worked out where they are missing;
                ``robustness, open_set, recordings, latency, predictions`` are there once their job has run.
            config: What exactly; None: the defaults, and for a job's kind the newest.
            actor: Who asks.

        Returns:
            ``evaluation_id, experiment_id, kind, config, classifier_sha256, current, job_id,
            n_test_evaluations, created_at, results``; None where it is not there. A quick one with unusual
            settings is not stored: its ``evaluation_id`` is None.
        """
        require_role(actor, Role.VIEWER)
        return jobs.get(experiment_id, kind, config, actor)

    @staticmethod
    @returns_result
    def request_evaluation(
        experiment_id: int,
        kind: str,
        config: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Ask for an evaluation: it comes at once where it is quick or stored, else a job works it out.

        Args:
            experiment_id: Whose.
            kind: As for `get_evaluation`.
            config: Settings of the kind; what is left out takes its default.
            again: Work it out once more where it is stored.
            actor: Who asks; an engineer.

        Returns:
            ``evaluation`` or ``job_id`` (the other is None), and ``reused``.

        Errors:
            ``not_found``, ``not_trained``, ``no_predictions``, ``invalid_input``; ``conflict`` in the trash.

        Example:
            >>> EvaluationService.request_evaluation(5, "robustness", {"noise_types": ["white"]})["job_id"]
        """
        require_role(actor, Role.ENGINEER)
        return ok(**jobs.request(experiment_id, kind, config, actor, again=again))

    @staticmethod
    def run_evaluation_job(job_id: int, worker: str) -> str | None:
        """Run an evaluation job in this process; return its state afterwards."""
        return execute_job(job_id, jobs.run_evaluation, worker=worker)

    @staticmethod
    @returns_data(_no_rows)
    def list_evaluations(experiment_id: int, *, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return an experiment's evaluations without their results, newest first, each with its job."""
        require_role(actor, Role.VIEWER)
        return storing.list_rows(experiment_id)

    @staticmethod
    @returns_data(none)
    def get_test_use(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return ``n_test_evaluations`` and ``items``: how often the test part was met, and for what."""
        require_role(actor, Role.VIEWER)
        return storing.count_test_use(experiment_id)

    @staticmethod
    @returns_data(none)
    def load_experiment_predictions(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return what an experiment said of every recording and window that it was judged on.

        Args:
            experiment_id: Whose.
            actor: Who asks.

        Returns:
            ``experiment_id, class_names, parts``: per part ``recording_level`` (``n, targets, predicted,
            probabilities, uncalibrated_probabilities, recordings``) and ``window_level`` (``n, targets,
            predicted, probabilities, recording_index``); targets and answers are places in ``class_names``.
        """
        require_role(actor, Role.VIEWER)
        return describe_stored(experiment_id)

    @staticmethod
    @returns_result
    def generate_roc_data(
        probabilities: Sequence[Sequence[float]],
        targets: Sequence[int],
        class_names: Sequence[str],
        *,
        groups: Sequence[int] | None = None,
        n_bootstrap: int = 1000,
        seed: int = 0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return ROC and precision-recall curves with intervals, per class against the rest and averaged.

        Args:
            probabilities: ``n`` rows of one probability per class.
            targets: Places of the labels in ``class_names``, ``n`` of them.
            class_names: The classes.
            groups: Which recording each row is of; the bootstrap draws recordings. Default: its own.
            n_bootstrap: Replicates.
            seed: Of the bootstrap.
            actor: Who asks.

        Returns:
            ``roc``: as the levels of the kind ``roc``.

        Errors:
            ``invalid_input``.
        """
        require_role(actor, Role.VIEWER)
        values, labels = check_predictions(probabilities, targets, class_names)
        owners = check_answers(groups, len(labels), None) if groups is not None else None
        found = compute_curves(values, labels, class_names, groups=owners, n_bootstrap=n_bootstrap, seed=seed)
        return ok(roc=found)

    @staticmethod
    @returns_result
    def analyze_errors(
        predictions: Sequence[int],
        probabilities: Sequence[Sequence[float]],
        targets: Sequence[int],
        class_names: Sequence[str],
        *,
        recordings: Sequence[Mapping[str, Any]] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the confusion, every confused cell with its recordings, and the hardest recordings.

        Args:
            predictions: Places of the answers in ``class_names``.
            probabilities: A row of one probability per class for each.
            targets: Places of the labels.
            class_names: The classes.
            recordings: What is known of each row; default: its place, as ``recording_id``.
            actor: Who asks.

        Returns:
            ``errors``: as the recording level of the kind ``errors``.

        Errors:
            ``invalid_input``.
        """
        require_role(actor, Role.VIEWER)
        values, labels = check_predictions(probabilities, targets, class_names)
        answers = check_answers(predictions, len(labels), len(class_names))
        known = recordings or [{"recording_id": place} for place in range(len(labels))]
        return ok(errors=analyse_recordings(answers, values, labels, class_names, known))

    @staticmethod
    @returns_result
    def compute_calibration(
        experiment_id: int, part: str = "test", *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return ``evaluation`` of the kind ``calibration``: errors, reliability curves, temperatures.

        Errors:
            As `request_evaluation`.
        """
        require_role(actor, Role.VIEWER)
        kind = EvaluationKind.CALIBRATION
        return ok(evaluation=jobs.get(experiment_id, kind, {"part": part}, actor))

    @staticmethod
    @returns_result
    def test_robustness(
        experiment_id: int,
        noise_levels: Sequence[float] | None = None,
        noise_types: Sequence[str] | None = None,
        *,
        gain_levels: Sequence[float] | None = None,
        part: str = "test",
        max_recordings: int | None = None,
        seed: int = 0,
        again: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Judge the recordings again under noise and other disturbances, in a job.

        Args:
            experiment_id: Whose classifier.
            noise_levels: Signal-to-noise ratios in dB.
            noise_types: Some of white, pink, mains, impulsive, dropout, gain.
            gain_levels: Gains in dB.
            part: test (counted) or validation.
            max_recordings: At most so many, drawn by class in turn.
            seed: Of all disturbances.
            again: Once more where it is stored.
            actor: Who asks; an engineer.

        Returns:
            As `request_evaluation`.

        Errors:
            As `request_evaluation`.
        """
        require_role(actor, Role.ENGINEER)
        config = {
            "noise_levels": noise_levels,
            "noise_types": noise_types,
            "gain_levels": gain_levels,
            "part": part,
            "max_recordings": max_recordings,
            "seed": seed,
        }
        return ok(**jobs.request(experiment_id, EvaluationKind.ROBUSTNESS, config, actor, again=again))

    @staticmethod
    @returns_result
    def compare_architectures(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return what experiments reach beside what they cost.

        Args:
            experiment_ids: Finished experiments.
            actor: Who asks.

        Returns:
            ``rows`` (accuracy at both levels, parameters, bytes, processor seconds of the training, measured
            latency, ``pareto``), ``missing_latency`` (ask `request_evaluation` for it) and ``notes``.

        Errors:
            ``invalid_input``, ``not_found``, ``not_trained``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**architectures.compare(experiment_ids))

    @staticmethod
    @returns_result
    def cache_evaluation_results(
        experiment_id: int,
        evaluation_type: str,
        results: Mapping[str, Any],
        *,
        config: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Keep results that were worked out elsewhere for the classifier that the experiment has now.

        Returns:
            ``evaluation_id``.

        Errors:
            ``invalid_input``, ``not_found``, ``not_trained``.
        """
        require_role(actor, Role.ENGINEER)
        kind = parse_kind(evaluation_type)
        complete = parse_config(kind, config)
        with get_db_session(read_only=True) as session:
            experiment = load_finished(session, experiment_id)
        return ok(evaluation_id=storing.keep_results(experiment, kind, complete, results, actor))

    @staticmethod
    @returns_data(none)
    def get_cached_evaluation(
        experiment_id: int,
        evaluation_type: str,
        *,
        config: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return stored results of a kind, None where there are none for the classifier of now."""
        require_role(actor, Role.VIEWER)
        return storing.find_results(experiment_id, parse_kind(evaluation_type), config)

    @staticmethod
    @returns_result
    def apply_open_set(
        experiment_id: int, evaluation_id: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Let diagnoses with this experiment say "unknown" by the rule of an open-set evaluation.

        Args:
            experiment_id: Whose classifier.
            evaluation_id: Which evaluation; None: the newest.
            actor: Who decides; an engineer.

        Returns:
            ``open_set``: ``evaluation_id, score, score_title, threshold, applied_at``.

        Errors:
            ``not_found``, ``conflict``, ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        return ok(open_set=open_set.apply_rule(experiment_id, evaluation_id, actor))

    @staticmethod
    @returns_result
    def withdraw_open_set(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Take the open-set rule out of use: the classifier's own, kept at training, counts again."""
        require_role(actor, Role.ENGINEER)
        open_set.withdraw_rule(experiment_id, actor)
        return ok()

    @staticmethod
    @returns_data(none)
    def get_applied_open_set(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return the open-set rule that diagnoses follow, or None.

        ``source`` is ``evaluation`` (put to use by somebody) or ``training`` (kept with the classifier; its
        ``evaluation_id`` and ``applied_at`` are None).
        """
        require_role(actor, Role.VIEWER)
        return open_set.describe_in_use(experiment_id)
