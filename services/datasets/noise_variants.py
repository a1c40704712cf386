"""Noisy copies of a split's test part: a dataset of its own that holds the split and its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select

from core.synthesis.noise_variants import COLOURS, Colour, name_part
from core.synthesis.workers import count_processes
from dashboard_config import get_settings
from database.connection import get_db_session
from models.job import JobKind, JobQueue
from models.recording import Recording, Signal
from models.split import SplitMember
from services.datasets.commit import StagedImport, commit_import, find_finished_import
from services.datasets.generation import gather, refuse_taken_name
from services.datasets.planning import PlannedSignal
from services.datasets.reading import StagedSignal
from services.datasets.removal import check_name
from services.datasets.rows import Row, load_rows
from services.datasets.splitting import find_split
from services.datasets.workspaces import open_shard_folder, require_room
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from utils.exceptions import ConflictError, InvalidInputError

PREFIX = "noise"
TEST = "test"
_MOST_VARIANTS = 20
_LEAST_DB, _MOST_DB = -40.0, 80.0
_MAX_SEED = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Variant:
    """One noise: how loud and of which colour."""

    snr_db: float
    colour: Colour

    @property
    def part(self) -> str:
        """The part of the split that it makes."""
        return name_part(self.snr_db, self.colour)


def parse_variants(snrs_db: Sequence[float], colours: Sequence[str]) -> list[Variant]:
    """Return every ratio in every colour.

    Raises:
        InvalidInputError: None, too many, twice the same, or out of range.
    """
    wrong = [colour for colour in colours if colour not in COLOURS]
    if wrong or not colours:
        raise InvalidInputError(f"A noise is {' or '.join(COLOURS)}; '{', '.join(wrong)}' is not.")
    if not snrs_db or not all(_LEAST_DB <= snr <= _MOST_DB for snr in snrs_db):
        raise InvalidInputError(
            f"Give signal-to-noise ratios between {_LEAST_DB:g} and {_MOST_DB:g} dB, such as 20, 10, 5."
        )
    variants = [Variant(float(snr), colour) for colour in COLOURS if colour in colours for snr in snrs_db]
    if len({variant.part for variant in variants}) < len(variants):
        raise InvalidInputError("A signal-to-noise ratio is given twice.")
    too_fine = [variant for variant in variants if len(variant.part) > SplitMember.part.type.length]
    if too_fine:
        raise InvalidInputError(f"{too_fine[0].snr_db:g} dB has too many digits; round it.")
    if len(variants) > _MOST_VARIANTS:
        raise InvalidInputError(f"At most {_MOST_VARIANTS} variants at a time.")
    return variants


def request_noise_variants(
    split_id: int,
    snrs_db: Sequence[float],
    colours: Sequence[str],
    actor: Actor,
    *,
    name: str,
    seed: int,
) -> tuple[int, str]:
    """Enqueue noisy copies of a split's test part; return the job's id and the new dataset's name.

    Raises:
        NotFoundError: No such split.
        InvalidInputError: The variants, the seed or the name can't be used, or the split has no test part.
        ConflictError: There is a dataset of this name.
    """
    parse_variants(snrs_db, colours)
    if not 0 <= seed <= _MAX_SEED:
        raise InvalidInputError("The seed must be a whole number, 0 or above.")
    with get_db_session() as session:
        split, version = find_split(session, split_id)
        n_tests = session.scalars(
            select(SplitMember.id).where(SplitMember.split_id == split_id, SplitMember.part == TEST).limit(1)
        ).all()
        if not n_tests:
            raise InvalidInputError("The split has no test part to add noise to.")
        checked = check_name(name or f"{split.name} with noise")
        refuse_taken_name(session, checked)
        job = enqueue_job(
            session,
            kind=JobKind.NOISE_VARIANTS,
            queue=JobQueue.QUICK,
            title=f"Add noise to the test part of '{split.name}'",
            payload={
                "split_id": split_id,
                "snrs_db": [float(snr) for snr in snrs_db],
                "colours": list(colours),
                "name": checked,
                "seed": seed,
            },
            actor=actor,
            link=f"/datasets/{version.dataset_id}",
        )
        record_audit(session, actor, "dataset.noise_variants", f"job {job.id}", details={"name": checked})
        session.commit()
        return job.id, checked


@dataclass(frozen=True, slots=True)
class _Base:
    """The split that variants are made of: its rows with their parts, and where their samples lie."""

    name: str
    dataset_id: int
    version_id: int
    version: int
    rows: list[Row]
    parts: dict[int, str]
    places: dict[int, str]
    conditions: dict[int, dict[str, Any] | None]

    @property
    def tests(self) -> list[Row]:
        """The rows of the test part."""
        return [row for row in self.rows if self.parts[row["signal_id"]] == TEST]


def run_noise_variants(handle: JobHandle) -> dict[str, Any]:
    """Make the variants that the job's payload asks for and return the job's result.

    The new dataset holds the split's own signals too (shared, not copied) with their parts as given, so
    that a split "as given" of it trains on the old part and judges every variant.
    """
    finished = find_finished_import(handle.job_id)
    if finished is not None:
        return finished
    asked = handle.payload
    variants = parse_variants(asked["snrs_db"], asked["colours"])
    base = _load_base(asked["split_id"])
    items = _list_items(base, variants)
    with open_shard_folder(PREFIX, handle.job_id) as folder:
        require_room(sum(5 * base_row["n_samples"] for base_row, _ in items), folder)
        requests = _build_requests(base, items, asked["seed"], folder)
        made, shards = gather(handle, requests, len(items), folder.name, "added noise to {done} of {total}")
        handle.raise_if_interrupted()
        staged = [*_stage_own(base), *_stage_made(base, items, made)]
        own = {row["sha256"]: base.places[row["signal_id"]] for row in base.rows}
        return commit_import(
            handle,
            StagedImport(
                name=asked["name"],
                description=f"Split '{base.name}' with noise on its test part.",
                signals=staged,
                shards=own | shards,
                reused=frozenset(own),
                skipped=(),
                origin={
                    "kind": "noise_variant",
                    "job_id": handle.job_id,
                    "dataset_id": base.dataset_id,
                    "version_id": base.version_id,
                    "version": base.version,
                    "split_id": asked["split_id"],
                    "snrs_db": asked["snrs_db"],
                    "colours": asked["colours"],
                    "seed": asked["seed"],
                    "parts": [variant.part for variant in variants],
                },
                reason=f"noise variants of the test part of split '{base.name}'"[:300],
                only_new=True,
            ),
        )


def _load_base(split_id: int) -> _Base:
    with get_db_session(read_only=True) as session:
        split, version = find_split(session, split_id)
        members = session.execute(
            select(SplitMember.signal_id, SplitMember.part).where(SplitMember.split_id == split_id)
        ).all()
        parts = {signal_id: part for signal_id, part in members}  # noqa: C416 -- dict() can't type SQLAlchemy's rows
        rows = [row for row in load_rows(session, version.id) if row["signal_id"] in parts]
        places: dict[int, str] = {}
        conditions: dict[int, dict[str, Any] | None] = {}
        for batch in split_batches(sorted(parts)):
            found = session.execute(
                select(Signal.id, Signal.shard, Recording.conditions)
                .join(Recording, Recording.id == Signal.recording_id)
                .where(Signal.id.in_(batch))
            )
            for signal_id, shard, known in found:
                places[signal_id], conditions[signal_id] = shard, known
    if not rows:
        raise ConflictError("The split's signals are not there any more.")
    return _Base(split.name, version.dataset_id, version.id, version.number, rows, parts, places, conditions)


def _list_items(base: _Base, variants: Sequence[Variant]) -> list[tuple[Row, Variant]]:
    return [(row, variant) for variant in variants for row in base.tests]


def _build_requests(
    base: _Base, items: Sequence[tuple[Row, Variant]], seed: int, folder: Path
) -> list[dict[str, Any]]:
    described = [
        {
            "number": number,
            "folder": str(get_settings().signals_dir / PurePosixPath(base.places[row["signal_id"]]).parent),
            "shard": PurePosixPath(base.places[row["signal_id"]]).name,
            "sha256": row["sha256"],
            "sample_rate_hz": row["sample_rate_hz"],
            "snr_db": variant.snr_db,
            "colour": variant.colour,
        }
        for number, (row, variant) in enumerate(items)
    ]
    n_processes = count_processes(len(items))
    return [
        {"op": "noise", "seed": seed, "folder": str(folder), "items": described[first::n_processes]}
        for first in range(n_processes)
    ]


def _stage_own(base: _Base) -> list[StagedSignal]:
    return [
        StagedSignal(
            planned=_plan(row, row["recording"], base.parts[row["signal_id"]]),
            path=Path(),
            n_samples=row["n_samples"],
            sha256=row["sha256"],
            quality=row["quality"],
            conditions=base.conditions[row["signal_id"]],
        )
        for row in base.rows
    ]


def _stage_made(
    base: _Base, items: Sequence[tuple[Row, Variant]], made: Sequence[Mapping[str, Any]]
) -> list[StagedSignal]:
    staged = []
    for signal in sorted(made, key=lambda one: int(one["number"])):
        row, variant = items[signal["number"]]
        known = base.conditions[row["signal_id"]] or {}
        staged.append(
            StagedSignal(
                planned=_plan(row, f"{row['recording']} {variant.part.removeprefix('test_')}", variant.part),
                path=Path(),
                n_samples=signal["n_samples"],
                sha256=signal["sha256"],
                quality=signal["quality"],
                conditions={
                    **known,
                    "added_noise": {"colour": variant.colour, "snr_db": variant.snr_db},
                    "noise_free_sha256": row["sha256"],
                },
            )
        )
    return staged


def _plan(row: Row, recording: str, part: str) -> PlannedSignal:
    """Describe a signal as its row does; its bearing is known already, by name."""
    same = ("channel", "sample_rate_hz", "shaft_speed_rpm", "load", "unit", "machine", "measurement_point")
    labels = ("bearing", "fault_class", "severity", "group")
    return PlannedSignal(
        file=row["source_file"],
        source=0,
        variable=row["recording"],
        n_samples=row["n_samples"],
        recording=recording[:200],
        part=part,
        acquired_utc=row["acquired_at"],
        **{name: row[name] for name in (*same, *labels)},
    )
