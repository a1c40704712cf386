"""Where a diagnosis comes from: classifier, recording, settings, versions, hashes, past cases, opinions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.reports.parts import (
    NONE,
    Section,
    build_section,
    build_table,
    format_moment,
    format_number,
    format_percent,
    with_unit,
    word_class,
)

_STANDINGS = {
    "home": "the recording comes from a machine that it was trained on",
    "elsewhere": "the recording comes from elsewhere than its training",
    "elsewhere_reads_orders": "the recording comes from elsewhere; the classifier reads orders, not hertz",
    "unknown_origin": "nothing tells whether the recording comes from a machine that it was trained on",
}


def build_opinion(answer: Mapping[str, Any]) -> list[Section]:
    """Return what the classifier said by itself, and where it comes from; nothing where none was asked."""
    classifier, opinion = answer["classifier"], answer["opinion"]
    if classifier is None:
        refused = opinion["refused"] if opinion else None
        words = (
            [] if refused else ["None was asked: this diagnosis rests on the lines of the recording alone."]
        )
        warnings = [("warning", f"It could not judge this recording. {refused}")] if refused else []
        return [build_section("classifier", "Classifier", sentences=words, warnings=warnings)]
    facts = [*_list_opinion(answer, opinion), *_list_origin(classifier)]
    stamp = classifier["split_accepted_reason"]
    warnings = [("warning", f"Amber split, accepted because: {stamp}")] if stamp else []
    tables = [_build_probabilities(opinion)] if opinion and opinion["probabilities"] else []
    return [build_section("classifier", "Classifier", facts=facts, warnings=warnings, tables=tables)]


def _list_opinion(answer: Mapping[str, Any], opinion: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if opinion is None:
        return []
    windows = answer["windows"]
    calibration = answer["calibration"]
    facts = [("Its answer", word_class(opinion["fault_class"]))]
    if opinion["confidence"] is not None:
        facts.append(("Its confidence", format_percent(opinion["confidence"])))
    if calibration:
        facts.append(("Calibration", calibration["sentence"]))
    if windows:
        facts.append(("Windows", f"{windows['n_agreeing']} of {windows['n']} agree (window-level)"))
    if opinion["rejected"]:
        facts.append(("Open set", "the recording looks unlike what it has learned"))
    elif _is_measured_only(answer):
        words = "measured as unlike what it has learned, but not followed, as it was trained elsewhere"
        facts.append(("Open set", words))
    standing = _STANDINGS.get(opinion["standing"])
    return [*facts, *([("Standing", standing)] if standing else [])]


def _is_measured_only(answer: Mapping[str, Any]) -> bool:
    """Tell whether a rejection was measured that the verdict does not follow."""
    found = answer.get("open_set") or {}
    return bool(found.get("rejected")) and not found.get("followed", True)


def _list_origin(classifier: Mapping[str, Any]) -> list[tuple[str, str]]:
    channel = classifier["channel"] or "every channel"
    test = classifier["test"]
    tested = [("Test accuracy", "never tested")] if test is None else _list_accuracies(test)
    return [
        ("Experiment", f"{classifier['experiment_id']}: {classifier['name']}"),
        ("Network", f"{classifier['network_title']}, seed {classifier['seed']}"),
        ("Trained on", f"{classifier['dataset']} version {classifier['dataset_version']}, {channel}"),
        ("Split", f"{classifier['split']} ({classifier['split_colour']})"),
        *tested,
        ("Classes", ", ".join(word_class(name) for name in classifier["class_names"])),
        ("Analysis rate", with_unit(classifier["analysis_rate_hz"], "Hz")),
        ("Classifier SHA-256", classifier["sha256"]),
    ]


def _list_accuracies(test: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = []
    for key, words in (("recording_level", "recording-level"), ("window_level", "window-level")):
        level = test[key]
        text = f"{format_percent(level['accuracy'])}, n = {level['n']}"
        if level["accuracy_interval"]:
            low, high = level["accuracy_interval"]
            text += f", 95 % interval {100 * low:.1f} – {100 * high:.1f} %"
        facts.append((f"Test, {words}", text))
    return facts


def _build_probabilities(opinion: Mapping[str, Any]) -> dict[str, Any]:
    ordered = sorted(opinion["probabilities"].items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [[word_class(name), format_percent(share)] for name, share in ordered]
    return build_table("The classifier's own probabilities, recording-level", ("Class", "Probability"), rows)


def build_similar(answer: Mapping[str, Any]) -> Section:
    """Return the nearest past cases as they were when the diagnosis was made."""
    cases = answer["similar_cases"]
    title = "Similar past cases"
    if not cases:
        return build_section("similar", title, sentences=["There was none when this diagnosis was made."])
    rows = [
        [
            str(case["diagnosis_id"]),
            case["source_name"] + (" (the same samples)" if case["same_samples"] else ""),
            word_class(case["fault_class"]) if case["fault_class"] else case["status"],
            _word_opinion(case["opinion"], case["confirmed_class"]),
            format_number(case["distance"], 3),
        ]
        for case in cases
    ]
    headers = ("Diagnosis", "Recording", "Verdict", "Analyst", "Distance (0 – 1)")
    note = "Distance between the heights of the lines by order and the probabilities; 0 is the same."
    return build_section(
        "similar",
        title,
        sentences=["As they stood when this diagnosis was made. Near does not mean right."],
        tables=[build_table("The nearest diagnoses", headers, rows, n_texts=4, note=note)],
    )


def _word_opinion(opinion: str | None, fault_class: str | None) -> str:
    if opinion is None:
        return "no feedback"
    named = f": {word_class(fault_class)}" if fault_class else ""
    return opinion + named


def build_feedback(feedback: Sequence[Mapping[str, Any]], signal: Mapping[str, Any] | None) -> Section:
    """Return what analysts said of the diagnosis, the newest first, and the recording's label now."""
    title = "What analysts said"
    facts = []
    if signal is not None:
        label = word_class(signal["fault_class"]) if signal["fault_class"] else "unlabelled"
        facts.append(("Label", f"{label} (as the dataset {signal['dataset']} has it now)"))
    if not feedback:
        return build_section("feedback", title, sentences=["Nothing yet."], facts=facts)
    rows = [
        [
            _word_opinion(each["opinion"], each["fault_class"]),
            each["note"] or NONE,
            each["created_by"] or NONE,
            format_moment(each["created_at"]),
            f"version {each['dataset_version']['version']}" if each["dataset_version"] else "not yet",
        ]
        for each in feedback
    ]
    headers = ("Opinion", "Note", "By", "When", "In the dataset")
    table = build_table("Feedback", headers, rows, n_texts=5)
    return build_section("feedback", title, facts=facts, tables=[table])


