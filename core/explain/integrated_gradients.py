"""Integrated gradients (Sundararajan, Taly and Yan, ICML 2017), divided until the values add up.

Captum integrates along a straight line with a fixed number of steps. A network with hard edges, or one that
divides by its own noise floor, changes within a small part of that line. So the line is cut into pieces, and
each piece is an integral of its own from its beginning to its end; the sum over the pieces is the integral
over the whole line. A piece whose values do not add up to the change of the score over it is cut again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray

from core.explain.attribution import COMPLETENESS_TOLERANCE, SMALLEST_DIFFERENCE, Found, Request
from core.explain.context import explaining
from core.explain.explainable import Explainable
from core.explain.network_scores import build_forward, to_tensor
from core.explain.players import take_baselines

# Gradients per piece: Gauss and Legendre's rule of this many places.
_PIECE_STEPS = 8
_FIRST_PIECES = 4
# What the pieces lack, as shares of the whole: together, and as if all had one sign, so that large errors
# that happen to cancel do not pass for none.
_WANTED = 0.5 * COMPLETENESS_TOLERANCE
_WANTED_UNSIGNED = 5.0 * COMPLETENESS_TOLERANCE
_SHORTEST_PIECE = 2.0**-40


@dataclass(slots=True)
class _Piece:
    """One part of the line: where it begins and ends, its share of the integral and what it lacks."""

    start: float
    stop: float
    slopes: NDArray[np.float64]
    gap: float


def integrate_gradients(explainable: Explainable, request: Request) -> Found:
    """Integrate the gradient from each window's baseline to the window."""
    network = explainable.network
    if network is None:
        raise ValueError("there is no network")
    baselines = take_baselines(explainable, request)
    slopes = np.empty(explainable.windows.shape)
    most_used = 0
    with explaining(network):
        for index, (window, baseline) in enumerate(zip(explainable.windows, baselines, strict=True)):
            line = _Line(explainable, request.target_class, window, baseline)
            pieces = line.integrate(
                request.get_whole("most_steps") // _PIECE_STEPS, partial(request.check_in, index)
            )
            slopes[index] = sum(piece.slopes for piece in pieces)
            most_used = max(most_used, line.n_pieces)
            request.check_in(index + 1)
    values = slopes * (explainable.windows.astype(np.float64) - baselines)
    scores = explainable.score(baselines)[:, request.target_class]
    return Found(values, scores, slopes, {"n_steps": most_used * _PIECE_STEPS})


class _Line:
    """The straight line from a baseline to a window before one network."""

    def __init__(
        self,
        explainable: Explainable,
        target_class: int,
        window: NDArray[np.float32],
        baseline: NDArray[np.float32],
    ) -> None:
        self._explainable, self._target = explainable, target_class
        self._baseline = baseline.astype(np.float64)
        self._way = window.astype(np.float64) - self._baseline
        network: Any = explainable.network
        self._network = network
        self._captum = IntegratedGradients(
            build_forward(network, explainable.network_conditions), multiply_by_inputs=False
        )
        self._scores: dict[float, float] = {}
        self.n_pieces = 0

    def integrate(self, most_pieces: int, check_in: Callable[[], None]) -> list[_Piece]:
        """Cut the line until the pieces add up, or no more may be worked out."""
        edges = np.linspace(0.0, 1.0, _FIRST_PIECES + 1)
        pieces = self._work_out(list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)), check_in)
        whole = max(abs(self._scores[1.0] - self._scores[0.0]), SMALLEST_DIFFERENCE)
        while not _add_up(pieces, whole):
            fair = 0.5 * _WANTED * whole / len(pieces)
            bad = [piece for piece in pieces if abs(piece.gap) > fair and _can_be_cut(piece)]
            bad.sort(key=lambda piece: -abs(piece.gap))
            bad = bad[: (most_pieces - self.n_pieces) // 2]
            if not bad:
                break
            halves = [half for piece in bad for half in _cut(piece)]
            kept = [piece for piece in pieces if not any(piece is other for other in bad)]
            pieces = kept + self._work_out(halves, check_in)
        return pieces

    def _work_out(self, parts: list[tuple[float, float]], check_in: Callable[[], None]) -> list[_Piece]:
        self._score([place for part in parts for place in part])
        at_once = max(1, self._explainable.block_windows // _PIECE_STEPS)
        pieces = []
        for first in range(0, len(parts), at_once):
            check_in()
            block = parts[first : first + at_once]
            for (start, stop), slopes in zip(block, self._find_slopes(block), strict=True):
                change = self._scores[stop] - self._scores[start]
                pieces.append(_Piece(start, stop, slopes, change - float(slopes @ self._way)))
        self.n_pieces += len(parts)
        return pieces

    def _find_slopes(self, parts: list[tuple[float, float]]) -> NDArray[np.float64]:
        """Mean gradient over each part times its share of the line, ``(n_parts, n_samples)``."""
        starts, stops = (self._place([part[side] for part in parts]) for side in (0, 1))
        mean = self._captum.attribute(stops, starts, target=self._target, n_steps=_PIECE_STEPS)
        lengths = np.array([stop - start for start, stop in parts])
        found: NDArray[np.float64] = mean.detach().cpu().numpy().astype(np.float64) * lengths[:, None]
        return found

    def _score(self, places: list[float]) -> None:
        new = sorted(set(places) - set(self._scores))
        windows = self._place(new).cpu().numpy()
        scores = self._explainable.score(windows)[:, self._target]
        self._scores |= dict(zip(new, scores.tolist(), strict=True))

    def _place(self, places: list[float]) -> torch.Tensor:
        points = self._baseline + np.asarray(places)[:, None] * self._way
        return to_tensor(points.astype(np.float32), self._network)


def _add_up(pieces: list[_Piece], whole: float) -> bool:
    gaps = [piece.gap for piece in pieces]
    unsigned = sum(abs(gap) for gap in gaps)
    return abs(sum(gaps)) <= _WANTED * whole and unsigned <= _WANTED_UNSIGNED * whole


def _can_be_cut(piece: _Piece) -> bool:
    return piece.stop - piece.start > _SHORTEST_PIECE


def _cut(piece: _Piece) -> list[tuple[float, float]]:
    middle = 0.5 * (piece.start + piece.stop)
    return [(piece.start, middle), (middle, piece.stop)]
