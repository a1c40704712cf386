"""What a training tells the outside, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from utils.exceptions import JobCancelledError


class Command(StrEnum):
    """What the outside wants; read at every batch."""

    CONTINUE = "continue"
    STOP = "stop"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One finished epoch (for a forest: one finished chunk of trees).

    Validation values are None without validation signals; learning rate and gradient norm are None
    for a forest. ``validation_window_class_f1`` holds a value per class name, None where a class neither
    occurs nor is called. ``waiting_s`` is how long the network waited for windows. It and ``duration_s`` are
    the only fields that differ between two equal runs.
    """

    epoch: int
    train_loss: float
    validation_loss: float | None
    train_accuracy: float
    validation_window_accuracy: float | None
    validation_recording_accuracy: float | None
    learning_rate: float | None
    gradient_norm: float | None
    duration_s: float
    validation_window_class_f1: dict[str, float | None] | None = None
    waiting_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


class TrainingHooks(Protocol):
    """The far side of a training: a job, a notebook or a test.

    After a kill the last epoch may be reported a second time, with equal values: store by epoch number.
    """

    def on_epoch(self, record: EpochRecord) -> None:
        """Take a finished epoch."""

    def on_batch(self, progress: float) -> None:
        """Take the share of the planned work that is done (0 to 1, never falling within a call)."""

    def command(self) -> Command | str:
        """Say what to do next; called at every batch, so it must be quick."""

    def on_message(self, message: str, *, level: str = "info", epoch: int | None = None) -> None:
        """Take a sentence for the training's log; ``level`` is ``info`` or ``warning``.

        After a kill it may come a second time, as an epoch may.
        """


class SilentHooks:
    """Hooks that let a training run to its end unheard."""

    def on_epoch(self, record: EpochRecord) -> None:
        """Ignore it."""

    def on_batch(self, progress: float) -> None:
        """Ignore it."""

    def command(self) -> Command:
        """Go on."""
        return Command.CONTINUE

    def on_message(self, message: str, *, level: str = "info", epoch: int | None = None) -> None:
        """Ignore it."""


class InterruptedTrainingError(Exception):
    """Leaves the loop when the outside asked for a stop or a pause; never leaves this package."""

    def __init__(self, command: Command) -> None:
        super().__init__(command.value)
        self.command = command


def obey(command: Callable[[], Command | str], *, deaf_to_stop: bool = False) -> None:
    """Read the command once and leave the loop unless it says to go on.

    Parameters
    ----------
    command
        Says what to do.
    deaf_to_stop
        While there is nothing to stop with yet, a stop waits.

    Raises
    ------
    InterruptedTrainingError
        On ``stop`` and ``pause``.
    JobCancelledError
        On ``cancel``.
    """
    word = Command(command())
    if word is Command.CANCEL:
        raise JobCancelledError("The training was cancelled; nothing of it is kept.")
    if word is Command.PAUSE or (word is Command.STOP and not deaf_to_stop):
        raise InterruptedTrainingError(word)
