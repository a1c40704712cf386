"""What one training is: fixed before it starts, the same after every resume."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.networks.options import OptionValue, ReadsOptions
from core.training.checkpoints import TrainingState, discard_states, load_state
from core.training.hooks import Command
from core.training.preprocessing import Preprocessing
from core.training.signals import LabelledSignal
from core.training.window_model import WindowModel
from utils.exceptions import ConflictError, DataDamagedError


@dataclass(frozen=True, slots=True)
class ParentWeights:
    """What a fine-tuning begins with: a trained classifier's arrays, its classes, and its hash."""

    arrays: Mapping[str, NDArray[Any]]
    class_names: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class TrainingPlan(ReadsOptions):
    """Network, complete options, preprocessing, classes, seed, and the folder of its checkpoints.

    ``parent`` is None unless the training begins with the weights of another one.
    """

    network: str
    options: dict[str, OptionValue]
    preprocessing: Preprocessing
    class_names: tuple[str, ...]
    seed: int
    folder: Path
    fingerprint: str
    parent: ParentWeights | None = None

    def resume_state(self, on_message: Callable[[str], None]) -> TrainingState | None:
        """Read the checkpoint of this training, None where it starts from the beginning.

        Raises
        ------
        ConflictError
            The folder holds the checkpoint of another training.
        """
        try:
            state = load_state(self.folder)
        except DataDamagedError as error:
            on_message(error.sentence)
            discard_states(self.folder)
            return None
        if state is not None and state.fingerprint != self.fingerprint:
            raise ConflictError("This run folder holds the checkpoint of another training: use an empty one.")
        return state


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How far a training came. ``model`` is None after a pause; ``command`` is ``continue`` at its end."""

    command: Command
    model: WindowModel | None
    best_epoch: int
    cpu_s: float
    history: list[dict[str, Any]]


def compute_fingerprint(
    network: str,
    options: dict[str, OptionValue],
    class_names: Sequence[str],
    seed: int,
    parts: Sequence[Sequence[LabelledSignal]],
    parent_sha256: str | None = None,
) -> str:
    """Hash everything that shapes a training's result."""
    signals = [[_describe(signal) for signal in part] for part in parts]
    text = json.dumps([network, options, list(class_names), seed, signals, parent_sha256], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(signal: LabelledSignal) -> tuple[Any, ...]:
    known = (signal.signal_sha256, signal.class_index, signal.sample_rate_hz, signal.shaft_speed_rpm)
    # Signals of unknown bearings keep the fingerprint that they had before fault orders were known of.
    return known if signal.fault_orders is None else (*known, asdict(signal.fault_orders))
