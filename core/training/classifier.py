"""A classifier: preprocessing, label set and trained model in one folder. Loads torch only for a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.options import OptionValue
from core.networks.registry import get_network_spec
from core.signal.bearings import FaultOrders
from core.training.calibration import Calibration
from core.training.classical_model import load_classical_model
from core.training.classifier_files import CARD_NAME, read_card, read_digest, read_weights, write_files
from core.training.conditions import build_conditions
from core.training.kept_rule import KeptRule, read_rule, split_arrays
from core.training.metrics import pool_probabilities
from core.training.preprocessing import Preprocessing
from core.training.window_model import WindowModel

__all__ = ["CARD_NAME", "Classifier", "Prediction", "build_classifier", "read_calibration", "read_digest"]

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says about one signal.

    Attributes
    ----------
    window_probabilities
        Shape ``(n_windows, n_classes)``; calibrated where the classifier has a temperature for windows.
    window_start_s
        Start of each window in seconds.
    probabilities
        Shape ``(n_classes,)``: softmax of the mean log-probability over the windows, calibrated where the
        classifier has a temperature for recordings.
    class_index
        The likeliest class.
    notes
        What was done to the signal before it was judged, in plain words.
    uncalibrated_window_probabilities, uncalibrated_probabilities
        The classifier's own.
    """

    window_probabilities: NDArray[np.float64]
    window_start_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    class_index: int
    notes: list[str]
    uncalibrated_window_probabilities: NDArray[np.float64]
    uncalibrated_probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Everything needed to judge a signal of any sample rate.

    Attributes
    ----------
    network, options
        Name and complete options of what was trained.
    origin
        Where it comes from and what it has seen; plain JSON values.
    model
        The trained part.
    calibration
        Temperatures from validation recordings; None where none was fitted.
    strangeness
        When a recording is called unknown; None for a classifier from before that was kept.
    """

    network: str
    options: Mapping[str, OptionValue]
    preprocessing: Preprocessing
    class_names: tuple[str, ...]
    origin: Mapping[str, Any]
    model: WindowModel
    calibration: Calibration | None = None
    strangeness: KeptRule | None = None

    def predict(
        self,
        signal: NDArray[np.floating],
        sample_rate_hz: float,
        shaft_speed_rpm: float | None = None,
        fault_orders: FaultOrders | None = None,
    ) -> Prediction:
        """Judge a signal.

        Parameters
        ----------
        signal
            Shape ``(n_samples,)``, any unit; gain and offset do not matter.
        sample_rate_hz
            At least the classifier's analysis rate; higher rates are resampled, and the notes say so.
        shaft_speed_rpm, fault_orders
            Needed by classifiers that read them, ignored by others.

        Raises
        ------
        SignalError
            ``SAMPLE_RATE_TOO_LOW``, ``RECORDING_TOO_SHORT``, ``NON_FINITE_SIGNAL``.
        InvalidInputError
            The shaft speed or the fault orders are needed and missing.
        """
        preprocessing = self.preprocessing
        windows = preprocessing.cut(preprocessing.resample(signal, sample_rate_hz))
        known = np.tile(build_conditions(shaft_speed_rpm, fault_orders), (len(windows), 1))
        judged = self.model.predict_probabilities(windows, preprocessing.analysis_rate_hz, known)
        hop_s = preprocessing.hop_samples / preprocessing.analysis_rate_hz
        starts = np.arange(len(windows), dtype=np.float64) * hop_s
        return self.build_prediction(judged, starts, self._list_notes(sample_rate_hz))

    def build_prediction(
        self, judged: NDArray[np.float64], window_start_s: NDArray[np.float64], notes: list[str]
    ) -> Prediction:
        """Pool and calibrate what was said of each window, ``(n_windows, n_classes)``."""
        pooled = pool_probabilities(judged)
        calibration = self.calibration
        return Prediction(
            window_probabilities=calibration.window.apply(judged) if calibration else judged,
            window_start_s=window_start_s,
            probabilities=calibration.recording.apply(pooled) if calibration else pooled,
            class_index=int(pooled.argmax()),
            notes=notes,
            uncalibrated_window_probabilities=judged,
            uncalibrated_probabilities=pooled,
        )

    def save(self, folder: Path) -> None:
        """Write the classifier into ``folder``; the card comes last, so that a half-written one can't load.

        Raises
        ------
        OSError
            The disk refused.
        """
        kept = self.strangeness.name_arrays() if self.strangeness else {}
        write_files(folder, {**self.model.to_arrays(), **kept}, self.build_card())

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Read a classifier and check its hashes.

        Raises
        ------
        NotFoundError
            There is no classifier in ``folder``.
        DataDamagedError
            Its files are not what was saved.
        """
        card = read_card(folder)
        return build_classifier(card, read_weights(folder, card))

    def build_card(self) -> dict[str, Any]:
        """Return what is kept beside the arrays, as JSON values."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "network": self.network,
            "options": dict(self.options),
            "preprocessing": self.preprocessing.to_dict(),
            "class_names": list(self.class_names),
            "origin": dict(self.origin),
            "calibration": self.calibration.to_dict() if self.calibration else None,
            "strangeness": dict(self.strangeness.facts) if self.strangeness else None,
        }

    def _list_notes(self, sample_rate_hz: float) -> list[str]:
        if not self.preprocessing.needs_resampling(sample_rate_hz):
            return []
        rate_hz = self.preprocessing.analysis_rate_hz
        return [
            f"resampled from {_format_rate(sample_rate_hz)} Hz to {_format_rate(rate_hz)} Hz "
            "with an anti-alias filter"
        ]


def build_classifier(card: Mapping[str, Any], arrays: dict[str, NDArray[Any]]) -> Classifier:
    """Build a classifier from its card and arrays.

    Raises
    ------
    DataDamagedError
        The arrays do not fit the card.
    """
    preprocessing = Preprocessing(**card["preprocessing"])
    class_names = tuple(card["class_names"])
    return Classifier(
        card["network"],
        card["options"],
        preprocessing,
        class_names,
        card["origin"],
        _build_model(card, split_arrays(arrays)[0], preprocessing, len(class_names)),
        read_calibration(card),
        read_rule(card, arrays),
    )


def read_calibration(card: Mapping[str, Any]) -> Calibration | None:
    """Return a card's calibration; classifiers from before there was one have none."""
    kept = card.get("calibration")
    return Calibration.from_dict(kept) if kept else None


def _build_model(
    card: Mapping[str, Any], arrays: dict[str, NDArray[Any]], preprocessing: Preprocessing, n_classes: int
) -> WindowModel:
    if get_network_spec(card["network"]).family == "classical":
        return load_classical_model(card["network"], card["options"], arrays, preprocessing)
    from core.training.network_model import load_network_model

    return load_network_model(
        card["network"],
        card["options"],
        arrays,
        n_samples=preprocessing.window_samples,
        n_classes=n_classes,
        sample_rate_hz=preprocessing.analysis_rate_hz,
    )


def _format_rate(rate_hz: float) -> str:
    return f"{rate_hz:.3f}".rstrip("0").rstrip(".")
