"""The leak check as a whole: twelve planted leaks and six clean splits, on signals."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.signal
from numpy.typing import NDArray

from benchmarks.leak_check import measure
from core.datasets.fingerprints import fingerprint_signal
from core.datasets.leaks import LeakReport, check_dataset, check_split, find_side
from core.datasets.shared_pairs import (
    ComparedSignal,
    PairScan,
    SharedPair,
    find_overlaps,
    find_shared_pairs,
)
from core.datasets.signatures import compute_signature
from core.datasets.splits import SplitRow, build_split
from core.datasets.store import hash_signal
from tests.factories.vibrations import RATE_HZ, add_noise, simulate_journal, simulate_rolling

Values = NDArray[np.float32]


class Bench:
    """Recordings with their parts, checked as the product checks them."""

    def __init__(self) -> None:
        self.rows: list[SplitRow] = []
        self.parts: dict[str, str] = {}
        self.signals: dict[str, ComparedSignal] = {}

    def add(
        self,
        recording: str,
        part: str,
        values: Values,
        rate_hz: float = RATE_HZ,
        *,
        fault_class: str = "outer_race",
        bearing: str | None = None,
        machine: str | None = None,
    ) -> None:
        values = values.astype(np.float32)
        sha256 = hash_signal(values)
        bearing, machine = bearing or f"bearing of {recording}", machine or f"machine of {recording}"
        self.rows.append(SplitRow(sha256, recording, recording, bearing, machine, fault_class, {}))
        self.parts[sha256] = part
        signature = compute_signature(values, rate_hz)
        self.signals[sha256] = ComparedSignal(
            sha256, rate_hz, len(values), fingerprint_signal(values), signature, lambda: values
        )

    def scan(self) -> PairScan:
        return find_shared_pairs(list(self.signals.values()))

    def check(self) -> LeakReport:
        return check_split(self.rows, self.parts, self.scan().pairs)


@pytest.fixture
def bench() -> Bench:
    """Two machines with two bearings each of two classes, one of each in training and one in test."""
    filled = Bench()
    for index, part in enumerate(("train", "train", "test", "test")):
        for fault_class, order in (("healthy", 0.0), ("outer_race", 3.585)):
            values = simulate_rolling(order, seed=10 * index + (order > 0))
            filled.add(f"{fault_class}{index}", part, values, fault_class=fault_class)
    return filled


ORIGINAL = simulate_rolling(3.585, seed=99)


def _resampled(values: Values, up: int, down: int) -> Values:
    return scipy.signal.resample_poly(values, up, down).astype(np.float32)


PLANTED: dict[str, tuple[Callable[[Values], tuple[Values, float]], str]] = {
    "overlapping windows": (lambda x: (x[9_000:27_000], RATE_HZ), "overlapping_signal"),
    "gain": (lambda x: (1.7 * x, RATE_HZ), "near_duplicate"),
    "offset": (lambda x: (x + 3.0, RATE_HZ), "near_duplicate"),
    "noise": (lambda x: (add_noise(x, 10), RATE_HZ), "near_duplicate"),
    "shift": (lambda x: (np.roll(x, 4_321) * np.float32(1.001), RATE_HZ), "near_duplicate"),
    "resampling": (lambda x: (_resampled(x, 5, 6), 10_000.0), "near_duplicate"),
    "gain, noise and shift": (lambda x: (add_noise(0.3 * x[5_000:], 12), RATE_HZ), "near_duplicate"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_copy_is_red_with_its_evidence(bench: Bench, name: str) -> None:
    change, kind = PLANTED[name]
    bench.add("original", "train", ORIGINAL)
    values, rate = change(ORIGINAL)
    bench.add("copy", "test", values, rate)
    report = bench.check()
    assert (report.colour, report.counts[kind]) == ("red", 1)
    found = next(finding for finding in report.findings if finding.kind == kind)
    assert "'original' (train)" in found.sentence
    assert "'copy' (test)" in found.sentence
    assert found.evidence is not None
    assert found.evidence["correlation"] > 0.9


def test_an_exact_copy_under_another_name_is_red(bench: Bench) -> None:
    first, last = bench.rows[0], bench.rows[-1]
    copied = SplitRow("same samples", "", first.recording_key, None, None, "healthy")
    again = SplitRow("same samples", "", last.recording_key, None, None, "healthy")
    report = check_split([copied, again, *bench.rows], {**bench.parts, "same samples": "train"})
    assert (report.colour, report.counts["duplicate_signal"]) == ("red", 1)


def test_a_channel_of_a_recording_in_another_part_is_red(bench: Bench) -> None:
    bench.add("healthy0", "test", simulate_rolling(0.0, seed=77), fault_class="healthy")
    report = bench.check()
    assert (report.colour, report.counts["shared_recording"]) == ("red", 1)


def test_a_channel_of_a_recording_under_another_name_is_red(bench: Bench) -> None:
    """Two sensors of one acquisition, imported as two recordings, carry the same course."""
    other_sensor = 0.6 * ORIGINAL + 0.2 * simulate_rolling(0.0, seed=5)
    bench.add("channel 1", "train", ORIGINAL)
    bench.add("channel 2", "test", other_sensor)
    report = bench.check()
    assert (report.colour, report.counts["near_duplicate"]) == ("red", 1)


def test_a_bearing_on_both_sides_is_amber_and_in_validation_a_note(bench: Bench) -> None:
    bench.add("again", "test", simulate_rolling(3.585, seed=50), bearing="bearing of outer_race0")
    bench.add("validated", "validation", simulate_rolling(0.0, seed=51), bearing="bearing of healthy0")
    report = bench.check()
    assert report.colour == "amber"
    assert report.counts == {"shared_bearing": 1, "shared_bearing_validation": 1}


def test_one_machine_and_one_healthy_bearing_are_notes() -> None:
    bench = Bench()
    for index, part in enumerate(("train", "test")):
        values = simulate_rolling(3.585, seed=index)
        bench.add(f"fault {index}", part, values, machine="the only rig")
        values = simulate_rolling(0.0, seed=10 + index)
        bench.add(
            f"healthy {index}",
            "train",
            values,
            fault_class="healthy",
            bearing="healthy one",
            machine="the only rig",
        )
    report = bench.check()
    assert report.colour == "note"
    assert set(report.counts) == {"one_machine", "one_healthy_bearing", "class_not_tested"}


# --- clean splits ---------------------------------------------------------------------------------------


def test_different_bearings_and_machines_are_clear(bench: Bench) -> None:
    assert bench.check() == LeakReport("clear", [], {})


def test_recordings_of_one_healthy_machine_at_the_same_speed_are_not_called_copies(bench: Bench) -> None:
    for seed in range(40, 52):
        part = "train" if seed % 2 else "test"
        bench.add(f"r{seed}", part, simulate_rolling(0.0, seed, noise=0.02), fault_class="healthy")
    assert bench.scan() == PairScan([])
    assert bench.check().colour == "clear"


@pytest.mark.parametrize("fault_class", ["imbalance", "oil_whirl"])
def test_journal_records_of_one_class_at_nearly_one_speed_are_not_called_copies(fault_class: str) -> None:
    bench = Bench()
    for seed in range(16):
        values = simulate_journal(fault_class, seed, shaft_hz=60 + 0.002 * seed)
        bench.add(f"r{seed}", "train" if seed % 2 else "test", values, 20_480.0)
    assert bench.check() == LeakReport("clear", [], {})


def test_windows_cut_side_by_side_are_not_called_copies(bench: Bench) -> None:
    long = simulate_rolling(3.585, seed=7, seconds=4)
    for index in range(4):
        window = long[index * 12_000 : (index + 1) * 12_000]
        bench.add(f"w{index}", ("train", "test")[index % 2], window)
    assert bench.scan() == PairScan([])


def test_noise_variants_of_the_test_part_belong_to_it(bench: Bench) -> None:
    bench.add("tested", "test", ORIGINAL, bearing="b")
    for snr_db in (20, 10, 5):
        bench.add(f"tested at {snr_db} dB", f"test_snr{snr_db}", add_noise(ORIGINAL, snr_db), bearing="b")
    assert len(bench.scan().pairs) == 6
    assert bench.check() == LeakReport("clear", [], {})
    assert [find_side(part) for part in ("test_snr5", "test", "testing", "train")] == [
        *("test", "test", "testing", "train")
    ]


def _load_folder(folder: Path) -> list[tuple[Mapping[str, str], Values]]:
    with (folder / "metadata.csv").open() as file:
        rows = list(csv.DictReader(file))
    loaded = []
    for row in rows:
        content: Any = scipy.io.loadmat(folder / row["file"], squeeze_me=True)
        word = row["variable"].strip("*").split(".")
        values = content["bearing"]["gs"].item() if len(word) > 1 else _find(content, word[0])
        loaded.append((row, np.asarray(values, np.float32)[: 4 * int(float(row["sample_rate_hz"]))]))
    return loaded


def _find(content: Mapping[str, Any], word: str) -> Any:
    return next(values for name, values in content.items() if word in name)


@pytest.mark.parametrize(
    ("folder", "by"), [("cwru_12k_de", "load"), ("cwru_12k_de", "bearing"), ("mfpt", "load")]
)
def test_real_recordings_split_by_load_or_bearing_hold_no_copies(
    recordings: Any, folder: str, by: str
) -> None:
    bench = Bench()
    for row, values in _load_folder(recordings.root / folder):
        bench.add(
            f"{row['file']} {row['channel']}",
            "train",
            values,
            float(row["sample_rate_hz"]),
            fault_class=row["fault_class"],
            bearing=row["group"],
            machine=row["machine"],
        )
        bench.rows[-1] = SplitRow(**{**_fields(bench.rows[-1]), "fields": {"load": row["load"] or "none"}})
    pairs = bench.scan().pairs
    held = {row.signal_sha256: row.recording_key.split(" ")[0] for row in bench.rows}
    assert [pair for pair in pairs if held[pair.left] != held[pair.right]] == []
    report = check_split(bench.rows, build_split(bench.rows, by), pairs)
    assert report.colour == ("amber" if by == "load" else "note"), report.findings


def _fields(row: SplitRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SplitRow.__dataclass_fields__}


# --- the scan -------------------------------------------------------------------------------------------


def test_before_any_split_a_dataset_names_what_must_stay_together(bench: Bench) -> None:
    bench.add("original", "", ORIGINAL, bearing="b")
    bench.add("copy", "", 2 * ORIGINAL, bearing="b")
    report = check_dataset(bench.rows, bench.scan().pairs)
    assert report.counts == {"near_duplicate": 1, "shared_bearing": 1}
    assert report.findings[0].sentence == (
        "'original' and 'copy' hold the same vibration: the second is the first × 2 "
        "(correlation 1.000, 3 s in common)."
    )
    assert report.findings[1].sentence == (
        "The bearing 'b' gave 2 recordings: split by bearing keeps them together."
    )


def test_overlaps_are_counted_alike_however_the_fingerprints_are_dealt_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    windows = [ORIGINAL[start : start + 8_000] for start in range(0, 28_000, 4_000)]
    fingerprints = [fingerprint_signal(window) for window in windows]
    whole = find_overlaps(fingerprints)
    assert set(whole) == {(i, i + 1) for i in range(6)}
    monkeypatch.setattr("core.datasets.shared_pairs._FINGERPRINTS_AT_ONCE", 50)
    assert set(find_overlaps(fingerprints)) == set(whole)
    assert find_overlaps([]) == []


def test_a_scan_can_be_stopped_and_says_how_far_it_is(bench: Bench) -> None:
    bench.add("original", "train", ORIGINAL)
    bench.add("copy", "train", 2 * ORIGINAL)
    told: list[float] = []

    def stop(share: float, text: str) -> None:
        told.append(share)
        if "closely" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_shared_pairs(list(bench.signals.values()), stop)
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] < 1


def test_pairs_of_signals_that_a_split_leaves_out_are_no_finding(bench: Bench) -> None:
    pairs = [SharedPair(bench.rows[0].signal_sha256, "elsewhere", "near_duplicate")]
    assert check_split(bench.rows, bench.parts, pairs).colour == "clear"


def test_the_benchmark_finds_what_it_planted_and_nothing_else() -> None:
    measured = measure(120)
    assert (measured["n_planted"], measured["n_found"]) == (30, 30)
