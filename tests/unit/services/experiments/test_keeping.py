"""The last step of a training: it tells what it does, obeys, and costs no classifier where it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.evaluation import keeping as core_keeping
from core.evaluation.strangeness import StrangenessRule
from core.training.calibration import Calibration, LevelCalibration
from core.training.classifier import Classifier
from core.training.preprocessing import Preprocessing
from models.job import JobCommand
from services.experiments.keeping import keep_rules_of
from services.jobs.runner import JobHandle, JobYieldedError
from utils.exceptions import JobCancelledError, LeaseLostError, ServiceUnavailableError

NAMES = ["healthy", "ball", "inner_race"]
LEVEL = LevelCalibration(None, None, 30, 0, "fitted")
CLASSIFIER = Classifier(
    "random_forest", {}, Preprocessing(1000.0, 1.0, 1.0), tuple(NAMES), {}, object(),
    calibration=Calibration(LEVEL, LEVEL),
)  # type: ignore[arg-type]  # no model is asked  # fmt: skip
RUN: Any = SimpleNamespace(rows=[], experiment=SimpleNamespace(id=7, class_names=NAMES))


class Handle:
    """Notes what is reported; its commands are those of a job's."""

    job_id = 3

    def __init__(self, command: str = "continue") -> None:
        self.said: list[tuple[float, str | None]] = []
        self._command = command

    def command(self) -> str:
        return self._command

    def report(self, progress: float, text: str | None = None) -> None:
        self.said.append((progress, text))

    raise_if_interrupted = JobHandle.raise_if_interrupted


def keep(
    monkeypatch: pytest.MonkeyPatch, handle: Handle, step: Callable[[Callable[[str], None]], Any]
) -> Classifier:
    def keep_rules(classifier: Classifier, *_: Any, on_signal: Callable[[str], None]) -> Classifier:
        step(on_signal)
        return classifier

    monkeypatch.setattr(core_keeping, "keep_rules", keep_rules)
    return keep_rules_of(RUN, CLASSIFIER, None, handle, 0.95)  # type: ignore[arg-type]  # as far as it is used


def fail(error: Exception) -> Callable[[Any], Any]:
    def step(_: Any) -> None:
        raise error

    return step


@pytest.mark.parametrize("error", [ValueError("no such column"), MemoryError()])
def test_what_fails_costs_the_rule_and_not_the_classifier(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with caplog.at_level(logging.ERROR):
        kept = keep(monkeypatch, Handle(), fail(error))
    assert kept.model is CLASSIFIER.model
    assert kept.strangeness is not None and kept.calibration is not None
    rule = StrangenessRule.from_kept(kept.strangeness)
    assert rule.parts == ()
    pooled = kept.calibration.pooled
    assert pooled is not None and pooled.temperature is None
    assert kept.calibration.recording == LEVEL
    (record,) = [each for each in caplog.records if each.exc_info and each.exc_info[1] is error]
    assert (record.job_id, record.experiment_id) == (3, 7)  # type: ignore[attr-defined]  # its context
    reference_id = record.reference_id  # type: ignore[attr-defined]
    assert reference_id in rule.missing and reference_id in pooled.sentence


@pytest.mark.parametrize(
    "kind", [JobCancelledError, LeaseLostError, JobYieldedError, ServiceUnavailableError]
)
def test_interrupts_and_passing_faults_are_no_failures(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        keep(monkeypatch, Handle(), fail(kind("on its way out")))


@pytest.mark.parametrize(
    ("command", "kind"), [(JobCommand.YIELD, JobYieldedError), (JobCommand.CANCEL, JobCancelledError)]
)
def test_it_leaves_at_once_when_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch, command: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        keep(monkeypatch, Handle(command), lambda on_signal: on_signal("signal 1 of 2"))


def test_it_says_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle()
    keep(monkeypatch, handle, lambda on_signal: on_signal("signal 1 of 2"))
    assert handle.said == [(0.95, "learning what is unknown: signal 1 of 2")]
