"""The order network reads what the numpy features read, and follows fault orders rather than hertz."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.features.array_ops import NumpyOps
from core.features.fault_combs import read_fault_lines
from core.features.order_spectra import compute_order_spectra
from core.networks.order_net import OrderNetwork, build_order_net, measure_bands
from core.networks.torch_ops import TorchOps
from core.training.conditions import build_conditions, check_turns
from utils.exceptions import InvalidInputError

RATE_HZ = 12_000.0
ORDERS = np.asarray([3.585, 5.415, 2.357, 0.398], dtype=np.float32)


def _modulated(order: float, shaft_hz: float, seed: int = 0) -> np.ndarray:
    """Noise whose level swings at an order, with a clear line at the shaft's 1X and 2X; standardised."""
    times_s = np.arange(18_000) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(len(times_s))
    window = noise * (1.0 + 0.9 * np.cos(2 * np.pi * order * shaft_hz * times_s))
    for harmonic in (1, 2):
        window += 0.5 * np.sin(2 * np.pi * harmonic * shaft_hz * times_s)
    return ((window - window.mean()) / window.std()).astype(np.float32)


def _build(spectrum_bands: int = 0) -> OrderNetwork:
    torch.manual_seed(0)
    return build_order_net(
        n_samples=18_000,
        n_classes=4,
        sample_rate_hz=RATE_HZ,
        n_filters=6,
        hidden_size=8,
        spectrum_bands=spectrum_bands,
        dropout=0.0,
    ).eval()


def test_torch_and_numpy_read_the_same_lines() -> None:
    windows = np.stack([_modulated(3.585, 29.0), _modulated(5.415, 31.0, seed=1)])
    shaft_hz = np.asarray([28.5, 31.0], dtype=np.float32)
    orders = np.tile(ORDERS, (2, 1))
    plain = compute_order_spectra(windows, RATE_HZ, shaft_hz, NumpyOps())
    ops = TorchOps(torch.device("cpu"))
    tensors = compute_order_spectra(torch.from_numpy(windows), RATE_HZ, torch.from_numpy(shaft_hz), ops)
    lines = read_fault_lines(plain, orders, NumpyOps())
    tensor_lines = read_fault_lines(tensors, torch.from_numpy(orders), ops)

    for name in ("shaft_frequency_hz", "ratios", "depths", "reach", "levels"):
        np.testing.assert_allclose(getattr(tensors, name), getattr(plain, name), rtol=1e-3, atol=2e-3)
    for name in ("ratios", "usable", "depths"):
        np.testing.assert_allclose(getattr(tensor_lines, name), getattr(lines, name), rtol=1e-3, atol=2e-3)


def test_a_fault_looks_alike_in_another_bearing_at_another_speed() -> None:
    """The strengths follow the line from 3.585 at 29 Hz to 3.2 at 25 Hz, not the frequency."""
    network, other = _build(), np.asarray([3.2, 4.8, 2.5, 0.4], dtype=np.float32)
    windows = torch.from_numpy(np.stack([_modulated(3.585, 29.0), _modulated(3.2, 25.0)]))
    ops = TorchOps(torch.device("cpu"))

    def weigh(orders: np.ndarray) -> torch.Tensor:
        spectra = compute_order_spectra(windows, RATE_HZ, torch.tensor([29.0, 25.0]), ops)
        lines = read_fault_lines(spectra, torch.from_numpy(orders), ops)
        combs = lines.ratios[:, :, :, :1].amax(-1).mean(1)[:, :, 0]
        assert network._weigh_faults(lines).shape == (2, 16)
        return combs

    own = weigh(np.stack([ORDERS, other]))
    wrong = weigh(np.stack([other, ORDERS]))
    assert (own[:, 0] > 4.0).all()
    assert (wrong[:, 0] < 2.5).all()


def test_the_gradient_reaches_the_samples() -> None:
    windows = torch.from_numpy(_modulated(3.585, 29.0)[None]).requires_grad_()
    conditions = torch.from_numpy(np.concatenate([[29.0], ORDERS]).astype(np.float32)[None])

    _build()(windows, conditions)[0, 0].backward()

    assert windows.grad is not None
    assert torch.isfinite(windows.grad).all() and windows.grad.abs().max() > 0


def test_band_levels_follow_a_filter_on_the_way_to_the_sensor() -> None:
    window = np.random.default_rng(2).standard_normal(60_000)
    tilted = window - 0.9 * np.concatenate([[0.0], window[:-1]])
    windows = torch.from_numpy(np.stack([window, tilted]).astype(np.float32))

    levels = measure_bands(windows, 16, TorchOps(torch.device("cpu"))).numpy()

    middles = 0.01 + 0.35 * (np.arange(16) + 0.5) / 16
    gain = np.log(np.abs(1 - 0.9 * np.exp(-2j * np.pi * middles)) ** 2)
    np.testing.assert_allclose(levels[1] - levels[0], gain - gain.mean(), atol=0.12)


def test_spectrum_bands_are_read_only_where_they_are_asked_for() -> None:
    windows = torch.from_numpy(_modulated(3.585, 29.0)[None])
    conditions = torch.from_numpy(np.concatenate([[29.0], ORDERS]).astype(np.float32)[None])

    assert _build(16).hidden[1].in_features == _build().hidden[1].in_features + 16
    assert _build(16)(windows, conditions).shape == (1, 4)


def test_windows_with_too_few_turns_are_refused_before_training() -> None:
    with pytest.raises(InvalidInputError, match=r"holds 12\.5 turns .* Set window_s to 0\.7 s"):
        check_turns(build_conditions(1500.0)[None], 0.5, 16.0)
