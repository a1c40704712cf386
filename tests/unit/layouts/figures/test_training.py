from __future__ import annotations

import pytest

from layouts.figures.theme import class_style
from layouts.figures.training import (
    CurveLook,
    build_accuracy_figure,
    build_class_figure,
    build_gradient_norm_figure,
    build_learning_rate_figure,
    build_loss_figure,
    smooth,
)

LOOK = CurveLook()


def make_epoch(epoch: int, **values: object) -> dict[str, object]:
    fields = ("train_loss", "validation_loss", "train_accuracy", "validation_window_accuracy")
    more = ("validation_recording_accuracy", "learning_rate", "gradient_norm")
    return {"epoch": epoch, "duration_s": 30.0, **dict.fromkeys((*fields, *more)), **values}


def test_the_loss_curves_go_through_the_stored_values() -> None:
    history = [
        make_epoch(1, train_loss=1.5, validation_loss=1.25),
        make_epoch(2, train_loss=0.5, validation_loss=0.75),
    ]
    figure = build_loss_figure(history, LOOK)
    assert {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data} == {
        "training": ([1, 2], [1.5, 0.5]),
        "validation": ([1, 2], [1.25, 0.75]),
    }
    assert figure.layout.yaxis.title.text == "Loss (nats)"


def test_every_accuracy_says_its_level_and_is_in_percent() -> None:
    history = [
        make_epoch(1, train_accuracy=0.5, validation_window_accuracy=0.25, validation_recording_accuracy=1.0)
    ]
    figure = build_accuracy_figure(history, CurveLook(theme="dark"))
    assert all(trace.name.endswith(("window-level", "recording-level")) for trace in figure.data)
    assert [trace.y[0] for trace in figure.data] == [50.0, 25.0, 100.0]
    assert figure.layout.yaxis.title.text == "Accuracy (%)"


def test_a_value_that_does_not_exist_is_no_point_and_no_curve() -> None:
    history = [make_epoch(1, train_loss=1.0), make_epoch(2, train_loss=0.5, validation_loss=0.25)]
    validation = build_loss_figure(history, LOOK).data[1]
    assert list(validation.x) == [2]
    assert len(build_learning_rate_figure(history, LOOK).data) == 0


@pytest.mark.parametrize(("over", "x"), [("epoch", 3), ("time", 1.5)])
def test_the_best_epoch_is_marked_where_there_is_one(over: str, x: float) -> None:
    history = [make_epoch(epoch, train_loss=1.0 / epoch) for epoch in range(1, 5)]
    assert build_loss_figure(history, LOOK).layout.shapes == ()
    assert build_loss_figure(history, CurveLook(best_epoch=9)).layout.shapes == ()
    (line,) = build_loss_figure(history, CurveLook(over=over, best_epoch=3)).layout.shapes
    assert (line.x0, line.x1) == (x, x)


def test_learning_rate_and_gradient_norm_are_not_mixed_up() -> None:
    history = [make_epoch(1, learning_rate=0.002, gradient_norm=3.5)]
    assert list(build_learning_rate_figure(history, LOOK).data[0].y) == [0.002]
    assert list(build_gradient_norm_figure(history, LOOK).data[0].y) == [3.5]


def test_the_axis_says_what_a_step_is() -> None:
    figure = build_loss_figure([make_epoch(1, train_loss=1.0)], CurveLook(step="Chunk of trees"))
    assert figure.layout.xaxis.title.text == "Chunk of trees"


def test_over_time_a_point_stands_where_its_epoch_ended() -> None:
    history = [make_epoch(1, train_loss=1.0, duration_s=60.0), make_epoch(2, train_loss=0.5, duration_s=90.0)]
    figure = build_loss_figure(history, CurveLook(over="time"))
    assert list(figure.data[0].x) == [1.0, 2.5]
    assert figure.layout.xaxis.title.text == "Time of training (min)"


def test_only_losses_rates_and_norms_go_on_a_logarithmic_axis() -> None:
    history = [make_epoch(1, train_loss=1.0, train_accuracy=0.5)]
    log = CurveLook(scale="log")
    assert build_loss_figure(history, log).layout.yaxis.type == "log"
    assert build_accuracy_figure(history, log).layout.yaxis.type is None


def test_a_zoom_stays_while_curves_grow_and_goes_with_another_axis() -> None:
    one, two = ([make_epoch(e, train_loss=1.0) for e in range(1, n)] for n in (3, 9))
    revision = build_loss_figure(one, LOOK).layout.uirevision
    assert build_loss_figure(two, LOOK).layout.uirevision == revision
    assert build_loss_figure(one, CurveLook(over="time")).layout.uirevision != revision


def test_a_smoothed_curve_says_so_and_what_was_measured_stays_behind_it() -> None:
    history = [make_epoch(epoch, train_loss=loss) for epoch, loss in enumerate((1.0, 1.0, 4.0), 1)]
    raw, smoothed = build_loss_figure(history, CurveLook(smoothing=0.5)).data
    assert (list(raw.y), raw.showlegend) == ([1.0, 1.0, 4.0], False)
    assert smoothed.name == "training, smoothed"
    # weights 1/7, 2/7, 4/7, worked out by hand
    assert list(smoothed.y) == pytest.approx([1.0, 1.0, (1 + 2 + 16) / 7])


def test_smoothing_a_constant_changes_nothing() -> None:
    assert smooth([3.0] * 5, 0.9) == pytest.approx([3.0] * 5)


def test_every_class_has_its_own_curve_in_its_own_colour() -> None:
    history = [
        make_epoch(1, validation_window_class_f1={"healthy": 0.5, "ball": None}),
        make_epoch(2, validation_window_class_f1={"healthy": 1.0, "ball": 0.25}),
        make_epoch(3),
    ]
    healthy, ball = build_class_figure(history, LOOK).data
    assert (list(healthy.x), list(healthy.y)) == ([1, 2], [50.0, 100.0])
    assert (list(ball.x), list(ball.y)) == ([2], [25.0])
    assert ball.line.color == class_style("ball").colour != healthy.line.color
