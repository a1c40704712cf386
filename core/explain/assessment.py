"""All trust checks of an attribution in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Attribution
from core.explain.band_report import explain_again, explain_randomised
from core.explain.baselines import build_baselines
from core.explain.explainable import Explainable
from core.explain.trust import (
    TrustCheck,
    check_infidelity,
    check_randomised_weights,
    check_removal,
    check_sensitivity,
    make_time_groups,
)
from utils.exceptions import InvalidInputError

N_RANDOM_NETWORKS: Final = 2
_N_STEPS: Final = 4


def assess_attribution(
    explainable: Explainable,
    attribution: Attribution,
    *,
    n_random_networks: int = N_RANDOM_NETWORKS,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[TrustCheck, ...]:
    """Check an attribution over the waveform: infidelity, sensitivity, deletion, insertion, random weights.

    Parts are taken away as the method does it: by its baseline, silence where it has none. About 290 windows
    are scored and the method run five times per window that is given: a few windows will do.

    Parameters
    ----------
    explainable, attribution
        As explained: same windows, method, class and options.
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
    target, done = attribution.target_class, 0
    n_random = n_random_networks if explainable.network is not None else 0

    def check(_n_done: int = 0, _n_all: int = 0) -> None:
        if on_progress is not None:
            on_progress(done, _N_STEPS)

    def score(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        check()
        return explainable.score(windows)[:, target]

    def attribute(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return explain_again(replace(explainable, windows=windows), attribution, check).values

    windows, values = explainable.windows, attribution.values
    groups = make_time_groups(explainable.n_samples)
    settled = int(attribution.settings.get("seed") or 0)
    baselines = build_baselines(attribution.baseline or "zero", explainable, settled)
    infidelity = check_infidelity(score, windows, baselines, values, groups, seed=seed)
    done = 1
    sensitivity = check_sensitivity(attribute, windows, values, groups, seed=seed)
    done = 2
    removal = check_removal(score, windows, baselines, values, groups, seed=seed)
    done = 3
    others = [
        explain_randomised(explainable, attribution, seed + number, check)[1].values
        for number in range(n_random)
    ]
    randomised = check_randomised_weights(values, others, groups)
    done = _N_STEPS
    check()
    return infidelity, sensitivity, *removal, randomised
