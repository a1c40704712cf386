"""Occlusion against loops and Captum."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import Occlusion

from core.explain.explainer import explain
from core.explain.network_scores import build_forward
from tests.unit.core.explain.networks import (
    N_SAMPLES,
    RATE_HZ,
    EnergyNetwork,
    build,
    build_linear,
    log_sigmoid,
)


def test_without_overlap_each_sample_carries_its_share_of_the_fall() -> None:
    explainable, weights = build_linear()
    options = {"segment_ms": 1e3 * 16 / RATE_HZ, "overlap": 0.0}
    found = explain(explainable, "occlusion", target_class=1, options=options)
    for row, window in zip(found.values, explainable.windows, strict=True):
        for start in range(0, N_SAMPLES, 16):
            kept = np.delete(np.arange(N_SAMPLES), np.arange(start, start + 16))
            fall = log_sigmoid(window @ weights) - log_sigmoid(window[kept] @ weights[kept])
            np.testing.assert_allclose(row[start : start + 16], fall / 16, atol=2e-6)


def test_overlapping_stretches_are_averaged_as_captum_does() -> None:
    network = EnergyNetwork()
    explainable = build(network)
    # Stretches of 24 samples, one every 12: the last one is cut short by the window's end.
    options = {"segment_ms": 1e3 * 24 / RATE_HZ, "overlap": 0.5}
    found = explain(explainable, "occlusion", target_class=1, options=options)
    reference = Occlusion(build_forward(network, None)).attribute(
        torch.from_numpy(explainable.windows), sliding_window_shapes=(24,), strides=(12,), target=1
    )
    whole = slice(0, N_SAMPLES - 24)
    np.testing.assert_allclose(found.values[:, whole] * 24, reference.detach().numpy()[:, whole], atol=1e-5)
    assert np.abs(found.values[:, -4:]).max() > 0


def test_a_stretch_is_replaced_by_the_baseline_and_not_by_silence() -> None:
    explainable, _ = build_linear()
    same = explain(explainable, "occlusion", target_class=1, baselines=explainable.windows)
    np.testing.assert_allclose(same.values, 0.0, atol=1e-6)


def test_groups_are_replaced_one_by_one_wherever_their_samples_lie() -> None:
    explainable, weights = build_linear(1)
    groups = np.arange(N_SAMPLES) % 3 * 10
    found = explain(explainable, "occlusion", target_class=1, groups=groups)
    window = explainable.windows[0]
    for group in (0, 10, 20):
        own = groups == group
        fall = log_sigmoid(window @ weights) - log_sigmoid(window[~own] @ weights[~own])
        np.testing.assert_allclose(found.values[0, own], fall / own.sum(), atol=2e-6)
