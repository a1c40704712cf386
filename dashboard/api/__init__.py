"""REST API, version 1: one resource per file."""

from __future__ import annotations

from apiflask import APIFlask, HTTPError

from dashboard.api import (
    bearings,
    comparisons,
    dataset_versions,
    datasets,
    diagnoses,
    docs,
    ensembles,
    evaluations,
    experiments,
    explanations,
    exports,
    features,
    generation,
    health,
    import_templates,
    jobs,
    leaks,
    machine_views,
    me,
    recording_views,
    recordings,
    reports,
    trends,
    uploads,
)
from dashboard.api.errors import show_invalid_input

BLUEPRINTS = (
    health.blueprint,
    me.blueprint,
    jobs.blueprint,
    uploads.blueprint,
    datasets.blueprint,
    leaks.blueprint,
    exports.blueprint,
    dataset_versions.blueprint,
    generation.blueprint,
    trends.blueprint,
    import_templates.blueprint,
    recordings.blueprint,
    recording_views.blueprint,
    machine_views.blueprint,
    bearings.blueprint,
    features.blueprint,
    experiments.blueprint,
    ensembles.blueprint,
    comparisons.blueprint,
    evaluations.blueprint,
    explanations.blueprint,
    diagnoses.blueprint,
    reports.blueprint,
    docs.blueprint,
)


def register_api(server: APIFlask) -> None:
    """Add every resource to ``server``."""
    for blueprint in BLUEPRINTS:
        server.register_blueprint(blueprint)
    server.register_error_handler(HTTPError, show_invalid_input)
    docs.describe_api(server)
