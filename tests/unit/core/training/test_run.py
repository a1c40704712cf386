"""Trainings end to end on tiny signals: deterministic, obedient, resumable."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.networks.registry import build_network, get_network_spec
from core.training import watch
from core.training.checkpoints import CURRENT_NAME, PREVIOUS_NAME
from core.training.classifier import Classifier
from core.training.hooks import Command, EpochRecord
from core.training.run import TrainingOutcome, train_classifier
from core.training.schedule import Schedule
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, OPTIONS, make_part, make_signal
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, JobCancelledError, LstmPfdError

# One of each kind; what holds for every network of the registry is tested beside it.
NAMES = ["random_forest", "cnn_lstm", "lstm"]
REPOSITORY_ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pick_options(network: str, **own: object) -> dict[str, object]:
    known = {option.name for option in get_network_spec(network).options}
    small = {**OPTIONS, "n_trees": 60}
    return {name: value for name, value in small.items() if name in known} | own


def train(network: str, folder: Path, hooks: Any = None, **own: object) -> TrainingOutcome:
    return train_classifier(
        network,
        pick_options(network, **own),
        make_part(range(4)),
        make_part(range(4, 6)),
        CLASS_NAMES,
        seed=3,
        run_folder=folder,
        hooks=hooks or RecordingHooks(),
    )


def read_weights(outcome: TrainingOutcome) -> dict[str, np.ndarray]:
    assert outcome.classifier_folder is not None
    return Classifier.load(outcome.classifier_folder).model.to_arrays()


def assert_equal_trainings(first: TrainingOutcome, second: TrainingOutcome) -> None:
    left, right = read_weights(first), read_weights(second)
    assert left.keys() == right.keys()
    assert all(np.array_equal(left[name], right[name]) for name in left)
    assert strip_times(first) == strip_times(second)
    assert (first.best_epoch, first.epochs_run) == (second.best_epoch, second.epochs_run)


TIMES = ("duration_s", "waiting_s")


def strip_times(outcome: TrainingOutcome) -> list[dict[str, Any]]:
    return [{name: row[name] for name in row if name not in TIMES} for row in outcome.history]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrainingOutcome]:
    torch.set_num_threads(1)
    return {name: train(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.mark.parametrize("network", NAMES)
def test_a_training_reports_every_epoch_and_never_falling_progress(network: str, tmp_path: Path) -> None:
    hooks = RecordingHooks()
    outcome = train(network, tmp_path, hooks)
    assert outcome.status == "done" and outcome.epochs_run == 3
    assert [record.epoch for record in hooks.records] == [1, 2, 3]
    assert outcome.history == [record.to_dict() for record in hooks.records]
    assert all(isinstance(record, EpochRecord) and record.duration_s > 0 for record in hooks.records)
    assert hooks.progress == sorted(hooks.progress)
    assert 0 <= hooks.progress[0] < 0.4 and hooks.progress[-1] == 1.0
    assert outcome.train_cpu_s > 0


@pytest.mark.parametrize("network", NAMES)
def test_the_classes_are_learned(network: str, tmp_path: Path) -> None:
    own = {} if network == "random_forest" else {"epochs": 15, "hidden_size": 8, "learning_rate": 0.01}
    outcome = train(network, tmp_path, **own)
    last = outcome.history[outcome.best_epoch - 1]
    assert last["validation_recording_accuracy"] == 1.0
    assert last["validation_window_accuracy"] > 0.9


@pytest.mark.parametrize("network", NAMES)
def test_the_same_seed_gives_the_same_weights(
    network: str, undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    assert_equal_trainings(undisturbed[network], train(network, tmp_path))


@pytest.mark.parametrize("network", NAMES)
def test_another_seed_gives_other_weights(
    network: str, undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    other = train_classifier(
        network, pick_options(network), make_part(range(4)), make_part(range(4, 6)), CLASS_NAMES,
        seed=4, run_folder=tmp_path, hooks=RecordingHooks(),
    )  # fmt: skip
    left, right = read_weights(undisturbed[network]), read_weights(other)
    assert any(not np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("network", NAMES)
def test_a_training_paused_again_and_again_equals_an_undisturbed_one(
    network: str, undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    n_signals = 18  # the command is also read before each signal
    n_pauses, outcome = 0, train(network, tmp_path, RecordingHooks(Command.PAUSE, after=3))
    while outcome.status == "paused":
        assert outcome.classifier_folder is None
        n_pauses += 1
        outcome = train(network, tmp_path, RecordingHooks(Command.PAUSE, after=n_signals + 2 + n_pauses))
    assert outcome.status == "done" and n_pauses >= 2
    assert_equal_trainings(undisturbed[network], outcome)


class PauseAt(RecordingHooks):
    """Pauses at one exact batch of the training."""

    def __init__(self, progress: float) -> None:
        super().__init__()
        self._at = progress

    def command(self) -> Command:
        reached = bool(self.progress) and self.progress[-1] >= self._at
        return Command.PAUSE if reached else Command.CONTINUE


@pytest.mark.parametrize("share", [0.01, 0.2, 0.33, 0.5, 0.66, 0.9])
def test_a_pause_at_any_batch_changes_nothing(
    share: float, undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    paused = train("cnn_lstm", tmp_path, PauseAt(share))
    assert paused.status == "paused"
    assert paused.epochs_run == int(share * 3 + 1e-9) or share in (0.33, 0.66)
    assert_equal_trainings(undisturbed["cnn_lstm"], train("cnn_lstm", tmp_path))


# Everything that a checkpoint has to carry beside the weights.
EVERYTHING = {
    "optimiser": "rmsprop", "ema_decay": 0.9, "plateau_factor": 0.5, "plateau_patience": 1, "mixup": 0.3,
    "minimum_gain": 0.5, "rate_variation": 0.1, "gain_drift_db": 3.0, "white_noise_share": 0.5,
    "tone_share": 0.5, "segment_dropout": 0.2, "label_smoothing": 0.1, "dropout": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("share", [0.05, 0.45, 0.8])
def test_a_pause_changes_nothing_with_every_option_on(share: float, tmp_path: Path) -> None:
    calm = train("cnn_lstm", tmp_path / "calm", **EVERYTHING)
    folder = tmp_path / "paused"
    assert train("cnn_lstm", folder, PauseAt(share), **EVERYTHING).status == "paused"
    assert_equal_trainings(calm, train("cnn_lstm", folder, **EVERYTHING))


class SlowLayer(torch.nn.Module):
    """Takes its time, as a layer of a large network on one core does, until it is let go."""

    let_go = threading.Event()

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        self.let_go.wait(30.0)
        return signals


@pytest.mark.parametrize("command", [Command.PAUSE, Command.STOP, Command.CANCEL])
def test_a_command_is_obeyed_within_seconds_in_the_middle_of_a_step(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build_slow(*args: Any, **own: Any) -> torch.nn.Module:
        network = build_network(*args, **own)
        network.blocks = torch.nn.Sequential(SlowLayer(), network.blocks)
        return network

    monkeypatch.setattr("core.training.learner.build_network", build_slow)
    monkeypatch.setattr("core.training.loop.build_network", build_slow)
    SlowLayer.let_go.clear()
    n_signals = 18
    began_s = time.monotonic()
    with suppress(JobCancelledError):
        train("cnn_lstm", tmp_path, RecordingHooks(command, after=n_signals + 1))
    assert time.monotonic() - began_s < 5.0
    SlowLayer.let_go.set()
    watch.wait_for_left_behind(lambda: None)


def test_a_step_left_behind_and_done_again_changes_nothing(
    undisturbed: dict[str, TrainingOutcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.watch.SLOW_S", -1.0)  # every step in a thread of its own
    monkeypatch.setattr("core.training.watch._LOOK_EVERY_S", 0.001)
    outcome = train("cnn_lstm", tmp_path, RecordingHooks(Command.PAUSE, after=20))
    n_pauses = 0
    while outcome.status == "paused":
        n_pauses += 1
        outcome = train("cnn_lstm", tmp_path, RecordingHooks(Command.PAUSE, after=40 + 20 * n_pauses))
    assert n_pauses >= 2
    assert_equal_trainings(undisturbed["cnn_lstm"], outcome)


def test_a_training_that_diverges_goes_back_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Schedule.compute_rate

    def explode_at_first(schedule: Schedule, step: int, n_steps: int) -> float:
        return 1e30 if step == 20 and not told.messages[1:] else usual(schedule, step, n_steps)

    told = RecordingHooks()
    monkeypatch.setattr(Schedule, "compute_rate", explode_at_first)
    outcome = train("cnn_lstm", tmp_path, told)
    assert outcome.status == "done" and outcome.epochs_run == 3
    assert len(told.warnings) == 1 and "back to the weights of epoch 1" in told.warnings[0]
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3]
    assert all(np.isfinite(array).all() for array in read_weights(outcome).values())


def test_a_pause_before_divergences_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Schedule.compute_rate

    def explode(schedule: Schedule, step: int, n_steps: int) -> float:
        return usual(schedule, step, n_steps) * (1e30 if 16 < step < 20 else 1.0)

    monkeypatch.setattr(Schedule, "compute_rate", explode)
    # A tenth of 1e30 is still too high: this never ends well, so look at how it fails instead.
    failures = []
    for name, pause_at in (("calm", None), ("paused", 0.4)):
        if pause_at is not None:
            train("cnn_lstm", tmp_path / name, PauseAt(pause_at))
        hooks = RecordingHooks()
        with pytest.raises(InvalidInputError):
            train("cnn_lstm", tmp_path / name, hooks)
        failures.append(hooks.warnings)
    assert failures[0] == failures[1] and len(failures[0]) == 2


def test_work_is_stored_within_an_epoch_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.loop.CHECKPOINT_EVERY_S", 0.0)

    class DieInTheFirstEpoch(RecordingHooks):
        def on_batch(self, progress: float) -> None:
            if progress > 0.2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("cnn_lstm", tmp_path, DieInTheFirstEpoch())
    hooks = RecordingHooks()
    train("cnn_lstm", tmp_path, hooks)
    assert any(message.startswith("Resumed in epoch 1 after") for message in hooks.messages)
    assert "after 0 batches" not in str(hooks.messages)


_CHILD = """
import sys, time
from pathlib import Path
import torch
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.test_run import train

