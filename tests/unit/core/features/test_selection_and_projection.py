"""Ratings, choices and projections of features, against answers of SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from core.features.importance import compute_importance
from core.features.projection import project_pca, project_tsne, standardise_columns
from core.features.selection import compute_correlation, compute_f_statistic, select_features
from utils.exceptions import InvalidInputError


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    rng = np.random.default_rng(4)
    mixed = rng.standard_normal((90, 6)) @ rng.standard_normal((6, 6))
    mixed[:, 2] += np.repeat([0, 2, 4], 30)
    return mixed


LABELS = ["a"] * 30 + ["b"] * 30 + ["c"] * 30


def test_the_f_statistic_equals_scipys_analysis_of_variance(values: np.ndarray) -> None:
    expected = scipy.stats.f_oneway(values[:30], values[30:60], values[60:]).statistic
    found = compute_f_statistic(values, np.repeat([0, 1, 2], 30))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert compute_f_statistic(np.ones((4, 1)), np.array([0, 0, 1, 1]))[0] == 0.0


def test_the_first_choice_of_mrmr_is_the_column_with_the_largest_f(values: np.ndarray) -> None:
    chosen, scores = select_features(values, LABELS, "mrmr", n_features=6)
    assert sorted(chosen) == list(range(6))
    f_statistic = compute_f_statistic(values, np.repeat([0, 1, 2], 30))
    assert chosen[0] == int(np.argmax(f_statistic))
    correlation = np.abs(np.corrcoef(values.T))
    second = f_statistic / correlation[:, chosen[0]]
    second[chosen[0]] = 0
    assert chosen[1] == int(np.argmax(second))
    assert scores[1] == pytest.approx(second.max())


def test_mutual_information_of_a_clear_feature_is_the_entropy_of_the_class() -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"] * 200)
    clear = (labels == "a") * 10.0 + rng.standard_normal(400)
    found, spread = compute_importance(
        np.column_stack([clear, rng.standard_normal(400)]), labels.tolist(), "mutual_info"
    )
    assert found[0] == pytest.approx(np.log(2), abs=0.05)
    assert found[1] < 0.1
    assert spread is None


def test_permutation_holds_whole_groups_out() -> None:
    """A feature that only tells the groups apart is worth nothing on groups that were not learned."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(20), 10)
    targets = np.repeat(np.arange(20) % 2, 10)
    values = np.column_stack([groups + 0.01 * rng.random(200), targets + 0.3 * rng.standard_normal(200)])
    found, spread = compute_importance(
        values, [f"class {each}" for each in targets], "permutation", groups=[str(each) for each in groups]
    )
    assert spread is not None
    assert found[1] > 0.1
    assert found[1] > 3 * abs(found[0])


@pytest.mark.parametrize(
    ("labels", "method"),
    [(["a"] * 9, "mutual_info"), (["a", "b"], "mutual_info"), (["a", "b", "a", "b"], "magic")],
)
def test_what_cannot_be_rated_is_refused(labels: list[str], method: str) -> None:
    with pytest.raises(InvalidInputError):
        compute_importance(np.random.default_rng(0).random((len(labels), 3)), labels, method)


def test_principal_components_equal_scikit_learns_but_for_the_sign(values: np.ndarray) -> None:
    found = project_pca(values)
    model = PCA(2).fit(StandardScaler().fit_transform(values))
    expected = model.transform(StandardScaler().fit_transform(values))
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.explained, model.explained_variance_ratio_, rtol=1e-8)


def test_tsne_repeats_itself_keeps_groups_together_and_draws_when_there_are_many() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((120, 8)) + 8 * np.repeat([[0], [1]], 60, axis=0)
    first, again = project_tsne(values, max_rows=80), project_tsne(values, max_rows=80)
    np.testing.assert_array_equal(first.points, again.points)
    assert len(first.rows) == len(set(first.rows.tolist())) == 80
    group = first.rows >= 60
    between = np.linalg.norm(first.points[group].mean(axis=0) - first.points[~group].mean(axis=0))
    assert between > 2 * first.points[group].std()


def test_constant_columns_disturb_nothing(values: np.ndarray) -> None:
    wide = np.column_stack([values, np.full(90, 1e6)])
    assert (standardise_columns(wide)[:, -1] == 0).all()
    assert (compute_correlation(wide)[-1, :-1] == 0).all()
    np.testing.assert_allclose(
        np.abs(project_pca(wide).points), np.abs(project_pca(values).points), rtol=1e-4
    )
    with pytest.raises(InvalidInputError):
        project_pca(values[:2])
