"""Learning rate and order as functions of the position."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.training.schedule import Schedule, draw_epoch_order

CHOSEN = Schedule(highest=0.1)


def test_the_rate_warms_up_then_falls_along_a_cosine_to_zero() -> None:
    rates = [CHOSEN.compute_rate(step, 200) for step in range(201)]
    np.testing.assert_allclose(rates[:10], 0.01 * np.arange(1, 11))
    assert max(rates) == rates[10] == pytest.approx(0.1)
    assert all(left >= right for left, right in itertools.pairwise(rates[10:]))
    assert rates[105] == pytest.approx(0.05)
    assert rates[200] == pytest.approx(0.0, abs=1e-12)


def test_a_single_step_has_a_rate() -> None:
    assert CHOSEN.compute_rate(0, 1) == 0.1


def test_an_epoch_sees_every_window_once_in_an_order_of_its_own() -> None:
    first, again, second = (draw_epoch_order(53, 8, 1, epoch) for epoch in (1, 1, 2))
    assert first.n_batches == 7
    seen = np.concatenate([first.get_batch(position) for position in range(7)])
    assert sorted(seen) == list(range(53))
    np.testing.assert_array_equal(first.indices, again.indices)
    assert not np.array_equal(first.indices, second.indices)


def test_a_line_falls_evenly_to_its_end() -> None:
    schedule = Schedule("linear", highest=1.0, warm_up_share=0.0, final_share=0.2)
    rates = [schedule.compute_rate(step, 101) for step in range(1, 102)]
    assert rates[0] == pytest.approx(1.0) and rates[-1] == pytest.approx(0.2)
    np.testing.assert_allclose(np.diff(rates), np.diff(rates)[0])


def test_a_cosine_ends_at_its_final_share() -> None:
    schedule = Schedule("cosine", highest=2.0, final_share=0.1)
    assert schedule.compute_rate(1000, 1000) == pytest.approx(0.2)


def test_steps_fall_to_a_tenth_twice() -> None:
    schedule = Schedule("step", highest=1.0, warm_up_share=0.0)
    rates = [schedule.compute_rate(step, 1001) for step in (1, 600, 601, 850, 851, 1000)]
    assert rates == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.01, 0.01])


def test_a_constant_rate_stays_after_a_warm_up_as_long_as_asked() -> None:
    schedule = Schedule("constant", highest=1.0, warm_up_share=0.5)
    assert [schedule.compute_rate(step, 8) for step in range(8)] == [0.25, 0.5, 0.75, 1.0, 1, 1, 1, 1]
