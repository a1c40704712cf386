"""One module per page: user event, one service call, figure."""

from __future__ import annotations

from types import ModuleType

import dash

from callbacks import (
    dataset,
    dataset_splits,
    datasets,
    diagnose,
    experiment,
    experiments,
    frame,
    home,
    new_experiment,
    signal_viewer,
    signals,
)

MODULES: tuple[ModuleType, ...] = (
    frame,
    home,
    datasets,
    dataset,
    dataset_splits,
    signals,
    signal_viewer,
    experiments,
    new_experiment,
    experiment,
    diagnose,
)


def register_all(app: dash.Dash) -> None:
    """Wire every page of ``app``."""
    for module in MODULES:
        module.register(app)
