"""One module per page: user event, one service call, figure."""

from __future__ import annotations

from types import ModuleType

import dash

from callbacks import dataset, dataset_splits, datasets, frame, home

MODULES: tuple[ModuleType, ...] = (frame, home, datasets, dataset, dataset_splits)


def register_all(app: dash.Dash) -> None:
    """Wire every page of ``app``."""
    for module in MODULES:
        module.register(app)
