"""Learning rate and order as functions of the position."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from core.training.augmentation import vary_path
from core.training.schedule import compute_learning_rate, draw_epoch_order


def test_the_rate_warms_up_then_falls_along_a_cosine_to_zero() -> None:
    rates = [compute_learning_rate(0.1, step, 200) for step in range(201)]
    np.testing.assert_allclose(rates[:10], 0.01 * np.arange(1, 11))
    assert max(rates) == rates[10] == pytest.approx(0.1)
    assert all(left >= right for left, right in itertools.pairwise(rates[10:]))
    assert rates[105] == pytest.approx(0.05)
    assert rates[200] == pytest.approx(0.0, abs=1e-12)


def test_a_single_step_has_a_rate() -> None:
    assert compute_learning_rate(0.1, 0, 1) == 0.1


def test_an_epoch_sees_every_window_once_in_an_order_of_its_own() -> None:
    first, again, second = (draw_epoch_order(53, 9, 8, 1, epoch) for epoch in (1, 1, 2))
    assert first.n_batches == 7
    seen = np.concatenate([first.get_batch(position)[0] for position in range(7)])
    assert sorted(seen) == list(range(53))
    np.testing.assert_array_equal(first.indices, again.indices)
    np.testing.assert_array_equal(first.shifts, again.shifts)
    assert not np.array_equal(first.indices, second.indices)
    assert first.shifts.min() >= 0 and first.shifts.max() < 9


def test_a_varied_path_keeps_slow_tones_and_changes_the_height_of_fast_ones() -> None:
    torch.manual_seed(0)
    position = torch.arange(2048.0)
    mixed = torch.sin(position * 2 * torch.pi * 8 / 2048) + torch.sin(position * 2 * torch.pi * 600 / 2048)
    found = vary_path(mixed.repeat(40, 1), 0.6)
    lines = torch.fft.rfft(found).abs()[:, [8, 600]]
    ratio = lines[:, 1] / lines[:, 0]
    assert ratio.std() > 0.1
    assert torch.fft.rfft(found).abs().argmax(dim=1).unique().tolist() in ([8], [600], [8, 600])


def test_varied_windows_are_standardised_and_strength_zero_changes_nothing() -> None:
    windows = torch.randn(5, 300)
    found = vary_path(windows, 0.8)
    torch.testing.assert_close(found.mean(dim=1), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(dim=1, correction=0), torch.ones(5))
    assert vary_path(windows, 0.0) is windows
    assert torch.isfinite(vary_path(torch.zeros(2, 300), 0.8)).all()
