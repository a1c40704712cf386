"""The import job: files in, one new dataset version out, or nothing at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.datasets.isolated import IsolatedReader
from core.datasets.store import write_shard
from dashboard_config import get_settings
from database.connection import get_db_session
from services.datasets.commit import StagedImport, commit_import, find_finished_import, list_stored_shards
from services.datasets.inspection import inspect_files, open_reader
from services.datasets.mapping import ImportMapping, parse_mapping
from services.datasets.planning import ImportPlan, Skipped, build_plan
from services.datasets.reading import StagedSignal, check_room, refuse_skipped, stage_signals
from services.datasets.sources import SourceFile, resolve_sources
from services.datasets.uploads import remove_upload_files
from services.jobs.runner import JobHandle
from services.shared.actors import SYSTEM
from utils.exceptions import ErrorCode, InvalidInputError, ServiceUnavailableError
from utils.ids import new_storage_name
from utils.logger import setup_logger

logger = setup_logger(__name__)

_SHARE_PREVIEW = 0.2
_SHARE_READ = 0.6
_MAX_SKIPPED_LISTED = 1_000


def run_import(handle: JobHandle) -> dict[str, Any]:
    """Do the import that the job's payload asks for and return its result.

    Everything is read, checked and stored beside the database first; one fenced transaction then makes it
    visible. An attempt that dies before leaves only files that the next attempt sweeps away; one that dies
    after is recognised by the version that carries its job.
    """
    finished = find_finished_import(handle.job_id)
    if finished is not None:
        return finished
    mapping = parse_mapping(handle.payload["mapping"])
    # The rows of a text are counted as they are read.
    mapping = replace(mapping, options=replace(mapping.options, exact_lengths=False))
    with get_db_session(read_only=True) as session:
        sources = resolve_sources(session, handle.payload["files"], SYSTEM)
    with _workspace(handle) as workspace, open_reader() as reader:
        plan = _plan(handle, reader, sources, mapping)
        staged, unusable = _stage(handle, reader, sources, plan, workspace, mapping)
        skipped = [*plan.skipped, *unusable]
        if handle.payload["strict"]:
            refuse_skipped(skipped)
        if not staged:
            raise _nothing_left(unusable)
        result = _store(handle, sources, staged, skipped, plan.notes, workspace)
    remove_upload_files([source.upload_id for source in sources if source.upload_id])
    return result


def _plan(
    handle: JobHandle,
    reader: IsolatedReader,
    sources: Sequence[SourceFile],
    mapping: ImportMapping,
) -> ImportPlan:
    def look(index: int) -> None:
        handle.report(
            _SHARE_PREVIEW * index / len(sources), f"looking into file {index + 1} of {len(sources)}"
        )
        handle.raise_if_interrupted()

    plan = build_plan(inspect_files(reader, sources, mapping, on_file=look), mapping)
    if handle.payload["strict"]:
        refuse_skipped(plan.skipped)
    if plan.problem is not None:
        raise plan.problem
    return plan


def _stage(
    handle: JobHandle,
    reader: IsolatedReader,
    sources: Sequence[SourceFile],
    plan: ImportPlan,
    workspace: Path,
    mapping: ImportMapping,
) -> tuple[list[StagedSignal], list[Skipped]]:
    check_room(plan.signals, workspace, get_settings().storage_reserve_bytes)
    total = len(plan.signals)

    def tell(done: int) -> None:
        handle.report(_SHARE_PREVIEW + _SHARE_READ * done / total, f"read {done} of {total} signals")
        handle.raise_if_interrupted()

    return stage_signals(reader, sources, plan.signals, workspace, tell, mapping.options)


def _nothing_left(unusable: Sequence[Skipped]) -> InvalidInputError:
    first = unusable[0]
    return InvalidInputError(
        f"Nothing can be imported. {first.file}: {first.sentence}", code=ErrorCode(first.code)
    )


def _store(
    handle: JobHandle,
    sources: Sequence[SourceFile],
    staged: Sequence[StagedSignal],
    skipped: Sequence[Skipped],
    notes: Sequence[str],
    workspace: Path,
) -> dict[str, Any]:
    """Write what is not stored yet into one shard, then make the version visible."""
    known = list_stored_shards([signal.sha256 for signal in staged])
    folder = get_settings().signals_dir / workspace.name
    try:
        fresh = [signal for signal in staged if signal.sha256 not in known]
        shards = known | (_write_fresh(handle, folder, fresh) if fresh else {})
        handle.raise_if_interrupted()
        return commit_import(
            handle,
            StagedImport(
                name=handle.payload["name"],
                description=handle.payload["description"],
                signals=staged,
                shards=shards,
                reused=frozenset(known),
                skipped=[asdict(entry) for entry in skipped[:_MAX_SKIPPED_LISTED]],
                n_skipped=len(skipped),
                notes=notes,
                upload_ids=[source.upload_id for source in sources if source.upload_id],
            ),
        )
    except ServiceUnavailableError:
        raise  # nobody can tell whether the version became visible: the next attempt looks and tidies up
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_fresh(handle: JobHandle, folder: Path, fresh: Sequence[StagedSignal]) -> dict[str, str]:
    name = write_shard(folder, _blobs(handle, fresh))
    return {signal.sha256: f"{folder.name}/{name}" for signal in fresh}


def _blobs(handle: JobHandle, staged: Sequence[StagedSignal]) -> Iterator[tuple[str, Any]]:
    start = _SHARE_PREVIEW + _SHARE_READ
    for index, signal in enumerate(staged):
        handle.report(
            start + (0.98 - start) * index / len(staged), f"stored {index} of {len(staged)} signals"
        )
        handle.raise_if_interrupted()
        yield signal.sha256, signal.load()


@contextmanager
def _workspace(handle: JobHandle) -> Iterator[Path]:
    """A folder for this attempt; what earlier attempts of the job left behind is swept away."""
    signals = get_settings().signals_dir
    staging = signals / "staging"
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    for place in (signals, staging):
        for leftover in place.glob(f"import-{handle.job_id}-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    folder = staging / f"import-{handle.job_id}-{new_storage_name()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
