"""Explanations as the service gives them, small enough to be read."""

from __future__ import annotations

from typing import Any

JOB: dict[str, Any] = {
    "id": 7,
    "title": "Occlusion: IR_1",
    "link": "/xai",
    "state": "running",
    "progress": 0.4,
    "progress_text": "checking: 2 of 5",
    "eta_s": None,
    "error": None,
    "command": None,
    "can_cancel": True,
    "finished_at": None,
}


def make_job(**changes: Any) -> dict[str, Any]:
    """Return a job under way, or as ``changes`` say."""
    return {**JOB, **changes}


def make_band(name: str, share: float, *, axis: str = "frequency", above: bool = True) -> dict[str, Any]:
    """Return a band whose random ones hold 5 %, 2 to 9 % of them."""
    low = 100.0 if axis == "frequency" else 10.0
    return {
        "name": name,
        "label": name.upper(),
        "axis": axis,
        "ranges_hz": [[low, low + 20.0], [low + 40.0, low + 50.0]],
        "fault_classes": ["inner_race"],
        "contribution": 0.5 * share,
        "share": share,
        "control_share": 0.05,
        "control_low": 0.02,
        "control_high": 0.09,
        "is_above_control": above,
    }


def make_check(
    name: str, *, passes: bool | None = True, value: float | None = 0.25, axis: str = "time"
) -> dict[str, Any]:
    """Return a trust check."""
    curve = [0.9, 0.2] if name in ("deletion", "insertion") else []
    return {
        "name": name,
        "axis": axis,
        "title": name.replace("_", " ").capitalize(),
        "value": value,
        "control": 0.5,
        "control_low": 0.4,
        "control_high": 0.6,
        "passes": passes,
        "rule": f"The rule of {name}.",
        "reason": f"The reason of {name}.",
        "curve": curve,
        "control_curve": curve[::-1],
    }


def make_agreement(*, passes: bool = True) -> dict[str, Any]:
    """Return a physics-agreement score with its controls."""
    return {
        "fault_class": "inner_race",
        "band_names": ["bpfi"],
        "score": 0.3,
        "share": 0.35,
        "control_share": 0.05,
        "score_low": 0.2,
        "score_high": 0.4,
        "random_weights": [0.01, -0.02],
        "passes": passes,
        "reason": "The bands stand out.",
    }


def make_explanation(*, failed: tuple[str, ...] = (), **summary: Any) -> dict[str, Any]:
    """Return a recording's explanation: two of eight windows; the checks in ``failed`` fail."""
    trust = [
        make_check(name, passes=name not in failed)
        for name in ("infidelity", "deletion", "randomised_weights")
    ]
    window = {
        "length_s": 1.0,
        "probabilities": {"healthy": 0.1, "inner_race": 0.9},
        "score_input": -0.1,
        "score_baseline": -2.0,
        "completeness_gap": 0.002,
    }
    made = {
        "kind": "attribution",
        "headline": {
            "target_class": "inner_race",
            "predicted": "inner_race",
            "confidence": 0.93,
            "trusted": not failed,
            "failed": len(failed),
            "top_band": {"label": "BPFI", "share": 0.3, "control_share": 0.05, "is_above_control": True},
        },
        "sentences": ["The classifier says inner race (93.0%).", "More than random bands gets BPFI."],
        "notes": [],
        "recording": {
            "signal_id": 12,
            "dataset_id": 1,
            "name": "IR_1",
            "channel": "DE",
            "sample_rate_hz": 8.0,
            "duration_s": 8.0,
            "shaft_speed_rpm": 1500.0,
            "machine": "rig",
            "bearing": "6205",
            "load": "1",
            "unit": "g",
        },
        "classifier": {
            "experiment_id": 5,
            "name": "First",
            "network": "cnn1d",
            "network_title": "1-D CNN",
            "sha256": "ab" * 32,
            "class_names": ["healthy", "inner_race"],
            "analysis_rate_hz": 8.0,
            "window_s": 1.0,
            "n_windows": 8,
        },
        "prediction": {"class_name": "inner_race", "probabilities": {"healthy": 0.07, "inner_race": 0.93}},
        "target_class": "inner_race",
        "windows": [{"start_s": 3.0, **window}, {"start_s": 5.0, **window}],
        "baseline": "zero",
        "claims_completeness": True,
        "is_complete": True,
        "settings": {"baseline": "zero", "n_steps": 64, "layer": None},
        "features": None,
        "shaft": {"frequency_hz": 25.0, "source": "As stated."},
        "axes": {
            "frequency": {"resolution_hz": 1.0, "n_bins": 5, "demodulation_band_hz": None},
            "envelope": {"resolution_hz": 1.0, "n_bins": 5, "demodulation_band_hz": [1500.0, 2250.0]},
        },
        "formula": "Slope times difference.",
        "bands": [make_band("1x", 0.04, above=False), make_band("bpfi", 0.3, axis="envelope")],
        "agreement": make_agreement(),
        "trust": trust,
        **summary,
    }
    return {**make_row(), "summary": made, "curves": make_curves(), "job": make_job(state="done")}


