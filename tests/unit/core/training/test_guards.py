"""Guards: early ends, plateaus, divergence, and trainings that learn nothing."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from core.networks.registry import validate_options
from core.training.hooks import EpochRecord
from core.training.plan import TrainingPlan
from core.training.preprocessing import Preprocessing
from core.training.progress import Guards, Progress
from utils.exceptions import ErrorCode, InvalidInputError


def make_guards(**options: Any) -> tuple[Guards, Progress, list[tuple[str, str]]]:
    complete = validate_options("lstm", {"epochs": 50, **options})
    plan = TrainingPlan("lstm", complete, Preprocessing(1000.0, 0.1, 0.1), ("a", "b", "c"), 7, Path(), "")
    progress, told = Progress(), []
    return Guards(plan, progress, lambda text, level: told.append((level, text))), progress, told


def make_record(epoch: int, train_loss: float = 0.5) -> EpochRecord:
    return EpochRecord(epoch, train_loss, None, 0.5, None, None, 0.1, 1.0, 1.0)


def run(guards: Guards, progress: Progress, losses: list[float], **found: float) -> list[bool]:
    judged = []
    for loss in losses:
        validation = {"loss": loss, "window_macro_f1": 0.9, **found}
        judged.append(guards.judge_epoch(make_record(progress.epoch), validation))
        progress.begin_epoch(progress.epoch + 1)
    return judged


def test_an_epoch_is_better_only_by_more_than_the_gain_asked_for() -> None:
    guards, progress, _ = make_guards(minimum_gain=0.1, patience=3)
    assert run(guards, progress, [1.0, 0.95, 0.85, 0.8]) == [True, False, True, False]
    assert (progress.best_epoch, progress.n_stale, progress.finished) == (3, 1, False)
    run(guards, progress, [0.8, 0.8])
    assert progress.finished


def test_macro_f1_is_better_when_it_is_higher() -> None:
    guards, progress, _ = make_guards(best_by="macro_f1")
    for epoch, score in enumerate((0.2, 0.6, 0.4), start=1):
        guards.judge_epoch(make_record(epoch), {"loss": 1.0, "window_macro_f1": score})
    assert progress.best_epoch == 2


def test_on_a_plateau_the_rate_falls_and_the_count_begins_anew() -> None:
    guards, progress, told = make_guards(plateau_factor=0.5, plateau_patience=2, patience=40)
    factors = []
    for loss in (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.6, 0.6):
        run(guards, progress, [loss])
        factors.append(progress.rate_factor)
    assert factors == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    assert [level for level, text in told if "learning rate" in text] == ["info"] * 3


def test_without_a_factor_a_plateau_changes_nothing() -> None:
    guards, progress, _ = make_guards(plateau_patience=1)
    run(guards, progress, [1.0] * 9)
    assert progress.rate_factor == 1.0


@pytest.mark.parametrize(
    ("loss", "f1", "warns"),
    [(math.log(3), 0.17, True), (0.5, 0.17, False), (math.log(3), 0.8, False)],
)
def test_a_training_that_learns_nothing_is_warned_of_once(loss: float, f1: float, warns: bool) -> None:
    guards, _, told = make_guards(patience=40)
    for epoch in range(1, 12):
        guards.judge_epoch(make_record(epoch, loss), {"loss": 1.0, "window_macro_f1": f1})
    assert [text for level, text in told if level == "warning" and "guessing" in text] == [
        text for _, text in told if "guessing" in text
    ]
    assert sum("guessing" in text for _, text in told) == warns


def test_a_divergence_goes_back_a_tenth_at_a_time_and_then_fails_with_advice() -> None:
    guards, progress, told = make_guards(divergence_retries=2)
    run(guards, progress, [1.0])
    progress.position, progress.loss_sum = 5, 3.0
    seeds = [guards.retreat(), guards.retreat()]
    assert len(set(seeds)) == 2
    assert (progress.epoch, progress.position, progress.loss_sum) == (2, 0, 0.0)
    assert progress.rate_factor == pytest.approx(0.01)
    assert [level for level, _ in told] == ["warning", "warning"] and "epoch 1" in told[0][1]
    with pytest.raises(InvalidInputError, match="learning_rate") as caught:
        guards.retreat()
    assert caught.value.code is ErrorCode.TRAINING_DIVERGED


def test_progress_is_plain_values() -> None:
    assert Progress(**asdict(Progress(epoch=3, history=[{"epoch": 1}]))) == Progress(
        epoch=3, history=[{"epoch": 1}]
    )