def build_recording(answer: Mapping[str, Any]) -> Section:
    """Return what was judged."""
    recording = answer["recording"]
    facts = [
        ("Name", recording["name"]),
        ("Channel", recording["channel"] or "unknown"),
        ("Machine", recording["machine"] or "unknown"),
        ("Bearing", recording["bearing"] or "unknown"),
        ("Machine kind", recording["machine_kind"] or "unknown"),
        ("Load", recording["load"] or "unknown"),
        ("Nominal shaft speed", with_unit(recording["shaft_speed_rpm"], "rpm")),
        ("Sample rate", with_unit(recording["sample_rate_hz"], "Hz", 8)),
        ("Length", f"{recording['n_samples']} samples, {recording['duration_s']:.6g} s"),
        ("Unit", recording["unit"] or "unknown"),
        ("SHA-256 of the samples", recording["sha256"]),
    ]
    return build_section("recording", "Recording", facts=facts)


def build_settings(diagnosis: Mapping[str, Any]) -> Section:
    """Return what the person said about the recording, and the versions that judged it."""
    answer, given = diagnosis["answer"], diagnosis["facts"]
    said = [
        (_name_fact(name), _write_fact(value)) for name, value in sorted(given.items()) if value is not None
    ]
    versions = [(_name_version(name), str(value)) for name, value in answer["versions"].items() if value]
    checks = answer["checks"]
    checked = [("Checks", checks["sentence"] or ("passed" if checks["passed"] else "failed"))]
    return build_section(
        "settings",
        "Settings and versions",
        sentences=[] if said else ["Nothing was said about the recording beyond what it says itself."],
        facts=[*said, *checked, *versions],
    )


def _name_version(name: str) -> str:
    rules = {"evidence": "Rules of the evidence", "fusion": "Rules of the verdict", "product": "Product"}
    return f"{rules.get(name, name)}, version"


def _name_fact(name: str) -> str:
    words = name.removesuffix("_hz").removesuffix("_rpm").replace("_", " ")
    unit = " (Hz)" if name.endswith("_hz") else " (rpm)" if name.endswith("_rpm") else ""
    return f"Given {words}{unit}"


def _write_fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {each:g}" for name, each in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
