"""One door to all methods: checks what is asked, runs the method and measures what its values add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Attribution, Found, Request, measure_gap
from core.explain.catalogue import MethodSpec, get_method_spec, parse_method_options
from core.explain.explainable import Explainable
from core.explain.routing import check_applies
from core.networks.options import OptionValue
from utils.exceptions import InvalidInputError


def explain(
    explainable: Explainable,
    method: str,
    *,
    target_class: int | None = None,
    options: Mapping[str, Any] | None = None,
    groups: NDArray[np.integer] | None = None,
    baselines: NDArray[np.floating] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Attribution:
    """Explain the score of a class for every window.

    Parameters
    ----------
    explainable
        The classifier and its windows. Each window is explained by itself, with the same random draws.
    method
        A name of `core.explain.catalogue.METHODS`.
    target_class
        Index of the class; None: the class of all windows together.
    options
        Of the method.
    groups
        Shape ``(n_samples,)``: which samples are replaced together, instead of equal stretches of time.
        Read by methods that replace stretches.
    baselines
        Shape ``(n_windows, n_samples)``: to be used instead of what the option names.
    on_progress
        Called with the number of finished windows and of all, also between parts of one; may raise to end.

    Raises
    ------
    InvalidInputError
        The method does not apply, an option can't be used, or there is no such class.
    MissingDependencyError
        A package that the method needs is not installed.
    """
    spec = get_method_spec(method)
    parsed = parse_method_options(method, options or {})
    check_applies(explainable, spec)
    target = explainable.find_class() if target_class is None else target_class
    if not 0 <= target < len(explainable.class_names):
        raise InvalidInputError(f"There is no class number {target}.")
    request = Request(
        target_class=target,
        options=parsed,
        baselines=_check_baselines(explainable, baselines),
        groups=_check_groups(explainable, groups),
        check_in=_build_check_in(on_progress, explainable.n_windows),
    )
    found: Found = spec.load_builder()(explainable, request)
    return _assemble(explainable, spec, request, found)


def _assemble(explainable: Explainable, spec: MethodSpec, request: Request, found: Found) -> Attribution:
    score_input = explainable.score(explainable.windows)[:, request.target_class]
    gap = None
    if spec.adds_up and found.score_baseline is not None:
        total = found.values.sum(axis=1, dtype=np.float64)
        gap = measure_gap(total, score_input, found.score_baseline)
    settings: dict[str, OptionValue] = {**request.options, **found.chosen}
    return Attribution(
        method=spec.name,
        target_class=request.target_class,
        values=found.values.astype(np.float32),
        baseline=str(request.options.get("baseline", "")),
        score_input=score_input,
        score_baseline=found.score_baseline,
        completeness_gap=gap,
        claims_completeness=spec.complete,
        settings=settings,
        slopes=None if found.slopes is None else found.slopes.astype(np.float32),
        feature_names=found.feature_names,
        feature_groups=found.feature_groups,
        feature_values=found.feature_values,
        feature_baseline=found.feature_baseline,
    )


def _check_baselines(
    explainable: Explainable, baselines: NDArray[np.floating] | None
) -> NDArray[np.float32] | None:
    if baselines is None:
        return None
    if baselines.shape != explainable.windows.shape:
        raise InvalidInputError("The baselines must have the shape of the windows.")
    return baselines.astype(np.float32)


def _check_groups(explainable: Explainable, groups: NDArray[np.integer] | None) -> NDArray[np.int64] | None:
    """Number the groups from 0 without gaps."""
    if groups is None:
        return None
    if groups.shape != (explainable.n_samples,):
        raise InvalidInputError("The groups must name one number per sample.")
    _, numbered = np.unique(groups, return_inverse=True)
    groups_from_0: NDArray[np.int64] = numbered.astype(np.int64)
    return groups_from_0


def _build_check_in(on_progress: Callable[[int, int], None] | None, n_windows: int) -> Callable[[int], None]:
    def check_in(n_done: int) -> None:
        if on_progress is not None:
            on_progress(n_done, n_windows)

    return check_in
