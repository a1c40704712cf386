"""A diagnosis as a document of sections: the page, the HTML file and the PDF show the same one.

Everything in it comes from the stored answer and the stored samples, nothing from the clock, so that the
same inputs give the same text, numbers and drawings. What changes later (what analysts said) and what tells
two equal questions apart (numbers, moments) is left out of the content's hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.reports import evidence_parts, origin_parts
from services.reports.drawings import draw_view
from services.reports.parts import (
    Section,
    build_section,
    build_table,
    format_moment,
    format_percent,
    word_class,
)
from services.reports.views import View

Diagnosis = Mapping[str, Any]
# Sections that change without the inputs changing.
_LATER = frozenset({"attribution", "similar", "feedback"})


def build_document(
    diagnosis: Diagnosis,
    views: Sequence[View],
    *,
    views_missing: str | None,
    attribution: Section | None,
    signal: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return title, verdict, sections and the content's hash.

    ``views_missing`` says why there are no drawings, ``signal`` is what is known of a stored recording.
    """
    answer = diagnosis["answer"]
    sections = [
        _build_verdict(answer),
        _build_contradictions(answer),
        evidence_parts.build_evidence(answer),
        evidence_parts.build_lines(answer),
        _build_views(views, views_missing),
        *origin_parts.build_opinion(answer),
        *([attribution] if attribution else []),
        _build_limits(answer),
        origin_parts.build_similar(answer),
        origin_parts.build_feedback(diagnosis["feedback"], signal),
        origin_parts.build_recording(answer),
        origin_parts.build_settings(diagnosis),
    ]
    kept = [section for section in sections if section is not None]
    return {
        "diagnosis_id": diagnosis["diagnosis_id"],
        "title": f"Diagnosis of {answer['recording']['name']}",
        "headline": word_headline(answer["verdict"]),
        "status": answer["verdict"]["status"],
        "fault_class": answer["verdict"]["fault_class"],
        "asked": f"Diagnosis {diagnosis['diagnosis_id']}, asked {format_moment(diagnosis['created_at'])}",
        "sections": kept,
        "content_sha256": hash_content(kept),
    }


def hash_content(sections: Sequence[Section]) -> str:
    """Return the SHA-256 of what the inputs alone decide."""
    lasting = [section for section in sections if section["key"] not in _LATER]
    text = json.dumps(lasting, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def word_headline(verdict: Mapping[str, Any]) -> str:
    """Return the verdict in a few words.

    >>> word_headline({"status": "diagnosed", "fault_class": "inner_race", "confidence": 0.93})
    'Inner race, confidence 93.0 %'
    >>> word_headline({"status": "refused", "fault_class": None, "confidence": None})
    'Refused: nothing was diagnosed'
    """
    status, confidence = str(verdict["status"]), verdict["confidence"]
    if status == "refused":
        return "Refused: nothing was diagnosed"
    if status == "diagnosed":
        words = word_class(verdict["fault_class"]).capitalize()
        return words if confidence is None else f"{words}, confidence {format_percent(confidence)}"
    nearest = verdict["nearest_class"]
    return status.capitalize() + (f"; nearest is {word_class(nearest)}" if nearest else "")


def _build_verdict(answer: Mapping[str, Any]) -> Section:
    verdict = answer["verdict"]
    deciders = {
        "evidence": "the lines of the recording alone",
        "classifier": "the classifier alone",
        "both": "the lines of the recording and the classifier together",
        "checks": "the checks of the recording",
        None: "nothing: neither lines nor classifier could say enough",
    }
    probabilities = answer["probabilities"]
    rows = [
        [word_class(name), format_percent(share)]
        for name, share in sorted(probabilities.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    table = build_table("Probabilities, recording-level", ("Class", "Probability"), rows)
    return build_section(
        "verdict",
        "Verdict",
        sentences=[verdict["sentence"], *([verdict["rule"]] if verdict["rule"] else [])],
        facts=[
            ("Status", verdict["status"]),
            ("Class", word_class(verdict["fault_class"]) if verdict["fault_class"] else "none named"),
            *(
                [("Nearest class", word_class(verdict["nearest_class"]))]
                if verdict["nearest_class"] and not verdict["fault_class"]
                else []
            ),
            _word_confidence(verdict),
            ("Decided by", deciders[verdict["decided_by"]]),
        ],
        tables=[table] if probabilities else [],
    )


def _word_confidence(verdict: Mapping[str, Any]) -> tuple[str, str]:
    """Return the confidence under the name of what it is of: nothing is sure where nothing was decided."""
    if verdict["confidence"] is None:
        return "Confidence", "none"
    name = "Confidence" if verdict["status"] == "diagnosed" else "Of the nearest class"
    return name, format_percent(verdict["confidence"])


def _build_contradictions(answer: Mapping[str, Any]) -> Section:
    found = answer["contradictions"]
    if found:
        return build_section(
            "contradictions", "Contradictions", warnings=[("warning", each) for each in found]
        )
    if answer["classifier"] is None or answer["decision"] is None:
        words = "Lines and classifier did not both have a say, so nothing could contradict."
    else:
        words = "None: the lines of the recording and the classifier do not contradict one another."
    return build_section("contradictions", "Contradictions", sentences=[words])


def _build_views(views: Sequence[View], missing: str | None) -> Section:
    if missing:
        return build_section("drawings", "Waveform and spectra", warnings=[("warning", missing)])
    figures = [{"title": view["title"], "svg": draw_view(view), "note": _word_view(view)} for view in views]
    words = (
        "An upright line marks where a line was found; a dashed one where it was expected and is missing. "
        "The grey dashes are the local noise floor of the drawn spectrum (running median). Heights in the "
        "table of lines are measured in the whitened spectra of the rule and can differ from the drawings."
    )
    sentences = [words] if any(view["lines"] for view in views) else []
    return build_section("drawings", "Waveform and spectra", sentences=sentences, figures=figures)


def _word_view(view: View) -> str:
    parts = []
    if view["resolution_hz"]:
        parts.append(f"Δf = {view['resolution_hz']:.4g} Hz, Hann window, peak amplitudes")
    if view["bands"]:
        parts.append("shaded: the bands whose envelopes were read")
    if view["duration_s"] is not None:
        parts.append(f"the first {view['duration_s']:.4g} s")
    return "; ".join(parts)


def _build_limits(answer: Mapping[str, Any]) -> Section:
    notes = [("info", note[:1].upper() + note[1:]) for note in answer["notes"]]
    return build_section("limits", "Limits", bullets=answer["limits"], warnings=notes)
