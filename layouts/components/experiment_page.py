"""What every tab of an experiment's page shares."""

from __future__ import annotations

from dash.development.base_component import Component

from layouts.components.states import build_button_link, build_empty_state


def build_missing() -> Component:
    """Return what an unknown experiment shows."""
    return build_empty_state(
        "There is no such experiment",
        "The link may be old, or the experiment has been deleted.",
        action=build_button_link("All experiments", "/experiments", icon="graph-up"),
        icon="question-circle",
    )
