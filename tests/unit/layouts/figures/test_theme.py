from __future__ import annotations

import json

import pytest

from layouts.figures.theme import (
    OKABE_ITO,
    axis_title,
    build_figure,
    build_template,
    class_colour,
    class_style,
)
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES


@pytest.mark.parametrize("classes", [FAULT_CLASSES, ROLLING_FAULT_CLASSES], ids=["journal", "rolling"])
def test_no_two_classes_of_one_machine_look_the_same(classes) -> None:
    assert len({class_style(name) for name in classes}) == len(classes)
    assert all(class_colour(name) in OKABE_ITO.values() for name in classes)


def test_a_class_of_the_users_own_always_looks_the_same() -> None:
    assert class_style("worn_coupling") == class_style("worn_coupling")
    assert class_colour("worn_coupling") in OKABE_ITO.values()


def test_an_unlabelled_signal_has_no_class_colour() -> None:
    assert class_colour(None) not in OKABE_ITO.values()


def test_every_axis_has_its_unit_or_says_that_nobody_knows_it() -> None:
    assert axis_title("Acceleration", "g") == "Acceleration (g)"
    figure = build_figure("light", x=("Time", "s"), y=("Amplitude", None))
    assert figure.layout.xaxis.title.text == "Time (s)"
    assert figure.layout.yaxis.title.text == "Amplitude (unit unknown)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_carries_the_slim_template_only(theme) -> None:
    figure = build_figure(theme, x=("Time", "s"), y=("Amplitude", "g"))
    assert (
        len(json.dumps(figure.to_plotly_json()["layout"]["template"], default=lambda o: o.to_plotly_json()))
        < 2500
    )


def test_light_and_dark_differ_and_an_unknown_theme_is_light() -> None:
    light, dark = build_template("light"), build_template("dark")
    assert light.layout.font.color != dark.layout.font.color
    assert build_template("none").layout.font.color == light.layout.font.color
