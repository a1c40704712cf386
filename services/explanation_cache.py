"""ExplanationCache: explanations kept by classifier, recording, method and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from database.connection import get_db_session
from models.user import Role
from services.evaluations.reading import load_finished
from services.explanations import storing
from services.explanations.packing import pack_groups
from services.explanations.requests import find_explained
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.audit import record_audit
from services.shared.results import none, ok, returns_data, returns_result
from utils.exceptions import InvalidInputError, NotFoundError


def _no_rows() -> list[dict[str, Any]]:
    return []


def _not_there() -> bool:
    return False


class ExplanationCache:
    """What was worked out once is not worked out again while the classifier and the options are the same.

    The key is experiment, hash of the classifier, recording, method and complete options. Curves are packed
    into at most 200 kB each.
    """

    @staticmethod
    @returns_data(none)
    def get_explanation(
        experiment_id: int,
        signal_id: int,
        method: str,
        *,
        options: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return a kept explanation by the classifier that the experiment has now, None where there is none.

        Args:
            experiment_id: Whose classifier.
            signal_id: What was explained.
            method: How.
            options: With which options; None: the newest, whatever its options.
            actor: Who asks.

        Returns:
            ``explanation_id, experiment_id, experiment, classifier_sha256, current, signal_id, part, method,
            options, job_id, n_bytes, created_at, last_used_at, created_by, summary``.
        """
        require_role(actor, Role.VIEWER)
        if options is None:
            with get_db_session(read_only=True) as session:
                experiment = load_finished(session, experiment_id)
                row = storing.find_newest(session, experiment, signal_id, method)
        else:
            question, experiment = find_explained(experiment_id, signal_id, method, options)
            with get_db_session(read_only=True) as session:
                row = storing.find_row(session, question)
        if row is None or row.summary is None:
            return None
        storing.touch(row)
        return storing.describe_row(row, experiment)

    @staticmethod
    @returns_result
    def cache_explanation(
        experiment_id: int,
        signal_id: int,
        method: str,
        explanation_data: Mapping[str, Any],
        *,
        options: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Keep an explanation that was worked out elsewhere, in place of one to the same question.

        Args:
            experiment_id: Whose classifier.
            signal_id: What was explained.
            method: How.
            explanation_data: JSON-ready facts; under ``arrays`` curves by name, ``(n_rows, n_samples)`` each
                and of one length.
            options: Of the method; default: its defaults.
            actor: Who asks; an engineer.

        Returns:
            ``explanation_id``.

        Errors:
            ``not_found``, ``not_trained``, ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        question, _ = find_explained(experiment_id, signal_id, method, options or {})
        summary = {name: value for name, value in explanation_data.items() if name != "arrays"}
        try:
            arrays = {
                name: np.asarray(values, dtype=np.float64)
                for name, values in explanation_data.get("arrays", {}).items()
            }
            packed = pack_groups({"time": arrays}) if arrays else None
            explanation_id = storing.keep_question(question, summary, packed, actor)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"This can't be kept: {error}.") from error
        return ok(explanation_id=explanation_id)

    @staticmethod
    @returns_data(_not_there)
    def explanation_exists(
        experiment_id: int,
        signal_id: int,
        method: str,
        *,
        options: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> bool:
        """Tell whether `get_explanation` would return one."""
        require_role(actor, Role.VIEWER)
        found = ExplanationCache.get_explanation(
            experiment_id, signal_id, method, options=options, actor=actor
        )
        return found is not None

    @staticmethod
    @returns_data(_no_rows)
    def get_recent_explanations(
        experiment_id: int | None = None, limit: int = 10, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return the newest explanations without their curves and tables, each with its recording and job.

        Args:
            experiment_id: Only this experiment's.
            limit: At most so many, up to 100.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        items: list[dict[str, Any]] = storing.list_headers(experiment_id=experiment_id, per_page=limit)[
            "items"
        ]
        return items

    @staticmethod
    @returns_result
    def delete_explanation(explanation_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete a kept explanation; asked for again, it is worked out again.

        Errors:
            ``not_found``; ``job_state`` while its job is not over.
        """
        require_role(actor, Role.ENGINEER)
        with get_db_session() as session:
            if not storing.delete_row(session, explanation_id):
                raise NotFoundError("There is no such explanation (any more).")
            record_audit(session, actor, "explanation.delete", f"explanation {explanation_id}")
            session.commit()
        return ok()

    @staticmethod
    @returns_result
    def clear_old_explanations(days: float = storing.KEPT_DAYS, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete what nobody looked at for ``days``, and the longest unseen beyond the cache's size.

        The dispatcher does this every ten minutes.

        Args:
            days: Above 0.
            actor: Who asks; an administrator.

        Returns:
            ``n_old, n_unanswered, n_evicted``: how many went, by reason.

        Errors:
            ``invalid_input``.
        """
        require_role(actor, Role.ADMIN)
        if not 0 < days <= 36_500:
            raise InvalidInputError("days is a number above 0, for example 30.")
        return ok(**storing.forget_old(days))

    @staticmethod
    @returns_data(none)
    def get_cache_statistics(*, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return how many explanations are kept and how large they are, in all and by method."""
        require_role(actor, Role.VIEWER)
        return storing.measure_cache()