def make_row(**changes: Any) -> dict[str, Any]:
    """Return what every explanation has."""
    return {
        "explanation_id": 9,
        "experiment_id": 5,
        "experiment": "First",
        "classifier_sha256": "ab" * 32,
        "current": True,
        "signal_id": 12,
        "part": None,
        "method": "integrated_gradients",
        "options": {},
        "job_id": 7,
        "n_bytes": 27_200,
        "created_at": "2026-01-01T00:00:00+00:00",
        "last_used_at": "2026-01-01T00:00:00+00:00",
        "created_by": 1,
        **changes,
    }


def make_header(**changes: Any) -> dict[str, Any]:
    """Return an explanation as a list has it."""
    headline = make_explanation()["summary"]["headline"]
    shown = {"recording": "IR_1", "channel": "DE", "dataset_id": 1, "is_done": True, "headline": headline}
    return {**make_row(), **shown, "job": make_job(state="done"), **changes}


def make_curves() -> dict[str, Any]:
    """Return curves of four points that stand for two samples each."""
    lines = {"n_samples": 8, "samples_per_point": 2, "step_hz": 10.0}
    drawn = {
        "spectrum": [0.0, 2.0, 1.0, 0.5],
        "contributions": [0.0, 3.0, -1.0, 0.0],
        "density": [0, 0.7, 0.2, 0.1],
    }
    return {
        "time": {
            "n_samples": 8,
            "samples_per_point": 2,
            "start_s": 3.0,
            "step_s": 0.125,
            "waveform": [0.0, 1.0, -1.0, 0.5],
            "attribution": [0.1, 0.4, -0.2, 0.0],
        },
        "frequency": {**lines, **drawn},
        "envelope": {**lines, **drawn},
    }


def make_features() -> dict[str, Any]:
    """Return the attribution of named features."""
    rows = [
        {"name": "rms", "group": "time", "value": 1.0, "baseline_value": 0.0, "attribution": 0.6},
        {
            "name": "<b>kurtosis</b>",
            "group": "time",
            "value": 9.0,
            "baseline_value": 3.0,
            "attribution": -0.2,
        },
    ]
    return {"rows": rows, "groups": [{"group": "time", "n": 2, "attribution": 0.4}], "n": 2}


def make_what_if(*, flips: bool = True) -> dict[str, Any]:
    """Return a what-if over two bands: the first turns the answer where it is taken away."""
    explained = make_explanation()["summary"]
    common = {"axis": "frequency", "gains_db": [-20.0, 0.0, 10.0]}
    return {
        **{name: explained[name] for name in ("recording", "classifier", "prediction", "target_class")},
        "kind": "what_if",
        "headline": {**explained["headline"], "trusted": None, "top_band": None},
        "sentences": ["1X moves the probability furthest."],
        "notes": ["Not calibrated."],
        "windows": [{"start_s": 0.0, "length_s": 1.0}],
        "class_names": ["healthy", "inner_race"],
        "bands": [
            {
                **common,
                "name": "1x",
                "label": "1X",
                "ranges_hz": [[24.0, 26.0]],
                "probabilities": [[0.8, 0.2], [0.1, 0.9], [0.05, 0.95]],
                "flips": [{"gain_db": -20.0, "class_name": "healthy"}] if flips else [],
            },
            {
                **common,
                "name": "2x",
                "label": "2X",
                "ranges_hz": [[48.0, 52.0]],
                "probabilities": [[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]],
                "flips": [],
            },
        ],
        "left_out": [{"name": "3X", "reason": "It lies beyond the spectrum."}],
    }


