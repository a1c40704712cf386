from __future__ import annotations

from typing import Any

import pytest

from layouts.components import experiment_monitor as monitor
from tests.unit.layouts.tree import find_text


@pytest.mark.parametrize(
    ("status", "command", "can"),
    [
        ("queued", None, [True, False, True, True]),
        ("running", None, [True, False, True, True]),
        ("paused", None, [False, True, True, True]),
        ("running", "pause", [False, True, True, True]),
        ("running", "stop", [False, False, False, True]),
        ("running", "cancel", [False, False, False, False]),
    ],
)
def test_only_what_can_work_now_can_be_asked(status: str, command: str | None, can: list[bool]) -> None:
    controls = monitor.describe_controls(status, command, may_write=True)
    assert [not disabled for disabled, _ in controls] == can
    assert all(bool(reason) == disabled for disabled, reason in controls)


def test_a_viewer_may_ask_nothing_and_is_told_why() -> None:
    controls = monitor.describe_controls("running", None, may_write=False)
    assert all(disabled and "role" in str(reason) for disabled, reason in controls)


def make_message(text: str, level: str = "info", epoch: int | None = None) -> dict[str, Any]:
    return {
        "message_id": 1,
        "epoch": epoch,
        "level": level,
        "text": text,
        "created_at": "2026-03-01T10:20:30+00:00",
    }


def test_the_log_is_read_from_the_newest_line_on() -> None:
    log = find_text(monitor.build_log([make_message("First"), make_message("Last", epoch=7)], "all", "done"))
    assert log.index("Last") < log.index("First")
    assert "10:20:30" in log
    assert "epoch 7" in log


def test_a_warning_is_one_also_without_its_colour() -> None:
    messages = [make_message("Ordinary"), make_message("Loss is odd", "warning")]
    warnings = find_text(monitor.build_log(messages, "warning", "running"))
    assert "Warning: Loss is odd" in " ".join(warnings.split())
    assert "Ordinary" not in warnings


@pytest.mark.parametrize(
    ("messages", "level", "status", "word"),
    [
        ([make_message("x")], "warning", "done", "No warnings"),
        ([], "all", "running", "yet"),
        ([], "all", "failed", "stands above"),
        ([], "all", "done", "out of the ordinary"),
    ],
)
def test_an_empty_log_says_why(messages: list[Any], level: str, status: str, word: str) -> None:
    assert word in find_text(monitor.build_log(messages, level, status))


def test_of_very_many_epochs_the_newest_are_listed_and_the_others_not_forgotten() -> None:
    history = [{"epoch": epoch, "train_loss": 1.0} for epoch in range(1, 251)]
    text = find_text(monitor.build_epochs(history, "Epoch", None))
    assert "200 of 250" in text
    assert " 51 " in f" {' '.join(text.split())} "
    assert " 50 " not in f" {' '.join(text.split())} "


def test_nonsense_in_the_address_leaves_the_usual_curves() -> None:
    assert find_text(monitor.build_monitor("x", "<b>", "-1")) == find_text(
        monitor.build_monitor("epoch", "linear", "0")
    )
