"""FeatureService: features of a dataset version, extracted once, and what they tell of the classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.features.registry import FEATURES
from database.connection import get_db_session
from models.recording import Recording
from models.user import Role
from services.datasets.rows import Row, find_dataset, find_version, load_rows
from services.features import analyses, jobs, sets, views
from services.features.collection import FeatureCollection
from services.features.config import parse_config
from services.features.extraction import extract, plan_extraction, plan_rows
from services.features.ratings import FeatureRatings
from services.features.storage import read_features
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result
from utils.clock import monotonic_s
from utils.exceptions import NotFoundError
from utils.logger import setup_logger

logger = setup_logger(__name__)

# An extraction of more samples than this is a job.
_DIRECT_SAMPLES = 5_000_000
_RECORDING_WINDOWS = 200


def _no_list() -> list[dict[str, Any]]:
    return []


class FeatureService(FeatureRatings, FeatureCollection):
    """Features of dataset versions. Values are stored once per version and settings, and used again."""

    # --- extraction ------------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def extract_features(
        dataset_id: int,
        domain: str = "all",
        config: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        as_job: bool | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Compute the features of every window of a dataset version, or return those stored before.

        Args:
            dataset_id: Which.
            domain: all, time, frequency, envelope, wavelet, cepstrum, bispectrum, burst or order.
            config: ``window_s`` (1), ``hop_s`` (a window), ``channel`` (every one), ``analysis_rate_hz`` (the
                lowest of the signals), ``max_windows_per_signal`` (200).
            version: By default the newest.
            as_job: True: leave it to a job; False: compute here; None: here where it is small.
            actor: Who asks.

        Returns:
            ``feature_set_id, job_id, features`` (one list per window), ``feature_names, labels, groups``
            (physical bearing, else recording), ``extraction_time`` in seconds, ``reused``, ``missing``:
            sentences on what is left out. While a job does it, ``job_id`` is given and the values are None.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``sample_rate_too_low``,
        ``storage_full``.

        Example:
            >>> found = FeatureService.extract_features(1, "time", {"window_s": 0.5}, as_job=False)
            >>> found["feature_names"][0], len(found["features"])
        """
        require_role(actor, Role.ENGINEER)
        parsed = parse_config(domain, config)
        began_s = monotonic_s()
        with get_db_session(read_only=True) as session:
            name = find_dataset(session, dataset_id).name
            found = find_version(session, dataset_id, version)
            plan = plan_extraction(session, found.id, parsed)
            stored = jobs.find_stored(session, found.id, plan)
        if stored is None and _is_job(as_job, plan.count_windows() * plan.window_samples):
            payload = {"version_id": found.id, "config": parsed.describe()}
            title = f"Extract features of '{name}', version {found.number}"
            link = f"/feature-engineering?dataset={dataset_id}"
            job_id = jobs.enqueue(actor, jobs.EXTRACT, title, payload, link)
            return ok(
                feature_set_id=None,
                job_id=job_id,
                features=None,
                feature_names=list(plan.feature_names),
                labels=None,
                groups=None,
                n_rows=plan.count_windows(),
                extraction_time=None,
                reused=False,
                missing=list(plan.missing),
            )
        set_id = stored.id if stored else jobs.store(plan, found.id, actor.user_id)
        values = read_features(sets.load_set(set_id))
        return ok(
            feature_set_id=set_id,
            job_id=None,
            features=values.values.tolist(),
            feature_names=list(values.feature_names),
            labels=values.list_of_rows("fault_class"),
            groups=[analyses.name_group(values.signals[index]) for index in values.signal_index],
            n_rows=len(values.values),
            extraction_time=round(monotonic_s() - began_s, 3),
            reused=stored is not None,
            missing=list(plan.missing),
        )

    @staticmethod
    def run_features_job(job_id: int, worker: str) -> str | None:
        """Run a job of this service in this process and return its state (None: not there to claim)."""
        return execute_job(job_id, jobs.run_features, worker=worker)

    @staticmethod
    @returns_result
    def get_recording_features(
        recording_id: int,
        *,
        domain: str = "all",
        window_s: float | None = None,
        channel: str | None = None,
        version: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Compute the features of one recording's windows now, without storing them.

        Returns:
            ``features`` (what each is), ``windows``: ``{channel, start_s, values}`` of at most 200 windows
            per channel, ``window_s, analysis_rate_hz, missing``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``.
        """
        require_role(actor, Role.VIEWER)
        rows = _load_recording(recording_id, version, channel)
        given = {
            "window_s": window_s or min(1.0, *(row["duration_s"] for row in rows)),
            "channel": channel,
            "max_windows_per_signal": _RECORDING_WINDOWS,
        }
        config = parse_config(domain, given)
        with get_db_session(read_only=True) as session:
            plan = plan_rows(session, rows, config)
        found = extract(plan)
        return ok(
            recording_id=recording_id,
            features=views.describe_features(found.feature_names, found.signals),
            windows=[
                {
                    "channel": found.signals[owner]["channel"],
                    "start_s": start_s,
                    "values": values.tolist(),
                }
                for owner, start_s, values in zip(
                    found.signal_index, found.start_s.tolist(), found.values, strict=True
                )
            ],
            window_s=config.window_s,
            analysis_rate_hz=plan.analysis_rate_hz,
            missing=list(plan.missing),
        )

    @staticmethod
    @returns_data(_no_list)
    def list_features(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return every registered feature: name, domain, meaning, unit, gain power, and what it needs."""
        require_role(actor, Role.VIEWER)
        return [
            {
                "name": spec.name,
                "domain": spec.domain.value,
                "meaning": spec.meaning,
                "unit": spec.unit,
                "gain_power": spec.gain_power,
                "need": spec.need.value,
            }
            for spec in FEATURES.values()
        ]


def _is_job(as_job: bool | None, n_samples: int) -> bool:
    return n_samples > _DIRECT_SAMPLES if as_job is None else as_job


def _load_recording(recording_id: int, version: int | None, channel: str | None) -> list[Row]:
    with get_db_session(read_only=True) as session:
        recording = session.get(Recording, recording_id)
        if recording is None:
            raise NotFoundError("There is no such recording.")
        found = find_version(session, recording.dataset_id, version)
        rows = load_rows(session, found.id, recording_id=recording_id)
    chosen = [row for row in rows if channel in (None, row["channel"])]
    if not chosen:
        raise NotFoundError("This version of the dataset does not hold the recording, or not this channel.")
    return chosen
