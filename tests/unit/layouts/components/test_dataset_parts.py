"""The parts of a dataset's page: what they say of versions, edits, removal, samples and filters."""

from __future__ import annotations

from typing import Any

from layouts.components.dataset_removal import (
    PURGE,
    TRASH,
    build_removal_title,
    build_removal_words,
    word_trash,
)
from layouts.components.dataset_samples import build_previews, build_statistics, build_statistics_job
from layouts.components.dataset_versions import build_differences, build_version_list, word_changes
from layouts.components.numbers import format_bytes
from layouts.components.recording_edit import build_plan
from layouts.components.recording_filters import FILTERS, list_choices, read_filters
from layouts.pages.datasets import build_nothing
from tests.unit.layouts.tree import find_text, list_components

VERSION: dict[str, Any] = {
    "number": 3,
    "created_at": "2026-03-01T10:00:00Z",
    "author": "Ann",
    "kind": "noise_variant",
    "reason": "harder test",
    "changes": {"added": 4, "removed": 0, "relabelled": 0, "edited": 1},
    "n_recordings": 12,
    "n_signals": 24,
    "manifest_sha256": "ab" * 32,
    "parent": {"dataset_id": 9, "name": "Mill", "version": 2},
}


def test_a_version_says_who_made_it_from_what_and_why() -> None:
    text = find_text(build_version_list(5, [VERSION]))
    for words in ("Version 3", "Ann", "noise variant", "Mill, version 2", "harder test", "4 added, 1 edited"):
        assert words in text
    links = [getattr(part, "href", None) for part in list_components(build_version_list(5, [VERSION]))]
    assert {"/datasets/5?version=3", "/datasets/9?version=2"} <= set(links)
    plain = {**VERSION, "author": None, "parent": {"dataset_id": 5, "name": "Rig", "version": 2}}
    text = find_text(build_version_list(5, [plain]))
    assert "a command" in text
    assert "Rig, version 2" not in text  # the version before goes without saying


def test_changes_are_counted_in_words() -> None:
    assert word_changes(None) == "–"
    assert word_changes({"added": 0, "removed": 0, "relabelled": 0, "edited": 0}) == "nothing"
    assert word_changes({"added": 1, "removed": 2, "relabelled": 3, "edited": 4}) == (
        "1 added, 2 removed, 3 relabelled, 4 edited"
    )


def differ(rows: list[dict[str, Any]], **changes: int) -> dict[str, Any]:
    counts = {"added": 0, "removed": 0, "relabelled": 0, "edited": 0, **changes}
    return {"older": 1, "newer": 2, "changes": counts, "rows": rows, "most_rows": 2}


def test_differences_name_before_and_after_and_say_when_there_are_more() -> None:
    row = {"recording": "r1", "channel": "DE", "what": "changed"}
    fields = {"fault_class": ["inner_race", None], "shaft_speed_rpm": [None, 900.0]}
    text = find_text(build_differences(differ([{**row, "fields": fields}], relabelled=1)))
    assert "1 signal relabelled." in text
    assert "Fault class: inner race → unknown; Shaft speed: unknown → 900" in text
    assert "first" not in text
    many = build_differences(differ([{**row, "fields": {}}] * 2, added=70))
    assert "These are the first 2 rows." in find_text(many)
    assert "hold the same rows" in find_text(build_differences(differ([])))


def test_an_edit_names_what_changes_beyond_the_selection() -> None:
    change = {
        "field": "load",
        "value": None,
        "n_signals": 4,
        "n_beyond_selection": 2,
        "before": [{"value": "3", "n_signals": 4}],
    }
    plan = {
        "n_signals": 4,
        "n_recordings": 2,
        "version": 1,
        "next_version": 2,
        "changes": [change],
        "n_splits": 1,
    }
    text = find_text(build_plan(plan))
    assert "4 signals of 2 recordings change in version 2; version 1 stays as it is." in text
    assert "3 (4)" in text
    assert "Load also changes in 2 signals beyond the selection: it belongs to the whole recording." in text
    assert "1 split of version 1 can be carried over" in text


FOUND: dict[str, Any] = {
    "name": "Rig",
    "n_recordings": 12,
    "n_bytes": 3_200_000,
    "n_versions": 2,
    "n_splits": 1,
    "experiments": [],
    "kept_days": 30,
}


