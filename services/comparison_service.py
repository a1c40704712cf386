"""ComparisonService: trainings side by side on the same test recordings, with the statistics of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.user import Role
from services.comparisons import assembly, candidates, differences
from services.comparisons.exports import files as exports
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result, returns_tuple


def _no_rows() -> list[Any]:
    return []


class ComparisonService:
    """Compare trainings; seeds of one group are repeats of one contestant."""

    @staticmethod
    @returns_tuple(2)
    def validate_comparison_request(
        experiment_ids: Sequence[int],
        user_id: int | None = None,  # noqa: ARG004 -- of the fixed signature; experiments are shared by all
        *,
        actor: Actor = SYSTEM,
    ) -> tuple[bool, str]:
        """Tell whether experiments can be compared: two or more, finished, on the same test recordings.

        Recordings are matched by the hashes of their signals and by their labels, not by their names.

        Args:
            experiment_ids: Which experiments.
            user_id: Who will look, where a trusted caller asks for somebody; experiments are shared by all.
            actor: Who asks.

        Returns:
            ``(True, "")``, or ``(False, sentence)`` that says which recordings differ.

        Errors:
            ``invalid_input``, ``not_found``, ``not_trained``, ``conflict``.
        """
        require_role(actor, Role.VIEWER)
        assembly.load_comparison(experiment_ids)
        return True, ""

    @staticmethod
    @returns_result
    def get_comparison_data(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return everything that is known of experiments beside one another.

        Args:
            experiment_ids: Two finished experiments or more. Tested on the same recordings they are compared
                recording by recording; the same settings over several test sets are compared by ranks.
            actor: Who asks.

        Returns:
            ``design`` (recordings, seeds, folds), ``test_sets``, ``contestants`` (metrics, intervals, per
            class, confusion), ``best``, ``histories``, ``statistics`` (exact McNemar with Holm's correction,
            Cochran's Q; or Wilcoxon, Friedman and Nemenyi; effect sizes with intervals), ``reading`` and
            ``warnings`` in sentences, ``settings`` (what differs, what is alike) and ``disagreements``.

        Errors:
            As for `validate_comparison_request`.
        """
        require_role(actor, Role.VIEWER)
        return ok(**assembly.compare(experiment_ids))

    @staticmethod
    @returns_data(_no_rows)
    def identify_key_differences(comparison_data: Mapping[str, Any], *, actor: Actor = SYSTEM) -> list[str]:
        """Return one sentence per setting in which the contestants of `get_comparison_data` differ."""
        require_role(actor, Role.VIEWER)
        return differences.write_key_differences(comparison_data)

    @staticmethod
    @returns_result
    def export_comparison(
        experiment_ids: Sequence[int], format: str = "pdf", *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return a comparison as a file to take away.

        Args:
            experiment_ids: As for `get_comparison_data`.
            format: pdf (for reading), csv (every number, a row each) or latex (tables for a paper).
            actor: Who asks.

        Returns:
            ``content`` (bytes), ``file_name`` and ``media_type``.

        Errors:
            As for `get_comparison_data`; ``invalid_input`` for an unknown format; ``missing_dependency``
            where the PDF writer is not installed.
        """
        require_role(actor, Role.VIEWER)
        return ok(**exports.write_export(experiment_ids, format))

    @staticmethod
    @returns_data(_no_rows)
    def list_candidates(
        experiment_ids: Sequence[int] = (), query: str | None = None, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return finished experiments to choose from: the chosen ones, then those on the same test part.

        Args:
            experiment_ids: Those already chosen.
            query: Words that must all occur in name, network, dataset or split.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        return candidates.list_candidates(experiment_ids, query)

    @staticmethod
    @returns_data(_no_rows)
    def list_seeds(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> list[int]:
        """Return these experiments and every other finished seed of their groups, group after group."""
        require_role(actor, Role.VIEWER)
        return candidates.list_seeds(experiment_ids)
