"""XAIService: what a classifier looked at, and whether that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.user import Role
from services.explanation_cache import ExplanationCache
from services.explanations import jobs, requests, showing, storing
from services.explanations.in_process import ModelExplanations
from services.explanations.options import WHAT_IF
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result


def _no_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 10}


class XAIService(ModelExplanations):
    """Explanations of single recordings, of whole parts of a split, and what-ifs, each worked out once."""

    @staticmethod
    @returns_result
    def list_methods(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return every method of explanation, with the reason where it can't explain this classifier.

        Args:
            experiment_id: A finished experiment.
            actor: Who asks.

        Returns:
            ``experiment_id, network, classifier_sha256, default_method, class_names, methods`` (``name,
            title, description, kind, is_offered, reason, complete, options``), ``baselines`` (``name, title,
            help, reason``), ``signal_options`` and ``part_options``.

        Errors:
            ``not_found``, ``not_trained``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**requests.list_methods(experiment_id))

    @staticmethod
    @returns_result
    def explain(
        experiment_id: int, signal_id: int, method: str, *, actor: Actor = SYSTEM, **options: Any
    ) -> dict[str, Any]:
        """Ask for the explanation of a recording, options as keywords; else as `request_explanation`."""
        require_role(actor, Role.ENGINEER)
        again = bool(options.pop("again", False))
        return ok(**requests.request_signal(experiment_id, signal_id, method, options, actor, again=again))

    @staticmethod
    @returns_result
    def request_explanation(
        experiment_id: int,
        signal_id: int,
        method: str,
        options: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Ask for the explanation of a recording: it comes at once where it is kept, else a job works it out.

        Args:
            experiment_id: Whose classifier.
            signal_id: Of a stored signal, of any dataset.
            method: One that `list_methods` offers.
            options: The method's own, and ``n_windows``, ``start_s``, ``trust``, ``target_class``.
            again: Work it out once more where it is kept.
            actor: Who asks; an engineer.

        Returns:
            ``explanation`` (without curves; None where a job is needed), ``job_id`` (None where it is kept),
            ``reused``.

        Errors:
            ``not_found``; ``not_trained``; ``conflict`` in the trash; ``invalid_input``, ``unknown_option``;
            ``missing_dependency``.
        """
        require_role(actor, Role.ENGINEER)
        found = requests.request_signal(experiment_id, signal_id, method, options or {}, actor, again=again)
        return ok(**found)

    @staticmethod
    @returns_result
    def request_what_if(
        experiment_id: int,
        signal_id: int,
        options: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Ask how the probabilities move when bands of a recording are attenuated or boosted.

        Args:
            experiment_id: Whose classifier.
            signal_id: Of a stored signal.
            options: ``bands`` (``low_hz, high_hz, name``; None: the bands of the machine's own lines),
                ``gains_db``, ``start_s``, ``n_windows``, ``target_class``.
            again: Work it out once more where it is kept.
            actor: Who asks; an engineer.

        Returns:
            As `request_explanation`.

        Errors:
            As `request_explanation`.
        """
        require_role(actor, Role.ENGINEER)
        found = requests.request_signal(experiment_id, signal_id, WHAT_IF, options or {}, actor, again=again)
        return ok(**found)

    @staticmethod
    @returns_result
    def explain_part(
        experiment_id: int,
        part: str,
        method: str,
        options: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Ask for the explanations of all recordings of a part, and what each class looks like in them.

        Args:
            experiment_id: Whose classifier.
            part: Of its split: test, validation, train, or a subset such as test_snr5.
            method: One that `list_methods` offers.
            options: The method's own, and ``max_recordings``, ``n_windows``.
            again: Work it out once more where it is kept.
            actor: Who asks; an engineer.

        Returns:
            As `request_explanation`.

        Errors:
            As `request_explanation`.
        """
        require_role(actor, Role.ENGINEER)
        return ok(**requests.request_part(experiment_id, part, method, options or {}, actor, again=again))

    @staticmethod
    @returns_data(none)
    def get_explanation(
        explanation_id: int, window: int = 0, n_points: int = 2000, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return one explanation with its curves.

        Args:
            explanation_id: Which.
            window: Which of the explained windows the curves are of, from 0.
            n_points: At most so many points a curve; of each stretch the value furthest from 0 is kept.
            actor: Who asks.

        Returns:
            What `ExplanationCache.get_explanation` returns, with ``curves`` and ``job``; ``summary`` and
            ``curves`` are None until the job is done.
        """
        require_role(actor, Role.VIEWER)
        return showing.show(explanation_id, window, n_points)

    @staticmethod
    @returns_data(none)
    def find_attribution(
        experiment_id: int,
        signal_id: int,
        classifier_sha256: str,
        n_points: int = 2000,
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return what a classifier looked at in a recording, as it was worked out last.

        Args:
            experiment_id: Whose classifier.
            signal_id: Of the stored signal.
            classifier_sha256: Which of the classifiers that the experiment has had.
            n_points: As for `get_explanation`.
            actor: Who asks.

        Returns:
            As `get_explanation`; None where no explanation by any method but what-ifs is kept.
        """
        require_role(actor, Role.VIEWER)
        return showing.show_newest_attribution(experiment_id, signal_id, classifier_sha256, n_points)

    @staticmethod
    @returns_data(_no_page)
    def list_explanations(
        experiment_id: int | None = None,
        *,
        signal_id: int | None = None,
        method: str | None = None,
        page: int = 1,
        per_page: int = 10,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return explanations without curves and tables, newest first: ``items, total, page, per_page``.

        Args:
            experiment_id: Only this experiment's.
            signal_id: Only of this signal.
            method: Only by this method; ``what_if`` for what-ifs.
            page: From 1.
            per_page: At most 100.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        return storing.list_headers(
            experiment_id=experiment_id, signal_id=signal_id, method=method, page=page, per_page=per_page
        )

    @staticmethod
    @returns_result
    def delete_explanation(explanation_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete a kept explanation; errors as `ExplanationCache.delete_explanation`."""
        require_role(actor, Role.ENGINEER)
        return ExplanationCache.delete_explanation(explanation_id, actor=actor)

    @staticmethod
    def run_explanation_job(job_id: int, worker: str) -> str | None:
        """Run an explanation job in this process; return its state afterwards."""
        return execute_job(job_id, jobs.run_explanation, worker=worker)
