"""A record's samples follow from seed, class, number and configuration, and from nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.datasets.store import hash_signal, open_signal
from core.synthesis.configuration import dump_config, parse_config
from core.synthesis.noise_variants import add_noise, name_part
from core.synthesis.records import list_records, make_record
from core.synthesis.workers import count_processes, run_workers
from utils.exceptions import (
    InvalidInputError,
    JobCancelledError,
    LstmPfdError,
    ServiceUnavailableError,
    StorageFullError,
)

SMALL: dict[str, Any] = {"n_per_class": 3, "duration_s": 0.25, "classes": ["healthy", "cavitation", "wear"]}
CONFIGS = [
    SMALL,
    {**SMALL, "profile": "physical", "physical": {"second_probe": True, "missing_share": 0.02}},
    {"kind": "rolling", "n_per_class": 2, "duration_s": 0.25},
]


def run(config: dict[str, Any], folder: Path, n_processes: int) -> tuple[dict[str, str], dict[int, str]]:
    """Hash per record and channel, shard per process."""
    requests = [
        {"op": "generate", "config": config, "folder": str(folder), "first": i, "every": n_processes}
        for i in range(n_processes)
    ]
    hashes: dict[str, str] = {}
    shards: dict[int, str] = {}
    for news in run_workers(requests, lambda: None):
        if "shard" in news:
            shards[news["process"]] = news["shard"]
        else:
            made = news["signal"]
            hashes[f"{made['name']}/{made['channel']}"] = made["sha256"]
    return hashes, shards


@pytest.mark.parametrize("raw", CONFIGS, ids=["benchmark", "physical", "rolling"])
def test_other_processes_make_the_same_records_as_this_one(raw: dict[str, Any], tmp_path: Path) -> None:
    config = parse_config(raw)
    here = {}
    for fault_class, index in reversed(list_records(config)):
        record = make_record(config, fault_class, index)
        here |= {f"{record.name}/{name}": hash_signal(values) for name, values in record.channels.items()}
    if raw is SMALL:
        alone, _ = run(dump_config(config), tmp_path / "one", 1)
        assert alone == here
    shared, shards = run(dump_config(config), tmp_path / "two", 2)
    assert shared == here
    assert len(set(here.values())) == len(here)
    first = next(iter(here))
    kept = [shard for shard in shards.values() if _holds(tmp_path / "two", shard, here[first])]
    view = open_signal(tmp_path / "two", kept[0], here[first])
    assert hash_signal(view.read()) == here[first]


def _holds(folder: Path, shard: str, sha256: str) -> bool:
    try:
        open_signal(folder, shard, sha256)
    except LstmPfdError:
        return False
    return True


def test_another_seed_class_or_number_makes_another_record() -> None:
    config, other = parse_config(SMALL), parse_config({**SMALL, "seed": 1})
    made = [
        make_record(config, "wear", 0),
        make_record(config, "wear", 1),
        make_record(config, "cavitation", 0),
        make_record(other, "wear", 0),
    ]
    assert len({hash_signal(record.channels["vibration"]) for record in made}) == 4


def test_a_record_does_not_depend_on_what_else_the_dataset_holds() -> None:
    alone = parse_config({**SMALL, "classes": ["wear"], "n_per_class": 1})
    for raw in (SMALL, {**SMALL, "n_per_class": 100}):
        record = make_record(parse_config(raw), "wear", 0)
        assert np.array_equal(
            record.channels["vibration"], make_record(alone, "wear", 0).channels["vibration"]
        )


def test_switching_a_layer_off_changes_nothing_else() -> None:
    layers = ["measurement", "mains", "low_frequency"]
    whole = make_record(parse_config({**SMALL, "noise_layers": layers}), "wear", 0)
    without = make_record(parse_config({**SMALL, "noise_layers": layers[:2]}), "wear", 0)
    difference = whole.channels["vibration"].astype(float) - without.channels["vibration"]
    assert difference.std() == pytest.approx(0.02, rel=1e-3)
    assert whole.conditions["load"] == without.conditions["load"]


def test_stopping_ends_every_process(tmp_path: Path) -> None:
    config = dump_config(parse_config({"n_per_class": 2000}))
    seen = 0

    def stop() -> None:
        if seen >= 3:
            raise JobCancelledError("Stopped.")

    requests = [
        {"op": "generate", "config": config, "folder": str(tmp_path), "first": i, "every": 2}
        for i in range(2)
    ]
    with pytest.raises(JobCancelledError):
        for _ in run_workers(requests, stop):
            seen += 1
    assert not list(tmp_path.glob("*.h5"))
    assert not _list_children()


def _list_children() -> list[str]:
    import psutil

    return [
        child.name() for child in psutil.Process().children() if "worker_child" in " ".join(child.cmdline())
    ]


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    request = {"op": "noise", "seed": 0, "folder": str(tmp_path), "items": []}
    with pytest.raises(LstmPfdError, match="no signals"):
        list(run_workers([request], lambda: None))


@pytest.mark.parametrize(("free", "error"), [(1 << 40, ServiceUnavailableError), (1 << 20, StorageFullError)])
def test_a_process_that_dies_is_told_from_a_full_disk(
    free: int, error: type[LstmPfdError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    with pytest.raises(error):
        list(run_workers([{"op": "generate", "folder": str(tmp_path)}], lambda: None))


def test_there_is_a_process_per_core_where_there_is_work_for_it() -> None:
    assert count_processes(1) == count_processes(99) == 1
    assert count_processes(10_000) == min(len(os.sched_getaffinity(0)), 8)


@pytest.mark.parametrize("colour", ["white", "pink"])
@pytest.mark.parametrize("snr_db", [20.0, 5.0, -10.0])
def test_added_noise_has_the_ratio_asked_for(colour: Any, snr_db: float) -> None:
    values = (3.0 + np.sin(np.arange(50_000) * 0.3)).astype(np.float32)
    noisy = add_noise(values, 12_000.0, snr_db, colour, sha256="ab", seed=0)
    noise = noisy.astype(float) - values
    assert 10 * np.log10(np.var(values) / np.var(noise)) == pytest.approx(snr_db, abs=0.01)
    assert noise.mean() == pytest.approx(0.0, abs=0.01 * noise.std())
    again = add_noise(values, 12_000.0, snr_db, colour, sha256="ab", seed=0)
    assert np.array_equal(noisy, again)
    assert not np.array_equal(noisy, add_noise(values, 12_000.0, snr_db, colour, sha256="cd", seed=0))


def test_a_signal_without_power_gets_no_noise() -> None:
    with pytest.raises(InvalidInputError, match="no power"):
        add_noise(np.ones(1000, np.float32), 1000.0, 5.0, "white", sha256="ab", seed=0)


def test_parts_are_called_as_in_the_public_files_and_fit_their_column() -> None:
    names = [name_part(snr, colour) for snr in (20.0, 5.0, -10.0, 2.5) for colour in ("white", "pink")]  # type: ignore[arg-type]
    assert names[0] == "test_snr20"
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 12
