"""One contract for training everything that is registered: pausing, resuming, keeping, predicting."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.networks.random_forest import ForestLearner
from core.networks.registry import NETWORKS
from core.signal.bearings import FaultOrders
from core.training.classifier import Classifier
from core.training.hooks import Command
from core.training.run import TrainingOutcome, train_classifier
from core.training.signals import LabelledSignal
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, make_part, make_signal
from utils.exceptions import DataDamagedError, JobCancelledError

NAMES = list(NETWORKS)
CLASSICAL = [name for name, spec in NETWORKS.items() if spec.family == "classical"]
# As small as it goes without leaving anything out.
SMALL = {
    "epochs": 2,
    "batch_size": 8,
    "window_s": 0.128,
    "hop_s": 0.064,
    "n_trees": 30,
    "n_rounds": 10,
    "n_features": 168,
    "augmented_copies": 1,
    "healthy_mixing": 0.0,
    # Numbers over the noise floor take longer windows; they have tests of their own.
    "features": "general",
}
SPEED_RPM = 3600.0
ORDERS = FaultOrders(bpfo=3.585, bpfi=5.415, bsf=2.357, ftf=0.398)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pick_options(network: str) -> dict[str, object]:
    known = {option.name for option in NETWORKS[network].options}
    small = {name: value for name, value in SMALL.items() if name in known}
    # Some turns of the shaft must fit into the window of a network that reads orders.
    return small | ({"window_s": 0.3} if NETWORKS[network].needs else {})


def make_known_part(numbers: range) -> list[LabelledSignal]:
    part = make_part(numbers, shaft_speed_rpm=SPEED_RPM)
    return [replace(signal, fault_orders=ORDERS) for signal in part]


def train(network: str, folder: Path, hooks: Any = None, seed: int = 3, **own: object) -> TrainingOutcome:
    return train_classifier(
        network,
        pick_options(network) | own,
        make_known_part(range(4)),
        make_known_part(range(4, 6)),
        CLASS_NAMES,
        seed=seed,
        run_folder=folder,
        hooks=hooks or RecordingHooks(),
    )


def read_weights(outcome: TrainingOutcome) -> dict[str, np.ndarray]:
    assert outcome.classifier_folder is not None
    return Classifier.load(outcome.classifier_folder).model.to_arrays()


def strip_times(outcome: TrainingOutcome) -> list[dict[str, Any]]:
    return [
        {name: row[name] for name in row if name not in ("duration_s", "waiting_s")}
        for row in outcome.history
    ]


class Undisturbed(dict[str, TrainingOutcome]):
    """Trainings that ran through, each done when it is first asked for."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._folders = folders

    def __missing__(self, network: str) -> TrainingOutcome:
        self[network] = train(network, self._folders.mktemp(network))
        return self[network]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory)


@pytest.mark.parametrize("network", NAMES)
def test_a_training_paused_again_and_again_equals_an_undisturbed_one(
    network: str, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    outcome, n_pauses = train(network, tmp_path, RecordingHooks(Command.PAUSE, after=20)), 0
    while outcome.status == "paused":
        n_pauses += 1
        assert n_pauses < 30
        outcome = train(network, tmp_path, RecordingHooks(Command.PAUSE, after=24 + 4 * n_pauses))
    assert n_pauses >= 1
    left, right = read_weights(undisturbed[network]), read_weights(outcome)
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)
    assert strip_times(undisturbed[network]) == strip_times(outcome)
    assert undisturbed[network].best_epoch == outcome.best_epoch


@pytest.mark.parametrize("network", NAMES)
def test_every_epoch_is_reported_and_judged(network: str, undisturbed: Undisturbed) -> None:
    outcome = undisturbed[network]
    assert outcome.status == "done" and 1 <= outcome.best_epoch <= outcome.epochs_run
    assert [row["epoch"] for row in outcome.history] == list(range(1, outcome.epochs_run + 1))
    for row in outcome.history:
        assert np.isfinite([row["train_loss"], row["validation_loss"], row["train_accuracy"]]).all()
        assert set(row["validation_window_class_f1"]) == set(CLASS_NAMES)


@pytest.mark.parametrize("network", NAMES)
def test_a_kept_classifier_judges_new_signals_at_any_gain(network: str, undisturbed: Undisturbed) -> None:
    folder = undisturbed[network].classifier_folder
    assert folder is not None
    classifier, values = Classifier.load(folder), make_signal(2, 9).load()
    found = classifier.predict(values, 1000.0, SPEED_RPM, ORDERS)
    assert np.isfinite(found.window_probabilities).all()
    np.testing.assert_allclose(found.window_probabilities.sum(axis=1), 1.0)
    louder = classifier.predict(4.0 * values, 1000.0, SPEED_RPM, ORDERS)
    np.testing.assert_allclose(louder.window_probabilities, found.window_probabilities, atol=1e-4)


