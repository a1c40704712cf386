"""What ExperimentService offers to say what can be trained, and to start it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.networks.catalogue.options import GROUP_TITLES
from core.networks.registry import NETWORKS
from core.networks.specs import NetworkSpec
from database.connection import get_db_session
from models.user import Role
from services.experiments import creation, ensembles
from services.experiments.index import look
from services.experiments.material import load_material
from services.experiments.measured import list_measured
from services.experiments.requirements import FAULT_ORDERS, SHAFT_SPEED, list_missing
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result
from utils.exceptions import InvalidInputError

_OWN_GROUP = "network"


def _no_rows() -> list[dict[str, Any]]:
    return []


def _nothing_missing() -> dict[str, int]:
    return {SHAFT_SPEED: 0, FAULT_ORDERS: 0, "n_signals": 0}


class ExperimentRequests:
    """The requesting part of ExperimentService."""

    @staticmethod
    @returns_data(_no_rows)
    def list_networks(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return what can be trained, with every option, its default, limits, meaning and group.

        ``needs`` names what must be known of the machine. ``measured`` holds the accuracies of own finished
        trainings only: per split the newest group, with dataset, split colour, seeds and date; empty where
        nothing was measured.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            measured = list_measured(look(session))
        return [
            {**_describe_network(spec), "measured": measured.get(spec.name, [])} for spec in NETWORKS.values()
        ]

    @staticmethod
    @returns_data(_nothing_missing)
    def count_missing_conditions(
        split_id: int, channel: str | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, int]:
        """Return of how many of a split's ``n_signals`` ``shaft_speed`` and ``fault_orders`` are unknown."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            rows = load_material(session, creation.find_split(session, split_id), channel)
        return {**list_missing(rows), "n_signals": len(rows)}

    @staticmethod
    @returns_data(dict)
    def check_options(network: str, options: Mapping[str, Any], *, actor: Actor = SYSTEM) -> dict[str, str]:
        """Return what is wrong with options (values or their text form): a sentence by name."""
        require_role(actor, Role.VIEWER)
        return creation.find_wrong_options(network, options)

    @staticmethod
    @returns_result
    def check_experiment(config: Mapping[str, Any], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Check a training request without starting it.

        Args:
            config: As for `create_experiment`.
            actor: Who asks; an engineer.

        Returns:
            ``class_names``, ``counts`` and estimated ``windows`` per part, ``options`` with defaults,
            ``split_colour``, ``findings``, ``cautions`` (sentences), ``parent_id``, and ``baseline``
            (``title, options, seed``) or None.

        Errors:
            As for `create_experiment`.
        """
        require_role(actor, Role.ENGINEER)
        request = creation.check_request(config)
        beside = request.baseline
        return ok(
            name=request.name,
            network=request.network,
            network_title=request.title,
            class_names=request.class_names,
            counts=request.counts,
            windows=request.windows,
            options=request.options,
            channel=request.channel,
            seeds=list(request.seeds),
            split_colour=request.split.colour,
            findings=request.split.findings,
            accepted_reason=request.split.accepted_reason,
            cautions=request.cautions,
            parent_id=request.parent_id,
            baseline={"title": beside.title, "options": beside.options, "seed": beside.seed}
            if beside
            else None,
        )

    @staticmethod
    @returns_result
    def create_experiment(
        config: Mapping[str, Any], user_id: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Write one experiment and one job per seed, all or none; the jobs start by themselves.

        Args:
            config: ``network``, ``split_id``; optional ``dataset_id``, ``name``, ``notes``, ``channel``
                (None: every labelled channel), ``options`` (name to value), ``seeds`` (default ``[0]``),
                ``parent_id`` (an experiment of the same classes whose weights a network begins with),
                ``baseline`` (default true: a classical model is trained beside a network, as an experiment
                of its own, on the same windows with the first seed).
            user_id: Whose experiment it is, where a trusted caller acts for somebody.
            actor: Who asks; an engineer.

        Returns:
            ``group_key``, ``experiment_ids`` and ``job_ids``, in the order of the seeds; ``baseline`` with
            the same keys, or None.

        Errors:
            ``unknown_network``, ``unknown_option``, ``invalid_input``, ``not_found``, ``conflict``,
            ``class_without_training``, ``recording_too_short``, ``sample_rate_too_low``.
        """
        require_role(actor, Role.ENGINEER)
        request = creation.check_request(config)
        return ok(**creation.write_experiments(request, _act_for(actor, user_id)))

    @staticmethod
    @returns_result
    def create_ensemble(
        experiment_ids: Sequence[int], name: str | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Let the classifiers of finished experiments vote as one; the result is an experiment of its own.

        Args:
            experiment_ids: 2 to 20 finished experiments of one split, channel and set of classes.
            name: What to call it.
            actor: Who asks; an engineer.

        Returns:
            ``experiment_id`` and ``job_id`` of the job that combines and judges them.

        Errors:
            ``invalid_input``, ``not_found``, ``conflict`` (one is not finished, or in the trash).
        """
        require_role(actor, Role.ENGINEER)
        written = ensembles.write_ensemble(experiment_ids, name, actor)
        return ok(experiment_id=written.id, job_id=written.job_id)


def _act_for(actor: Actor, user_id: int | None) -> Actor:
    if user_id is None or user_id == actor.user_id:
        return actor
    if not actor.is_system:
        raise InvalidInputError("Nobody can act for somebody else.")
    return Actor(user_id=user_id, role=Role.ENGINEER, name=f"user {user_id}")


def _describe_network(spec: NetworkSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "family": spec.family,
        "description": spec.description,
        "needs": list(spec.needs),
        "options": [
            {
                "name": option.name,
                "type": option.type,
                "default": option.default,
                "minimum": option.minimum,
                "maximum": option.maximum,
                "choices": list(option.choices),
                "help": option.help,
                "group": option.group,
                "group_title": GROUP_TITLES.get(option.group, GROUP_TITLES[_OWN_GROUP]),
            }
            for option in spec.options
        ],
    }
