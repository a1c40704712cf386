"""What ExperimentService offers to diagnose recordings: ask, read, say what is thought of it, take it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.user import Role
from services.diagnoses import applying, feedback, listing, removal, requesting, running
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result


def _no_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 20}


def _no_rows() -> list[dict[str, Any]]:
    return []


class DiagnosisRequests:
    """The diagnosing part of ExperimentService."""

    @staticmethod
    @returns_result
    def request_diagnosis(
        *,
        experiment_id: int | None = None,
        signal_id: int | None = None,
        upload_id: str | None = None,
        path: str | None = None,
        samples: list[float] | None = None,
        sample_rate_hz: float | None = None,
        variable: str | None = None,
        shaft_speed_rpm: float | None = None,
        machine: str | None = None,
        bearing: str | None = None,
        geometry: str | Mapping[str, float] | None = None,
        orders: str | Mapping[str, float] | None = None,
        machine_kind: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Ask for a diagnosis of one recording: by its lines, and by a trained classifier where one is named.

        Args:
            experiment_id: Whose classifier is asked beside; None for the physical evidence alone.
            signal_id: A stored signal; or
            upload_id: an uploaded file; or
            path: a file of this machine (trusted callers only); or
            samples: the samples themselves.
            sample_rate_hz: Needed where the file does not say it; never guessed.
            variable: Which signal of a file with several.
            shaft_speed_rpm: Shaft speed where known; the lines of a rolling bearing need it.
            machine: Machine where known.
            bearing: Bearing designation where known.
            geometry: ``n=9,d=7.94,D=39.04,phi=0``, or the same names with numbers.
            orders: ``bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398``, or the same names with numbers.
            machine_kind: ``rolling`` or ``journal``, where bearing or machine do not tell it.
            actor: Who asks; an engineer.

        Returns:
            ``job_id`` and ``diagnosis_id``.

        Errors:
            ``not_found``, ``not_trained``, ``conflict`` (the experiment is in the trash), ``invalid_input``,
            ``sample_rate_missing``, ``sample_rate_invalid``, ``empty_signal``, ``non_finite_signal``,
            ``no_usable_vector``; the job itself may also fail with ``sample_rate_too_low``,
            ``recording_too_short`` or ``file_refused``.
        """
        require_role(actor, Role.ENGINEER)
        source = {"signal_id": signal_id, "upload_id": upload_id, "path": path, "samples": samples}
        facts = {
            "sample_rate_hz": sample_rate_hz,
            "variable": variable,
            "shaft_speed_rpm": shaft_speed_rpm,
            "machine": machine,
            "bearing": bearing,
            "geometry": geometry,
            "orders": orders,
            "machine_kind": machine_kind,
        }
        return ok(**requesting.request_diagnosis(experiment_id, source, facts, actor))

    @staticmethod
    def run_diagnosis_job(job_id: int, worker: str) -> str | None:
        """Run a diagnosis job in this process; return its state afterwards."""
        return execute_job(job_id, running.run_diagnosis, worker=worker)

    @staticmethod
    @returns_data(none)
    def get_diagnosis(diagnosis_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return one diagnosis with its answer (None until its job is done) and its feedback, or None."""
        require_role(actor, Role.VIEWER)
        return listing.get_diagnosis(diagnosis_id)

    @staticmethod
    @returns_data(_no_page)
    def list_diagnoses(
        page: int = 1,
        per_page: int = 20,
        *,
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return diagnoses, newest first, each with its verdict and the newest opinion on it.

        Args:
            page: From 1.
            per_page: At most 200.
            filters: ``query`` (words in the recording's name), ``status``, ``fault_class``,
                ``experiment_id``, ``signal_id``, ``dataset_id``, ``opinion`` (``none``: nobody has said
                anything).
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        return listing.list_page(page, per_page, filters or {})

    @staticmethod
    @returns_data(_no_rows)
    def list_similar_cases(
        diagnosis_id: int, limit: int = 5, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return past diagnoses that look like one, nearest first, with what has been said of them by now.

        ``distance`` goes from 0 (alike) to 1; beyond 0.25 nothing is listed. The answer of a diagnosis keeps
        those that were there when it was made.
        """
        require_role(actor, Role.VIEWER)
        return listing.list_cases(diagnosis_id, limit)

    @staticmethod
    @returns_result
    def give_feedback(
        diagnosis_id: int,
        opinion: str,
        fault_class: str | None = None,
        note: str = "",
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Say what an analyst thinks of a diagnosis; the newest word counts, older ones stay.

        Args:
            diagnosis_id: Which.
            opinion: ``confirmed``, ``rejected`` or ``relabelled``.
            fault_class: Only with another label: which.
            note: Why.
            actor: Who says it; an engineer.

        Returns:
            ``feedback``: as `get_diagnosis` lists it.

        Errors: ``not_found``, ``job_state`` (no answer yet), ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        return ok(feedback=feedback.give_feedback(diagnosis_id, opinion, fault_class, note, actor))

    @staticmethod
    @returns_data(none)
    def preview_feedback(
        dataset_id: int, diagnosis_ids: Sequence[int] | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return which labels of a dataset its feedback would change, before anything is changed.

        ``items`` of ``diagnosis_id, signal_id, recording, opinion, label_now, label_new, note``;
        ``n_changes``; ``left_out`` of ``diagnosis_id, sentence``. None where there is no such dataset.
        """
        require_role(actor, Role.VIEWER)
        return applying.preview_feedback(dataset_id, diagnosis_ids)

    @staticmethod
    @returns_result
    def apply_feedback(
        dataset_id: int,
        diagnosis_ids: Sequence[int] | None = None,
        reason: str = "",
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Write feedback into the labels: one new dataset version, with who and why.

        Args:
            dataset_id: Whose labels.
            diagnosis_ids: Only feedback on these; None for all that no version has taken up.
            reason: In front of the diagnoses' numbers, people and notes.
            actor: Who; an engineer.

        Returns:
            ``dataset_id, version`` (the newest now), ``n_signals``, ``diagnosis_ids`` that were taken up,
            ``job_ids`` of edits that a large dataset leaves to a job.

        Errors: ``not_found``, ``invalid_input`` (nothing gives a label), ``conflict``.
        """
        require_role(actor, Role.ENGINEER)
        return ok(**applying.apply_feedback(dataset_id, diagnosis_ids, reason, actor))

    @staticmethod
    @returns_result
    def delete_diagnosis(diagnosis_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete a diagnosis with its feedback and the samples that were kept for it alone.

        Errors: ``not_found``; ``job_state`` while its job is not over.
        """
        require_role(actor, Role.ENGINEER)
        removal.delete_diagnosis(diagnosis_id, actor)
        return ok()
