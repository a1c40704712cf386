"""What a leak check found, alike findings together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.numbers import count_of
from layouts.components.states import build_note

_ORDER = ("red", "amber", "note")
_LEVELS = {"red": "danger", "amber": "warning", "note": "info"}


def group_findings(findings: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return ``(colour, sentences)`` of each kind of finding, the gravest first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for finding in sorted(findings, key=lambda each: _ORDER.index(each["colour"])):
        groups.setdefault((finding["colour"], finding["kind"]), []).append(finding["sentence"])
    return [(colour, sentences) for (colour, _), sentences in groups.items()]


def build_finding_notes(findings: Sequence[Mapping[str, Any]]) -> list[Component]:
    """Return one note per kind of finding; the alike ones unfold."""
    return [
        build_note(build_finding_words(sentences), level=_LEVELS[colour])
        for colour, sentences in group_findings(findings)
    ]


def build_finding_words(sentences: Sequence[str]) -> list[Component]:
    """Return the first sentence, and the alike ones to unfold."""
    first, rest = sentences[0], sentences[1:]
    words: list[Component] = [html.Div(first)]
    if rest:
        items = html.Ul([html.Li(sentence) for sentence in rest], className="finding-list")
        words.append(html.Details([html.Summary(f"and {count_of(len(rest), 'finding')} like it"), items]))
    return words
