"""Statistics against worked examples."""

from __future__ import annotations

import pytest

from utils.statistical_tests import compute_mean_interval


def test_the_interval_of_a_worked_example() -> None:
    # mean 3, s = 1.5811, t(0.975, 4) = 2.7764: half width 2.7764 * 1.5811 / sqrt(5) = 1.9632
    low, high = compute_mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert low == pytest.approx(3 - 1.9632, abs=1e-4)
    assert high == pytest.approx(3 + 1.9632, abs=1e-4)


def test_equal_values_have_no_width() -> None:
    assert compute_mean_interval([0.9, 0.9, 0.9]) == [pytest.approx(0.9), pytest.approx(0.9)]


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two values"):
        compute_mean_interval([0.5])
