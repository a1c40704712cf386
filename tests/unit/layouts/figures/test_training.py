from __future__ import annotations

from layouts.figures.training import (
    build_accuracy_figure,
    build_gradient_norm_figure,
    build_learning_rate_figure,
    build_loss_figure,
)


def make_epoch(epoch: int, **values: float | None) -> dict[str, float | int | None]:
    fields = ("train_loss", "validation_loss", "train_accuracy", "validation_window_accuracy")
    more = ("validation_recording_accuracy", "learning_rate", "gradient_norm")
    return {"epoch": epoch, **dict.fromkeys((*fields, *more)), **values}


def test_the_loss_curves_go_through_the_stored_values() -> None:
    history = [
        make_epoch(1, train_loss=1.5, validation_loss=1.25),
        make_epoch(2, train_loss=0.5, validation_loss=0.75),
    ]
    figure = build_loss_figure(history, "light", step="Epoch")
    assert {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data} == {
        "training": ([1, 2], [1.5, 0.5]),
        "validation": ([1, 2], [1.25, 0.75]),
    }
    assert figure.layout.yaxis.title.text == "Loss (nats)"


def test_every_accuracy_says_its_level_and_is_in_percent() -> None:
    history = [
        make_epoch(1, train_accuracy=0.5, validation_window_accuracy=0.25, validation_recording_accuracy=1.0)
    ]
    figure = build_accuracy_figure(history, "dark", step="Epoch")
    assert all(trace.name.endswith(("window-level", "recording-level")) for trace in figure.data)
    assert [trace.y[0] for trace in figure.data] == [50.0, 25.0, 100.0]
    assert figure.layout.yaxis.title.text == "Accuracy (%)"


def test_a_value_that_does_not_exist_is_no_point_and_no_curve() -> None:
    history = [make_epoch(1, train_loss=1.0), make_epoch(2, train_loss=0.5, validation_loss=0.25)]
    validation = build_loss_figure(history, "light", step="Epoch").data[1]
    assert list(validation.x) == [2]
    assert len(build_learning_rate_figure(history, "light", step="Epoch").data) == 0


def test_the_best_epoch_is_marked_where_there_is_one() -> None:
    history = [make_epoch(epoch, train_loss=1.0 / epoch) for epoch in range(1, 5)]
    assert build_loss_figure(history, "light", step="Epoch").layout.shapes == ()
    (line,) = build_loss_figure(history, "light", step="Epoch", best_epoch=3).layout.shapes
    assert (line.x0, line.x1) == (3, 3)


def test_learning_rate_and_gradient_norm_are_not_mixed_up() -> None:
    history = [make_epoch(1, learning_rate=0.002, gradient_norm=3.5)]
    assert list(build_learning_rate_figure(history, "light", step="Epoch").data[0].y) == [0.002]
    assert list(build_gradient_norm_figure(history, "light", step="Epoch").data[0].y) == [3.5]


def test_the_axis_says_what_a_step_is() -> None:
    figure = build_loss_figure([make_epoch(1, train_loss=1.0)], "light", step="Chunk of trees")
    assert figure.layout.xaxis.title.text == "Chunk of trees"
