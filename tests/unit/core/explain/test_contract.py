"""One contract for every method and everything that is registered."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.explain.attribution import COMPLETENESS_TOLERANCE, Attribution
from core.explain.catalogue import BASELINE_HELP, BASELINES, METHODS, parse_method_options
from core.explain.context import explaining
from core.explain.explainable import Explainable, build_explainable, build_from_network
from core.explain.explainer import explain
from core.explain.network_scores import build_forward
from core.explain.routing import TIME_LAYERS, choose_method, list_baselines, list_offers
from core.networks.registry import NETWORKS, build_network, validate_options
from core.training.classifier import Classifier
from core.training.ensemble import combine
from core.training.run import train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, make_part, make_signal
from tests.unit.core.training.test_run import pick_options
from utils.exceptions import ErrorCode, InvalidInputError, MissingDependencyError

TORCH_NETWORKS = [name for name, spec in NETWORKS.items() if spec.family == "network"]
CLASSICAL = [name for name, spec in NETWORKS.items() if spec.family == "classical"]
N_SAMPLES, RATE_HZ = 600, 12_000.0
MACHINE = np.array([30.0, 3.585, 5.415, 2.357, 0.398], dtype=np.float32)
# As little work as shows everything.
QUICK: dict[str, dict[str, Any]] = {
    "integrated_gradients": {},
    "gradient_shap": {"n_draws": 8},
    "kernel_shap": {"n_segments": 4, "n_coalitions": 16},
    "lime": {"n_segments": 4, "n_coalitions": 16},
    "gradcam": {},
    "occlusion": {"segment_ms": 10.0, "overlap": 0.0},
    "feature_shap": {"n_coalitions": 32},
}
PAIRS = [(name, offer.method) for name in TORCH_NETWORKS for offer in list_offers(name) if offer.is_offered]


@cache
def build(name: str) -> Explainable:
    """A network with weights as drawn, before windows with a tone, noise and impacts."""
    torch.manual_seed(0)
    network = build_network(
        name, validate_options(name, {}), n_samples=N_SAMPLES, n_classes=3, sample_rate_hz=RATE_HZ
    )
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    windows = np.sin(2 * np.pi * 300 * time_s) + np.random.default_rng(0).standard_normal((2, N_SAMPLES))
    windows[:, ::100] += 4.0
    return build_from_network(network, windows, RATE_HZ, CLASS_NAMES, conditions=MACHINE, name=name)


@cache
def explain_quickly(name: str, method: str) -> Attribution:
    return explain(build(name), method, target_class=1, options=QUICK[method])


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Classifier]:
    """Every classical model, trained on tones."""
    found = {}
    for name in CLASSICAL:
        small = {"features": "general", "n_trees": 8, "n_rounds": 4, "n_features": 168, "augmented_copies": 0}
        known = {option.name for option in NETWORKS[name].options}
        own = {option: value for option, value in small.items() if option in known}
        outcome = train_classifier(
            name, pick_options(name, **own), make_part(range(3)), make_part(range(3, 4)), CLASS_NAMES,
            seed=1, run_folder=tmp_path_factory.mktemp(name), hooks=RecordingHooks(),
        )  # fmt: skip
        assert outcome.classifier_folder is not None
        found[name] = Classifier.load(outcome.classifier_folder)
    return found


def build_classical(classifier: Classifier) -> Explainable:
    healthy = [(make_signal(0, number).load(), 1000.0) for number in range(2)]
    return build_explainable(classifier, make_signal(2, 9).load(), 1000.0, healthy=healthy, most_windows=2)


@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_every_offered_method_explains_a_network_and_leaves_no_trace(name: str, method: str) -> None:
    explainable = build(name)
    network = explainable.network
    assert network is not None
    network.train()
    frozen = next(network.parameters()).requires_grad_(False)
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    found = explain(explainable, method, options=QUICK[method])
    assert found.values.shape == explainable.windows.shape
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    assert np.abs(found.values).max() > 0 or method == "gradcam"
    assert found.score_input == pytest.approx(explainable.score(explainable.windows)[:, found.target_class])
    # Modes, hooks, gradients, weights and random states are as they were.
    assert all(module.training for module in network.modules())
    for module in network.modules():
        assert not (module._forward_hooks or module._backward_hooks or module._forward_pre_hooks)
    assert not frozen.requires_grad
    assert all(parameter.grad is None for parameter in network.parameters())
    frozen.requires_grad_(True)
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(value, weights[key]) for key, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)


@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_attributions_depend_on_neither_the_batch_nor_the_neighbours(name: str, method: str) -> None:
    explainable = build(name)
    together = explain_quickly(name, method).values
    small = replace(explainable, block_samples=N_SAMPLES)
    alone = explain(small.choose([1]), method, target_class=1, options=QUICK[method]).values
    scale = max(float(np.abs(together).max()), 1e-6)
    np.testing.assert_allclose(alone[0] / scale, together[1] / scale, atol=2e-3)


@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_values_add_up_where_they_are_said_to(name: str, method: str) -> None:
    found = explain_quickly(name, method)
    assert found.claims_completeness == METHODS[method].complete
    if found.claims_completeness:
        assert found.completeness_gap.max() <= COMPLETENESS_TOLERANCE
        assert found.is_complete


@pytest.mark.parametrize("name", ["cnn1d", "wdcnn", "lstm"])
def test_they_add_up_from_other_baselines_too(name: str) -> None:
    found = explain(build(name), "integrated_gradients", options={"baseline": "phase_randomised"})
    assert found.is_complete


@pytest.mark.parametrize("name", [*NETWORKS, "ensemble"])
def test_what_does_not_apply_says_why_and_something_applies(name: str) -> None:
    offers = list_offers(name)
    assert [offer.method for offer in offers] == list(METHODS)
    for offer in offers:
        assert offer.is_offered or (len(offer.reason) > 20 and offer.reason.endswith("."))
    default = next(offer for offer in offers if offer.method == choose_method(name))
    assert default.is_offered


def test_what_is_not_offered_is_refused_with_the_same_words() -> None:
    reason = next(offer.reason for offer in list_offers("spectral_net") if offer.method == "gradcam")
    with pytest.raises(InvalidInputError, match="no convolution over time"):
        explain(build("spectral_net"), "gradcam")
    assert "no convolution over time" in reason
    with pytest.raises(InvalidInputError, match="gradients do not see jumps"):
        explain(build("order_net"), "integrated_gradients")
    with pytest.raises(InvalidInputError, match="no named features"):
        explain(build("cnn1d"), "feature_shap")


def test_every_network_with_a_convolution_over_time_has_its_layer_named() -> None:
    assert {name for name in TORCH_NETWORKS if name not in TIME_LAYERS} == {"spectral_net", "order_net"}
    for name, path in TIME_LAYERS.items():
        network = build(name).network
        assert network is not None
        shapes: list[torch.Size] = []
        hook = network.get_submodule(path).register_forward_hook(
            lambda _, __, output, shapes=shapes: shapes.append(output.shape)
        )
        with explaining(network):
            build_forward(network, None)(torch.from_numpy(build(name).windows))
        hook.remove()
        # Channels over at least four steps of time, at most as many as there are samples.
        assert len(shapes[0]) == 3
        assert 4 <= shapes[0][2] <= N_SAMPLES


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("method", ["feature_shap", "occlusion", "kernel_shap", "lime"])
def test_classical_models_are_explained_too(
    classifiers: dict[str, Classifier], name: str, method: str
) -> None:
    explainable = build_classical(classifiers[name])
    found = explain(explainable, method, target_class=2, options=QUICK[method])
    if method == "feature_shap":
        assert found.values.shape == (2, len(found.feature_names))
        assert len(set(found.feature_names)) == len(found.feature_names) > 1
    else:
        assert found.values.shape == explainable.windows.shape
    assert np.isfinite(found.values).all()
    assert found.is_complete is (True if METHODS[method].complete else None)


@pytest.mark.parametrize("name", CLASSICAL)
def test_classical_models_are_offered_no_gradient(name: str) -> None:
    refused = {offer.method: offer.reason for offer in list_offers(name) if offer.reason}
    assert set(refused) == {"integrated_gradients", "gradient_shap", "gradcam"}
    assert all("no gradient" in reason for reason in refused.values())


def test_single_features_keep_their_names_values_and_baselines(classifiers: dict[str, Classifier]) -> None:
    explainable = build_classical(classifiers["random_forest"])
    assert explainable.features is not None
    options = {"by": "feature", "baseline": "healthy_mean", "n_coalitions": 200}
    found = explain(explainable, "feature_shap", target_class=2, options=options)
    assert found.feature_names == explainable.features.names
    assert len(found.feature_groups) == len(found.feature_names)
    np.testing.assert_allclose(found.feature_values, explainable.features.read(explainable.windows))
    assert explainable.healthy_windows is not None
    expected = explainable.features.read(explainable.healthy_windows).mean(axis=0)
    np.testing.assert_allclose(found.feature_baseline, np.tile(expected, (2, 1)), rtol=1e-5)
    assert found.values.sum(axis=1) == pytest.approx(found.score_input - found.score_baseline, rel=1e-4)
    # With features alike nothing is left to explain.
    silent = explain(explainable, "feature_shap", target_class=2, baselines=explainable.windows)
    np.testing.assert_allclose(silent.values, 0.0, atol=1e-9)


def test_the_score_is_what_the_classifier_says(classifiers: dict[str, Classifier]) -> None:
    for name in ("random_forest", "minirocket"):
        classifier = classifiers[name]
        signal = make_signal(1, 5).load()
        explainable = build_explainable(classifier, signal, 1000.0)
        said = classifier.predict(signal, 1000.0)
        expected = np.log(np.maximum(said.uncalibrated_window_probabilities, 1e-4))
        np.testing.assert_allclose(explainable.score(explainable.windows), expected, atol=1e-3)
        np.testing.assert_allclose(explainable.window_start_s, said.window_start_s)
        assert explainable.find_class() == said.class_index


def test_windows_are_chosen_evenly_over_the_signal(classifiers: dict[str, Classifier]) -> None:
    found = build_explainable(classifiers["random_forest"], make_signal(1, 5).load(), 1000.0, most_windows=3)
    np.testing.assert_allclose(found.window_start_s, 0.064 * np.array([0, 4, 8]))


def test_an_ensemble_is_explained_as_a_whole(classifiers: dict[str, Classifier]) -> None:
    ensemble = combine([classifiers["random_forest"], classifiers["svm"]], {})
    explainable = build_explainable(ensemble, make_signal(2, 9).load(), 1000.0, most_windows=1)
    found = explain(explainable, "occlusion", options=QUICK["occlusion"])
    assert found.target_class == 2
    with pytest.raises(InvalidInputError, match="members one by one"):
        explain(explainable, "integrated_gradients")


@pytest.mark.parametrize("name", ["cnn1d", "tcn", "order_net"])
def test_the_copy_that_is_scored_says_what_the_network_says(name: str) -> None:
    explainable = build(name)
    network = explainable.network
    assert network is not None
    with explaining(network), torch.no_grad():
        forward = build_forward(network, explainable.network_conditions)
        expected = forward(torch.from_numpy(explainable.windows)).numpy()
    np.testing.assert_allclose(explainable.score(explainable.windows), expected, atol=1e-5)


def test_judging_standardises_again_and_scoring_does_not() -> None:
    explainable = build("cnn1d")
    quieter = 0.1 * explainable.windows
    judged, scored = explainable.judge(quieter), explainable.score(quieter)
    np.testing.assert_allclose(judged, explainable.score(explainable.windows), atol=1e-4)
    assert np.abs(scored - judged).max() > 1e-3


def test_without_captum_its_methods_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum", None)
    missing = {offer.method for offer in list_offers("cnn1d") if "install captum" in offer.reason}
    assert missing == {"integrated_gradients", "gradcam"}
    with pytest.raises(MissingDependencyError, match="install captum") as caught:
        explain(build("cnn1d"), "integrated_gradients")
    assert caught.value.code == ErrorCode.MISSING_DEPENDENCY
    assert choose_method("cnn1d") == "occlusion"
    explain(build("cnn1d"), "occlusion", options=QUICK["occlusion"])


def test_options_are_checked_and_completed() -> None:
    assert parse_method_options("lime", {"n_segments": "8"})["n_segments"] == 8
    with pytest.raises(InvalidInputError, match="no option 'steps'"):
        parse_method_options("lime", {"steps": 3})
    with pytest.raises(InvalidInputError, match="no method 'guess'"):
        explain(build("cnn1d"), "guess")
    with pytest.raises(InvalidInputError, match="no class number 7"):
        explain(build("cnn1d"), "occlusion", target_class=7)
    with pytest.raises(InvalidInputError, match="shape of the windows"):
        explain(build("cnn1d"), "occlusion", baselines=np.zeros((1, 5)))
    with pytest.raises(InvalidInputError, match="one number per sample"):
        explain(build("cnn1d"), "occlusion", groups=np.zeros(5, dtype=int))


def test_baselines_are_listed_with_what_they_lack() -> None:
    assert set(BASELINES) == set(BASELINE_HELP)
    assert [reason for _, _, reason in list_baselines(has_healthy=True)] == ["", "", ""]
    assert (
        "no healthy recording"
        in {name: reason for name, _, reason in list_baselines(has_healthy=False)}["healthy_mean"]
    )


def test_the_lists_of_methods_load_neither_torch_nor_captum() -> None:
    code = (
        "import sys; from core.explain.routing import list_offers; list_offers('cnn1d'); "
        "print([name for name in ('torch', 'captum', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    assert done.stdout.strip() == "[]"
