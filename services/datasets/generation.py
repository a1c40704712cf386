"""Generated datasets: asked for, made in several processes, stored with their card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.synthesis.card import build_card, name_generator
from core.synthesis.configuration import JournalConfig, RollingConfig, dump_config, parse_config
from core.synthesis.workers import count_processes, run_workers
from database.connection import get_db_session
from models.dataset import Dataset
from models.job import JobKind, JobQueue
from models.machine import Machine
from services.datasets.commit import StagedImport, commit_import, find_finished_import
from services.datasets.planning import PlannedSignal
from services.datasets.reading import StagedSignal
from services.datasets.removal import check_name
from services.datasets.workspaces import open_shard_folder, require_room
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.texts import check_text
from utils.clock import utc_now
from utils.exceptions import ConflictError, ErrorCode

PREFIX = "generate"
_BYTES_PER_SAMPLE = 4
# Pyramids, fingerprints and the index beside the samples.
_STORAGE_FACTOR = 1.1
_SHARE_MADE = 0.95
_MACHINES = {"journal": "Simulated journal bearing", "rolling": "Simulated rolling-bearing rig"}

Shards = dict[str, str]


def request_generation(
    config: Mapping[str, Any], name: str, actor: Actor, *, description: str = ""
) -> tuple[int, str]:
    """Enqueue a generation and return its job's id and the dataset's name.

    Raises:
        InvalidInputError: The configuration or the name can't be used.
        ConflictError: There is a dataset of this name.
    """
    checked = check_name(name)
    check_text([dict(config), description], "configuration or description")
    parsed = parse_config(config)
    payload = {"config": dump_config(parsed), "name": checked, "description": description}
    with get_db_session() as session:
        refuse_taken_name(session, checked)
        job = enqueue_job(
            session,
            kind=JobKind.GENERATE,
            queue=JobQueue.QUICK,
            title=f"Generate '{checked}'",
            payload=payload,
            actor=actor,
        )
        record_audit(session, actor, "dataset.generate", f"job {job.id}", details={"name": checked})
        session.commit()
        return job.id, checked


def refuse_taken_name(session: Session, name: str) -> None:
    """Refuse the name of a dataset that is there: a generated dataset is one thing, with one card.

    Raises:
        ConflictError: It is taken.
    """
    if session.scalar(select(Dataset.id).where(Dataset.name == name)) is not None:
        raise ConflictError(f"There is already a dataset called '{name}'. Choose another name.")


def run_generation(handle: JobHandle) -> dict[str, Any]:
    """Make the dataset that the job's payload asks for and return the job's result.

    The processes store their records in shards of their own; one fenced transaction then makes the dataset
    visible. An attempt that dies before leaves only a folder that the next attempt sweeps away; one that
    dies after is recognised by the version that carries its job.
    """
    finished = find_finished_import(handle.job_id)
    if finished is not None:
        return finished
    config = parse_config(handle.payload["config"])
    with open_shard_folder(PREFIX, handle.job_id) as folder:
        require_room(count_bytes(config), folder)
        made, shards = _make(handle, config, folder)
        handle.report(_SHARE_MADE, "entering the dataset")
        handle.raise_if_interrupted()
        result = _commit(handle, config, made, shards)
    _describe_machine(config)
    return result


def count_bytes(config: JournalConfig | RollingConfig) -> int:
    """Return about how much room a dataset takes."""
    n_signals = len(config.classes) * config.n_per_class * len(config.channels)
    return round(_STORAGE_FACTOR * _BYTES_PER_SAMPLE * n_signals * config.n_samples)


def _make(
    handle: JobHandle, config: JournalConfig | RollingConfig, folder: Path
) -> tuple[list[dict[str, Any]], Shards]:
    n_processes = count_processes(len(config.classes) * config.n_per_class)
    requests = [
        {
            "op": "generate",
            "config": dump_config(config),
            "folder": str(folder),
            "first": first,
            "every": n_processes,
        }
        for first in range(n_processes)
    ]
    total = len(config.classes) * config.n_per_class * len(config.channels)
    return gather(handle, requests, total, folder.name, "made {done} of {total} signals")


def gather(
    handle: JobHandle, requests: Sequence[Mapping[str, Any]], total: int, folder_name: str, words: str
) -> tuple[list[dict[str, Any]], Shards]:
    """Run the processes and return what they made, and where each signal lies by its hash.

    Raises:
        ConflictError: Two signals came out the same.
    """
    made: list[dict[str, Any]] = []
    by_process: dict[int, list[str]] = defaultdict(list)
    shards: Shards = {}

    def look() -> None:
        handle.report(_SHARE_MADE * len(made) / total, words.format(done=len(made), total=total))
        handle.raise_if_interrupted()

    for news in run_workers(requests, look):
        process = news["process"]
        if "shard" in news:
            shards |= dict.fromkeys(by_process[process], f"{folder_name}/{news['shard']}")
        else:
            made.append(news["signal"])
            by_process[process].append(news["signal"]["sha256"])
    if len(shards) < len(made):
        raise ConflictError(
            "Two records came out the same. Switch a noise layer on, or widen the operating conditions.",
            code=ErrorCode.DUPLICATE_CONTENT,
        )
    return made, shards


def _commit(
    handle: JobHandle, config: JournalConfig | RollingConfig, made: list[dict[str, Any]], shards: Shards
) -> dict[str, Any]:
    made.sort(key=lambda signal: (signal["name"], signal["channel"]))
    return commit_import(
        handle,
        StagedImport(
            name=handle.payload["name"],
            description=handle.payload["description"],
            signals=_stage(config, made),
            shards=shards,
            reused=frozenset(),
            skipped=(),
            origin={"kind": "generate", "job_id": handle.job_id},
            card=build_card(config, made, created_utc=utc_now()),
            reason=f"made by the {name_generator(config)}"[:300],
            only_new=True,
        ),
    )


def _stage(config: JournalConfig | RollingConfig, made: Iterable[Mapping[str, Any]]) -> list[StagedSignal]:
    source = f"{name_generator(config)}, seed {config.seed}"
    bearing, geometry = (None, None) if isinstance(config, JournalConfig) else _name_bearing(config)
    probes = len(config.channels) > 1
    return [
        StagedSignal(
            planned=PlannedSignal(
                file=source,
                source=0,
                variable=signal["name"],
                n_samples=signal["n_samples"],
                recording=signal["name"],
                channel=signal["channel"],
                sample_rate_hz=signal["sample_rate_hz"],
                rate_origin="generator",
                shaft_speed_rpm=round(signal["shaft_speed_rpm"], 3),
                load=None if signal["load_percent"] is None else f"{signal['load_percent']:.0f} %",
                unit=signal["unit"],
                machine=_MACHINES[config.kind],
                measurement_point=f"probe {signal['channel']}" if probes else None,
                bearing=bearing,
                geometry=geometry,
                fault_class=signal["fault_class"],
                severity=signal["severity"],
                group=signal["name"],  # every record is a draw of its own: no two share a bearing
            ),
            path=Path(),
            n_samples=signal["n_samples"],
            sha256=signal["sha256"],
            quality=signal["quality"],
            conditions=signal["conditions"],
        )
        for signal in made
    ]


def _name_bearing(config: RollingConfig) -> tuple[str | None, str | None]:
    """Return designation and geometry, as an import would be given them."""
    return (config.geometry, config.geometry) if config.geometry else (config.bearing, None)


def _describe_machine(config: JournalConfig | RollingConfig) -> None:
    """Say of the simulated machine which type its bearing has, where nobody has said so yet."""
    with get_db_session() as session:
        session.execute(
            update(Machine)
            .where(Machine.name == _MACHINES[config.kind], Machine.details.is_(None))
            .values(details={"bearing_type": config.kind})
        )
        session.commit()
