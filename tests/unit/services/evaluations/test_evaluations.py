"""Which recordings a sweep takes, and how its settings are read."""

from __future__ import annotations

import pytest

from core.training.signals import LabelledSignal
from services.evaluations.choices import list_choices, word_choices
from services.evaluations.kinds import EvaluationKind, hash_config, is_kept, parse_config
from services.evaluations.works import choose_recordings
from utils.exceptions import InvalidInputError


def make_signals(counts: tuple[int, ...]) -> list[LabelledSignal]:
    return [
        LabelledSignal(f"{label}-{number}-{channel}", f"{label}-{number}", channel, label, 1000.0, None, list)  # type: ignore[arg-type]
        for label, count in enumerate(counts)
        for number in range(count)
        for channel in ("DE", "FE")
    ]


def test_recordings_are_drawn_by_class_in_turn_with_all_their_channels() -> None:
    signals = make_signals((20, 3, 1))
    chosen = choose_recordings(signals, 7, seed=1)
    recordings = {(signal.class_index, signal.recording_id) for signal in chosen}
    assert [sum(label == index for label, _ in recordings) for index in range(3)] == [3, 3, 1]
    assert len(chosen) == 14
    assert [signal.signal_sha256 for signal in chosen] == [
        signal.signal_sha256 for signal in signals if signal in chosen
    ]
    assert choose_recordings(signals, 7, seed=1) == chosen
    assert choose_recordings(signals, 7, seed=2) != chosen
    assert choose_recordings(signals, None, seed=1) == choose_recordings(signals, 24, seed=1) == signals


def test_settings_may_come_as_texts_and_make_the_same_question() -> None:
    typed = parse_config(EvaluationKind.ROBUSTNESS, {"noise_levels": [20, 5], "noise_types": ["white"]})
    texts = parse_config(EvaluationKind.ROBUSTNESS, {"noise_levels": "20, 5", "noise_types": "white"})
    assert typed == texts
    assert hash_config(typed) == hash_config(texts)
    assert typed["seed"] == 0
    assert hash_config(typed) != hash_config({**typed, "seed": 1})


@pytest.mark.parametrize("value", [{}, [], None, "1,x", [float("nan")], [1e9], list(range(30))])
def test_levels_that_are_none_are_refused(value: object) -> None:
    if value is None:
        assert parse_config(EvaluationKind.ROBUSTNESS, {"noise_levels": None})["noise_levels"][0] == 20.0
        return
    with pytest.raises(InvalidInputError, match="noise_levels"):
        parse_config(EvaluationKind.ROBUSTNESS, {"noise_levels": value})


def test_what_validation_chose_of_a_classifier_is_named() -> None:
    assert list_choices("cnn1d") == ["the epoch"]
    assert list_choices("gradient_boosting") == ["the number of rounds"]
    assert list_choices("minirocket") == ["the ridge penalty"]
    assert list_choices("random_forest") == list_choices("svm") == []
    assert word_choices(["the epoch"]) == "the epoch"
    assert word_choices(["the epoch", "the temperature"]) == "the epoch and the temperature"


@pytest.mark.parametrize(
    ("kind", "config", "kept"),
    [
        ("roc", {}, True),
        ("roc", {"part": "validation"}, True),
        ("roc", {"seed": 7}, False),
        ("roc", {"n_bootstrap": 1001}, False),
        ("errors", {}, True),
        ("conformal", {"coverage": 0.95}, True),
        ("conformal", {"coverage": "0.99", "part": "test_snr5"}, True),
        ("conformal", {"coverage": 0.9001}, False),
    ],
)
def test_only_usual_questions_are_stored(kind: str, config: dict[str, object], kept: bool) -> None:
    known = EvaluationKind(kind)
    assert is_kept(known, parse_config(known, config)) is kept
