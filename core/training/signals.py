"""The signals of one part of a split, brought to the analysis rate and laid out as windows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.options import OptionValue
from core.signal.bearings import FaultOrders
from core.training.conditions import build_conditions, check_conditions, check_turns
from core.training.metrics import SignalPrediction, compute_mean_loss, judge
from core.training.preprocessing import Preprocessing, standardise
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError


@dataclass(frozen=True, slots=True)
class LabelledSignal:
    """One channel of a recording with its label; the samples are loaded when they are needed."""

    signal_sha256: str
    recording_id: int | str
    channel: str
    class_index: int
    sample_rate_hz: float
    shaft_speed_rpm: float | None
    load: Callable[[], NDArray[np.floating]]
    fault_orders: FaultOrders | None = None
    n_samples: int | None = None

    @property
    def duration_s(self) -> float:
        """Its length; where the number of samples is not given they are loaded to be counted."""
        n_samples = len(self.load()) if self.n_samples is None else self.n_samples
        return n_samples / self.sample_rate_hz

    def describe(self) -> str:
        """Name the signal in a sentence."""
        return f"recording {self.recording_id}, channel {self.channel}"


class WindowBank:
    """All windows of a part of a split, one standardised batch at a time.

    The resampled signals lie in a nameless temporary file, so that memory stays bounded and nothing is
    left behind by a kill.

    Parameters
    ----------
    signals
        At least one signal.
    preprocessing
        Rate, window and hop.
    folder
        Where the temporary file lives.
    on_signal
        Called before each signal is loaded; may raise to leave.

    Raises
    ------
    LstmPfdError
        A signal can't be used; the sentence names it.
    """

    def __init__(
        self,
        signals: Sequence[LabelledSignal],
        preprocessing: Preprocessing,
        folder: Path,
        on_signal: Callable[[], None],
    ) -> None:
        self.signals = signals
        self._preprocessing = preprocessing
        starts, owners, lasts = [], [], []
        offset = 0
        with tempfile.TemporaryFile(dir=folder) as file:
            for index, signal in enumerate(signals):
                on_signal()
                values, n_windows = _load(signal, preprocessing)
                values.tofile(file)
                starts.append(offset + np.arange(n_windows) * preprocessing.hop_samples)
                owners.append(np.full(n_windows, index))
                lasts.append(np.full(n_windows, offset + len(values) - preprocessing.window_samples))
                offset += len(values)
            file.flush()
            values = np.asarray(np.memmap(file, dtype=np.float32, mode="r", shape=(offset,)))
        # By their first samples; those that run from one signal into the next are never asked for.
        self._windows = np.lib.stride_tricks.sliding_window_view(values, preprocessing.window_samples)
        self._conditions = np.stack(
            [build_conditions(signal.shaft_speed_rpm, signal.fault_orders) for signal in signals]
        )
        self.owners: NDArray[np.int64] = np.concatenate(owners)
        self.targets: NDArray[np.int64] = np.asarray([signal.class_index for signal in signals])[self.owners]
        self._starts: NDArray[np.int64] = np.concatenate(starts)
        self._slack: NDArray[np.int64] = np.concatenate(lasts) - self._starts

    def __len__(self) -> int:
        return len(self._starts)

    def read_windows(
        self, indices: NDArray[np.integer], shifts: NDArray[np.integer] | None = None
    ) -> NDArray[np.float32]:
        """Read windows as they are, ``(len(indices), window_samples)``.

        ``shifts`` moves each window's start forward by that many samples, as far as its signal reaches.
        """
        starts = self._starts[indices]
        if shifts is not None:
            starts = starts + np.minimum(shifts, self._slack[indices])
        found: NDArray[np.float32] = self._windows[starts]
        return found

    def read_conditions(self, indices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Read what is known of the machine for each window, ``(len(indices), 5)``."""
        found: NDArray[np.float32] = self._conditions[self.owners[indices]]
        return found

    def check_conditions(self, needs: Sequence[str], fewest_turns: float = 0.0) -> None:
        """Check that every signal knows what is needed, and that windows hold enough turns of its shaft.

        Raises
        ------
        InvalidInputError
            Something is missing or too short; the sentence names the signal.
        """
        for signal, row in zip(self.signals, self._conditions, strict=True):
            with naming(signal):
                check_conditions(row[None], needs)
                check_turns(row[None], self._preprocessing.window_s, fewest_turns)

    def read_standardised(
        self, indices: NDArray[np.integer], shifts: NDArray[np.integer] | None = None
    ) -> NDArray[np.float32]:
        """Read windows with mean 0 and standard deviation 1."""
        return standardise(self.read_windows(indices, shifts))