class SlowHooks(RecordingHooks):
    def on_batch(self, progress):
        time.sleep(0.01)

torch.set_num_threads(1)
print("ready", flush=True)
train(sys.argv[1], Path(sys.argv[2]), SlowHooks())
"""


@pytest.mark.parametrize("network", ["cnn_lstm", "random_forest"])
def test_a_training_killed_at_random_goes_on_to_the_same_weights(
    network: str, undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    dice = random.Random(11)
    n_killed = 0
    for _ in range(2 if network == "cnn_lstm" else 1):
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY_ROOT), "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            [sys.executable, "-c", _CHILD, network, str(tmp_path)],
            cwd=REPOSITORY_ROOT, env=environment, stdout=subprocess.PIPE,
        ) as child:  # fmt: skip
            assert child.stdout is not None and child.stdout.readline() == b"ready\n"
            wait_for_checkpoint(child, tmp_path)
            time.sleep(dice.uniform(0.0, 0.2))
            child.send_signal(signal.SIGKILL)
            n_killed += child.wait() == -signal.SIGKILL
    assert n_killed >= 1
    assert_equal_trainings(undisturbed[network], train(network, tmp_path))
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def wait_for_checkpoint(child: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 30
    while not (folder / CURRENT_NAME).exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_training_whose_checkpoint_was_damaged_goes_on_from_the_one_before(
    undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    train("cnn_lstm", tmp_path, PauseAt(0.5))
    (tmp_path / CURRENT_NAME).write_bytes(b"torn")
    assert_equal_trainings(undisturbed["cnn_lstm"], train("cnn_lstm", tmp_path))


def test_with_every_checkpoint_damaged_it_starts_again_and_says_so(
    undisturbed: dict[str, TrainingOutcome], tmp_path: Path
) -> None:
    train("cnn_lstm", tmp_path, PauseAt(0.5))
    for name in (CURRENT_NAME, PREVIOUS_NAME):
        (tmp_path / name).write_bytes(b"torn")
    hooks = RecordingHooks()
    assert_equal_trainings(undisturbed["cnn_lstm"], train("cnn_lstm", tmp_path, hooks))
    assert any("starts from the beginning" in message for message in hooks.messages)


@pytest.mark.parametrize("network", NAMES)
def test_calling_a_finished_training_again_gives_the_same_classifier(network: str, tmp_path: Path) -> None:
    first = train(network, tmp_path)
    hooks = RecordingHooks()
    again = train(network, tmp_path, hooks)
    assert hooks.records == []
    assert_equal_trainings(first, again)


@pytest.mark.parametrize("network", NAMES)
def test_stopping_keeps_the_best_so_far(network: str, tmp_path: Path) -> None:
    class StopAfterFirst(RecordingHooks):
        def command(self) -> Command:
            return Command.STOP if self.records else Command.CONTINUE

    outcome = train(network, tmp_path, StopAfterFirst())
    assert outcome.status == "stopped"
    assert (outcome.epochs_run, outcome.best_epoch) == (1, 1)
    assert len(read_weights(outcome)) > 0


@pytest.mark.parametrize("network", NAMES)
def test_stopping_before_anything_was_learned_still_ends_with_a_classifier(
    network: str, tmp_path: Path
) -> None:
    hooks = RecordingHooks(Command.STOP)
    outcome = train(network, tmp_path, hooks)
    assert outcome.status == "stopped"
    assert any("topped" in message for message in hooks.messages)
    values = make_signal(1, 9).load()
    assert Classifier.load(outcome.classifier_folder).predict(values, 1000.0).probabilities.shape == (3,)


@pytest.mark.parametrize("network", NAMES)
@pytest.mark.parametrize("after", [0, 20])
def test_cancelling_leaves_nothing(network: str, after: int, tmp_path: Path) -> None:
    with pytest.raises(JobCancelledError):
        train(network, tmp_path, RecordingHooks(Command.CANCEL, after=after))
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_read_at_every_batch(tmp_path: Path) -> None:
    hooks = RecordingHooks()
    train("cnn_lstm", tmp_path, hooks)
    n_signals, n_train_windows, n_validation_windows = 18, 4 * 3 * 9, 2 * 3 * 9
    n_batches = -(-n_train_windows // 8) + -(-n_validation_windows // 128)
    assert hooks.n_asked >= n_signals + 3 * n_batches


def test_training_ends_early_when_validation_gets_no_better_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    outcome = train("cnn_lstm", tmp_path, epochs=60, patience=2, learning_rate=0.03)
    assert outcome.epochs_run < 60
    assert outcome.epochs_run == outcome.best_epoch + 2
    losses = [row["validation_loss"] for row in outcome.history]
    assert outcome.best_epoch == int(np.argmin(losses)) + 1
    classifier = Classifier.load(outcome.classifier_folder)
    judged = [
        classifier.predict(item.load(), 1000.0).window_probabilities.argmax(axis=1) == item.class_index
        for item in make_part(range(4, 6))
    ]
    best = outcome.history[outcome.best_epoch - 1]
    assert np.concatenate(judged).mean() == pytest.approx(best["validation_window_accuracy"])


def test_without_validation_the_last_epoch_is_taken_and_said(tmp_path: Path) -> None:
    hooks = RecordingHooks()
    outcome = train_classifier(
        "cnn_lstm", OPTIONS, make_part(range(3)), [], CLASS_NAMES, seed=0, run_folder=tmp_path, hooks=hooks
    )
    assert outcome.best_epoch == outcome.epochs_run == 3
    assert outcome.history[0]["validation_loss"] is None
    assert any("Without validation" in message for message in hooks.messages)


def test_a_diverging_training_fails_with_a_sentence_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.schedule.Schedule.compute_rate", lambda *_: 1e30)
    with pytest.raises(InvalidInputError, match="learning_rate") as caught:
        train("lstm", tmp_path, epochs=20)
    assert caught.value.code is ErrorCode.TRAINING_DIVERGED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"network": "perceptron_deluxe"}, ErrorCode.UNKNOWN_NETWORK),
        ({"options": {"n_wheels": 4}}, ErrorCode.UNKNOWN_OPTION),
        ({"train": make_part(range(2))[:2]}, ErrorCode.CLASS_WITHOUT_TRAINING),
        ({"class_names": ("calm", "low tone")}, ErrorCode.INVALID_INPUT),
        ({"validation": [make_signal(0, rate_hz=500.0)]}, ErrorCode.SAMPLE_RATE_TOO_LOW),
        ({"validation": [make_signal(0, n_samples=50)]}, ErrorCode.RECORDING_TOO_SHORT),
        ({"options": {**OPTIONS, "analysis_rate_hz": 2000}}, ErrorCode.SAMPLE_RATE_TOO_LOW),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    changes: dict[str, Any], code: ErrorCode, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {
        "network": "cnn_lstm", "options": OPTIONS, "train": make_part(range(2)),
        "validation": make_part(range(2, 3)), "class_names": CLASS_NAMES,
    }  # fmt: skip
    with pytest.raises(LstmPfdError) as caught:
        train_classifier(**{**arguments, **changes}, seed=0, run_folder=tmp_path, hooks=RecordingHooks())
    assert caught.value.code is code
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_training_is_refused(tmp_path: Path) -> None:
    train("cnn_lstm", tmp_path, PauseAt(0.5))
    with pytest.raises(ConflictError):
        train("cnn_lstm", tmp_path, epochs=4)


def test_mixed_rates_train_at_the_lowest_one_and_the_origin_says_so(tmp_path: Path) -> None:
    fast = make_part(range(2), rate_hz=2500.0, n_samples=1750, shaft_speed_rpm=1800.0)
    slow = make_part(range(2, 4), shaft_speed_rpm=1750.0)
    outcome = train_classifier(
        "random_forest", pick_options("random_forest"), fast + slow, [], CLASS_NAMES,
        seed=0, run_folder=tmp_path, hooks=RecordingHooks(), origin={"dataset": "tones"},
    )  # fmt: skip
    classifier = Classifier.load(outcome.classifier_folder)
    assert classifier.preprocessing.analysis_rate_hz == 1000.0
    assert classifier.origin["train_sample_rates_hz"] == [1000.0, 2500.0]
    assert classifier.origin["train_shaft_speed_range_rpm"] == [1750.0, 1800.0]
    assert classifier.origin["dataset"] == "tones"


def test_training_leaves_the_callers_random_state_and_settings_alone(tmp_path: Path) -> None:
    torch.manual_seed(99)
    state = torch.get_rng_state()
    train("lstm", tmp_path, epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()
