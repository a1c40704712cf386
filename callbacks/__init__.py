"""One module per page: user event, one service call, figure."""

from __future__ import annotations

from types import ModuleType

import dash

from callbacks import (
    bearings,
    compare,
    condition_trend,
    data_explorer,
    data_generation,
    data_generation_plan,
    data_generation_templates,
    dataset,
    dataset_edit,
    dataset_export,
    dataset_recordings,
    dataset_samples,
    dataset_splits,
    dataset_versions,
    datasets,
    diagnose,
    diagnose_answer,
    diagnose_removal,
    evaluation,
    evaluation_jobs,
    evaluation_trust,
    experiment,
    experiment_curves,
    experiment_explain,
    experiment_family,
    experiment_monitor,
    experiment_settings,
    experiments,
    feature_choice,
    feature_engineering,
    frame,
    generator,
    home,
    leaks,
    new_experiment,
    noise_variants,
    report,
    reports,
    signal_viewer,
    signal_viewer_diagnosis,
    signal_viewer_lines,
    signal_viewer_tools,
    signal_viewer_views,
    signals,
    xai,
    xai_answer,
    xai_atlas,
    xai_what_if,
)

MODULES: tuple[ModuleType, ...] = (
    frame,
    home,
    datasets,
    condition_trend,
    dataset,
    dataset_recordings,
    dataset_edit,
    dataset_export,
    dataset_samples,
    dataset_versions,
    dataset_splits,
    leaks,
    noise_variants,
    data_generation,
    data_generation_plan,
    data_generation_templates,
    generator,
    signals,
    signal_viewer,
    signal_viewer_lines,
    signal_viewer_views,
    signal_viewer_tools,
    signal_viewer_diagnosis,
    bearings,
    feature_choice,
    feature_engineering,
    data_explorer,
    experiments,
    new_experiment,
    experiment,
    experiment_curves,
    experiment_explain,
    experiment_family,
    experiment_monitor,
    experiment_settings,
    compare,
    evaluation,
    evaluation_trust,
    evaluation_jobs,
    xai,
    xai_answer,
    xai_what_if,
    xai_atlas,
    diagnose,
    diagnose_answer,
    diagnose_removal,
    reports,
    report,
)


# Pages that open with what their first callbacks would say in them.
PAGE_WRAPS = {"layouts.pages.experiments": experiments.open_filled}


def register_all(app: dash.Dash) -> None:
    """Wire every page of ``app``."""
    for module in MODULES:
        module.register(app)
