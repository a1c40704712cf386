"""ExperimentService: networks, trainings, their results, and what a trained classifier says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from database.connection import get_db_session
from models.experiment import Experiment
from models.job import JobCommand
from models.user import Role
from services.diagnoses.service import DiagnosisRequests
from services.experiments import listing, monitoring, training, trash
from services.experiments.organising import ExperimentLists
from services.experiments.requesting import ExperimentRequests
from services.jobs import board
from services.jobs.runner import execute_job
from services.reports.service import DiagnosisReports
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from utils.exceptions import InvalidInputError, NotFoundError


def _no_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 50}


def _no_rows() -> list[dict[str, Any]]:
    return []


class ExperimentService(ExperimentRequests, ExperimentLists, DiagnosisRequests, DiagnosisReports):
    """One experiment is one training with one seed; several seeds form a group."""

    @staticmethod
    def run_training_job(job_id: int, worker: str) -> str | None:
        """Run a training job in this process; return its state afterwards."""
        return execute_job(job_id, training.run_training, worker=worker)

    @staticmethod
    @returns_result
    def stop(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """End a training now with its best checkpoint; it becomes ``done``, stopped early."""
        return board.command_job(_job_of(experiment_id), JobCommand.STOP, actor=actor)

    @staticmethod
    @returns_result
    def pause(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Pause a training at its next batch; it keeps its full state."""
        return board.command_job(_job_of(experiment_id), JobCommand.PAUSE, actor=actor)

    @staticmethod
    @returns_result
    def resume(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Go on with a paused training where it was."""
        return board.resume_job(_job_of(experiment_id), actor=actor)

    @staticmethod
    @returns_result
    def cancel(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Cancel a training; it leaves no result."""
        return board.command_job(_job_of(experiment_id), JobCommand.CANCEL, actor=actor)

    @staticmethod
    @returns_result
    def clone(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return the ``config`` that would repeat an experiment, for the wizard."""
        require_role(actor, Role.VIEWER)
        found = ExperimentService.get_experiment(experiment_id, actor=actor)
        if found is None:
            raise NotFoundError("There is no such experiment.")
        keys = ("name", "network", "dataset_id", "split_id", "channel", "options", "parent_id")
        return ok(config={**{key: found[key] for key in keys}, "seeds": [found["seed"]]})

    @staticmethod
    @returns_data(none)
    def get_experiment(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return one experiment with its job, split and accuracies, or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            found = listing.find_experiment(session, experiment_id)
        return listing.describe_experiment(found) if found else None

    @staticmethod
    @returns_data(_no_page)
    def list_experiments(
        query: str | None = None,
        sort: str = "-created_at",
        page: int = 1,
        per_page: int = 50,
        *,
        status: str | None = None,
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return experiments, each training by itself, as ``{items, total, page, per_page}``.

        Args:
            query: Words that must all occur in name, network, dataset or split.
            sort: A column, with ``-`` in front for descending.
            page: From 1.
            per_page: At most 200.
            status: Only this job state.
            filters: As for `list_experiment_rows`; what is in the trash is listed with ``shelf`` trash only.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        asked = {name: value for name, value in (("query", query), ("status", status)) if value}
        return listing.list_page({**(filters or {}), **asked}, sort, page, per_page)

    @staticmethod
    @returns_data(_no_rows)
    def get_training_history(
        experiment_id: int, since_epoch: int = 0, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return the epochs above ``since_epoch``: losses, accuracies, learning rate, gradient norm."""
        require_role(actor, Role.VIEWER)
        return training.list_history(experiment_id, since_epoch)

    @staticmethod
    @returns_data(none)
    def get_live_metrics(
        experiment_id: int, since_epoch: int = 0, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return where a training stands, for its monitor page; None where it is unknown.

        Returns:
            ``experiment``; ``history``: the epochs above ``since_epoch``; ``eta_s``: what it may still take,
            by the pace of the newest of these epochs; ``last_message_id`` of its log, 0 for none.
        """
        found = ExperimentService.get_experiment(experiment_id, actor=actor)
        return None if found is None else monitoring.describe_live(found, since_epoch)

    @staticmethod
    @returns_data(_no_rows)
    def list_training_messages(
        experiment_id: int, since_id: int = 0, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return the newest lines of a training's log after ``since_id``, in order.

        Each is ``message_id, epoch, level ("info" or "warning"), text, created_at``.
        """
        require_role(actor, Role.VIEWER)
        return monitoring.list_messages(experiment_id, since_id)

    @staticmethod
    @returns_data(none)
    def get_results(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return the results in the shape that scripts rely on, or None while there are none."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            experiment = session.get(Experiment, experiment_id)
        return experiment.results if experiment else None

    @staticmethod
    @returns_data(none)
    def get_group_summary(group_key: str, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return mean and 95 % interval of the recording-level test accuracy over a group's seeds.

        With fewer than three finished seeds there is no interval, and ``note`` says so. None where the
        group is unknown.
        """
        require_role(actor, Role.VIEWER)
        return listing.summarise_group(group_key)

    @staticmethod
    @returns_data(_no_rows)
    def list_predictions(
        experiment_id: int,
        part: str = "test",
        target: str | None = None,
        predicted: str | None = None,
        *,
        actor: Actor = SYSTEM,
    ) -> list[dict[str, Any]]:
        """Return what an experiment says of each signal of a part; one confusion cell by both names."""
        require_role(actor, Role.VIEWER)
        return listing.list_predictions(experiment_id, part, target, predicted)

    @staticmethod
    @returns_result
    def update_experiment(
        experiment_id: int, *, name: str | None = None, notes: str | None = None, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Rename an experiment or change its notes."""
        require_role(actor, Role.ENGINEER)
        values: dict[str, Any] = {"notes": notes} if notes is not None else {}
        if name is not None:
            if not name.strip():
                raise InvalidInputError("An experiment needs a name.")
            values["name"] = name.strip()[:160]
        with get_db_session() as session:
            if session.get(Experiment, experiment_id) is None:
                raise NotFoundError("There is no such experiment.")
            if values:
                session.execute(update(Experiment).where(Experiment.id == experiment_id).values(values))
            session.commit()
        return ok()

    @staticmethod
    @returns_result
    def delete_experiment(experiment_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete an experiment with its classifier; diagnoses that it made stay.

        Errors: ``not_found``; ``job_state`` while its training or an evaluation is not over.
        """
        require_role(actor, Role.ENGINEER)
        trash.delete_experiments([experiment_id], actor)
        return ok()


def _job_of(experiment_id: int) -> int:
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
    if experiment is None:
        raise NotFoundError("There is no such experiment.")
    return experiment.job_id
