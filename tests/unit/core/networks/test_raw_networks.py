"""What is particular to single raw-waveform networks."""

from __future__ import annotations

import pytest
import torch

from core.networks.inception_time import build_inception_time
from core.networks.patch_transformer import build_patch_transformer
from core.networks.resnet1d import ResidualBlock
from core.networks.tcn import CausalConvolution, build_tcn, count_levels
from core.networks.wdcnn import build_wdcnn

COMMON = {"n_classes": 3, "sample_rate_hz": 1000.0, "dropout": 0.0}


def test_a_causal_convolution_does_not_look_ahead() -> None:
    torch.manual_seed(0)
    layer = CausalConvolution(4, dilation=3).eval()
    signals = torch.randn(1, 4, 40)
    later = signals.clone()
    later[:, :, 20:] += 1.0
    before, after = layer(signals), layer(later)
    assert torch.equal(before[:, :, :20], after[:, :, :20])
    assert not torch.equal(before[:, :, 20:], after[:, :, 20:])


@pytest.mark.parametrize("n_steps", [1, 4, 5, 6, 13, 14, 188, 1280])
def test_a_tcn_has_just_the_levels_that_its_window_asks_for(n_steps: int) -> None:
    def reach(n_levels: int) -> int:
        return 1 + sum(2 * (3 - 1) * 2**level for level in range(n_levels))

    n_levels = count_levels(n_steps)
    assert reach(n_levels) >= n_steps
    assert n_levels == 1 or reach(n_levels - 1) < n_steps


def test_the_last_step_of_a_tcn_sees_the_first_sample() -> None:
    torch.manual_seed(0)
    network = build_tcn(n_samples=3000, n_filters=8, **COMMON).eval()
    windows = torch.randn(1, 3000, requires_grad=True)
    steps = network.levels(network.stem(windows.unsqueeze(1)))
    steps[0, :, -1].sum().backward()
    assert windows.grad is not None and windows.grad[0, :32].abs().sum() > 0


@pytest.mark.parametrize("n_samples", [3000, 20_480, 200_000])
def test_long_windows_do_not_blow_up_a_dense_layer_or_the_number_of_patches(n_samples: int) -> None:
    wide = build_wdcnn(n_samples=n_samples, first_kernel=64, n_filters=16, dense_size=100, **COMMON)
    assert wide.dense.in_features <= 32 * 64
    patches = build_patch_transformer(n_samples=n_samples, patch_steps=8, size=64, depth=1, **COMMON)
    assert patches.position.shape[1] <= 256


def test_the_first_kernel_of_a_wdcnn_is_as_long_as_asked_and_odd() -> None:
    for wanted, expected in ((64, 65), (65, 65), (200, 201)):
        network = build_wdcnn(n_samples=3000, first_kernel=wanted, n_filters=4, dense_size=8, **COMMON)
        assert network.layers[0].convolution.kernel_size == (expected,)


def test_an_inception_network_has_a_short_cut_for_every_three_modules() -> None:
    for depth, sizes in ((1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3])):
        network = build_inception_time(n_samples=600, n_filters=4, depth=depth, **COMMON)
        assert [len(group.modules_in_row) for group in network.groups] == sizes


def test_a_residual_block_that_changes_nothing_passes_on_what_came_in() -> None:
    block = ResidualBlock(4, 4, stride=1).eval()
    torch.nn.init.zeros_(block.second.weight)
    signals = torch.rand(2, 4, 30)
    torch.testing.assert_close(block(signals), signals)