def make_atlas() -> dict[str, Any]:
    """Return an atlas of two classes, one with too few recordings for an interval."""
    band = {"name": "bpfi", "label": "BPFI", "mean": 0.3, "low": 0.2, "high": 0.4, "control": 0.05, "n": 3}
    few = {**band, "mean": 0.1, "low": None, "high": None, "n": 1, "is_above_control": None}
    summary = {
        "kind": "atlas",
        "headline": {**make_explanation()["summary"]["headline"], "top_band": None},
        "sentences": ["Inner race (3): more than random bands gets BPFI."],
        "notes": ["Judges nothing."],
        "part": "test",
        "classifier": make_explanation()["summary"]["classifier"],
        "n_recordings": 4,
        "n_left_out": 1,
        "baseline": "zero",
        "settings": {},
        "recordings": [
            {
                "signal_id": 12,
                "recording": "IR_1",
                "channel": "DE",
                "target": "healthy",
                "predicted": "inner_race",
                "correct": False,
                "confidence": 0.9,
                "explained_class": "inner_race",
                "agreement": 0.3,
                "passes": True,
                "shares": {"bpfi": 0.3},
                "top_band": {"label": "BPFI", "share": 0.3, "control_share": 0.05, "is_above_control": True},
            },
            {
                "signal_id": 13,
                "recording": "N_1",
                "channel": "DE",
                "target": "healthy",
                "predicted": "healthy",
                "correct": True,
                "confidence": 0.8,
                "explained_class": "healthy",
                "agreement": None,
                "passes": None,
                "shares": {},
                "top_band": None,
            },
        ],
        "left_out": [{"signal_id": 14, "recording": "short", "reason": "It is too short."}],
        "classes": [
            {
                "fault_class": "healthy",
                "n_recordings": 1,
                "note": "too few",
                "features": [{"group": "Time features", "attribution": 0.25}],
                "bands": [few],
            },
            {
                "fault_class": "inner_race",
                "n_recordings": 3,
                "note": "",
                "features": [],
                "bands": [{**band, "is_above_control": True}],
            },
        ],
    }
    return {**make_row(signal_id=None, part="test"), "summary": summary, "curves": None, "job": None}


def make_methods() -> dict[str, Any]:
    """Return two methods that apply, and one that can't."""
    option = {
        "name": "n_steps",
        "type": "int",
        "default": 64,
        "minimum": 8,
        "maximum": 512,
        "choices": [],
        "help": "Steps.",
    }
    baseline = {
        **option,
        "name": "baseline",
        "type": "choice",
        "default": "zero",
        "choices": ["zero", "healthy_mean"],
    }
    trust = {**option, "name": "trust", "type": "bool", "default": True, "minimum": None, "maximum": None}
    start = {**option, "name": "start_s", "type": "float", "default": None, "minimum": 0.0, "maximum": 10.0}
    methods = [
        {
            "name": name,
            "title": title,
            "description": f"What {title} does.",
            "kind": "waveform",
            "is_offered": not reason,
            "reason": reason,
            "complete": not reason,
            "options": [baseline, option],
        }
        for name, title, reason in (
            ("integrated_gradients", "Integrated gradients", ""),
            ("occlusion", "Occlusion", ""),
            ("gradcam", "Grad-CAM", "LSTM has no convolution over time."),
        )
    ]
    return {
        "experiment_id": 5,
        "network": "lstm",
        "classifier_sha256": "ab" * 32,
        "default_method": "occlusion",
        "class_names": ["healthy", "inner_race"],
        "methods": methods,
        "baselines": [
            {"name": "zero", "title": "Zero", "help": "Silence.", "reason": ""},
            {"name": "healthy_mean", "title": "Healthy mean", "help": "", "reason": "no healthy class"},
        ],
        "signal_options": [trust, start],
        "part_options": [],
    }
