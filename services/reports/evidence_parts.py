"""The physical evidence in a report: what was decided from the lines, and every line that was looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.reports.parts import (
    NONE,
    Section,
    build_section,
    build_table,
    format_db,
    format_number,
    format_percent,
    with_unit,
    word_class,
)

_DECISIONS = {
    "healthy": "no sign of a fault that it knows",
    "fault": "a fault",
    "undecided": "undecided",
    "refused": "refused",
}
_MOST_LINES = 60
_MOST_NAMED = 2


def build_evidence(answer: Mapping[str, Any]) -> Section:
    """Return what the lines say by themselves, without any training."""
    title = "Physical evidence, without training"
    decision = answer["decision"]
    if decision is None:
        missing = answer["evidence_missing"] or "No evidence was gathered."
        return build_section("evidence", title, warnings=[("warning", missing)])
    said = _DECISIONS[decision["decision"]]
    if decision["fault_class"] and decision["decision"] == "fault":
        said = f"consistent with {word_class(decision['fault_class'])}"
    facts = [
        ("Machine kind", f"{decision['machine_kind']} bearing"),
        ("The lines are", said),
        *([("Probability", format_percent(decision["probability"]))] if said != "undecided" else []),
        ("No fault", f"{format_percent(decision['healthy_probability'])} probable"),
        ("Shaft", f"{with_unit(decision['shaft_frequency_hz'], 'Hz')}, {decision['shaft_source']}"),
        *_list_orders(decision),
        ("Rules", f"version {decision['version']}"),
    ]
    return build_section(
        "evidence",
        title,
        sentences=[decision["reason"]],
        facts=facts,
        bullets=[fault["sentence"] for fault in answer["faults"] if fault["strength"] != "none"],
        tables=[_build_faults(answer)] if answer["faults"] else [],
    )


def _list_orders(decision: Mapping[str, Any]) -> list[tuple[str, str]]:
    orders = decision["orders"]
    if not orders:
        return []
    values = ", ".join(f"{name.upper()} {value:.5g}" for name, value in orders.items() if value is not None)
    source = f", {decision['orders_source']}" if decision["orders_source"] else ""
    return [("Fault orders", f"{values} per turn{source}")]


def _build_faults(answer: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [
            word_class(fault["fault_class"]),
            fault["strength"],
            format_percent(fault["probability"]),
            f"{fault['n_found']} of {fault['n_lines']}",
            NONE if fault["band_hz"] is None else "{:.0f} – {:.0f}".format(*fault["band_hz"]),
            NONE if fault["slip"] is None else f"{100 * fault['slip']:+.2f}",
            format_number(fault["modulation_depth"], 3),
        ]
        for fault in answer["faults"]
    ]
    headers = (
        *("Fault", "Evidence", "Probability", "Lines found", "Band (Hz)"),
        *("Slip (%)", "Modulation depth (1)"),
    )
    return build_table("What each fault would show", headers, rows, n_texts=2)


def build_lines(answer: Mapping[str, Any]) -> Section | None:
    """Return every line that was looked for, found or missing, with its height over the noise floor."""
    lines = answer["evidence"]
    if not lines:
        return None
    merged = _merge_lines(lines)
    rows = [
        [
            line["line"],
            _word_owners(owners),
            _word_state(line),
            format_number(line["expected_hz"]),
            format_number(line["found_hz"]),
            format_db(line["snr_db"]),
            format_db(line["needed_db"]),
            line["remark"] or "",
        ]
        for line, owners in merged[:_MOST_LINES]
    ]
    left = len(merged) - len(rows)
    headers = ("Line", "Of", "State", "Expected (Hz)", "Highest (Hz)", "Height (dB)", "Needed (dB)", "Remark")
    note = (
        "Height over the local noise floor, within the slip allowance around the expected place. "
        "“Missing” means that no line stands out there, not that there is no fault; one “not "
        "counted” stands out but may be something else."
        + (f" {left} more are in the machine-readable answer." if left > 0 else "")
    )
    found = sum(1 for line, _ in merged if line["is_found"])
    table = build_table("Lines that were looked for", headers, rows, n_texts=3, note=note, last_is_text=True)
    sentence = f"{found} of {len(merged)} lines that were looked for stand out of the noise."
    return build_section("lines", "Lines found and missing", sentences=[sentence], tables=[table])


def _word_state(line: Mapping[str, Any]) -> str:
    """Return whether a line was found; one that stands out but may be something else does not count."""
    if line["is_found"]:
        return "found"
    if line["snr_db"] is None:
        return "not readable"
    return "not counted" if line["snr_db"] >= line["needed_db"] else "missing"


def _merge_lines(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str]]]:
    """Return each line once with the faults that would show it: those of a journal bearing share most."""
    merged: dict[tuple[Any, ...], tuple[Mapping[str, Any], list[str]]] = {}
    for line in lines:
        key = tuple(
            line[name] for name in ("line", "expected_hz", "found_hz", "snr_db", "needed_db", "remark")
        )
        merged.setdefault(key, (line, []))[1].append(line["fault_class"])
    return list(merged.values())


def _word_owners(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED:
        return f"{len(names)} faults"
    return ", ".join(word_class(name) for name in names)
