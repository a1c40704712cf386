"""What is made ready for an explanation of a classifier that reads windows by a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.explain.explainable import build_explainable
from core.networks.registry import build_network, get_network_spec, validate_options
from core.signal.bearings import FaultOrders
from core.training.classifier import Classifier
from core.training.ensemble import combine
from core.training.network_model import NetworkModel
from core.training.preprocessing import Preprocessing
from tests.unit.core.training.signals import CLASS_NAMES
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 2000.0
ORDERS = FaultOrders(bpfo=3.585, bpfi=5.415, bsf=2.357, ftf=0.398)


def build_classifier(name: str, window_s: float = 0.25) -> Classifier:
    torch.manual_seed(0)
    preprocessing = Preprocessing(analysis_rate_hz=RATE_HZ, window_s=window_s, hop_s=window_s / 2)
    options = validate_options(name, {})
    network = build_network(
        name,
        options,
        n_samples=preprocessing.window_samples,
        n_classes=len(CLASS_NAMES),
        sample_rate_hz=RATE_HZ,
    )
    spec = get_network_spec(name)
    model = NetworkModel(network, spec.needs, spec.fewest_turns)
    return Classifier(name, options, preprocessing, CLASS_NAMES, {}, model)


def draw_signal(n_samples: int = 4000, seed: int = 0) -> np.ndarray:
    return 3.0 + 0.2 * np.random.default_rng(seed).standard_normal(n_samples)


def test_the_score_is_the_networks_answer_before_calibration() -> None:
    classifier = build_classifier("cnn1d")
    # Twice the rate: resampled as for a diagnosis.
    signal = draw_signal()
    explainable = build_explainable(classifier, signal, 2 * RATE_HZ)
    said = classifier.predict(signal, 2 * RATE_HZ)
    expected = np.log(said.uncalibrated_window_probabilities)
    np.testing.assert_allclose(explainable.score(explainable.windows), expected, atol=1e-5)
    np.testing.assert_allclose(explainable.judge(5.0 + 7.0 * explainable.windows), expected, atol=1e-4)
    np.testing.assert_allclose(explainable.window_start_s, said.window_start_s)
    assert explainable.sample_rate_hz == RATE_HZ
    assert explainable.shaft_frequency_hz is None
    np.testing.assert_allclose(explainable.windows.std(axis=1), 1.0, atol=1e-3)


def test_what_is_known_of_the_machine_reaches_the_network() -> None:
    classifier = build_classifier("order_net", window_s=1.0)
    explainable = build_explainable(
        classifier, draw_signal(), RATE_HZ, shaft_speed_rpm=1800.0, fault_orders=ORDERS
    )
    said = classifier.predict(draw_signal(), RATE_HZ, 1800.0, ORDERS)
    np.testing.assert_allclose(
        explainable.score(explainable.windows), np.log(said.uncalibrated_window_probabilities), atol=1e-4
    )
    assert explainable.shaft_frequency_hz == pytest.approx(30.0)


def test_what_is_missing_is_said_as_for_a_prediction() -> None:
    classifier = build_classifier("order_net", window_s=1.0)
    with pytest.raises(InvalidInputError, match="shaft speed is needed"):
        build_explainable(classifier, draw_signal(), RATE_HZ)
    with pytest.raises(InvalidInputError, match="turns of the shaft"):
        build_explainable(classifier, draw_signal(), RATE_HZ, shaft_speed_rpm=300.0, fault_orders=ORDERS)
    with pytest.raises(SignalError) as caught:
        build_explainable(classifier, draw_signal(), 1000.0, shaft_speed_rpm=1800.0, fault_orders=ORDERS)
    assert caught.value.code == ErrorCode.SAMPLE_RATE_TOO_LOW


def test_healthy_signals_are_cut_alike_and_drawn_evenly() -> None:
    classifier = build_classifier("cnn1d")
    healthy = [(draw_signal(40_000, seed), RATE_HZ) for seed in range(2)]
    found = build_explainable(classifier, draw_signal(), RATE_HZ, healthy=healthy)
    assert found.healthy_windows is not None
    # Of 159 windows each 128.
    assert found.healthy_windows.shape == (256, 500)
    np.testing.assert_allclose(found.healthy_windows.mean(axis=1), 0.0, atol=1e-5)
    assert build_explainable(classifier, draw_signal(), RATE_HZ).healthy_windows is None


def test_another_network_is_asked_about_the_same_windows() -> None:
    explainable = build_explainable(build_classifier("cnn1d"), draw_signal(), RATE_HZ)
    torch.manual_seed(5)
    other = build_network(
        "cnn1d", validate_options("cnn1d", {}), n_samples=500, n_classes=3, sample_rate_hz=RATE_HZ
    )
    found = explainable.with_network(other)
    assert found.network is other
    np.testing.assert_array_equal(found.windows, explainable.windows)
    assert np.abs(found.score(found.windows) - explainable.score(explainable.windows)).max() > 1e-3


def test_members_that_read_different_windows_are_refused() -> None:
    ensemble = combine([build_classifier("cnn1d"), build_classifier("cnn1d", window_s=0.5)], {})
    with pytest.raises(InvalidInputError, match="windows of different lengths"):
        build_explainable(ensemble, draw_signal(), RATE_HZ)
