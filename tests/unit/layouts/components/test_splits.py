from __future__ import annotations

from dash.development.base_component import Component

from layouts.components.carried_splits import describe_difference
from layouts.components.splits import build_findings, build_split_list, describe_rule
from tests.contract.wiring import walk

COUNTS = {
    "train": {"n_recordings": 6, "classes": {"healthy": 2, "ball": 4}},
    "test": {"n_recordings": 3, "classes": {"ball": 3}},
}


def _read(root: Component) -> str:
    """Return the words of a tree, in reading order."""
    words = []
    for component in walk(root):
        children = getattr(component, "children", None)
        for child in children if isinstance(children, list) else [children]:
            if isinstance(child, str):
                words.append(child)
    return " ".join(words)


def _finding(colour: str, kind: str, sentence: str) -> dict[str, str]:
    return {"colour": colour, "kind": kind, "sentence": sentence}


def test_the_colour_is_also_a_word_and_says_what_follows() -> None:
    for colour, words in (
        ("red", "can't be used"),
        ("amber", "stamped on every result"),
        ("clear", "Nothing leaks"),
    ):
        text = _read(build_findings({"colour": colour, "findings": [], "counts": COUNTS}))
        assert words in text


def test_findings_of_one_kind_are_folded_and_all_of_them_are_there() -> None:
    same = [_finding("amber", "shared_bearing", f"Bearing {n} is in both.") for n in range(5)]
    other = [_finding("note", "one_machine", "One machine only.")]
    tree = build_findings({"colour": "amber", "findings": [*same, *other], "counts": COUNTS})
    text = _read(tree)
    assert all(f"Bearing {n} is in both." in text for n in range(5))
    assert "and 4 more like this" in text
    assert sum("note-warning" in (getattr(c, "className", "") or "") for c in walk(tree)) == 1


def test_a_class_without_recordings_in_a_part_counts_zero() -> None:
    tree = build_findings({"colour": "clear", "findings": [], "counts": COUNTS})
    rows = [c for c in walk(tree) if c._type == "Tr"][1:]
    cells = {_read(row.children[0]): [cell.children for cell in row.children[1:]] for row in rows}
    assert cells == {"ball": ["4", "3"], "healthy": ["2", "0"]}


SPLIT = {
    "split_id": 4,
    "dataset_id": 1,
    "name": "by-load",
    "colour": "amber",
    "by": "load",
    "test_values": ["2"],
    "channel": None,
    "seed": 0,
    "version": 1,
    "counts": COUNTS,
    "accepted_reason": "As published.",
    "carried_from": None,
    "created_at": "2026-03-01T00:00:00.000Z",
}


def test_a_rule_is_told_as_a_sentence() -> None:
    split = {**SPLIT, "channel": "DE", "seed": 3, "version": 2}
    assert describe_rule(split) == "By load, tested on 2, channel DE, seed 3; version 2"
    carried = {"split_id": 1, "version": 1, "n_new": 0, "n_gone": 0}
    assert describe_rule({**split, "carried_from": carried}).endswith("carried over from version 1")


def test_the_reason_of_an_accepted_split_is_shown() -> None:
    assert "Accepted: As published." in _read(build_split_list([SPLIT]))
    assert "No splits yet" in _read(build_split_list([]))


def test_only_a_split_of_an_older_version_can_be_carried_over_and_only_once() -> None:
    newer = {**SPLIT, "split_id": 5, "version": 2}
    for options, n_offered in (
        ({}, 0),
        ({"carry_to": 1}, 0),
        ({"carry_to": 2}, 1),
        ({"carry_to": 3}, 2),
        ({"carry_to": 3, "carried": {4}}, 1),
    ):
        text = _read(build_split_list([newer, SPLIT], **options))
        assert text.count("Carry over to version") == n_offered, options


def test_what_does_not_come_along_is_told() -> None:
    carried = {"split_id": 4, "version": 1, "n_new": 1, "n_gone": 0}
    assert describe_difference({**carried, "n_new": 0}) == "Every recording keeps its part."
    assert "1 labelled signal came since version 1" in describe_difference(carried)
    assert "2 signals of the split" in describe_difference({**carried, "n_gone": 2})
