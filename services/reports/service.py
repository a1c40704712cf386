"""The part of ExperimentService that makes reports of diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.user import Role
from services.diagnoses.listing import get_diagnosis
from services.reports.assembly import build_report, draw_views, find_diagnosis
from services.reports.writing import write_report
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result

_SCREEN_POINTS = 4000


def _none() -> None:
    return None


class DiagnosisReports:
    """Reports of diagnoses: made anew each time from what is stored, the same from the same."""

    @staticmethod
    @returns_result
    def get_diagnosis_report(diagnosis_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return the report of a diagnosis as a document.

        Args:
            diagnosis_id: Which.
            actor: Who asks.

        Returns:
            ``diagnosis_id``, ``title``, ``headline``, ``status``, ``fault_class``, ``asked``,
            ``sections`` (each ``key``, ``title``, ``sentences``, ``bullets``, ``facts``, ``warnings``,
            ``tables``, ``figures`` as SVG) and ``content_sha256``: the same from the same samples, settings
            and versions.

        Errors:
            ``not_found``; ``conflict`` while there is no answer.
        """
        require_role(actor, Role.VIEWER)
        return ok(**build_report(find_diagnosis(diagnosis_id)))

    @staticmethod
    @returns_result
    def export_diagnosis_report(
        diagnosis_id: int, format: str = "pdf", *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return the report of a diagnosis as a file to take away.

        Args:
            diagnosis_id: Which.
            format: pdf or html; the same content as `get_diagnosis_report`, the same bytes each time.
            actor: Who asks.

        Returns:
            ``content`` (bytes), ``file_name`` and ``media_type``.

        Errors:
            As for `get_diagnosis_report`; ``invalid_input`` for an unknown format; ``missing_dependency``
            where the PDF writer is not installed.
        """
        require_role(actor, Role.VIEWER)
        return ok(**write_report(build_report(find_diagnosis(diagnosis_id)), format))

    @staticmethod
    @returns_data(_none)
    def get_diagnosis_views(
        diagnosis_id: int, keys: Sequence[str] | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return the curves of a diagnosed recording with the lines that were looked for in them.

        Args:
            diagnosis_id: Which.
            keys: Only these curves; all by default.
            actor: Who asks.

        Returns:
            ``views`` (``key``, ``title``, ``x`` and ``y`` with ``name``, ``unit`` and ``values``, ``floor``,
            ``lines``, ``bands``, ``resolution_hz``) and ``missing`` (why there are none); None where there is
            no such diagnosis or it has no answer.
        """
        require_role(actor, Role.VIEWER)
        found = get_diagnosis(diagnosis_id)
        if found is None or found["answer"] is None:
            return None
        views, missing = draw_views(found, _SCREEN_POINTS, keys)
        return {"views": views, "missing": missing}
