"""Many features in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.features.importance import Matrix
from utils.exceptions import InvalidInputError

MAX_TSNE_ROWS = 1500
_FEWEST_ROWS = 3
_TSNE_INPUTS = 30


@dataclass(frozen=True, slots=True)
class Projection:
    """Rows as points.

    Attributes
    ----------
    points
        float32 ``(n_points, 2)``.
    rows
        Which rows the points are, ``(n_points,)``.
    explained
        Share of the variance that each axis shows; empty where that has no meaning.
    perplexity
        How many neighbours a point has in t-SNE; 0 elsewhere.
    """

    points: NDArray[np.float32]
    rows: NDArray[np.int64]
    explained: tuple[float, ...] = ()
    perplexity: float = 0.0


def standardise_columns(values: Matrix) -> NDArray[np.float64]:
    """Bring each column to mean 0 and standard deviation 1; a constant one becomes 0."""
    wide = np.asarray(values, dtype=np.float64)
    centred = wide - wide.mean(axis=0)
    spread = centred.std(axis=0)
    constant = spread <= 1e-9 * np.abs(wide).max(axis=0, initial=0.0)
    scaled: NDArray[np.float64] = centred / np.where(constant, 1.0, spread)
    scaled[:, constant] = 0.0
    return scaled


def project_pca(values: Matrix) -> Projection:
    """Project the standardised columns on their first two principal components.

    The sign of an axis is chosen so that its largest loading is positive: the same values always give the
    same picture.

    Raises
    ------
    InvalidInputError
        Fewer than three rows or two columns.
    """
    _check_size(values)
    scaled = standardise_columns(values)
    loadings, explained = _find_components(scaled, 2)
    shown = tuple(float(share) for share in explained)
    return Projection((scaled @ loadings).astype(np.float32), np.arange(len(values)), shown)


def project_tsne(values: Matrix, *, seed: int = 0, max_rows: int = MAX_TSNE_ROWS) -> Projection:
    """Lay rows out so that neighbours stay neighbours (t-SNE, van der Maaten & Hinton, 2008).

    Distances between groups and their sizes mean nothing in such a picture. Of more rows than ``max_rows``
    that many are drawn. The same values and seed give the same picture.

    Raises
    ------
    InvalidInputError
        Fewer than three rows or two columns.
    """
    from sklearn.manifold import TSNE

    _check_size(values)
    rows = np.arange(len(values))
    if len(values) > max_rows:
        rows = np.sort(np.random.default_rng(seed).choice(len(values), max_rows, replace=False))
    scaled = standardise_columns(values)[rows]
    if scaled.shape[1] > _TSNE_INPUTS:
        scaled = scaled @ _find_components(scaled, min(_TSNE_INPUTS, len(scaled) - 1))[0]
    perplexity = float(min(30.0, max(1.0, (len(rows) - 1) / 3)))
    start = scaled[:, :2] / (scaled[:, 0].std() or 1.0) * 1e-4
    model = TSNE(2, perplexity=perplexity, init=start.astype(np.float32), random_state=seed, n_jobs=1)
    points = np.asarray(model.fit_transform(scaled.astype(np.float32)), dtype=np.float32)
    return Projection(points, rows, perplexity=perplexity)


def _check_size(values: Matrix) -> None:
    if values.ndim != 2 or len(values) < _FEWEST_ROWS or values.shape[1] < 2:
        raise InvalidInputError("A projection takes at least three windows and two features.")


def _find_components(
    scaled: NDArray[np.float64], n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return loadings ``(n_features, n_components)`` and shares of the variance."""
    variances, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    order = np.argsort(-variances)[:n_components]
    loadings = vectors[:, order]
    loadings = loadings * np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(len(order))])
    total = max(float(variances.sum()), np.finfo(np.float64).tiny)
    return loadings, np.maximum(variances[order], 0.0) / total
