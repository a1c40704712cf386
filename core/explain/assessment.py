"""All trust checks of an attribution in one call, over time or over frequency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Attribution
from core.explain.band_attribution import AxisAttribution
from core.explain.band_report import explain_again, explain_randomised
from core.explain.explainable import Explainable
from core.explain.fault_bands import BandAxis, FaultBand
from core.explain.over_axes import attribute_frequencies, group_bins, take_baselines, view_frequencies
from core.explain.trust import (
    TrustCheck,
    check_infidelity,
    check_randomised_weights,
    check_removal,
    check_sensitivity,
    make_time_groups,
)
from core.explain.views import find_bins, list_frequencies, read_coefficients
from utils.exceptions import InvalidInputError

CheckedAxis = Literal["time", "frequency"]
Progress = Callable[[int, int], None]

N_RANDOM_NETWORKS: Final = 2
_N_STEPS: Final = 4


def assess_attribution(
    explainable: Explainable,
    attribution: Attribution,
    *,
    axis: CheckedAxis = "time",
    bands: Sequence[FaultBand] = (),
    n_random_networks: int = N_RANDOM_NETWORKS,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> tuple[TrustCheck, ...]:
    """Check an attribution over the waveform: infidelity, sensitivity, deletion, insertion, random weights.

    Over time the parts are 32 stretches of the window, over frequency the fault bands and cells of 4 %
    between them; they are taken away by the method's own baseline, silence where it has none. What happens
    all the time, as a steady line does, is nowhere in time: then checks over time may fail while those over
    frequency pass. About 320 windows are scored and the method run five times per window that is given: a
    few windows will do.

    Parameters
    ----------
    explainable, attribution
        As explained: same windows, method, class and options.
    axis
        Which plot is checked.
    bands
        As given to `core.explain.over_axes.attribute_frequencies`.
    n_random_networks
        So many times the network is given random weights; models without weights are not.
    seed
        Of everything that is drawn.
    on_progress
        Called with parts done and parts to do; may raise to end.

    Raises
    ------
    InvalidInputError
        The attribution lies over features.
    """
    if attribution.feature_names:
        raise InvalidInputError("The checks are for attributions over the waveform, not over features.")
    done = 0

    def check(_n_done: int = 0, _n_all: int = 0) -> None:
        if on_progress is not None:
            on_progress(done, _N_STEPS)

    reading = _Reading(axis, tuple(bands), check)
    asked, groups = reading.view(explainable), reading.group(explainable)
    inputs, baselines = asked.windows, reading.read(take_baselines(explainable, attribution))
    values = reading.lay(explainable, attribution)

    def score(changed: NDArray[np.float32]) -> NDArray[np.float64]:
        check()
        return asked.score(changed)[:, attribution.target_class]

    def attribute(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        other = replace(explainable, windows=windows)
        return reading.lay(other, explain_again(other, attribution, check))

    infidelity = check_infidelity(score, inputs, baselines, values, groups, seed=seed)
    done = 1
    sensitivity = check_sensitivity(attribute, explainable.windows, values, groups, seed=seed)
    done = 2
    removal = check_removal(score, inputs, baselines, values, groups, seed=seed)
    done = 3
    n_random = n_random_networks if explainable.network is not None else 0
    others = [
        reading.lay(*explain_randomised(explainable, attribution, seed + number, check))
        for number in range(n_random)
    ]
    randomised = check_randomised_weights(values, others, groups)
    done = _N_STEPS
    check()
    return infidelity, sensitivity, *removal, randomised


@dataclass(frozen=True, slots=True)
class _Reading:
    """Windows as they are, or as Fourier coefficients."""

    axis: CheckedAxis
    bands: tuple[FaultBand, ...]
    check: Progress

    def view(self, explainable: Explainable) -> Explainable:
        return explainable if self.axis == "time" else view_frequencies(explainable)

    def read(self, windows: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        return windows if self.axis == "time" else read_coefficients(windows)

    def group(self, explainable: Explainable) -> NDArray[np.int64]:
        n_samples = explainable.n_samples
        if self.axis == "time":
            return make_time_groups(n_samples)
        frequencies_hz = list_frequencies(n_samples, explainable.sample_rate_hz)
        bands = [band for band in self.bands if band.axis is BandAxis.FREQUENCY]
        return group_bins(frequencies_hz, bands)[find_bins(n_samples)]

    def lay(self, explainable: Explainable, attribution: Attribution) -> NDArray[np.float64]:
        """The attribution of each sample, or of each coefficient."""
        if self.axis == "time":
            return np.asarray(attribution.values, dtype=np.float64)
        found = attribute_frequencies(explainable, attribution, self.bands, on_progress=self.check)
        return _spread_to_coefficients(found, explainable.n_samples)


def _spread_to_coefficients(found: AxisAttribution, n_samples: int) -> NDArray[np.float64]:
    """Half of a bin's value for each of its two coefficients."""
    bins = find_bins(n_samples)
    shared: NDArray[np.float64] = (found.spread / np.bincount(bins))[:, bins]
    return shared