def test_removal_names_the_dataset_and_what_goes_with_it() -> None:
    assert build_removal_title(FOUND, TRASH) == "Move “Rig” to the trash?"
    assert build_removal_title(FOUND, PURGE) == "Delete “Rig” for good?"
    text = find_text(build_removal_words(FOUND, TRASH))
    assert "12 recordings (3.2 MB of samples), 2 versions and 1 split" in text
    assert "30 days" in text
    assert "nobody can bring them back" in find_text(build_removal_words(FOUND, PURGE))
    used = find_text(build_removal_words({**FOUND, "experiments": ["Forest"]}, TRASH))
    assert "“Forest”" in used
    assert "archive" in used
    thrown = {"trashed_at": "2026-03-01T10:00:00Z", "kept_until": "2026-03-31T10:00:00Z"}
    assert "deleted for good after 2026-03-31 10:00 UTC" in word_trash(thrown)


def test_statistics_say_what_could_not_be_read() -> None:
    spread = {"min": 1.0, "median": 2.0, "max": 3.5}
    entry = {
        "fault_class": "inner_race",
        "channel": "DE",
        "n_recordings": 3,
        "n_signals": 3,
        "duration_s": 6.0,
        "unit": "m/s²",
        **dict.fromkeys(("rms", "peak", "crest_factor", "kurtosis"), spread),
    }
    text = find_text(build_statistics({"per_class": [entry], "n_damaged": 2}))
    assert "2 signals could not be read" in text
    assert "m/s² 2 (1 – 3.5)" in text
    assert "waits for a worker" in find_text(build_statistics_job(None))
    failed = {"state": "failed", "error": "The disk is full."}
    assert "The disk is full." in find_text(build_statistics_job(failed))


def test_a_preview_without_a_readable_signal_says_so() -> None:
    assert "Nothing to show" in find_text(build_previews(1, {"classes": {"ball": []}}, "light"))


def test_filters_that_are_not_set_are_left_out() -> None:
    blank = ("  ", "all", "all", "all", None, "", "all", None, "")
    assert len(blank) == len(FILTERS)
    assert read_filters(blank) == {}
    given = (" rec ", "ball", "all", "all", "(none)", "all", "clipped", 900, 0)
    assert read_filters(given) == {
        "q": "rec",
        "fault_class": "ball",
        "load": "(none)",
        "flag": "clipped",
        "min_shaft_speed_rpm": 900,
        "max_shaft_speed_rpm": 0,
    }


def test_choices_come_from_the_version() -> None:
    details = {
        "classes": {"inner_race": 2},
        "channels": ["DE"],
        "severities": [],
        "loads": ["0"],
        "machines": [],
        "quality": [{"name": "mains_hum", "severity": "info", "n_signals": 5}],
    }
    classes, channels, severities, loads, _machines, flags = list_choices(details)
    assert classes[1] == {"value": "inner_race", "label": "inner race"}
    assert [each["value"] for each in channels] == ["all", "DE"]
    assert [each["value"] for each in severities] == ["all", "(none)"]
    assert [each["value"] for each in loads] == ["all", "0", "(none)"]
    assert flags[1] == {"value": "mains_hum", "label": "mains hum (5)"}


def test_each_empty_shelf_says_why_it_is_empty() -> None:
    assert "The trash is empty" in find_text(build_nothing("trash", filtered=False))
    assert "Nothing is archived" in find_text(build_nothing("archived", filtered=False))
    assert "No dataset matches" in find_text(build_nothing("trash", filtered=True))
    assert "Import recordings" in find_text(build_nothing("active", filtered=False))


def test_sizes_are_readable() -> None:
    sizes = [format_bytes(size) for size in (None, 512, 3_200_000, 4e9, 7.5e12)]
    assert sizes == ["unknown", "512 B", "3.2 MB", "4 GB", "7.5 TB"]


def test_a_version_of_several_classes_says_how_many_signals_got_each() -> None:
    changes = {"added": 0, "removed": 0, "relabelled": 3, "edited": 0}
    words = word_changes(changes, {"inner_race": 1, "cage": 2})
    assert words.endswith(": 1 inner race, 2 cage")
    assert word_changes(changes) == words.split(":")[0]
