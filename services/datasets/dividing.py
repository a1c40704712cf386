"""What DatasetService does about splits: work out, check for leaks, store, carry over, report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.user import Role
from services.datasets import carrying, leak_reports, leak_scans, removal, splitting
from services.datasets.splitting import SplitRule
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from utils.exceptions import InvalidInputError


def _no_list() -> list[dict[str, Any]]:
    return []


class DatasetSplits:
    """The splitting part of DatasetService."""

    @staticmethod
    @returns_result
    def check_split(
        dataset_id: int,
        by: str,
        test_values: Sequence[str] | None = None,
        *,
        channel: str | None = None,
        version: int | None = None,
        seed: int = 0,
        validation_fraction: float = 0.2,
        test_fraction: float = 0.2,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Work out a split and check it for leaks, without storing it. A red one comes back as found.

        Args:
            dataset_id: Which.
            by: bearing (the physical one), recording, given (the files' own split), or a field.
            test_values: Values of ``by`` that are tested on; without any, drawn by ``test_fraction``.
            channel: Only signals of this channel.
            version: By default the newest.
            seed: Of the drawing.
            validation_fraction: Share of the other recordings that validate.
            test_fraction: Share that tests, where no values are named.
            actor: Who asks.

        Returns:
            ``colour, findings, counts, class_names`` and the rule.

        Errors: ``leak_check_running`` while the signals of a big dataset are being compared (the question
        of an engineer starts that job), ``invalid_input``, ``not_found``.
        """
        require_role(actor, Role.VIEWER)
        rule = _rule(by, test_values, channel, seed, validation_fraction, test_fraction)
        return ok(**splitting.work_out_split(dataset_id, version, rule, actor).describe())

    @staticmethod
    @returns_result
    def create_split(
        dataset_id: int,
        name: str,
        by: str,
        test_values: Sequence[str] | None = None,
        *,
        channel: str | None = None,
        accept_amber: str | None = None,
        version: int | None = None,
        seed: int = 0,
        validation_fraction: float = 0.2,
        test_fraction: float = 0.2,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Work out, check and store a split; arguments as for `check_split`.

        Args:
            dataset_id: Which.
            name: Unique within the version.
            by: As for `check_split`.
            test_values: As for `check_split`.
            channel: As for `check_split`.
            accept_amber: Why an amber split is accepted; stamped on every result.
            version: By default the newest.
            seed: Of the drawing.
            validation_fraction: As for `check_split`.
            test_fraction: As for `check_split`.
            actor: Who asks.

        Errors: ``split_leaks``, ``class_without_training``, ``split_needs_acceptance``, ``conflict`` (name),
        ``leak_check_running``.
        """
        require_role(actor, Role.ENGINEER)
        checked_name = removal.check_name(name, "split")
        rule = _rule(by, test_values, channel, seed, validation_fraction, test_fraction)
        checked = splitting.work_out_split(dataset_id, version, rule, actor)
        split_id = splitting.store_split(checked, checked_name, accept_amber, actor)
        return ok(**splitting.load_split(split_id))

    @staticmethod
    @returns_result
    def check_carried_split(
        split_id: int, to_version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Work out what `carry_split` would store, as `check_split` does; a red one comes back as found.

        Returns:
            As `check_split`, with ``name, dataset_id, version`` (the newer one) and
            ``carried_from: {split_id, version, n_new, n_gone}``: signals that came since and stay out, and
            signals of the split that are gone.
        """
        require_role(actor, Role.VIEWER)
        return ok(**carrying.work_out_carried_split(split_id, to_version, actor).describe())

    @staticmethod
    @returns_result
    def carry_split(
        split_id: int,
        to_version: int | None = None,
        *,
        name: str | None = None,
        accept_amber: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Carry a split over to a newer version: the same signals in the same parts, checked again.

        Args:
            split_id: Which.
            to_version: By default the newest.
            name: By default the split's own.
            accept_amber: Why an amber split is accepted; asked anew, as the version is another.
            actor: Who asks.

        Returns:
            The new split; its ``carried_from`` counts what came since (left out) and what is gone.

        Errors: ``not_found``, ``invalid_input`` (not a newer version), and those of `create_split`.
        """
        require_role(actor, Role.ENGINEER)
        checked_name = None if name is None else removal.check_name(name, "split")
        carried = carrying.work_out_carried_split(split_id, to_version, actor)
        made = splitting.store_split(carried.checked, checked_name or carried.name, accept_amber, actor)
        return ok(**splitting.load_split(made))

    @staticmethod
    @returns_data(_no_list)
    def list_splits(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return the splits of a dataset, newest first, without their findings."""
        require_role(actor, Role.VIEWER)
        return splitting.list_splits(dataset_id, version)

    @staticmethod
    @returns_data(none)
    def get_split(split_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return one split with its findings and ``parts: {part: [signal_id]}``, or None."""
        require_role(actor, Role.VIEWER)
        return splitting.load_split(split_id)

    # --- leaks -----------------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def start_leak_check(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Have the signals of a version compared with one another, by a job; every split's check uses it.

        Returns:
            ``job_id``; None where these signals were compared before.

        Errors: ``not_found``.
        """
        require_role(actor, Role.ENGINEER)
        return ok(job_id=leak_scans.request_scan(dataset_id, version, actor))

    @staticmethod
    def run_leak_check_job(job_id: int, worker: str) -> str | None:
        """Run a leak check job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, leak_scans.run_scan, worker=worker)

    @staticmethod
    @returns_data(none)
    def get_leak_report(
        dataset_id: int, version: int | None = None, *, split_id: int | None = None, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return what the leak check finds now in a split, or in a version before any split.

        Args:
            dataset_id: Which.
            version: By default the newest; with a split its own.
            split_id: Of this dataset.
            actor: Who asks.

        Returns:
            ``dataset_id, dataset_name, version, split, state ("done", "running", "missing"), job, scan,
            colour, counts, findings: [{colour, kind, sentence, evidence, left, right}]``, each side with
            ``signal_id, recording_id, recording, channel, part``; None where there is no such thing.
        """
        require_role(actor, Role.VIEWER)
        return leak_reports.load_report(dataset_id, version, split_id)


def _rule(
    by: str,
    test_values: Sequence[str] | None,
    channel: str | None,
    seed: int,
    validation_fraction: float,
    test_fraction: float,
) -> SplitRule:
    if not by:
        raise InvalidInputError("Say what to split by: bearing, recording, or a field such as load.")
    values = tuple(str(value) for value in test_values) if test_values else None
    return SplitRule(by, values, channel, seed, validation_fraction, test_fraction)
