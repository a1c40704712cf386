from __future__ import annotations

import shlex
from typing import Any

from layouts.components import experiment_settings as settings
from tests.unit.layouts.tree import find_text

SPEC = {
    "name": "cnn_lstm",
    "options": [
        {"name": "epochs", "default": 20, "help": "Passes."},
        {"name": "hop_s", "default": None, "help": "Step."},
        {"name": "deterministic", "default": True, "help": "Same again."},
    ],
}


def make_experiment(**options: Any) -> dict[str, Any]:
    return {
        "dataset": "CWRU's",
        "split": "by load, test 2",
        "network": "cnn_lstm",
        "channel": "DE",
        "seed": 3,
        "options": {"epochs": 20, "hop_s": None, "deterministic": True, **options},
    }


def test_only_what_differs_from_the_default_is_changed() -> None:
    assert settings.list_changed(make_experiment(), SPEC) == []
    changed = settings.list_changed(make_experiment(epochs=5, deterministic=False), SPEC)
    assert changed == ["epochs", "deterministic"]


def test_an_option_of_an_earlier_version_is_shown_all_the_same() -> None:
    text = find_text(settings.build_options(make_experiment(momentum=0.5), SPEC))
    assert "1 option of 4 not at the default" in text
    assert "Momentum" in text


def test_the_command_survives_a_shell() -> None:
    experiment = make_experiment(epochs=5, deterministic=False)
    words = shlex.split(settings.write_command(experiment, ["epochs", "deterministic"]))
    assert words[words.index("--dataset") + 1] == "CWRU's"
    assert words[words.index("--split") + 1] == "by load, test 2"
    assert [words[index + 1] for index, word in enumerate(words) if word == "--option"] == [
        "epochs=5",
        "deterministic=false",
    ]
    assert words[-2:] == ["--seeds", "3"]


def test_what_is_worked_out_is_not_part_of_the_command() -> None:
    command = settings.write_command(make_experiment(), ["hop_s"])
    assert "hop_s" not in command
