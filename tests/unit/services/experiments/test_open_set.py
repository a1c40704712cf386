"""Which open-set rule a diagnosis follows, and what it says where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.evaluation.open_set import FeatureReference
from core.evaluation.strangeness import RulePart, StrangenessRule
from core.training.classifier import Classifier, Prediction
from core.training.kept_rule import KeptRule
from core.training.preprocessing import Preprocessing
from models.evaluation import Evaluation
from services.experiments.given import GivenSignal
from services.experiments.open_set import Strangeness, follow_rule

NAMES = ("healthy", "ball", "inner_race")
SHARES = np.array([0.1, 0.8, 0.1])
GIVEN = GivenSignal("a.mat", np.random.default_rng(0).normal(size=2000).astype(np.float32), 1000.0)
PREDICTION = Prediction(SHARES[None], np.zeros(1), SHARES, 1, [], SHARES[None], SHARES)
RULE = StrangenessRule(
    (RulePart("fused_doubt", 0.5, 40, 0.99, 0.9), RulePart("entropy", 0.2, 40, 0.8, 0.3)), {}, 0.05
)


def follow(kept: KeptRule | None, applied: Evaluation | None = None, **rest: Any) -> Strangeness:
    classifier = Classifier(
        "random_forest", {}, Preprocessing(1000.0, 1.0, 1.0), NAMES, {}, object(), strangeness=kept
    )  # type: ignore[arg-type]  # no model is asked
    return follow_rule(applied, GIVEN, PREDICTION, classifier, **rest)


@pytest.mark.parametrize(("share", "rejected"), [(0.9, False), (0.3, True)])
def test_the_rule_kept_at_training_judges_with_the_evidence(share: float, rejected: bool) -> None:
    found = follow(RULE.to_kept(), shares={"ball": share})
    assert (found.is_rejected, found.needs_evidence) == (rejected, True)
    assert found.found is not None
    assert found.found["value"] == pytest.approx(1 - 0.8 * share)
    assert (found.found["score"], found.found["source"]) == ("fused_doubt", "training")
    assert ("passes the threshold 0.5" in found.sentence) is rejected
    assert "40 validation recordings" in found.sentence and "kept at training" in found.sentence


def test_without_evidence_the_next_score_judges() -> None:
    found = follow(RULE.to_kept())
    assert found.found is not None and found.found["score"] == "entropy"
    assert found.is_rejected and not found.needs_evidence


def test_a_classifier_from_before_rules_were_kept_says_so_and_rejects_nothing() -> None:
    found = follow(None, shares={"ball": 0.01})
    assert not found.is_rejected and found.found is None
    assert "before open-set rules were kept" in found.sentence
    few = follow(StrangenessRule((), {}, 0.05, missing="9 validation recordings are too few").to_kept())
    assert few.found is None and "9 validation recordings are too few" in few.sentence
    unread = StrangenessRule((RulePart("fused_doubt", 0.5),), {}, 0.05)
    assert "can't be measured" in follow(unread.to_kept()).sentence


def test_a_rule_that_was_put_to_use_comes_first_also_in_the_form_of_before() -> None:
    older = {"chosen": "margin", "threshold": 0.1, "reference": None}
    found = follow(RULE.to_kept(), Evaluation(results=older), shares={"ball": 0.9})
    assert found.found is not None
    assert (found.found["score"], found.found["source"]) == ("margin", "evaluation")
    reference = FeatureReference(NAMES, np.zeros((3, 42)), np.eye(42))
    distance = {"chosen": "feature_distance", "threshold": 1.0, "reference": reference.to_dict()}
    assert follow(None, Evaluation(results=distance)).is_rejected
