"""The classifier, the recording and the windows that an explanation is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from database.connection import get_db_session
from services.datasets.bearings import name_fault_orders
from services.datasets.entered_bearings import load_entries
from services.evaluations.reading import load_finished
from services.experiments.classifiers import load_checked
from services.experiments.given import GivenSignal, read_stored
from services.experiments.material import MaterialRow
from services.experiments.runs import load_run
from services.shared.signal_store import load_samples
from utils.constants import HEALTHY_CLASS

if TYPE_CHECKING:
    from core.explain.explainable import Explainable
    from core.signal.bearings import FaultOrders
    from core.training.classifier import Classifier, Prediction

# A longer recording is looked through by so many of its windows, evenly spread.
_MOST_WINDOWS = 256
# The healthy baseline is drawn from so many training recordings.
_N_HEALTHY = 4


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A trained classifier in memory.

    Attributes:
        experiment_id: Whose.
        name: Of the experiment.
        classifier: What judges signals.
    """

    experiment_id: int
    name: str
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class Subject:
    """One recording before a classifier, ready to be explained.

    Attributes:
        given: The recording.
        fault_orders: Of its bearing; None where unknown.
        prediction: What the classifier says of the whole recording.
        explainable: Its windows with the classifier.
        log_probabilities: Uncalibrated, of each of the windows, ``(n_windows, n_classes)``.
    """

    given: GivenSignal
    fault_orders: FaultOrders | None
    prediction: Prediction
    explainable: Explainable
    log_probabilities: NDArray[np.float64]

    def find_target(self, name: str | None) -> int:
        """Return the place of a class, by default of the recording's answer."""
        return self.prediction.class_index if name is None else self.explainable.class_names.index(name)

    def choose_windows(self, target: int, n_windows: int, start_s: float | None) -> list[int]:
        """Return which windows are explained, in the order of time.

        Those that speak most for ``target``, or those from ``start_s`` on.
        """
        scores = self.log_probabilities[:, target]
        if start_s is None:
            order = np.argsort(-scores, kind="stable")
            return sorted(int(place) for place in order[:n_windows])
        first = int(np.abs(self.explainable.window_start_s - start_s).argmin())
        return list(range(first, min(first + n_windows, len(scores))))


def load_model(experiment_id: int) -> LoadedModel:
    """Load a finished experiment's classifier.

    Raises:
        NotFoundError, ConflictError: There is none.
        DataDamagedError: It is not the one that was trained.
    """
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id)
    return LoadedModel(experiment.id, experiment.name, load_checked(experiment))


def read_subject(
    classifier: Classifier, signal_id: int, healthy: Sequence[tuple[NDArray[np.float32], float]]
) -> Subject:
    """Bring a stored signal before a classifier.

    Raises:
        NotFoundError: The signal has gone.
        SignalError, InvalidInputError: The classifier can't judge it; the sentence says why.
    """
    from core.explain.explainable import build_explainable

    given = read_stored(signal_id)
    orders = find_orders(given)
    prediction = classifier.predict(given.values, given.sample_rate_hz, given.shaft_speed_rpm, orders)
    explainable = build_explainable(
        classifier,
        given.values,
        given.sample_rate_hz,
        shaft_speed_rpm=given.shaft_speed_rpm,
        fault_orders=orders,
        healthy=healthy,
        most_windows=_MOST_WINDOWS,
    )
    return Subject(given, orders, prediction, explainable, explainable.score(explainable.windows))


def find_orders(given: GivenSignal) -> FaultOrders | None:
    """Return the fault orders of a recording's bearing, by its own geometry or by its designation."""
    if given.fault_orders is not None or given.bearing is None:
        return given.fault_orders
    with get_db_session(read_only=True) as session:
        return name_fault_orders(given.bearing, load_entries(session))


def load_rows(experiment_id: int) -> list[MaterialRow]:
    """Return the labelled signals of an experiment's split."""
    return load_run(experiment_id).rows


def read_healthy(rows: Sequence[MaterialRow]) -> list[tuple[NDArray[np.float32], float]]:
    """Read a few healthy training recordings, evenly spread, with their sample rates."""
    own = [row for row in rows if row.part == "train" and row.fault_class == HEALTHY_CLASS]
    places = np.unique(np.linspace(0, len(own) - 1, min(len(own), _N_HEALTHY)).round().astype(int))
    return [(load_samples(own[place].signal), own[place].signal.sample_rate_hz) for place in places.tolist()]


def describe_given(given: GivenSignal) -> dict[str, Any]:
    """Return what an explanation's reader has to know of the recording."""
    return {
        "signal_id": given.signal_id,
        "dataset_id": given.dataset_id,
        "name": given.name,
        "channel": given.channel,
        "sample_rate_hz": given.sample_rate_hz,
        "duration_s": round(len(given.values) / given.sample_rate_hz, 6),
        "shaft_speed_rpm": given.shaft_speed_rpm,
        "machine": given.machine,
        "bearing": given.bearing,
        "load": given.load,
        "unit": given.unit,
    }
