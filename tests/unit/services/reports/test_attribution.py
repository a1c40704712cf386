from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from services.reports.attribution import build_attribution
from services.reports.drawings import draw_attribution

SVG = "{http://www.w3.org/2000/svg}"
CURVE = {
    "n_samples": 8,
    "samples_per_point": 2,
    "start_s": 0.5,
    "step_s": 0.001,
    "waveform": [0.0, 1.0, -1.0, 0.5],
    "attribution": [0.0, 2.0, -1.0, 0.001],
}


def build_explanation(**summary: Any) -> dict[str, Any]:
    band = {
        "axis": "envelope",
        "control_share": 0.1,
        "control_low": 0.05,
        "control_high": 0.2,
        "is_above_control": True,
    }
    given = {
        "target_class": "inner_race",
        "sentences": ["BPFI gets more than random bands."],
        "bands": [{**band, "label": "BPFO", "share": 0.1}, {**band, "label": "BPFI", "share": 0.58}],
        "features": None,
        "trust": [
            {"title": "Infidelity", "passes": False, "rule": "below 0.5", "reason": "It leaves 54 %."},
            {"title": "Sensitivity", "passes": True, "rule": "below 0.5", "reason": ""},
            {"title": "Random weights", "passes": None, "rule": "", "reason": "No weights to shuffle."},
        ],
    }
    return {
        "explanation_id": 9,
        "method": "integrated_gradients",
        "summary": {**given, **summary},
        "curves": {"time": CURVE},
    }


def test_bands_stand_beside_random_ones_the_largest_first() -> None:
    rows = build_attribution(build_explanation())["tables"][0]["rows"]
    assert rows[0] == ["BPFI", "envelope", "58.0 %", "10.0 %", "5 – 20 %", "above random bands"]
    assert rows[1][0] == "BPFO"


def test_a_failed_trust_check_is_a_warning_and_unchecked_ones_do_not_count() -> None:
    section = build_attribution(build_explanation())
    assert section["warnings"] == [["warning", "Infidelity failed: It leaves 54 %."]]
    assert ["Trust", "1 of 2 checks passed"] in section["facts"]
    assert ["Trust", "no check ran"] in build_attribution(build_explanation(trust=[]))["facts"]


def test_methods_over_features_list_them_and_draw_no_waveform() -> None:
    features = {"rows": [{"name": "env_rms", "value": 1.5, "attribution": -0.25}], "n": 21}
    explanation = build_explanation(features=features)
    explanation["curves"] = {"time": {key: CURVE[key] for key in CURVE if key != "attribution"}}
    section = build_attribution(explanation)
    assert section["figures"] == []
    assert section["tables"][1]["rows"] == [["env rms", "1.5", "-0.25"]]
    assert "20 more features" in section["tables"][1]["note"]


def test_stretches_are_coloured_by_what_they_spoke_for_and_small_ones_left_out() -> None:
    root = ElementTree.fromstring(draw_attribution(CURVE))  # noqa: S314 -- our own drawing
    bars = root.findall(f".//{SVG}rect")
    assert [bar.get("fill-opacity") for bar in bars] == ["0.75", "0.38"]
    assert len({bar.get("fill") for bar in bars}) == 2
    words = [each.text for each in root.iter(f"{SVG}text")]
    assert words[0] == "0.5"
    assert words[-1] == "Time (s)"
