"""What is explained: a trained classifier, the windows it was given, and how it scores others like them.

Explained is one number per window: the natural logarithm of the probability of a class, before any
calibration. It is a function of the standardised window that the model saw: a changed window is not
standardised again, or a window that fades out would keep its loudness. `Explainable.judge` does standardise
again, as the classifier would if such a window had been recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.explain.feature_reading import FeatureReading, build_feature_reading
from core.networks.registry import get_network_spec
from core.signal.bearings import FaultOrders
from core.training.classifier import Classifier
from core.training.conditions import build_conditions
from core.training.metrics import take_logarithms
from core.training.preprocessing import Preprocessing, standardise

if TYPE_CHECKING:
    import torch

Score = Callable[[NDArray[np.float32]], NDArray[np.float64]]
Recorded = tuple[NDArray[np.floating], float]

# So many healthy windows at most stand for their class.
MOST_HEALTHY_WINDOWS = 256
# What is judged at once: quicker than less, and what a network keeps of it still fits a processor's cache.
BLOCK_SAMPLES = 393_216


@dataclass(frozen=True, slots=True, eq=False)
class Explainable:
    """A classifier with the windows of one signal.

    Attributes
    ----------
    windows
        float32 ``(n_windows, n_samples)``, standardised.
    sample_rate_hz
        Of the windows: the classifier's analysis rate.
    class_names
        In the order of the scores.
    score_windows, judge_windows
        Map blocks of windows to log-probabilities; called through `score` and `judge`.
    window_start_s
        float64 ``(n_windows,)``: where each window begins in the signal.
    network_name
        Of the registry; empty for a bare network.
    network
        Maps standardised windows, and conditions where it takes them, to logits; None where there is none.
    conditions
        float32 ``(5,)``, as `core.training.conditions.build_conditions` lays them out; None: nothing known.
    takes_conditions
        Whether the network is called with them.
    healthy_windows
        float32 ``(n, n_samples)``, standardised: healthy ones of the training part, where there are any.
    features
        What a model of features reads; None for others.
    block_samples
        So many samples are judged at once; no result depends on it.
    """

    windows: NDArray[np.float32]
    sample_rate_hz: float
    class_names: tuple[str, ...]
    score_windows: Score
    judge_windows: Score
    window_start_s: NDArray[np.float64]
    network_name: str = ""
    network: torch.nn.Module | None = None
    conditions: NDArray[np.float32] | None = None
    takes_conditions: bool = False
    healthy_windows: NDArray[np.float32] | None = None
    features: FeatureReading | None = None
    block_samples: int = BLOCK_SAMPLES

    @property
    def n_windows(self) -> int:
        """How many windows are explained."""
        return len(self.windows)

    @property
    def n_samples(self) -> int:
        """Samples per window."""
        return int(self.windows.shape[1])

    @property
    def block_windows(self) -> int:
        """Windows that are judged at once."""
        return max(1, self.block_samples // self.n_samples)

    @property
    def network_conditions(self) -> NDArray[np.float32] | None:
        """The conditions that the network is called with; None where it takes none."""
        return self.conditions if self.takes_conditions else None

    @property
    def shaft_frequency_hz(self) -> float | None:
        """The shaft's frequency, where it is known."""
        if self.conditions is None or np.isnan(self.conditions[0]):
            return None
        return float(self.conditions[0])

    def score(self, windows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log-probabilities ``(n, n_classes)`` of windows ``(n, n_samples)`` as they are."""
        return self._map(self.score_windows, windows)

    def judge(self, windows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log-probabilities ``(n, n_classes)`` as the classifier would give for such recordings."""
        return self._map(self.judge_windows, windows)

    def find_class(self) -> int:
        """Return the class of all windows together: the highest mean log-probability."""
        return int(self.score(self.windows).mean(axis=0).argmax())

    def choose(self, indices: Sequence[int] | NDArray[np.integer]) -> Explainable:
        """Return the same with some of the windows."""
        chosen = np.asarray(indices, dtype=np.int64)
        return replace(self, windows=self.windows[chosen], window_start_s=self.window_start_s[chosen])

    def with_network(self, network: torch.nn.Module) -> Explainable:
        """Return the same windows before another network of the form, with its weights as they are now."""
        score, judge = _build_network_scores(network, self.network_conditions)
        return replace(self, network=network, score_windows=score, judge_windows=judge)

    def _map(self, score: Score, windows: NDArray[np.floating]) -> NDArray[np.float64]:
        values = np.asarray(windows, dtype=np.float32)
        if not len(values):
            return np.empty((0, len(self.class_names)))
        step = self.block_windows
        return np.concatenate([score(values[start : start + step]) for start in range(0, len(values), step)])


def build_explainable(
    classifier: Classifier,
    signal: NDArray[np.floating],
    sample_rate_hz: float,
    *,
    shaft_speed_rpm: float | None = None,
    fault_orders: FaultOrders | None = None,
    healthy: Sequence[Recorded] = (),
    most_windows: int | None = None,
) -> Explainable:
    """Cut a signal as the classifier does, and make ready what explains its answer.

    Parameters
    ----------
    classifier
        A classifier; an ensemble only where its members read windows of one kind.
    signal
        Shape ``(n_samples,)``, any unit.
    sample_rate_hz
        At least the classifier's analysis rate.
    shaft_speed_rpm, fault_orders
        Where they are known; some classifiers need them.
    healthy
        Healthy training signals with their sample rates in Hz; those that can't be cut are an error.
    most_windows
        Of more windows, so many are chosen, evenly spread over the signal; None: all.

    Raises
    ------
    SignalError
        ``SAMPLE_RATE_TOO_LOW``, ``RECORDING_TOO_SHORT``, ``NON_FINITE_SIGNAL``.
    InvalidInputError
        The shaft speed or the fault orders are needed and missing, or an ensemble's members differ.
    """
    preprocessing = classifier.preprocessing
    windows = _cut(preprocessing, signal, sample_rate_hz)
    starts_s = np.arange(len(windows)) * (preprocessing.hop_samples / preprocessing.analysis_rate_hz)
    chosen = _spread(len(windows), most_windows)
    row = build_conditions(shaft_speed_rpm, fault_orders)
    rate_hz = preprocessing.analysis_rate_hz

    def judge(changed: NDArray[np.float32]) -> NDArray[np.float64]:
        known = np.tile(row, (len(changed), 1))
        return take_logarithms(classifier.model.predict_probabilities(changed, rate_hz, known))

    explainable = Explainable(
        windows=windows[chosen],
        sample_rate_hz=rate_hz,
        class_names=classifier.class_names,
        score_windows=judge,
        judge_windows=judge,
        window_start_s=starts_s[chosen].astype(np.float64),
        network_name=classifier.network,
        conditions=row,
        healthy_windows=_gather_healthy(preprocessing, healthy),
        features=build_feature_reading(classifier, row),
    )
    # What is missing of the machine, or too short, is said before anything else is done.
    explainable.judge(explainable.windows[:1])
    return _add_network(explainable, classifier)


def build_from_network(
    network: torch.nn.Module,
    windows: NDArray[np.floating],
    sample_rate_hz: float,
    class_names: Sequence[str],
    *,
    conditions: NDArray[np.float32] | None = None,
    healthy_windows: NDArray[np.floating] | None = None,
    name: str = "",
) -> Explainable:
    """Explain a bare torch network; the windows ``(n_windows, n_samples)`` are standardised.

    ``conditions`` ``(5,)`` are given to a network that takes them; ``name`` is its name in the registry.
    """
    standardised = standardise(windows)
    takes_conditions = bool(name and get_network_spec(name).needs)
    score, judge = _build_network_scores(network, conditions if takes_conditions else None)
    return Explainable(
        windows=standardised,
        sample_rate_hz=sample_rate_hz,
        class_names=tuple(class_names),
        score_windows=score,
        judge_windows=judge,
        window_start_s=np.zeros(len(standardised)),
        network_name=name,
        network=network,
        conditions=conditions,
        takes_conditions=takes_conditions,
        healthy_windows=None if healthy_windows is None else standardise(healthy_windows),
    )


def _add_network(explainable: Explainable, classifier: Classifier) -> Explainable:
    """Let a torch network be scored directly, where the classifier is one."""
    spec = get_network_spec(classifier.network)
    if spec.family != "network":
        return explainable
    from core.training.network_model import NetworkModel

    if not isinstance(classifier.model, NetworkModel):
        raise TypeError(f"the model of '{classifier.network}' is no network")
    ready = replace(explainable, takes_conditions=bool(spec.needs))
    return ready.with_network(classifier.model.network)


def _build_network_scores(
    network: torch.nn.Module, conditions: NDArray[np.float32] | None
) -> tuple[Score, Score]:
    from core.explain.network_scores import copy_for_scoring, score_network

    copied = copy_for_scoring(network)

    def score(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return score_network(copied, conditions, windows)

    def judge(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return score(standardise(windows))

    return score, judge


def _cut(
    preprocessing: Preprocessing, signal: NDArray[np.floating], sample_rate_hz: float
) -> NDArray[np.float32]:
    return standardise(preprocessing.cut(preprocessing.resample(signal, sample_rate_hz)))


def _gather_healthy(preprocessing: Preprocessing, recorded: Sequence[Recorded]) -> NDArray[np.float32] | None:
    """Standardised windows of healthy signals, evenly drawn where there are many."""
    if not recorded:
        return None
    share = max(1, MOST_HEALTHY_WINDOWS // len(recorded))
    parts = []
    for signal, sample_rate_hz in recorded[:MOST_HEALTHY_WINDOWS]:
        windows = _cut(preprocessing, signal, sample_rate_hz)
        parts.append(windows[_spread(len(windows), share)])
    return np.concatenate(parts)


def _spread(n_windows: int, most: int | None) -> NDArray[np.int64]:
    """Return the numbers of at most ``most`` windows, evenly spread."""
    if most is None or n_windows <= most:
        return np.arange(n_windows)
    return np.unique(np.rint(np.linspace(0, n_windows - 1, most)).astype(np.int64))
