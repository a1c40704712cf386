"""The parts of the import wizard."""

from __future__ import annotations

from typing import Any

from layouts.components import import_files, import_mapping, import_review, import_signals
from tests.unit.layouts.tree import find_text, list_components

CHANNEL = {
    "channel": "bearing.gs",
    "glob": "bearing.gs",
    "n_files": 2,
    "n_signals": 2,
    "examples": ["bearing.gs"],
    "units": ["g"],
}


def row(**changes: Any) -> dict[str, Any]:
    plain = dict.fromkeys(import_signals.FIELDS) | {"file": "a.mat", "variable": "x", "n_samples": 24_000}
    return {**plain, "recording": "a", "channel": "x", "sample_rate_hz": 12_000.0, "problems": [], **changes}


def plan(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "rows": rows,
        "n_rows": len(rows),
        "skipped": [],
        "classes": {"ball": 1},
        "problem": None,
        **changes,
    }


def read(rules: list[Any]) -> dict[str, dict[str, Any]]:
    components = [each for rule in rules for each in list_components(rule)]
    fields = [each for each in components if isinstance(getattr(each, "id", None), dict)]
    return import_mapping.read_rules([each.id for each in fields], [each.value for each in fields])


def test_rules_are_read_as_they_were_built_also_with_dots_in_their_names() -> None:
    known = {"bearing.gs": {"channel": "acc", "take": False, "unit": "m/s²"}}
    rules = read(import_mapping.build_rules([CHANNEL], known))
    assert rules["bearing.gs"]["channel"] == "acc"
    assert rules["bearing.gs"]["take"] is False
    assert rules["bearing.gs"]["labelled"] is True
    assert rules["bearing.gs"]["variable"] == "bearing.gs"


def test_a_chosen_value_stays_an_option_when_the_files_no_longer_have_it() -> None:
    found = [{"glob": "*RPM", "low": 1748.0, "high": 1797.0, "n_files": 30}]
    labels = {each["value"]: each["label"] for each in import_mapping.build_value_options(found, "gone")}
    assert "1\u202f748 – 1\u202f797" in labels["*RPM"]
    assert "not in these files" in labels["gone"]


def test_a_problem_is_said_once_with_the_files_it_is_about() -> None:
    missing = {"field": "sample_rate_hz", "code": "sample_rate_missing", "sentence": "Give it."}
    rows = [row(file=f"{n}.mat", problems=[missing]) for n in range(6)]
    told = find_text(import_signals.build_problems(plan(rows, problem="Give it.")))
    assert told.count("Give it.") == 1
    assert "6 signals (0.mat, 1.mat, 2.mat, 3.mat and 2 more files)" in told


def test_files_that_are_alike_are_a_problem_of_their_own() -> None:
    told = find_text(import_signals.build_problems(plan([row()]), "a and b have the same content."))
    assert "same content" in told
    assert "can be imported" not in told


def test_a_row_says_what_is_wrong_with_which_of_its_fields() -> None:
    problem = {"field": "bearing", "code": "invalid_input", "sentence": "No such bearing."}
    (built,) = import_signals.build_rows([row(problems=[problem])])
    assert (built["status"], built["problem"], built["problem_fields"]) == (
        "problem",
        "No such bearing.",
        ["bearing"],
    )


def test_the_review_counts_rates_and_says_what_stays_unknown() -> None:
    rows = [row(unit="g"), row(file="b.mat", recording="b", sample_rate_hz=48_000.0)]
    told = find_text(import_review.build_review(plan(rows)))
    assert "12\u202f000 Hz (1 signal), 48\u202f000 Hz (1 signal)" in told
    assert "1 signal has no unit" in told
    assert "All signals have no shaft speed" in told


def test_a_duration_without_a_rate_is_unknown() -> None:
    told = find_text(import_review.build_review(plan([row(), row(variable="y", sample_rate_hz=None)])))
    assert "Duration unknown" in told


def test_what_is_left_out_is_named_with_its_reason() -> None:
    left_out = [{"file": "broken.mat", "code": "file_refused", "sentence": "It is truncated."}]
    told = find_text(import_review.build_review(plan([row()], skipped=left_out)))
    assert "broken.mat :  It is truncated." in told


def test_files_of_the_same_content_are_named() -> None:
    item = {"upload_id": "1", "file_name": "a.mat", "n_bytes": 1, "sha256": "0"}
    twin = {**item, "upload_id": "2", "file_name": "b.mat"}
    assert import_files.find_twins([item, {**item, "sha256": "1"}]) is None
    sentence = import_files.find_twins([item, twin])
    assert sentence is not None
    assert "a.mat and b.mat" in sentence


def test_a_file_says_what_it_holds_or_what_is_wrong_with_it() -> None:
    item = {"upload_id": "1", "file_name": "<b>a</b>.mat", "n_bytes": 1_500_000, "sha256": "0"}
    variable = {"name": "X1_DE_time", "n_samples": 100, "sample_rate_hz": None}
    preview = {
        "upload_id": "1",
        "format": "matlab5",
        "variables": [variable],
        "n_variables": 1,
        "scalars": {"X1RPM": 1797.0},
        "notes": [],
        "problem": None,
    }
    told = find_text(import_files.build_file_list([item], [preview]))
    assert "1.5 MB" in told
    assert "sample rate not declared" in told
    assert "X1RPM = 1\u202f797" in told
    refused = {**preview, "problem": "It is truncated."}
    assert "It is truncated." in find_text(import_files.build_file_list([item], [refused]))


def test_a_review_of_more_signals_than_are_listed_says_so_and_sums_nothing_up() -> None:
    told = find_text(import_review.build_review(plan([row()], n_rows=720)))
    assert "720" in told
    assert "first 1 signal." in told
    assert "Duration" not in told


def test_every_file_that_was_left_out_is_named_with_its_reason() -> None:
    skipped = [{"file": f"run {at}.csv", "sentence": f"Broken {at}.", "code": "c"} for at in range(30)]
    result = {"dataset_id": 1, "dataset_name": "Rig", "version": 1, "n_recordings": 2, "n_signals": 2}
    result |= {"skipped": skipped, "n_skipped": 1_040, "notes": []}
    shown = find_text(import_review.build_job({"state": "done", "result": result}))
    assert all(f"run {at}.csv" in shown and f"Broken {at}." in shown for at in range(30))
    assert "1\u202f040 files or signals left out" in shown
    assert "Show 10 more" in shown
    assert "1\u202f010 more are not listed" in shown
