"""Recordings that tell contestants apart, and those that none of them gets right."""

from __future__ import annotations

from typing import Any

from services.comparisons.loading import ComparedRecording
from services.comparisons.matching import Comparison

MAX_LISTED = 500


def list_disagreements(comparison: Comparison) -> dict[str, Any]:
    """Return counts, and the recordings on which answers differ or nobody is right.

    A contestant with several seeds answers what most of them say; ``n_right`` says how many are right.
    """
    rows = []
    counts = {"n": 0, "n_differ": 0, "n_all_right": 0, "n_all_wrong": 0}
    for index, keys in enumerate(comparison.test_sets):
        answers = [comparison.list_answers(each, index) for each in comparison.contestants]
        for position, key in enumerate(keys):
            given = [column[position] for column in answers]
            differ, all_wrong = len(set(given)) > 1, key[1] not in given
            counts["n"] += 1
            counts["n_differ"] += differ
            counts["n_all_wrong"] += all_wrong
            counts["n_all_right"] += set(given) == {key[1]}
            if differ or all_wrong:
                rows.append(_describe_row(comparison, index, position, given))
    rows.sort(key=lambda row: (not row["differ"], row["n_right"]))
    return {**counts, "rows": rows[:MAX_LISTED], "most_rows": MAX_LISTED}


def _describe_row(comparison: Comparison, test_set: int, position: int, given: list[str]) -> dict[str, Any]:
    key = comparison.test_sets[test_set][position]
    found: ComparedRecording = comparison.list_members(comparison.contestants[0], test_set)[0].recordings[key]
    answers = []
    for contestant, answer in zip(comparison.contestants, given, strict=True):
        members = comparison.list_members(contestant, test_set)
        answers.append(
            {
                "letter": contestant.letter,
                "answer": answer,
                "correct": answer == found.target,
                "n_seeds_right": sum(each.answers[key] == found.target for each in members),
                "n_seeds": len(members),
            }
        )
    return {
        "recording": found.name,
        "recording_id": found.recording_id,
        "dataset_id": found.dataset_id,
        "channels": list(found.channels),
        "target": found.target,
        "test_set": test_set,
        "differ": len(set(given)) > 1,
        "n_right": sum(answer["correct"] for answer in answers),
        "answers": answers,
    }
