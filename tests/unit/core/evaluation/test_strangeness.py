"""The open-set rule that a classifier keeps: what it chooses, when there is none, and that it travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.open_set import choose_threshold
from core.evaluation.strangeness import NOTHING_SAID, RulePart, StrangenessRule, Traits, join_traits
from core.evaluation.strangeness_fit import Example, choose_parts, fit_rule, refuse

NAMES = ("a", "b", "c")
PLACES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])


def make_examples(n: int, seed: int, *, shares: bool = False, far: bool = True) -> list[Example]:
    """Return recordings whose floor numbers lie in three places; the general features tell nothing."""
    random = np.random.default_rng(seed)
    found = []
    for index in np.repeat(range(3), n):
        said = np.full(3, 0.05)
        said[index] = 0.9
        found.append(
            Example(
                int(index),
                Traits(
                    said[None],
                    general=random.normal(size=(4, 3)),
                    floor=random.normal(size=(2, 2)) + (PLACES[index] if far else 0.0),
                    shares=dict(zip(NAMES, said, strict=True)) if shares else None,
                ),
            )
        )
    return found


def test_the_distance_that_finds_held_out_classes_is_kept_with_a_threshold_of_validation() -> None:
    train, validation = make_examples(30, 0), make_examples(20, 1)
    rule = fit_rule(train, validation, NAMES, 1.5)
    assert [part.score for part in rule.parts] == ["floor_distance"]
    part = rule.parts[0]
    assert (part.n_known, part.mean_auroc, part.mean_rejection) == (60, 1.0, 1.0)
    known = [rule.measure(each.traits, NAMES) for each in validation]
    values = np.array([found[1] for found in known if found])
    threshold = choose_threshold(values, 0.05)
    assert threshold is not None and part.threshold == threshold.value
    assert np.mean(values > part.threshold) <= 0.05
    strange = replace(train[0].traits, floor=np.full((2, 2), 9.0))
    measured = rule.measure(strange, NAMES)
    assert measured is not None and measured[1] > part.threshold


def test_where_evidence_was_read_its_doubt_may_lead_and_the_distance_stands_in_without_it() -> None:
    rule = fit_rule(make_examples(30, 0, shares=True), make_examples(20, 1, shares=True), NAMES, 1.5)
    assert [part.score for part in rule.parts] == ["fused_doubt", "floor_distance"]
    traits = make_examples(1, 2, shares=True)[0].traits
    first = rule.measure(traits, NAMES)
    assert first is not None and first[0].score == "fused_doubt"
    assert first[1] == pytest.approx(1 - 0.9 * 0.9)
    blind = rule.measure(replace(traits, shares=None), NAMES)
    assert blind is not None and blind[0].score == "floor_distance"
    assert rule.measure(Traits(traits.window_probabilities), NAMES) is None
    own_class = rule.measure(replace(traits, shares={"d": 1.0}), NAMES)
    assert own_class is not None and own_class[0].score == "floor_distance"


def test_what_tells_nothing_is_not_kept_and_the_reason_is() -> None:
    rule = fit_rule(make_examples(30, 0, far=False), make_examples(20, 1, far=False), NAMES, 1.5)
    assert rule.parts == () or rule.parts[0].mean_rejection > 0.05
    same = [
        replace(each, traits=replace(each.traits, general=None, floor=None)) for each in make_examples(20, 1)
    ]
    silent = fit_rule(same, same, NAMES, 0.0)
    assert silent.parts == ()
    assert "no score" in silent.missing


def test_few_recordings_or_classes_keep_the_reason_alone() -> None:
    assert "18 validation recordings are too few" in refuse(18, 3)
    assert "three classes" in refuse(100, 2)
    assert refuse(19, 3) == ""
    rule = fit_rule(make_examples(3, 0), make_examples(6, 1), NAMES, 1.0)
    assert rule.parts == () and "18 validation recordings" in rule.missing


def test_a_part_whose_threshold_can_promise_nothing_is_left_out() -> None:
    ranked = [
        {"score": "fused_doubt", "mean_auroc": 1.0, "mean_rejection": 1.0},
        {"score": "evidence_doubt", "mean_auroc": 0.9, "mean_rejection": 1.0},
        {"score": "entropy", "mean_auroc": 0.8, "mean_rejection": 0.5},
        {"score": "margin", "mean_auroc": 0.7, "mean_rejection": 0.5},
    ]
    known: Mapping[str, np.ndarray] = {"fused_doubt": np.arange(40.0), "entropy": np.arange(30.0)}
    assert [part.score for part in choose_parts(ranked, known.get, 0.05)] == ["fused_doubt", "entropy"]
    assert [part.score for part in choose_parts(ranked, {"entropy": np.arange(30.0)}.get, 0.05)] == [
        "entropy"
    ]
    assert choose_parts(ranked, {"entropy": np.arange(9.0)}.get, 0.05) == ()


def test_forgetting_a_class_is_as_if_nobody_had_thought_of_it() -> None:
    traits = Traits(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), shares={"a": 0.6, "b": 0.1, "c": 0.3})
    left = traits.forget(0, NAMES)
    np.testing.assert_allclose(left.window_probabilities, [[0.6, 0.4], [0.5, 0.5]])
    assert left.shares == pytest.approx({"b": 0.25, "c": 0.75})


def test_signals_of_a_recording_are_joined_and_what_one_lacks_the_whole_does() -> None:
    one = Traits(np.ones((2, 3)) / 3, np.zeros((2, 4)), np.zeros((1, 5)), {"a": 0.2, "b": 0.8})
    both = join_traits([one, replace(one, floor=None, shares={"a": 0.4, "b": 0.6})])
    assert both.window_probabilities.shape == (4, 3)
    assert both.general is not None and both.general.shape == (4, 4)
    assert both.floor is None
    assert both.shares == pytest.approx({"a": 0.3, "b": 0.7})
    assert join_traits([one, replace(one, shares=None)]).shares is None


def test_a_rule_comes_back_as_it_was_kept() -> None:
    rule = fit_rule(make_examples(30, 0, shares=True), make_examples(20, 1, shares=True), NAMES, 1.5)
    again = StrangenessRule.from_kept(rule.to_kept())
    assert again.parts == rule.parts and again.stretch_s == 1.5
    traits = replace(make_examples(1, 5)[0].traits, shares=None)
    assert again.measure(traits, NAMES) == rule.measure(traits, NAMES)
    empty = StrangenessRule((), {}, 0.05, missing="too few")
    assert StrangenessRule.from_kept(empty.to_kept()) == empty
    assert NOTHING_SAID.size == 0
    assert RulePart("fused_doubt", 0.5).needs_evidence and not RulePart("entropy", 0.5).needs_evidence