@pytest.mark.parametrize("network", ["svm", "gradient_boosting", "minirocket", "random_forest"])
def test_the_classes_are_learned(network: str, undisturbed: Undisturbed) -> None:
    best = undisturbed[network].history[undisturbed[network].best_epoch - 1]
    assert best["validation_recording_accuracy"] == 1.0
    assert best["validation_window_accuracy"] > 0.9


@pytest.mark.parametrize("network", CLASSICAL)
def test_another_seed_gives_another_model(network: str, undisturbed: Undisturbed, tmp_path: Path) -> None:
    left, right = read_weights(undisturbed[network]), read_weights(train(network, tmp_path, seed=4))
    assert any(not np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("network", CLASSICAL)
def test_changed_copies_of_the_windows_are_learned_too(
    network: str, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    plain = train(network, tmp_path, augmented_copies=0)
    left, right = read_weights(undisturbed[network]), read_weights(plain)
    assert any(not np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("network", CLASSICAL)
def test_stopping_before_the_first_step_still_ends_with_a_model(network: str, tmp_path: Path) -> None:
    hooks = RecordingHooks(Command.STOP)
    outcome = train(network, tmp_path, hooks)
    assert outcome.status == "stopped" and outcome.epochs_run == 1
    assert any("before the first step" in message for message in hooks.messages)
    assert len(read_weights(outcome)) > 0


def test_a_stop_right_after_a_pause_gives_the_model_of_the_steps_before(tmp_path: Path) -> None:
    class PauseAfterFirst(RecordingHooks):
        def command(self) -> Command:
            return Command.PAUSE if self.records else Command.CONTINUE

    assert train("random_forest", tmp_path, PauseAfterFirst()).status == "paused"
    outcome = train("random_forest", tmp_path, RecordingHooks(Command.STOP))
    assert (outcome.status, outcome.epochs_run) == ("stopped", 1)
    assert len(read_weights(outcome)["roots"]) == 20


@pytest.mark.parametrize("command", [Command.PAUSE, Command.STOP, Command.CANCEL])
def test_a_command_in_the_middle_of_a_long_step_is_obeyed_at_once(
    command: Command, undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the step still does afterwards, the model is that of the steps before."""
    take_step, begun, ended = ForestLearner.take_step, threading.Event(), threading.Event()

    def dawdle(self: ForestLearner, step: int, check_in: Callable[[], None]) -> None:
        take_step(self, step, check_in)
        if step == 1:
            begun.set()
            time.sleep(3.0)
            ended.set()

    class Impatient(RecordingHooks):
        def command(self) -> Command:
            return command if begun.is_set() else Command.CONTINUE

    monkeypatch.setattr(ForestLearner, "take_step", dawdle)
    # The work of a step is watched once one before has been slow.
    monkeypatch.setattr("core.training.watch.SLOW_S", 0.0)
    if command is Command.CANCEL:
        with pytest.raises(JobCancelledError):
            train("random_forest", tmp_path, Impatient())
        assert not ended.is_set()
        return
    outcome = train("random_forest", tmp_path, Impatient())
    assert not ended.is_set()
    assert outcome.epochs_run == 1
    assert outcome.status == {"pause": "paused", "stop": "stopped"}[command]
    monkeypatch.setattr(ForestLearner, "take_step", take_step)
    if command is Command.STOP:
        assert len(read_weights(outcome)["roots"]) == 20
    else:
        left, right = (
            read_weights(undisturbed["random_forest"]),
            read_weights(train("random_forest", tmp_path)),
        )
        assert all(np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("network", CLASSICAL)
def test_a_model_without_one_of_its_arrays_is_refused(network: str, undisturbed: Undisturbed) -> None:
    from core.training.classical_model import load_classical_model

    folder = undisturbed[network].classifier_folder
    assert folder is not None
    classifier = Classifier.load(folder)
    arrays = classifier.model.to_arrays()
    for name in arrays:
        fewer = {other: array for other, array in arrays.items() if other != name}
        with pytest.raises(DataDamagedError):
            load_classical_model(network, classifier.options, fewer, classifier.preprocessing)


def test_classical_models_predict_without_torch_sklearn_and_pickle(
    undisturbed: Undisturbed,
) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path; from core.training.classifier import Classifier\n"
        "from core.signal.bearings import FaultOrders\n"
        "values = np.random.default_rng(0).standard_normal(700)\n"
        "sys.modules['pickle'] = None\n"
        "orders = FaultOrders(bpfo=3.585, bpfi=5.415, bsf=2.357, ftf=0.398)\n"
        "for folder in sys.argv[1:]:\n"
        "    found = Classifier.load(Path(folder)).predict(values, 1000.0, 3600.0, orders)\n"
        "    print(found.probabilities.shape, [m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    folders = [str(undisturbed[name].classifier_folder) for name in CLASSICAL]
    found = subprocess.run(
        [sys.executable, "-c", program, *folders], capture_output=True, text=True, check=False
    )
    assert found.stderr == ""
    assert found.stdout.splitlines() == ["(3,) []"] * len(CLASSICAL)
