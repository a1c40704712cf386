"""Networks that look at one line only: every method must say so; random weights must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.explain.attribution import Attribution
from core.explain.band_attribution import AxisAttribution, measure_agreement, sum_over_bands, summarise_axis
from core.explain.band_report import compute_band_attribution, list_bands
from core.explain.catalogue import METHODS
from core.explain.explainable import Explainable, build_from_network
from core.explain.explainer import explain
from core.explain.fault_bands import BandAxis, list_journal_bands
from core.explain.over_axes import attribute_frequencies, group_bins
from core.explain.randomised import randomise_weights
from core.explain.view_networks import build_windows_of
from core.explain.views import build_windows, list_frequencies, read_coefficients, spread_over_frequency
from core.networks.registry import NETWORKS, build_network, validate_options
from core.training.network_model import compute_logits
from tests.unit.core.explain.toys import RESONANCE_HZ, SHAFT_HZ, build_line_toy, build_modulation_toy
from utils.exceptions import InvalidInputError

OVER_WAVEFORM = [name for name, spec in METHODS.items() if spec.kind == "waveform"]
TORCH_NETWORKS = [name for name, spec in NETWORKS.items() if spec.family == "network"]


def explain_against_silence(toy: Explainable, method: str) -> Attribution:
    """With random phases as baseline the line is there as well, and nothing would be left to explain."""
    names = {option.name for option in METHODS[method].options}
    options = {"baseline": "zero"} if "baseline" in names else {}
    return explain(toy, method, target_class=1, options=options)


@pytest.mark.parametrize("method", OVER_WAVEFORM)
def test_a_network_that_looks_only_at_1x_gets_its_attribution_there(method: str) -> None:
    toy = build_line_toy(1)
    found = explain_against_silence(toy, method)
    report = compute_band_attribution(toy, found, "journal", n_random_networks=0)
    shares = {share.band.name: share for share in report.bands}
    assert shares["1X"].share > 0.8
    assert shares["1X"].is_above_control
    assert shares["1X"].contribution > 0.0
    assert shares["2X"].share < 0.1
    assert report.agreement is not None
    assert report.agreement.passes


def test_it_does_so_beside_the_healthy_class() -> None:
    toy = build_line_toy(1)
    found = explain(toy, "integrated_gradients", target_class=1, options={"baseline": "healthy_mean"})
    (line,) = (
        share
        for share in compute_band_attribution(toy, found, "journal", n_random_networks=0).bands
        if share.band.name == "1X"
    )
    assert line.share > 0.8


@pytest.mark.parametrize("method", [name for name in OVER_WAVEFORM if name != "gradcam"])
def test_a_network_that_looks_only_at_bpfo_gets_its_envelope_attribution_there(method: str) -> None:
    toy = build_modulation_toy(1)
    found = explain_against_silence(toy, method)
    report = compute_band_attribution(
        toy, found, "rolling", demodulation_band_hz=RESONANCE_HZ, n_random_networks=0
    )
    shares = {share.band.name: share for share in report.bands}
    assert shares["BPFO"].share > 0.8
    assert shares["BPFO"].is_above_control
    assert shares["BPFI"].share < 0.1
    # LIME's sampling scatters over all cells; what it finds lies in the resonance all the same.
    assert shares["resonance"].share > (0.5 if method == "lime" else 0.8)
    assert report.agreement is not None
    assert report.agreement.passes


def test_spreading_slopes_is_the_method_with_coefficients_as_inputs() -> None:
    # Integrated Gradients run on the coefficients themselves gives the same numbers.
    toy = build_line_toy(1)
    found = explain(toy, "integrated_gradients", target_class=1)
    assert found.slopes is not None
    spread = spread_over_frequency(found.slopes, toy.windows)
    network = toy.network
    assert network is not None
    coefficients = torch.from_numpy(read_coefficients(toy.windows).astype(np.float32))
    slopes = torch.zeros_like(coefficients)
    for place in (np.arange(60) + 0.5) / 60:
        at = (place * coefficients).requires_grad_()
        torch.log_softmax(network(build_windows_of(at)).double(), dim=1)[:, 1].sum().backward()
        slopes += at.grad / 60
    direct = (slopes * coefficients).numpy()
    folded = np.zeros_like(spread)
    for coefficient in range(direct.shape[1]):
        folded[:, (coefficient + 1) // 2] += direct[:, coefficient]
    assert np.abs(spread - folded).max() < 2e-3 * np.abs(folded).max()


def test_torch_builds_the_same_windows() -> None:
    for n_samples in (16, 17):
        coefficients = np.random.default_rng(0).standard_normal((2, n_samples))
        built = build_windows_of(torch.from_numpy(coefficients)).numpy()
        assert np.allclose(built, build_windows(coefficients))


def spread_gradients(
    name: str, windows: NDArray[np.float32], rate_hz: float, n_seeds: int
) -> list[AxisAttribution]:
    """Gradient × window over frequency, of a network with weights drawn in so many ways."""
    machine = np.tile(np.array([60.0, 3.585, 5.415, 2.357, 0.398], np.float32), (len(windows), 1))
    conditions = machine if NETWORKS[name].needs else None
    n_samples = windows.shape[1]
    network = build_network(
        name, validate_options(name, {}), n_samples=n_samples, n_classes=4, sample_rate_hz=rate_hz
    )
    found = []
    for seed in range(n_seeds):
        inputs = torch.from_numpy(windows).requires_grad_()
        logits = compute_logits(randomise_weights(network, seed), inputs, conditions)
        torch.log_softmax(logits, dim=1)[:, 1].sum().backward()
        spread = spread_over_frequency(inputs.grad.numpy(), windows)
        found.append(summarise_axis(spread, list_frequencies(n_samples, rate_hz), BandAxis.FREQUENCY))
    return found


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_random_weights_score_like_the_control(name: str) -> None:
    n_samples, rate_hz, n_seeds = 600, 1200.0, 5
    bands = list_journal_bands(60.0, resolution_hz=2.0, max_hz=600.0)
    noise = np.random.default_rng(3).standard_normal((4, n_samples)).astype(np.float32)
    # In noise no line draws attention: random weights score like random bands.
    for axis in spread_gradients(name, noise, rate_hz, 2):
        found = measure_agreement(axis, bands, "misalignment_imbalance")
        assert found is not None
        assert abs(found.score) < 0.05
    # Loud lines at the fault's places draw it, whatever the weights: other random weights are the control.
    time_s = np.arange(n_samples) / rate_hz
    lines = noise + sum(np.sin(2 * np.pi * 60.0 * k * time_s) for k in (1, 2, 3)).astype(np.float32)
    axes = spread_gradients(name, lines, rate_hz, n_seeds)
    passed = []
    for place in range(n_seeds):
        found = measure_agreement(
            axes[place], bands, "misalignment_imbalance", random_weights=axes[:place] + axes[place + 1 :]
        )
        assert found is not None
        passed.append(found.passes)
    assert np.mean(passed) <= 0.4


def test_the_agreement_of_what_learned_nothing_does_not_pass() -> None:
    # The window's loudest line is 1X: any weights attribute to it, which no random band shows.
    toy = build_line_toy(1)
    network = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, -1)),
        torch.nn.Conv1d(1, 8, 31, padding=15),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 1024, 2),
    )
    time_s = np.arange(1024) / 1024.0
    loud = (np.sin(2 * np.pi * SHAFT_HZ * time_s) + 0.01 * np.random.default_rng(0).standard_normal(1024))[
        None
    ]
    explainable = build_from_network(
        randomise_weights(network, 100), loud, 1024.0, toy.class_names, conditions=toy.conditions
    )
    found = explain(explainable, "integrated_gradients", target_class=1)
    report = compute_band_attribution(explainable, found, "journal", n_random_networks=3)
    agreement = report.agreement
    assert agreement is not None
    assert agreement.score > agreement.score_high
    assert len(agreement.random_weights) == 3
    assert not agreement.passes
    assert "random weights" in agreement.reason


def test_random_weights_are_drawn_anew_and_the_network_is_left_as_it_is() -> None:
    network = build_network(
        "cnn1d", validate_options("cnn1d", {}), n_samples=600, n_classes=3, sample_rate_hz=12_000.0
    )
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    one, same, other = (randomise_weights(network, seed).state_dict() for seed in (1, 1, 2))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert torch.equal(one[name], same[name])
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", TORCH_NETWORKS)
def test_every_learned_tensor_is_drawn_anew(name: str) -> None:
    network = build_network(
        name, validate_options(name, {}), n_samples=600, n_classes=3, sample_rate_hz=12_000.0
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) + 3.0)
    randomised = dict(randomise_weights(network, 0).named_parameters())
    kept = [key for key, tensor in network.named_parameters() if torch.equal(tensor, randomised[key])]
    assert [key for key in kept if network.get_parameter(key).numel() > 1] == []


def test_without_a_speed_there_are_no_bands_and_the_note_says_why() -> None:
    toy = replace(build_line_toy(1), conditions=None)
    report = compute_band_attribution(toy, explain(toy, "occlusion", target_class=1), "journal")
    assert report.bands == ()
    assert report.agreement is None
    assert "speed is not known" in report.notes[0]
    assert list_bands(toy, "rolling") == ()


def test_a_rolling_bearing_without_geometry_has_no_bands() -> None:
    toy = build_line_toy(1)
    report = compute_band_attribution(toy, explain(toy, "occlusion", target_class=1), "rolling")
    assert report.envelope is None
    assert "geometry is not known" in report.notes[0]


def test_attributions_over_features_have_no_frequencies() -> None:
    toy = build_line_toy(1)
    found = replace(explain(toy, "occlusion", target_class=1), feature_names=("rms",))
    with pytest.raises(InvalidInputError, match="features"):
        attribute_frequencies(toy, found)


def test_progress_goes_to_the_end_and_a_stop_is_obeyed() -> None:
    toy = build_line_toy(1)
    found = explain(toy, "occlusion", target_class=1)
    seen: list[tuple[int, int]] = []
    compute_band_attribution(
        toy, found, "journal", n_random_networks=2, on_progress=lambda *now: seen.append(now)
    )
    assert seen[-1] == (3, 3)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(*_now: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_band_attribution(toy, found, "journal", on_progress=stop)


def test_groups_of_bins_keep_bands_apart_and_leave_none_out() -> None:
    frequencies_hz = list_frequencies(1024, 1024.0)
    bands = list_journal_bands(SHAFT_HZ, resolution_hz=1.0, max_hz=512.0)
    groups = group_bins(frequencies_hz, bands)
    (line,) = (band for band in bands if band.name == "1X")
    inside = (frequencies_hz >= line.ranges_hz[0][0]) & (frequencies_hz <= line.ranges_hz[0][1])
    assert np.unique(groups[inside]).size == 1
    assert not np.isin(groups[~inside], groups[inside]).any()
    assert sorted(np.unique(groups)) == list(range(groups.max() + 1))


def test_wide_bands_stay_cut_into_cells() -> None:
    frequencies_hz = list_frequencies(20_480, 20_480.0)
    (floor,) = (
        band for band in list_journal_bands(60.0, resolution_hz=1.0, max_hz=10_240.0) if band.name == "floor"
    )
    inside = (frequencies_hz >= floor.ranges_hz[1][0]) & (frequencies_hz <= floor.ranges_hz[1][1])
    assert np.unique(group_bins(frequencies_hz, [floor])[inside]).size > 20


def test_the_envelope_is_read_where_the_network_looks() -> None:
    toy = build_modulation_toy(1)
    report = compute_band_attribution(
        toy, explain_against_silence(toy, "occlusion"), "rolling", n_random_networks=0
    )
    assert report.demodulation_band_hz is not None
    low_hz, high_hz = report.demodulation_band_hz
    assert low_hz < 229.0 < 300.0 < high_hz


def test_shares_of_a_seed_repeat() -> None:
    toy = build_line_toy(1)
    found = explain(toy, "occlusion", target_class=1)
    axis = attribute_frequencies(toy, found)
    bands = list_bands(toy, "journal")
    assert sum_over_bands(axis, bands, seed=5) == sum_over_bands(axis, bands, seed=5)
