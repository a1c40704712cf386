"""Every option that a network offers reaches its training: it changes the result, or is seen at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.networks.registry import get_network_spec
from core.training.classifier import Classifier
from core.training.run import TrainingOutcome, train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import OPTIONS, make_part

NAMES = ("healthy", "low tone", "high tone")
BASE = {**OPTIONS, "epochs": 3, "batch_size": 16, "hop_s": 0.1}

# Option: another value that must change the weights, and what else has to be set for both runs.
CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "epochs": (4, {}),
    "batch_size": (8, {}),
    "optimiser": ("adam", {"weight_decay": 0.1}),
    "learning_rate": (0.01, {}),
    "momentum": (0.5, {"optimiser": "sgd"}),
    "weight_decay": (0.5, {}),
    "gradient_clip": (0.01, {"optimiser": "sgd"}),
    "class_weights": ("none", {}),
    "label_smoothing": (0.2, {}),
    "ema_decay": (0.9, {}),
    "schedule": ("linear", {}),
    "warm_up_share": (0.5, {}),
    "final_rate_share": (0.5, {}),
    "plateau_factor": (0.5, {"plateau_patience": 1, "minimum_gain": 1.0}),
    "plateau_patience": (1, {"plateau_factor": 0.1, "minimum_gain": 1.0}),
    "time_shift": (0.2, {}),
    "path_variation": (0.0, {}),
    "rate_variation": (0.1, {}),
    "gain_drift_db": (6.0, {}),
    "white_noise_share": (1.0, {}),
    "pink_noise_share": (1.0, {}),
    "mains_noise_share": (1.0, {}),
    "tone_share": (1.0, {}),
    "snr_low_db": (-10.0, {"white_noise_share": 1.0}),
    "snr_high_db": (50.0, {"white_noise_share": 1.0}),
    "segment_dropout": (0.5, {}),
    "healthy_mixing": (1.0, {}),
    "healthy_mixing_lowest": (0.9, {"healthy_mixing": 1.0}),
    "mixup": (0.4, {}),
    "window_s": (0.2, {}),
    "hop_s": (0.05, {}),
    "analysis_rate_hz": (800.0, {}),
    "n_filters": (8, {}),
    "hidden_size": (8, {}),
    "dropout": (0.5, {}),
}
# Options that say when a training ends, where it runs or what it does on a GPU: each has a test below.
SEEN_AT_WORK = {
    "patience", "minimum_gain", "best_by", "divergence_retries", "fine_tune", "device", "mixed_precision",
    "deterministic",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(folder: Path, hooks: Any = None, parent: Classifier | None = None, **own: Any) -> TrainingOutcome:
    part = [*make_part(range(3)), *make_part(range(6, 7))[:1]]  # more of one class
    return train_classifier(
        "cnn_lstm", {**BASE, **own}, part, make_part(range(4, 6)), NAMES,
        seed=3, run_folder=folder, hooks=hooks or RecordingHooks(), parent=parent,
    )  # fmt: skip


def read_weights(outcome: TrainingOutcome) -> dict[str, np.ndarray]:
    assert outcome.classifier_folder is not None
    return Classifier.load(outcome.classifier_folder).model.to_arrays()


def are_equal(left: TrainingOutcome, right: TrainingOutcome) -> bool:
    """Whether neither the kept weights nor the way to them differ."""
    ours, theirs = read_weights(left), read_weights(right)
    losses = [[row["train_loss"] for row in outcome.history] for outcome in (left, right)]
    same_weights = ours.keys() == theirs.keys() and all(
        np.array_equal(ours[name], theirs[name]) for name in ours
    )
    return same_weights and losses[0] == losses[1]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrainingOutcome]:
    """Trainings to compare with, by what they set beside the base; each is run once."""
    torch.set_num_threads(1)
    settings = {str(beside): beside for _, beside in CHANGES.values()}
    return {key: train(tmp_path_factory.mktemp("plain"), **beside) for key, beside in settings.items()}


def test_every_option_of_the_network_has_a_test_here() -> None:
    offered = {option.name for option in get_network_spec("cnn_lstm").options}
    assert offered == CHANGES.keys() | SEEN_AT_WORK


@pytest.mark.parametrize("name", list(CHANGES))
def test_another_value_changes_what_is_learned(
    name: str, plain: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    value, beside = CHANGES[name]
    changed = train(tmp_path, **{**beside, name: value})
    assert not are_equal(plain[str(beside)], changed)


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd", "rmsprop"])
def test_every_optimiser_makes_the_loss_smaller(optimiser: str, tmp_path: Path) -> None:
    rate = 0.05 if optimiser == "sgd" else 0.01
    outcome = train(tmp_path, optimiser=optimiser, learning_rate=rate, epochs=8, path_variation=0.0)
    assert outcome.history[-1]["train_loss"] < 0.9 * outcome.history[0]["train_loss"]


@pytest.mark.parametrize("kind", ["linear", "step", "constant"])
def test_a_schedule_is_what_the_history_shows(kind: str, tmp_path: Path) -> None:
    outcome = train(tmp_path, schedule=kind, epochs=4, learning_rate=0.001)
    rates = [row["learning_rate"] for row in outcome.history]
    if kind == "constant":
        assert rates == [0.001] * 4
    elif kind == "step":
        assert rates == pytest.approx([0.001, 0.001, 0.0001, 0.00001])
    else:
        assert np.diff(rates) == pytest.approx([rates[1] - rates[0]] * 3) and rates[3] < 0.0001


def test_patience_ends_a_training_that_gains_too_little(tmp_path: Path) -> None:
    outcome = train(tmp_path, patience=2, minimum_gain=1.0, epochs=9)
    assert (outcome.best_epoch, outcome.epochs_run) == (1, 3)


def test_the_best_epoch_is_chosen_by_the_number_asked_for(tmp_path: Path) -> None:
    by = {
        name: train(tmp_path / name, best_by=name, epochs=8, learning_rate=0.05, label_smoothing=0.3)
        for name in ("loss", "macro_f1")
    }
    history = by["loss"].history
    losses = [row["validation_loss"] for row in history]
    scores = [
        np.mean([each or 0.0 for each in row["validation_window_class_f1"].values()]) for row in history
    ]
    assert by["loss"].best_epoch == int(np.argmin(losses)) + 1
    assert by["macro_f1"].best_epoch == int(np.argmax(scores)) + 1
    assert by["loss"].best_epoch != by["macro_f1"].best_epoch


def test_f1_is_told_per_class_and_agrees_with_the_classifier(tmp_path: Path) -> None:
    outcome = train(tmp_path, epochs=2)
    told = outcome.history[outcome.best_epoch - 1]["validation_window_class_f1"]
    classifier = Classifier.load(outcome.classifier_folder)
    called, targets = [], []
    for item in make_part(range(4, 6)):
        found = classifier.predict(item.load(), 1000.0).window_probabilities.argmax(axis=1)
        called.extend(found.tolist())
        targets.extend([item.class_index] * len(found))
    for index, name in enumerate(NAMES):
        both = sum(a == b == index for a, b in zip(called, targets, strict=True))
        expected = 2 * both / (called.count(index) + targets.count(index))
        assert told[name] == pytest.approx(expected)


def test_on_a_cpu_mixed_precision_is_left_out_and_the_log_says_so(tmp_path: Path) -> None:
    hooks = RecordingHooks()
    mixed = train(tmp_path / "mixed", hooks, mixed_precision=True, device="cpu", epochs=1)
    assert any("mixed_precision needs a GPU" in message for message in hooks.messages)
    assert are_equal(mixed, train(tmp_path / "single", device="cpu", epochs=1))


def test_a_gpu_is_taken_where_there_is_one_unless_the_cpu_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.training.learner import choose_device

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert [choose_device(wanted).type for wanted in ("auto", "cpu")] == ["cuda", "cpu"]
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("auto").type == "cpu"


class WatchingHooks(RecordingHooks):
    """Notes whether torch was asked for deterministic algorithms."""

    seen: bool | None = None

    def on_batch(self, progress: float) -> None:
        self.seen = torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("wanted", [True, False])
def test_deterministic_algorithms_are_asked_for_while_training_only(wanted: bool, tmp_path: Path) -> None:
    hooks = WatchingHooks()
    before = torch.are_deterministic_algorithms_enabled()
    train(tmp_path, hooks, deterministic=wanted, epochs=1)
    assert hooks.seen is wanted
    assert torch.are_deterministic_algorithms_enabled() is before


def test_fine_tuning_begins_where_the_parent_ended(tmp_path: Path) -> None:
    parent = Classifier.load(train(tmp_path / "parent", epochs=6, learning_rate=0.01).classifier_folder)
    hooks = RecordingHooks()
    begun = train(tmp_path / "begun", hooks, parent, epochs=1, learning_rate=1e-7)
    before, after = parent.model.to_arrays(), read_weights(begun)
    assert all(
        np.allclose(before[name], after[name], atol=1e-5) for name in before if "normalisation" not in name
    )
    assert any("arrays of classifier" in message for message in hooks.messages)
    card = Classifier.load(begun.classifier_folder)
    assert card.origin["parent_weights_sha256"] and parent.origin["parent_weights_sha256"] is None


def test_fine_tuning_the_head_leaves_the_rest_alone(tmp_path: Path) -> None:
    parent = Classifier.load(train(tmp_path / "parent").classifier_folder)
    tuned = read_weights(train(tmp_path / "tuned", parent=parent, fine_tune="head", learning_rate=0.05))
    changed = {
        name for name, array in parent.model.to_arrays().items() if not np.array_equal(array, tuned[name])
    }
    assert changed == {"head.weight", "head.bias"}
