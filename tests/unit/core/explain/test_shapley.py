"""Shapley values against their definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from core.explain.shapley import explain_game, plan_coalitions


def play(present: np.ndarray) -> np.ndarray:
    """A game with single contributions, a pair and a threesome."""
    values = present @ np.arange(1.0, present.shape[1] + 1.0)
    return values + 4.0 * present[:, 0] * present[:, 2] - 6.0 * present[:, 1] * present[:, 2] * present[:, 3]


def define_values(n_players: int) -> np.ndarray:
    """Mean over all orders of entering of what each player adds."""
    total = np.zeros(n_players)
    orders = list(permutations(range(n_players)))
    for order in orders:
        present = np.zeros((1, n_players))
        before = play(present)[0]
        for player in order:
            present[0, player] = 1.0
            after = play(present)[0]
            total[player] += after - before
            before = after
    return total / len(orders)


@pytest.mark.parametrize("n_players", [4, 5, 6])
def test_all_coalitions_give_the_shapley_values_themselves(n_players: int) -> None:
    plan = plan_coalitions(n_players, 2**n_players, seed=0)
    assert plan.is_exact
    assert len(np.unique(plan.present, axis=0)) == len(plan.present) == 2**n_players - 2
    values, empty, full = explain_game(plan, play)
    np.testing.assert_allclose(values, define_values(n_players), atol=1e-9)
    assert values.sum() == pytest.approx(full - empty)


def test_fewer_coalitions_come_near_and_still_add_up() -> None:
    plan = plan_coalitions(12, 400, seed=1)
    assert not plan.is_exact
    assert 390 <= len(plan.present) <= 400
    values, empty, full = explain_game(plan, play)
    # What a player adds in a pair is shared by two, in a threesome by three.
    expected = np.arange(1.0, 13.0)
    expected[[0, 2]] += 2.0
    expected[[1, 2, 3]] -= 2.0
    np.testing.assert_allclose(values, expected, atol=0.25)
    assert values.sum() == pytest.approx(full - empty, rel=1e-12)


def test_a_sum_of_single_contributions_is_found_exactly_from_few_coalitions() -> None:
    values, _, _ = explain_game(plan_coalitions(20, 60, seed=2), lambda present: present @ np.arange(20.0))
    np.testing.assert_allclose(values, np.arange(20.0), atol=1e-9)


def test_every_drawn_coalition_comes_with_its_opposite() -> None:
    present = plan_coalitions(16, 300, seed=3).present
    rows = {tuple(row) for row in present.tolist()}
    assert all(tuple(not one for one in row) in rows for row in rows)


def test_the_seed_decides_the_draw() -> None:
    first, again, other = (plan_coalitions(16, 300, seed).present for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_single_player_takes_all() -> None:
    values, _, _ = explain_game(plan_coalitions(1, 16, seed=0), lambda present: 3.0 * present[:, 0])
    assert values.tolist() == [3.0]
