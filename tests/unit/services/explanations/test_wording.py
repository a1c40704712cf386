"""What an explanation says in words follows its numbers."""

from __future__ import annotations

from typing import Any

from services.explanations.wording import find_top_band, judge_axes, word_bands, word_subject, word_trust


def make_band(label: str, share: float, control: float, high: float, name: str = "") -> dict[str, Any]:
    return {
        "name": name or label,
        "label": label,
        "share": share,
        "control_share": control,
        "is_above_control": share > high,
    }


def make_check(axis: str, title: str, passes: bool | None) -> dict[str, Any]:
    return {"axis": axis, "title": title, "passes": passes}


def test_only_bands_above_their_control_are_named_and_never_the_resonance() -> None:
    bands = [
        make_band("resonance 2–4 kHz", 0.9, 0.1, 0.2, name="resonance"),
        make_band("BPFO", 0.4, 0.02, 0.1),
        make_band("BPFI", 0.09, 0.05, 0.2),
    ]
    assert word_bands(bands) == (
        "More than random bands of the same width get: BPFO (40.0%, random bands 2.0%)."
    )
    top = find_top_band(bands)
    assert top is not None and top["label"] == "BPFO"
    assert word_bands(bands[2:]).startswith("None of the lines")
    assert word_bands(bands[:1]) == word_bands([]) == "No line of the machine could be placed."
    assert find_top_band(bands[:1]) is None


def test_failed_checks_are_named_by_axis() -> None:
    checks = [
        make_check("time", "Infidelity", False),
        make_check("time", "Deletion", True),
        make_check("frequency", "Infidelity", True),
        make_check("frequency", "Random weights", None),
    ]
    assert judge_axes(checks) == {"time": False, "frequency": True}
    assert judge_axes(checks[3:]) == {"frequency": None}
    said = word_trust(checks)
    assert "Over time 1 of 2 checks fails (infidelity)" in said
    assert "Over frequency the one check that applies passed" in said
    assert word_trust([]) == "This attribution was not checked."


def test_the_subject_says_which_class_and_where() -> None:
    prediction = {"class_name": "outer_race", "probabilities": {"outer_race": 0.9}, "n_windows": 9}
    said = word_subject(prediction, "inner_race", [{"start_s": 1.5}])
    assert "says outer race for this recording (90.0%)" in said
    assert "speaks for inner race in 1 of its 9 windows: the window at 1.50 s" in said
    assert "in its only window" in word_subject({**prediction, "n_windows": 1}, "ball", [{"start_s": 0.0}])
