from __future__ import annotations

from typing import Any

import pytest

from layouts.components import evaluation_curves as curves
from layouts.components import evaluation_models as models
from layouts.components import evaluation_parts as parts
from layouts.components import evaluation_sweep as sweep
from layouts.components import evaluation_trust as trust
from layouts.pages import evaluation as page
from tests.factories import judgements
from tests.unit.layouts.tree import find_text, list_components

JOB = {
    "id": 1, "title": "Sweep", "link": None, "progress": 0.5, "progress_text": "", "eta_s": None,
    "error": None, "command": None, "can_cancel": True, "finished_at": None,
}  # fmt: skip


def list_links(component: Any) -> list[str]:
    return [each.href for each in list_components(component) if getattr(each, "href", None)]


def test_every_area_has_its_interval_and_a_missing_class_a_dash() -> None:
    text = find_text(curves.build_areas(judgements.make_roc()["recording_level"]))
    assert "0.875" in text
    assert "0.700 to 1.000" in text
    assert "inner race 0 – – – –" in " ".join(text.split())


def test_what_curves_stand_on_is_said() -> None:
    words = curves.describe_curves(judgements.make_roc(), "recording_level")
    assert words.startswith("Recording-level, test part, 10 recordings; 95 % intervals from 1\u202f000")
    assert "seed 0" in words


def test_a_cell_leads_to_its_recordings_in_the_viewer() -> None:
    results = judgements.make_errors()
    listed = curves.build_cell(results["recording_level"], results["class_names"], "recording_level", (1, 0))
    assert "1 recording, 25.0 % of the label's" in find_text(listed)
    assert list_links(listed) == ["/signals/2/7?channel=DE", "/diagnose?signal=5"]


def test_without_a_cell_the_hardest_recordings_come_first() -> None:
    results = judgements.make_errors()
    listed = curves.build_cell(results["recording_level"], results["class_names"], "recording_level", None)
    text = find_text(listed)
    assert "1 of 8 recordings wrong" in text
    assert text.index("IR_3") < text.index("N_0")


def test_windows_of_a_cell_are_counted_per_recording() -> None:
    results = judgements.make_errors()
    listed = curves.build_cell(results["window_level"], results["class_names"], "window_level", (1, 0))
    assert "5 of 8" in find_text(listed)
    nothing = curves.build_cell(results["window_level"], results["class_names"], "window_level", (0, 1))
    assert "nothing" in find_text(nothing)


def test_the_weakest_slice_is_pointed_out_the_larger_one_where_equal() -> None:
    rows = [
        judgements.make_slice_row(label, right, n)
        for label, right, n in (("0", 4, 4), ("1", 1, 2), ("2", 3, 6))
    ]
    text = find_text(curves.build_slices(judgements.make_slices(*rows)))
    assert "Weakest: load 2, 3 of 6 recordings right (50.0 %)." in text
    assert "Severity: No recording says it." in text


def test_where_nothing_is_wrong_nothing_is_weakest() -> None:
    text = find_text(curves.build_slices(judgements.make_slices(judgements.make_slice_row("0", 4, 4))))
    assert "No slice has a wrong recording." in text
    assert "weakest" not in text


def test_calibration_shows_before_and_after_or_why_there_is_no_number() -> None:
    scaled = find_text(trust.build_calibration(judgements.make_calibration()))
    assert "ECE before 12.0 %" in scaled
    assert "ECE after 4.0 %" in scaled
    assert "Temperature 1.50" in scaled
    alone = find_text(trust.build_calibration(judgements.make_calibration(scaled=False)))
    assert "no errors: the temperature says nothing" in alone
    assert "ECE after" not in alone


def test_the_calibration_error_stands_beside_what_chance_alone_shows() -> None:
    results = judgements.make_calibration()
    windows = {**results["recording_level"]}
    for name in ("before", "after"):
        windows[name] = {**windows[name], "ece_expected_95": None}
    recordings, alone = (
        find_text(trust.build_calibration({**results, "recording_level": level, "window_level": None}))
        for level in (results["recording_level"], windows)
    )
    assert (
        "A perfectly calibrated classifier shows an ECE of up to 8.5 % with as many recordings" in recordings
    )
    assert "8.5 %" not in alone
    assert "Windows of one recording are not independent: no interval." in alone


