"""Splits keep recordings together, and the leak check finds what is in two parts at once."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.fingerprints import fingerprint_signal
from core.datasets.leaks import LeakReport, check_split, require_acceptable
from core.datasets.shared_pairs import SharedPair, find_overlaps
from core.datasets.splits import SplitRow, build_split, join_copies
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError


def _row(
    key: str, fault_class: str = "ball", channel: str = "DE", bearing: str | None = None, **fields: Any
) -> SplitRow:
    machine = fields.pop("machine", "rig")
    return SplitRow(
        f"{key}/{channel}", key, key, bearing, machine, fault_class, {"channel": channel, **fields}
    )


def _cwru() -> list[SplitRow]:
    """Ten conditions at three loads, two channels each, as the public folder has them."""
    conditions = [
        (name, size) for name in ("ball", "inner_race", "outer_race") for size in ("007", "014", "021")
    ]
    return [
        _row(f"{name}{size}_{load}", name, channel, f"{name}-{size}", load=str(load))
        for name, size in [*conditions, ("healthy", "none")]
        for load in range(3)
        for channel in ("DE", "FE")
    ]


def _parts_by(rows: list[SplitRow], parts: dict[str, str], attribute: str) -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows:
        found[getattr(row, attribute)].add(parts[row.signal_sha256])
    return dict(found)


def _kinds(report: LeakReport) -> set[tuple[str, str]]:
    return {(finding.colour, finding.kind) for finding in report.findings}


def test_a_split_by_load_tests_on_that_load_and_validates_on_whole_recordings() -> None:
    rows = _cwru()
    parts = build_split(rows, by="load", test_values=["2"])
    tested = {row.recording_key for row in rows if parts[row.signal_sha256] == "test"}
    assert tested == {row.recording_key for row in rows if row.fields["load"] == "2"}
    assert all(len(held) == 1 for held in _parts_by(rows, parts, "recording_key").values())
    for held in _parts_by(rows, parts, "fault_class").values():
        assert held == {"train", "validation", "test"}


def test_a_split_by_load_is_amber_for_every_bearing_and_notes_its_narrowness() -> None:
    rows = _cwru()
    report = check_split(rows, build_split(rows, by="load", test_values=["2"]))
    assert report.colour == "amber"
    assert report.counts["shared_bearing"] == 10
    assert _kinds(report) == {
        ("amber", "shared_bearing"),
        ("note", "one_machine"),
        ("note", "one_healthy_bearing"),
    }
    with pytest.raises(ConflictError) as caught:
        require_acceptable(report)
    assert caught.value.code is ErrorCode.SPLIT_NEEDS_ACCEPTANCE
    require_acceptable(report, amber_accepted=True)


def test_a_split_by_bearing_shares_no_bearing_with_test_and_leaves_each_class_some_training() -> None:
    rows = _cwru()
    for seed in range(5):
        parts = build_split(rows, seed=seed)
        for held in _parts_by(rows, parts, "bearing_key").values():
            assert held == {"test"} or "test" not in held
        classes = _parts_by(rows, parts, "fault_class")
        assert all("train" in held for held in classes.values())
        assert [name for name, held in classes.items() if "test" not in held] == ["healthy"]
        report = check_split(rows, parts)
        assert report.colour == "note"
        assert ("note", "class_not_tested") in _kinds(report)
        require_acceptable(report)


def test_bearings_that_share_a_recording_stay_together() -> None:
    rows = [
        _row(f"r{i}", "ball", channel, f"{channel}-{i // 2}") for i in range(8) for channel in ("DE", "FE")
    ]
    parts = build_split(rows, test_fraction=0.4)
    assert set(parts.values()) == {"train", "validation", "test"}
    assert check_split(rows, parts).counts.get("shared_bearing") is None


def test_copies_are_drawn_together_but_never_across_named_test_values() -> None:
    rows = [_row(f"r{i}", load=str(i % 2)) for i in range(20)]
    copies = [("r0/DE", "r4/DE"), ("r4/DE", "r6/DE"), ("r8/DE", "r9/DE"), ("r1/DE", "gone")]
    for seed in range(20):
        parts = build_split(join_copies(rows, copies, "recording", None), "recording", seed=seed)
        assert parts["r0/DE"] == parts["r4/DE"] == parts["r6/DE"]
        assert parts["r8/DE"] == parts["r9/DE"]
        named = build_split(join_copies(rows, copies, "load", ["1"]), "load", ["1"], seed=seed)
        assert {key for key, part in named.items() if part == "test"} == {f"r{i}/DE" for i in range(1, 20, 2)}
        assert named["r0/DE"] == named["r4/DE"] == named["r6/DE"]
    assert join_copies(rows, [], "recording", None) == rows


def test_the_same_seed_gives_the_same_split_in_whatever_order_the_rows_come() -> None:
    rows = _cwru()
    assert build_split(rows, "recording", seed=3) == build_split(rows[::-1], "recording", seed=3)
    assert build_split(rows, "recording", seed=3) != build_split(rows, "recording", seed=4)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    by=st.sampled_from(["recording", "bearing", "load"]),
    fractions=st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5]), st.sampled_from([0.0, 0.2, 0.4])),
    seed=st.integers(0, 50),
)
def test_whatever_is_split_no_class_loses_its_training(
    sizes: list[int], by: str, fractions: tuple[float, float], seed: int
) -> None:
    rows = [
        _row(f"c{c}r{r}", f"class {c}", channel, f"c{c}b{r // 2}", load=str(r % 3))
        for c, size in enumerate(sizes)
        for r in range(size)
        for channel in ("DE", "FE")
    ]
    parts = build_split(rows, by, None, *fractions, seed)
    assert set(parts) == {row.signal_sha256 for row in rows}
    assert all(len(held) == 1 for held in _parts_by(rows, parts, "recording_key").values())
    assert all("train" in held for held in _parts_by(rows, parts, "fault_class").values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"by": "colour"}, "no field 'colour'.*bearing.*load"),
        ({"by": "load", "test_values": ["7"]}, "has the load '7'. There are: 0, 1, 2"),
        ({"validation_fraction": 1.0}, "below 1"),
    ],
)
def test_what_can_not_be_split_is_refused_with_what_could(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        build_split(_cwru(), **arguments)


def test_splitting_by_what_some_recordings_lack_is_refused_by_name() -> None:
    with pytest.raises(InvalidInputError, match="'r2' has no bearing"):
        build_split([_row("r1", bearing="b"), _row("r2")])
    with pytest.raises(InvalidInputError, match="no labelled signals"):
        build_split([])


def test_numbers_and_their_text_name_the_same_value() -> None:
    rows = [_row(f"r{i}", load=float(i)) for i in range(3)]
    assert build_split(rows, "load", test_values=[2])["r2/DE"] == "test"


def test_a_recording_in_two_parts_is_red() -> None:
    rows = [_row("r1"), _row("r1", channel="FE"), _row("r2")]
    report = check_split(rows, {"r1/DE": "train", "r1/FE": "test", "r2/DE": "train"})
    assert ("red", "shared_recording") in _kinds(report)
    assert report.findings[0].sentence == "The recording 'r1' is in train and in test."
    assert {report.findings[0].left, report.findings[0].right} == {"r1/DE", "r1/FE"}
    with pytest.raises(ConflictError) as caught:
        require_acceptable(report, amber_accepted=True)
    assert caught.value.code is ErrorCode.SPLIT_LEAKS


def test_the_same_signal_under_two_recordings_of_different_parts_is_red() -> None:
    same = [SplitRow("copy", key, key, None, "rig", "ball", {}) for key in ("r1", "r2")]
    rows = [*same, _row("r1"), _row("r2")]
    report = check_split(rows, {"copy": "train", "r1/DE": "train", "r2/DE": "test"})
    assert ("red", "duplicate_signal") in _kinds(report)


def test_windows_cut_from_one_recording_with_overlap_are_red_and_without_are_not() -> None:
    long = np.random.default_rng(0).standard_normal(40_000).astype("f4")
    for hop, leaks in ((1_024, True), (2_048, False)):
        cuts = {f"w{i}": long[i * hop : i * hop + 2_048] for i in range(10)}
        rows = [_row(name) for name in cuts]
        parts = {f"w{i}/DE": "test" if i > 6 else "train" for i in range(10)}
        found = find_overlaps([fingerprint_signal(values) for values in cuts.values()])
        names = [f"{name}/DE" for name in cuts]
        pairs = [SharedPair(names[left], names[right], "overlap") for left, right in found]
        report = check_split(rows, parts, pairs)
        assert (("red", "overlapping_signal") in _kinds(report)) is leaks
        assert report.counts.get("overlapping_signal", 0) == (1 if leaks else 0)
    assert check_split(rows, parts).colour == "note"


def test_a_class_without_training_is_red_with_its_own_code() -> None:
    rows = [_row("r1"), _row("r2"), _row("r3", "cage")]
    report = check_split(rows, {"r1/DE": "train", "r2/DE": "test", "r3/DE": "test"})
    assert ("red", "class_without_training") in _kinds(report)
    with pytest.raises(ConflictError, match="'cage' has no training recording") as caught:
        require_acceptable(report)
    assert caught.value.code is ErrorCode.CLASS_WITHOUT_TRAINING


@pytest.mark.parametrize("missing", ["train", "test"])
def test_a_part_without_recordings_is_red(missing: str) -> None:
    other = {"train": "test", "test": "train"}[missing]
    report = check_split([_row("r1")], {"r1/DE": other})
    assert ("red", "part_empty") in _kinds(report)


def test_a_bearing_in_training_and_validation_is_a_note_only() -> None:
    rows = [_row("r1", bearing="a"), _row("r2", bearing="a"), _row("r3", bearing="b", machine="other")]
    report = check_split(rows, {"r1/DE": "train", "r2/DE": "validation", "r3/DE": "test"})
    assert _kinds(report) == {("note", "shared_bearing_validation")}


def test_a_split_of_several_machines_and_healthy_bearings_is_clear() -> None:
    rows = [
        _row(f"{name}{i}", name, bearing=f"{name}{i}", machine=f"m{i}")
        for name in ("ball", "healthy")
        for i in range(3)
    ]
    report = check_split(rows, build_split(rows))
    assert (report.colour, report.findings) == ("clear", [])


def test_signals_without_a_part_are_left_out() -> None:
    rows = [_row("r1"), _row("r2"), _row("r3", "cage")]
    assert check_split(rows, {"r1/DE": "train", "r2/DE": "test"}).colour == "note"


def test_many_findings_are_counted_but_not_all_listed() -> None:
    rows = [_row(f"r{i}", bearing=f"b{i // 2}") for i in range(600)]
    report = check_split(rows, {f"r{i}/DE": ("train", "test")[i % 2] for i in range(600)})
    assert report.counts["shared_bearing"] == 300
    assert sum(finding.kind == "shared_bearing" for finding in report.findings) == 100
