"""Statistics against scipy, statsmodels and worked examples of papers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats import contingency_tables, multitest, proportion, weightstats

from utils import statistical_tests
from utils.statistical_tests import (
    bootstrap_paired_difference,
    compute_cochrans_q,
    compute_cohens_g,
    compute_critical_difference,
    compute_friedman,
    compute_mcnemar,
    compute_mean_interval,
    compute_mean_share_interval,
    compute_nemenyi,
    compute_odds_ratio,
    compute_risk_difference,
    compute_share_interval,
    compute_smallest_p_value,
    compute_welch,
    compute_wilcoxon,
    correct_holm,
    has_too_few_repeats,
)

counts = st.integers(0, 60)

# Demšar, JMLR 7 (2006), table 6: AUC of C4.5, with m, with cf, with both, on fourteen data sets.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # printed alike, ranked 2 and 3
        [0.957, 0.978, 0.946, 0.970],
    ]
)


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


def test_an_interval_of_shares_stays_between_nothing_and_all() -> None:
    low, high = compute_mean_share_interval([0.9, 1.0, 0.9])
    assert high == 1.0
    assert low == compute_mean_interval([0.9, 1.0, 0.9])[0]
    assert compute_mean_share_interval([0.0, 0.1, 0.0])[0] == 0.0


def test_two_seeds_are_too_few_and_three_are_not() -> None:
    assert [has_too_few_repeats(n) for n in (1, 2, 3)] == [True, True, False]


@given(counts, counts)
def test_the_interval_of_a_share_is_wilsons(n_right: int, n_wrong: int) -> None:
    n = n_right + n_wrong
    if n == 0:
        assert compute_share_interval(0.0, 0) is None
        return
    expected = proportion.proportion_confint(n_right, n, method="wilson")
    assert compute_share_interval(n_right / n, n) == pytest.approx(np.clip(expected, 0, 1), abs=1e-9)


@given(counts, counts)
def test_mcnemar_is_that_of_statsmodels(only_first: int, only_second: int) -> None:
    expected = contingency_tables.mcnemar([[7, only_first], [only_second, 3]], exact=True).pvalue
    assert compute_mcnemar(only_first, only_second) == pytest.approx(min(expected, 1.0), abs=1e-12)


def test_five_recordings_on_one_side_prove_nothing_and_six_do() -> None:
    assert compute_smallest_p_value(0) == 1.0
    assert compute_smallest_p_value(5) == pytest.approx(2 * 0.5**5)
    assert compute_smallest_p_value(6) == pytest.approx(2 * 0.5**6)
    assert compute_smallest_p_value(5) > 0.05 > compute_smallest_p_value(6)


def find_most_likely(only_first: int, only_second: int, n: int, difference: float) -> float:
    """Return the share only the second gets right that maximises the likelihood at this difference."""

    def lose(share: float) -> float:
        shares = np.array([share + difference, share, 1 - 2 * share - difference])
        found = np.array([only_first, only_second, n - only_first - only_second])
        return -float((found * np.log(np.maximum(shares, 1e-300))).sum())

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    return float(optimize.minimize_scalar(lose, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x)


@pytest.mark.parametrize(
    ("only_first", "only_second", "n"), [(12, 9, 44), (1, 0, 44), (7, 2, 30), (3, 30, 500)]
)
def test_the_ends_of_the_risk_difference_are_just_not_rejected(
    only_first: int, only_second: int, n: int
) -> None:
    found = compute_risk_difference(only_first, only_second, n)
    assert found.value == pytest.approx((only_first - only_second) / n)
    for end, z in ((found.low, 1.959964), (found.high, -1.959964)):
        assert end is not None
        share = find_most_likely(only_first, only_second, n, end)
        variance = n * (2 * share + end - end**2)
        assert (only_first - only_second - n * end) / np.sqrt(variance) == pytest.approx(z, abs=2e-3)


def test_the_risk_difference_of_a_large_sample_is_the_usual_one() -> None:
    # Agresti, Categorical Data Analysis, 10.1: approval ratings of 1,600 voters, 150 and 86 changed their
    # minds: difference 0.04, standard error 0.0095, interval 0.021 to 0.059
    found = compute_risk_difference(150, 86, 1600)
    assert found.value == pytest.approx(0.04)
    assert (found.low, found.high) == (pytest.approx(0.021, abs=1e-3), pytest.approx(0.059, abs=1e-3))


@given(counts, counts, st.integers(1, 400))
@settings(max_examples=60)
def test_the_risk_difference_has_a_width_and_turns_with_its_sides(b: int, c: int, more: int) -> None:
    n = b + c + more
    found, turned = compute_risk_difference(b, c, n), compute_risk_difference(c, b, n)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert -1 <= found.low < found.value < found.high <= 1
    assert turned.low == pytest.approx(-found.high, abs=1e-6)


@pytest.mark.parametrize(("only_first", "only_second"), [(8, 2), (3, 3), (1, 11)])
def test_odds_ratio_and_cohens_g_are_the_exact_share_of_the_discordant_ones(
    only_first: int, only_second: int
) -> None:
    n = only_first + only_second
    low, high = proportion.proportion_confint(only_first, n, method="beta")
    odds, g = compute_odds_ratio(only_first, only_second), compute_cohens_g(only_first, only_second)
    assert odds.value == pytest.approx(only_first / only_second)
    assert (odds.low, odds.high) == (pytest.approx(low / (1 - low)), pytest.approx(high / (1 - high)))
    assert g.value == pytest.approx(only_first / n - 0.5)
    assert (g.low, g.high) == (pytest.approx(low - 0.5), pytest.approx(high - 0.5))


def test_an_odds_ratio_that_is_infinite_is_none() -> None:
    found = compute_odds_ratio(5, 0)
    assert (found.value, found.high) == (None, None)
    assert found.low == pytest.approx(0.4781762 / (1 - 0.4781762), rel=1e-5)  # 0.025 ** (1 / 5)
    assert compute_odds_ratio(0, 0).to_dict() == {"value": None, "low": None, "high": None}
    assert compute_cohens_g(0, 0).value is None


def test_the_paired_bootstrap_is_that_of_scipy() -> None:
    random = np.random.default_rng(1)
    first = (random.random(200) < 0.9).astype(float)
    second = np.where(random.random(200) < 0.8, first, 0.0)
    found = bootstrap_paired_difference(first, second)
    expected = stats.bootstrap(
        (first, second),
        lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=2,
    ).confidence_interval
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert (found.low, found.high) == (
        pytest.approx(expected.low, abs=5e-3),
        pytest.approx(expected.high, abs=5e-3),
    )


def test_the_paired_bootstrap_knows_shares_of_seeds_and_repeats_itself() -> None:
    first, second = [1.0, 2 / 3, 1.0, 1 / 3] * 20, [1.0, 1 / 3, 2 / 3, 1 / 3] * 20
    found = bootstrap_paired_difference(first, second)
    assert found == bootstrap_paired_difference(first, second)
    half = 1.96 * np.std(np.subtract(first, second)) / np.sqrt(80)
    assert found.high is not None
    assert found.value == pytest.approx(1 / 6)
    assert found.high - 1 / 6 == pytest.approx(half, rel=0.1)
    assert bootstrap_paired_difference([], []).value is None


def test_cochrans_q_is_that_of_statsmodels() -> None:
    right = np.random.default_rng(3).random((80, 4)) < np.array([0.9, 0.8, 0.7, 0.85])
    found, expected = compute_cochrans_q(right), contingency_tables.cochrans_q(right)
    assert found is not None
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.dof == expected.df


@pytest.mark.parametrize("shares", [(0.7, 0.7, 0.7), (0.85, 0.8, 0.75, 0.85), (0.9, 0.8, 0.7, 0.6, 0.7)])
def test_cochrans_q_of_many_recordings_is_near_chi_square(shares: tuple[float, ...]) -> None:
    right = np.random.default_rng(5).random((400, len(shares))) < np.array(shares)
    found, expected = compute_cochrans_q(right), contingency_tables.cochrans_q(right)
    assert found is not None
    assert not found.is_exact
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.02)
    assert compute_cochrans_q(right) == found  # the same seed
    assert found.p_value >= 1 / 10_001  # never zero


@pytest.mark.parametrize(
    ("n_classifiers", "n_discordant", "p_value"), [(3, 3, 3 / 27), (4, 3, 4 / 64), (12, 2, 12 / 144)]
)
def test_cochrans_q_of_few_recordings_is_exact(n_classifiers: int, n_discordant: int, p_value: float) -> None:
    right = np.ones((30, n_classifiers))
    right[:n_discordant, 1:] = 0  # only the first is right
    right[-5:] = 0
    found = compute_cochrans_q(right)
    assert found is not None
    assert found.is_exact
    assert found.p_value == pytest.approx(p_value)


@pytest.mark.parametrize("seed", range(4))
def test_cochrans_q_goes_through_every_arrangement(seed: int) -> None:
    right = np.random.default_rng(seed).random((6, 4)) < 0.6
    found = compute_cochrans_q(right)
    assert found is not None
    rows = [sorted(set(itertools.permutations(row.tolist()))) for row in right]
    statistics = [(np.sum(each, axis=0) ** 2).sum() for each in itertools.product(*rows)]
    expected = np.mean(np.array(statistics) >= (right.sum(axis=0) ** 2).sum())
    assert found.p_value == pytest.approx(expected)


def test_drawn_arrangements_come_near_the_enumerated_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    right = np.random.default_rng(2).random((9, 4)) < np.array([0.9, 0.5, 0.6, 0.4])
    exact = compute_cochrans_q(right)
    monkeypatch.setattr(statistical_tests, "_MOST_ENUMERATED", 0)
    drawn = compute_cochrans_q(right)
    assert exact is not None
    assert drawn is not None
    assert (exact.is_exact, drawn.is_exact) == (True, False)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.02)


def test_cochrans_q_of_two_is_mcnemars_chi_square() -> None:
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [20, 11, 4, 5], axis=0)
    found = compute_cochrans_q(right)
    assert found is not None
    assert found.statistic == pytest.approx((11 - 4) ** 2 / (11 + 4))


def test_cochrans_q_of_equal_answers_is_nothing() -> None:
    assert compute_cochrans_q(np.repeat([[1, 1, 1], [0, 0, 0]], 5, axis=0)) is None


@pytest.mark.parametrize("n", [1, 2, 3, 6, 12])
def test_holm_is_that_of_statsmodels(n: int) -> None:
    p_values = [float(value) for value in np.round(np.random.default_rng(n).beta(0.4, 2, n), 2)]  # some alike
    assert correct_holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


def test_holm_of_nothing_is_nothing() -> None:
    assert correct_holm([]) == []


def test_friedman_is_that_of_demsars_example() -> None:
    found = compute_friedman(DEMSAR)
    assert found.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=1e-3)
    untied = 12 * 14 / (4 * 5) * (sum(rank**2 for rank in found.mean_ranks) - 4 * 25 / 4)
    assert untied == pytest.approx(9.28, abs=5e-3)
    assert 13 * untied / (14 * 3 - untied) == pytest.approx(3.69, abs=5e-3)
    assert found.chi_square.statistic >= untied  # his is not corrected for ties
    assert found.n_blocks == 14


def test_friedman_with_ties_is_that_of_scipy() -> None:
    found, expected = compute_friedman(DEMSAR), stats.friedmanchisquare(*DEMSAR.T)
    assert found.chi_square.statistic == pytest.approx(expected.statistic)
    assert found.chi_square.p_value == pytest.approx(expected.pvalue)


def test_friedman_where_all_agree() -> None:
    agreed = compute_friedman(np.array([[0.9, 0.8, 0.7]] * 4))
    assert agreed.mean_ranks == [1, 2, 3]
    assert agreed.iman_davenport is None
    tied = compute_friedman(np.ones((4, 3)))
    assert tied.chi_square.p_value == 1.0
    with pytest.raises(ValueError, match="three classifiers"):
        compute_friedman(np.ones((4, 2)))


def test_the_critical_differences_are_demsars() -> None:
    # table 5(a): q at 0.05 for 2 to 10 classifiers
    expected = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    found = [compute_critical_difference(k, 1) / np.sqrt(k * (k + 1) / 6) for k in range(2, 11)]
    assert found == pytest.approx(expected, abs=1.5e-3)
    assert compute_critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert compute_critical_difference(4, 14, alpha=0.10) == pytest.approx(1.12, abs=5e-3)


def test_nemenyi_turns_at_the_critical_difference() -> None:
    gap = compute_critical_difference(4, 14)
    p_values = compute_nemenyi([1.0, 1.0 + gap, 2.0, 3.0], 14)
    assert p_values[0, 1] == pytest.approx(0.05, abs=1e-6)
    assert p_values == pytest.approx(p_values.T)
    assert np.diag(p_values) == pytest.approx(1.0)


def test_wilcoxon_is_that_of_demsars_example() -> None:
    # section 3.1.3: C4.5 against C4.5+m: 12 is the smaller sum of ranks, below the critical 21
    found = compute_wilcoxon(DEMSAR[:, 0], DEMSAR[:, 1])
    assert found is not None
    assert found.statistic == 12
    assert found.p_value < 0.05
    assert compute_wilcoxon([0.9, 0.8], [0.9, 0.8]) is None


def test_wilcoxon_of_five_all_on_one_side_can_not_reach_five_percent() -> None:
    found = compute_wilcoxon([0.9, 0.8, 0.7, 0.95, 0.85], [0.8, 0.6, 0.4, 0.55, 0.35])
    assert found is not None
    assert found.p_value == pytest.approx(2 / 2**5)


def test_the_difference_of_seeds_is_welchs() -> None:
    one, other = [0.95, 0.96, 0.94, 0.97], [0.90, 0.94, 0.85]
    means = weightstats.CompareMeans.from_data(one, other)
    found = compute_welch(one, other)
    assert (found.low, found.high) == pytest.approx(means.tconfint_diff(usevar="unequal"))
    assert compute_welch([0.9, 0.9], [0.8, 0.8]).low == pytest.approx(0.1)
    with pytest.raises(ValueError, match="two values"):
        compute_welch([0.9], [0.8, 0.7])