@pytest.mark.parametrize(("inside", "word"), [(True, "inside the band"), (False, "outside the band")])
def test_measured_coverage_stands_beside_its_band(inside: bool, word: str) -> None:
    text = find_text(trust.build_conformal(judgements.make_conformal(inside=inside), "recording_level"))
    assert "9 of 10 (90.0 %)" in text
    assert "70 to 100 %" in text
    assert word in text


def test_too_few_validation_recordings_make_no_sets() -> None:
    text = find_text(trust.build_conformal(judgements.make_conformal(possible=False), "recording_level"))
    assert "Nine validation recordings are needed." in text
    assert "Measured" not in text


def test_sets_that_miss_the_label_come_first() -> None:
    text = find_text(trust.build_sets(judgements.make_conformal()["recording_level"]))
    assert text.index("IR_3") < text.index("N_0")
    assert trust.build_sets(None) is None


def test_the_open_set_says_what_it_costs_and_what_is_in_use() -> None:
    results = judgements.make_open_set()
    text = find_text(trust.build_open_set(results, "recording_level"))
    assert "1 of 20 (5.0 %)" in text
    folds = find_text(trust.build_folds(results, "recording_level"))
    assert folds.count("chosen") == 2
    assert "always name one" in find_text(trust.describe_applied(None, 3))
    applied = {
        "evaluation_id": 2,
        "score_title": "Energy",
        "threshold": 1.5,
        "source": "evaluation",
        "applied_at": "2026-03-01T10:00:00+00:00",
    }
    assert "another evaluation" in find_text(trust.describe_applied(applied, 3))
    assert "another evaluation" not in find_text(trust.describe_applied(applied, 2))
    kept = {**applied, "source": "training", "evaluation_id": None, "applied_at": None}
    assert "kept at training" in find_text(trust.describe_applied(kept, 3))


@pytest.mark.parametrize(("n", "word"), [(0, "changes no answer"), (2, "up to 20.0 points")])
def test_what_gain_does_is_said_first(n: int, word: str) -> None:
    assert word in find_text(sweep.build_sweep(judgements.make_sweep(gain_changes=n), "recording_level"))


def test_only_finished_sweeps_are_offered() -> None:
    config = {"noise_types": ["white"], "part": "test", "max_recordings": None}
    common = {"kind": "robustness", "config": config, "created_at": "2026-03-01T10:00:00+00:00"}
    listed = sweep.list_sweeps(
        [
            {**common, "evaluation_id": 3, "job": {"state": "running"}},
            {**common, "evaluation_id": 2, "job": {"state": "done"}},
            {**common, "evaluation_id": 1, "job": None},
            {**common, "kind": "roc", "evaluation_id": 4, "job": None},
        ]
    )
    assert [each["value"] for each in listed] == ["2", "1"]


def test_architectures_lead_to_their_statistics_and_say_what_was_not_measured() -> None:
    rows = [judgements.make_architecture(1), judgements.make_architecture(2, pareto=True)]
    built = models.build_architectures({"rows": rows, "notes": ["Different splits."]}, [1, 2])
    text = find_text(built)
    assert "/compare?ids=1,2" in list_links(built)
    assert "Different splits." in text
    assert "not measured" in text
    assert text.count("nothing better and smaller") == 1


def test_a_job_that_gave_nothing_says_why() -> None:
    failed = {**JOB, "state": "failed", "error": "The disk is full."}
    assert "The disk is full." in find_text(parts.build_failure(failed))
    assert parts.build_failure({**JOB, "state": "done"}) is None
    assert parts.build_jobs([]) is None
    assert "Sweep" in find_text(parts.build_jobs([{**JOB, "state": "running"}]))


def test_conditions_that_nobody_knows_are_said_to_be_unknown() -> None:
    known = judgements.make_recording("a", snr_db=12.4)
    assert parts.describe_conditions(known) == "load 2 · 1\u202f750\xa0rpm · SNR\xa012\xa0dB (estimated)"
    unknown = judgements.make_recording("a", load=None, shaft_speed_rpm=None)
    assert parts.describe_conditions(unknown) == "conditions unknown"


def test_nonsense_in_the_address_leaves_the_usual_page() -> None:
    usual = find_text(page.build_layout())
    assert find_text(page.build_layout(tab="x", part="<b>", level="-", coverage="7", cost="y")) == usual
