"""A diagnosis says what it can't claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.experiments.limits import RULE_NOT_FOLLOWED, condense_findings, list_limits


@dataclass(frozen=True)
class Given:
    machine: str | None = "Rig A"
    bearing: str | None = "6205"
    shaft_speed_rpm: float | None = 1800.0


ORIGIN: dict[str, Any] = {
    "machines": ["Rig A"],
    "bearings": ["6205"],
    "shaft_speed_rpm": {"min": 1750.0, "max": 1800.0},
}
CONFIDENCE = "The confidence was calibrated."


def experiment(**changes: Any) -> dict[str, Any]:
    level = {"n": 200, "accuracy": 0.99, "accuracy_interval": [0.96, 1.0]}
    return {
        "class_names": ["healthy", "inner_race"],
        "split_colour": "clear",
        "split_findings": [],
        "test": {"recording_level": level},
        **changes,
    }


def say(given: Given = Given(), agreeing: int = 20, **changes: Any) -> str:
    return " ".join(list_limits(given, agreeing, 20, experiment(**changes), ORIGIN, CONFIDENCE))


def test_a_familiar_recording_keeps_only_the_standing_limits() -> None:
    limits = list_limits(Given(), 20, 20, experiment(), ORIGIN, CONFIDENCE)
    assert limits == [
        "The classifier can only answer healthy, inner race; it has no answer for anything else.",
        CONFIDENCE,
    ]


def test_a_rule_for_strange_recordings_changes_what_the_classifier_can_answer() -> None:
    limits = list_limits(Given(), 20, 20, experiment(), ORIGIN, CONFIDENCE, can_reject=True)
    assert limits[0].endswith("what looks unlike them is called unknown.")


def test_a_rule_from_elsewhere_changes_nothing_and_is_said() -> None:
    limits = list_limits(Given(), 20, 20, experiment(), ORIGIN, CONFIDENCE, no_rule=RULE_NOT_FOLLOWED)
    assert "it has no answer for anything else. Its open-set rule was measured, but not followed" in limits[0]


def test_a_foreign_or_unknown_machine_and_bearing_come_first() -> None:
    limits = list_limits(Given(machine="Pump", bearing=None), 20, 20, experiment(), ORIGIN, CONFIDENCE)
    assert limits[0].startswith("Another machine (Pump)")
    assert limits[1].startswith("The recording's bearing is unknown")


def test_a_speed_outside_the_trained_range_is_named() -> None:
    assert "3000 rpm; training covered 1750 to 1800 rpm" in say(Given(shaft_speed_rpm=3000.0))
    assert "training covered" not in say(Given(shaft_speed_rpm=None))
    assert "training covered" not in say(Given(shaft_speed_rpm=1900.0))


def test_windows_that_disagree_are_counted() -> None:
    assert "only 11 of 20" in say(agreeing=11)
    assert "disagree" not in say(agreeing=16)


def test_an_amber_split_is_stamped_with_its_findings() -> None:
    findings = [
        {"colour": "amber", "kind": "shared_bearing", "sentence": "The bearing 'a' is in both."},
        {"colour": "amber", "kind": "shared_bearing", "sentence": "The bearing 'b' is in both."},
        {"colour": "note", "kind": "one_machine", "sentence": "One machine only."},
    ]
    text = say(split_colour="amber", split_findings=findings)
    assert "amber split" in text
    assert "The bearing 'a' is in both. (And 1 more of the kind.)" in text
    assert "One machine only." not in text
    assert len(condense_findings(findings)) == 2


def test_few_test_recordings_show_their_interval() -> None:
    level = {"n": 10, "accuracy": 1.0, "accuracy_interval": [0.7225, 1.0]}
    assert "Tested on 10 recordings only: 10 right" in say(test={"recording_level": level})
    assert "72 to 100 %" in say(test={"recording_level": level})
    assert "has not been tested" in say(test=None)