def choose_preprocessing(
    signals: Sequence[LabelledSignal], options: Mapping[str, OptionValue]
) -> Preprocessing:
    """Fill in what depends on the training signals: their lowest rate, and half a window as hop."""
    lowest_hz = min(signal.sample_rate_hz for signal in signals)
    window_s = float(options["window_s"] or 0.0)
    return Preprocessing(
        analysis_rate_hz=float(options["analysis_rate_hz"] or lowest_hz),
        window_s=window_s,
        hop_s=float(options["hop_s"] or window_s / 2),
    )


def check_labels(
    signals: Sequence[LabelledSignal], class_names: Sequence[str], *, complete: bool = True
) -> None:
    """Check class indices, and for the training part that no class is left out.

    Raises
    ------
    InvalidInputError
        ``CLASS_WITHOUT_TRAINING``, or a class index outside ``class_names``.
    """
    if len(class_names) < 2:
        raise InvalidInputError("Training needs recordings of at least two classes.")
    seen = {signal.class_index for signal in signals}
    if not seen <= set(range(len(class_names))):
        raise InvalidInputError("A signal carries a class index that has no class name.")
    missing = [name for index, name in enumerate(class_names) if index not in seen]
    if complete and missing:
        raise InvalidInputError(
            f"No training recording of class {', '.join(missing)}. Move one into the training part "
            "of the split, or leave the class out.",
            code=ErrorCode.CLASS_WITHOUT_TRAINING,
        )


def judge_bank(
    bank: WindowBank, probabilities: NDArray[np.float64], class_names: Sequence[str]
) -> dict[str, Any]:
    """Judge one prediction per window of a bank.

    Returns
    -------
    dict
        ``loss``, ``window_accuracy``, ``recording_accuracy``, ``window_macro_f1``, and ``window_class_f1``:
        F1 by class name, None where a class neither occurs nor is called.
    """
    predictions = [
        SignalPrediction(signal.recording_id, signal.class_index, probabilities[bank.owners == index])
        for index, signal in enumerate(bank.signals)
    ]
    metrics = judge(predictions, class_names)
    return {
        "loss": compute_mean_loss(probabilities, bank.targets),
        "window_accuracy": metrics["window_level"]["accuracy"],
        "recording_accuracy": metrics["recording_level"]["accuracy"],
        "window_macro_f1": metrics["window_level"]["macro_f1"],
        "window_class_f1": {row["class_name"]: row["f1"] for row in metrics["window_level"]["per_class"]},
    }


@contextmanager
def naming(signal: LabelledSignal) -> Iterator[None]:
    """Name the signal in whatever error leaves the block."""
    try:
        yield
    except LstmPfdError as error:
        sentence = error.sentence[0].lower() + error.sentence[1:]
        raise type(error)(f"In {signal.describe()}: {sentence}", code=error.code) from error


def _load(signal: LabelledSignal, preprocessing: Preprocessing) -> tuple[NDArray[np.float32], int]:
    """Return the resampled signal and its number of windows."""
    with naming(signal):
        values = preprocessing.resample(signal.load(), signal.sample_rate_hz)
        return values, len(preprocessing.cut(values))
