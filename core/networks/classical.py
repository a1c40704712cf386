"""What a classical model must be able to do: be learned in steps, and be applied as plain arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from core.networks.options import OptionValue, ReadsOptions

Part = Literal["train", "validation"]
Arrays = Mapping[str, NDArray[Any]]


class FeatureModel(Protocol):
    """A learned model that judges rows of features; loads neither torch nor scikit-learn."""

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map ``(n_windows, n_features)`` to probabilities ``(n_windows, n_classes)``."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that was learned, by name."""


@dataclass(frozen=True, slots=True)
class LearningTable:
    """What a classical model learns from.

    Attributes
    ----------
    train
        float32 ``(n_rows, n_features)``; the first ``n_plain`` rows are the training windows as they are,
        the others changed copies of them.
    validation
        float32 ``(n_windows, n_features)``, None without validation.
    targets, recordings
        int64 ``(n_rows,)``: class index and number of the recording of every training row.
    """

    train: NDArray[np.float32]
    validation: NDArray[np.float32] | None
    targets: NDArray[np.int64]
    recordings: NDArray[np.int64]
    n_plain: int
    n_classes: int

    def get_rows(self, part: Part) -> NDArray[np.float32]:
        """Return the rows that are judged: windows as they are."""
        if part == "train":
            return self.train[: self.n_plain]
        if self.validation is None:
            raise ValueError("there is no validation part")
        return self.validation

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that are judged."""
        return ("train",) if self.validation is None else ("train", "validation")

    def weigh_classes(self) -> NDArray[np.float64]:
        """Weight of every training row so that all classes weigh the same; 1 on average."""
        counts = np.bincount(self.targets, minlength=self.n_classes)
        weights: NDArray[np.float64] = (len(self.targets) / (self.n_classes * counts))[self.targets]
        return weights


class Learner(ReadsOptions, ABC):
    """Learns one model in steps; between two steps everything it knows is in its arrays.

    Parameters
    ----------
    table
        What it learns from.
    options
        The complete options.
    seed
        Equal seeds give equal models.
    """

    # Whether it learns from the windows themselves, through MiniRocket's features.
    reads_windows: ClassVar[bool] = False

    def __init__(self, table: LearningTable, options: Mapping[str, OptionValue], seed: int) -> None:
        self.table, self.options, self.seed = table, options, seed

    @staticmethod
    @abstractmethod
    def load_model(arrays: Arrays) -> FeatureModel:
        """Build a learned model from its arrays.

        Raises
        ------
        DataDamagedError
            The arrays are not such a model.
        """

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """Most steps that it takes."""

    @abstractmethod
    def take_step(self, step: int, check_in: Callable[[], None]) -> None:
        """Take one step, counted from 0; ``check_in`` is called between its parts and may raise to end it."""

    @abstractmethod
    def judge(self, part: Part) -> NDArray[np.float64]:
        """Probabilities of a part's windows after the last step."""

    @abstractmethod
    def build_model(self, n_steps: int) -> FeatureModel:
        """Return the model of the first ``n_steps`` steps."""

    @abstractmethod
    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that the next step needs."""

    @abstractmethod
    def restore(self, arrays: Arrays) -> None:
        """Go on from `to_arrays`."""

    def choose_step(self, losses: Sequence[float | None]) -> int:
        """How many steps the best model takes, given the validation loss after each."""
        return len(losses)

    def is_finished(self, losses: Sequence[float | None]) -> bool:
        """Whether another step is not worth it."""
        return len(losses) >= self.n_steps

    def draw_seed(self, *keys: int) -> int:
        """Return a seed for one part of the work."""
        return int(np.random.SeedSequence([self.seed, *keys]).generate_state(1)[0])
